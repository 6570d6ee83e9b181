/* gatewalk init: an experiment to begin with, made from a look at the data. */
#include <getopt.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "engine/base/json.h"
#include "engine/config/config.h"
#include "engine/walk/walk.h"
#include "finding.h"

static const char schema_name[] = "gatewalk.schema.json";
static const double wanted_share = .10; /* of bars that are positive, as the studies behind the labels had it */

static const struct command_option options[] = {
    {"out", 'o', "FILE", "the experiment (default: SYMBOL.json here)", NULL},
    {"symbol", 's', "NAME", "only this one of several", NULL},
    {"timezone", 'z', "ZONE", "of times that state none: Europe/Berlin, +02:00, America/New_York+7; else UTC", NULL},
    {"time-format", 't', "FORMAT", "as strptime: %d.%m.%Y %H:%M", NULL},
    {"force", 'f', NULL, "replace the experiment that is there", NULL},
    {"quiet", 'q', NULL, "do not measure how long it will take", NULL},
};

struct plan {
    const char *file, *out;
    struct gw_import_options import;
    bool force, quiet;
    char path[1024], absolute[1100];
    /* of the data */
    const struct gw_market *market;
    const struct finding *finding;
    /* chosen */
    bool daily, brief, volume, taker;         /* brief: windows are short, as bars are few or days */
    size_t train, validation, test, n_folds;  /* bars */
    int64_t train_ns, validation_ns, test_ns; /* 0: in bars */
    size_t horizon;
    double min_move_atr, share, usual_move; /* usual_move: what that many ATR are, as a share of the price */
    const char *market_words;
    double taker_bps, half_spread_bps, slippage_bps;
};

/* ---- choosing -------------------------------------------------------------------------------------------- */

static const int64_t DAY_NS = 24 * NS_PER_HOUR;

/* About twelve folds: enough to see the spread between them, few enough to wait for. */
static void choose_folds(struct plan *p) {
    const struct gw_bars *bars = &p->market->symbol[0];
    int64_t span = bars->bar[bars->n - 1].open_ns - bars->bar[0].open_ns;
    double days = (double)span / (double)DAY_NS;
    if (!p->daily && days >= 400) {
        double test = fmax(30, 30 * round((days - 210) / 12 / 30));
        p->train_ns = 180 * DAY_NS, p->validation_ns = 30 * DAY_NS, p->test_ns = (int64_t)test * DAY_NS;
        return;
    }
    p->train = (size_t)round(.35 * (double)bars->n / 10) * 10;
    p->validation = (size_t)round(.07 * (double)bars->n / 10) * 10;
    p->test = (size_t)round(.05 * (double)bars->n / 10) * 10;
}

