/* Both precisions of the kernel tables in one program, and the loop over the sets this CPU has. */
#ifndef GATEWALK_TEST_KERNEL_SETS_H
#define GATEWALK_TEST_KERNEL_SETS_H

#include <stdlib.h>

#include "engine/base/base.h"
#include "gatewalk/model.h"
#include "test.h"

#include "models/kernels/kernels.h"
/* kernels.h once more, for float64: its `real` must not meet the first one. */
#undef GATEWALK_MODELS_KERNELS_H
#undef GATEWALK_MODELS_REAL_H
#undef R
#define GW_REAL_F64
#define real real_f64
#include "models/kernels/kernels.h"
#undef real

typedef const struct kernels_f32 *fast_set;
typedef const struct kernels_f64 *slow_set;

/* Runs check(set) for every set, one after another; what this CPU cannot run is named. */
static inline void for_each_set(void (*check)(fast_set set)) {
    for (size_t i = 0; gw_kernels_name(i) != NULL; i++) {
        if (!gw_kernels_supported(i)) {
            print_message("kernels %s: not supported by this CPU, skipped\n", gw_kernels_name(i));
            continue;
        }
        assert_ok(gw_kernels_select(gw_kernels_name(i)));
        check(kernels_active_f32());
    }
    assert_ok(gw_kernels_select("auto"));
}

/* ---- numbers: the same on every machine, no libm ------------------------------------------- */

static uint64_t random_state = 1;
static inline double uniform(void) { /* [-1, 1), multiples of 2^-23, so exact in float */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 40) / 8388608.0 - 1;
}

/* An array in both precisions with the same values, and a canary behind the float one. */
struct twin {
    size_t n;
    float *f;
    double *d;
};
enum { CANARIES = 16 };
#define CANARY 1234.5f

static inline void twin_copy_down(struct twin *t) {
    for (size_t i = 0; i < t->n; i++) t->d[i] = (double)t->f[i];
}
static inline struct twin twin_make(size_t n, double scale) {
    struct twin t = {.n = n};
    t.f = malloc((n + CANARIES) * sizeof *t.f);
    t.d = malloc((n + 1) * sizeof *t.d);
    assert_non_null(t.f);
    assert_non_null(t.d);
    for (size_t i = 0; i < n; i++) t.f[i] = (float)(scale * uniform());
    for (size_t i = 0; i < CANARIES; i++) t.f[n + i] = CANARY;
    twin_copy_down(&t);
    return t;
}
static inline void twin_free(struct twin *t) {
    for (size_t i = 0; i < CANARIES; i++)
        if (t->f[t->n + i] != CANARY) fail_msg("written past the end of an array of %zu", t->n);
    free(t->f);
    free(t->d);
}
/* Largest difference over the largest value wanted (or `floor`). */
static inline double twin_error(const struct twin *t, double floor) {
    double worst = 0, size = floor;
    for (size_t i = 0; i < t->n; i++) {
        if (isnan(t->d[i]) != isnan((double)t->f[i])) return INFINITY;
        if (fabs((double)t->f[i] - t->d[i]) > worst) worst = fabs((double)t->f[i] - t->d[i]);
        if (fabs(t->d[i]) > size) size = fabs(t->d[i]);
    }
    return worst / size;
}

#define assert_same_bits(a, b, n) assert_memory_equal((a), (b), (n) * sizeof *(a))

/* The same rows, computed in other company: the same bits, unless the set takes a library's products, which only promise
 * the same sums in some other order: a few units in the last place of the largest number. */
static inline void assert_same_rows(fast_set set, const float *a, const float *b, size_t n) {
    if (!set->rows_together) assert_same_bits(a, b, n);
    float size = 0, worst = 0;
    for (size_t i = 0; i < n; i++) {
        size = fmaxf(size, fabsf(b[i]));
        worst = fmaxf(worst, fabsf(a[i] - b[i]));
        assert_true(isfinite(a[i]));
    }
    if (!(worst <= 1e-5f * size)) fail_msg("%s: rows differ by %g of %g", set->name, (double)worst, (double)size);
}

#endif
