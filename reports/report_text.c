/* The end of a run on a terminal: who scored what, who traded how, and whether attention pays. */
#include <math.h>
#include <string.h>

#include "report.h"
#include "run_view.h"
#include "text_table.h"

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
    char heading[32], metric[64];
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
        double other = metric_of(&run->strategy[i], gate, "mean", c->metric);
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
    c->unit = unit;
    c->priority = priority;
}

static size_t gate_columns(const struct run_view *run, struct metric_column *list) {
    size_t n = 0;
    char key[64], heading[32];
    add_metric(list, &n, "AP", "average_precision", UNIT_FRACTION, 0);
    add_metric(list, &n, "lift", "ap_lift", UNIT_RATIO, 2);
    for (size_t i = 0; i < run->n_ks && i < 3; i++) {
        snprintf(heading, sizeof heading, "P@%g%%", run->k[i]);
        add_metric(list, &n, heading, metric_key(key, "precision_at_k", run->k[i]), UNIT_PERCENT,
                   i == 0   ? 0
                   : i == 1 ? 1
                            : 6);
    }
    for (size_t i = 0; i < run->n_ks && i < 2; i++) {
        snprintf(heading, sizeof heading, "PnL@%g%%", run->k[i]);
        add_metric(list, &n, heading, metric_key(key, "pnl_mean_at_k_1x", run->k[i]), UNIT_PERCENT_SIGNED,
                   i == 0 ? 1 : 5);
    }
    add_metric(list, &n, "coverage", "coverage", UNIT_PERCENT, 4);
    list[n - 1].unranked = true;
    return n;
}

static int metric_cells(struct text_table *table, const struct run_view *run, const struct strategy_view *s, int gate,
                        const struct metric_column *list, size_t n, size_t first_column) {
    for (size_t c = 0; c < n; c++) {
        double mean = metric_of(s, gate, "mean", list[c].metric), sd = NAN;
        if (run->n_seeds > 1 && strcmp(list[c].metric, "ap_lift") != 0) sd = metric_of(s, gate, "sd", list[c].metric);
        TRY(put_cell(table, first_column + c, list[c].unit, mean, sd, is_best(run, &list[c], gate, mean)));
    }
    return OK;
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
                TRY(text_table_cell(&table, 4, "%s ", prevalence));
                first = false;
            }
            TRY(text_table_row(&table));
            TRY(text_table_cell(&table, 0, "%s", s->label));
            TRY(text_table_cell(&table, 1, isfinite(s->parameters) ? "%.0f" : "—", s->parameters));
            TRY(metric_cells(&table, run, s, gate, list, n, 2));
        }
    }
    return table.n_rows ? text_table_print(&table, stream, width) : OK;
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

/* ---- verdict -------------------------------------------------------------------------------------------- */

static const char *member_text(struct run_view *run, const json_value *object, const char *key) {
    char *safe = text_safe(&run->arena, json_string(json_get(object, key), ""));
    return safe ? safe : "";
}

static double member_number(const json_value *object, const char *key) {
    const json_value *value = json_get(object, key);
    return value && json_kind(value) == JSON_NUMBER ? json_number(value, NAN) : (double)NAN;
}

/* "precision_at_5" to "P@5%". */
static void short_name(char out[64], const char *key) {
    const char *at = strstr(key, "_at_");
    bool pnl = strncmp(key, "pnl", 3) == 0, precision = strncmp(key, "precision", 9) == 0;
    if (strcmp(key, "average_precision") == 0)
        strcpy(out, "AP");
    else if (at && (pnl || precision))
        snprintf(out, 64, "%s@%.*s%%", pnl ? "PnL" : "P", (int)strcspn(at + 4, "_"), at + 4);
    else
        snprintf(out, 64, "%.60s", key);
}

/* Deltas of one gate, one row each. */
static int delta_rows(struct text_table *table, const json_value *block, const char *gate) {
    for (size_t i = 0; json_kind(block) == JSON_OBJECT && i < json_size(block); i++) {
        const json_value *d = json_at(block, i), *significant = json_get(d, "significant");
        if (json_kind(d) != JSON_OBJECT) continue;
        const char *key = json_key(d) ? json_key(d) : "";
        bool percent = strncmp(key, "pnl", 3) == 0 || strstr(key, "_at_");
        double scale = percent ? 100 : 1;
        int decimals = strncmp(key, "pnl", 3) == 0 ? 2 : percent ? 1 : 3;
        TRY(text_table_row(table));
        char name[64];
        short_name(name, key);
        TRY(text_table_cell(table, 0, "%s %s", gate, name));
        static const char *const field[] = {"baseline", "candidate", "delta", "lo", "hi"};
        for (size_t f = 0; f < COUNT_OF(field); f++) {
            double value = member_number(d, field[f]) * scale;
            if (!isfinite(value))
                TRY(text_table_cell(table, 1 + f, "—"));
            else
                TRY(text_table_cell(table, 1 + f, f < 2 ? "%.*f" : "%+.*f", decimals, value));
        }
        double p = member_number(d, "p_value");
        if (isfinite(p))
            TRY(text_table_cell(table, 6, "%.3f", p));
        else
            TRY(text_table_cell(table, 6, "—"));
        TRY(text_table_cell(table, 7, "%s", significant && json_bool(significant, false) ? "significant" : ""));
    }
    return OK;
}

