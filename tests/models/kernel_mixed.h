/* The loops over the tables of mixed precision this CPU has, what their operands are rounded to, and how far bf16 may lead away. */
#ifndef GATEWALK_TEST_KERNEL_MIXED_H
#define GATEWALK_TEST_KERNEL_MIXED_H

#include "engine/base/base.h"
#include "kernel_sets.h"

#define BF16_ULP  (1.0 / 128)  /* distance of two bf16 numbers of size one: 8 bits of significand */
#define HALF_STEP (1.0 / 1024) /* the same in half precision: 11 bits */

typedef fast_set table_at(size_t i, bool *supported); /* kernels_mixed_at, kernels_half_at */

static inline void for_each_table(table_at *at, void (*check)(fast_set set)) {
    bool supported;
    for (size_t i = 0; at(i, &supported) != NULL; i++) {
        if (supported)
            check(at(i, &supported));
        else
            print_message("%s: not supported by this CPU, skipped\n", at(i, &supported)->name);
    }
}

static inline void for_each_mixed(void (*check)(fast_set set)) { for_each_table(kernels_mixed_at, check); }

enum { ROUNDED_MAX = 4099 };
/* Products with 1 show what an operand was rounded to, in all places of A and B. */
static inline void assert_rounded(fast_set set, const float *x, size_t n, double (*to)(double)) {
    static float left[ROUNDED_MAX], right[ROUNDED_MAX];
    const float one = 1;
    set->large_nn(n, 1, 1, x, 1, &one, 1, left, 1, false);
    set->large_nn(1, n, 1, &one, 1, x, n, right, n, false);
    for (size_t i = 0; i < n; i++) {
        const double want = to((double)x[i]);
        const bool same =
            isnan(want) ? isnan(left[i]) && isnan(right[i]) : (double)left[i] == want && (double)right[i] == want;
        if (!same)
            fail_msg("%s: %a rounds to %a and %a, want %a", set->name, (double)x[i], (double)left[i], (double)right[i],
                     want);
    }
}

/* The table of this name if this CPU runs it. */
static inline fast_set mixed_named(const char *name) {
    bool supported;
    for (size_t i = 0; kernels_mixed_at(i, &supported) != NULL; i++) {
        fast_set set = kernels_mixed_at(i, &supported);
        if (supported && strcmp(set->name, name) == 0) return set;
    }
    return NULL;
}

/* Pair i of hardware and its emulation, false past the last; NULL where this CPU has no such hardware. */
static inline bool both_ways(size_t i, fast_set *soft, fast_set *native) {
    static const char *const name[][2] = {{"avx512 bf16 soft", "avx512 bf16"},
                                          {"avx512 amx bf16 soft", "avx512 amx bf16"}};
    if (i >= COUNT_OF(name)) return false;
    *soft = mixed_named(name[i][0]), *native = mixed_named(name[i][1]);
    if (!*native) print_message("%s: not supported by this CPU, skipped\n", name[i][1]);
    return true;
}

/* 1 - cosine of the angle between two gradients, and their distance over the length of the wanted one. */
static inline void assert_same_direction(const char *what, const struct twin *t, double angle, double distance) {
    double ff = 0, dd = 0, fd = 0, off = 0;
    for (size_t i = 0; i < t->n; i++) {
        double f = (double)t->f[i], d = t->d[i];
        ff += f * f, dd += d * d, fd += f * d, off += (f - d) * (f - d);
    }
    if (dd == 0 && ff == 0) return;
    if (!(1 - fd / sqrt(ff * dd) < angle && sqrt(off / dd) < distance))
        fail_msg("%s: 1 - cos %.3g, distance %.3g", what, 1 - fd / sqrt(ff * dd), sqrt(off / dd));
}

#endif
