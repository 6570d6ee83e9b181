/* Random numbers keyed by what they are for, never by thread or call order elsewhere.
 * Generator: SplitMix64-seeded xoshiro256** (Blackman & Vigna 2018). */
#ifndef GATEWALK_RNG_H
#define GATEWALK_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "decls.h"

GW_BEGIN_DECLS

struct gw_rng {
    uint64_t s[4];
};

/* Stream for a purpose: the same (seed, purpose, a, b, c) always yields the same numbers. */
void gw_rng_key(struct gw_rng *rng, uint64_t seed, const char *purpose, uint64_t a, uint64_t b, uint64_t c);
uint64_t gw_rng_next(struct gw_rng *rng);
double gw_rng_uniform(struct gw_rng *rng);             /* [0, 1) with 53 bits */
double gw_rng_normal(struct gw_rng *rng);              /* standard normal, polar method, no cached spare */
uint64_t gw_rng_below(struct gw_rng *rng, uint64_t n); /* unbiased, n > 0 */
void gw_rng_shuffle(struct gw_rng *rng, uint32_t *items, size_t n);

GW_END_DECLS

#endif
