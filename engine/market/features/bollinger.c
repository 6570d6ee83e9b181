/* Bollinger bands: mean of the close +- k population standard deviations over n bars. */
#include "feature_parts.h"

struct bands {
    size_t n;
    double k;
};
static const struct gw_param params[] = {
    GW_SIZE_PARAM(struct bands, n, "bars", 20, 2, GW_FEATURE_LENGTH_MAX, "closes in the mean and in the deviation"),
    GW_NUMBER_PARAM(struct bands, k, "standard deviations", 2, .1, 10, "standard deviations from the mean to a band"),
};

static size_t bands_warmup(const void *own) { return ((const struct bands *)own)->n - 1; }
static size_t bands_state(const void *own) { return window_size(((const struct bands *)own)->n); }

/* ---- bollinger_b(n, k) = (close - lower) / (upper - lower) --------------------------------------- */

static double bollinger_b_push(void *state, const void *own, const struct gw_feature_input *in) {
    const struct bands *bands = own;
    struct moments m;
    if (!window_push(state, bands->n, in->bar->close, &m)) return NAN;
    double half = bands->k * moments_sd(m);
    return half > 0 ? .5 + (in->bar->close - m.mean) / (2 * half) : .5;
}

const struct gw_feature_desc feature_bollinger_b = {
    .name = "bollinger_b",
    .help = "%b: 0 at the lower band, 1 at the upper one; .5 on a flat price",
    .source = "Bollinger 2001, Bollinger on Bollinger Bands, ch. 8",
    .own = GW_PARAM_TABLE(params),
    .warmup = bands_warmup,
    .state_size = bands_state,
    .push = bollinger_b_push,
};

/* ---- bollinger_width(n, k) = (upper - lower) / mean ------------------------------------------------ */

static double bollinger_width_push(void *state, const void *own, const struct gw_feature_input *in) {
    const struct bands *bands = own;
    struct moments m;
    if (!window_push(state, bands->n, in->bar->close, &m)) return NAN;
    return ratio_or(2 * bands->k * moments_sd(m), m.mean, 0);
}

const struct gw_feature_desc feature_bollinger_width = {
    .name = "bollinger_width",
    .help = "BandWidth: distance between the bands as a fraction of the moving average",
    .source = "Bollinger 2001, Bollinger on Bollinger Bands, ch. 8",
    .own = GW_PARAM_TABLE(params),
    .warmup = bands_warmup,
    .state_size = bands_state,
    .push = bollinger_width_push,
};
