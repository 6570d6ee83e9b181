/* gatewalk score: a fit of a run on the bars of a file, all at once, with the numbers of `gatewalk signal`. */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "cli.h"
#include "engine/live/live.h"

/* A symbol's bars on their way through. */
struct series {
    struct gw_bars bars;
    struct gw_labels labels;
    size_t next;
    bool there;
};

static const struct command_option options[] = {
    OPTION_STRATEGY,
    OPTION_SEED,
    OPTION_FOLD,
    {"out", 'o', "FILE", "where to write the scores", NULL},
    {"from", 'b', "TIME", "the first bar to score, by its open time; those before it are history", NULL},
    OPTION_KERNELS,
};

static int read_series(struct live *live, const char *name, int64_t from_ns, struct series *all) {
    struct gw_bars bars;
    size_t symbol, n = 0;
    TRY(live_import(live, name, &bars, &symbol));
    struct series *series = &all[symbol];
    if (series->there) {
        gw_bars_free(&bars);
        FAIL(GW_ERR_USAGE, "score: %s is there twice", live_symbol_name(live, symbol));
    }
    series->there = true;
    series->bars = bars;
    TRY(gw_labels_build(&series->bars, &live_facts(live).experiment->labels, &series->labels));
    while (n < bars.n && bars.bar[n].open_ns < from_ns) n++;
    series->next = n;
    return GW_OK;
}

/* Other symbols' closes and ranks among all, as the run had them: it takes every symbol of the run. */
static int fill_across(const struct live *live, struct series *all) {
    const size_t n = live_facts(live).n_symbols;
    if (!live_looks_across(live)) return GW_OK;
    for (size_t s = 0; s < n; s++)
        if (!all[s].there)
            FAIL(GW_ERR_USAGE,
                 "score: the model's features look across symbols: give a file of every symbol of the run (%s is "
                 "missing)",
                 live_symbol_name(live, s));
    struct gw_market market = {.n_symbols = n, .symbol = mem_calloc(n, sizeof *market.symbol)};
    if (!market.symbol) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++) market.symbol[s] = all[s].bars;
    const int rc = live_fill_across(live, &market);
    for (size_t s = 0; s < n; s++) all[s].bars = market.symbol[s]; /* with their new columns */
    mem_free(market.symbol);
    return rc;
}

static int warm_all(struct live *live, const struct series *all) {
    bool ready;
    for (size_t s = 0; s < live_facts(live).n_symbols; s++)
        if (all[s].there) TRY(live_warm(live, s, &all[s].bars, all[s].next, &ready));
    return GW_OK;
}

/* The symbol whose bar closes next; ties go by the order of the run. */
static size_t next_symbol(const struct series *all, size_t n_symbols) {
    size_t best = n_symbols;
    for (size_t s = 0; s < n_symbols; s++) {
        const struct series *series = &all[s];
        if (series->next == series->bars.n) continue;
        if (best == n_symbols || series->bars.bar[series->next].open_ns < all[best].bars.bar[all[best].next].open_ns)
            best = s;
    }
    return best;
}

static const char *number(char buffer[32], float x) {
    if (!isfinite(x)) return "";
    snprintf(buffer, 32, "%.9g", (double)x);
    return buffer;
}

/* Columns of scores.csv: gatewalk/run_files.h. */
static void put_row(struct out_file *file, const struct live *live, const struct live_facts *facts,
                    const struct live_signal *s, const struct series *series, size_t t) {
    char time[40], open[40], n[4][32], label[GW_N_GATES][8] = {"", ""};
    int long_label = series->labels.gate[GW_GATE_LONG][t], short_label = series->labels.gate[GW_GATE_SHORT][t];
    if (long_label != GW_LABEL_MISSING && short_label != GW_LABEL_MISSING) {
        snprintf(label[GW_GATE_LONG], sizeof label[0], "%d", long_label);
        snprintf(label[GW_GATE_SHORT], sizeof label[0], "%d", short_label);
    }
    out_printf(file, "%s,%s,%s,%s,%llu,%zu,%s,%s,%s,%s,%s,%s\n", time_format(s->close_ns, time),
               time_format(series->bars.bar[t].open_ns, open), live_symbol_name(live, s->symbol), facts->strategy->name,
               (unsigned long long)facts->seed, facts->fold, number(n[0], s->p[GW_GATE_LONG]),
               number(n[1], s->p[GW_GATE_SHORT]), label[GW_GATE_LONG], label[GW_GATE_SHORT],
               number(n[2], s->tau[GW_GATE_LONG]), number(n[3], s->tau[GW_GATE_SHORT]));
}

