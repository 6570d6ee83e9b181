/* What enters a batch: windows, the augmented views of nt_xent, dropout factors. Every number is keyed by what it belongs to,
 * so batches can be filled by any threads. */
#include <math.h>
#include <string.h>

#include "gatewalk/rng.h"
#include "patterns_fit.h"

enum { SHIFT_BARS = 3 }; /* a view ends up to so many bars earlier: only backwards, into what is known */
static const double scale_by = .1, jitter = .03; /* amplitude ± a tenth; noise in units of half the window's range */

static void plain(const struct batch_source *from, size_t i, float *x) {
    const struct gw_sample *sample = &from->windows->sample[i];
    pattern_window(from->windows->series[sample->series].bar, sample->row, from->shape->steps, x);
}

/* The window shifted, scaled and blurred a little; view 0 or 1. */
static void augmented(const struct batch_source *from, size_t i, size_t view, float *x) {
    const struct gw_sample *sample = &from->windows->sample[i];
    const size_t P = from->shape->steps, spare = sample->row + 1 - pattern_reach(P);
    struct gw_rng rng;
    gw_rng_key(&rng, from->seed, "view of a pattern", from->epoch, i, view);
    const size_t shift = (size_t)gw_rng_below(&rng, SHIFT_BARS + 1);
    const double factor = 1 + scale_by * (2 * gw_rng_uniform(&rng) - 1);
    pattern_window(from->windows->series[sample->series].bar, sample->row - (shift < spare ? shift : spare), P, x);
    for (size_t j = 0; j < P * PATTERN_CHANNELS; j++)
        x[j] = (float)((double)x[j] * factor + jitter * gw_rng_normal(&rng));
}

/* Factors 0 or 1 / (1 - rate). */
static void fill_mask(const struct batch_source *from, size_t i, size_t view, float *mask) {
    const size_t n = autoencoder_mask(from->shape);
    const uint64_t threshold = (uint64_t)(from->dropout * 4294967296.0);
    const float keep = (float)(1 / (1 - from->dropout));
    struct gw_rng rng;
    uint64_t bits = 0;
    gw_rng_key(&rng, from->seed, "dropout of a pattern", from->epoch, i, view);
    for (size_t j = 0; j < n; j++) {
        bits = j % 2 == 0 ? gw_rng_next(&rng) : bits >> 32;
        mask[j] = (bits & UINT32_MAX) < threshold ? 0 : keep;
    }
}

static void fill_row(const struct batch_source *from, size_t row, struct R(batch) *batch) {
    const size_t i = from->index[row % from->n], view = row / from->n;
    float *x = batch->x + row * from->shape->steps * PATTERN_CHANNELS;
    if (from->views > 1)
        augmented(from, i, view, x);
    else
        plain(from, i, x);
    if (from->dropout > 0) fill_mask(from, i, view, batch->mask + row * autoencoder_mask(from->shape));
}

size_t batch_fill(const struct batch_source *from, struct R(batch) *batch) {
    enum { ROWS = 32 };
    const size_t rows = from->n * from->views;
    batch->masked = from->dropout > 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(from, batch, rows)
    for (size_t first = 0; first < rows; first += ROWS) {
#pragma GCC diagnostic pop
        for (size_t row = first; row < rows && row < first + ROWS; row++) fill_row(from, row, batch);
    }
    return rows;
}