/* How many of the bars before the first validation slice: labels are chosen on these alone. */
static size_t first_training(const struct plan *p, const struct gw_bars *bars) {
    if (!p->train_ns) return p->train;
    size_t n = 0;
    while (n < bars->n && bars->bar[n].open_ns < bars->bar[0].open_ns + p->train_ns) n++;
    return n;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The share of positives, and the median of what counted as a move. */
static int share_of(const struct gw_bars *bars, const struct gw_label_config *config, double *share, double *move) {
    struct gw_labels labels;
    size_t labelled = 0, positive = 0, n = 0;
    TRY(gw_labels_build(bars, config, &labels));
    for (size_t i = 0; i < bars->n; i++)
        for (int g = 0; g < GW_N_GATES; g++) {
            labelled += labels.gate[g][i] != GW_LABEL_MISSING;
            positive += labels.gate[g][i] == 1;
        }
    for (size_t i = 0; i < bars->n; i++)
        if (isfinite(labels.min_move[i])) labels.min_move[n++] = labels.min_move[i];
    qsort(labels.min_move, n, sizeof(double), compare_doubles);
    *move = n ? labels.min_move[n / 2] : 0;
    *share = labelled ? (double)positive / (double)labelled : 0;
    gw_labels_free(&labels);
    return GW_OK;
}

static double two_digits(double x) {
    double unit = pow(10, floor(log10(x)) - 1);
    return round(x / unit) * unit;
}

/* A larger move is rarer: halving finds the one that a tenth of the first training slice reaches. In multiples of the ATR,
 * since a move that is usual in a wild year never comes in a quiet one. */
static int choose_labels(struct plan *p) {
    struct gw_bars first = p->market->symbol[0];
    struct gw_label_config config;
    double low = .05, high = 200;
    gw_param_defaults(&gw_label_params, &config);
    first.n = first_training(p, &first);
    config.horizon = p->horizon = p->daily ? 10 : 24;
    for (int i = 0; i < 16; i++) {
        config.min_move_atr = sqrt(low * high);
        TRY(share_of(&first, &config, &p->share, &p->usual_move));
        *(p->share > wanted_share ? &low : &high) = config.min_move_atr;
        TRY(interrupt_check());
    }
    config.min_move_atr = p->min_move_atr = two_digits(sqrt(low * high));
    return share_of(&first, &config, &p->share, &p->usual_move);
}

/* Guesses of what one pays, told as such. */
static void choose_costs(struct plan *p) {
    enum calendar_kind kind = p->finding->calendar.kind;
    p->market_words = "an exchange with hours";
    p->taker_bps = 1, p->half_spread_bps = 1, p->slippage_bps = 1;
    if (kind == CALENDAR_ALWAYS) {
        p->market_words = "a market around the clock, as crypto exchanges are";
        p->taker_bps = 5, p->half_spread_bps = .5, p->slippage_bps = 1;
    } else if (kind == CALENDAR_FX) {
        p->market_words = "currencies, open from Sunday to Friday";
        p->taker_bps = .3, p->half_spread_bps = .5, p->slippage_bps = .2;
    }
}

static int choose(struct plan *p) {
    const struct gw_bars *bars = &p->market->symbol[0];
    size_t needed = 1000;
    p->daily = bars->interval_ns >= 12 * NS_PER_HOUR;
    p->brief = p->daily || bars->n < 3000;
    p->volume = p->finding->report.has_volume && p->finding->report.n_zero_volume < bars->n;
    p->taker = bars->taker_buy_base != NULL;
    if (bars->n < needed)
        FAIL(GW_ERR_DATA, "%s: %zu bars are too few to walk forward; at least %zu are needed", p->file, bars->n,
             needed);
    choose_folds(p);
    choose_costs(p);
    return choose_labels(p);
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static void put_text(struct out_file *to, const char *text) {
    out_printf(to, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            out_printf(to, "\\%c", c);
        else if (c < 0x20)
            out_printf(to, "\\u%04x", c);
        else
            out_printf(to, "%c", c);
    }
    out_printf(to, "\"");
}

static void put_data(struct out_file *to, const struct plan *p) {
    char interval[48], hours[160], remark[256];
    const struct gw_bars *bars = &p->market->symbol[0];
    calendar_words(&p->finding->calendar, hours);
    out_printf(to, "  // %zu bars of %s%s; open: %s; times: %s.\n", bars->n,
               duration_words(bars->interval_ns, interval), p->market->n_symbols > 1 ? " of the first symbol" : "",
               hours, p->finding->report.zone);
    for (size_t i = 0; gw_import_remark(&p->finding->report, i, remark); i++)
        out_printf(to, "  // Note: %s.\n", remark);
    out_printf(to, "  \"data\": [\n");
    for (size_t s = 0; s < p->market->n_symbols; s++) {
        out_printf(to, "    {\"file\": ");
        put_text(to, p->absolute);
        out_printf(to, ", \"symbol\": \"%s\"", p->market->symbol[s].symbol);
        if (p->import.timezone) out_printf(to, ", \"timezone\": "), put_text(to, p->import.timezone);
        if (p->import.time_format) out_printf(to, ", \"time_format\": "), put_text(to, p->import.time_format);
        out_printf(to, "}%s\n", s + 1 < p->market->n_symbols ? "," : "");
    }
    out_printf(to, "  ],\n");
}

static void put_features(struct out_file *to, const struct plan *p) {
    int64_t interval = p->market->symbol[0].interval_ns;
    out_printf(to,
               "\n  // What the models see: few and different, as near-duplicates cost time and precision.\n"
               "  // `gatewalk list features` explains them.%s\n  \"features\": [\n",
               p->volume ? "" : " The data have no volume: none of them needs it.");
    out_printf(to, "    \"log_return(1)\", \"log_return(4)\", \"log_return(24)\", \"ma_gap(10)\", \"ma_gap(%d)\",\n",
               p->brief ? 50 : 96);
    out_printf(to, "    \"rsi(14)\", \"atr(14)\", \"bollinger_b(20)\", \"macd_hist(12,26,9)\", \"realised_vol(%d)\",\n",
               p->brief ? 21 : 96);
    if (interval <= 15 * NS_PER_MINUTE && NS_PER_HOUR % interval == 0) out_printf(to, "    \"rsi(14)@1h\",\n");
    if (p->volume) out_printf(to, "    \"volume_z(%d)\",\n", p->brief ? 63 : 96);
    if (p->taker) out_printf(to, "    \"taker_buy_ratio\",\n");
    if (!p->daily) out_printf(to, "    \"hour_sin\", \"hour_cos\",\n");
    out_printf(to, "    \"range\", \"body\", \"upper_wick\"\n  ],\n");
}

static void put_span(struct out_file *to, const char *name, size_t bars, int64_t ns, const char *after) {
    if (ns)
        out_printf(to, "\"%s\": \"%lldd\"%s", name, (long long)(ns / DAY_NS), after);
    else
        out_printf(to, "\"%s\": %zu%s", name, bars, after);
}

static void put_rules(struct out_file *to, const struct plan *p) {
    out_printf(
        to,
        "\n  // A bar is positive when the price moves by more than min_move within the next %zu bars, and more than\n"
        "  // ratio times what it moves the other way. %g times the average true range of %zu bars (%.2g %% of the "
        "price,\n"
        "  // usually) makes %.0f %% of the first training slice positive: rare enough to be worth a trade, frequent "
        "enough\n"
        "  // to learn. In multiples of that range it stays so when the market calms down; \"min_move\": 0.01 would be "
        "a\n"
        "  // fixed share of the price. Later bars were not looked at.\n"
        "  \"labels\": {\"horizon\": %zu, \"ratio\": 2, \"min_move_atr\": %.10g},\n",
        p->horizon, p->min_move_atr, (size_t)14, 100 * p->usual_move, 100 * p->share, p->horizon, p->min_move_atr);
    out_printf(to,
               "\n  // Each fold trains, stops early and sets its thresholds on validation, and is judged on the test "
               "slice behind;\n"
               "  // then all three move on by one test slice.%s\n  \"folds\": {\"mode\": \"rolling\", ",
               p->train_ns ? "" : " Lengths are bars.");
    put_span(to, "train", p->train, p->train_ns, ", ");
    put_span(to, "validation", p->validation, p->validation_ns, ", ");
    put_span(to, "test", p->test, p->test_ns, "},\n");
    out_printf(to,
               "\n  // The share of bars, in percent, that is acted on; the others are reported beside it.\n"
               "  \"signals\": {\"k\": [1, 5, 10], \"act_on\": %d},\n",
               p->daily ? 5 : 1);
    out_printf(to,
               "\n  // A guess for %s. Put in what you pay: it decides more than any model.\n"
               "  \"costs\": {\"taker_bps\": %g, \"half_spread_bps\": %g, \"slippage_bps\": %g},\n",
               p->market_words, p->taker_bps, p->half_spread_bps, p->slippage_bps);
}

static void put_contestants(struct out_file *to, const struct plan *p) {
    out_printf(to,
               "\n  \"model\": {\"lookback\": %d, \"hidden\": %d},\n"
               "  \"training\": {\"optimizer\": \"adamw\", \"epochs\": 30, \"patience\": 5},\n",
               p->brief ? (p->market->symbol[0].n < 3000 ? 32 : 64) : 96, p->brief ? 32 : 64);
    out_printf(to,
               "\n  // More seeds say how much of a difference is luck: 3 before you believe one.\n  \"seeds\": 1,\n");
    out_printf(to,
               "\n  \"strategies\": [\n"
               "    // An LSTM whose memory begins as long as the window.\n"
               "    {\"name\": \"lstm\", \"strategy\": \"gate\", \"model\": {\"attention\": \"none\", \"forget_init\": "
               "\"chrono\"}},\n"
               "    // Attention whose context stands beside the last state; alone, the context learns far less.\n"
               "    {\"name\": \"bahdanau\", \"strategy\": \"gate\",\n"
               "     \"model\": {\"attention\": \"bahdanau\", \"luong_combine\": true, \"forget_init\": \"chrono\"}},\n"
               "    // The floor: what the last bar's features say without any memory.\n"
               "    {\"name\": \"logistic\", \"strategy\": \"gate\", \"model\": {\"encoder\": \"logistic\"}, "
               "\"training\": {\"learning_rate\": "
               "0.01}},\n"
               "    // What doing nothing clever earns.\n"
               "    \"buy_and_hold\"\n  ]\n}\n");
}

static int write_experiment(const struct plan *p) {
    struct out_file to = {0};
    char name[GW_SYMBOL_MAX + 8], interval[40];
    out_sweep(p->path);
    TRY(out_open(&to, p->path));
    snprintf(name, sizeof name, "%.24s", p->market->n_symbols > 1 ? "symbols" : p->market->symbol[0].symbol);
    out_printf(
        &to,
        "// Made by `gatewalk init` from a look at the data. What stands behind // is for you; change anything.\n");
    out_printf(&to, "// Every key, its unit and default: gatewalk list keys\n{\n  \"$schema\": \"%s\",\n", schema_name);
    out_printf(&to, "  \"name\": \"%s-%s\",\n\n", name, duration_format(p->market->symbol[0].interval_ns, interval));
    put_data(&to, p);
    put_features(&to, p);
    put_rules(&to, p);
    put_contestants(&to, p);
    return out_commit(&to);
}

/* Beside the experiment, so that editors find it without a network. */
static int write_schema(const struct plan *p) {
    struct out_file to = {0};
    char path[1100];
    const char *slash = strrchr(p->path, '/');
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - p->path) + 1 : 0, p->path, schema_name);
    out_sweep(path);
    TRY(out_open(&to, path));
    struct json_writer w = {.stream = to.stream};
    int rc = config_write_schema(&w);
    if (rc == GW_OK) rc = out_commit(&to);
    out_abort(&to);
    return rc;
}

