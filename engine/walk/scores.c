/* Test bars of the whole walk, and the probabilities and causal thresholds each contestant had there. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside.h"
#include "scores.h"

static int by_fold_time_symbol(const void *a, const void *b) {
    const struct test_bar *x = a, *y = b;
    if (x->fold != y->fold) return x->fold < y->fold ? -1 : 1;
    if (x->close_ns != y->close_ns) return x->close_ns < y->close_ns ? -1 : 1;
    return (x->symbol > y->symbol) - (x->symbol < y->symbol);
}

static int list_bars(const struct prepared *p, struct score_set *set) {
    size_t n = 0;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        n += gw_fold_count_samples(&p->plan.fold[f], GW_SLICE_TEST, p->market.n_symbols);
    set->bar = mem_calloc(n ? n : 1, sizeof *set->bar);
    if (!set->bar) return GW_ERR_NOMEM;
    for (size_t f = 0; f < p->plan.n_folds; f++) {
        size_t fit_row = 0;
        for (size_t s = 0; s < p->market.n_symbols; s++) {
            const struct gw_range *r = &p->plan.fold[f].samples[GW_SLICE_TEST][s];
            for (size_t t = r->begin; t < r->end; t++)
                set->bar[set->n++] = (struct test_bar){
                    .fold = (uint32_t)f,
                    .symbol = (uint32_t)s,
                    .bar = (uint32_t)t,
                    .fit_row = (uint32_t)fit_row++,
                    .close_ns = gw_bar_close_ns(&p->market.symbol[s], t),
                    .labelled = p->labels[s].gate[GW_GATE_LONG][t] != GW_LABEL_MISSING &&
                                p->labels[s].gate[GW_GATE_SHORT][t] != GW_LABEL_MISSING,
                };
        }
    }
    /* Those of one symbol are in order; to sort takes as much room again. */
    bool sorted = true;
    for (size_t i = 1; sorted && i < set->n; i++) sorted = by_fold_time_symbol(&set->bar[i - 1], &set->bar[i]) < 0;
    if (!sorted) qsort(set->bar, set->n, sizeof *set->bar, by_fold_time_symbol);
    return GW_OK;
}

int scores_index(const struct experiment *e, const struct prepared *p, struct score_set *set) {
    memset(set, 0, sizeof *set);
    TRY(list_bars(p, set));
    size_t n = set->n ? set->n : 1;
    set->labelled = mem_calloc(n, sizeof *set->labelled);
    set->fold = mem_calloc(n, sizeof *set->fold);
    if (!set->labelled || !set->fold) return GW_ERR_NOMEM;
    for (int g = 0; g < GW_N_GATES; g++)
        if (!(set->label[g] = mem_calloc(n, 1))) return GW_ERR_NOMEM;
    for (size_t i = 0; i < set->n; i++) {
        const struct test_bar *at = &set->bar[i];
        market_rest_at(&p->market, i);
        if (!at->labelled) continue;
        size_t k = set->n_labelled++;
        set->labelled[k] = (uint32_t)i;
        set->fold[k] = at->fold;
        for (int g = 0; g < GW_N_GATES; g++) set->label[g][k] = p->labels[at->symbol].gate[g][at->bar];
    }
    set->bar = mem_park(set->bar);
    set->labelled = mem_park(set->labelled);
    set->fold = mem_park(set->fold);
    for (int g = 0; g < GW_N_GATES; g++) set->label[g] = mem_park(set->label[g]);
    return scores_isolate(e, p, set);
}

void scores_free(struct score_set *set) {
    mem_free(set->bar);
    mem_free(set->labelled);
    mem_free(set->fold);
    scores_isolated_free(set);
    for (int g = 0; g < GW_N_GATES; g++) mem_free(set->label[g]);
    memset(set, 0, sizeof *set);
}

/* One member's probabilities added in; with the last one the sum becomes the mean. weight: [folds × gates × members]. */
static void add_member(const struct score_set *set, const struct fit *const *by_fold, size_t n_members,
                       const float *weight, size_t member, struct gw_score *at) {
    for (size_t i = 0; i < set->n; i++) {
        const size_t fold = set->bar[i].fold;
        for (size_t g = 0; g < GW_N_GATES; g++) {
            const float p = by_fold[fold]->probability[set->bar[i].fit_row * GW_N_GATES + g];
            at[i].p[g] += weight ? weight[(fold * GW_N_GATES + g) * n_members + member] * p : p / (float)n_members;
        }
    }
}

/* One contestant's scores fold by fold, made here or outside. */
void scores_fold_fits(const struct prepared *p, const struct fit_list *fits, size_t strategy, size_t seed,
                      const struct fit **by_fold) {
    if (p->outside && p->outside[strategy]) fits = &p->outside[strategy]->fits;
    for (size_t i = 0; i < fits->n; i++)
        if (fits->fit[i].strategy == strategy && fits->fit[i].seed == seed) by_fold[fits->fit[i].fold] = &fits->fit[i];
    for (size_t i = 0; i < fits->n_whole; i++) /* in the place of its parts */
        if (fits->whole[i].strategy == strategy && fits->whole[i].seed == seed)
            by_fold[fits->whole[i].fold] = &fits->whole[i];
}

