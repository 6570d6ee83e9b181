/* What the feature files share: small machines that remember the recent past.
 *
 * All of them live in one zeroed block of memory (a feature's state) and hold no pointers. Statistics
 * over a window never drift: nothing is ever subtracted from a running sum, so a value that has left the
 * window leaves no rounding error (and no NaN) behind.
 *
 * Ratios whose denominator can be zero on a flat price or without volume have a documented neutral value,
 * so that a feature is finite from its warm-up on. */
#ifndef GATEWALK_FEATURE_H
#define GATEWALK_FEATURE_H

#include <math.h>

#include "gatewalk/feature.h"

/* Most features have one parameter, a length; what it is the length of, each says in its row. */
struct length {
    size_t n;
};
#define LENGTH_PARAM(initial_, low_, help_)                                                                            \
    GW_SIZE_PARAM(struct length, n, "bars", initial_, low_, GW_FEATURE_LENGTH_MAX, help_)
static inline size_t length_of(const void *own) { return ((const struct length *)own)->n; }

/* numerator / denominator, or `neutral` where the denominator is not positive (zero, or NaN). */
static inline double ratio_or(double numerator, double denominator, double neutral) {
    return denominator > 0 ? numerator / denominator : neutral;
}

/* ln(a / b); 0 where a price is not positive and so has no logarithm. */
static inline double log_ratio(double a, double b) { return a > 0 && b > 0 ? log(a / b) : 0; }

static inline double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static inline double typical_price(const struct gw_bar *bar) { return (bar->high + bar->low + bar->close) / 3; }

/* ---- moments ------------------------------------------------------------------------------ */

/* Count, mean and sum of squared deviations; two of them join without cancellation (Chan, Golub &
 * LeVeque 1979). Equal values give m2 = 0 exactly. */
struct moments {
    double n, mean, m2;
};

/* Mean and variance of the last `length` values in O(1) amortised. The window is split at a block border:
 * `newer` values of the current block are summed going forward, and tail[k] holds the moments of values
 * k..length-1 of the previous block, summed once when that block was complete. */
struct window {
    size_t newer;
    size_t older; /* 0 until one block is complete, then `length` */
    struct moments head;
};
size_t window_size(size_t length); /* bytes */
/* Returns false (and leaves *out alone) until `length` values have been pushed. */
bool window_push(struct window *window, size_t length, double x, struct moments *out);
/* The k-th of several windows of one length that follow each other in memory. */
struct window *window_at(void *first, size_t length, size_t k);
double moments_sd(struct moments m); /* population standard deviation: divides by n */

/* ---- ring --------------------------------------------------------------------------------- */

/* The last `length` values. */
struct ring {
    size_t next, count;
    double value[];
};
size_t ring_size(size_t length);
/* Stores x; returns the value pushed `length` pushes ago, NaN while there is none. */
double ring_push(struct ring *ring, size_t length, double x);
/* Value pushed k pushes ago; k = 0 is the last one. */
double ring_at(const struct ring *ring, size_t length, size_t k);

/* ---- extreme ------------------------------------------------------------------------------ */

/* Largest of the last `length` values in O(1) amortised: a queue of falling candidates. Push negated
 * values for the smallest. A NaN is forgotten at the next push. */
struct extreme {
    size_t now, head, count;
    struct extreme_item {
        double value;
        size_t at;
    } item[];
};
size_t extreme_size(size_t length);
double extreme_push(struct extreme *extreme, size_t length, double x);
struct extreme *extreme_at(void *first, size_t length, size_t k);

/* ---- smoothing ---------------------------------------------------------------------------- */

/* Exponential averages that start from the plain mean of their first `length` values:
 * `weight` 2/(n+1) is the usual EMA, 1/n is Wilder's. NaN until `length` values have been pushed. */
struct smooth {
    size_t count;
    double value;
};
double smooth_push(struct smooth *smooth, size_t length, double weight, double x);
static inline double wilder_weight(size_t n) { return 1.0 / (double)n; }
static inline double ema_weight(size_t n) { return 2.0 / ((double)n + 1.0); }

/* ---- warm-ups shared by many features: of struct length, or of nothing ------------------------- */

size_t warmup_none(const void *own);            /* 0: the first bar has a value */
size_t warmup_window(const void *own);          /* n - 1: a window over n bars */
size_t warmup_window_of_steps(const void *own); /* n: a window over n differences between bars */
size_t state_none(const void *own);

#endif
