/* The close against its own averages. Exponential averages start from the plain mean of their first
 * values and never forget entirely: they depend on where the history begins, as everywhere. */
#include "feature_parts.h"

/* ---- ma_gap(n) = close / mean(close[t-n+1..t]) - 1 --------------------------------------------- */

static size_t window_state(const double *args) { return window_size(arg_length(args)); }

static double ma_gap_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, arg_length(args), in->bar->close, &m)) return NAN;
    return ratio_or(in->bar->close - m.mean, m.mean, 0);
}

const struct gw_feature_desc feature_ma_gap = {
    .name = "ma_gap",
    .help = "close / simple moving average over n bars - 1",
    .source = "Brock, Lakonishok & LeBaron 1992, J. Finance 47: moving-average rules",
    .n_args = 1,
    .arg_name = {"n"},
    .default_arg = {10},
    .min_arg = {2},
    .max_arg = {GW_FEATURE_LENGTH_MAX},
    .warmup = warmup_window,
    .state_size = window_state,
    .push = ma_gap_push,
};

/* ---- ema_gap(n) = close / EMA_n(close) - 1, EMA weight 2/(n+1) --------------------------------- */

static size_t ema_state(const double *args) {
    (void)args;
    return sizeof(struct smooth);
}

static double ema_gap_push(void *state, const double *args, const struct gw_feature_input *in) {
    size_t n = arg_length(args);
    double ema = smooth_push(state, n, ema_weight(n), in->bar->close);
    return isnan(ema) ? NAN : ratio_or(in->bar->close - ema, ema, 0);
}

const struct gw_feature_desc feature_ema_gap = {
    .name = "ema_gap",
    .help = "close / exponential moving average (weight 2/(n+1), started from the mean of n closes) - 1",
    .source = "Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    .n_args = 1,
    .arg_name = {"n"},
    .default_arg = {20},
    .min_arg = {2},
    .max_arg = {GW_FEATURE_LENGTH_MAX},
    .warmup = warmup_window,
    .state_size = ema_state,
    .push = ema_gap_push,
};

/* ---- macd_hist(fast, slow, signal) = (MACD - EMA_signal(MACD)) / close, MACD = EMA_fast - EMA_slow -- */

struct macd {
    struct smooth fast, slow, signal;
};

static size_t macd_state(const double *args) {
    (void)args;
    return sizeof(struct macd);
}

static size_t macd_warmup(const double *args) { return (size_t)args[1] - 1 + (size_t)args[2] - 1; }

static const char *macd_check(const double *args) { return args[0] < args[1] ? NULL : "fast must be less than slow"; }

static double macd_push(void *state, const double *args, const struct gw_feature_input *in) {
    struct macd *m = state;
    size_t n_fast = (size_t)args[0], n_slow = (size_t)args[1], n_signal = (size_t)args[2];
    double close = in->bar->close;
    double fast = smooth_push(&m->fast, n_fast, ema_weight(n_fast), close);
    double slow = smooth_push(&m->slow, n_slow, ema_weight(n_slow), close);
    /* The signal line averages MACD values only, so it starts when the slow average exists. */
    if (m->slow.count < n_slow) return NAN;
    double macd = fast - slow;
    double signal = smooth_push(&m->signal, n_signal, ema_weight(n_signal), macd);
    return isnan(signal) ? NAN : ratio_or(macd - signal, close, 0);
}

const struct gw_feature_desc feature_macd_hist = {
    .name = "macd_hist",
    .help = "MACD histogram as a fraction of the close, so that it is free of scale",
    .source = "Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8; histogram: Aspray 1986",
    .n_args = 3,
    .arg_name = {"fast", "slow", "signal"},
    .default_arg = {12, 26, 9},
    .min_arg = {1, 2, 1},
    .max_arg = {GW_FEATURE_LENGTH_MAX, GW_FEATURE_LENGTH_MAX, GW_FEATURE_LENGTH_MAX},
    .check = macd_check,
    .warmup = macd_warmup,
    .state_size = macd_state,
    .push = macd_push,
};
