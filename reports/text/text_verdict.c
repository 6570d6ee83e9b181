/* The verdict and the training times as text. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "reports/words/criteria.h"
#include "reports/words/metric_words.h"
#include "reports/words/sentences.h"
#include "text_table.h"
#include "text_verdict.h"

/* Deltas of one gate, one row each. */
static int delta_rows(struct text_table *table, const json_value *block, const char *gate) {
    for (size_t i = 0; json_kind(block) == JSON_OBJECT && i < json_size(block); i++) {
        const json_value *d = json_at(block, i);
        if (json_kind(d) != JSON_OBJECT) continue;
        struct metric_words words = metric_words(json_key(d) ? json_key(d) : "");
        TRY(text_table_row(table));
        TRY(text_table_cell(table, 0, "%s %s", gate, words.brief));
        static const char *const field[] = {"baseline", "candidate", "delta", "lo", "hi"};
        for (size_t f = 0; f < COUNT_OF(field); f++) {
            double value = member_number(d, field[f]) * words.scale;
            if (!isfinite(value))
                TRY(text_table_cell(table, 1 + f, "—"));
            else
                TRY(text_table_cell(table, 1 + f, f < 2 ? "%.*f" : "%+.*f", words.decimals, value));
        }
        static const char *const p_value[] = {"p_value", "p_holm"};
        for (size_t f = 0; f < COUNT_OF(p_value); f++) {
            double p = member_number(d, p_value[f]);
            if (isfinite(p))
                TRY(text_table_cell(table, 6 + f, "%.3f", p));
            else
                TRY(text_table_cell(table, 6 + f, "—"));
        }
        bool significant = json_bool(json_get(d, "significant"), false);
        TRY(text_table_cell(table, 8, "%s",
                            significant                                      ? "significant"
                            : json_bool(json_get(d, "excludes_zero"), false) ? "not once corrected"
                                                                             : ""));
    }
    return GW_OK;
}

/* "  pass (not significant)  PnL@1 % better: …": the state is a column of its own, so that it cannot be overlooked. */
static int print_criteria(struct run_view *run, const json_value *verdict, struct text_sink *to) {
    struct criterion_list list;
    TRY(criteria_read(run, verdict, &list));
    size_t widest = 0;
    for (size_t i = 0; i < list.n; i++) {
        size_t columns = strlen(criterion_word[list.at[i].state]);
        if (columns > widest) widest = columns;
    }
    for (size_t i = 0; i < list.n; i++) {
        const struct criterion_view *criterion = &list.at[i];
        char line[700];
        snprintf(line, sizeof line, "%s%s: %s", criterion->name, criterion->where, criterion->detail);
        to->item(to, criterion_word[criterion->state], widest, line);
    }
    return GW_OK;
}

int text_verdict(struct run_view *run, const json_value *verdict, struct text_sink *to) {
    const char *candidate = member_text(run, verdict, "candidate"), *baseline = member_text(run, verdict, "baseline");
    if (!candidate || !baseline) return GW_ERR_NOMEM;
    char words[32], pair[400];
    const char *between = isfinite(run->confidence) ? ", low to high: " : "";
    snprintf(pair, sizeof pair, "%.160s against %.160s%s%s", candidate, baseline, between,
             between[0] ? interval_words(run, words) : "");
    to->gap(to);
    to->caption(to, pair);
    static const char *const heading[] = {"difference", "baseline", "candidate", "delta", "low",
                                          "high",       "p",        "corrected", ""};
    struct text_table table;
    text_table_begin(&table, &run->arena);
    for (size_t c = 0; c < COUNT_OF(heading); c++)
        text_table_column(&table, heading[c], c == 0 || c == 8, c == 1 || c == 2 ? 2 : c == 6 ? 1 : 0);
    const json_value *gates = json_get(verdict, "gates");
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        const json_value *block = gates ? json_get(gates, gate_word[gate]) : NULL;
        if (block) TRY(delta_rows(&table, block, gate_word[gate]));
    }
    if (table.n_rows) TRY(to->table(to, &table));
    char loss[200];
    TRY(log_loss_words(verdict, loss, sizeof loss));
    if (loss[0]) to->item(to, "", 0, loss);
    TRY(print_criteria(run, verdict, to));
    char conclusion[CONCLUSION_MAX];
    TRY(conclusion_words(run, verdict, conclusion));
    to->conclusion(to, conclusion);
    return GW_OK;
}

int text_selection(struct run_view *run, struct text_sink *to) {
    char line[600];
    TRY(family_words(run, line, sizeof line));
    if (line[0]) to->paragraph(to, line, 2);
    TRY(selection_words(run, line, sizeof line));
    if (line[0]) to->paragraph(to, line, 2);
    return GW_OK;
}

int text_unfinished(struct run_view *run, struct text_sink *to) {
    char line[600];
    TRY(unfinished_words(run, line, sizeof line));
    if (line[0]) to->paragraph(to, line, 2);
    return GW_OK;
}

int text_training_time(struct run_view *run, struct text_sink *to) {
    char line[1200] = "";
    const json_value *list = json_get(run->process, "training_time");
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        const json_value *item = json_at(list, i);
        size_t used = strlen(line);
        double seconds = member_number(item, "processor_seconds"), ratio = member_number(item, "ratio_to_baseline");
        const char *name = member_text(run, item, "strategy");
        if (!name) return GW_ERR_NOMEM;
        if (isnan(seconds)) seconds = member_number(item, "seconds"); /* a run of before schema 6 */
        if (!(seconds > 0)) continue;
        snprintf(line + used, sizeof line - used, "%s %s %.0f s", used ? "," : "training time:", name, seconds);
        used = strlen(line);
        if (isfinite(ratio)) snprintf(line + used, sizeof line - used, " (%.2fx)", ratio);
    }
    if (line[0]) to->paragraph(to, line, 2);
    double reused = member_number(json_get(run->process, "fits"), "reused");
    if (reused > 0) {
        snprintf(line, sizeof line, "%.0f fits were taken from an earlier run: their training time is not known",
                 reused);
        to->paragraph(to, line, 2);
    }
    return GW_OK;
}
