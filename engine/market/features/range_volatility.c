/* Volatility per bar from opens, highs and lows, and how it is made up. */
#include "feature_parts.h"

/* ---- rogers_satchell_vol(n) = sqrt(mean of ln(h/c) ln(h/o) + ln(l/c) ln(l/o)) ------------------------------------- */

static size_t window_state(const void *own) { return window_size(length_of(own)); }

static double rogers_satchell(const struct gw_bar *b) {
    return log_ratio(b->high, b->close) * log_ratio(b->high, b->open) +
           log_ratio(b->low, b->close) * log_ratio(b->low, b->open);
}

static double rogers_satchell_vol_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct moments m;
    return window_push(state, length_of(own), rogers_satchell(in->bar), &m) ? sqrt(fmax(m.mean, 0)) : NAN;
}

static const struct gw_param rogers_satchell_vol_params[] = {LENGTH_PARAM(96, 1, "bars in the mean")};

const struct gw_feature_desc feature_rogers_satchell_vol = {
    .name = "rogers_satchell_vol",
    .help = "volatility per bar from open, high, low and close that a trend does not inflate",
    .source = "Rogers & Satchell 1991, Annals of Applied Probability 1",
    .own = GW_PARAM_TABLE(rogers_satchell_vol_params),
    .warmup = warmup_window,
    .state_size = window_state,
    .push = rogers_satchell_vol_push,
};

/* ---- yang_zhang_vol(n)^2 = var(overnight) + k var(open to close) + (1 - k) Rogers-Satchell ------------------------- */

struct yang_zhang {
    size_t n_bars;
    double last;
    struct window first; /* overnight, open to close, Rogers-Satchell */
};

static size_t yang_zhang_state(const void *own) {
    return offsetof(struct yang_zhang, first) + 3 * window_size(length_of(own));
}

static double yang_zhang_vol_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct yang_zhang *s = state;
    size_t n = length_of(own);
    const struct gw_bar *b = in->bar;
    double overnight = log_ratio(b->open, s->last);
    struct moments night, day, inside;
    s->last = b->close;
    if (s->n_bars++ == 0) return NAN;
    bool full = window_push(window_at(&s->first, n, 0), n, overnight, &night);
    full &= window_push(window_at(&s->first, n, 1), n, log_ratio(b->close, b->open), &day);
    full &= window_push(window_at(&s->first, n, 2), n, rogers_satchell(b), &inside);
    if (!full) return NAN;
    double of = (double)n, k = .34 / (1.34 + (of + 1) / (of - 1));
    double variance = night.m2 / (of - 1) + k * day.m2 / (of - 1) + (1 - k) * inside.mean;
    return sqrt(fmax(variance, 0));
}

static const struct gw_param yang_zhang_vol_params[] = {LENGTH_PARAM(96, 2, "bars in the variances")};

const struct gw_feature_desc feature_yang_zhang_vol = {
    .name = "yang_zhang_vol",
    .help = "volatility per bar from overnight jumps, opens to closes and ranges, independent of drift",
    .source = "Yang & Zhang 2000, J. Business 73, eq. 15",
    .own = GW_PARAM_TABLE(yang_zhang_vol_params),
    .warmup = warmup_window_of_steps,
    .state_size = yang_zhang_state,
    .push = yang_zhang_vol_push,
};

/* ---- what log returns of the recent past are made of --------------------------------------------------------------- */

struct returns {
    size_t n_bars;
    double last;
    struct ring ring;
};

static size_t returns_state(const void *own) { return offsetof(struct returns, ring) + ring_size(length_of(own)); }

static bool returns_push(struct returns *s, size_t n, double close) {
    double r = log_ratio(close, s->last);
    s->last = close;
    if (s->n_bars++ == 0) return false;
    ring_push(&s->ring, n, r);
    return s->ring.count == n;
}

static double squares(const struct ring *ring, size_t size, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += ring_at(ring, size, k) * ring_at(ring, size, k);
    return sum;
}

/* ---- vol_ratio(fast, slow) = realised volatility of fast bars / of slow bars --- */

struct fast_slow {
    size_t fast, slow;
};

static const char *fast_slow_check(const void *own) {
    const struct fast_slow *length = own;
    return length->fast < length->slow ? NULL : "fast must be less than slow";
}
static size_t fast_slow_warmup(const void *own) { return ((const struct fast_slow *)own)->slow; }
static size_t fast_slow_state(const void *own) {
    return offsetof(struct returns, ring) + ring_size(((const struct fast_slow *)own)->slow);
}

