/* Sobol's sequence (Joe & Kuo 2008), scrambled: a random lower triangle of bits and a random shift for each dimension
 * (Matousek 1998). Any power of two of its points fills the space more evenly than points at random do. */
#include "sobol.h"

#include <math.h>

#include "searcher.h"

enum { BITS = 32, DEGREE_MAX = 8 };

static const struct numbers {
    uint8_t degree, coefficients;
    uint16_t m[DEGREE_MAX];
} table[SPACE_MAX - 1] = {
#define NUMBERS(s, a, ...) {s, a, {__VA_ARGS__}},
#include "sobol_numbers.def"
#undef NUMBERS
};

/* v[i]: the i-th direction number, its first digit the highest bit. */
static void directions(size_t dimension, uint32_t v[BITS]) {
    if (dimension == 0) {
        for (unsigned i = 0; i < BITS; i++) v[i] = UINT32_C(1) << (BITS - 1 - i);
        return;
    }
    const struct numbers *n = &table[dimension - 1];
    const unsigned s = n->degree;
    for (unsigned i = 0; i < BITS; i++) {
        if (i < s) {
            v[i] = (uint32_t)n->m[i] << (BITS - 1 - i);
            continue;
        }
        v[i] = v[i - s] ^ (v[i - s] >> s);
        for (unsigned k = 1; k < s; k++)
            if (n->coefficients >> (s - 1 - k) & 1) v[i] ^= v[i - k];
    }
}

/* In the order of Gray's code, as every implementation counts. */
uint32_t sobol_bits(size_t dimension, uint32_t index) {
    uint32_t v[BITS], x = 0, gray = index ^ (index >> 1);
    directions(dimension, v);
    for (unsigned i = 0; gray; i++, gray >>= 1)
        if (gray & 1) x ^= v[i];
    return x;
}

uint32_t sobol_scrambled(size_t dimension, uint32_t index, uint64_t seed) {
    struct gw_rng rng;
    const uint32_t x = sobol_bits(dimension, index);
    uint32_t out = 0;
    gw_rng_key(&rng, seed, "search sobol", dimension, 0, 0);
    for (unsigned digit = 0; digit < BITS; digit++) { /* a digit is a sum of itself and of those before it */
        const uint32_t before = digit ? (uint32_t)(gw_rng_next(&rng) >> 32) & ~(UINT32_MAX >> digit) : 0;
        const uint32_t row = before | UINT32_C(1) << (BITS - 1 - digit);
        out |= (uint32_t)(__builtin_popcount(x & row) & 1) << (BITS - 1 - digit);
    }
    return out ^ (uint32_t)(gw_rng_next(&rng) >> 32);
}

void point_sobol(const struct search_view *view, size_t trial, struct point *out) {
    for (size_t d = 0; d < view->space->n; d++)
        out->u[d] = (double)sobol_scrambled(d, (uint32_t)trial, (uint64_t)view->settings->seed) * 0x1p-32;
    space_settle(view->space, out);
}

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    *decision = view->n_decided < view->settings->trials ? DECISION_TRY : DECISION_END;
    out->trial = view->n_decided;
    point_sobol(view, out->trial, &out->point);
    return GW_OK;
}

const struct searcher searcher_sobol = {
    .name = "sobol",
    .help = "Sobol's sequence, scrambled",
    .blind = true,
    .decide = decide,
};
