/* A feature with a parameter: how far on average the last n closes stand above the middle of their bars. */
#include "feature_parts.h"

static const struct gw_param params[] = {
    GW_SIZE_PARAM(struct length, n, "bars", 6, 1, 500, "bars in the mean"),
};

static size_t tilt_state(const void *own) { return window_size(length_of(own)); }

static double tilt_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct moments moments;
    const struct gw_bar *bar = in->bar;
    const double middle = ratio_or(bar->close - bar->low, bar->high - bar->low, .5) - .5;
    return window_push(state, length_of(own), middle, &moments) ? moments.mean : (double)NAN;
}

const struct gw_feature_desc feature_tilt = {
    .name = "tilt",
    .help = "mean of the last n (close - low) / (high - low), less 1/2",
    .source = "close location averaged: Achelis 2001, Technical Analysis from A to Z",
    .own = GW_PARAM_TABLE(params),
    .warmup = warmup_window,
    .state_size = tilt_state,
    .push = tilt_push,
};
