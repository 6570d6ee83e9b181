/* The stationary bootstrap (Politis & Romano 1994) and its automatic block length (Politis & White 2004, with the
 * correction of Patton, Politis & White 2009). */
#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "gatewalk/verdict.h"
#include "resample.h"

/* Blocks start anywhere, have geometric lengths of mean_block on average and wrap around the end, so that every
 * position is drawn with the same probability. */
static double log_of_going_on(double mean_block) {
    return mean_block > 1.0 ? log1p(-1.0 / mean_block) : -(double)INFINITY;
}

/* Draws one block of n positions and cuts it to what is left to fill. */
static size_t draw_block(struct gw_rng *rng, size_t n, double log_continue, size_t left, size_t *at) {
    *at = (size_t)gw_rng_below(rng, n);
    /* P(length > l) = (1 - 1/mean)^l by inversion: one logarithm a block instead of one draw a bar. */
    double drawn = 1.0 + floor(log1p(-gw_rng_uniform(rng)) / log_continue);
    return drawn < (double)left ? (size_t)drawn : left;
}

void gw_bootstrap_stationary(struct gw_rng *rng, size_t n, double mean_block, uint32_t *index) {
    const double log_continue = log_of_going_on(mean_block);
    for (size_t i = 0; i < n;) {
        size_t at, end = i;
        end += draw_block(rng, n, log_continue, n - i, &at);
        while (i < end) {
            index[i++] = (uint32_t)at;
            if (++at == n) at = 0;
        }
    }
}

/* A block adds one from its first position on and takes it away behind its last: the counts are the running sums. */
void bootstrap_counts(struct gw_rng *rng, size_t n, double mean_block, uint32_t *count) {
    const double log_continue = log_of_going_on(mean_block);
    for (size_t i = 0; i < n; i++) count[i] = 0;
    for (size_t left = n; left > 0;) {
        size_t at, length = draw_block(rng, n, log_continue, left, &at), end = at + length;
        left -= length;
        count[at]++;
        if (end > n) count[0]++;
        if (end != n) count[end > n ? end - n : end]--; /* unsigned: a fall wraps, and the sum wraps back */
    }
    uint32_t running = 0;
    for (size_t i = 0; i < n; i++) count[i] = running += count[i];
}

/* R(k) = 1/n sum of (x_t - mean)(x_{t+k} - mean), k = 0 … max_lag. */
static void autocovariance(const double *centred, size_t n, size_t max_lag, double *out) {
    for (size_t k = 0; k <= max_lag; k++) {
        double sum = 0;
        for (size_t t = 0; t + k < n; t++) sum += centred[t] * centred[t + k];
        out[k] = sum / (double)n;
    }
}

/* The smallest m after which `run` autocorrelations in a row are insignificant; when there is none, the last
 * significant lag. */
static size_t last_dependence(const double *covariance, size_t max_lag, size_t run, double limit) {
    size_t quiet = 0, last = 0;
    for (size_t k = 1; k <= max_lag; k++) {
        if (fabs(covariance[k]) < limit * covariance[0]) {
            if (++quiet == run) return k - run;
        } else {
            quiet = 0;
            last = k;
        }
    }
    return last;
}

/* The flat-top window of Politis & Romano (1995). */
static double flat_top(double x) { return x <= 0.5 ? 1.0 : x <= 1.0 ? 2.0 * (1.0 - x) : 0.0; }

/* b = (2 G^2 / D)^(1/3) n^(1/3), G = sum of lambda(k/M) |k| R(k), D = 2 g(0)^2, g(0) = sum of lambda(k/M) R(k). */
static double optimal_block(const double *covariance, size_t m, size_t n) {
    double g = 0, spectrum = covariance[0];
    for (size_t k = 1; k <= m; k++) {
        double term = 2.0 * flat_top((double)k / (double)m) * covariance[k];
        g += (double)k * term;
        spectrum += term;
    }
    double block = cbrt(g * g / (spectrum * spectrum) * (double)n);
    double most = ceil(fmin(3.0 * sqrt((double)n), (double)n / 3.0));
    return block < most ? block : most; /* also when the spectrum vanished */
}

double gw_bootstrap_block_length(const double *series, size_t n) {
    if (n < 10) return 1.0; /* no autocorrelation worth estimating */
    double mean = 0, size = (double)n, log_n = log10(size);
    for (size_t i = 0; i < n; i++) mean += series[i];
    mean /= size;
    size_t run = (size_t)fmax(5.0, ceil(sqrt(log_n)));
    size_t max_lag = (size_t)ceil(sqrt(size)) + run;
    if (max_lag > n - 1) max_lag = n - 1;

    double block = 1.0;
    double *covariance = NULL, *centred = mem_calloc(n, sizeof *centred);
    if (!centred || !(covariance = mem_calloc(max_lag + 1, sizeof *covariance))) {
        block = NAN;
        goto cleanup;
    }
    for (size_t i = 0; i < n; i++) centred[i] = series[i] - mean;
    autocovariance(centred, n, max_lag, covariance);
    if (isnan(covariance[0])) block = NAN;
    if (!(covariance[0] > 1e-24 * mean * mean)) goto cleanup; /* constant but for rounding */

    size_t m = last_dependence(covariance, max_lag, run, 2.0 * sqrt(log_n / size));
    m = 2 * (m > 1 ? m : 1);
    block = fmax(1.0, optimal_block(covariance, m < max_lag ? m : max_lag, n));
cleanup:
    mem_free(covariance);
    mem_free(centred);
    return block;
}
