/* The verdicts of the first page: each candidate, how many criteria it meets, and what follows. */
#ifndef GATEWALK_SUMMARY_CONCLUSIONS_H
#define GATEWALK_SUMMARY_CONCLUSIONS_H

#include "reports/plots/plot.h"

/* Writes below *y and above `bottom` where all of them fit, else onto new pages of the job, which end at the page's foot. *y
 * moves below the last one. */
int summary_conclusions(struct plot_job *job, struct page *page, double *y, double bottom,
                        const char *caption) GW_MUST_USE;

/* How high they stand at least, heading included. */
int summary_conclusions_height(struct run_view *run, double *height) GW_MUST_USE;

#endif
