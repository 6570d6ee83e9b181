/* Three of Wilder's measures (1978). His average starts from the plain mean of the first n values and then
 * moves by 1/n of the difference. All of them look at changes from bar to bar, so the first bar only
 * provides the close, high and low to compare with. */
#include "feature_parts.h"

/* ---- rsi(n) = 100 * up / (up + down), Wilder averages of rises and falls of the close ------------------- */

struct rsi {
    double last_close;
    size_t n_bars;
    struct smooth up, down;
};

static size_t rsi_state(const void *own) {
    (void)own;
    return sizeof(struct rsi);
}

static double rsi_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct rsi *s = state;
    size_t n = length_of(own);
    double change = in->bar->close - s->last_close;
    s->last_close = in->bar->close;
    if (s->n_bars++ == 0) return NAN;
    double up = smooth_push(&s->up, n, wilder_weight(n), change > 0 ? change : 0);
    double down = smooth_push(&s->down, n, wilder_weight(n), change < 0 ? -change : 0);
    return s->up.count < n ? NAN : ratio_or(100 * up, up + down, 50);
}

static const struct gw_param rsi_params[] = {LENGTH_PARAM(14, 2, "length of Wilder's averages: weight 1/n")};

const struct gw_feature_desc feature_rsi = {
    .name = "rsi",
    .help = "relative strength index, 0..100; 50 (half of its scale) when the price never moved",
    .source = "Wilder 1978, New Concepts in Technical Trading Systems, sec. VI",
    .own = GW_PARAM_TABLE(rsi_params),
    .warmup = warmup_window_of_steps,
    .state_size = rsi_state,
    .push = rsi_push,
};

/* ---- atr(n) = Wilder average of the true range / close ------------------------------------------------- */

struct atr {
    double last_close;
    size_t n_bars;
    struct smooth range;
};

static size_t atr_state(const void *own) {
    (void)own;
    return sizeof(struct atr);
}

static double atr_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct atr *s = state;
    const struct gw_bar *b = in->bar;
    size_t n = length_of(own);
    double true_range = fmax(b->high, s->last_close) - fmin(b->low, s->last_close);
    s->last_close = b->close;
    if (s->n_bars++ == 0) return NAN;
    double average = smooth_push(&s->range, n, wilder_weight(n), true_range);
    return isnan(average) ? NAN : ratio_or(average, b->close, 0);
}

static const struct gw_param atr_params[] = {LENGTH_PARAM(14, 1, "length of Wilder's average: weight 1/n")};

const struct gw_feature_desc feature_atr = {
    .name = "atr",
    .help = "average true range as a fraction of the close (Wilder's is in price units), so that it is free of scale",
    .source = "Wilder 1978, New Concepts in Technical Trading Systems, sec. III",
    .own = GW_PARAM_TABLE(atr_params),
    .warmup = warmup_window_of_steps,
    .state_size = atr_state,
    .push = atr_push,
};

/* ---- adx(n) = Wilder average of DX, DX = 100 * |DI+ - DI-| / (DI+ + DI-) ------------------------------- */

struct adx {
    double last_high, last_low;
    size_t n_bars;
    struct smooth plus, minus, dx;
};

static size_t adx_state(const void *own) {
    (void)own;
    return sizeof(struct adx);
}

/* n changes for the first DX, n values of DX for their first average. */
static size_t adx_warmup(const void *own) { return 2 * length_of(own) - 1; }

static double adx_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct adx *s = state;
    size_t n = length_of(own);
    double up = in->bar->high - s->last_high, down = s->last_low - in->bar->low;
    s->last_high = in->bar->high;
    s->last_low = in->bar->low;
    if (s->n_bars++ == 0) return NAN;
    double plus = smooth_push(&s->plus, n, wilder_weight(n), up > down && up > 0 ? up : 0);
    double minus = smooth_push(&s->minus, n, wilder_weight(n), down > up && down > 0 ? down : 0);
    if (s->plus.count < n) return NAN;
    /* DI+ and DI- are both divided by the same true range, which cancels in DX. */
    double dx = ratio_or(100 * fabs(plus - minus), plus + minus, 0);
    return smooth_push(&s->dx, n, wilder_weight(n), dx);
}

static const struct gw_param adx_params[] = {LENGTH_PARAM(14, 2, "length of Wilder's averages: weight 1/n")};

const struct gw_feature_desc feature_adx = {
    .name = "adx",
    .help = "average directional index, 0..100: strength of a trend whatever its side; 0 on a flat price",
    .source = "Wilder 1978, New Concepts in Technical Trading Systems, sec. IV",
    .own = GW_PARAM_TABLE(adx_params),
    .warmup = adx_warmup,
    .state_size = adx_state,
    .push = adx_push,
};
