/* One cut: everything that was known there, once more in a market with another future. */
#include "passage.h"

#include <math.h>
#include <string.h>

/* Scalers of all folds from `from` on whose training slice is over: later ones reach further. */
static int check_scalers(const struct audit_subject *subject, const struct prepared *p, size_t from,
                         struct audit *audit) {
    for (size_t f = from; f < p->plan.n_folds && slice_known(p, f, GW_SLICE_TRAIN, audit->cut_ns); f++) {
        struct fold_data data;
        memset(&data, 0, sizeof data);
        const struct fold_known known = passage_learnt(subject, f);
        TRY(audit_failure(audit, STAGE_SCALER, NULL, f,
                          passage_fold_data(subject, p, &(struct fit){.fold = f}, &known, &data)));
        if (!data.x) continue;
        compare_scaler(audit, subject->p, f, &subject->scaler[f], &data.scaler);
        fold_data_free(&data);
        TRY(interrupt_check());
    }
    return GW_OK;
}

/* With what the clean fold has learnt, a fitted feature says the same of every bar up to the cut: of test bars, and of bars of a
 * training slice that goes on after the cut (one that is smoothed would not). */
static int check_fitted(const struct audit_subject *subject, const struct prepared *p, size_t fold,
                        struct audit *audit) {
    const struct fold_known known = {&subject->scaler[fold], subject->learnt[fold]};
    const struct fit all = {.fold = fold};
    struct fold_data clean, dirty = {0};
    TRY(passage_fold_data(subject, subject->p, &all, &known, &clean));
    int rc = audit_failure(audit, STAGE_FITTED, NULL, fold, passage_fold_data(subject, p, &all, &known, &dirty));
    if (rc == GW_OK && dirty.x) compare_fitted(audit, subject->p, fold, &clean, &dirty);
    fold_data_free(&dirty);
    fold_data_free(&clean);
    return rc;
}

/* The fold whose test slice holds the cut, and the first whose training slice does. */
static int check_fitted_folds(const struct audit_subject *subject, const struct prepared *p, size_t fold,
                              struct audit *audit) {
    size_t training = 0;
    if (!subject->learnt) return GW_OK;
    if (fold != SIZE_MAX) TRY(check_fitted(subject, p, fold, audit));
    while (training < p->plan.n_folds && slice_known(p, training, GW_SLICE_TRAIN, audit->cut_ns)) training++;
    return training < p->plan.n_folds ? check_fitted(subject, p, training, audit) : GW_OK;
}

/* ---- attention ------------------------------------------------------------------------------------------------------ */

enum { ATTENTION_BARS = 8 };

/* The fold's last test samples that have closed by the cut, of all symbols; their place in `rows`. */
static size_t last_samples(const struct prepared *p, const struct fold_data *data, const struct fit *fit,
                           int64_t cut_ns, struct gw_sample *sample) {
    size_t n = 0;
    for (size_t i = 0; i < data->n_symbols; i++) {
        const size_t s = data->symbol[i];
        const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
        size_t known = known_bars(&p->market.symbol[s], cut_ns), end = known < r->end ? known : r->end;
        for (size_t t = end > r->begin + ATTENTION_BARS ? end - ATTENTION_BARS : r->begin; t < end; t++)
            sample[n++] = (struct gw_sample){(uint32_t)i, (uint32_t)(t - data->first[i])};
    }
    return n;
}

/* weight: maps over the window of all samples, then those over the second sequence. */
static int score_samples(const struct gw_gate_model *model, const struct fold_data *data, size_t strategy,
                         const struct gw_sample *sample, size_t n, float *p, float *weight) {
    const struct gw_model_config *config = gw_model_get_config(model);
    const size_t maps = gw_model_attention_maps(config);
    struct gw_attention_out out = {.n_maps = maps, .time = weight};
    if (gw_model_cross_lookback(config)) out.cross = weight + n * maps * config->lookback;
    return gw_model_score(model, fold_score_series(data, strategy), data->n_symbols, sample, n, p, &out);
}

static int compare_weights(struct audit *audit, const struct audit_subject *subject, size_t i,
                           const struct fold_data *clean, const struct fold_data *dirty, struct gw_sample *sample) {
    const struct fit *fit = &subject->fits.fit[i];
    const struct prepared *p = subject->p;
    const size_t width = gw_model_attention_width(gw_model_get_config(subject->fits.model[i]));
    size_t n = last_samples(p, clean, fit, audit->cut_ns, sample);
    if (width == 0 || n == 0) return GW_OK;
    float *block = mem_calloc(2 * n, (width + GW_N_GATES) * sizeof *block);
    if (!block) return GW_ERR_NOMEM;
    float *a = block, *b = a + n * width, *probability = b + n * width;
    int rc = score_samples(subject->fits.model[i], clean, fit->strategy, sample, n, probability, a);
    if (rc == GW_OK) rc = score_samples(subject->fits.model[i], dirty, fit->strategy, sample, n, probability, b);
    const size_t n_cross = gw_model_cross_lookback(gw_model_get_config(subject->fits.model[i]));
    const size_t n_time = width - n_cross;
    for (size_t k = 0; rc == GW_OK && k < n; k++) {
        const struct gw_bars *bars = &p->market.symbol[clean->symbol[sample[k].series]];
        struct audit_place place = {gw_bar_close_ns(bars, clean->first[sample[k].series] + sample[k].row), bars->symbol,
                                    subject->e->strategy[fit->strategy].name, fit->fold + 1};
        for (size_t w = 0; w < width; w++) {
            const size_t at = w < n_time ? k * n_time + w : n * n_time + k * n_cross + w - n_time;
            audit_value(audit, STAGE_ATTENTION, &place, "attention", (double)a[at], (double)b[at]);
        }
    }
    mem_free(block);
    return rc;
}

