/* Windows of bars, each scaled by itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "patterns.h"

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of volumes that are not known there is no median, and it is 0. */
static double median_volume(const struct gw_bar *bar, size_t n) {
    enum { STACK = 512 };
    double small[STACK], *value = n <= STACK ? small : malloc(n * sizeof *value), median = 0;
    if (!value) return 0;
    bool known = true;
    for (size_t i = 0; i < n; i++) {
        value[i] = bar[i].volume;
        known = known && isfinite(value[i]);
    }
    if (known) {
        qsort(value, n, sizeof *value, ascending);
        median = n % 2 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2;
    }
    if (value != small) free(value);
    return median;
}

struct pattern_scale pattern_scale_of(const struct gw_bar *bar, size_t last, size_t n_bars) {
    const struct gw_bar *first = bar + last + 1 - n_bars;
    double high = first->high, low = first->low;
    for (size_t i = 1; i < n_bars; i++) {
        high = fmax(high, first[i].high);
        low = fmin(low, first[i].low);
    }
    return (struct pattern_scale){first->close, (high - low) / 2, median_volume(first, n_bars)};
}

void pattern_window(const struct gw_bar *bar, size_t last, size_t n_bars, float *out) {
    const struct pattern_scale scale = pattern_scale_of(bar, last, n_bars);
    const double inverse = scale.scale > 0 ? 1 / scale.scale : 0;
    const struct gw_bar *at = bar + last + 1 - n_bars;
    for (size_t i = 0; i < n_bars; i++, at++, out += PATTERN_CHANNELS) {
        double sum = 0; /* anew for every bar: a sum that is carried on would drift */
        for (size_t back = 0; back < PATTERN_AVERAGE_BARS; back++) sum += (at - back)->close - scale.base;
        out[PATTERN_OPEN] = (float)((at->open - scale.base) * inverse);
        out[PATTERN_HIGH] = (float)((at->high - scale.base) * inverse);
        out[PATTERN_LOW] = (float)((at->low - scale.base) * inverse);
        out[PATTERN_CLOSE] = (float)((at->close - scale.base) * inverse);
        out[PATTERN_VOLUME] = scale.median > 0 ? (float)log((at->volume + scale.median) / (2 * scale.median)) : 0;
        out[PATTERN_AVERAGE] = (float)(sum / PATTERN_AVERAGE_BARS * inverse);
    }
}
