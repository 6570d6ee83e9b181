/* Features from columns that only some sources have: taker-buy volume, trade count, quote volume. A single
 * missing entry (NaN) in such a column counts as the neutral value. */
#include "feature_parts.h"

/* ---- taker_buy_ratio = taker-buy volume / volume -------------------------------------------------------------- */

static double taker_buy_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    if (isnan(in->taker_buy_base)) return .5;
    return clamp(ratio_or(in->taker_buy_base, in->bar->volume, .5), 0, 1);
}

const struct gw_feature_desc feature_taker_buy_ratio = {
    .name = "taker_buy_ratio",
    .help = "share of the volume that takers bought, 0..1; .5 when nothing traded",
    .source = "order imbalance: Chordia, Roll & Subrahmanyam 2002, J. Financial Economics 65",
    .needs_volume = true,
    .needs_taker_buy = true,
    .warmup = warmup_none,
    .state_size = state_none,
    .push = taker_buy_push,
};

/* ---- trade_count_z(n) = (trades - mean) / sd over n bars, this one included ------------------------------------ */

static size_t trade_count_state(const void *own) { return window_size(length_of(own)); }

static double trade_count_z_push(void *state, const void *own, const struct gw_feature_input *in) {
    double trades = isnan(in->trade_count) ? 0 : in->trade_count;
    struct moments m;
    if (!window_push(state, length_of(own), trades, &m)) return NAN;
    return ratio_or(trades - m.mean, moments_sd(m), 0);
}

static const struct gw_param trade_count_z_params[] = {LENGTH_PARAM(96, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_trade_count_z = {
    .name = "trade_count_z",
    .help = "z-score of the number of trades within the last n bars (population sd); 0 when they are all equal",
    .source = "Jones, Kaul & Lipson 1994, Review of Financial Studies 7: transactions against volume",
    .own = GW_PARAM_TABLE(trade_count_z_params),
    .needs_trade_count = true,
    .warmup = warmup_window,
    .state_size = trade_count_state,
    .push = trade_count_z_push,
};

/* ---- vwap_gap(n) = close / (sum quote volume / sum volume) - 1 ------------------------------------------------- */

static size_t vwap_state(const void *own) { return 2 * window_size(length_of(own)); }

static double vwap_gap_push(void *state, const void *own, const struct gw_feature_input *in) {
    size_t n = length_of(own);
    bool known = !isnan(in->quote_volume);
    struct moments quote, base;
    bool full = window_push(window_at(state, n, 0), n, known ? in->quote_volume : 0, &quote);
    if (!window_push(window_at(state, n, 1), n, known ? in->bar->volume : 0, &base) || !full) return NAN;
    double vwap = ratio_or(quote.mean, base.mean, in->bar->close);
    return ratio_or(in->bar->close - vwap, vwap, 0);
}

static const struct gw_param vwap_gap_params[] = {LENGTH_PARAM(96, 1, "bars in the average")};

const struct gw_feature_desc feature_vwap_gap = {
    .name = "vwap_gap",
    .help = "close / volume-weighted average price of the last n bars - 1; 0 when none of them traded",
    .source = "Berkowitz, Logue & Noser 1988, J. Finance 43",
    .own = GW_PARAM_TABLE(vwap_gap_params),
    .needs_volume = true,
    .needs_quote_volume = true,
    .warmup = warmup_window,
    .state_size = vwap_state,
    .push = vwap_gap_push,
};
