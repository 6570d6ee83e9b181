/* The end of a run on a terminal: who scored what, who traded how, and whether attention pays. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/report.h"
#include "reports/data/run_view.h"
#include "reports/words/sentences.h"
#include "text_search.h"
#include "text_sink.h"
#include "text_study.h"
#include "text_verdict.h"

/* ---- numbers ---------------------------------------------------------------------------------------- */

static void put_number(char *out, size_t size, enum metric_format format, double value) {
    if (!isfinite(value)) {
        snprintf(out, size, "%s", text_of_no_number(value));
        return;
    }
    switch (format) {
    case FORMAT_FRACTION:
        snprintf(out, size, "%.3f", value);
        break;
    case FORMAT_PERCENT:
    case FORMAT_LOSS:
        snprintf(out, size, "%.1f", 100 * value);
        break;
    case FORMAT_SIGNED_PERCENT:
        snprintf(out, size, "%+.2f", 100 * value);
        break;
    case FORMAT_RATIO:
        snprintf(out, size, "%.2f", value);
        break;
    case FORMAT_COUNT:
        snprintf(out, size, "%.0f", value);
        break;
    }
}

/* A loss too small to show is shown as 0.00, not as -0.00. */
static void drop_empty_minus(char *text) {
    if (text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1)) memmove(text, text + 1, strlen(text));
}

/* "0.213 ±0.012*": mean, deviation over seeds, a star for the best of its column. */
static int put_cell(struct text_table *table, size_t column, enum metric_format format, double mean, double sd,
                    bool best) {
    char value[32], deviation[32] = "";
    put_number(value, sizeof value, format, mean);
    drop_empty_minus(value);
    if (isfinite(mean) && isfinite(sd)) {
        char number[24];
        put_number(number, sizeof number, format, fabs(sd));
        snprintf(deviation, sizeof deviation, " ±%s", number[0] == '+' ? number + 1 : number);
    }
    return text_table_cell(table, column, "%s%s%s", value, deviation, best ? "*" : isfinite(mean) ? " " : "");
}

/* ---- tables ------------------------------------------------------------------------------------------- */

static const struct metric_columns *columns_of(const struct run_view *run, int gate) {
    return gate < 0 ? &run->portfolio_columns : &run->gate_columns;
}

static double metric_of(const struct strategy_view *s, int gate, const char *part, const char *metric) {
    return gate < 0 ? portfolio_metric(s, part, metric) : gate_metric(s, gate, part, metric);
}

static void add_columns(struct text_table *table, const struct run_view *run, int gate) {
    const struct metric_columns *list = columns_of(run, gate);
    for (size_t i = 0; i < list->n; i++) {
        const struct metric_column *c = &list->column[i];
        if (*c->heading) text_table_column(table, c->heading, false, c->priority);
    }
}

static int metric_cells(struct text_table *table, const struct run_view *run, const struct strategy_view *s, int gate,
                        size_t at) {
    const struct metric_columns *list = columns_of(run, gate);
    for (size_t i = 0; i < list->n; i++) {
        const struct metric_column *c = &list->column[i];
        double mean = metric_of(s, gate, "mean", c->metric), sd = NAN;
        if (run->n_seeds > 1 && c->spread) sd = metric_of(s, gate, "sd", c->metric);
        if (*c->heading) TRY(put_cell(table, at++, c->format, mean, sd, column_is_best(run, c, gate, mean)));
    }
    return GW_OK;
}

