/* Order by score, shared by everything that ranks bars. Private to engine/score. */
#ifndef GATEWALK_SCORE_RANKING_H
#define GATEWALK_SCORE_RANKING_H

#include <math.h>

#include "gatewalk/metrics.h"

/* order[n]: positions by falling score, tied ones in a fixed order. GW_ERR_DATA on a NaN score. */
int rank_descending(const float *score, size_t n, uint32_t *order) GW_MUST_USE;

/* Average precision of bars that are already ordered; labels 0 and 1. NaN without positives. */
double average_precision_ranked(const float *score, const uint32_t *order, const int8_t *label, size_t n);

/* First rank after `begin` whose score differs: ranks [begin, end) are one tie group. */
static inline size_t tie_end(const float *score, const uint32_t *order, size_t begin, size_t n) {
    size_t end = begin + 1;
    while (end < n && score[order[end]] == score[order[begin]]) end++;
    return end;
}

/* First bar after `begin` that belongs to another fold. */
static inline size_t fold_end(const uint32_t *fold, size_t begin, size_t n) {
    size_t end = begin + 1;
    while (end < n && fold[end] == fold[begin]) end++;
    return end;
}

static inline bool labels_binary(const int8_t *label, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (label[i] != 0 && label[i] != 1) return false;
    return true;
}

/* x/0 is infinite for x > 0 and undefined otherwise: "no losses" is a fact, "no trades" is not a number. */
static inline double ratio_or_nan(double numerator, double denominator) {
    if (denominator > 0) return numerator / denominator;
    return numerator > 0 && denominator == 0 ? (double)INFINITY : (double)NAN;
}

#endif
