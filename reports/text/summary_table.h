/* The comparison on the summary page: one row for each strategy, the best of each column in bold. */
#ifndef GATEWALK_SUMMARY_TABLE_H
#define GATEWALK_SUMMARY_TABLE_H

#include "reports/plots/plot.h"

/* Draws the table from *y downwards; *y moves below it. Strategies that do not fit are counted in a last line. */
int summary_table(struct page *page, double *y) GW_MUST_USE;

#endif
