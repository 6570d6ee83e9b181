/* Sorting floats by their bits: a stable radix sort is linear and, unlike qsort, has one answer for ties. */
#include "ranking.h"
#include "engine/base/base.h"

#include <string.h>

enum { RADIX_BITS = 11, RADIX_SIZE = 1 << RADIX_BITS, RADIX_PASSES = 3 };

/* Larger float, smaller key. +0 comes right before -0, and as they compare equal they are one tie group. */
static uint32_t descending_key(float score) {
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits & 0x80000000u ? bits : ~(bits | 0x80000000u);
}

static void radix_pass(const uint64_t *from, uint64_t *to, size_t n, unsigned shift) {
    size_t start[RADIX_SIZE] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) start[(from[i] >> shift) & (RADIX_SIZE - 1)]++;
    for (size_t b = 0; b < RADIX_SIZE; b++) {
        size_t count = start[b];
        start[b] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) to[start[(from[i] >> shift) & (RADIX_SIZE - 1)]++] = from[i];
}

int rank_descending(const float *score, size_t n, uint32_t *order) {
    if (n > UINT32_MAX) FAIL(GW_ERR_DATA, "%zu bars cannot be ranked at once: at most %u", n, UINT32_MAX);
    if (n == 0) return GW_OK;
    uint64_t *a = mem_calloc(n, 2 * sizeof *a), *b = a + n;
    if (!a) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if (isnan(score[i])) {
            mem_free(a);
            FAIL(GW_ERR_DATA, "the score of bar %zu of %zu is NaN: bars without a score must be left out", i, n);
        }
        a[i] = (uint64_t)descending_key(score[i]) << 32 | i;
    }
    uint64_t *from = a, *to = b;
    for (unsigned pass = 0; pass < RADIX_PASSES; pass++) {
        radix_pass(from, to, n, 32 + pass * RADIX_BITS);
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)from[i];
    mem_free(a);
    return GW_OK;
}
