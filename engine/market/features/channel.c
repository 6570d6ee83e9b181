/* Where the price stands in its recent channel. Williams' %R is stochastic_k - 1 and therefore absent. */
#include "feature_parts.h"

/* ---- stochastic_k(n) = (close - lowest low) / (highest high - lowest low) over n bars -------------------- */

static size_t extremes_state(const void *own) { return 2 * extreme_size(length_of(own)); }

struct channel {
    size_t n_bars;
    struct extreme first; /* highs, then negated lows */
};

static size_t stochastic_state(const void *own) { return offsetof(struct channel, first) + extremes_state(own); }

static double stochastic_k_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct channel *s = state;
    size_t n = length_of(own);
    double top = extreme_push(extreme_at(&s->first, n, 0), n, in->bar->high);
    double bottom = -extreme_push(extreme_at(&s->first, n, 1), n, -in->bar->low);
    s->n_bars += s->n_bars < n;
    if (s->n_bars < n) return NAN;
    return ratio_or(in->bar->close - bottom, top - bottom, .5);
}

static const struct gw_param stochastic_k_params[] = {LENGTH_PARAM(14, 2, "bars of the channel, this one included")};

const struct gw_feature_desc feature_stochastic_k = {
    .name = "stochastic_k",
    .help = "raw %K of n bars: 0 at the lowest low, 1 at the highest high; .5 on a flat price",
    .source = "Lane 1984, Technical Analysis of Stocks & Commodities 2:3, Lane's Stochastics",
    .own = GW_PARAM_TABLE(stochastic_k_params),
    .warmup = warmup_window,
    .state_size = stochastic_state,
    .push = stochastic_k_push,
};

/* ---- donchian_pos(n): close in the channel of the n bars BEFORE this one, clipped to -1..2 ---------------- */

struct donchian {
    size_t n_bars;
    double top, bottom; /* of the n bars up to the last push */
    struct extreme first;
};

static size_t donchian_state(const void *own) { return offsetof(struct donchian, first) + extremes_state(own); }

static double donchian_pos_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct donchian *s = state;
    size_t n = length_of(own);
    double top = s->top, bottom = s->bottom, above = in->bar->close - bottom;
    bool full = s->n_bars == n;
    s->top = extreme_push(extreme_at(&s->first, n, 0), n, in->bar->high);
    s->bottom = -extreme_push(extreme_at(&s->first, n, 1), n, -in->bar->low);
    s->n_bars += !full;
    if (!full) return NAN;
    return clamp(ratio_or(above, top - bottom, above > 0 ? 2 : above < 0 ? -1 : .5), -1, 2);
}

static const struct gw_param donchian_pos_params[] = {LENGTH_PARAM(20, 1, "bars of the channel, this one left out")};

const struct gw_feature_desc feature_donchian_pos = {
    .name = "donchian_pos",
    .help = "close in the high-low channel of the n bars before this one: above 1 or below 0 is a breakout; "
            "clipped to -1..2; .5 when channel and close are flat",
    .source = "Donchian's four-week rule: Kaufman 2013, Trading Systems and Methods",
    .own = GW_PARAM_TABLE(donchian_pos_params),
    .warmup = warmup_window_of_steps,
    .state_size = donchian_state,
    .push = donchian_pos_push,
};

/* ---- cci(n) = (TP - mean TP) / (.015 * mean |TP - mean TP|), TP = (high + low + close) / 3 ---------------- */

static size_t cci_state(const void *own) { return ring_size(length_of(own)); }

/* The mean absolute deviation is around a mean that moves: O(n) per bar. */
static double cci_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct ring *ring = state;
    size_t n = length_of(own);
    double now = typical_price(in->bar), sum = 0, deviation = 0;
    ring_push(ring, n, now);
    if (ring->count < n) return NAN;
    /* Relative to the last value: a flat price gives exactly 0. */
    for (size_t k = 0; k < n; k++) sum += ring->value[k] - now;
    double mean = sum / (double)n;
    for (size_t k = 0; k < n; k++) deviation += fabs(ring->value[k] - now - mean);
    return ratio_or(-mean, .015 * (deviation / (double)n), 0);
}

static const struct gw_param cci_params[] = {LENGTH_PARAM(20, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_cci = {
    .name = "cci",
    .help = "commodity channel index; 0 on a flat price",
    .source = "Lambert 1980, Commodities (October): Commodity Channel Index",
    .own = GW_PARAM_TABLE(cci_params),
    .warmup = warmup_window,
    .state_size = cci_state,
    .push = cci_push,
};