static int verdict_block(struct run_view *run, const json_value *verdict, FILE *stream, size_t width) {
    fprintf(stream, "\n%s against %s\n", member_text(run, verdict, "candidate"), member_text(run, verdict, "baseline"));
    static const char *const heading[] = {"difference", "baseline", "candidate", "delta", "low", "high", "p", ""};
    struct text_table table;
    text_table_begin(&table, &run->arena);
    for (size_t c = 0; c < COUNT_OF(heading); c++)
        text_table_column(&table, heading[c], c == 0 || c == 7, c == 1 || c == 2 ? 1 : 0);
    const json_value *gates = json_get(verdict, "gates");
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        const json_value *block = gates ? json_get(gates, gate_word[gate]) : NULL;
        if (block) TRY(delta_rows(&table, block, gate_word[gate]));
    }
    if (table.n_rows) TRY(text_table_print(&table, stream, width));
    const json_value *checks = json_get(verdict, "checks");
    for (size_t i = 0; checks && json_kind(checks) == JSON_ARRAY && i < json_size(checks); i++) {
        const json_value *check = json_at(checks, i), *pass = json_get(check, "pass");
        char line[700];
        snprintf(line, sizeof line, "%s: %s", member_text(run, check, "name"), member_text(run, check, "detail"));
        fprintf(stream, "  %s  ", pass && json_bool(pass, false) ? "pass" : "FAIL");
        text_print_wrapped(stream, line, 8, width);
    }
    fputs("  => ", stream);
    text_print_wrapped(stream, member_text(run, verdict, "conclusion"), 5, width);
    return OK;
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

/* Seconds belong to the machine, so they are kept out of report.pdf and shown here only. */
static int training_time(struct run_view *run, FILE *stream, size_t width) {
    char path[1024], line[1200] = "";
    struct json_document *document;
    TRY(path_join(path, sizeof path, run->dir, RUN_JSON));
    if (!file_exists(path)) return OK;
    TRY(json_load(path, ERR_DATA, &document));
    const json_value *list = json_get(json_root(document), "training_time");
    for (size_t i = 0; list && json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        const json_value *item = json_at(list, i);
        size_t used = strlen(line);
        double seconds = member_number(item, "seconds"), ratio = member_number(item, "ratio_to_baseline");
        snprintf(line + used, sizeof line - used, "%s %s %.0f s",
                 used ? "," : "training time:", member_text(run, item, "strategy"), seconds);
        used = strlen(line);
        if (isfinite(ratio)) snprintf(line + used, sizeof line - used, " (%.2fx)", ratio);
    }
    json_free(document);
    if (line[0]) text_print_wrapped(stream, line, 2, width);
    return OK;
}

int report_text(const char *run_dir, FILE *stream, size_t width) {
    struct run_view run;
    TRY(run_view_open(run_dir, &run));
    if (width < narrowest) width = narrowest;
    int rc;
    heading(&run, stream, width);
    fputc('\n', stream);
    TRY_GOTO(gate_table(&run, stream, width), cleanup);
    fputc('\n', stream);
    TRY_GOTO(portfolio_table(&run, stream, width), cleanup);
    text_print_wrapped(stream,
                       run.n_seeds > 1
                           ? "* best of its column; in % except AP and ratios; mean ± standard deviation over seeds"
                           : "* best of its column; in % except AP and ratios",
                       2, width);
    TRY_GOTO(training_time(&run, stream, width), cleanup);
    for (size_t i = 0; run.verdict && i < json_size(run.verdict); i++)
        TRY_GOTO(verdict_block(&run, json_at(run.verdict, i), stream, width), cleanup);
    if (!run.verdict) fputs("\nNo candidate stands beside the baseline: no verdict.\n", stream);
    if (ferror(stream)) rc = error_set(ERR_IO, "cannot write the report");
cleanup:
    run_view_close(&run);
    return rc;
}
