/* Volatility per bar (not annualised) from closes, from ranges, and from both. */
#include "feature_parts.h"

/* ---- realised_vol(n) = sqrt(mean of r^2 over n one-bar log returns) -------------------------------------- */

struct realised_vol {
    double last_close;
    size_t n_bars;
    struct window squares;
};

static size_t realised_vol_state(const void *own) {
    return offsetof(struct realised_vol, squares) + window_size(length_of(own));
}

static double realised_vol_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct realised_vol *s = state;
    double r = log_ratio(in->bar->close, s->last_close);
    s->last_close = in->bar->close;
    if (s->n_bars++ == 0) return NAN;
    struct moments m;
    return window_push(&s->squares, length_of(own), r * r, &m) ? sqrt(m.mean) : NAN;
}

static const struct gw_param realised_vol_params[] = {LENGTH_PARAM(96, 1, "one-bar returns in the mean")};

const struct gw_feature_desc feature_realised_vol = {
    .name = "realised_vol",
    .help = "root mean square of the last n one-bar log returns (no mean is taken off)",
    .source = "Andersen, Bollerslev, Diebold & Labys 2003, Econometrica 71",
    .own = GW_PARAM_TABLE(realised_vol_params),
    .warmup = warmup_window_of_steps,
    .state_size = realised_vol_state,
    .push = realised_vol_push,
};

/* ---- parkinson_vol(n) = sqrt(mean of ln(high/low)^2 / (4 ln 2)) -------------------------------------------- */

static size_t window_state(const void *own) { return window_size(length_of(own)); }

static double parkinson_push(void *state, const void *own, const struct gw_feature_input *in) {
    double range = log_ratio(in->bar->high, in->bar->low);
    struct moments m;
    return window_push(state, length_of(own), range * range, &m) ? sqrt(m.mean / (4 * log(2))) : NAN;
}

static const struct gw_param parkinson_vol_params[] = {LENGTH_PARAM(96, 1, "bars in the mean")};

const struct gw_feature_desc feature_parkinson_vol = {
    .name = "parkinson_vol",
    .help = "volatility per bar estimated from the high-low ranges of n bars",
    .source = "Parkinson 1980, J. Business 53",
    .own = GW_PARAM_TABLE(parkinson_vol_params),
    .warmup = warmup_window,
    .state_size = window_state,
    .push = parkinson_push,
};

/* ---- garman_klass_vol(n) = sqrt(mean of ln(h/l)^2 / 2 - (2 ln 2 - 1) ln(c/o)^2) ---------------------------- */

static double garman_klass_push(void *state, const void *own, const struct gw_feature_input *in) {
    double range = log_ratio(in->bar->high, in->bar->low), body = log_ratio(in->bar->close, in->bar->open);
    struct moments m;
    double variance = .5 * range * range - (2 * log(2) - 1) * body * body;
    if (!window_push(state, length_of(own), variance, &m)) return NAN;
    /* Never negative while open and close lie between low and high; bad data must not make a NaN. */
    return m.mean > 0 ? sqrt(m.mean) : 0;
}

static const struct gw_param garman_klass_vol_params[] = {LENGTH_PARAM(96, 1, "bars in the mean")};

const struct gw_feature_desc feature_garman_klass_vol = {
    .name = "garman_klass_vol",
    .help = "volatility per bar estimated from open, high, low and close of n bars",
    .source = "Garman & Klass 1980, J. Business 53, the practical form of eq. 20",
    .own = GW_PARAM_TABLE(garman_klass_vol_params),
    .warmup = warmup_window,
    .state_size = window_state,
    .push = garman_klass_push,
};
