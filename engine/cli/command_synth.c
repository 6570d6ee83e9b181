/* gatewalk synth: synthetic markets with a known truth. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "gatewalk/synth.h"

static const char *kind_choice(size_t i) { return i < gw_synth_kind_count() ? gw_synth_kind_name(i) : NULL; }

static const char *difficulty_choice(size_t i) {
    static const char *const name[] = {"easy", "default", "hard"};
    return i < COUNT_OF(name) ? name[i] : NULL;
}

static const char *evidence_choice(size_t i) {
    static const char *const name[] = {"4h", "500..1500"};
    return i < COUNT_OF(name) ? name[i] : NULL;
}

static const struct command_option options[] = {
    {"bars", 'b', "N", "how many (default 60000, at most 8000000)", NULL},
    {"seed", 's', "S", "the same seed gives the same market (default 1)", NULL},
    {"difficulty", 'd', "NAME", "of a planted market", difficulty_choice},
    {"evidence", 'e', "WHERE", "of a planted market: in 4h bars, or 500..1500 bars back", evidence_choice},
    {"kinds", 'k', "K", "of shapes: how many different ones (default 20)", NULL},
    {"noise", 'n', "X", "of shapes: a bar's deviation, as a share of the amplitude (default 0.08)", NULL},
    {"stretch", 'S', "X", "of shapes: lengths differ by up to this share (default 0.08)", NULL},
    {"amplitude", 'a', "X", "of shapes: sizes differ by up to this share (default 0.3)", NULL},
    {"out", 'o', "FILE", "where to write it", NULL},
};

/* FILE.csv has its truth beside it in FILE.truth.csv. */
static int write_truth(const struct gw_bars *bars, const struct gw_synth_truth *truth, const char *out) {
    char path[1024];
    size_t length = strlen(out);
    if (length > 4 && strcmp(out + length - 4, ".csv") == 0) length -= 4;
    if (snprintf(path, sizeof path, "%.*s.truth.csv", (int)length, out) >= (int)sizeof path)
        FAIL(GW_ERR_USAGE, "--out: the path is too long");
    out_sweep(path);
    TRY(gw_synth_truth_write(bars, truth, path));
    printf("truth: %s (%zu planted %s)\n", CLI_SHOWN(path), truth->shape ? truth->n_shapes : truth->n,
           truth->shape ? "shapes" : "bars");
    return GW_OK;
}

static int generate(const struct gw_synth_options *synth, const char *out) {
    struct gw_bars bars = {0};
    struct gw_synth_truth truth = {0};
    TRY(gw_synth_generate(synth, &bars, &truth));
    out_sweep(out);
    int rc = gw_bars_write_csv(&bars, out);
    if (rc == GW_OK) printf("bars: %s (%zu bars)\n", CLI_SHOWN(out), bars.n);
    if (rc == GW_OK && (truth.n || truth.n_shapes)) rc = write_truth(&bars, &truth, out);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    return rc;
}

static int command(int argc, char **argv) {
    struct gw_synth_options synth = {.difficulty = "default", .n_bars = 60000, .seed = 1};
    const char *out = NULL;
    size_t seed = 1;
    int c;
    while ((c = cli_option(&command_synth, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'b') TRY(cli_count("--bars", optarg, 1, 8000000, &synth.n_bars));
        if (c == 's') TRY(cli_count("--seed", optarg, 0, SIZE_MAX, &seed));
        if (c == 'd') synth.difficulty = optarg;
        if (c == 'e') synth.evidence = optarg;
        if (c == 'k') TRY(cli_count("--kinds", optarg, 2, 500, &synth.kinds));
        if (c == 'n') TRY(cli_number("--noise", optarg, 1e-6, 1, &synth.noise));
        if (c == 'S') TRY(cli_number("--stretch", optarg, 1e-6, 0.5, &synth.stretch));
        if (c == 'a') TRY(cli_number("--amplitude", optarg, 1e-6, 0.5, &synth.amplitude));
        if (c == 'o') TRY(cli_text("--out", optarg, &out));
    }
    TRY(cli_arguments(&command_synth, argc, argv, 1, "a kind (planted, shapes, random-walk, garch)"));
    if (!out) FAIL(GW_ERR_USAGE, "synth: --out FILE is missing; see `gatewalk synth --help`");
    synth.kind = argv[optind];
    synth.seed = seed;
    return generate(&synth, out);
}

const struct command command_synth = {
    .name = "synth",
    .summary = "write a synthetic market with a known truth",
    .arguments = "KIND --out FILE",
    .about =
        "planted: about 10 % of bars are gate positives, about 1 % can be predicted with probability .95; "
        "FILE.truth.csv lists them. easy: a motif ends at the bar itself. default: it ended 5-40 bars earlier, a "
        "volume trigger marks the bar, and half the triggers are decoys. hard: lag 5-80 and three quarters are decoys. "
        "--evidence 4h: the motif stands in 4h bars and ended 28-156 hours earlier, where a lookback of a day of 15m "
        "bars does not reach. --evidence 500..1500: a motif of 96 bars ended so many bars earlier, and nothing nearer "
        "tells. shapes: --kinds different courses of price and volume come back stretched, larger or smaller and under "
        "noise; a quarter of the kinds foretells a long move, a quarter a short one, with probability .92 at the "
        "shape's last bar and the three behind it; FILE.truth.csv says which shape ended where.",
    .choice = kind_choice,
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk synth planted --bars 60000 --seed 1 --out planted.csv",
    .run = command,
};
