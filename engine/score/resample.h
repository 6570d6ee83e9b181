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

/* A ratio of sums over the selected bars: sum(count × weight × value) / sum(count × weight). The selection itself is
 * not made again in a replicate: its threshold is estimated from all bars of a fold and hardly moves. */
struct picks {
    size_t n;
    uint32_t *bar;
    double *weight, *weighted_value;
};
/* Takes the bars of weight > 0 whose value is not NaN. weight, value: [n]. */
int picks_init(struct picks *picks, const double *weight, const double *value, size_t n) GW_MUST_USE;
void picks_free(struct picks *picks);
/* count NULL: every bar once. NaN when nothing was drawn. */
double picks_resample(const struct picks *picks, const uint32_t *count);

#endif
