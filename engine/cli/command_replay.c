/* gatewalk replay: one moment of a finished run, from its files and data. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "engine/audit/verify.h"
#include "engine/walk/walk.h"
#include "gatewalk/run_files.h"

struct moment {
    const char *events; /* where to, instead of a moment */
    const char *dir, *strategy, *symbol, *at_text;
    char name[48], seed[24]; /* of the contestant, as the files write them */
    size_t n_bars;
    int64_t at_ns;
    size_t s, begin, end, at; /* symbol and its bars that are shown */
};

static const struct command_option options[] = {
    {"at", 'a', "TIME", "the moment: the bar that closes then, or holds it", NULL},
    {"bars", 'b', "N", "bars to show before and after it (default 5)", NULL},
    {"strategy", 'S', "NAME", "which contestant (default: the first)", NULL},
    {"seed", 's', "N", "which of its seeds (default: the first in the files)", NULL},
    {"symbol", 'y', "SYMBOL", "which symbol (default: the first)", NULL},
    {"events", 'e', "FILE",
     "instead: every bar, order, fill, retraining and end of a fold as JSON lines, from the stored models", NULL},
    OPTION_QUIET,
};

/* ---- which bars ------------------------------------------------------------------------------------------------------ */

static int choose_symbol(const struct prepared *p, struct moment *m) {
    for (m->s = 0; m->symbol && m->s < p->market.n_symbols; m->s++)
        if (strcmp(p->market.symbol[m->s].symbol, m->symbol) == 0) return GW_OK;
    if (m->symbol) FAIL(GW_ERR_USAGE, "--symbol %s: the run has no such symbol", m->symbol);
    return GW_OK;
}

static int choose_strategy(const struct experiment *e, struct moment *m) {
    for (size_t s = 0; s < e->n_strategies; s++)
        if (!m->strategy || strcmp(e->strategy[s].name, m->strategy) == 0) {
            snprintf(m->name, sizeof m->name, "%s", e->strategy[s].name);
            return GW_OK;
        }
    FAIL(GW_ERR_USAGE, "--strategy %s: the run has no such contestant", m->strategy);
}

static int choose_bars(const struct prepared *p, struct moment *m) {
    const struct gw_bars *bars = &p->market.symbol[m->s];
    char first[40], last[40];
    size_t t = 0;
    while (t < bars->n && gw_bar_close_ns(bars, t) < m->at_ns) t++;
    if (t == bars->n || bars->bar[0].open_ns > m->at_ns)
        FAIL(GW_ERR_USAGE, "--at %s: %s has bars from %s to %s", m->at_text, bars->symbol,
             time_format(bars->bar[0].open_ns, first), time_format(gw_bar_close_ns(bars, bars->n - 1), last));
    m->at = t;
    m->begin = t > m->n_bars ? t - m->n_bars : 0;
    m->end = t + m->n_bars + 1 < bars->n ? t + m->n_bars + 1 : bars->n;
    return GW_OK;
}

/* ---- rows of the run's tables ------------------------------------------------------------------------------------------ */

static const char *cell(const struct table *row, const char *name) {
    for (size_t c = 0; c < row->n_columns; c++)
        if (strcmp(row->header[c], name) == 0) return row->cell[c];
    return "";
}

/* Times in the window: after its first bar opened and until the last one closed. */
static bool in_window(const struct prepared *p, const struct moment *m, const char *time) {
    const struct gw_bars *bars = &p->market.symbol[m->s];
    int64_t ns;
    return time_parse(time, &ns) == GW_OK && ns >= bars->bar[m->begin].open_ns &&
           ns <= gw_bar_close_ns(bars, m->end - 1);
}

static bool is_ours(const struct table *row, struct moment *m, bool of_symbol, const char *symbol) {
    if (strcmp(cell(row, "strategy"), m->name) != 0) return false;
    if (of_symbol && strcmp(cell(row, "symbol"), symbol) != 0) return false;
    if (!m->seed[0]) snprintf(m->seed, sizeof m->seed, "%s", cell(row, "seed"));
    return strcmp(cell(row, "seed"), m->seed) == 0;
}

