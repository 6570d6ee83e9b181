/* Windows as curves: their closes, and what came next. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"

const double library_quantile[LIBRARY_QUANTILES] = {0.1, 0.25, 0.5, 0.75, 0.9};

size_t library_thin(const struct library *l, const uint32_t *window, size_t n, size_t most, uint32_t *out) {
    const size_t apart = library_bars(l) / 2;
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < most; i++) {
        const struct gw_sample *here = &l->sample[window[i]];
        bool near = false;
        for (size_t k = 0; k < kept && !near; k++) {
            const struct gw_sample *other = &l->sample[out[k]];
            const size_t bars = here->row > other->row ? here->row - other->row : other->row - here->row;
            near = here->series == other->series && bars < apart;
        }
        if (!near) out[kept++] = window[i];
    }
    return kept;
}

struct member {
    float distance;
    uint32_t window;
};

static int by_distance(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return (x->window > y->window) - (x->window < y->window);
}

int library_members(const struct library *l, size_t slice, size_t category, uint32_t **window, size_t *n) {
    *n = 0;
    *window = NULL;
    for (size_t i = l->first[slice]; i < l->first[slice + 1]; i++) *n += l->category[i] == category;
    struct member *member = mem_calloc(*n ? *n : 1, sizeof *member);
    *window = mem_calloc(*n ? *n : 1, sizeof **window);
    if (!member || !*window) {
        mem_free(member);
        mem_free(*window);
        *window = NULL;
        return GW_ERR_NOMEM;
    }
    size_t k = 0;
    for (size_t i = l->first[slice]; i < l->first[slice + 1]; i++)
        if (l->category[i] == category) member[k++] = (struct member){l->distance[i], (uint32_t)i};
    qsort(member, *n, sizeof *member, by_distance);
    for (size_t i = 0; i < *n; i++) (*window)[i] = member[i].window;
    mem_free(member);
    return GW_OK;
}

/* Half of the window's range; 1 where it has none, for then nothing moves. */
static double half_range(const struct gw_bar *bar, size_t last, size_t n_bars) {
    const double scale = pattern_scale_of(bar, last, n_bars).scale;
    return scale > 0 ? scale : 1;
}

void library_path(const struct library *l, uint32_t window, double *out) {
    const struct gw_sample *sample = &l->sample[window];
    const struct gw_bars *bars = &l->symbol[sample->series];
    const size_t n = library_bars(l), last = sample->row;
    const double scale = half_range(bars->bar, last, n), close = bars->bar[last].close;
    for (size_t i = 0; i < n + l->horizon; i++) {
        const size_t at = last + 1 - n + i;
        out[i] = at < bars->n ? (bars->bar[at].close - close) / scale : (double)NAN;
    }
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between the order statistics. */
static double quantile(const double *sorted, size_t n, double q) {
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

static void quantiles(double *value, size_t n, double out[LIBRARY_QUANTILES]) {
    if (n) qsort(value, n, sizeof *value, by_value);
    for (size_t q = 0; q < LIBRARY_QUANTILES; q++) out[q] = n ? quantile(value, n, library_quantile[q]) : (double)NAN;
}

int library_fan(const struct library *l, const uint32_t *window, size_t n, double *units, double *returns) {
    const size_t room = n ? n : 1;
    double *value[2] = {mem_calloc(room, sizeof(double)), mem_calloc(room, sizeof(double))};
    int rc = value[0] && value[1] ? GW_OK : GW_ERR_NOMEM;
    for (size_t step = 1; rc == GW_OK && step <= l->horizon; step++) {
        size_t there = 0;
        for (size_t i = 0; i < n; i++) {
            const struct gw_sample *sample = &l->sample[window[i]];
            const struct gw_bars *bars = &l->symbol[sample->series];
            if (sample->row + step >= bars->n) continue;
            const double close = bars->bar[sample->row].close, moved = bars->bar[sample->row + step].close - close;
            value[0][there] = moved / half_range(bars->bar, sample->row, library_bars(l));
            value[1][there++] = moved / close;
        }
        quantiles(value[0], there, units + (step - 1) * LIBRARY_QUANTILES);
        quantiles(value[1], there, returns + (step - 1) * LIBRARY_QUANTILES);
    }
    mem_free(value[1]);
    mem_free(value[0]);
    return rc;
}