/* ---- the command ------------------------------------------------------------------------------------------ */

/* A path that means the same from everywhere, or stays short where the experiment lies beside the data. */
static int name_data(struct plan *p) {
    char *whole = strpbrk(p->file, "*?[") ? NULL : realpath(p->file, NULL);
    const char *slash = strrchr(p->path, '/');
    bool beside = !slash && p->file[0] != '/';
    int n = snprintf(p->absolute, sizeof p->absolute, "%s", beside || !whole ? p->file : whole);
    free(whole);
    if (n < 0 || (size_t)n >= 1024) FAIL(GW_ERR_USAGE, "%.60s…: the path is too long", p->file);
    return GW_OK;
}

static int name_experiment(struct plan *p) {
    if (p->out)
        snprintf(p->path, sizeof p->path, "%.1000s", p->out);
    else
        snprintf(p->path, sizeof p->path, "%s.json",
                 p->market->n_symbols > 1 ? "symbols" : p->market->symbol[0].symbol);
    if (!p->force && file_exists(p->path))
        FAIL(GW_ERR_USAGE, "%s is there already; --force replaces it, --out FILE goes elsewhere", p->path);
    return name_data(p);
}

static int tell(const struct plan *p) {
    printf("%s: %zu bars of %s, positive %.1f %% of the first training slice at min_move_atr %g\n", CLI_SHOWN(p->path),
           p->market->symbol[0].n, p->market->symbol[0].symbol, 100 * p->share, p->min_move_atr);
    struct experiment *experiment;
    struct walk_outlook outlook;
    const struct gw_run_options run = {.jobs = 0};
    TRY(experiment_load(p->path, NULL, &experiment)); /* what was written is what a run reads */
    int rc = p->quiet ? GW_OK : walk_outlook(experiment, &run, &outlook);
    if (rc == GW_OK && !p->quiet) printf("%zu folds; %s\n", outlook.n_folds, outlook.estimate);
    experiment_free(experiment);
    TRY(rc);
    printf("next:\n  gatewalk folds %s      the slices\n  gatewalk run %s        fit, replay, compare, report\n",
           CLI_SHOWN(p->path), CLI_SHOWN(p->path));
    return GW_OK;
}