static int score_all(struct live *live, struct series *all, struct out_file *file, size_t *n_rows) {
    struct live_facts facts = live_facts(live);
    for (size_t s; (s = next_symbol(all, facts.n_symbols)) < facts.n_symbols;) {
        struct series *series = &all[s];
        const struct gw_bars *bars = &series->bars;
        size_t t = series->next++;
        struct bar_line in;
        struct live_signal signal;
        live_bar_at(live, bars, t, &in);
        snprintf(in.symbol, sizeof in.symbol, "%s", live_symbol_name(live, s));
        TRY(live_push(live, &in, &signal));
        if (signal.ready) {
            put_row(file, live, &facts, &signal, series, t);
            ++*n_rows;
        }
        TRY(interrupt_check());
    }
    return GW_OK;
}

static int write_scores(struct live *live, struct series *all, const char *out) {
    struct out_file file;
    size_t n_rows = 0;
    out_sweep(out);
    TRY(out_open(&file, out));
    out_printf(&file,
               "time,open_time,symbol,strategy,seed,fold,p_long,p_short,label_long,label_short,tau_long,tau_short\n");
    int rc = score_all(live, all, &file, &n_rows);
    if (rc == GW_OK && n_rows == 0)
        rc = gw_error_set(GW_ERR_DATA, "score: no bar has the %zu before it that a score needs; give more bars",
                          live_facts(live).history);
    if (rc < 0) {
        out_abort(&file);
        return rc;
    }
    TRY(out_commit(&file));
    printf("scores: %s (%zu bars)\n", CLI_SHOWN(out), n_rows);
    return GW_OK;
}

static int score(const char *dir, char *const *names, size_t n_names, const struct live_choice *choice, int64_t from_ns,
                 const char *out) {
    struct live *live;
    TRY(live_open(dir, choice, &live));
    struct series *all = mem_calloc(live_facts(live).n_symbols, sizeof *all);
    int rc = all ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < n_names; i++) rc = read_series(live, names[i], from_ns, all);
    if (rc == GW_OK) rc = fill_across(live, all);
    if (rc == GW_OK) rc = warm_all(live, all);
    if (rc == GW_OK) rc = write_scores(live, all, out);
    for (size_t s = 0; all && s < live_facts(live).n_symbols; s++) {
        gw_bars_free(&all[s].bars);
        gw_labels_free(&all[s].labels);
    }
    mem_free(all);
    live_close(live);
    return rc;
}

static int command(int argc, char **argv) {
    struct live_choice choice = {.whole = true};
    const char *out = NULL;
    int64_t from_ns = INT64_MIN;
    int c;
    while ((c = cli_option(&command_score, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'o') TRY(cli_text("--out", optarg, &out));
        if (c == 'b' && time_parse(optarg, &from_ns) < 0) return gw_error_prefix(GW_ERR_USAGE, "--from");
        TRY(cli_live_option(c, &choice));
    }
    int n = argc - optind > 2 ? argc - optind : 2; /* a file a symbol */
    TRY(cli_arguments(&command_score, argc, argv, n, "RUN_DIR BARS"));
    if (!out) FAIL(GW_ERR_USAGE, "score: --out FILE is missing; see `gatewalk score --help`");
    for (int i = optind + 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '='); /* SYMBOL=FILE */
        TRY(cli_spare(out, equals && !file_exists(argv[i]) ? equals + 1 : argv[i]));
    }
    return score(argv[optind], argv + optind + 1, (size_t)n - 1, &choice, from_ns, out);
}

const struct command command_score = {
    .name = "score",
    .summary = "a run's gate on the bars of a file, as scores.csv",
    .arguments = "RUN_DIR FILE --out FILE",
    .about = "Scores bars with one fit of a run and writes the columns of the run's scores.csv: the numbers of "
             "`gatewalk signal` on the same bars. Bars that lack the history of a score are left out. Of several "
             "symbols give a file each, SYMBOL=FILE where the file is not called as the symbol. A streaming model "
             "carries its state from bar to bar: with --from it begins as a run's slice that begins there.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk score reports/out/demo datasets/sp500_daily.csv --strategy bahdanau --out scores.csv",
    .run = command,
};