/* Fits that see the same rows: those of all symbols, or each of some alone. */
static bool shares_rows(const struct fit *a, const struct fit *b) {
    return a == b || (a->fold == b->fold && a->models == MODELS_POOLED && b->models == MODELS_POOLED);
}

/* Of the bars just before the cut: what a model attends to there no later bar may move. */
static int check_attention(const struct audit_subject *subject, const struct fold_data *dirty, const struct fit *of,
                           const struct fold_known *known, struct audit *audit) {
    struct fold_data clean;
    struct gw_sample *sample = mem_calloc(subject->p->market.n_symbols, ATTENTION_BARS * sizeof *sample);
    if (!sample) return GW_ERR_NOMEM;
    int rc = passage_fold_data(subject, subject->p, of, known, &clean);
    if (rc == GW_OK) {
        for (size_t i = 0; rc == GW_OK && i < subject->fits.n; i++)
            if (shares_rows(&subject->fits.fit[i], of)) rc = compare_weights(audit, subject, i, &clean, dirty, sample);
        fold_data_free(&clean);
    }
    mem_free(sample);
    return rc;
}

/* ---- what the models say --------------------------------------------------------------------------------------------- */

/* The fits that see the same rows as `of`. */
static int apply_alike(const struct audit_subject *subject, const struct prepared *p, const struct fit *of,
                       struct audit *audit, struct fit_list *out) {
    struct fold_data data, taught = {.n_symbols = 0};
    struct fold_known known = {.learnt = NULL};
    int rc = GW_OK;
    if (of->models == MODELS_POOLED)
        known = passage_learnt(subject, of->fold);
    else if (gw_feature_set_learnt(p->set)) /* what its own symbols' bars had taught */
        rc = passage_fold_data(subject, subject->p, of, NULL, &taught);
    if (taught.learnt) known.learnt = taught.learnt;
    if (rc == GW_OK) rc = passage_fold_data(subject, p, of, &known, &data);
    if (rc < 0) {
        fold_data_free(&taught);
        return rc;
    }
    for (size_t i = 0; rc == GW_OK && i < subject->fits.n; i++) {
        const struct fit *clean = &subject->fits.fit[i];
        if (!shares_rows(clean, of)) continue;
        struct fit *fit = &out->fit[out->n++];
        *fit = fit_beside(clean);
        fit->borrowed = true;
        rc = passage_apply(subject, p, &data, subject->fits.model[i], fit);
        if (rc < 0) break;
        const char *name = subject->e->strategy[clean->strategy].name;
        compare_threshold(audit, subject->p, name, clean, fit);
        compare_probability(audit, subject->p, name, clean, fit);
        rc = interrupt_check();
    }
    if (rc == GW_OK) rc = check_attention(subject, &data, of, &known, audit);
    fold_data_free(&data);
    fold_data_free(&taught);
    return rc;
}

/* What the fold's stored weights say of this market, put behind what they said of the folds before. From *first_own on the
 * list is the caller's to release. */
static int apply_fold(const struct audit_subject *subject, const struct prepared *p, size_t fold, struct audit *audit,
                      struct fit_list *out, size_t *first_own) {
    out->fit = mem_calloc(subject->fits.n ? subject->fits.n : 1, sizeof *out->fit);
    if (!out->fit) return GW_ERR_NOMEM;
    for (size_t i = 0; i < subject->fits.n; i++)
        if (subject->fits.fit[i].fold < fold) out->fit[out->n++] = subject->fits.fit[i];
    *first_own = out->n;
    bool pooled = false; /* all of these are done at once */
    int rc = GW_OK;
    for (size_t i = 0; rc == GW_OK && i < subject->fits.n; i++) {
        const struct fit *of = &subject->fits.fit[i];
        if (of->fold != fold || (pooled && of->models == MODELS_POOLED)) continue;
        pooled |= of->models == MODELS_POOLED;
        rc = apply_alike(subject, p, of, audit, out);
    }
    return rc;
}

/* ---- scores and replays ------------------------------------------------------------------------------------------------ */

/* A null that takes its number of trades from another contestant knows that number from the start: it says so. */
static bool knows_the_end(const struct strategy_spec *spec) {
    const char *of = spec->desc->matches ? spec->desc->matches(gw_strategy_own(&spec->trading)) : NULL;
    return of && *of;
}

