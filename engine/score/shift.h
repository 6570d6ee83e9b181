/* How far labels go around a fold's circle under the null. Private to engine/score. */
#ifndef GATEWALK_SCORE_SHIFT_H
#define GATEWALK_SCORE_SHIFT_H

#include "gatewalk/rng.h"

/* Uniform over the shifts that a fold of n bars allows, below n. One too short for min_shift on both sides uses its middle
 * half. */
static inline size_t shift_draw(size_t n, size_t min_shift, struct gw_rng *rng) {
    const size_t least = min_shift ? min_shift : 1, low = least < n / 4 ? least : n / 4, high = n - low;
    return (low + (size_t)gw_rng_below(rng, high - low + 1)) % n;
}

#endif