static int init_from(struct plan *p, const struct gw_market *market, const struct gw_import_report *reports) {
    struct finding finding;
    if (market->n_symbols > MAX_SYMBOLS)
        FAIL(GW_ERR_DATA, "%s: holds %zu symbols, a run takes at most %d; choose one with --symbol", p->file,
             market->n_symbols, MAX_SYMBOLS);
    TRY(finding_make(&market->symbol[0], &reports[0], NULL, &finding));
    p->market = market;
    p->finding = &finding;
    int rc = name_experiment(p);
    if (rc == GW_OK) rc = choose(p);
    if (rc == GW_OK) rc = write_schema(p);
    if (rc == GW_OK) rc = write_experiment(p); /* last: where it is, nothing is missing beside it */
    if (rc == GW_OK) rc = tell(p);
    finding_free(&finding);
    return rc;
}

/* Without a name: the one file of bars that lies here. */
static int find_data(char path[1024]) {
    static const char *const patterns[] = {"*.csv", "*.csv.gz", "*.csv.xz", "*.csv.zst",
                                           "*.zip", "*.jsonl",  "*.parquet"};
    glob_t files = {0};
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        if (glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &files) == GLOB_NOSPACE) {
            globfree(&files);
            FAIL(GW_ERR_NOMEM, "not enough memory to list the files here");
        }
    size_t n = files.gl_pathc;
    if (n == 1) snprintf(path, 1024, "%s", files.gl_pathv[0]);
    globfree(&files);
    if (n == 1) return GW_OK;
    if (n == 0) FAIL(GW_ERR_USAGE, "init: no data file here; name one: gatewalk init FILE");
    FAIL(GW_ERR_USAGE, "init: %zu data files here; name one, a folder or a pattern: gatewalk init FILE", n);
}

