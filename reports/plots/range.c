/* Spans of axes. Every plot sets its ranges from the data here, so that gnuplot never has to guess from nothing. */
#include <math.h>

#include "plot.h"

struct gw_range range_empty(void) {
    return (struct gw_range){.lo = INFINITY, .hi = -INFINITY};
}

void range_add(struct gw_range *range, double value) {
    if (!isfinite(value)) return;
    range->lo = fmin(range->lo, value);
    range->hi = fmax(range->hi, value);
}

/* 1, 2 or 5 times a power of ten: about a fifth of the span. */
static double round_step(double span) {
    double step = pow(10, floor(log10(span / 5)));
    double times = span / 5 / step;
    return step * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

struct gw_range range_round(struct gw_range range) {
    if (!(range.lo <= range.hi)) return (struct gw_range){0, 1};
    double span = range.hi - range.lo, size = fmax(fabs(range.lo), fabs(range.hi));
    if (span <= 1e-9 * size || span == 0) { /* a constant: give it an axis to lie on */
        double half = size > 0 ? 0.1 * size : 0.5;
        return (struct gw_range){range.lo - half, range.hi + half};
    }
    double step = round_step(span) / 2;
    double air = 0.03 * span; /* marks at the edge stay inside; a bound of exactly 0 means something and stays */
    double lo = range.lo == 0 ? 0 : floor((range.lo - air) / step) * step;
    double hi = range.hi == 0 ? 0 : ceil((range.hi + air) / step) * step;
    if (range.lo > 0 && lo < 0) lo = 0;
    return (struct gw_range){lo, hi};
}

void page_range(struct page *page, const char *axis, struct gw_range range) {
    char name[48];
    snprintf(name, sizeof name, "%.40s_lo", axis);
    page_set(page, name, range.lo);
    snprintf(name, sizeof name, "%.40s_hi", axis);
    page_set(page, name, range.hi);
}

void page_range_array(struct page *page, const char *axis, size_t n) {
    char name[48];
    snprintf(name, sizeof name, "%.40s_lo", axis);
    page_array(page, name, n);
    snprintf(name, sizeof name, "%.40s_hi", axis);
    page_array(page, name, n);
}

void page_range_at(struct page *page, const char *axis, size_t index, struct gw_range range) {
    char name[48];
    snprintf(name, sizeof name, "%.40s_lo", axis);
    page_set_at(page, name, index, range.lo);
    snprintf(name, sizeof name, "%.40s_hi", axis);
    page_set_at(page, name, index, range.hi);
}
