/* How straight and how far the price has gone. Rings of n values, looked through each time: nothing drifts. */
#include "feature_parts.h"

struct closes {
    size_t n_bars;
    double last;
    struct ring ring;
};

static size_t closes_state(const void *own) { return offsetof(struct closes, ring) + ring_size(length_of(own)); }

/* ---- efficiency_ratio(n) = |close[t] - close[t-n]| / sum |close[i] - close[i-1]| ------------------------- */

static double efficiency_ratio_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct closes *s = state;
    size_t n = length_of(own);
    double change = in->bar->close - s->last, way = 0, path = 0;
    s->last = in->bar->close;
    if (s->n_bars++ == 0) return NAN;
    ring_push(&s->ring, n, change);
    if (s->ring.count < n) return NAN;
    for (size_t k = 0; k < n; k++) {
        double step = ring_at(&s->ring, n, k);
        way += step;
        path += fabs(step);
    }
    return ratio_or(fabs(way), path, 0);
}

static const struct gw_param efficiency_ratio_params[] = {LENGTH_PARAM(10, 2, "changes of the close looked at")};

const struct gw_feature_desc feature_efficiency_ratio = {
    .name = "efficiency_ratio",
    .help = "how far the close went in n bars over the way it took, 0..1; 0 when it never moved",
    .source = "Kaufman 1995, Smarter Trading, ch. 6 (also his adaptive average's efficiency)",
    .own = GW_PARAM_TABLE(efficiency_ratio_params),
    .warmup = warmup_window_of_steps,
    .state_size = closes_state,
    .push = efficiency_ratio_push,
};

/* ---- a straight line through the last n log closes ------------------------------------------------------- */

struct line {
    double slope, r2;
};

/* Log closes relative to the last one: on a flat price they are all 0. */
static bool fit_line(struct closes *s, size_t n, double close, struct line *out) {
    ring_push(&s->ring, n, close);
    if (s->ring.count < n) return false;
    double middle = ((double)n - 1) / 2, mean = 0, xy = 0, xx = 0, yy = 0;
    for (size_t k = 0; k < n; k++) mean += log_ratio(ring_at(&s->ring, n, k), close) / (double)n;
    for (size_t k = 0; k < n; k++) { /* k bars ago */
        double x = middle - (double)k, y = log_ratio(ring_at(&s->ring, n, k), close) - mean;
        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    out->slope = ratio_or(xy, xx, 0);
    out->r2 = ratio_or(xy * xy, xx * yy, 0);
    return true;
}

static double linreg_slope_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct line line;
    return fit_line(state, length_of(own), in->bar->close, &line) ? line.slope : NAN;
}

static const struct gw_param linreg_slope_params[] = {LENGTH_PARAM(20, 2, "log closes that the line goes through")};

const struct gw_feature_desc feature_linreg_slope = {
    .name = "linreg_slope",
    .help = "slope of the least-squares line through the last n log closes, per bar",
    .source = "ordinary least squares: Draper & Smith 1998, Applied Regression Analysis, ch. 1",
    .own = GW_PARAM_TABLE(linreg_slope_params),
    .warmup = warmup_window,
    .state_size = closes_state,
    .push = linreg_slope_push,
};

static double linreg_r2_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct line line;
    return fit_line(state, length_of(own), in->bar->close, &line) ? line.r2 : NAN;
}

static const struct gw_param linreg_r2_params[] = {LENGTH_PARAM(20, 3, "log closes that the line goes through")};

const struct gw_feature_desc feature_linreg_r2 = {
    .name = "linreg_r2",
    .help = "share of the variance of the last n log closes that a straight line explains, 0..1; 0 on a flat price",
    .source = "coefficient of determination: Draper & Smith 1998, Applied Regression Analysis, ch. 1",
    .own = GW_PARAM_TABLE(linreg_r2_params),
    .warmup = warmup_window,
    .state_size = closes_state,
    .push = linreg_r2_push,
};

