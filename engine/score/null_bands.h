/* What precision, profit and the curve of precision over recall come to by luck: the null control's shifts (verdict.h), of
 * which not only average precision is looked at. Private to engine/score and what measures a run. */
#ifndef GATEWALK_SCORE_NULL_BANDS_H
#define GATEWALK_SCORE_NULL_BANDS_H

#include <math.h>

#include "gatewalk/metrics.h"

enum { NULL_RECALLS = 40, NULL_BAND_RESAMPLES_MAX = 400 }; /* a band of 90 % needs fewer than a p-value */

/* Mean and the 5th and 95th percentile of what shifted labels reach. NAN: undefined. */
struct null_band {
    double mean, low, high;
};
struct null_bands {
    struct null_band precision[GW_METRIC_KS_MAX],
        pnl[GW_METRIC_KS_MAX];            /* of the best k[i] % of each fold; at 1x costs */
    struct null_band curve[NULL_RECALLS]; /* precision where recall first reaches null_recall(i) */
};
/* From 0.4 % to all, by equal ratios: the left edge is where a gate trades. */
static inline double null_recall(size_t i) { return pow(10, -2.4 * (1 - (double)i / (NULL_RECALLS - 1))); }

/* Labels and returns of a fold go around together, each fold by its own amount; means over n_seeds score arrays. */
int null_bands_make(const struct gw_gate_sample *sample, const float *const *score, size_t n_seeds, const double *k,
                    size_t n_k, size_t n_resamples, size_t min_shift, uint64_t seed,
                    struct null_bands *out) GW_MUST_USE;

#endif
