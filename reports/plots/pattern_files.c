#include "pattern_files.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"

int pattern_files_open(struct run_view *run, struct pattern_files *files) {
    char path[1024];
    *files = (struct pattern_files){0};
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_PATTERNS));
    if (!file_exists(path)) return GW_OK;
    TRY(run_file_load(path, &files->document));
    files->root = json_root(files->document);
    files->bars = member_number(files->root, "bars");
    files->horizon = member_number(files->root, "horizon");
    if (files->bars >= 1 && files->bars <= 1e6 && files->horizon >= 1 && files->horizon <= 1e6) return GW_OK;
    int rc = json_fail(files->document, files->root, GW_ERR_DATA,
                       "is no library of patterns: \"bars\" and \"horizon\" are missing");
    pattern_files_close(files);
    return rc;
}

void pattern_files_close(struct pattern_files *files) {
    if (files->document) json_free(files->document);
    *files = (struct pattern_files){0};
}

int pattern_table(struct run_view *run, const char *name, struct table *table, bool *there) {
    char path[1024];
    *there = false;
    TRY(path_join(path, sizeof path, run->dir, name));
    if (!file_exists(path)) return GW_OK;
    TRY(table_read(path, table));
    *there = table->n_rows > 0;
    if (!*there) table_free(table);
    return GW_OK;
}

int pattern_about(struct run_view *run, const struct pattern_files *files, const char **about) {
    if (!(*about = member_text(run, files->root, "name"))) return GW_ERR_NOMEM;
    if (strcmp(*about, run->title) == 0 || strcmp(*about, run->name) == 0) *about = "";
    return GW_OK;
}

/* ---- panels ---------------------------------------------------------------------------------------- */

int pattern_panels_begin(struct page *page, const struct table *members, const struct table *fan, size_t n_panels,
                         struct pattern_panels *panels) {
    *panels = (struct pattern_panels){.member_table = members, .fan_table = fan};
    TRY(page_file(page, "members", &panels->members));
    TRY(page_file(page, "fan", &panels->fan));
    page_set(page, "n_panels", (double)n_panels);
    page_range_array(page, "y", n_panels);
    return GW_OK;
}

static int write_members(struct pattern_panels *panels, double category, struct gw_range *span) {
    enum { CATEGORY, MEMBER, STEP, VALUE, N };
    static const char *const name[] = {"category", "member", "step", "value", NULL};
    size_t c[N], rows = 0;
    double before = NAN;
    const struct table *t = panels->member_table;
    TRY(table_columns(t, name, c));
    for (size_t row = 0; row < t->n_rows; row++) {
        if (table_number(t, row, c[CATEGORY]) != category) continue;
        const double member = table_number(t, row, c[MEMBER]), step = table_number(t, row, c[STEP]);
        const double value = table_number(t, row, c[VALUE]);
        if (rows++ > 0 && member != before) fputs("\n", panels->members);
        before = member;
        PAGE_ROW(panels->members, step, value, member);
        if (step <= 0) range_add(span, value);
    }
    if (rows == 0) PAGE_ROW(panels->members, NAN, NAN, NAN);
    fputs("\n\n", panels->members);
    return GW_OK;
}

/* Begins at the last close, 0, from which everything is measured. */
static int write_fan(struct pattern_panels *panels, double category, struct gw_range *span) {
    enum { CATEGORY, STEP, Q, N = Q + 5 };
    static const char *const name[] = {"category", "step", "q10", "q25", "q50", "q75", "q90", NULL};
    size_t c[N];
    const struct table *t = panels->fan_table;
    TRY(table_columns(t, name, c));
    PAGE_ROW(panels->fan, 0, 0, 0, 0, 0, 0);
    for (size_t row = 0; row < t->n_rows; row++) {
        double value[6];
        if (table_number(t, row, c[CATEGORY]) != category) continue;
        for (size_t i = 0; i < 6; i++) value[i] = table_number(t, row, c[STEP + i]);
        page_row(panels->fan, 6, value);
        range_add(span, value[1]);
        range_add(span, value[5]);
    }
    fputs("\n\n", panels->fan);
    return GW_OK;
}

int pattern_panels_add(struct page *page, struct pattern_panels *panels, double category) {
    struct gw_range span = range_empty();
    TRY(write_members(panels, category, &span));
    TRY(write_fan(panels, category, &span));
    page_range_at(page, "y", panels->n++, range_round(span));
    return GW_OK;
}

int pattern_plot(struct plot_job *job, const char *name,
                 int (*draw)(struct plot_job *job, const struct table *table, const struct pattern_files *files)) {
    struct pattern_files files;
    struct table table;
    bool there = false;
    TRY(pattern_files_open(job->run, &files));
    int rc = files.root ? pattern_table(job->run, name, &table, &there) : GW_OK;
    if (rc == GW_OK) rc = there ? draw(job, &table, &files) : plot_skip(job, "no library of patterns");
    if (there) table_free(&table);
    pattern_files_close(&files);
    return rc;
}
