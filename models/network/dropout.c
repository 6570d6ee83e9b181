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
    fill_mask(&rng, rate, n, mask);
}
