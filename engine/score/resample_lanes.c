/* Many resamples at once. Ranking is the same in all of them, so one walk down the ranks serves LANES resamples: a row's counts
 * lie side by side, and what a single resample would gather number by number is one load of a few. Each lane does the
 * sums of ap_ranking_resample in their order, so its bits are the same. */
#include "engine/base/base.h"
#include "resample.h"

#include <string.h>

enum { RANKS_AT_ONCE = 256, PREFETCHED = 12 }; /* 256 × 255 fits in 16 bits; lines asked for so many ranks ahead */

bool lanes_put(const uint32_t *const *count, size_t first, size_t n_rows, uint8_t *lanes) {
    uint32_t all = 0;
    for (size_t row = 0; row < n_rows; row++) {
        uint8_t *out = lanes + row * LANES + first;
        for (size_t k = 0; k < LANES_AT_ONCE; k++) {
            all |= count[k][row];
            out[k] = (uint8_t)count[k][row];
        }
    }
    return all <= UINT8_MAX;
}

static inline const uint8_t *line_of(const uint8_t *lanes, const uint32_t *at, uint32_t bar) {
    return lanes + (size_t)(at ? at[bar] : bar) * LANES;
}

/* sum[lane] += what each resample drew of bars [0, n) of the list. */
static inline void add_lines(const uint8_t *lanes, const uint32_t *at, const uint32_t *bar, size_t n, int32_t *sum) {
    for (size_t i = 0; i < n;) {
        uint16_t few[LANES] = {0};
        const size_t end = n - i < RANKS_AT_ONCE ? n : i + RANKS_AT_ONCE;
        for (; i < end; i++) {
            const uint8_t *line = line_of(lanes, at, bar[i]);
            __builtin_prefetch(line_of(lanes, at, bar[i + PREFETCHED < n ? i + PREFETCHED : i]));
#pragma omp simd
            for (size_t k = 0; k < LANES; k++) few[k] = (uint16_t)(few[k] + line[k]);
        }
#pragma omp simd
        for (size_t k = 0; k < LANES; k++) sum[k] += few[k];
    }
}

void ap_ranking_lanes(const struct ap_ranking *ranking, const uint32_t *at, const uint8_t *lanes, double *ap) {
    int32_t drawn[LANES] = {0}, hits[LANES] = {0};
    double area[LANES] = {0};
    size_t rank = 0, positive = 0;
    for (size_t g = 0; g < ranking->n_groups; g++) {
        int32_t step[LANES] = {0};
        add_lines(lanes, at, ranking->order + rank, ranking->end[g] - rank, drawn);
        add_lines(lanes, at, ranking->positive + positive, ranking->positive_end[g] - positive, step);
        rank = ranking->end[g];
        positive = ranking->positive_end[g];
#pragma omp simd
        for (size_t k = 0; k < LANES; k++) {
            hits[k] += step[k];
            const double above = (double)(drawn[k] + (drawn[k] == 0)); /* nothing drawn is no hit: 0 is added */
            area[k] += (double)step[k] * (double)hits[k] / above;
        }
    }
    for (size_t k = 0; k < LANES; k++) ap[k] = hits[k] ? area[k] / (double)hits[k] : (double)NAN;
}