/* ---- ma_cross(fast, slow) = mean of fast closes / mean of slow closes - 1 ----------------------------------- */

struct pair {
    size_t fast, slow;
};

static const char *pair_check(const void *own) {
    const struct pair *length = own;
    return length->fast < length->slow ? NULL : "fast must be less than slow";
}

static size_t pair_warmup(const void *own) { return ((const struct pair *)own)->slow - 1; }

static size_t pair_state(const void *own) {
    const struct pair *length = own;
    return window_size(length->fast) + window_size(length->slow);
}

static double two_means(void *state, const struct pair *length, double x, double *slow) {
    struct moments fast_m, slow_m;
    struct window *second = (struct window *)(void *)((char *)state + window_size(length->fast));
    bool first = window_push(state, length->fast, x, &fast_m);
    if (!window_push(second, length->slow, x, &slow_m) || !first) return NAN;
    *slow = slow_m.mean;
    return fast_m.mean;
}

static double ma_cross_push(void *state, const void *own, const struct gw_feature_input *in) {
    double slow, fast = two_means(state, own, in->bar->close, &slow);
    return isnan(fast) ? NAN : ratio_or(fast - slow, slow, 0);
}

static const struct gw_param ma_cross_params[] = {
    GW_SIZE_PARAM(struct pair, fast, "bars", 10, 1, GW_FEATURE_LENGTH_MAX,
                  "closes in the fast average; less than slow"),
    GW_SIZE_PARAM(struct pair, slow, "bars", 50, 2, GW_FEATURE_LENGTH_MAX, "closes in the slow average"),
};

const struct gw_feature_desc feature_ma_cross = {
    .name = "ma_cross",
    .help = "fast simple moving average of the close / slow one - 1",
    .source = "Brock, Lakonishok & LeBaron 1992, J. Finance 47: variable-length moving averages",
    .own = GW_PARAM_TABLE(ma_cross_params),
    .check = pair_check,
    .warmup = pair_warmup,
    .state_size = pair_state,
    .push = ma_cross_push,
};

/* ---- awesome(fast, slow): the same of (high + low) / 2, as a difference over the close ------------------------- */

static double awesome_push(void *state, const void *own, const struct gw_feature_input *in) {
    double slow, fast = two_means(state, own, (in->bar->high + in->bar->low) / 2, &slow);
    return isnan(fast) ? NAN : ratio_or(fast - slow, in->bar->close, 0);
}

static const struct gw_param awesome_params[] = {
    GW_SIZE_PARAM(struct pair, fast, "bars", 5, 1, GW_FEATURE_LENGTH_MAX, "bars in the fast average; less than slow"),
    GW_SIZE_PARAM(struct pair, slow, "bars", 34, 2, GW_FEATURE_LENGTH_MAX, "bars in the slow average"),
};

const struct gw_feature_desc feature_awesome = {
    .name = "awesome",
    .help = "fast less slow average of the bars' middles, as a fraction of the close",
    .source = "Williams 1998, New Trading Dimensions: awesome oscillator",
    .own = GW_PARAM_TABLE(awesome_params),
    .check = pair_check,
    .warmup = pair_warmup,
    .state_size = pair_state,
    .push = awesome_push,
};

/* ---- aroon(n) = (bars since the lowest low - bars since the highest high) / n, over n + 1 bars ------------------ */

struct lows_highs {
    size_t n_bars;
    struct ring first; /* highs, then lows */
};

static struct ring *second_ring(struct ring *first, size_t length) {
    return (struct ring *)(void *)((char *)first + ring_size(length));
}

static size_t aroon_state(const void *own) {
    return offsetof(struct lows_highs, first) + 2 * ring_size(length_of(own) + 1);
}

