/* One trial on the validation slices of the searched folds. Each fold is fitted as in a walk, and its validation slice stands
 * in the place of the test slice: so scores, thresholds, trades and every metric are made by the walk's own code. The bars
 * end with the last of these slices. What comes later cannot be seen, since it is not there. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "engine/walk/estimate.h"
#include "engine/walk/replays.h"
#include "gatewalk/version.h"
#include "search_private.h"

/* ---- inputs --------------------------------------------------------------------------------------------------- */

static int keep_folds(struct gw_fold_plan *plan, size_t n) {
    struct gw_fold_plan dropped = {.n_folds = plan->n_folds - n, .n_symbols = plan->n_symbols};
    if (dropped.n_folds == 0) return GW_OK;
    dropped.fold = mem_calloc(dropped.n_folds, sizeof *dropped.fold);
    if (!dropped.fold) return GW_ERR_NOMEM;
    memcpy(dropped.fold, plan->fold + n, dropped.n_folds * sizeof *dropped.fold);
    plan->n_folds = n;
    gw_folds_free(&dropped);
    return GW_OK;
}

/* Where two validation slices overlap, the later fold's model is asked: it has seen more. */
static void score_validation(struct gw_fold_plan *plan) {
    for (size_t f = 0; f < plan->n_folds; f++) {
        struct gw_fold *fold = &plan->fold[f], *next = f + 1 < plan->n_folds ? fold + 1 : NULL;
        fold->begin_ns[GW_SLICE_TEST] = fold->begin_ns[GW_SLICE_VALIDATION];
        fold->end_ns[GW_SLICE_TEST] = fold->end_ns[GW_SLICE_VALIDATION];
        if (next && next->begin_ns[GW_SLICE_VALIDATION] < fold->end_ns[GW_SLICE_TEST])
            fold->end_ns[GW_SLICE_TEST] = next->begin_ns[GW_SLICE_VALIDATION];
        for (size_t s = 0; s < plan->n_symbols; s++) {
            struct gw_range *bars = &fold->bars[GW_SLICE_TEST][s], *samples = &fold->samples[GW_SLICE_TEST][s];
            *bars = fold->bars[GW_SLICE_VALIDATION][s];
            *samples = fold->samples[GW_SLICE_VALIDATION][s];
            const size_t end = next ? next->bars[GW_SLICE_VALIDATION][s].begin : SIZE_MAX;
            const bool overlaps = next && next->bars[GW_SLICE_VALIDATION][s].end > end;
            if (overlaps && bars->end > end) bars->end = end > bars->begin ? end : bars->begin;
            if (overlaps && samples->end > end) samples->end = end > samples->begin ? end : samples->begin;
        }
    }
}

static void end_bars(struct gw_market *market, int64_t end_ns) {
    for (size_t s = 0; s < market->n_symbols; s++) {
        struct gw_bars *bars = &market->symbol[s];
        while (bars->n > 0 && gw_bar_close_ns(bars, bars->n - 1) >= end_ns) bars->n--;
    }
}

int validation_prepare(const struct search *s, const struct experiment *e, struct prepared **out) {
    struct experiment *widest = mem_calloc(1, sizeof *widest);
    if (!widest) return GW_ERR_NOMEM;
    *widest = *e; /* its texts are e's */
    const struct gw_model_config *model = &e->strategy[0].model;
    if (gw_model_reach(&s->widest) > gw_model_reach(model)) widest->strategy[0].model = s->widest;
    const bool hushed = message_hush(true);
    int rc = prepare(widest, out);
    message_hush(hushed);
    mem_free(widest);
    TRY(rc);
    struct prepared *p = *out;
    const size_t n = s->settings.folds;
    if (p->plan.n_folds < n)
        rc = gw_error_set(GW_ERR_CONFIG, "%s: search.folds is %zu, but there are only %zu folds", s->path, n,
                          p->plan.n_folds);
    if (rc == GW_OK) {
        end_bars(&p->market, p->plan.fold[n - 1].end_ns[GW_SLICE_VALIDATION]);
        if (p->detail.n_symbols) end_bars(&p->detail, p->plan.fold[n - 1].end_ns[GW_SLICE_VALIDATION]);
        rc = keep_folds(&p->plan, n);
    }
    if (rc == GW_OK) score_validation(&p->plan);
    if (rc < 0) {
        prepared_free(p);
        *out = NULL;
    }
    return rc;
}

