/* Random numbers keyed by what they are for, never by thread or call order elsewhere.
 * Generator: SplitMix64-seeded xoshiro256** (Blackman & Vigna 2018). */
#ifndef GATEWALK_RNG_H
#define GATEWALK_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

/* Stream for a purpose: the same (seed, purpose, a, b, c) always yields the same numbers. */
void rng_key(struct rng *rng, uint64_t seed, const char *purpose, uint64_t a, uint64_t b, uint64_t c);
uint64_t rng_next(struct rng *rng);
double rng_uniform(struct rng *rng);             /* [0, 1) with 53 bits */
double rng_normal(struct rng *rng);              /* standard normal, polar method, no cached spare */
uint64_t rng_below(struct rng *rng, uint64_t n); /* unbiased, n > 0 */
void rng_shuffle(struct rng *rng, uint32_t *items, size_t n);

#endif
