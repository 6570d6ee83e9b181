/* One scorer of the verdict: everything about it that does not change from replicate to replicate.
 * Private to engine/score. */
#ifndef GATEWALK_SCORE_VERDICT_SCORER_H
#define GATEWALK_SCORE_VERDICT_SCORER_H

#include "gatewalk/verdict.h"
#include "resample.h"

struct verdict_scorer {
    const struct gw_paired_sample *sample;
    const float *score;
    const double *value[GW_N_DELTAS]; /* [n] whose mean over the top it is; NULL: of AP, or nothing to take it of */
    struct ap_ranking ranking;
    struct top_ranking top;
};

/* The statistic of one delta on a resample (every bar once: the observed value). */
double verdict_scorer_measure(const struct verdict_scorer *scorer, int delta, const struct resample *resample);

/* Adds sign × each bar's share in the statistic to influence[n]: the series whose dependence sets the block length.
 * room: [n], overwritten. */
int verdict_scorer_influence(const struct verdict_scorer *scorer, int delta, double observed, double sign, double *room,
                             double *influence) GW_MUST_USE;

/* Both sides of a comparison, seed by seed. */
struct verdict_pair {
    size_t n, n_seeds, n_folds;
    uint32_t *fold_begin;         /* [n_folds + 1] */
    double *hit;                  /* [n] labels as values */
    struct verdict_scorer *a, *b; /* [n_seeds] */
};
/* The sample must outlive the pair. */
int verdict_pair_init(struct verdict_pair *pair, const struct gw_paired_sample *sample) GW_MUST_USE;
void verdict_pair_free(struct verdict_pair *pair);
/* Bootstrap replicates of candidate minus baseline, the mean over seeds, for every delta: replicate[d × n_bootstrap + r].
 * The same bits for any number of threads. */
int verdict_pair_replicates(const struct verdict_pair *pair, const struct gw_verdict_config *config,
                            double block_length, double *replicate) GW_MUST_USE;

#endif
