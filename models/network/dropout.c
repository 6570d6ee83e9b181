/* Inverted dropout (Srivastava et al. 2014). */
#include "gate.h"
#include "gatewalk/rng.h"

static void fill_mask(struct gw_rng *rng, double rate, size_t n, real *mask) {
    uint64_t threshold = (uint64_t)(rate * 4294967296.0); /* two 32-bit draws per number */
    real scale = (real)(1 / (1 - rate));
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        bits = i % 2 == 0 ? gw_rng_next(rng) : bits >> 32;
        mask[i] = (bits & UINT32_MAX) < threshold ? 0 : scale;
    }
}

/* Four draws of 16 bits per number: the rate comes out in steps of 2^-16, and the scale is that of the step. */
static void fill_mask_quickly(struct gw_rng *rng, double rate, size_t n, real *mask) {
    enum { DRAWS = 64 };
    const int32_t threshold = (int32_t)(rate * 65536);
    const real scale = (real)(65536.0 / (65536 - threshold));
    for (size_t first = 0; first < n; first += DRAWS) {
        size_t count = n - first < DRAWS ? n - first : DRAWS;
        uint64_t bits[DRAWS / 4] = {0};
        uint16_t draw[DRAWS];
        for (size_t i = 0; 4 * i < count; i++) bits[i] = gw_rng_next(rng);
        for (size_t i = 0; i < DRAWS; i++) draw[i] = (uint16_t)(bits[i / 4] >> (16 * (i % 4)));
#pragma omp simd
        for (size_t i = 0; i < count; i++) mask[first + i] = (int32_t)draw[i] < threshold ? 0 : scale;
    }
}

static bool nothing_dropped(double rate, size_t n, real *mask) {
    for (size_t i = 0; i < n && rate <= 0; i++) mask[i] = 1;
    return rate <= 0;
}

void R(dropout_mask)(uint64_t seed, uint64_t epoch, uint32_t sample, double rate, size_t n, real *mask) {
    struct gw_rng rng;
    if (nothing_dropped(rate, n, mask)) return;
    gw_rng_key(&rng, seed, "dropout", epoch, sample, 0);
    fill_mask(&rng, rate, n, mask);
}

void R(dropout_mask_of_bar)(uint64_t seed, uint64_t epoch, uint32_t series, uint32_t row, double rate, size_t n,
                            real *mask) {
    struct gw_rng rng;
    if (nothing_dropped(rate, n, mask)) return;
    gw_rng_key(&rng, seed, "dropout of a bar", epoch, series, row);
    fill_mask_quickly(&rng, rate, n, mask);
}
