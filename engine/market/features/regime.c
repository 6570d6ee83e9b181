/* regime(state, states, n): how likely the market is in one of several regimes, by a hidden Markov model that is fitted per fold on
 * the purged training slice. A bar is seen as its log return and the log of its true range, which is nearly normal
 * (Alizadeh, Brandt & Diebold 2002, J. Finance 57); state 1 is the calmest. What is said of a bar is filtered, made of
 * the bars up to it, never smoothed. */
#include "feature_parts.h"
#include "gaussian_hmm.h"

enum { OF_RETURN, OF_RANGE, N_OBSERVED };

/* So that a bar that stood still has a logarithm, too: a tenth of a basis point. */
static const double RANGE_LEAST = 1e-5;

struct regime_own {
    size_t state, states, n;
};

struct regime {
    double last_close, n_bars;
    double p[HMM_STATES_MAX];
    struct window ranges;
};

static size_t regime_state(const void *own) {
    return offsetof(struct regime, ranges) + window_size(((const struct regime_own *)own)->n);
}

static size_t regime_warmup(const void *own) { return ((const struct regime_own *)own)->n; }

static double regime_push(void *state, const void *own, const struct gw_feature_input *in) {
    const struct regime_own *o = own;
    struct regime *r = state;
    struct moments range;
    double x[N_OBSERVED];
    const double before = r->last_close;
    r->last_close = in->bar->close;
    if (!(r->n_bars > 0)) {
        r->n_bars = 1;
        return NAN;
    }
    const double high = in->bar->high > before ? in->bar->high : before,
                 low = in->bar->low < before ? in->bar->low : before;
    if (!window_push(&r->ranges, o->n, log_ratio(high, low), &range)) return NAN;
    x[OF_RETURN] = log_ratio(in->bar->close, before);
    x[OF_RANGE] = log(range.mean + RANGE_LEAST);
    if (in->observed)
        for (size_t i = 0; i < N_OBSERVED; i++) in->observed[i] = x[i];
    if (!in->learnt) return 0;
    const struct hmm hmm = hmm_view(o->states, N_OBSERVED, in->learnt);
    hmm_filter(&hmm, x, r->p);
    return r->p[o->state - 1];
}

static size_t regime_observed(const void *own) {
    (void)own;
    return N_OBSERVED;
}

static size_t regime_learnt(const void *own) {
    return hmm_numbers(((const struct regime_own *)own)->states, N_OBSERVED);
}

/* Nothing of it is drawn at random. */
static int regime_learn(const void *own, const struct gw_feature_slice *slice, size_t n_symbols, uint64_t seed,
                        double *learnt) {
    (void)seed;
    return hmm_learn(((const struct regime_own *)own)->states, N_OBSERVED, OF_RANGE, slice, n_symbols, learnt, NULL,
                     NULL);
}

static const struct gw_feature_fit regime_fit = {
    .n_picks = 1, .n_observed = regime_observed, .n_learnt = regime_learnt, .learn = regime_learn};

static const char *regime_check(const void *own) {
    const struct regime_own *o = own;
    return o->state > o->states ? "there is no such state: state must not exceed states" : NULL;
}

static const struct gw_param regime_params[] = {
    GW_SIZE_PARAM(struct regime_own, state, "state", 2, 1, HMM_STATES_MAX,
                  "which state: 1 the calmest, states the wildest"),
    GW_SIZE_PARAM(struct regime_own, states, "states", 2, 2, HMM_STATES_MAX, "states of the model"),
    GW_SIZE_PARAM(struct regime_own, n, "bars", 1, 1, GW_FEATURE_LENGTH_MAX, "bars whose true range is averaged"),
};

const struct gw_feature_desc feature_regime = {
    .name = "regime",
    .help =
        "probability of a regime of return and volatility by a Gaussian hidden Markov model, fitted per fold on the "
        "training slice; filtered, made of bars up to this one",
    .source = "Hamilton 1989, Econometrica 57: regimes; Baum, Petrie, Soules & Weiss 1970: how they are learnt",
    .own = GW_PARAM_TABLE(regime_params),
    .fit = &regime_fit,
    .check = regime_check,
    .warmup = regime_warmup,
    .state_size = regime_state,
    .push = regime_push,
};
