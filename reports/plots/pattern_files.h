/* The files of a library of patterns, as far as plots read them: patterns.json and tables beside it. */
#ifndef GATEWALK_PATTERN_FILES_H
#define GATEWALK_PATTERN_FILES_H

#include "plot.h"

struct pattern_files {
    struct json_document *document;
    const json_value *root; /* NULL: the directory has no library */
    double bars, horizon;
};
int pattern_files_open(struct run_view *run, struct pattern_files *files) GW_MUST_USE;
void pattern_files_close(struct pattern_files *files);
/* *there false: no such file, or one without rows. Freed by table_free. */
int pattern_table(struct run_view *run, const char *name, struct table *table, bool *there) GW_MUST_USE;

/* Whose library the page shows, for behind its title: a run may have several. "" where the page's second line says so. Of the
 * run's arena. */
int pattern_about(struct run_view *run, const struct pattern_files *files, const char **about) GW_MUST_USE;

/* A panel of windows on top of each other and the fan of what came next; the scripts' part is pattern_panel.gp. */
struct pattern_panels {
    FILE *members, *fan;
    const struct table *member_table, *fan_table;
    size_t n;
};
int pattern_panels_begin(struct page *page, const struct table *members, const struct table *fan, size_t n_panels,
                         struct pattern_panels *panels) GW_MUST_USE;
/* The next panel: rows of that category. Sets y_lo[] and y_hi[]. */
int pattern_panels_add(struct page *page, struct pattern_panels *panels, double category) GW_MUST_USE;
/* A plot of the facts and one table: `draw` with both, or skipped where the run has no library. */
int pattern_plot(struct plot_job *job, const char *name,
                 int (*draw)(struct plot_job *job, const struct table *table,
                             const struct pattern_files *files)) GW_MUST_USE;

#endif