static double vol_ratio_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct returns *s = state;
    const struct fast_slow *length = own;
    size_t n = length->slow;
    if (!returns_push(s, n, in->bar->close)) return NAN;
    double all = squares(&s->ring, n, n) / (double)n, some = squares(&s->ring, n, length->fast) / (double)length->fast;
    return sqrt(ratio_or(some, all, 1));
}

static const struct gw_param vol_ratio_params[] = {
    GW_SIZE_PARAM(struct fast_slow, fast, "bars", 10, 1, GW_FEATURE_LENGTH_MAX, "the latest returns; less than slow"),
    GW_SIZE_PARAM(struct fast_slow, slow, "bars", 96, 2, GW_FEATURE_LENGTH_MAX,
                  "the returns that they are held against"),
};

const struct gw_feature_desc feature_vol_ratio = {
    .name = "vol_ratio",
    .help = "realised volatility of the last `fast` returns over that of the last `slow`; 1 when nothing moved",
    .source = "short against long volatility: Natenberg 1994, Option Volatility & Pricing, ch. 14",
    .own = GW_PARAM_TABLE(vol_ratio_params),
    .check = fast_slow_check,
    .warmup = fast_slow_warmup,
    .state_size = fast_slow_state,
    .push = vol_ratio_push,
};

/* ---- downside_vol(n) = sqrt(mean of min(r, 0)^2) --- */

static double downside_vol_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct returns *s = state;
    size_t n = length_of(own);
    double sum = 0;
    if (!returns_push(s, n, in->bar->close)) return NAN;
    for (size_t k = 0; k < n; k++) {
        double r = fmin(ring_at(&s->ring, n, k), 0);
        sum += r * r;
    }
    return sqrt(sum / (double)n);
}

static const struct gw_param downside_vol_params[] = {LENGTH_PARAM(96, 1, "one-bar returns in the mean")};

const struct gw_feature_desc feature_downside_vol = {
    .name = "downside_vol",
    .help = "root mean square of the negative ones among the last n one-bar log returns, the others counting as 0",
    .source = "Barndorff-Nielsen, Kinnebrock & Shephard 2010, realised semivariance",
    .own = GW_PARAM_TABLE(downside_vol_params),
    .warmup = warmup_window_of_steps,
    .state_size = returns_state,
    .push = downside_vol_push,
};

/* ---- max_return(n) --- */

static double max_return_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct returns *s = state;
    size_t n = length_of(own);
    if (!returns_push(s, n, in->bar->close)) return NAN;
    double most = ring_at(&s->ring, n, 0);
    for (size_t k = 1; k < n; k++) most = fmax(most, ring_at(&s->ring, n, k));
    return most;
}

static const struct gw_param max_return_params[] = {LENGTH_PARAM(20, 1, "one-bar returns looked at")};

const struct gw_feature_desc feature_max_return = {
    .name = "max_return",
    .help = "largest of the last n one-bar log returns",
    .source = "Bali, Cakici & Whitelaw 2011, J. Financial Economics 99: MAX",
    .own = GW_PARAM_TABLE(max_return_params),
    .warmup = warmup_window_of_steps,
    .state_size = returns_state,
    .push = max_return_push,
};

/* ---- kurtosis(n) = m4 / m2^2 - 3 --- */

static double kurtosis_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct returns *s = state;
    size_t n = length_of(own);
    if (!returns_push(s, n, in->bar->close)) return NAN;
    double origin = ring_at(&s->ring, n, 0), mean = 0, m2 = 0, m4 = 0;
    for (size_t k = 0; k < n; k++) mean += (ring_at(&s->ring, n, k) - origin) / (double)n;
    for (size_t k = 0; k < n; k++) {
        double d = ring_at(&s->ring, n, k) - origin - mean;
        m2 += d * d / (double)n;
        m4 += d * d * d * d / (double)n;
    }
    return ratio_or(m4, m2 * m2, 3) - 3;
}

static const struct gw_param kurtosis_params[] = {LENGTH_PARAM(96, 4, "one-bar returns looked at")};

