/* Proof that a fold plan leaks nothing, from the bars' close times alone.
 *
 * On purpose this shares nothing with folds_plan.c and derives nothing: it walks every sample of every fold
 * and asks when the last bar its label looks at closes. A mistake in planning cannot repeat itself here. */
#include "engine/base/base.h"
#include "gatewalk/folds.h"

struct place {
    size_t fold, symbol;
    int slice;
    const struct gw_bars *bars;
};

/* fold 3, BTCUSDT, train, bar 812 (2020-…): what is wrong. */
static int GW_PRINTF_LIKE(3, 4) leak(const struct place *at, size_t bar, const char *format, ...) {
    char what[300], when[40] = "no such bar";
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    if (bar < at->bars->n) time_format(gw_bar_close_ns(at->bars, bar), when);
    return gw_error_set(GW_ERR_INTERNAL, "fold audit: fold %zu, %s, %s, bar %zu (closes %s): %s", at->fold + 1,
                        at->bars->symbol, gw_slice_name[at->slice], bar, when, what);
}

/* The slice's bars are exactly those that close inside it. */
static int audit_bars(const struct place *at, const struct gw_fold *fold) {
    const struct gw_bars *bars = at->bars;
    struct gw_range range = fold->bars[at->slice][at->symbol];
    int64_t begin_ns = fold->begin_ns[at->slice], end_ns = fold->end_ns[at->slice];
    if (range.begin > range.end || range.end > bars->n)
        return leak(at, range.begin, "the slice is not a range of bars");
    for (size_t i = range.begin; i < range.end; i++)
        if (gw_bar_close_ns(bars, i) < begin_ns || gw_bar_close_ns(bars, i) >= end_ns)
            return leak(at, i, "closes outside the slice it is counted in");
    if (range.begin > 0 && gw_bar_close_ns(bars, range.begin - 1) >= begin_ns)
        return leak(at, range.begin - 1, "closes inside the slice but is not counted in it");
    if (range.end < bars->n && gw_bar_close_ns(bars, range.end) < end_ns)
        return leak(at, range.end, "closes inside the slice but is not counted in it");
    return GW_OK;
}

/* Every sample has a whole window before it, lies in its slice, and (but for the test slice) its label
 * and the embargo are over before the first bar that closes in the next slice. */
static int audit_samples(const struct place *at, const struct gw_fold *fold, const struct gw_fold_config *config) {
    const struct gw_bars *bars = at->bars;
    struct gw_range range = fold->samples[at->slice][at->symbol], whole = fold->bars[at->slice][at->symbol];
    if (range.begin > range.end || range.end > bars->n)
        return leak(at, range.begin, "the samples are not a range of bars");
    for (size_t t = range.begin; t < range.end; t++) {
        if (t < whole.begin || t >= whole.end) return leak(at, t, "a sample lies outside its slice");
        if (t < config->first_usable) return leak(at, t, "a sample has no whole window before it");
        if (at->slice == GW_SLICE_TEST) continue;
        int64_t next_ns = fold->begin_ns[at->slice + 1];
        size_t label = t + config->horizon, guard = label + config->embargo;
        if (label >= bars->n) return leak(at, t, "a sample has no label: the data ends first");
        if (gw_bar_close_ns(bars, label) >= next_ns)
            return leak(at, t, "its label looks at bar %zu, which lies in the next slice", label);
        if (guard >= bars->n || gw_bar_close_ns(bars, guard) >= next_ns)
            return leak(at, t, "the embargo of %zu bars after its label reaches into the next slice", config->embargo);
    }
    return GW_OK;
}

/* What the plan says it purged is what is missing. */
static int audit_purged(const struct gw_market *market, const struct gw_fold *fold, size_t number,
                        const struct gw_fold_config *config) {
    for (int k = 0; k < GW_SLICE_TEST; k++) {
        size_t missing = 0;
        for (size_t s = 0; s < market->n_symbols; s++)
            for (size_t t = fold->bars[k][s].begin; t < fold->bars[k][s].end; t++)
                missing += t >= config->first_usable && (t < fold->samples[k][s].begin || t >= fold->samples[k][s].end);
        if (missing != fold->purged[k])
            FAIL(GW_ERR_INTERNAL, "fold audit: fold %zu, %s: %zu samples are said to be purged, %zu are missing",
                 number + 1, gw_slice_name[k], fold->purged[k], missing);
    }
    return GW_OK;
}

static int audit_order(const struct gw_fold *fold, size_t number) {
    for (int k = 0; k < GW_N_SLICES; k++) {
        if (fold->begin_ns[k] >= fold->end_ns[k])
            FAIL(GW_ERR_INTERNAL, "fold audit: fold %zu: the %s slice ends before it begins", number + 1,
                 gw_slice_name[k]);
        if (k > 0 && fold->end_ns[k - 1] > fold->begin_ns[k])
            FAIL(GW_ERR_INTERNAL, "fold audit: fold %zu: the %s slice overlaps the %s slice", number + 1,
                 gw_slice_name[k - 1], gw_slice_name[k]);
    }
    return GW_OK;
}

static int audit_succession(const struct gw_fold *earlier, const struct gw_fold *later, size_t number) {
    if (earlier->end_ns[GW_SLICE_TEST] > later->begin_ns[GW_SLICE_TEST])
        FAIL(GW_ERR_INTERNAL, "fold audit: the test slices of folds %zu and %zu overlap", number, number + 1);
    if (earlier->begin_ns[GW_SLICE_TRAIN] > later->begin_ns[GW_SLICE_TRAIN])
        FAIL(GW_ERR_INTERNAL, "fold audit: fold %zu trains from an earlier time than fold %zu", number + 1, number);
    return GW_OK;
}

int gw_folds_audit(const struct gw_market *market, const struct gw_fold_plan *plan) {
    if (plan->n_symbols != market->n_symbols)
        FAIL(GW_ERR_INTERNAL, "fold audit: the plan has %zu symbols, the market %zu", plan->n_symbols,
             market->n_symbols);
    for (size_t i = 0; i < plan->n_folds; i++) {
        const struct gw_fold *fold = &plan->fold[i];
        TRY(audit_order(fold, i));
        if (i > 0) TRY(audit_succession(&plan->fold[i - 1], fold, i));
        for (size_t s = 0; s < market->n_symbols; s++)
            for (int k = 0; k < GW_N_SLICES; k++) {
                struct place at = {.fold = i, .symbol = s, .slice = k, .bars = &market->symbol[s]};
                TRY(audit_bars(&at, fold));
                TRY(audit_samples(&at, fold, &plan->config));
            }
        TRY(audit_purged(market, fold, i, &plan->config));
    }
    return GW_OK;
}
