/* The end of a run on a terminal: who scored what, who traded how, and whether attention pays. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/report.h"
#include "reports/data/run_view.h"
#include "reports/words/metric_words.h"
#include "text_study.h"
#include "text_table.h"
#include "text_verdict.h"

static const size_t narrowest = 60;

/* ---- numbers ---------------------------------------------------------------------------------------- */

enum unit { UNIT_FRACTION, UNIT_PERCENT, UNIT_PERCENT_SIGNED, UNIT_RATIO, UNIT_COUNT };

static void put_number(char *out, size_t size, enum unit unit, double value) {
    if (!isfinite(value)) {
        snprintf(out, size, "—");
        return;
    }
    switch (unit) {
    case UNIT_FRACTION:
        snprintf(out, size, "%.3f", value);
        break;
    case UNIT_PERCENT:
        snprintf(out, size, "%.1f", 100 * value);
        break;
    case UNIT_PERCENT_SIGNED:
        snprintf(out, size, "%+.2f", 100 * value);
        break;
    case UNIT_RATIO:
        snprintf(out, size, "%.2f", value);
        break;
    case UNIT_COUNT:
        snprintf(out, size, "%.0f", value);
        break;
    }
}

/* A loss too small to show is shown as 0.00, not as -0.00. */
static void drop_empty_minus(char *text) {
    if (text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1)) memmove(text, text + 1, strlen(text));
}

/* "0.213 ±0.012*": mean, deviation over seeds, a star for the best of its column. */
static int put_cell(struct text_table *table, size_t column, enum unit unit, double mean, double sd, bool best) {
    char value[32], deviation[32] = "";
    put_number(value, sizeof value, unit, mean);
    drop_empty_minus(value);
    if (isfinite(mean) && isfinite(sd)) {
        char number[24];
        put_number(number, sizeof number, unit, fabs(sd));
        snprintf(deviation, sizeof deviation, " ±%s", number[0] == '+' ? number + 1 : number);
    }
    return text_table_cell(table, column, "%s%s%s", value, deviation, best ? "*" : isfinite(mean) ? " " : "");
}

/* ---- tables ------------------------------------------------------------------------------------------- */

struct metric_column {
    char heading[GW_METRIC_KEY_MAX], metric[GW_METRIC_KEY_MAX];
    const char *part; /* "mean" (beside which stands "sd"), or the null control */
    enum unit unit;
    int priority;
    bool lower_is_better, unranked;
};

static double metric_of(const struct strategy_view *s, int gate, const char *part, const char *metric) {
    return gate < 0 ? portfolio_metric(s, part, metric) : gate_metric(s, gate, part, metric);
}

static bool is_best(const struct run_view *run, const struct metric_column *c, int gate, double value) {
    bool beats_one = false; /* where all are equal nobody is best */
    if (c->unranked || !isfinite(value)) return false;
    for (size_t i = 0; i < run->n_strategies; i++) {
        double other = metric_of(&run->strategy[i], gate, c->part, c->metric);
        if (!isfinite(other)) continue;
        if (c->lower_is_better ? other < value : other > value) return false;
        beats_one |= other != value;
    }
    return beats_one;
}

static void add_metric(struct metric_column *list, size_t *n, const char *heading, const char *metric, enum unit unit,
                       int priority) {
    struct metric_column *c = &list[(*n)++];
    memset(c, 0, sizeof *c);
    snprintf(c->heading, sizeof c->heading, "%s", heading);
    snprintf(c->metric, sizeof c->metric, "%s", metric);
    c->part = "mean";
    c->unit = unit;
    c->priority = priority;
}

static void add_null(struct metric_column *list, size_t *n, const char *heading, const char *metric) {
    add_metric(list, n, heading, metric, UNIT_FRACTION, 3);
    list[*n - 1].part = "null";
    list[*n - 1].unranked = true;
}

static size_t gate_columns(const struct run_view *run, struct metric_column *list) {
    size_t n = 0;
    char key[GW_METRIC_KEY_MAX];
    add_metric(list, &n, metric_words("average_precision").brief, "average_precision", UNIT_FRACTION, 0);
    add_metric(list, &n, "lift", "ap_lift", UNIT_RATIO, 2);
    add_null(list, &n, "null AP", "null_mean");
    add_null(list, &n, "p", "p_value");
    for (size_t i = 0; i < run->n_ks && i < 3; i++) {
        gw_metric_key_write(key, "precision_at_k", run->k[i]);
        add_metric(list, &n, metric_words(key).brief, key, UNIT_PERCENT, i == 0 ? 0 : i == 1 ? 1 : 6);
    }
    for (size_t i = 0; i < run->n_ks && i < 2; i++) {
        gw_metric_key_write(key, "pnl_mean_at_k_1x", run->k[i]);
        add_metric(list, &n, metric_words(key).brief, key, UNIT_PERCENT_SIGNED, i == 0 ? 1 : 5);
    }
    add_metric(list, &n, "coverage", "coverage", UNIT_PERCENT, 4);
    list[n - 1].unranked = true;
    return n;
}

static int metric_cells(struct text_table *table, const struct run_view *run, const struct strategy_view *s, int gate,
                        const struct metric_column *list, size_t n, size_t first_column) {
    for (size_t c = 0; c < n; c++) {
        double mean = metric_of(s, gate, list[c].part, list[c].metric), sd = NAN;
        bool spread = strcmp(list[c].part, "mean") == 0 && strcmp(list[c].metric, "ap_lift") != 0;
        if (run->n_seeds > 1 && spread) sd = metric_of(s, gate, "sd", list[c].metric);
        TRY(put_cell(table, first_column + c, list[c].unit, mean, sd, is_best(run, &list[c], gate, mean)));
    }
    return GW_OK;
}

