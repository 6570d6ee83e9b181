/* A plot of all accounts of a run. */
#ifndef GATEWALK_ACCOUNT_PLOT_H
#define GATEWALK_ACCOUNT_PLOT_H

#include "plot.h"
#include "reports/data/account_view.h"

/* Ends a prepare(): reads the accounts, lets them be drawn, releases them. */
int account_plot(struct plot_job *job, int (*draw)(struct plot_job *job, const struct accounts *all)) GW_MUST_USE;

#endif
