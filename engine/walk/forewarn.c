#include "forewarn.h"

#include <math.h>

#include "engine/base/base.h"
#include "engine/results/run_finding.h"

static size_t count_positives(const struct prepared *p, const struct gw_fold *fold, int slice, int gate) {
    size_t n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        for (size_t t = fold->samples[slice][s].begin; t < fold->samples[slice][s].end; t++)
            n += p->labels[s].gate[gate][t] == 1;
    return n;
}

/* A gate that never opens in a slice can neither be learnt nor judged there. */
static bool no_positives(const struct prepared *p, int gate, char out[FOREWARNING_MAX]) {
    static const int slices[] = {GW_SLICE_TRAIN, GW_SLICE_TEST};
    size_t n[COUNT_OF(slices)] = {0};
    for (size_t i = 0; i < COUNT_OF(slices); i++)
        for (size_t f = 0; f < p->plan.n_folds; f++) n[i] += count_positives(p, &p->plan.fold[f], slices[i], gate) == 0;
    if (n[0] + n[1] == 0) return false;
    snprintf(
        out, FOREWARNING_MAX,
        "the %s gate has no positive label in %zu of %zu training and %zu of %zu test slices: nothing can be learnt or "
        "judged there; a lower labels.min_move or ratio, a longer horizon or longer slices give some",
        gw_gate_name[gate], n[0], p->plan.n_folds, n[1], p->plan.n_folds);
    return true;
}

static bool few_bars(const struct experiment *e, const struct prepared *p, char out[FOREWARNING_MAX]) {
    size_t fewest = SIZE_MAX;
    double k = INFINITY;
    for (size_t f = 0; f < p->plan.n_folds; f++) {
        size_t n = gw_fold_count_samples(&p->plan.fold[f], GW_SLICE_TEST, p->market.n_symbols);
        if (n > 0 && n < fewest) fewest = n;
    }
    for (size_t i = 0; i < e->signals.n_k; i++) k = fmin(k, e->signals.k[i]);
    if (fewest == SIZE_MAX || e->signals.n_k == 0) return false;
    const size_t picked = gw_metric_top_k_count(k, fewest);
    if (picked >= FEW_BARS) return false;
    snprintf(
        out, FOREWARNING_MAX,
        "the best %g %% of a test fold are %zu bar%s, fewer than %d: P@%g %% moves by %.0f points with each; raise "
        "signals.k or folds.test",
        k, picked, picked == 1 ? "" : "s", (int)FEW_BARS, k, 100.0 / (double)picked);
    return true;
}

static size_t count_scored(const struct experiment *e) {
    size_t n = 0;
    for (size_t s = 0; s < e->n_strategies; s++) n += e->strategy[s].desc->needs_model;
    return n;
}

static bool few_replicates(const struct experiment *e, char out[FOREWARNING_MAX]) {
    const size_t candidates = count_scored(e);
    if (candidates < 2 || !e->verdict.baseline[0]) return false;
    const size_t family = (candidates - 1) * GW_N_GATES * GW_N_DELTAS;
    const double needed = draws_needed(e, family);
    if ((double)e->verdict.bootstrap >= needed) return false;
    snprintf(out, FOREWARNING_MAX,
             "none of %zu differences can be significant once corrected with verdict.bootstrap %zu; it takes %.0f",
             family, e->verdict.bootstrap, needed);
    return true;
}

static bool few_nulls(const struct experiment *e, char out[FOREWARNING_MAX]) {
    const size_t family = count_scored(e) * GW_N_GATES;
    const double needed = draws_needed(e, family);
    if (e->verdict.null_resamples == 0 || (double)e->verdict.null_resamples >= needed) return false;
    snprintf(out, FOREWARNING_MAX,
             "none of %zu gates can beat the null control once corrected with verdict.null_resamples %zu; it takes "
             "%.0f, or 0 to leave the control out",
             family, e->verdict.null_resamples, needed);
    return true;
}

bool forewarn(const struct experiment *e, const struct prepared *p, enum forewarning which, char out[FOREWARNING_MAX]) {
    out[0] = '\0';
    if (count_scored(e) == 0) return false;
    switch (which) {
    case FOREWARN_NO_POSITIVES_LONG:
        return no_positives(p, GW_GATE_LONG, out);
    case FOREWARN_NO_POSITIVES_SHORT:
        return no_positives(p, GW_GATE_SHORT, out);
    case FOREWARN_FEW_BARS:
        return few_bars(e, p, out);
    case FOREWARN_REPLICATES:
        return few_replicates(e, out);
    case FOREWARN_NULLS:
        return few_nulls(e, out);
    case N_FOREWARNINGS:
        break;
    }
    return false;
}