const struct gw_feature_desc feature_kurtosis = {
    .name = "kurtosis",
    .help = "excess kurtosis of the last n one-bar log returns (population moments); 0 when they are all equal",
    .source = "Fisher-Pearson g2: Joanes & Gill 1998, The Statistician 47",
    .own = GW_PARAM_TABLE(kurtosis_params),
    .warmup = warmup_window_of_steps,
    .state_size = returns_state,
    .push = kurtosis_push,
};

/* ---- jump_share(n) = max(0, 1 - bipower variation / realised variance) --- */

static double jump_share_push(void *state, const void *own, const struct gw_feature_input *in) {
    static const double half_pi = 1.5707963267948966;
    struct returns *s = state;
    size_t n = length_of(own);
    double bipower = 0;
    if (!returns_push(s, n, in->bar->close)) return NAN;
    for (size_t k = 0; k + 1 < n; k++) bipower += fabs(ring_at(&s->ring, n, k)) * fabs(ring_at(&s->ring, n, k + 1));
    double scaled = half_pi * bipower * (double)n / (double)(n - 1);
    return fmax(0, 1 - ratio_or(scaled, squares(&s->ring, n, n), 1));
}

static const struct gw_param jump_share_params[] = {LENGTH_PARAM(96, 2, "one-bar returns looked at")};

const struct gw_feature_desc feature_jump_share = {
    .name = "jump_share",
    .help = "share of the variance of n returns that came in jumps, 0..1; 0 when nothing moved",
    .source = "Barndorff-Nielsen & Shephard 2004, J. Financial Econometrics 2: bipower variation",
    .own = GW_PARAM_TABLE(jump_share_params),
    .warmup = warmup_window_of_steps,
    .state_size = returns_state,
    .push = jump_share_push,
};

/* ---- range_z(n): the bar's range among the last n ------------------------------------------------------------------ */

static double range_z_push(void *state, const void *own, const struct gw_feature_input *in) {
    double range = ratio_or(in->bar->high - in->bar->low, in->bar->close, 0);
    struct moments m;
    if (!window_push(state, length_of(own), range, &m)) return NAN;
    return ratio_or(range - m.mean, moments_sd(m), 0);
}

static const struct gw_param range_z_params[] = {LENGTH_PARAM(96, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_range_z = {
    .name = "range_z",
    .help = "z-score of (high - low) / close within the last n bars (population sd); 0 when they are all equal",
    .source = "standard score over a moving window; Parkinson 1980, J. Business 53, for the range",
    .own = GW_PARAM_TABLE(range_z_params),
    .warmup = warmup_window,
    .state_size = window_state,
    .push = range_z_push,
};

/* ---- chop(n) = 100 log10(sum of true ranges / (highest high - lowest low)) / log10(n) ----------------------------- */

struct chop {
    size_t n_bars;
    double last;
    struct extreme first; /* highs, negated lows, then the window of true ranges */
};

static size_t chop_state(const void *own) {
    return offsetof(struct chop, first) + 2 * extreme_size(length_of(own)) + window_size(length_of(own));
}

static double chop_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct chop *s = state;
    size_t n = length_of(own);
    const struct gw_bar *b = in->bar;
    double true_range = fmax(b->high, s->last) - fmin(b->low, s->last);
    struct moments m;
    s->last = b->close;
    if (s->n_bars++ == 0) return NAN;
    double top = extreme_push(extreme_at(&s->first, n, 0), n, b->high);
    double bottom = -extreme_push(extreme_at(&s->first, n, 1), n, -b->low);
    struct window *ranges = (struct window *)(void *)((char *)&s->first + 2 * extreme_size(n));
    if (!window_push(ranges, n, true_range, &m)) return NAN;
    double way = m.mean * (double)n;
    return top > bottom && way > 0 ? 100 * log10(way / (top - bottom)) / log10((double)n) : 50;
}

static const struct gw_param chop_params[] = {LENGTH_PARAM(14, 2, "bars looked at")};

const struct gw_feature_desc feature_chop = {
    .name = "chop",
    .help = "choppiness index: near 100 when the ranges of n bars lie on each other, near 0 in a straight trend; 50 on "
            "a flat "
            "price",
    .source = "Dreiss's choppiness index: Kaufman 2013, Trading Systems and Methods",
    .own = GW_PARAM_TABLE(chop_params),
    .warmup = warmup_window_of_steps,
    .state_size = chop_state,
    .push = chop_push,
};
