/* Points on the unit sphere by the rule of tests/golden/make_patterns.py, and running code with some number of threads. */
#ifndef GATEWALK_TEST_PATTERNS_POINTS_H
#define GATEWALK_TEST_PATTERNS_POINTS_H

#include <stdlib.h>

#include "score/golden.h"

/* [0, 1): SplitMix64 of a counter that starts at 1, one sequence a stream. */
static inline double points_uniform(uint64_t stream, uint64_t i) {
    uint64_t z = (i + 1 + (stream << 32)) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

static inline float *points_make(size_t n, size_t d, size_t clusters, double noise) {
    float *x = malloc(n * d * sizeof *x);
    double *row = malloc(d * sizeof *row);
    assert_true(x && row);
    for (size_t i = 0; i < n; i++) {
        double square = 0;
        for (size_t j = 0; j < d; j++) {
            double u[4];
            for (size_t q = 0; q < 4; q++) u[q] = points_uniform(2, (i * d + j) * 4 + q);
            row[j] = 2 * points_uniform(1, i % clusters * d + j) - 1 + noise * (u[0] + u[1] + u[2] + u[3] - 2);
            square += row[j] * row[j];
        }
        for (size_t j = 0; j < d; j++) x[i * d + j] = (float)(row[j] / sqrt(square));
    }
    free(row);
    return x;
}

static inline size_t golden_size(const struct golden_case *in, const char *name) {
    return (size_t)golden_want(in, name);
}
/* The points a case is about. */
static inline float *points_of(const struct golden_case *in) {
    return points_make(golden_size(in, "n"), golden_size(in, "d"), golden_size(in, "clusters"),
                       golden_want(in, "noise"));
}

#endif
