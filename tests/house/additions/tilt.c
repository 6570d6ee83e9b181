/* A feature with an argument: how far on average the last n closes stand above the middle of their bars. */
#include "feature_parts.h"

static size_t tilt_state(const double *args) { return window_size(arg_length(args)); }

static double tilt_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct moments moments;
    const struct gw_bar *bar = in->bar;
    const double middle = ratio_or(bar->close - bar->low, bar->high - bar->low, .5) - .5;
    return window_push(state, arg_length(args), middle, &moments) ? moments.mean : (double)NAN;
}

const struct gw_feature_desc feature_tilt = {
    .name = "tilt",
    .help = "mean of the last n (close - low) / (high - low), less 1/2",
    .source = "close location averaged: Achelis 2001, Technical Analysis from A to Z",
    .n_args = 1,
    .arg_name = {"n"},
    .default_arg = {6},
    .min_arg = {1},
    .max_arg = {500},
    .warmup = warmup_window,
    .state_size = tilt_state,
    .push = tilt_push,
};