static int command(int argc, char **argv) {
    struct plan p = {.file = NULL};
    struct gw_market market;
    struct gw_import_report *reports;
    char found[1024];
    int c;
    while ((c = cli_option(&command_init, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'o') TRY(cli_text("--out", optarg, &p.out));
        if (c == 's') p.import.symbol = optarg;
        if (c == 'z') p.import.timezone = optarg;
        if (c == 't') p.import.time_format = optarg;
        if (c == 'f') p.force = true;
        if (c == 'q') p.quiet = true;
    }
    if (optind == argc) {
        TRY(find_data(found));
        p.file = found;
    } else {
        TRY(cli_arguments(&command_init, argc, argv, 1, "a data file"));
        p.file = argv[optind];
    }
    TRY(gw_kernels_select("auto"));
    TRY(gw_market_import(p.file, &p.import, &market, &reports));
    int rc = init_from(&p, &market, reports);
    gw_import_reports_free(reports);
    gw_market_free(&market);
    return rc;
}

const struct command command_init = {
    .name = "init",
    .summary = "write an experiment to begin with, from a look at the data",
    .arguments = "[FILE]",
    .about =
        "Looks at bars (a file, a folder or a pattern) and writes a commented experiment with folds, labels, features "
        "and costs for that market and the contestants that have earned their place, and the JSON Schema that "
        "editors know its keys by. Says what to run and how long it will take.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk init datasets/sp500_daily.csv --out sp500.json",
    .run = command,
};
