/* One scorer of the verdict: everything about it that does not change from replicate to replicate.
 * Private to engine/score. */
#ifndef GATEWALK_SCORE_VERDICT_SCORER_H
#define GATEWALK_SCORE_VERDICT_SCORER_H

#include "gatewalk/verdict.h"
#include "resample.h"

/* The labelled bars that two sides are compared on: all rows that a resample draws, or some of them. */
struct verdict_bars {
    size_t n, n_folds;
    const uint32_t *at; /* [n] which rows; NULL: all */
    const int8_t *label;
    const uint32_t *fold;
    uint32_t *fold_begin; /* [n_folds + 1] */
    double *hit;          /* [n] labels as values */
};
int verdict_bars_init(struct verdict_bars *bars, const struct gw_paired_sample *sample, const uint32_t *at) GW_MUST_USE;
void verdict_bars_free(struct verdict_bars *bars);

struct verdict_scorer {
    const struct verdict_bars *bars;
    const float *score;
    const double *value[GW_N_DELTAS]; /* [n] whose mean over the top it is; NULL: of AP, or nothing to take it of */
    struct ap_ranking ranking;
    struct top_ranking top;
};
/* The bars must outlive it. */
int verdict_scorer_init(struct verdict_scorer *scorer, const struct verdict_bars *bars, const float *score,
                        const double *pnl) GW_MUST_USE;
void verdict_scorer_free(struct verdict_scorer *scorer);

/* The statistic of one delta on a resample (every bar once: the observed value). */
double verdict_scorer_measure(const struct verdict_scorer *scorer, int delta, const struct resample *resample);

/* Adds sign × each bar's share in the statistic to influence[n]: the series whose dependence sets the block length.
 * room: [n], overwritten. */
int verdict_scorer_influence(const struct verdict_scorer *scorer, int delta, double observed, double sign, double *room,
                             double *influence) GW_MUST_USE;

/* verdict.c: GW_OK when the arguments of gw_verdict_compare are what it takes. */
int verdict_check(const struct gw_paired_sample *sample, const struct gw_verdict_config *config) GW_MUST_USE;
/* Interval, p-value and significance of an observed difference. Sorts the replicates. */
void verdict_interval(double *replicate, size_t n_bootstrap, double confidence, struct gw_delta *delta);

#endif
