/* Bollinger bands: mean of the close +- k population standard deviations over n bars. */
#include "feature_parts.h"

static size_t bands_state(const double *args) { return window_size(arg_length(args)); }

/* ---- bollinger_b(n, k) = (close - lower) / (upper - lower) --------------------------------------- */

static double bollinger_b_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, arg_length(args), in->bar->close, &m)) return NAN;
    double half = args[1] * moments_sd(m);
    return half > 0 ? .5 + (in->bar->close - m.mean) / (2 * half) : .5;
}

const struct gw_feature_desc feature_bollinger_b = {
    .name = "bollinger_b",
    .help = "%b: 0 at the lower band, 1 at the upper one; .5 on a flat price",
    .source = "Bollinger 2001, Bollinger on Bollinger Bands, ch. 8",
    .n_args = 2,
    .arg_name = {"n", "k"},
    .default_arg = {20, 2},
    .min_arg = {2, .1},
    .max_arg = {GW_FEATURE_LENGTH_MAX, 10},
    .fractional = {false, true},
    .warmup = warmup_window,
    .state_size = bands_state,
    .push = bollinger_b_push,
};

/* ---- bollinger_width(n, k) = (upper - lower) / mean ------------------------------------------------ */

static double bollinger_width_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, arg_length(args), in->bar->close, &m)) return NAN;
    return ratio_or(2 * args[1] * moments_sd(m), m.mean, 0);
}

const struct gw_feature_desc feature_bollinger_width = {
    .name = "bollinger_width",
    .help = "BandWidth: distance between the bands as a fraction of the moving average",
    .source = "Bollinger 2001, Bollinger on Bollinger Bands, ch. 8",
    .n_args = 2,
    .arg_name = {"n", "k"},
    .default_arg = {20, 2},
    .min_arg = {2, .1},
    .max_arg = {GW_FEATURE_LENGTH_MAX, 10},
    .fractional = {false, true},
    .warmup = warmup_window,
    .state_size = bands_state,
    .push = bollinger_width_push,
};