/* ---- the experiment ------------------------------------------------------------------------------------------------ */

static void settle_experiment(const struct search *s, const struct evaluation *evaluation, struct experiment *e) {
    struct gw_train_config *train = &e->strategy[0].train;
    e->n_seeds = s->settings.seeds;
    for (size_t k = 0; k < e->n_seeds; k++) e->seed[k] = k + 1;
    if (s->settings.epochs) train->epochs = s->settings.epochs;
    if (s->settings.patience) train->patience = s->settings.patience;
    if (s->searcher->halving && !rung_goes_on(s, e)) train->epochs = rung_epochs(s, train->epochs, evaluation->budget);
    e->verdict.importance = false;
    e->verdict.gradients = 0;
    e->verdict.null_resamples = 0;
}

/* ---- fits ---------------------------------------------------------------------------------------------------------- */

static int fit_here(void *context, struct fit *fit, const struct gw_gate_model *previous,
                    struct gw_gate_model **model) {
    return fit_execute(context, previous, fit, model);
}

/* Chains as tasks, so that threads without a trial of their own help. The first failure in the plan's order is told. */
static int do_fits(struct fit_context context, struct fit_list *fits) {
    const struct experiment *e = context.experiment;
    struct failure failure = {.code = GW_OK};
    for (size_t i = 0; i < fits->n; i++) {
        if (!fit_heads_chain(e, &fits->fit[i])) continue;
#pragma omp task firstprivate(i) shared(context, fits, e, failure)
        {
            size_t at = i;
            const int rc = fits_run_chain(e, fits, i, fit_here, &context, &at);
            if (rc < 0) failure_note(&failure, i, rc);
        }
    }
#pragma omp taskwait
    return failure_tell(&failure);
}

/* ---- results --------------------------------------------------------------------------------------------------------- */

static double mean_of_gates(const struct objective *o, const struct experiment *e, const struct strategy_result *r) {
    double sum = 0, n = 0;
    size_t k = 0;
    while (!isnan(o->k) && gw_metric_at(o->metric)->per_k && k < e->signals.n_k && e->signals.k[k] != o->k) k++;
    if (k == e->signals.n_k) return NAN; /* a trial of other Ks */
    for (size_t seed = 0; seed < r->n_seeds; seed++)
        for (int g = 0; g < GW_N_GATES; g++) {
            const double value = r->seed[seed].pooled[g].value[o->metric][k];
            if (isnan(value)) continue;
            sum += value;
            n++;
        }
    return n > 0 ? sum / n : (double)NAN;
}

static double mean_of_portfolio(const struct objective *o, const struct strategy_result *r) {
    double sum = 0;
    for (size_t seed = 0; seed < r->n_seeds; seed++) sum += r->seed[seed].portfolio[o->metric];
    return sum / (double)r->n_seeds;
}

static double mean_loss(const struct fit_list *fits) {
    double sum = 0;
    for (size_t i = 0; i < fits->n; i++) {
        const struct gw_training_log *log = &fits->fit[i].log;
        sum += log->best_epoch ? log->epoch[log->best_epoch - 1].validation_loss : (double)NAN;
    }
    return fits->n ? sum / (double)fits->n : (double)NAN;
}

static double measure(const struct objective *o, const struct experiment *e, const struct fit_list *fits,
                      const struct results *r) {
    switch (o->of) {
    case OF_GATES:
        return mean_of_gates(o, e, &r->strategy[0]);
    case OF_PORTFOLIO:
        return mean_of_portfolio(o, &r->strategy[0]);
    case OF_TRAINING_LOSS:
        return mean_loss(fits);
    default:
        return (double)gw_model_parameter_count(&e->strategy[0].model);
    }
}