/* Validation thresholds of the mean probability, fold by fold: a single fit has its own, an ensemble needs them anew. */
static int mean_thresholds(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                           const struct fit_list *fits, const struct ensemble *ensemble, struct gw_score *at) {
    const size_t n_members = ensemble->n;
    const struct fit **by_fold = mem_calloc(p->plan.n_folds, sizeof *by_fold);
    float(*tau)[GW_N_GATES] = mem_calloc(p->market.n_symbols, sizeof *tau), *mean = NULL;
    int rc = by_fold && tau ? GW_OK : GW_ERR_NOMEM;
    for (size_t f = 0, i = 0; rc == GW_OK && f < p->plan.n_folds; f++) {
        size_t n = gw_fold_count_samples(&p->plan.fold[f], GW_SLICE_VALIDATION, p->market.n_symbols) * GW_N_GATES;
        mean = mem_calloc(n ? n : 1, sizeof *mean);
        if (!mean) rc = GW_ERR_NOMEM;
        for (size_t k = 0; rc == GW_OK && k < n_members; k++) {
            const float *weight = ensemble->weight ? ensemble->weight + f * GW_N_GATES * n_members + k : NULL;
            scores_fold_fits(p, fits, ensemble->member[k].strategy, ensemble->member[k].seed, by_fold);
            for (size_t v = 0; v < n; v++)
                mean[v] += weight ? weight[v % GW_N_GATES * n_members] * by_fold[f]->validation[v]
                                  : by_fold[f]->validation[v] / (float)n_members;
        }
        if (rc == GW_OK) rc = fit_thresholds(e, p, f, mean, tau);
        mem_free(mean);
        for (; rc == GW_OK && i < set->n && set->bar[i].fold == f; i++)
            memcpy(at[i].tau, tau[set->bar[i].symbol], sizeof at[i].tau);
    }
    mem_free(tau);
    mem_free(by_fold);
    return rc;
}

static int member_scores(const struct prepared *p, const struct score_set *set, const struct fit_list *fits,
                         size_t strategy, size_t seed, struct gw_score *at) {
    const struct fit **by_fold = mem_calloc(p->plan.n_folds, sizeof *by_fold);
    if (!by_fold) return GW_ERR_NOMEM;
    scores_fold_fits(p, fits, strategy, seed, by_fold);
    add_member(set, by_fold, 1, NULL, 0, at);
    for (size_t i = 0; i < set->n; i++) {
        const struct fit *fit = by_fold[set->bar[i].fold];
        memcpy(at[i].tau, fit->tau[set->bar[i].symbol], sizeof at[i].tau);
    }
    mem_free(by_fold);
    return GW_OK;
}

static int ensemble_scores(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                           const struct fit_list *fits, const struct ensemble *ensemble, struct gw_score *at) {
    const struct fit **by_fold = mem_calloc(p->plan.n_folds, sizeof *by_fold);
    if (!by_fold) return GW_ERR_NOMEM;
    for (size_t k = 0; k < ensemble->n; k++) {
        scores_fold_fits(p, fits, ensemble->member[k].strategy, ensemble->member[k].seed, by_fold);
        add_member(set, by_fold, ensemble->n, ensemble->weight, k, at);
    }
    mem_free(by_fold);
    return mean_thresholds(e, p, set, fits, ensemble, at);
}

/* What only scores from outside need: thresholds where validation gave none, those that came with the scores, and none
 * that an answer of "hold" would reach. */
static int finish_outside(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                          size_t strategy, size_t seed, struct gw_score *at) {
    const struct outside *outside = outside_of(e, p, strategy);
    const struct fit **by_fold = mem_calloc(p->plan.n_folds, sizeof *by_fold);
    if (!by_fold) return GW_ERR_NOMEM;
    int rc = scores_fill_taus(e, p, set, at);
    if (rc == GW_OK && strategy_is_outside(&e->strategy[strategy])) scores_fold_fits(p, NULL, strategy, seed, by_fold);
    for (size_t i = 0; rc == GW_OK && i < set->n; i++) {
        const struct fit *fit = by_fold[set->bar[i].fold];
        for (size_t g = 0; g < GW_N_GATES; g++) {
            if (fit && fit->own_tau && !isnan(fit->own_tau[set->bar[i].fit_row][g]))
                at[i].tau[g] = fit->own_tau[set->bar[i].fit_row][g];
            if (outside->answers) at[i].tau[g] = fmaxf(at[i].tau[g], FLT_TRUE_MIN);
        }
    }
    mem_free(by_fold);
    return rc;
}

int scores_collect(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                   const struct fit_list *fits, size_t strategy, size_t seed, struct contestant_scores *out) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    out->at = mem_calloc(set->n ? set->n : 1, sizeof *out->at);
    if (!out->at) return GW_ERR_NOMEM;
    if (spec->ensemble_of[0]) {
        TRY(ensemble_make(e, p, fits, strategy, &out->ensemble));
        TRY(ensemble_scores(e, p, set, fits, &out->ensemble, out->at));
    } else {
        TRY(member_scores(p, set, fits, strategy, seed, out->at));
    }
    if (e->signals.threshold == THRESHOLD_FIXED)
        for (size_t i = 0; i < set->n; i++) {
            out->at[i].tau[GW_GATE_LONG] = (float)e->signals.fixed_long;
            out->at[i].tau[GW_GATE_SHORT] = (float)e->signals.fixed_short;
        }
    if (e->signals.threshold == THRESHOLD_ROLLING) TRY(scores_rolling_taus(e, p, set, out->at));
    if (outside_of(e, p, strategy)) TRY(finish_outside(e, p, set, strategy, seed, out->at));
    if (e->signals.pool == POOL_CROSS_SECTION) scores_best_symbol_only(set, out->at);
    return GW_OK;
}
