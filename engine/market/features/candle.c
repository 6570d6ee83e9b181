/* The shape of one bar. `range` says how large it is as a fraction of the close; the other three are
 * fractions of the range, so that size is told once (body, upper_wick and lower_wick sum to 1 in size). */
#include "feature_parts.h"

static double range_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    const struct gw_bar *b = in->bar;
    return ratio_or(b->high - b->low, b->close, 0);
}

static double body_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    const struct gw_bar *b = in->bar;
    return ratio_or(b->close - b->open, b->high - b->low, 0);
}

static double upper_wick_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    const struct gw_bar *b = in->bar;
    return ratio_or(b->high - fmax(b->open, b->close), b->high - b->low, 0);
}

static double lower_wick_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    const struct gw_bar *b = in->bar;
    return ratio_or(fmin(b->open, b->close) - b->low, b->high - b->low, 0);
}

static double high_low_pos_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    const struct gw_bar *b = in->bar;
    return ratio_or(b->close - b->low, b->high - b->low, .5);
}

const struct gw_feature_desc feature_range = {
    .name = "range",
    .help = "(high - low) / close",
    .source = "Parkinson 1980, J. Business 53: the range as a measure of volatility",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = range_push,
};

const struct gw_feature_desc feature_body = {
    .name = "body",
    .help = "(close - open) / (high - low), -1..1; 0 when high = low",
    .source = "Nison 1991, Japanese Candlestick Charting Techniques: real body",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = body_push,
};

const struct gw_feature_desc feature_upper_wick = {
    .name = "upper_wick",
    .help = "(high - max(open, close)) / (high - low), 0..1; 0 when high = low",
    .source = "Nison 1991, Japanese Candlestick Charting Techniques: upper shadow",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = upper_wick_push,
};

const struct gw_feature_desc feature_lower_wick = {
    .name = "lower_wick",
    .help = "(min(open, close) - low) / (high - low), 0..1; 0 when high = low",
    .source = "Nison 1991, Japanese Candlestick Charting Techniques: lower shadow",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = lower_wick_push,
};

const struct gw_feature_desc feature_high_low_pos = {
    .name = "high_low_pos",
    .help = "(close - low) / (high - low) of the bar, 0..1; .5 when high = low",
    .source = "close location as in Chaikin's accumulation/distribution: Achelis 2001, Technical Analysis from A to Z",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = high_low_pos_push,
};
