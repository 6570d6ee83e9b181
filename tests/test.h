/* What every test program needs: cmocka and comparisons that can fail for the right reason. */
#ifndef GATEWALK_TEST_H
#define GATEWALK_TEST_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gatewalk/error.h"

/* The call must succeed; prints its own error line when it does not. */
#define assert_ok(expression)                                                                                          \
    do {                                                                                                               \
        int assert_rc_ = (expression);                                                                                 \
        if (assert_rc_ != GW_OK) fail_msg("%s: %d %s", #expression, assert_rc_, gw_error_message());                   \
    } while (0)

/* The call must fail with this code and its line must contain `part`. */
#define assert_fails(expression, code, part)                                                                           \
    do {                                                                                                               \
        int assert_rc_ = (expression);                                                                                 \
        if (assert_rc_ != (code)) fail_msg("%s: got %d, not %d", #expression, assert_rc_, (code));                     \
        if (!strstr(gw_error_message(), (part)))                                                                       \
            fail_msg("%s: \"%s\" does not say \"%s\"", #expression, gw_error_message(), (part));                       \
    } while (0)

/* Relative comparison: |got - want| <= tolerance * max(|want|, floor). NaN matches NaN only, and
 * infinities only themselves. `floor` states below which size an error no longer counts relatively. */
static inline int near(double got, double want, double tolerance, double floor) {
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got);
    if (isinf(want) || isinf(got)) return want == got;
    double scale = fabs(want) > floor ? fabs(want) : floor;
    return fabs(got - want) <= tolerance * scale;
}
#define assert_near(got, want, tolerance, floor)                                                                       \
    do {                                                                                                               \
        double got_ = (got), want_ = (want);                                                                           \
        if (!near(got_, want_, (tolerance), (floor)))                                                                  \
            fail_msg("%s = %.17g, want %.17g (relative error %.3g > %.3g)", #got, got_, want_,                         \
                     fabs(got_ - want_) / (fabs(want_) > (floor) ? fabs(want_) : (floor)), (double)(tolerance));       \
    } while (0)

/* GATEWALK_TEST_ONLY: the tests of a program whose names match (with * and ?); by default all. */
static void __attribute__((constructor)) choose_tests(void) {
    if (getenv("GATEWALK_TEST_ONLY")) cmocka_set_test_filter(getenv("GATEWALK_TEST_ONLY"));
}

#endif