static double aroon_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct lows_highs *s = state;
    size_t n = length_of(own) + 1, top = 0, bottom = 0;
    struct ring *highs = &s->first, *lows = second_ring(&s->first, n);
    ring_push(highs, n, in->bar->high);
    ring_push(lows, n, in->bar->low);
    if (highs->count < n || lows->count < n) return NAN;
    for (size_t k = 1; k < n; k++) { /* of equal ones the latest counts */
        if (ring_at(highs, n, k) > ring_at(highs, n, top)) top = k;
        if (ring_at(lows, n, k) < ring_at(lows, n, bottom)) bottom = k;
    }
    return ((double)bottom - (double)top) / (double)(n - 1);
}

static const struct gw_param aroon_params[] = {LENGTH_PARAM(25, 1, "bars before this one that are looked at")};

const struct gw_feature_desc feature_aroon = {
    .name = "aroon",
    .help = "Aroon oscillator / 100, -1..1: 1 when the highest high of n bars is new and the lowest low old; 0 on a "
            "flat price",
    .source = "Chande 1995, Technical Analysis of Stocks & Commodities 13:9",
    .own = GW_PARAM_TABLE(aroon_params),
    .warmup = warmup_window_of_steps,
    .state_size = aroon_state,
    .push = aroon_push,
};

/* ---- how far from the ends of the channel, and how wide it is -------------------------------------------------- */

struct edges {
    size_t n_bars;
    struct extreme first; /* highs, then negated lows */
};

static size_t edges_state(const void *own) { return offsetof(struct edges, first) + 2 * extreme_size(length_of(own)); }

static bool edges_push(struct edges *s, size_t n, const struct gw_bar *bar, double *top, double *bottom) {
    *top = extreme_push(extreme_at(&s->first, n, 0), n, bar->high);
    *bottom = -extreme_push(extreme_at(&s->first, n, 1), n, -bar->low);
    s->n_bars += s->n_bars < n;
    return s->n_bars >= n;
}

static double dist_high_push(void *state, const void *own, const struct gw_feature_input *in) {
    double top, bottom;
    return edges_push(state, length_of(own), in->bar, &top, &bottom) ? ratio_or(in->bar->close - top, top, 0) : NAN;
}
static double dist_low_push(void *state, const void *own, const struct gw_feature_input *in) {
    double top, bottom;
    return edges_push(state, length_of(own), in->bar, &top, &bottom) ? ratio_or(in->bar->close - bottom, bottom, 0)
                                                                     : NAN;
}
static double channel_width_push(void *state, const void *own, const struct gw_feature_input *in) {
    double top, bottom;
    return edges_push(state, length_of(own), in->bar, &top, &bottom) ? ratio_or(top - bottom, in->bar->close, 0) : NAN;
}

static const struct gw_param edges_params[] = {LENGTH_PARAM(96, 1, "bars of the channel, this one included")};

const struct gw_feature_desc feature_dist_high = {
    .name = "dist_high",
    .help = "close / highest high of n bars - 1: 0 at the high, negative below",
    .source = "George & Hwang 2004, J. Finance 59: nearness to the 52-week high",
    .own = GW_PARAM_TABLE(edges_params),
    .warmup = warmup_window,
    .state_size = edges_state,
    .push = dist_high_push,
};
const struct gw_feature_desc feature_dist_low = {
    .name = "dist_low",
    .help = "close / lowest low of n bars - 1: 0 at the low, positive above",
    .source = "George & Hwang 2004, J. Finance 59, its mirror",
    .own = GW_PARAM_TABLE(edges_params),
    .warmup = warmup_window,
    .state_size = edges_state,
    .push = dist_low_push,
};
const struct gw_feature_desc feature_channel_width = {
    .name = "channel_width",
    .help = "(highest high - lowest low of n bars) / close",
    .source = "Donchian's channel: Kaufman 2013, Trading Systems and Methods",
    .own = GW_PARAM_TABLE(edges_params),
    .warmup = warmup_window,
    .state_size = edges_state,
    .push = channel_width_push,
};