static int gate_table(struct run_view *run, FILE *stream, size_t width) {
    struct metric_column list[16];
    size_t n = gate_columns(run, list);
    struct text_table table;
    text_table_begin(&table, &run->arena);
    text_table_column(&table, "strategy", true, 0);
    text_table_column(&table, "parameters", false, 7);
    for (size_t c = 0; c < n; c++) text_table_column(&table, list[c].heading, false, list[c].priority);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        char prevalence[32];
        put_number(prevalence, sizeof prevalence, UNIT_PERCENT, run->prevalence[gate]);
        bool first = true;
        for (size_t i = 0; i < run->n_strategies; i++) {
            const struct strategy_view *s = &run->strategy[i];
            if (!s->gate[gate]) continue;
            if (first) {
                TRY(text_table_row(&table));
                text_table_rule(&table);
                TRY(text_table_cell(&table, 0, "%s gate:", gate_word[gate]));
                TRY(text_table_cell(&table, 2, "%.3f ", run->prevalence[gate]));
                TRY(text_table_cell(&table, 3, "prevalence"));
                TRY(text_table_cell(&table, 6, "%s ", prevalence)); /* below P@K of the first K */
                first = false;
            }
            TRY(text_table_row(&table));
            TRY(text_table_cell(&table, 0, "%s", s->label));
            TRY(text_table_cell(&table, 1, isfinite(s->parameters) ? "%.0f" : "—", s->parameters));
            TRY(metric_cells(&table, run, s, gate, list, n, 2));
        }
    }
    return table.n_rows ? text_table_print(&table, stream, width) : GW_OK;
}

static int portfolio_table(struct run_view *run, FILE *stream, size_t width) {
    static const struct {
        const char *heading, *metric;
        enum unit unit;
        int priority;
        bool lower, unranked;
    } want[] = {{"return %", "total_return", UNIT_PERCENT, 0, false, false},
                {"Sharpe", "sharpe", UNIT_RATIO, 0, false, false},
                {"max DD %", "max_drawdown", UNIT_PERCENT, 0, true, false},
                {"trades", "n_trades", UNIT_COUNT, 1, false, true},
                {"win rate %", "win_rate", UNIT_PERCENT, 3, false, false},
                {"profit factor", "profit_factor", UNIT_RATIO, 2, false, false},
                {"exposure %", "exposure", UNIT_PERCENT, 4, false, true}};
    struct metric_column list[COUNT_OF(want)];
    struct text_table table;
    size_t n = 0;
    text_table_begin(&table, &run->arena);
    text_table_column(&table, "traded", true, 0);
    for (size_t c = 0; c < COUNT_OF(want); c++) {
        add_metric(list, &n, want[c].heading, want[c].metric, want[c].unit, want[c].priority);
        list[c].lower_is_better = want[c].lower;
        list[c].unranked = want[c].unranked;
        text_table_column(&table, want[c].heading, false, want[c].priority);
    }
    for (size_t i = 0; i < run->n_strategies; i++) {
        TRY(text_table_row(&table));
        TRY(text_table_cell(&table, 0, "%s", run->strategy[i].label));
        TRY(metric_cells(&table, run, &run->strategy[i], -1, list, n, 1));
    }
    return text_table_print(&table, stream, width);
}

static void heading(const struct run_view *run, FILE *stream, size_t width) {
    char line[1200];
    const char *baseline = NULL;
    for (size_t i = 0; i < run->n_strategies; i++)
        if (run->strategy[i].is_baseline) baseline = run->strategy[i].label;
    text_print_wrapped(stream, run->title, 0, width);
    snprintf(line, sizeof line,
             "%s, %s, %.10s to %.10s, %.0f bars, %.0f folds, %zu seed%s, horizon %.0f, lookback %.0f%s%s", run->symbols,
             run->interval, run->begin, run->end, run->n_bars, run->n_folds, run->n_seeds, run->n_seeds == 1 ? "" : "s",
             run->horizon, run->lookback, baseline ? ", baseline " : "", baseline ? baseline : "");
    text_print_wrapped(stream, line, 0, width);
}

int gw_report_text(const char *run_dir, FILE *stream, size_t width) {
    struct run_view run;
    TRY(run_view_open(run_dir, &run));
    if (width < narrowest) width = narrowest;
    int rc;
    heading(&run, stream, width);
    fputc('\n', stream);
    TRY_GOTO(text_study(&run, stream, width), cleanup);
    TRY_GOTO(gate_table(&run, stream, width), cleanup);
    fputc('\n', stream);
    TRY_GOTO(portfolio_table(&run, stream, width), cleanup);
    text_print_wrapped(stream,
                       run.n_seeds > 1
                           ? "* best of its column; in % except AP and ratios; mean ± standard deviation over seeds"
                           : "* best of its column; in % except AP and ratios",
                       2, width);
    text_print_wrapped(
        stream,
        "null AP: with labels shifted in time, which keeps their autocorrelation; p: share of such labels "
        "that reach the AP",
        2, width);
    TRY_GOTO(text_selection(&run, stream, width), cleanup);
    TRY_GOTO(text_unfinished(&run, stream, width), cleanup);
    TRY_GOTO(text_training_time(&run, stream, width), cleanup);
    for (size_t i = 0; run.verdict && i < json_size(run.verdict); i++)
        TRY_GOTO(text_verdict(&run, json_at(run.verdict, i), stream, width), cleanup);
    if (!run.verdict) fputs("\nNo candidate stands beside the baseline: no verdict.\n", stream);
cleanup:
    run_view_close(&run);
    return rc;
}
