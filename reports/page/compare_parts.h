/* Pages of runs side by side, each part in a file of its own. */
#ifndef GATEWALK_REPORTS_COMPARE_PARTS_H
#define GATEWALK_REPORTS_COMPARE_PARTS_H

#include "gnuplot.h"
#include "reports/plots/plot.h"
#include "scripts.h"

struct comparison {
    struct run_view *run; /* [n] owned */
    const char *const *dir;
    size_t n;
    struct run_view view; /* what the heading tells */
    struct scratch scratch;
    struct plot_job job;
};

const char *comparison_name(const struct comparison *comparison, size_t run);
/* What each run comes to, the table of all, the verdicts. */
int compare_write_text(struct comparison *comparison) GW_MUST_USE;
/* All accounts on one axis. */
int compare_write_chart(struct comparison *comparison) GW_MUST_USE;

#endif
