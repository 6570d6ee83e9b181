/* The loop over the tables of mixed precision this CPU has, and how far bf16 may lead away. */
#ifndef GATEWALK_TEST_KERNEL_MIXED_H
#define GATEWALK_TEST_KERNEL_MIXED_H

#include "engine/base/base.h"
#include "kernel_sets.h"

#define BF16_ULP (1.0 / 128) /* distance of two bf16 numbers of size one: 8 bits of significand */

static inline void for_each_mixed(void (*check)(fast_set set)) {
    bool supported;
    for (size_t i = 0; kernels_mixed_at(i, &supported) != NULL; i++) {
        if (supported)
            check(kernels_mixed_at(i, &supported));
        else
            print_message("%s: not supported by this CPU, skipped\n", kernels_mixed_at(i, &supported)->name);
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
