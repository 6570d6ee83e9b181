/* How the last n one-bar log returns are distributed and ordered. Two passes over a ring each time: O(n),
 * but third moments and products are not worth a cleverer way. */
#include "feature_parts.h"

struct returns {
    double last_close;
    size_t n_bars;
    struct ring ring;
};

static size_t returns_state(const void *own) { return offsetof(struct returns, ring) + ring_size(length_of(own)); }

/* Adds the bar's return; false while there are fewer than n. */
static bool returns_push(struct returns *s, size_t n, const struct gw_feature_input *in) {
    double r = log_ratio(in->bar->close, s->last_close);
    s->last_close = in->bar->close;
    if (s->n_bars++ == 0) return false;
    ring_push(&s->ring, n, r);
    return s->ring.count == n;
}

/* Mean around the last value: n equal returns then have deviations of exactly 0. */
static double returns_mean(const struct returns *s, size_t n) {
    double origin = ring_at(&s->ring, n, 0), sum = 0;
    for (size_t k = 0; k < n; k++) sum += s->ring.value[k] - origin;
    return origin + sum / (double)n;
}

/* ---- skew(n) = m3 / m2^1.5 ------------------------------------------------------------------------------ */

static double skew_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct returns *s = state;
    size_t n = length_of(own);
    if (!returns_push(s, n, in)) return NAN;
    double mean = returns_mean(s, n), m2 = 0, m3 = 0;
    for (size_t k = 0; k < n; k++) {
        double d = s->ring.value[k] - mean;
        m2 += d * d;
        m3 += d * d * d;
    }
    m2 /= (double)n;
    m3 /= (double)n;
    return ratio_or(m3, m2 * sqrt(m2), 0);
}

static const struct gw_param skew_params[] = {LENGTH_PARAM(96, 3, "one-bar returns looked at")};

const struct gw_feature_desc feature_skew = {
    .name = "skew",
    .help = "skewness of the last n one-bar log returns (population moments); 0 when they are all equal",
    .source = "Fisher-Pearson g1: Joanes & Gill 1998, The Statistician 47",
    .own = GW_PARAM_TABLE(skew_params),
    .warmup = warmup_window_of_steps,
    .state_size = returns_state,
    .push = skew_push,
};

/* ---- autocorr(n) = sum (r[i]-m)(r[i-1]-m) / sum (r[i]-m)^2 ----------------------------------------------- */

static double autocorr_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct returns *s = state;
    size_t n = length_of(own);
    if (!returns_push(s, n, in)) return NAN;
    double mean = returns_mean(s, n), before = 0, product = 0, square = 0;
    for (size_t k = 0, at = s->ring.next; k < n; k++, at = at + 1 == n ? 0 : at + 1) {
        double d = s->ring.value[at] - mean;
        product += d * before; /* before is 0 for the oldest: n - 1 products */
        square += d * d;
        before = d;
    }
    return ratio_or(product, square, 0);
}

static const struct gw_param autocorr_params[] = {LENGTH_PARAM(96, 3, "one-bar returns looked at")};

const struct gw_feature_desc feature_autocorr = {
    .name = "autocorr",
    .help = "lag-1 autocorrelation of the last n one-bar log returns; 0 when they are all equal",
    .source = "Box, Jenkins & Reinsel 1994, Time Series Analysis, ch. 2",
    .own = GW_PARAM_TABLE(autocorr_params),
    .warmup = warmup_window_of_steps,
    .state_size = returns_state,
    .push = autocorr_push,
};
