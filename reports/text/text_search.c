/* A search as text: what was chosen, what it came to on bars that nobody had looked at, and whether that is anything. */
#include "text_search.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "reports/data/search_view.h"

static int value_cell(struct text_table *table, size_t column, double value) {
    return isfinite(value) ? text_table_cell(table, column, "%.4g", value) : text_table_cell(table, column, "—");
}

static int values_table(struct run_view *run, const struct search_view_data *s, struct text_sink *to) {
    static const char *const heading[] = {"search: objective", "validation", "later folds", "gap", "untuned there"};
    struct text_table table;
    text_table_begin(&table, &run->arena);
    for (size_t c = 0; c < COUNT_OF(heading); c++) text_table_column(&table, heading[c], c == 0, 0);
    for (size_t o = 0; o < s->n_objectives; o++) {
        TRY(text_table_row(&table));
        TRY(text_table_cell(&table, 0, "%s (%s)", s->objective[o], s->max[o] ? "more is better" : "less is better"));
        TRY(value_cell(&table, 1, s->validation[o]));
        TRY(value_cell(&table, 2, s->test[o]));
        TRY(value_cell(&table, 3, s->test[o] - s->validation[o]));
        TRY(value_cell(&table, 4, s->untuned[o]));
    }
    return to->table(to, &table);
}

/* Of trials as good as any other on the whole, the best of so many looks good by luck: what says whether it is more. */
static void put_finding(const struct search_view_data *s, struct text_sink *to) {
    char text[600];
    const bool something = strcmp(s->state, "something") == 0;
    int used = snprintf(text, sizeof text, "%s: ",
                        something                          ? "Something found"
                        : strcmp(s->state, "nothing") == 0 ? "Nothing found"
                                                           : "Cannot be told");
    if (strcmp(s->null_state, "not_measured") != 0)
        used += snprintf(text + used, sizeof text - (size_t)used, "on the later folds %s %s. ", s->contestant,
                         strcmp(s->null_state, "something") == 0 ? "ranks bars better than chance"
                                                                 : "ranks bars no better than chance");
    if (isfinite(s->deflated_sharpe))
        used +=
            snprintf(text + used, sizeof text - (size_t)used,
                     "The best Sharpe ratio of the final walk, deflated by all %.0f trials, is %.3f%s.", s->n_trials,
                     s->deflated_sharpe, s->deflated_sharpe >= 0.95 ? "" : " (less than .95: luck would do)");
    to->paragraph(to, text, 2);
    if (!isfinite(s->overfitting)) return;
    snprintf(
        text, sizeof text,
        "On validation, the best trial of one half of the time is below the median in the other with probability %.2f.",
        s->overfitting);
    to->paragraph(to, text, 2);
}

int text_search(struct run_view *run, struct text_sink *to) {
    const struct search_view_data *s;
    char text[2400];
    TRY(search_view_read(run, &s));
    if (!s) return GW_OK;
    to->section(to, "What the search found");
    TRY(values_table(run, s, to));
    snprintf(text, sizeof text, "chosen by %s, trial %.0f of %.0f, on the validation slices of %.0f fold%s: %s",
             s->strategy, s->chosen, s->n_trials, s->n_folds, s->n_folds == 1 ? "" : "s", s->values);
    to->paragraph(to, text, 2);
    if (s->n_failed > 0) {
        snprintf(text, sizeof text, "%.0f trials failed or could not be made; trials.csv has them", s->n_failed);
        to->paragraph(to, text, 2);
    }
    put_finding(s, to);
    to->gap(to);
    return GW_OK;
}
