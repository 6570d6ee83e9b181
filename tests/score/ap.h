/* Average precision as a value, for tests that do arithmetic with it. */
#ifndef GATEWALK_TEST_SCORE_AP_H
#define GATEWALK_TEST_SCORE_AP_H

#include "gatewalk/metrics.h"
#include "test.h"

static inline double ap_of(const float *score, const int8_t *label, size_t n) {
    double ap;
    assert_ok(gw_metric_average_precision(score, label, n, &ap));
    return ap;
}

#endif
