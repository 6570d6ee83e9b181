/* The close against its own averages. Exponential averages start from the plain mean of their first
 * values and never forget entirely: they depend on where the history begins, as everywhere. */
#include "feature_parts.h"

/* ---- ma_gap(n) = close / mean(close[t-n+1..t]) - 1 --------------------------------------------- */

static size_t window_state(const void *own) { return window_size(length_of(own)); }

static double ma_gap_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct moments m;
    if (!window_push(state, length_of(own), in->bar->close, &m)) return NAN;
    return ratio_or(in->bar->close - m.mean, m.mean, 0);
}

static const struct gw_param ma_gap_params[] = {LENGTH_PARAM(10, 2, "closes in the average")};

const struct gw_feature_desc feature_ma_gap = {
    .name = "ma_gap",
    .help = "close / simple moving average over n bars - 1",
    .source = "Brock, Lakonishok & LeBaron 1992, J. Finance 47: moving-average rules",
    .own = GW_PARAM_TABLE(ma_gap_params),
    .warmup = warmup_window,
    .state_size = window_state,
    .push = ma_gap_push,
};

/* ---- ema_gap(n) = close / EMA_n(close) - 1, EMA weight 2/(n+1) --------------------------------- */

static size_t ema_state(const void *own) {
    (void)own;
    return sizeof(struct smooth);
}

static double ema_gap_push(void *state, const void *own, const struct gw_feature_input *in) {
    size_t n = length_of(own);
    double ema = smooth_push(state, n, ema_weight(n), in->bar->close);
    return isnan(ema) ? NAN : ratio_or(in->bar->close - ema, ema, 0);
}

static const struct gw_param ema_gap_params[] = {LENGTH_PARAM(20, 2, "length of the average: weight 2/(n+1)")};

const struct gw_feature_desc feature_ema_gap = {
    .name = "ema_gap",
    .help = "close / exponential moving average (weight 2/(n+1), started from the mean of n closes) - 1",
    .source = "Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    .own = GW_PARAM_TABLE(ema_gap_params),
    .warmup = warmup_window,
    .state_size = ema_state,
    .push = ema_gap_push,
};

/* ---- macd_hist(fast, slow, signal) = (MACD - EMA_signal(MACD)) / close, MACD = EMA_fast - EMA_slow -- */

struct macd_params {
    size_t fast, slow, signal;
};
static const struct gw_param macd_params[] = {
    GW_SIZE_PARAM(struct macd_params, fast, "bars", 12, 1, GW_FEATURE_LENGTH_MAX,
                  "length of the fast average; less than slow"),
    GW_SIZE_PARAM(struct macd_params, slow, "bars", 26, 2, GW_FEATURE_LENGTH_MAX, "length of the slow average"),
    GW_SIZE_PARAM(struct macd_params, signal, "bars", 9, 1, GW_FEATURE_LENGTH_MAX, "length of the MACD's own average"),
};

struct macd {
    struct smooth fast, slow, signal;
};

static size_t macd_state(const void *own) {
    (void)own;
    return sizeof(struct macd);
}

static size_t macd_warmup(const void *own) {
    const struct macd_params *length = own;
    return length->slow - 1 + length->signal - 1;
}

static const char *macd_check(const void *own) {
    const struct macd_params *length = own;
    return length->fast < length->slow ? NULL : "fast must be less than slow";
}

static double macd_push(void *state, const void *own, const struct gw_feature_input *in) {
    const struct macd_params *length = own;
    struct macd *m = state;
    double close = in->bar->close;
    double fast = smooth_push(&m->fast, length->fast, ema_weight(length->fast), close);
    double slow = smooth_push(&m->slow, length->slow, ema_weight(length->slow), close);
    /* The signal line averages MACD values only, so it starts when the slow average exists. */
    if (m->slow.count < length->slow) return NAN;
    double macd = fast - slow;
    double signal = smooth_push(&m->signal, length->signal, ema_weight(length->signal), macd);
    return isnan(signal) ? NAN : ratio_or(macd - signal, close, 0);
}

const struct gw_feature_desc feature_macd_hist = {
    .name = "macd_hist",
    .help = "MACD histogram as a fraction of the close, so that it is free of scale",
    .source = "Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8; histogram: Aspray 1986",
    .own = GW_PARAM_TABLE(macd_params),
    .check = macd_check,
    .warmup = macd_warmup,
    .state_size = macd_state,
    .push = macd_push,
};
