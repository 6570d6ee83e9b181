/* One scorer of the verdict: everything about it that does not change from replicate to replicate.
 * Private to engine/score. */
#ifndef GATEWALK_SCORE_VERDICT_SCORER_H
#define GATEWALK_SCORE_VERDICT_SCORER_H

#include "gatewalk/verdict.h"
#include "resample.h"

struct verdict_scorer {
    struct ap_ranking ranking;
    struct picks pick[GW_N_DELTAS]; /* GW_DELTA_AP's is unused */
};

/* The statistic of one delta under the counts of a replicate (all 1: the observed value). */
double verdict_scorer_measure(const struct verdict_scorer *scorer, int delta, const uint32_t *count);

/* Adds sign × each bar's share in the statistic to influence[n]: the series whose dependence sets the block length. */
void verdict_scorer_influence(const struct verdict_scorer *scorer, int delta, double observed, double sign,
                              double *influence);

/* Both sides of a comparison, seed by seed. */
struct verdict_pair {
    size_t n, n_seeds;
    struct verdict_scorer *a, *b; /* [n_seeds] */
};
int verdict_pair_init(struct verdict_pair *pair, const struct gw_paired_sample *sample) GW_MUST_USE;
void verdict_pair_free(struct verdict_pair *pair);
/* Bootstrap replicates of candidate minus baseline, the mean over seeds, for every delta: replicate[d × n_bootstrap + r]. */
int verdict_pair_replicates(const struct verdict_pair *pair, size_t n_bootstrap, double block_length, uint64_t seed,
                            double *replicate) GW_MUST_USE;

#endif