static void keep_returns(const struct selection *selection, struct trial_returns *out) {
    if (selection->n_traded == 0) return;
    const struct scored_trial *trial = &selection->trial[0];
    _Static_assert((int)RETURN_PARTS == (int)TRIAL_PARTS, "kept as they are made");
    out->n_bars = selection->n_bars;
    out->sharpe = trial->sharpe;
    memcpy(out->sum, trial->sum, sizeof out->sum);
    memcpy(out->square, trial->square, sizeof out->square);
}

static int run_trial(const struct search *s, const struct experiment *e, const struct prepared *whole,
                     struct evaluation *evaluation) {
    struct fit_list fits = {0};
    struct results r = {.baseline = SIZE_MAX};
    struct prepared folds = *whole; /* of which a cheaper trial takes the first */
    const struct prepared *p = &folds;
    folds.plan.n_folds = rung_folds(s, evaluation);
    struct fit_context context = {.experiment = e, .prepared = p, .stop_after = rung_stop(s, e, evaluation->budget)};
    int rc = fits_plan(e, p, p->plan.n_folds, "", &fits);
    for (size_t i = 0; i < fits.n; i++) {
        fits.fit[i].model_path[0] = '\0'; /* of a trial only the figures are kept … */
        fits.fit[i].borrowed = true;
    }
    if (rc == GW_OK) rc = rung_keep(s, evaluation, &context, &fits); /* … or what its next rung goes on from */
    if (rc == GW_OK) rc = do_fits(context, &fits);
    if (rc == GW_OK) rc = results_replay(e, p, &fits, NULL, &r);
    if (rc == GW_OK) rc = results_measure(e, p, &r, 1);
    if (rc == GW_OK) rc = results_selection(e, &r);
    for (size_t o = 0; rc == GW_OK && o < s->n_objectives; o++)
        evaluation->cost[o] = objective_cost(&s->objective[o], measure(&s->objective[o], e, &fits, &r));
    if (rc == GW_OK) keep_returns(&r.selection, &evaluation->returns);
    if (rc == GW_OK) rung_forget(s, evaluation, e, &fits);
    results_free(e, &r);
    fits_free(&fits);
    return rc;
}

/* ---- an evaluation ------------------------------------------------------------------------------------------------------ */

/* Memory, disk and interrupts are nobody's trial. */
static bool is_of_the_trial(int rc) {
    return rc < 0 && rc != GW_ERR_NOMEM && rc != GW_ERR_IO && rc != GW_ERR_INTERRUPTED && rc != GW_ERR_INTERNAL;
}

static int give_up(struct evaluation *evaluation, enum evaluation_state state) {
    evaluation->state = state;
    if (state == EVALUATION_INVALID) evaluation->paid = 0;
    for (size_t o = 0; o < OBJECTIVES_MAX; o++) evaluation->cost[o] = INFINITY;
    evaluation->returns = (struct trial_returns){.sharpe = NAN};
    progress_message("trial %zu %s: %s", evaluation->trial + 1,
                     state == EVALUATION_INVALID ? "cannot be made" : "failed", gw_error_message());
    gw_error_adopt("");
    return GW_OK;
}

/* The trial's own inputs when the search changes them; *mine is freed by the caller. */
static int inputs_of(const struct search *s, const struct experiment *e, const struct prepared *shared,
                     const struct prepared **p, struct prepared **mine) {
    *mine = NULL;
    *p = shared;
    if (shared) return GW_OK;
    TRY(validation_prepare(s, e, mine));
    *p = *mine;
    return GW_OK;
}

static int with_experiment(const struct search *s, const struct prepared *shared, struct evaluation *evaluation,
                           int (*job)(const struct search *s, const struct experiment *e, const struct prepared *p,
                                      struct evaluation *evaluation)) {
    struct experiment *e = NULL;
    struct prepared *mine = NULL;
    const struct prepared *p = NULL;
    int rc = trial_experiment(s, &evaluation->point, true, &e);
    if (rc == GW_OK) {
        settle_experiment(s, evaluation, e);
        rc = inputs_of(s, e, shared, &p, &mine);
    }
    if (is_of_the_trial(rc)) {
        rc = give_up(evaluation, EVALUATION_INVALID);
    } else if (rc == GW_OK) {
        rc = job(s, e, p, evaluation);
        if (is_of_the_trial(rc)) rc = give_up(evaluation, EVALUATION_FAILED);
    }
    prepared_free(mine);
    experiment_free(e);
    return rc;
}

