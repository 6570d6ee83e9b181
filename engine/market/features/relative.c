/* A symbol beside another one, and among all of them. The other's close comes in as a column that across.c fills from the market:
 * of its last bar that had closed when this one did. Before its first bar nothing is known; a bar that it lacks later leaves
 * its last close standing, which is a return of 0. */
#include <math.h>
#include <stddef.h>

#include "feature_parts.h"

/* The value known last; NaN before the first. */
struct held {
    double value;
    bool known;
};

static double hold(struct held *held, double x) {
    if (!isnan(x)) *held = (struct held){x, true};
    return held->known ? held->value : (double)NAN;
}

/* ---- beta, correlation: the returns of both over n bars ------------------------------------------------------------ */

struct pair {
    struct held other;
    double last_own, last_other;
    size_t n_bars;
    struct ring first; /* own returns, then the other's */
};

static size_t pair_state(const void *own) { return offsetof(struct pair, first) + 2 * ring_size(length_of(own)); }

struct sums {
    double xx, yy, xy; /* of deviations; x: the other's */
};

/* False until n returns of both are known. */
static bool pair_push(struct pair *p, size_t n, const struct gw_feature_input *in, struct sums *out) {
    struct ring *ys = &p->first, *xs = (struct ring *)(void *)((char *)&p->first + ring_size(n));
    const double close = hold(&p->other, in->column);
    if (isnan(close)) return false;
    const double y0 = log_ratio(in->bar->close, p->last_own), x0 = log_ratio(close, p->last_other);
    p->last_own = in->bar->close;
    p->last_other = close;
    if (p->n_bars++ == 0) return false;
    ring_push(ys, n, y0);
    ring_push(xs, n, x0);
    if (ys->count < n) return false;
    double x = 0, y = 0;
    for (size_t k = 0; k < n; k++) { /* from the newest on: equal values then have deviations of exactly 0 */
        x += (ring_at(xs, n, k) - x0) / (double)n;
        y += (ring_at(ys, n, k) - y0) / (double)n;
    }
    *out = (struct sums){0};
    for (size_t k = 0; k < n; k++) {
        const double dx = ring_at(xs, n, k) - x0 - x, dy = ring_at(ys, n, k) - y0 - y;
        out->xx += dx * dx;
        out->yy += dy * dy;
        out->xy += dx * dy;
    }
    return true;
}

static double beta_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct sums s;
    if (!pair_push(state, length_of(own), in, &s)) return NAN;
    return s.xx > 0 ? s.xy / s.xx : 0;
}

static const struct gw_param beta_params[] = {LENGTH_PARAM(96, 2, "bars whose returns are compared")};

const struct gw_feature_desc feature_beta = {
    .name = "beta",
    .help = "slope of this symbol's log returns on another's over n bars; 0 when the other did not move",
    .source = "Sharpe 1964, J. Finance 19: capital asset prices; least squares",
    .own = GW_PARAM_TABLE(beta_params),
    .takes_column = true,
    .column_word = "symbol",
    .market = ".close",
    .warmup = warmup_window_of_steps,
    .state_size = pair_state,
    .push = beta_push,
};

static double correlation_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct sums s;
    if (!pair_push(state, length_of(own), in, &s)) return NAN;
    return clamp(ratio_or(s.xy, sqrt(s.xx) * sqrt(s.yy), 0), -1, 1);
}

const struct gw_feature_desc feature_correlation = {
    .name = "correlation",
    .help = "correlation of this symbol's log returns with another's over n bars, -1..1; 0 when either did not move",
    .source = "Pearson's r of two return series: Markowitz 1952, J. Finance 7",
    .own = GW_PARAM_TABLE(beta_params),
    .takes_column = true,
    .column_word = "symbol",
    .market = ".close",
    .warmup = warmup_window_of_steps,
    .state_size = pair_state,
    .push = correlation_push,
};

/* ---- spread(symbol, n): where the ratio of the two prices stands ----------------------------------------------------- */

struct ratio {
    struct held other;
    struct window window;
};

static size_t spread_state(const void *own) { return offsetof(struct ratio, window) + window_size(length_of(own)); }

static double spread_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct ratio *s = state;
    struct moments m;
    const double other = hold(&s->other, in->column);
    if (isnan(other)) return NAN;
    const double x = log_ratio(in->bar->close, other);
    if (!window_push(&s->window, length_of(own), x, &m)) return NAN;
    return ratio_or(x - m.mean, moments_sd(m), 0);
}

static const struct gw_param spread_params[] = {LENGTH_PARAM(96, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_spread = {
    .name = "spread",
    .help = "z-score of the log of this symbol's price over another's within n bars (population sd); 0 when it stands "
            "still",
    .source = "Gatev, Goetzmann & Rouwenhorst 2006, Review of Financial Studies 19: pairs trading",
    .own = GW_PARAM_TABLE(spread_params),
    .takes_column = true,
    .column_word = "symbol",
    .market = ".close",
    .warmup = warmup_window,
    .state_size = spread_state,
    .push = spread_push,
};

/* ---- excess(symbol, n) = log return over n bars less the other's ------------------------------------------------------ */

static double excess_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct pair *p = state;
    const size_t n = length_of(own);
    struct ring *ys = &p->first, *xs = (struct ring *)(void *)((char *)&p->first + ring_size(n));
    const double close = hold(&p->other, in->column);
    if (isnan(close)) return NAN;
    const double y = ring_push(ys, n, in->bar->close), x = ring_push(xs, n, close);
    if (isnan(y) || isnan(x)) return NAN;
    return log_ratio(in->bar->close, y) - log_ratio(close, x);
}

static const struct gw_param excess_params[] = {LENGTH_PARAM(24, 1, "bars over which both returns are taken")};

const struct gw_feature_desc feature_excess = {
    .name = "excess",
    .help = "log return of n bars less that of another symbol",
    .source = "relative strength: Jegadeesh & Titman 1993, J. Finance 48, of a pair",
    .own = GW_PARAM_TABLE(excess_params),
    .takes_column = true,
    .column_word = "symbol",
    .market = ".close",
    .warmup = warmup_window_of_steps,
    .state_size = pair_state,
    .push = excess_push,
};

/* ---- rank(n): reckoned across the market, here passed on ---------------------------------------------------------------- */

static size_t rank_state(const void *own) {
    (void)own;
    return sizeof(struct held);
}

static double rank_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)own;
    return hold(state, in->column);
}

const struct gw_feature_desc feature_rank = {
    .name = "rank",
    .help = "rank of the log return over n bars among all symbols that have a bar: 0 the lowest, 1 the highest",
    .source = "Jegadeesh & Titman 1993, J. Finance 48: returns to buying winners and selling losers",
    .takes_column = true,
    .column_word = "n",
    .market = ".rank",
    .warmup = warmup_none,
    .state_size = rank_state,
    .push = rank_push,
};
