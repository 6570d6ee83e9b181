/* What `run` and `study` do with a run's results, and `report` later. */
#ifndef GATEWALK_CLI_SHOW_RUN_H
#define GATEWALK_CLI_SHOW_RUN_H

#include "cli.h"
#include "gatewalk/report.h"

/* Columns of the terminal; where there is none what COLUMNS says, else `otherwise`. */
size_t terminal_width(size_t otherwise);
/* The comparison table and the report of a finished run, without what is not wanted. */
struct show_options {
    bool no_report, no_html;
};
int show_run(const char *dir, const struct show_options *options) GW_MUST_USE;
/* Removes report.pdf, report.html and the pictures that gatewalk drew of an earlier run's results. */
int forget_report(const char *dir) GW_MUST_USE;
/* gw_report_render while nobody else works in the directory. */
int draw_report(const char *dir, const struct gw_report_options *options) GW_MUST_USE;

#endif
