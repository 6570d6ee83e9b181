/* Is there any skill at all? Every gate's average precision beside what it comes to when labels are shifted in time. */
#ifndef GATEWALK_SUMMARY_CHANCE_H
#define GATEWALK_SUMMARY_CHANCE_H

#include "reports/plots/plot.h"

/* Whether the run has any such control. */
bool summary_has_chance(const struct run_view *run);
/* Draws the table from gate *first on, from *y downwards and not below `lowest`; *y moves below it, *first to the gate that found
 * no room, SIZE_MAX when all did. */
int summary_chance(struct page *page, double *y, double lowest, size_t *first) GW_MUST_USE;

#endif
