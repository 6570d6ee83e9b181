/* The path of a study as text: every stage's variants with the number that the choice was made on. */
#include <math.h>

#include "engine/base/base.h"
#include "reports/data/study_view.h"
#include "text_study.h"

static const char *fate(const struct study_stage_view *stage) {
    if (stage->carried && stage->final) return "carried on, in the final";
    return stage->carried ? "carried on" : stage->final ? "in the final" : "";
}

static int variant_row(struct text_table *table, const struct study_stage_view *stage, size_t v) {
    const struct study_variant_view *variant = &stage->variant[v];
    TRY(text_table_row(table));
    if (v == 0) text_table_rule(table);
    TRY(text_table_cell(table, 0, "%s", variant->name));
    TRY(text_table_cell(table, 1, "%s", v ? "" : stage->name));
    TRY(text_table_cell(table, 2, "%s", variant->attention));
    TRY(text_table_cell(table, 3, "%s", variant->loss));
    TRY(text_table_cell(table, 4, isfinite(variant->parameters) ? "%.0f" : "—", variant->parameters));
    TRY(text_table_cell(table, 5, isfinite(variant->fits) ? "%.0f" : "—", variant->fits));
    if (isfinite(variant->average_precision))
        TRY(text_table_cell(table, 6, "%.4f%s", variant->average_precision, variant->chosen ? "*" : " "));
    else
        TRY(text_table_cell(table, 6, "— "));
    return text_table_cell(table, 7, "%s", variant->chosen ? fate(stage) : "");
}

int text_study(struct run_view *run, struct text_sink *to) {
    static const struct {
        const char *heading;
        bool left;
        int priority;
    } column[] = {{"study: variant", true, 0}, {"stage", true, 0}, {"attention", true, 3},   {"loss", true, 4},
                  {"parameters", false, 1},    {"fits", false, 5}, {"valid. AP ", false, 0}, {"", true, 2}};
    const struct study_view *study;
    struct text_table table;
    TRY(study_view_read(run, &study));
    if (!study) return GW_OK;
    to->section(to, "The path of the study");
    text_table_begin(&table, &run->arena);
    for (size_t c = 0; c < COUNT_OF(column); c++)
        text_table_column(&table, column[c].heading, column[c].left, column[c].priority);
    for (size_t i = 0; i < study->n; i++)
        for (size_t v = 0; v < study->stage[i].n; v++) TRY(variant_row(&table, &study->stage[i], v));
    if (table.n_rows) TRY(to->table(to, &table));
    to->paragraph(
        to, "* chosen: highest average precision on the search's validation slices, which flatters the winner", 2);
    to->paragraph(to, study_caveat(), 2);
    char line[1100];
    snprintf(line, sizeof line, "final comparison: %s", study->final);
    to->paragraph(to, line, 2);
    to->gap(to);
    return GW_OK;
}
