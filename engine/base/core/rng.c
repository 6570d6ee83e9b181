/* xoshiro256** 1.0 and SplitMix64 (Blackman & Vigna, "Scrambled linear pseudorandom number generators",
 * 2018), keyed by purpose. */
#include "gatewalk/rng.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const uint64_t golden_gamma = UINT64_C(0x9E3779B97F4A7C15);

/* SplitMix64's output function: a bijection in which every input bit reaches every output bit. */
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* One word into the key. The order of the words matters because the state is mixed between them. */
static uint64_t absorb(uint64_t key, uint64_t word) { return mix((key ^ word) + golden_gamma); }

/* key = absorb(... absorb(seed's mix, purpose in 8-byte words), its length, a, b, c); then four SplitMix64
 * steps fill the state. The words are read byte by byte, little end first: the same on every machine. */
void gw_rng_key(struct gw_rng *rng, uint64_t seed, const char *purpose, uint64_t a, uint64_t b, uint64_t c) {
    uint64_t key = absorb(0, seed), word = 0;
    size_t length = strlen(purpose);
    for (size_t i = 0; i < length; i++) {
        word |= (uint64_t)(unsigned char)purpose[i] << 8 * (i % 8);
        if (i % 8 == 7 || i + 1 == length) {
            key = absorb(key, word);
            word = 0;
        }
    }
    key = absorb(absorb(absorb(absorb(key, length), a), b), c);
    for (int i = 0; i < 4; i++) {
        key += golden_gamma;
        rng->s[i] = mix(key); /* a bijection of four different keys: never all zero */
    }
}

static uint64_t rotate(uint64_t x, int k) { return x << k | x >> (64 - k); }

uint64_t gw_rng_next(struct gw_rng *rng) {
    uint64_t *s = rng->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double gw_rng_uniform(struct gw_rng *rng) { return (double)(gw_rng_next(rng) >> 11) * 0x1p-53; }

/* Marsaglia's polar method. The second number is thrown away: a stream then has no hidden state. */
double gw_rng_normal(struct gw_rng *rng) {
    double u, r;
    do {
        u = 2 * gw_rng_uniform(rng) - 1;
        double v = 2 * gw_rng_uniform(rng) - 1;
        r = u * u + v * v;
    } while (r >= 1 || r == 0);
    return u * sqrt(-2 * log(r) / r);
}

/* Lemire 2019, "Fast random integer generation in an interval": reject the few low products that would
 * favour some results. */
uint64_t gw_rng_below(struct gw_rng *rng, uint64_t n) {
    assert(n > 0);
    unsigned __int128 product = (unsigned __int128)gw_rng_next(rng) * n;
    if ((uint64_t)product < n) {
        uint64_t threshold = -n % n;
        while ((uint64_t)product < threshold) product = (unsigned __int128)gw_rng_next(rng) * n;
    }
    return (uint64_t)(product >> 64);
}

void gw_rng_shuffle(struct gw_rng *rng, uint32_t *items, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t j = gw_rng_below(rng, i);
        uint32_t held = items[i - 1];
        items[i - 1] = items[j];
        items[j] = held;
    }
}
