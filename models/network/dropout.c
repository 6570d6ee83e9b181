/* Inverted dropout (Srivastava et al. 2014). */
#include "gate.h"
#include "gatewalk/rng.h"

void R(dropout_mask)(uint64_t seed, uint64_t epoch, uint32_t sample, double rate, size_t n, real *mask) {
    if (rate <= 0) {
        for (size_t i = 0; i < n; i++) mask[i] = 1;
        return;
    }
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "dropout", epoch, sample, 0);
    uint64_t threshold = (uint64_t)(rate * 4294967296.0); /* two 32-bit draws per number */
    real scale = (real)(1 / (1 - rate));
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        bits = i % 2 == 0 ? gw_rng_next(&rng) : bits >> 32;
        mask[i] = (bits & UINT32_MAX) < threshold ? 0 : scale;
    }
}