struct shown {
    const char *file, *heading;
    const char *time, *time_2; /* columns of which one must lie in the window */
    bool of_symbol;
    const char *column[10];
};
static const struct shown tables[] = {
    {GW_RUN_SCORES,
     "scores",
     "time",
     NULL,
     true,
     {"time", "fold", "p_long", "p_short", "tau_long", "tau_short", "label_long", "label_short"}},
    {GW_RUN_ORDERS,
     "orders",
     "put_time",
     "end_time",
     true,
     {"put_time", "id", "kind", "side", "price", "filled", "average_price", "state", "reason", "end_time"}},
    {GW_RUN_TRADES,
     "trades",
     "entry_time",
     "exit_time",
     true,
     {"signal_time", "side", "entry_time", "entry_price", "exit_time", "exit_price", "quantity", "pnl", "reason"}},
    {GW_RUN_EQUITY, "account", "time", NULL, false, {"time", "equity", "cash", "exposure", "drawdown"}},
};

/* Numbers are shortened as numbers: never by cutting digits off their text. */
static const char *short_text(const char *text, char buffer[40]) {
    char *end;
    double value = strtod(text, &end);
    if (!*text) return "-";
    if (*end || strlen(text) <= 12) return text;
    snprintf(buffer, 40, "%.7g", value);
    return buffer;
}

static void print_row(const struct table *row, const struct shown *shown) {
    for (size_t c = 0; c < COUNT_OF(shown->column) && shown->column[c]; c++) {
        const bool time = strstr(shown->column[c], "time") != NULL;
        char buffer[40];
        printf("  %-*.*s", time ? 20 : 14, time ? 30 : 14, short_text(cell(row, shown->column[c]), buffer));
    }
    printf("\n");
}

static int show_table(const struct prepared *p, struct moment *m, const struct shown *shown) {
    char path[1200];
    struct table_stream stream;
    bool more = true;
    size_t n = 0;
    TRY(path_join(path, sizeof path, m->dir, shown->file));
    TRY(table_stream_open(path, &stream));
    int rc;
    while ((rc = table_stream_next(&stream, &more)) == GW_OK && more) {
        if (!is_ours(&stream.row, m, shown->of_symbol, p->market.symbol[m->s].symbol)) continue;
        if (!in_window(p, m, cell(&stream.row, shown->time)) &&
            !(shown->time_2 && in_window(p, m, cell(&stream.row, shown->time_2))))
            continue;
        if (n++ == 0) {
            printf("\n%s\n", shown->heading);
            for (size_t c = 0; c < COUNT_OF(shown->column) && shown->column[c]; c++)
                printf("  %-*s", strstr(shown->column[c], "time") ? 20 : 14, shown->column[c]);
            printf("\n");
        }
        print_row(&stream.row, shown);
    }
    table_stream_close(&stream);
    if (rc == GW_OK && n == 0) printf("\n%s: none in these bars\n", shown->heading);
    return rc;
}

/* ---- the bars and what they look like to the models ------------------------------------------------------------------------ */

static void show_bars(const struct prepared *p, const struct moment *m) {
    const struct gw_bars *bars = &p->market.symbol[m->s];
    printf("bars of %s\n  %-20s  %-20s  %12s %12s %12s %12s %12s\n", bars->symbol, "open_time", "time", "open", "high",
           "low", "close", "volume");
    for (size_t t = m->begin; t < m->end; t++) {
        const struct gw_bar *b = &bars->bar[t];
        char open[40], close[40];
        printf("%s %-20s  %-20s  %12.10g %12.10g %12.10g %12.10g %12.10g\n", t == m->at ? ">" : " ",
               time_format(b->open_ns, open), time_format(gw_bar_close_ns(bars, t), close), b->open, b->high, b->low,
               b->close, b->volume);
    }
}

