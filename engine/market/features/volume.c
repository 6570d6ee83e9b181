/* Traded volume against its own recent past, and on which side of the price it came. */
#include "feature_parts.h"

static size_t window_state(const void *own) { return window_size(length_of(own)); }

/* ---- volume_z(n) = (volume - mean) / sd over n bars, this one included ------------------------------------ */

static double volume_z_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, length_of(own), in->bar->volume, &m)) return NAN;
    return ratio_or(in->bar->volume - m.mean, moments_sd(m), 0);
}

static const struct gw_param volume_z_params[] = {LENGTH_PARAM(96, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_volume_z = {
    .name = "volume_z",
    .help = "z-score of the volume within the last n bars (population sd); 0 when they are all equal",
    .source = "standard score over a moving window",
    .own = GW_PARAM_TABLE(volume_z_params),
    .needs_volume = true,
    .warmup = warmup_window,
    .state_size = window_state,
    .push = volume_z_push,
};

/* ---- volume_ratio(n) = volume / mean over n bars, this one included ----------------------------------------- */

static double volume_ratio_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, length_of(own), in->bar->volume, &m)) return NAN;
    return ratio_or(in->bar->volume, m.mean, 0);
}

static const struct gw_param volume_ratio_params[] = {LENGTH_PARAM(20, 2, "bars in the mean")};

const struct gw_feature_desc feature_volume_ratio = {
    .name = "volume_ratio",
    .help = "volume / mean volume of the last n bars, 0..n; 0 when none of them traded",
    .source = "relative volume: Kaufman 2013, Trading Systems and Methods",
    .own = GW_PARAM_TABLE(volume_ratio_params),
    .needs_volume = true,
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

static size_t two_sided_state(const void *own) {
    return offsetof(struct two_sided, first) + 2 * window_size(length_of(own));
}

static double signed_volume_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct two_sided *s = state;
    size_t n = length_of(own);
    double close = in->bar->close, volume = in->bar->volume;
    double sign = close > s->last ? 1 : close < s->last ? -1 : 0;
    s->last = close;
    if (s->n_bars++ == 0) return NAN;
    struct moments on_side, all;
    bool full = window_push(window_at(&s->first, n, 0), n, sign * volume, &on_side);
    if (!window_push(window_at(&s->first, n, 1), n, volume, &all) || !full) return NAN;
    return ratio_or(on_side.mean, all.mean, 0);
}

static const struct gw_param signed_volume_params[] = {LENGTH_PARAM(20, 1, "changes of the close looked at")};

const struct gw_feature_desc feature_signed_volume = {
    .name = "signed_volume",
    .help = "on-balance volume of n bars as a share of their volume, -1..1; 0 when none of them traded",
    .source = "Granville 1963, Granville's New Key to Stock Market Profits (OBV), bounded by the window",
    .own = GW_PARAM_TABLE(signed_volume_params),
    .needs_volume = true,
    .warmup = warmup_window_of_steps,
    .state_size = two_sided_state,
    .push = signed_volume_push,
};

/* ---- mfi(n) = 100 * positive flow / (positive + negative flow), flow = typical price * volume ------------------ */

static double mfi_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct two_sided *s = state;
    size_t n = length_of(own);
    double price = typical_price(in->bar), flow = price * in->bar->volume, last = s->last;
    s->last = price;
    if (s->n_bars++ == 0) return NAN;
    struct moments up, down;
    bool full = window_push(window_at(&s->first, n, 0), n, price > last ? flow : 0, &up);
    if (!window_push(window_at(&s->first, n, 1), n, price < last ? flow : 0, &down) || !full) return NAN;
    return ratio_or(100 * up.mean, up.mean + down.mean, 50);
}

static const struct gw_param mfi_params[] = {LENGTH_PARAM(14, 1, "changes of the typical price looked at")};

const struct gw_feature_desc feature_mfi = {
    .name = "mfi",
    .help = "money flow index, 0..100; 50 (half of its scale) when no money moved",
    .source = "Quong & Soudack 1989, Technical Analysis of Stocks & Commodities 7:3",
    .own = GW_PARAM_TABLE(mfi_params),
    .needs_volume = true,
    .warmup = warmup_window_of_steps,
    .state_size = two_sided_state,
    .push = mfi_push,
};