/* Above a gate's strategies: what an unskilled ranking has, below AP and below P@K of the first K. */
static int prevalence_cells(struct text_table *table, const struct run_view *run, int gate, size_t at) {
    bool first_p = true;
    char percent[32];
    put_number(percent, sizeof percent, FORMAT_PERCENT, run->prevalence[gate]);
    TRY(text_table_cell(table, 0, "%s gate:", gate_word[gate]));
    for (size_t i = 0; i < run->gate_columns.n; i++) {
        const struct metric_column *c = &run->gate_columns.column[i];
        if (!*c->heading) continue;
        if (strcmp(c->metric, "average_precision") == 0) {
            TRY(text_table_cell(table, at, "%.3f ", run->prevalence[gate]));
            TRY(text_table_cell(table, at + 1, "prevalence"));
        }
        if (first_p && strncmp(c->metric, "precision_at_", strlen("precision_at_")) == 0) {
            TRY(text_table_cell(table, at, "%s ", percent));
            first_p = false;
        }
        at++;
    }
    return GW_OK;
}

static int gate_table(struct run_view *run, struct text_sink *to) {
    struct text_table table;
    text_table_begin(&table, &run->arena);
    text_table_column(&table, "strategy", true, 0);
    text_table_column(&table, "parameters", false, 7);
    add_columns(&table, run, GW_GATE_LONG);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        bool first = true;
        for (size_t i = 0; i < run->n_strategies; i++) {
            const struct strategy_view *s = &run->strategy[i];
            if (!s->gate[gate]) continue;
            TRY(text_table_row(&table));
            if (first) {
                text_table_rule(&table);
                TRY(prevalence_cells(&table, run, gate, 2));
                TRY(text_table_row(&table));
                first = false;
            }
            TRY(text_table_cell(&table, 0, "%s", s->label));
            TRY(text_table_cell(&table, 1, isfinite(s->parameters) ? "%.0f" : "—", s->parameters));
            TRY(metric_cells(&table, run, s, gate, 2));
        }
    }
    return table.n_rows ? to->table(to, &table) : GW_OK;
}

/* What the wide table has too little room for on 80 columns: is it more than chance, by the fold, and did it act as asked? */
static int control_table(struct run_view *run, struct text_sink *to) {
    static const char *const heading[] = {"strategy", "gate", "AP", "by fold", "null AP", "p", "corrected", "coverage"};
    struct text_table table;
    text_table_begin(&table, &run->arena);
    for (size_t c = 0; c < COUNT_OF(heading); c++) text_table_column(&table, heading[c], c < 2, 0);
    for (size_t i = 0; i < run->n_strategies; i++)
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            const struct strategy_view *s = &run->strategy[i];
            if (!s->gate[gate]) continue;
            TRY(text_table_row(&table));
            TRY(text_table_cell(&table, 0, "%s", gate ? "" : s->label));
            TRY(text_table_cell(&table, 1, "%s", gate_word[gate]));
            const struct {
                const char *part, *metric;
                enum metric_format format;
            } cell[] = {{"mean", "average_precision", FORMAT_FRACTION},
                        {"by_fold", "average_precision", FORMAT_FRACTION},
                        {"null", "null_mean", FORMAT_FRACTION},
                        {"null", "p_value", FORMAT_FRACTION},
                        {"null", "p_holm", FORMAT_FRACTION},
                        {"mean", "coverage", FORMAT_PERCENT}};
            for (size_t c = 0; c < COUNT_OF(cell); c++)
                TRY(put_cell(&table, 2 + c, cell[c].format, gate_metric(s, gate, cell[c].part, cell[c].metric), NAN,
                             false));
        }
    if (!table.n_rows) return GW_OK;
    TRY(to->table(to, &table));
    char note[500], asked[40] = "";
    if (isfinite(run->act_on)) snprintf(asked, sizeof asked, ", asked: %g", run->act_on);
    snprintf(
        note, sizeof note,
        "AP decides: all test bars ranked together, so that every bar counts once; by fold, the mean of each fold's "
        "own, does not mind that every fold has its own model. null AP: with labels shifted in time; p: the share of "
        "them that reach the AP, corrected for all gates here. Coverage in %%%s.",
        asked);
    to->paragraph(to, note, 2);
    to->gap(to);
    return GW_OK;
}