static void show_features(const struct prepared *p, const struct moment *m) {
    size_t F = gw_feature_set_size(p->set);
    char time[40];
    printf("\nknown at the close, %s\n", time_format(gw_bar_close_ns(&p->market.symbol[m->s], m->at), time));
    for (size_t f = 0; f < F; f++) {
        double value = (double)p->features[m->s].value[m->at * F + f];
        printf("  %-28s ", gw_feature_set_name(p->set, f));
        if (gw_feature_set_fitted(p->set, f))
            printf("- (fitted per fold: gatewalk features --fold N)\n");
        else if (isnan(value))
            printf("- (warming up)\n");
        else
            printf("%.9g\n", value);
    }
    printf("  %-28s %.9g\n", "(the label's least move)", p->labels[m->s].min_move[m->at]);
}

static int show(const struct experiment *e, const struct prepared *p, struct moment *m) {
    TRY(choose_strategy(e, m));
    TRY(choose_symbol(p, m));
    TRY(choose_bars(p, m));
    show_bars(p, m);
    show_features(p, m);
    for (size_t i = 0; i < COUNT_OF(tables); i++) TRY(show_table(p, m, &tables[i]));
    printf("\n%s seed %s\n", CLI_SHOWN(m->name), m->seed[0] ? m->seed : "-");
    return GW_OK;
}

static int events(const struct moment *m, const char *dir) {
    if (m->at_text || m->symbol || m->seed[0])
        FAIL(GW_ERR_USAGE, "replay: --events goes with --strategy alone; filter its lines for the rest");
    out_sweep(m->events); /* what a killed one has left half-written */
    TRY(verify_events(dir, m->events, m->strategy));
    printf("events: %s\n", CLI_SHOWN(m->events));
    return GW_OK;
}

static int command(int argc, char **argv) {
    struct moment m = {.n_bars = 5};
    struct experiment *experiment;
    struct prepared *prepared = NULL;
    char kernels[32];
    int c;
    while ((c = cli_option(&command_replay, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'a') m.at_text = optarg;
        if (c == 'b') TRY(cli_count("--bars", optarg, 0, 100000, &m.n_bars));
        if (c == 'S') TRY(cli_text("--strategy", optarg, &m.strategy));
        if (c == 'y') TRY(cli_text("--symbol", optarg, &m.symbol));
        if (c == 's') snprintf(m.seed, sizeof m.seed, "%s", optarg);
        if (c == 'e') TRY(cli_text("--events", optarg, &m.events));
        if (c == 'q') progress_quiet(true);
    }
    TRY(cli_arguments(&command_replay, argc, argv, 1, "RUN_DIR"));
    if (m.events) return events(&m, argv[optind]);
    if (!m.at_text)
        FAIL(GW_ERR_USAGE, "replay: --at TIME is missing; write a bar's close, such as 2020-01-03T00:00:00Z");
    if (time_parse(m.at_text, &m.at_ns) < 0)
        FAIL(GW_ERR_USAGE, "--at %s: is no time; write 2020-01-03T00:00:00Z", m.at_text);
    m.dir = argv[optind];
    TRY(experiment_of_run(m.dir, &experiment, kernels));
    int rc = prepare(experiment, &prepared);
    if (rc == GW_OK) rc = prepared_keep_features(prepared);
    if (rc == GW_OK) rc = show(experiment, prepared, &m);
    prepared_free(prepared);
    experiment_free(experiment);
    return rc;
}

const struct command command_replay = {
    .name = "replay",
    .summary = "one moment of a finished run: what a strategy saw, said and did",
    .arguments = "RUN_DIR",
    .about =
        "Shows the bars around a moment, the features of its bar as the models saw them, and of one contestant the "
        "scores and thresholds, the orders, the trades and the account, from the run's files and data; or writes all "
        "that happened from the first bar to the last.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk replay reports/out/demo --at 2010-05-07 --strategy bahdanau --bars 3",
    .run = command,
};
