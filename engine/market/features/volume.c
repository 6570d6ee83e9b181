/* Traded volume against its own recent past, and on which side of the price it came. */
#include "feature_parts.h"

static size_t window_state(const double *args) { return window_size(arg_length(args)); }

/* ---- volume_z(n) = (volume - mean) / sd over n bars, this one included ------------------------------------ */

static double volume_z_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, arg_length(args), in->bar->volume, &m)) return NAN;
    return ratio_or(in->bar->volume - m.mean, moments_sd(m), 0);
}

const struct gw_feature_desc feature_volume_z = {
    .name = "volume_z",
    .help = "z-score of the volume within the last n bars (population sd); 0 when they are all equal",
    .source = "standard score over a moving window",
    .n_args = 1,
    .arg_name = {"n"},
    .default_arg = {96},
    .min_arg = {2},
    .max_arg = {GW_FEATURE_LENGTH_MAX},
    .warmup = warmup_window,
    .state_size = window_state,
    .push = volume_z_push,
};

/* ---- volume_ratio(n) = volume / mean over n bars, this one included ----------------------------------------- */

static double volume_ratio_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, arg_length(args), in->bar->volume, &m)) return NAN;
    return ratio_or(in->bar->volume, m.mean, 0);
}

const struct gw_feature_desc feature_volume_ratio = {
    .name = "volume_ratio",
    .help = "volume / mean volume of the last n bars, 0..n; 0 when none of them traded",
    .source = "relative volume: Kaufman 2013, Trading Systems and Methods",
    .n_args = 1,
    .arg_name = {"n"},
    .default_arg = {20},
    .min_arg = {2},
    .max_arg = {GW_FEATURE_LENGTH_MAX},
    .warmup = warmup_window,
    .state_size = window_state,
    .push = volume_ratio_push,
};

/* ---- signed_volume(n) = sum sign(close change) * volume / sum volume over n bars ------------------------------ */

struct two_sided {
    double last;
    size_t n_bars;
    struct window first; /* two windows follow each other */
};

static size_t two_sided_state(const double *args) {
    return offsetof(struct two_sided, first) + 2 * window_size(arg_length(args));
}

static double signed_volume_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct two_sided *s = state;
    size_t n = arg_length(args);
    double close = in->bar->close, volume = in->bar->volume;
    double sign = close > s->last ? 1 : close < s->last ? -1 : 0;
    s->last = close;
    if (s->n_bars++ == 0) return NAN;
    struct moments on_side, all;
    bool full = window_push(window_at(&s->first, n, 0), n, sign * volume, &on_side);
    if (!window_push(window_at(&s->first, n, 1), n, volume, &all) || !full) return NAN;
    return ratio_or(on_side.mean, all.mean, 0);
}

const struct gw_feature_desc feature_signed_volume = {
    .name = "signed_volume",
    .help = "on-balance volume of n bars as a share of their volume, -1..1; 0 when none of them traded",
    .source = "Granville 1963, Granville's New Key to Stock Market Profits (OBV), bounded by the window",
    .n_args = 1,
    .arg_name = {"n"},
    .default_arg = {20},
    .min_arg = {1},
    .max_arg = {GW_FEATURE_LENGTH_MAX},
    .warmup = warmup_window_of_steps,
    .state_size = two_sided_state,
    .push = signed_volume_push,
};

/* ---- mfi(n) = 100 * positive flow / (positive + negative flow), flow = typical price * volume ------------------ */

static double mfi_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct two_sided *s = state;
    size_t n = arg_length(args);
    double price = typical_price(in->bar), flow = price * in->bar->volume, last = s->last;
    s->last = price;
    if (s->n_bars++ == 0) return NAN;
    struct moments up, down;
    bool full = window_push(window_at(&s->first, n, 0), n, price > last ? flow : 0, &up);
    if (!window_push(window_at(&s->first, n, 1), n, price < last ? flow : 0, &down) || !full) return NAN;
    return ratio_or(100 * up.mean, up.mean + down.mean, 50);
}

const struct gw_feature_desc feature_mfi = {
    .name = "mfi",
    .help = "money flow index, 0..100; 50 (half of its scale) when no money moved",
    .source = "Quong & Soudack 1989, Technical Analysis of Stocks & Commodities 7:3",
    .n_args = 1,
    .arg_name = {"n"},
    .default_arg = {14},
    .min_arg = {1},
    .max_arg = {GW_FEATURE_LENGTH_MAX},
    .warmup = warmup_window_of_steps,
    .state_size = two_sided_state,
    .push = mfi_push,
};