static int name_it(const struct search *s, const struct experiment *e, const struct prepared *p,
                   struct evaluation *evaluation) {
    const size_t n[] = {rung_folds(s, evaluation), p->reach}, stop = rung_stop(s, e, evaluation->budget);
    char key[RUN_KEY_SIZE];
    config_key(e, p, key);
    uint64_t hash = hash_bytes(key, sizeof key, 0);
    hash = hash_bytes(n, sizeof n, hash);
    if (stop) hash = hash_bytes(&stop, sizeof stop, hash);
    evaluation->paid = rung_paid(s, e, evaluation);
    snprintf(evaluation->trial_key, sizeof evaluation->trial_key, "%016llx", (unsigned long long)hash);
    hash = hash_bytes(gw_source_hash(), strlen(gw_source_hash()), hash);
    hash = hash_bytes(gw_build_commit(), strlen(gw_build_commit()), hash);
    hash = hash_bytes(gw_kernels_selected(), strlen(gw_kernels_selected()), hash);
    for (size_t o = 0; o < s->n_objectives; o++) {
        hash = hash_bytes(s->objective[o].name, strlen(s->objective[o].name), hash);
        hash = hash_bytes(&s->objective[o].max, sizeof s->objective[o].max, hash);
    }
    snprintf(evaluation->key, sizeof evaluation->key, "%016llx", (unsigned long long)hash);
    return GW_OK;
}

int evaluation_name(const struct search *s, const struct prepared *shared, struct evaluation *evaluation) {
    return with_experiment(s, shared, evaluation, name_it);
}

static int run_it(const struct search *s, const struct experiment *e, const struct prepared *p,
                  struct evaluation *evaluation) {
    TRY(run_trial(s, e, p, evaluation));
    evaluation->state = EVALUATION_DONE;
    return GW_OK;
}

int evaluate(const struct search *s, const struct prepared *shared, struct evaluation *evaluation) {
    return with_experiment(s, shared, evaluation, run_it);
}

/* ---- how long ----------------------------------------------------------------------------------------------------------- */

static int estimate_one(const struct search *s, const struct experiment *e, const struct prepared *p,
                        struct evaluation *evaluation) {
    struct fit_list fits = {0};
    struct estimate estimate = {0};
    (void)s;
    int rc = fits_plan(e, p, p->plan.n_folds, "", &fits);
    if (rc == GW_OK) rc = estimate_make(e, p, &fits, &estimate, NULL);
    fits_free(&fits);
    evaluation->cost[0] = estimate.fits;
    return rc;
}

int search_estimate(const struct search *s, const struct prepared *p, size_t jobs, size_t *n, char out[256]) {
    enum { ASKED = 3 };
    const struct search_view view = {.space = &s->space, .settings = &s->settings, .n_objectives = s->n_objectives};
    double seconds = 0;
    char span[48];
    *n = (s->searcher->expected ? s->searcher->expected(&view) : s->settings.trials) + s->settings.reference;
    for (size_t i = 0; i < ASKED; i++) {
        struct evaluation one = {.budget = 1};
        point_random(&view, "search estimate", i, &one.point);
        TRY(with_experiment(s, p, &one, estimate_one));
        seconds += isfinite(one.cost[0]) ? one.cost[0] / ASKED : 0;
    }
    const double whole = s->searcher->halving ? rungs_budget(s) + (double)s->settings.reference : (double)*n;
    const double all = seconds * whole / (double)(jobs ? jobs : 1);
    snprintf(out, 256, "expected: up to about %s on %zu thread%s for %zu evaluations, then the final walk",
             estimate_span(all, span), jobs, jobs == 1 ? "" : "s", *n);
    return GW_OK;
}
