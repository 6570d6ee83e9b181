/* Reports: a finished run directory in, plots/NAME.png, report.pdf (gnuplot) and report.html out. Reads only the run's files. */
#ifndef GATEWALK_REPORT_H
#define GATEWALK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "error.h"

GW_BEGIN_DECLS

struct gw_report_options {
    const char *only; /* one plot's name, NULL for all; alone it goes to plots/NAME.png and plots/NAME.pdf */
    bool pdf, png;    /* both by default */
    bool
        html; /* report.html, by default too; without gnuplot it is written without pictures, unless there is one already */
};

/* NULL options: everything. A plot without data is left out (noted on the summary page); its old picture is removed.
 * Same files of a run, same fonts, same bytes. GW_ERR_TOOL when gnuplot is missing (says how to install it and to run `gatewalk report DIR` later). Files appear whole
 * or not at all. */
int gw_report_render(const char *run_dir, const struct gw_report_options *options) GW_MUST_USE;

/* One plot: a file reports/plot_NAME.c + a row in reports/plots/plots.def. */
size_t gw_plot_count(void);
const char *gw_plot_name(size_t i);
const char *gw_plot_help(size_t i);

/* Finished runs side by side: one table as text on `stream`, folded where it is wider than `width` columns. Whether it arrived
 * there, ferror(stream) tells the caller; so with report_text. */
int gw_report_compare(const char *const *run_dir, size_t n, FILE *stream, size_t width) GW_MUST_USE;
/* The same as pages: what each run comes to, the table, the verdicts, and all accounts on one axis. `picture` ends in .pdf, or in
 * .png (page 2 then goes to NAME-2.png and so on). GW_ERR_TOOL without gnuplot. */
int gw_report_compare_pages(const char *const *run_dir, size_t n, const char *picture) GW_MUST_USE;

/* The comparison table and verdict of one run as text, as `gatewalk run` prints at the end. width: terminal columns. */
int gw_report_text(const char *run_dir, FILE *stream, size_t width) GW_MUST_USE;

/* Its trades by symbol, side, reason, month, hour and fold; `by`: only one of these, NULL: all. */
int gw_report_breakdown(const char *run_dir, const char *by, const char *sort, FILE *stream, size_t width) GW_MUST_USE;
const char *gw_report_breakdown_key(size_t i); /* what `sort` may be, the largest first; NULL: as they stand */
const char *gw_report_breakdown_by(size_t i);  /* their names; NULL: no more */

GW_END_DECLS

#endif
