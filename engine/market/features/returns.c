/* How far the close has come: plain, relative to its own noise, and overnight. */
#include "feature_parts.h"

/* ---- log_return(n) = ln(close[t] / close[t-n]) --------------------------------------------- */

static size_t closes_size(const void *own) { return ring_size(length_of(own)); }

static double log_return_push(void *state, const void *own, const struct gw_feature_input *in) {
    double before = ring_push(state, length_of(own), in->bar->close);
    return isnan(before) ? NAN : log_ratio(in->bar->close, before);
}

static const struct gw_param log_return_params[] = {LENGTH_PARAM(1, 1, "bars from one close to the other")};

const struct gw_feature_desc feature_log_return = {
    .name = "log_return",
    .help = "ln(close / close n bars ago); 0 when a price is not positive",
    .source = "Campbell, Lo & MacKinlay 1997, The Econometrics of Financial Markets, sec. 1.4",
    .own = GW_PARAM_TABLE(log_return_params),
    .warmup = warmup_window_of_steps,
    .state_size = closes_size,
    .push = log_return_push,
};

/* ---- momentum(n) = ln(close[t] / close[t-n]) / sqrt(sum of r^2 over the n one-bar returns) -- */

struct momentum {
    double last_close;
    size_t n_bars;
    struct window returns; /* of r and of r^2; the window's memory follows */
};

static size_t momentum_size(const void *own) {
    return offsetof(struct momentum, returns) + 2 * window_size(length_of(own));
}

static double momentum_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct momentum *m = state;
    size_t n = length_of(own);
    double last = m->last_close, r = log_ratio(in->bar->close, last);
    m->last_close = in->bar->close;
    if (m->n_bars++ == 0) return NAN;
    struct moments step, square;
    bool full = window_push(window_at(&m->returns, n, 0), n, r, &step);
    if (!window_push(window_at(&m->returns, n, 1), n, r * r, &square) || !full) return NAN;
    return ratio_or(step.mean * sqrt((double)n), sqrt(square.mean), 0);
}

static const struct gw_param momentum_params[] = {
    LENGTH_PARAM(20, 2, "one-bar returns of the move and of its volatility")};

const struct gw_feature_desc feature_momentum = {
    .name = "momentum",
    .help = "log return over n bars divided by its realised volatility over the same bars: within "
            "+-sqrt(n), so that it is not log_return(n) again; 0 on a flat price",
    .source = "volatility-scaled time-series momentum: Moskowitz, Ooi & Pedersen 2012, J. Financial Economics 104",
    .own = GW_PARAM_TABLE(momentum_params),
    .warmup = warmup_window_of_steps,
    .state_size = momentum_size,
    .push = momentum_push,
};

/* ---- gap = open[t] / close[t-1] - 1 ----------------------------------------------------------- */

struct gap {
    double last_close;
    size_t n_bars;
};

static size_t gap_size(const void *own) {
    (void)own;
    return sizeof(struct gap);
}

static size_t gap_warmup(const void *own) {
    (void)own;
    return 1;
}

static double gap_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)own;
    struct gap *g = state;
    double last = g->last_close;
    g->last_close = in->bar->close;
    if (g->n_bars++ == 0) return NAN;
    return ratio_or(in->bar->open - last, last, 0);
}

const struct gw_feature_desc feature_gap = {
    .name = "gap",
    .help = "open / previous close - 1: what happened between two bars; 0 when the previous close is not positive",
    .source = "Edwards & Magee 1948, Technical Analysis of Stock Trends, ch. 12",
    .warmup = gap_warmup,
    .state_size = gap_size,
    .push = gap_push,
};
