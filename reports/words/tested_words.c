/* What was tested, on what, when a bar counts as positive, and what trading cost: before any result. */
#include <math.h>
#include <string.h>

#include "sentences.h"

static double key(const struct run_view *run, const char *section, const char *name) {
    return member_number(json_get(json_get(run->process, "config"), section), name);
}

/* "3 gates, a logistic regression's kin and 2 without a model" would be a riddle: gates and others are counted. */
static int contestants(const struct run_view *run, char *out, size_t size) {
    size_t gates = 0;
    for (size_t i = 0; i < run->n_strategies; i++) gates += run->strategy[i].has_model;
    const size_t others = run->n_strategies - gates;
    int n = snprintf(out, size, "Tested: ");
    if (gates) n += snprintf(out + n, size - (size_t)n, "%zu gate%s", gates, gates == 1 ? "" : "s");
    if (gates && others) n += snprintf(out + n, size - (size_t)n, " and ");
    if (others == 1)
        for (size_t i = 0; i < run->n_strategies; i++)
            if (!run->strategy[i].has_model) n += snprintf(out + n, size - (size_t)n, "%.64s", run->strategy[i].label);
    if (others > 1) n += snprintf(out + n, size - (size_t)n, "%zu strategies without a model", others);
    return n;
}

/* Costs that a contestant's entry changes are its own. */
static bool costs_differ(const struct run_view *run) {
    static const char *const name[] = {"taker_bps", "maker_bps", "half_spread_bps", "slippage_bps"};
    const json_value *config = json_get(run->process, "config"), *list = json_get(config, "strategies");
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_size(list); i++)
        for (size_t k = 0; k < COUNT_OF(name); k++) {
            const double own = member_number(json_get(json_at(list, i), "costs"), name[k]);
            if (isfinite(own) && own != key(run, "costs", name[k])) return true;
        }
    return false;
}

void tested_words(const struct run_view *run, char *out, size_t size) {
    int n = contestants(run, out, size);
#define SAY(...)                                                                                                       \
    do {                                                                                                               \
        if (n > 0 && (size_t)n < size) n += snprintf(out + n, size - (size_t)n, __VA_ARGS__);                          \
    } while (0)
    if (isfinite(run->n_bars)) SAY(" on %.0f bars (%s) of %s", run->n_bars, run->interval, run->symbols);
    if (isfinite(run->n_folds))
        SAY(", %.0f stretch%s that no fit had seen", run->n_folds, run->n_folds == 1 ? "" : "es");
    SAY(".");
    const double move = key(run, "labels", "min_move"), atr = key(run, "labels", "min_move_atr"),
                 ratio = key(run, "labels", "ratio");
    if (isfinite(run->horizon)) {
        SAY(" A bar is positive when, within %.0f bars, the price moves", run->horizon);
        if (atr > 0)
            SAY(" more than %g average true ranges", atr);
        else if (isfinite(move))
            SAY(" more than %g %%", 100 * move);
        SAY(" its way");
        if (isfinite(ratio)) SAY(" and over %g times as far as against it", ratio);
        if (isfinite(run->prevalence[0]) && isfinite(run->prevalence[1]))
            SAY(": %.1f %% of bars are for the long gate, %.1f %% for the short one", 100 * run->prevalence[0],
                100 * run->prevalence[1]);
        SAY(".");
    }
    if (isfinite(run->act_on)) SAY(" Gates trade the best %g %%.", run->act_on);
    const double fee = key(run, "costs", "taker_bps"), spread = key(run, "costs", "half_spread_bps"),
                 slippage = key(run, "costs", "slippage_bps");
    if (isfinite(fee) && isfinite(spread) && isfinite(slippage)) {
        SAY(" Every order pays %g bps (hundredths of a percent): fee %g, half spread %g, slippage %g",
            fee + spread + slippage, fee, spread, slippage);
        if (key(run, "costs", "slippage_volatility") > 0) SAY(" and more in volatile hours");
        SAY("%s.", costs_differ(run) ? "; some contestants have costs of their own" : "");
    }
#undef SAY
    text_clean(out);
}
