/* gatewalk signal: what a run's gate says of bars that come one by one. */
#include <getopt.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "engine/live/live.h"

enum { MAX_HISTORIES = 64 };

struct signal_arguments {
    struct live_choice choice;
    const char *history[MAX_HISTORIES], *state;
    size_t n_histories;
    bool follow;
};

static const struct command_option options[] = {
    OPTION_STRATEGY,
    OPTION_SEED,
    OPTION_FOLD,
    {"history", 'H', "FILE", "bars before the first one, SYMBOL=FILE when several (repeatable)", NULL},
    {"state", 'f', "FILE", "go on from this state when it is there, and save it at the end", NULL},
    {"follow", 'w', NULL, "write out every line at once, and wait at the end of a file for more", NULL},
    OPTION_KERNELS,
};

/* ---- before the first bar ------------------------------------------------------------------------ */

static int warm_symbol(struct live *live, const char *name, bool *warmed) {
    struct gw_bars bars;
    struct live_facts facts = live_facts(live);
    size_t symbol;
    bool ready;
    TRY(live_import(live, name, &bars, &symbol));
    size_t n = bars.n;
    int rc = warmed[symbol] ? gw_error_set(GW_ERR_USAGE, "--history %s: %s has a history already", name,
                                           live_symbol_name(live, symbol))
                            : live_warm(live, symbol, &bars, n, &ready);
    gw_bars_free(&bars);
    TRY(rc);
    warmed[symbol] = true;
    if (!ready)
        message("signal: %s: %zu bars of history are too few; with %zu it is ready at the first bar",
                live_symbol_name(live, symbol), n, facts.history);
    return GW_OK;
}

static int warm_up(struct live *live, const struct signal_arguments *a) {
    bool warmed[MAX_SYMBOLS] = {false};
    struct live_facts facts = live_facts(live);
    if (a->state && file_exists(a->state)) {
        TRY(live_load(live, a->state));
        if (a->n_histories) message("note: going on from %s; --history is not read", CLI_SHOWN(a->state));
        return GW_OK;
    }
    for (size_t i = 0; i < a->n_histories; i++) TRY(warm_symbol(live, a->history[i], warmed));
    for (size_t s = 0; s < facts.n_symbols; s++)
        if (!warmed[s])
            message("signal: %s: no history; it is ready after at most %zu bars", live_symbol_name(live, s),
                    facts.history);
    return GW_OK;
}

/* ---- bars ---------------------------------------------------------------------------------------- */

static const char *value(char buffer[32], double x) {
    if (!isfinite(x)) return "null";
    return number_format(x, buffer);
}

/* As scores.csv writes them: nine digits read back to the same float. */
static const char *score(char buffer[32], float x) {
    if (!isfinite(x)) return "null";
    snprintf(buffer, 32, "%.9g", (double)x);
    return buffer;
}

static void put_signal(const struct live *live, const struct live_signal *s) {
    static const char *const action[] = {"short", "none", "long"};
    char close[40], open[40], n[6][32];
    printf("{\"time\":\"%s\",\"open_time\":\"%s\",\"symbol\":\"%s\",\"p_long\":%s,\"p_short\":%s,\"tau_long\":%s,"
           "\"tau_short\":%s,\"action\":\"%s\",\"stop\":%s,\"target\":%s,\"attention\":[",
           time_format(s->close_ns, close), time_format(s->open_ns, open), live_symbol_name(live, s->symbol),
           score(n[0], s->p[GW_GATE_LONG]), score(n[1], s->p[GW_GATE_SHORT]), score(n[2], s->tau[GW_GATE_LONG]),
           score(n[3], s->tau[GW_GATE_SHORT]), action[s->side + 1], value(n[4], s->stop), value(n[5], s->target));
    for (size_t i = 0; i < s->n_lags; i++)
        printf("%s{\"lag\":%zu,\"weight\":%s}", i ? "," : "", s->lag[i], score(n[0], s->weight[i]));
    printf("],\"ready\":%s}\n", s->ready ? "true" : "false");
}

