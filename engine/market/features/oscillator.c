/* Oscillators of which rises, falls and closes within the range are the stuff. */
#include "feature_parts.h"

/* ---- cmo(n) = (rises - falls) / (rises + falls) over n changes of the close ------------------------------------ */

struct changes {
    size_t n_bars;
    double last;
    struct ring ring;
};

static size_t changes_state(const void *own) { return offsetof(struct changes, ring) + ring_size(length_of(own)); }

static bool changes_push(struct changes *s, size_t n, double close) {
    double change = close - s->last;
    s->last = close;
    if (s->n_bars++ == 0) return false;
    ring_push(&s->ring, n, change);
    return s->ring.count == n;
}

static double cmo_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct changes *s = state;
    size_t n = length_of(own);
    double sum = 0, all = 0;
    if (!changes_push(s, n, in->bar->close)) return NAN;
    for (size_t k = 0; k < n; k++) {
        sum += ring_at(&s->ring, n, k);
        all += fabs(ring_at(&s->ring, n, k));
    }
    return ratio_or(sum, all, 0);
}

static const struct gw_param cmo_params[] = {LENGTH_PARAM(14, 1, "changes of the close looked at")};

const struct gw_feature_desc feature_cmo = {
    .name = "cmo",
    .help = "Chande's momentum oscillator / 100, -1..1: rises less falls of n bars over both; 0 when it never moved",
    .source = "Chande & Kroll 1994, The New Technical Trader, ch. 5",
    .own = GW_PARAM_TABLE(cmo_params),
    .warmup = warmup_window_of_steps,
    .state_size = changes_state,
    .push = cmo_push,
};

/* ---- up_share(n): how many of n closes rose ---------------------------------------------------------------------- */

static double up_share_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct changes *s = state;
    size_t n = length_of(own), up = 0;
    if (!changes_push(s, n, in->bar->close)) return NAN;
    for (size_t k = 0; k < n; k++) up += ring_at(&s->ring, n, k) > 0;
    return (double)up / (double)n;
}

static const struct gw_param up_share_params[] = {LENGTH_PARAM(12, 1, "changes of the close looked at")};

const struct gw_feature_desc feature_up_share = {
    .name = "up_share",
    .help = "share of the last n closes that lie above the one before, 0..1",
    .source = "psychological line: Achelis 2001, Technical Analysis from A to Z",
    .own = GW_PARAM_TABLE(up_share_params),
    .warmup = warmup_window_of_steps,
    .state_size = changes_state,
    .push = up_share_push,
};

/* ---- stochastic_d(n, smooth) = mean of the last `smooth` raw %K over n bars --------------------------------------- */

struct slow_k {
    size_t n, smooth;
};
struct slow {
    size_t n_bars;
    struct extreme first; /* highs, then negated lows; behind them the window of %K */
};

static size_t slow_warmup(const void *own) {
    const struct slow_k *length = own;
    return length->n - 1 + length->smooth - 1;
}

static size_t slow_state(const void *own) {
    const struct slow_k *length = own;
    return offsetof(struct slow, first) + 2 * extreme_size(length->n) + window_size(length->smooth);
}

static double stochastic_d_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct slow *s = state;
    const struct slow_k *length = own;
    size_t n = length->n;
    struct moments m;
    double top = extreme_push(extreme_at(&s->first, n, 0), n, in->bar->high);
    double bottom = -extreme_push(extreme_at(&s->first, n, 1), n, -in->bar->low);
    s->n_bars += s->n_bars < n;
    if (s->n_bars < n) return NAN;
    struct window *k = (struct window *)(void *)((char *)&s->first + 2 * extreme_size(n));
    return window_push(k, length->smooth, ratio_or(in->bar->close - bottom, top - bottom, .5), &m) ? m.mean : NAN;
}

static const struct gw_param stochastic_d_params[] = {
    GW_SIZE_PARAM(struct slow_k, n, "bars", 14, 2, GW_FEATURE_LENGTH_MAX, "bars of the channel, this one included"),
    GW_SIZE_PARAM(struct slow_k, smooth, "bars", 3, 1, GW_FEATURE_LENGTH_MAX, "values of %K in the mean"),
};

const struct gw_feature_desc feature_stochastic_d = {
    .name = "stochastic_d",
    .help = "%D: the mean of the last raw %K, 0..1; .5 on a flat price",
    .source = "Lane 1984, Technical Analysis of Stocks & Commodities 2:3, Lane's Stochastics",
    .own = GW_PARAM_TABLE(stochastic_d_params),
    .warmup = slow_warmup,
    .state_size = slow_state,
    .push = stochastic_d_push,
};

/* ---- ultimate(7,14,28) = 100 (4 A7 + 2 A14 + A28) / 7, A = buying pressure / true range ----------------------------- */

struct three {
    size_t fast, middle, slow;
};
struct pressure {
    size_t n_bars;
    double last;
    struct ring first; /* buying pressure, then true range, of `slow` bars each */
};

static const char *three_check(const void *own) {
    const struct three *length = own;
    return length->fast < length->middle && length->middle < length->slow ? NULL
                                                                          : "lengths must rise: fast, middle, slow";
}

static size_t three_warmup(const void *own) { return ((const struct three *)own)->slow; }
static size_t pressure_state(const void *own) {
    return offsetof(struct pressure, first) + 2 * ring_size(((const struct three *)own)->slow);
}

static double pressure_share(const struct ring *bought, const struct ring *range, size_t size, size_t n) {
    double up = 0, all = 0;
    for (size_t k = 0; k < n; k++) {
        up += ring_at(bought, size, k);
        all += ring_at(range, size, k);
    }
    return ratio_or(up, all, .5);
}

static double ultimate_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct pressure *s = state;
    const struct three *length = own;
    size_t n = length->slow;
    struct ring *bought = &s->first, *range = (struct ring *)(void *)((char *)&s->first + ring_size(n));
    double low = fmin(in->bar->low, s->last), high = fmax(in->bar->high, s->last);
    s->last = in->bar->close;
    if (s->n_bars++ == 0) return NAN;
    ring_push(bought, n, in->bar->close - low);
    ring_push(range, n, high - low);
    if (bought->count < n || range->count < n) return NAN;
    return 100 *
           (4 * pressure_share(bought, range, n, length->fast) + 2 * pressure_share(bought, range, n, length->middle) +
            pressure_share(bought, range, n, n)) /
           7;
}

static const struct gw_param ultimate_params[] = {
    GW_SIZE_PARAM(struct three, fast, "bars", 7, 1, GW_FEATURE_LENGTH_MAX, "the first length, which counts four times"),
    GW_SIZE_PARAM(struct three, middle, "bars", 14, 2, GW_FEATURE_LENGTH_MAX, "the second one, which counts twice"),
    GW_SIZE_PARAM(struct three, slow, "bars", 28, 3, GW_FEATURE_LENGTH_MAX, "the third one"),
};

const struct gw_feature_desc feature_ultimate = {
    .name = "ultimate",
    .help = "ultimate oscillator, 0..100: buying pressure over true range at three lengths; 50 on a flat price",
    .source = "Williams 1985, Technical Analysis of Stocks & Commodities 3:4",
    .own = GW_PARAM_TABLE(ultimate_params),
    .check = three_check,
    .warmup = three_warmup,
    .state_size = pressure_state,
    .push = ultimate_push,
};
