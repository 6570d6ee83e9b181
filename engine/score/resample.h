/* What one bootstrap replicate needs, prepared once per scorer so that a replicate is one linear walk.
 * A replicate is a count per bar: how often the resample drew it. Private to engine/score. */
#ifndef GATEWALK_SCORE_RESAMPLE_H
#define GATEWALK_SCORE_RESAMPLE_H

#include "ranking.h"

/* A scorer's bars by falling score, cut behind every tie group that holds a positive. */
struct ap_ranking {
    size_t n_groups, n_positives;
    uint32_t *order;        /* [n] bars by falling score */
    uint32_t *end;          /* [n_groups] ranks before end are at or above the group's score */
    uint32_t *positive;     /* [n_positives] positive bars by falling score */
    uint32_t *positive_end; /* [n_groups] into positive */
};
int ap_ranking_init(struct ap_ranking *ranking, const float *score, const int8_t *label, size_t n) GW_MUST_USE;
void ap_ranking_free(struct ap_ranking *ranking);
/* Average precision of the resample; NaN when it holds no positive. */
double ap_ranking_resample(const struct ap_ranking *ranking, const uint32_t *count);

/* Resamples side by side: LANES of them, a row's counts in one line of memory. lanes_put adds LANES_AT_ONCE of them, count[k] being
 * [n_rows], from lane `first` on; false when a row was drawn more than 255 times. lanes: [n_rows × LANES]. */
enum { LANES = 32, LANES_AT_ONCE = 8 };
bool lanes_put(const uint32_t *const *count, size_t first, size_t n_rows, uint8_t *lanes) GW_MUST_USE;
/* ap_ranking_resample in every lane, to the same bits. at: the bars' rows; NULL: bars are rows. Fewer than 2^31 rows. */
void ap_ranking_lanes(const struct ap_ranking *ranking, const uint32_t *at, const uint8_t *lanes,
                      double *ap /* [LANES] */);

/* One resample: how often each bar was drawn, and how many of each fold's. Every bar once is one, too. */
struct resample {
    const uint32_t *count; /* [n] */
    const uint32_t *drawn; /* [n_folds] */
};

/* How often gw_bootstrap_stationary draws each of n positions from the same stream. */
struct gw_rng;
void bootstrap_counts(struct gw_rng *rng, size_t n, double mean_block, uint32_t *count);

/* A scorer's bars fold after fold, by falling score within each. */
struct top_ranking {
    size_t n_folds;
    const uint32_t *fold_begin; /* [n_folds + 1], the caller's: bars and ranks of a fold alike */
    uint32_t *order;            /* [n] */
    bool *last;                 /* [n] the last rank of its tie group */
};
int top_ranking_init(struct top_ranking *ranking, const float *score, const uint32_t *fold_begin,
                     size_t n_folds) GW_MUST_USE;
void top_ranking_free(struct top_ranking *ranking);
/* Mean value [n] of the best k percent of every fold of the resample, ranked anew: what was drawn decides where the
 * border lies. A tie group on it shares, and bars whose value is NaN do not count, as in gw_metric_top_k. NaN when
 * nothing counts. */
double top_ranking_resample(const struct top_ranking *ranking, const struct resample *resample, double k_percent,
                            const double *value);
/* Adds `times` × what every bar counts in that mean to weight[n], or where `at` says; nothing where it is NaN. */
void top_ranking_weights(const struct top_ranking *ranking, const struct resample *resample, double k_percent,
                         const double *value, double times, const uint32_t *at, double *weight);

#endif