static int portfolio_table(struct run_view *run, struct text_sink *to) {
    struct text_table table;
    text_table_begin(&table, &run->arena);
    text_table_column(&table, "traded", true, 0);
    add_columns(&table, run, -1);
    for (size_t i = 0; i < run->n_strategies; i++) {
        TRY(text_table_row(&table));
        TRY(text_table_cell(&table, 0, "%s", run->strategy[i].label));
        TRY(metric_cells(&table, run, &run->strategy[i], -1, 1));
    }
    return to->table(to, &table);
}

void run_facts(const struct run_view *run, char *line, size_t size) {
    const char *baseline = NULL;
    for (size_t i = 0; i < run->n_strategies; i++)
        if (run->strategy[i].is_baseline) baseline = run->strategy[i].label;
    snprintf(line, size, "%s, %s, %.10s to %.10s, %.0f bars, %.0f folds, %zu seed%s, horizon %.0f, lookback %.0f%s%s",
             run->symbols, run->interval, run->begin, run->end, run->n_bars, run->n_folds, run->n_seeds,
             run->n_seeds == 1 ? "" : "s", run->horizon, run->lookback, baseline ? ", baseline " : "",
             baseline ? baseline : "");
}

static int finding(struct run_view *run, struct text_sink *to) {
    char text[FINDING_MAX];
    TRY(finding_words(run, text, sizeof text));
    if (!text[0]) return GW_OK;
    to->paragraph(to, text, 0);
    to->gap(to);
    return GW_OK;
}

/* A sentence for each contestant whose scores come from outside. */
static void outside_notes(const struct run_view *run, struct text_sink *to) {
    char text[600];
    for (size_t i = 0; i < run->n_strategies; i++) {
        outside_words(run, i, text, sizeof text);
        if (text[0]) to->paragraph(to, text, 2);
    }
    isolated_words(run, text, sizeof text);
    if (text[0]) to->paragraph(to, text, 2);
}

static int audit_note(struct run_view *run, struct text_sink *to) {
    char text[600];
    TRY(audit_words(run, text, sizeof text));
    if (text[0]) to->paragraph(to, text, 2);
    return GW_OK;
}

int report_words(struct run_view *run, struct text_sink *to) {
    TRY(finding(run, to));
    TRY(text_study(run, to));
    TRY(text_search(run, to));
    to->section(to, "Ranking, calibration and isolated trades");
    TRY(gate_table(run, to));
    to->gap(to);
    to->section(to, "More than chance, and as often as asked?");
    TRY(control_table(run, to));
    to->section(to, "Traded");
    TRY(portfolio_table(run, to));
    to->paragraph(to,
                  run->n_seeds > 1
                      ? "* best of its column; in % except AP and ratios; mean ± standard deviation over seeds; "
                        "Sharpe by the bar, Sharpe/day by the day"
                      : "* best of its column; in % except AP and ratios; Sharpe by the bar, Sharpe/day by the day",
                  2);
    outside_notes(run, to);
    TRY(audit_note(run, to));
    TRY(text_selection(run, to));
    TRY(text_unfinished(run, to));
    TRY(text_training_time(run, to));
    to->section(to, "Is attention better than the baseline?");
    for (size_t i = 0; run->verdict && i < json_size(run->verdict); i++)
        TRY(text_verdict(run, json_at(run->verdict, i), to));
    if (!run->verdict) {
        to->gap(to);
        to->caption(to, "No candidate stands beside the baseline: no verdict.");
    }
    return GW_OK;
}

int gw_report_text(const char *run_dir, FILE *stream, size_t width) {
    struct run_view run;
    struct text_sink to = text_terminal(stream, width);
    char facts[1200];
    TRY(run_view_open(run_dir, &run));
    run_facts(&run, facts, sizeof facts);
    to.paragraph(&to, run.title, 0);
    to.paragraph(&to, facts, 0);
    to.gap(&to);
    int rc = report_words(&run, &to);
    run_view_close(&run);
    return rc;
}
