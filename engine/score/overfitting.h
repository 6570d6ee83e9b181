/* The probability of backtest overfitting from sums over parts of the time, for returns that are not kept. */
#ifndef GATEWALK_OVERFITTING_H
#define GATEWALK_OVERFITTING_H

#include "engine/base/base.h"

/* gw_backtest_overfitting (verdict.h) of n_trials trials whose returns over part b of n_splits have count[b] periods, and the
 * sums sum[b × n_trials + k] and square[…]. */
int overfitting_of_sums(size_t n_splits, size_t n_trials, const double *count, const double *sum, const double *square,
                        double *probability) GW_MUST_USE;

#endif