/* A line that is no bar, or a bar that cannot be used, is said and left out; nothing of it stays. */
static int take_line(struct live *live, struct bar_lines *lines, const char *text, size_t length) {
    enum bar_line_kind kind;
    struct bar_line bar;
    struct live_signal signal;
    int rc = bar_lines_take(lines, text, length, &kind, &bar);
    if (rc < 0) {
        if (rc != GW_ERR_DATA || kind == BAR_LINE_UNUSABLE) return rc;
        message("signal: %s; the line is left out", gw_error_message());
        return GW_OK;
    }
    if (kind != BAR_LINE_BAR) return GW_OK;
    rc = live_push(live, &bar, &signal);
    if (rc == GW_ERR_DATA) {
        message("signal: standard input:%zu: %s; the line is left out", bar_lines_number(lines), gw_error_message());
        return GW_OK;
    }
    TRY(rc);
    put_signal(live, &signal);
    return GW_OK;
}

static void flush(void) { (void)fflush(stdout); /* a failure stays in the stream, main looks for it */ }

static int take_lines(struct live *live, struct bar_lines *lines, struct line_reader *reader, bool follow) {
    const char *text;
    size_t length;
    bool more = true;
    while (!ferror(stdout)) {
        TRY(line_reader_next(reader, &text, &length, &more));
        if (!more) break;
        TRY(take_line(live, lines, text, length));
        if (follow) flush();
    }
    return GW_OK;
}

static int follow_input(struct live *live, const struct signal_arguments *a) {
    struct bar_lines *lines;
    struct line_reader reader;
    const char *column[GW_COLUMNS_MAX];
    const size_t n_columns = live_columns(live, column);
    TRY(bar_lines_open("standard input", column, n_columns, &lines));
    int rc = line_reader_open(&reader, STDIN_FILENO, a->follow);
    reader.before_wait = flush;
    if (rc == GW_OK) rc = take_lines(live, lines, &reader, a->follow);
    line_reader_close(&reader);
    bar_lines_close(lines);
    return rc;
}

/* ---- the command --------------------------------------------------------------------------------- */

static int take_option(struct signal_arguments *a, int c) {
    if (c == 'H') {
        if (a->n_histories == MAX_HISTORIES) FAIL(GW_ERR_USAGE, "signal: more than %d --history", MAX_HISTORIES);
        return cli_text("--history", optarg, &a->history[a->n_histories++]);
    }
    if (c == 'f') return cli_text("--state", optarg, &a->state);
    if (c == 'w') a->follow = true;
    return cli_live_option(c, &a->choice);
}

/* A state goes on behind the bars whose lines have arrived: when they have not, it stays as it was. */
static int save(const struct live *live, const char *path) {
    if (fflush(stdout) != 0 || ferror(stdout))
        FAIL(GW_ERR_IO, "cannot write to standard output; %s is not saved", path);
    out_sweep(path);
    return live_save(live, path);
}

static int command(int argc, char **argv) {
    struct signal_arguments a = {.n_histories = 0};
    struct live *live;
    int c;
    while ((c = cli_option(&command_signal, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_signal, argc, argv, 1, "RUN_DIR"));
    TRY(live_open(argv[optind], &a.choice, &live));
    int rc = warm_up(live, &a);
    if (rc == GW_OK) rc = follow_input(live, &a);
    if (rc == GW_OK && a.state) rc = save(live, a.state);
    live_close(live);
    return rc;
}

const struct command command_signal = {
    .name = "signal",
    .summary = "what a run's gate says of bars from standard input, one by one",
    .arguments = "RUN_DIR",
    .about = "Reads closed bars from standard input, CSV under a header (time, open, high, low, close, volume, and "
             "symbol when the run has several) or a JSON object a line, and writes a JSON object a bar: "
             "probabilities, thresholds, what the strategy would do, stop and target measured from the close, and the "
             "lags that attention looks at most. The numbers are those of the run's scores.csv when the same bars go "
             "by: give what came before the first one as --history. A line that is no bar, and a bar that repeats "
             "another or comes late, is left out and said on standard error. Ctrl-C saves the state and ends it.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk signal reports/out/demo --strategy bahdanau --history old.csv --follow <bars.csv",
    .run = command,
};
