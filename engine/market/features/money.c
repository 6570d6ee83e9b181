/* Volume beside prices: where in the range it came, with which moves, in which sizes. */
#include "feature_parts.h"

/* ---- cmf(n) = sum of ((c - l) - (h - c)) / (h - l) * v / sum of v ----------------------------------------------- */

static size_t two_windows(const void *own) { return 2 * window_size(length_of(own)); }

static double cmf_push(void *state, const void *own, const struct gw_feature_input *in) {
    size_t n = length_of(own);
    const struct gw_bar *b = in->bar;
    double side = ratio_or(b->close - b->low - (b->high - b->close), b->high - b->low, 0);
    struct moments flow, all;
    bool full = window_push(window_at(state, n, 0), n, side * b->volume, &flow);
    if (!window_push(window_at(state, n, 1), n, b->volume, &all) || !full) return NAN;
    return ratio_or(flow.mean, all.mean, 0);
}

static const struct gw_param cmf_params[] = {LENGTH_PARAM(20, 1, "bars looked at")};

const struct gw_feature_desc feature_cmf = {
    .name = "cmf",
    .help = "Chaikin money flow, -1..1: volume weighted by where in its range each bar closed; 0 when none traded",
    .source = "Chaikin money flow: Achelis 2001, Technical Analysis from A to Z",
    .own = GW_PARAM_TABLE(cmf_params),
    .needs_volume = true,
    .warmup = warmup_window,
    .state_size = two_windows,
    .push = cmf_push,
};

/* ---- volume_corr(n) = correlation of |one-bar log return| and volume ---------------------------------------------- */

struct both {
    size_t n_bars;
    double last;
    struct ring first; /* moves, then volumes */
};

static size_t both_state(const void *own) { return offsetof(struct both, first) + 2 * ring_size(length_of(own)); }

static double volume_corr_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct both *s = state;
    size_t n = length_of(own);
    struct ring *moves = &s->first, *volumes = (struct ring *)(void *)((char *)&s->first + ring_size(n));
    double move = fabs(log_ratio(in->bar->close, s->last)), x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    s->last = in->bar->close;
    if (s->n_bars++ == 0) return NAN;
    ring_push(moves, n, move);
    ring_push(volumes, n, in->bar->volume);
    if (moves->count < n || volumes->count < n) return NAN;
    double x0 = move, y0 = in->bar->volume; /* equal values then have deviations of exactly 0 */
    for (size_t k = 0; k < n; k++) {
        x += (ring_at(moves, n, k) - x0) / (double)n;
        y += (ring_at(volumes, n, k) - y0) / (double)n;
    }
    for (size_t k = 0; k < n; k++) {
        double dx = ring_at(moves, n, k) - x0 - x, dy = ring_at(volumes, n, k) - y0 - y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    return clamp(ratio_or(xy, sqrt(xx) * sqrt(yy), 0), -1, 1);
}

static const struct gw_param volume_corr_params[] = {LENGTH_PARAM(96, 3, "bars looked at")};

const struct gw_feature_desc feature_volume_corr = {
    .name = "volume_corr",
    .help = "correlation of the size of moves and volume over n bars, -1..1; 0 when either is constant",
    .source = "Karpoff 1987, J. Financial and Quantitative Analysis 22: price changes and volume",
    .own = GW_PARAM_TABLE(volume_corr_params),
    .needs_volume = true,
    .warmup = warmup_window_of_steps,
    .state_size = both_state,
    .push = volume_corr_push,
};

/* ---- trade_size_z(n): volume per trade among the last n ------------------------------------------------------------- */

static size_t window_state(const void *own) { return window_size(length_of(own)); }

static double trade_size_z_push(void *state, const void *own, const struct gw_feature_input *in) {
    double size = ratio_or(in->bar->volume, in->trade_count, 0);
    struct moments m;
    if (!window_push(state, length_of(own), size, &m)) return NAN;
    return ratio_or(size - m.mean, moments_sd(m), 0);
}

static const struct gw_param trade_size_z_params[] = {LENGTH_PARAM(96, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_trade_size_z = {
    .name = "trade_size_z",
    .help = "z-score of the volume per trade within the last n bars (population sd); a bar without trades counts as 0",
    .source = "Easley & O'Hara 1987, J. Financial Economics 19: trade size and information",
    .own = GW_PARAM_TABLE(trade_size_z_params),
    .needs_volume = true,
    .needs_trade_count = true,
    .warmup = warmup_window,
    .state_size = window_state,
    .push = trade_size_z_push,
};
