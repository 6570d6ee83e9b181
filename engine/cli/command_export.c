/* gatewalk export: a fit of a run as an ONNX file, for programs that know nothing of gatewalk. */
#include <getopt.h>

#include "cli.h"
#include "engine/live/live.h"

static const struct command_option options[] = {
    OPTION_STRATEGY,
    OPTION_SEED,
    OPTION_FOLD,
    {"out", 'o', "FILE", "where to write the graph", NULL},
};

static int command(int argc, char **argv) {
    struct live_choice choice = {.strategy = NULL};
    struct live_exported fit;
    const char *out = NULL;
    int c;
    while ((c = cli_option(&command_export, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'o') TRY(cli_text("--out", optarg, &out));
        TRY(cli_live_option(c, &choice));
    }
    TRY(cli_arguments(&command_export, argc, argv, 1, "RUN_DIR"));
    if (!out) FAIL(GW_ERR_USAGE, "export: --out FILE is missing; see `gatewalk export --help`");
    out_sweep(out);
    TRY(live_export(argv[optind], &choice, out, &fit));
    printf("graph: %s (%s, seed %llu, fold %zu): features [windows x %zu x %zu]", CLI_SHOWN(out), fit.strategy,
           (unsigned long long)fit.seed, fit.fold, fit.lookback, fit.n_features);
    if (fit.second) printf(", second [windows x %zu x %zu]", fit.second, fit.n_features);
    printf(" to p_long, p_short [windows]\n");
    return GW_OK;
}

const struct command command_export = {
    .name = "export",
    .summary = "a run's gate as an ONNX file",
    .arguments = "RUN_DIR --out FILE",
    .about =
        "Writes one fit of a run as an ONNX graph (opset 17). Its input \"features\" are windows of raw feature "
        "rows, the oldest bar first, as `gatewalk features` writes them; scaler, network, both heads and "
        "calibration are in the graph, and \"p_long\" and \"p_short\" are those of scores.csv up to the last digits "
        "of another runtime's arithmetic. A gate with a second sequence (model.cross) has a second input: such rows "
        "at the last closes of that sequence. Its metadata name the features, the interval and the thresholds. A "
        "streaming gate, a pattern library and gradient boosting have no such graph, which is said.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk export reports/out/demo --strategy bahdanau --out bahdanau.onnx",
    .run = command,
};