static void compare_strategies(const struct audit_subject *subject, const struct results *a, const struct results *b,
                               bool to_the_end, struct audit *audit) {
    for (size_t s = 0; s < subject->e->n_strategies; s++) {
        const struct strategy_spec *spec = &subject->e->strategy[s];
        if (to_the_end && knows_the_end(spec)) continue;
        for (size_t k = 0; k < a->strategy[s].n_seeds; k++) {
            const struct seed_result *x = &a->strategy[s].seed[k], *y = &b->strategy[s].seed[k];
            if (!to_the_end && spec->desc->needs_model)
                compare_scores(audit, subject->p, spec->name, &a->scores, x->scores.at, &b->scores, y->scores.at);
            if (!to_the_end && spec->desc->needs_model && (k == 0 || x->scores.own))
                compare_isolated(audit, subject->e, subject->p, s, &a->scores, &x->scores, &b->scores, &y->scores);
            if (to_the_end)
                compare_equity(audit, spec->name, &x->replay, &y->replay);
            else
                compare_replay(audit, subject->p, spec->name, &x->replay, &y->replay);
        }
    }
}

/* Folds that cannot be trained yet at the cut: their models say nothing. */
static int stand_in(const struct prepared *p, struct fit *fit) {
    size_t n = fit_count_symbols(p, fit), tested = fit_count_samples(p, fit, GW_SLICE_TEST),
           validated = fit_count_samples(p, fit, GW_SLICE_VALIDATION);
    fit->n_test = tested;
    fit->probability = mem_calloc(tested * GW_N_GATES + 1, sizeof *fit->probability);
    fit->validation = mem_calloc(validated * GW_N_GATES + 1, sizeof *fit->validation);
    fit->tau = mem_calloc(n, sizeof *fit->tau);
    if (!fit->probability || !fit->validation || !fit->tau) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++) fit->tau[s][0] = fit->tau[s][1] = INFINITY;
    return GW_OK;
}

static int stand_ins(const struct audit_subject *subject, const struct prepared *p, size_t fold,
                     struct fit_list *fits) {
    for (size_t i = 0; i < subject->fits.n; i++) {
        const struct fit *clean = &subject->fits.fit[i];
        if (clean->fold <= fold) continue;
        struct fit *fit = &fits->fit[fits->n++];
        *fit = fit_beside(clean);
        TRY(stand_in(p, fit));
    }
    return GW_OK;
}

/* Replays that end with the cut, whose every order can be compared, and replays that go on into the poison. */
static int check_replays(const struct audit_subject *subject, const struct prepared *p, struct fit_list *fits,
                         size_t fold, const struct results *at_cut, struct audit *audit) {
    struct results r;
    TRY(audit_failure(audit, STAGE_ORDERS, NULL, fold,
                      passage_replay(subject, p, fits, fold, audit->cut_ns + 1, audit->cut_ns, audit->poison, &r)));
    if (!r.strategy) return GW_OK;
    compare_strategies(subject, at_cut, &r, false, audit);
    results_free(subject->e, &r);
    if (audit->poison != POISON_SHUFFLE) return GW_OK;
    TRY(stand_ins(subject, p, fold, fits));
    TRY(passage_replay(subject, p, fits, p->plan.n_folds - 1, INT64_MAX, audit->cut_ns, audit->poison, &r));
    compare_strategies(subject, &subject->results, &r, true, audit);
    results_free(subject->e, &r);
    return GW_OK;
}

static int check_fold(const struct audit_subject *subject, const struct prepared *p, size_t fold,
                      const struct results *at_cut, struct audit *audit) {
    struct fit_list fits = {0};
    size_t own = 0;
    int rc = apply_fold(subject, p, fold, audit, &fits, &own);
    if (rc == GW_OK) rc = check_replays(subject, p, &fits, fold, at_cut, audit);
    for (size_t i = own; i < fits.n; i++) fit_release(&fits.fit[i]);
    mem_free(fits.fit);
    return rc;
}

int audit_cut(const struct audit_subject *subject, int64_t cut_ns, enum poison poison, size_t fold,
              const struct results *at_cut, struct audit *audit) {
    struct prepared *p;
    audit->cut_ns = cut_ns;
    audit->poison = poison;
    TRY(poison_prepared(subject->p, cut_ns, poison, &p));
    int rc = passage_inputs(subject, p);
    if (rc == GW_OK && compare_inputs(audit, subject->p, p)) {
        rc = check_fitted_folds(subject, p, fold, audit);
        if (rc == GW_OK) rc = check_scalers(subject, p, fold == SIZE_MAX ? 0 : fold, audit);
        if (rc == GW_OK && fold != SIZE_MAX)
            rc = audit_failure(audit, STAGE_PROBABILITY, NULL, fold, check_fold(subject, p, fold, at_cut, audit));
    }
    poison_free(p);
    return rc;
}
