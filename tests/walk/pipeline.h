/* The whole pipeline step by step, from bars in memory to equity, with places where a test can plant a leak.
 *
 * Bars that close after `cut_ns` may be poisoned. Folds whose validation slice is not over at the cut cannot be
 * trained yet: a silent stand-in (probability 0, threshold infinite) takes their place. */
#ifndef GATEWALK_TEST_RUN_PIPELINE_H
#define GATEWALK_TEST_RUN_PIPELINE_H

#include "engine/walk/fold_data.h"
#include "fixture.h"

enum poison { POISON_NONE, POISON_NAN, POISON_MILLION, POISON_SHUFFLE, N_POISONS };

/* What a leaky double of fit_execute may do wrong; 0 makes it an honest one. */
enum fit_leak {
    FIT_ENGINE = 1 << 0, /* not the double at all: the engine's own fit_execute */
    FIT_SCALER_SEES_TEST = 1 << 1,
    FIT_VALIDATION_IS_TEST = 1 << 2,
    FIT_TAU_FROM_TEST = 1 << 3,
    FIT_CALIBRATED_ON_TEST = 1 << 4,
    FIT_NEXT_MODEL = 1 << 5,     /* the model of the fold after scores this one's test slice */
    FIT_WINDOW_AHEAD = 1 << 6,   /* windows that end one bar late */
    FIT_SEED_FROM_DATA = 1 << 7, /* random numbers keyed by a hash of all bars */
    FIT_BEST_ON_TEST = 1 << 8,   /* of two seeds the one that does better on the test slice */
};

struct leak {
    const char *name;
    unsigned caught_by; /* stages of audit.h, at least one of which must notice */
    void (*inputs)(const struct experiment *e, struct prepared *p);
    unsigned fit;
    void (*scores)(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                   struct gw_score *at);
    void (*on_bar)(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders);
    void (*replay)(const struct prepared *p, struct gw_replay_result *replay);
};

enum { THRESHOLDS = 3 };
static const char *const threshold_name[THRESHOLDS] = {"validation", "rolling", "fixed"};

struct run {
    int64_t cut_ns;
    struct experiment *e;            /* a private copy of the struct: strategies may be exchanged */
    struct gw_strategy_desc peeking; /* what the first strategy may be exchanged for */
    struct prepared *p;
    char dir[600];
    struct fit_list fits;
    struct gw_gate_model **model; /* [fits.n], NULL for stand-ins */
    float **attention;            /* [fits.n] [n_test × maps × T] */
    struct gw_scaler *scaler;     /* [n_folds] */
    struct gw_gate_model **blind; /* [n_folds] the first strategy without a validation slice; NULL when not known */
    struct results results;
    struct contestant_scores scored[THRESHOLDS][MAX_STRATEGIES];
};

/* ---- the past ---------------------------------------------------------------------------------------- */

static inline size_t known_bars(const struct gw_bars *bars, int64_t cut_ns) {
    size_t n = 0;
    while (n < bars->n && gw_bar_close_ns(bars, n) <= cut_ns) n++;
    return n;
}

/* No bar of the slice closes after the cut. */
static inline bool slice_known(const struct prepared *p, size_t fold, int slice, int64_t cut_ns) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bars *bars = &p->market.symbol[s];
        size_t n = known_bars(bars, cut_ns);
        if (n < bars->n && gw_bar_close_ns(bars, n) < p->plan.fold[fold].end_ns[slice]) return false;
    }
    return true;
}

static inline void poison_bars(struct gw_bars *bars, int64_t cut_ns, enum poison poison) {
    size_t from = known_bars(bars, cut_ns), n = bars->n - from;
    struct gw_rng rng;
    gw_rng_key(&rng, (uint64_t)cut_ns, "poison", 0, 0, 0);
    for (size_t i = from; i < bars->n; i++) {
        struct gw_bar *bar = &bars->bar[i];
        if (poison == POISON_MILLION) {
            bar->open *= 1e6, bar->high *= 1e6, bar->low *= 1e6, bar->close *= 1e6, bar->volume *= 1e6;
        } else if (poison == POISON_SHUFFLE) {
            struct gw_bar *other = &bars->bar[i + gw_rng_below(&rng, n - (i - from))], swap = *bar;
            int64_t here = bar->open_ns, there = other->open_ns;
            if (other == bar || (bar->volume > 0) != (other->volume > 0)) continue; /* where orders can fill stays */
            *bar = *other, *other = swap;
            bar->open_ns = here, other->open_ns = there;
        } else if (poison == POISON_NAN && i + 3 < bars->n) { /* the last bars let the broker close its books */
            bar->open = bar->high = bar->low = bar->close = bar->volume = NAN;
        } else if (poison == POISON_NAN && i + 3 == bars->n) {
            bar->volume = 0; /* an exit here would take its slippage from the bar before */
        }
    }
}

/* ---- a double of fit_execute, with holes to leak through ---------------------------------------------- */

static inline int pipeline_descending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static inline float pipeline_quantile(const float *value, size_t n, double k_percent) {
    float *sorted = mem_calloc(n ? n : 1, sizeof *sorted);
    assert_non_null(sorted);
    memcpy(sorted, value, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, pipeline_descending);
    size_t keep = (size_t)ceil(k_percent * (double)n / 100 - 1e-9); /* 14 % of 50 are 7, also in binary */
    float tau = n ? sorted[(keep ? keep : 1) - 1] : INFINITY;
    mem_free(sorted);
    return tau;
}

/* Rows of the training samples, and with the leak of the test samples too. */
static inline void double_scaler(const struct experiment *e, const struct prepared *p, size_t fold, bool sees_test,
                                 struct gw_scaler *out) {
    size_t n = 0, F = e->n_features;
    const float **row = mem_calloc(2 * p->market.n_symbols * p->market.symbol[0].n, sizeof *row);
    assert_non_null(row);
    for (int slice = 0; slice < GW_N_SLICES; slice += sees_test ? GW_SLICE_TEST : GW_N_SLICES)
        for (size_t s = 0; s < p->market.n_symbols; s++) {
            const struct gw_range *r = &p->plan.fold[fold].samples[slice][s];
            for (size_t t = r->begin; t < r->end; t++) row[n++] = p->features[s].value + t * F;
        }
    assert_ok(gw_scaler_fit(e->scaler.kind, e->scaler.clip, row, n, F, out));
    mem_free(row);
}

static inline double double_test_hits(const struct prepared *p, const struct fold_data *d, const float *probability) {
    double sum = 0;
    for (size_t i = 0; i < d->n[GW_SLICE_TEST]; i++) {
        const struct gw_sample *at = &d->sample[GW_SLICE_TEST][i];
        int label = p->labels[at->series].gate[GW_GATE_LONG][d->first[at->series] + at->row];
        sum += (double)probability[i * GW_N_GATES] * (label == 1 ? 1 : label == 0 ? -1 : 0);
    }
    return sum;
}

static inline int double_train(const struct experiment *e, const struct prepared *p, const struct fold_data *d,
                               const struct fit *fit, unsigned leak, uint64_t salt, size_t n_validation,
                               struct gw_gate_model **model, struct gw_training_log *log) {
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    struct gw_series *labelled = mem_calloc(d->n_symbols, sizeof *labelled);
    assert_non_null(labelled);
    for (size_t s = 0; s < d->n_symbols; s++) {
        labelled[s] = d->score_series[s];
        for (int g = 0; g < GW_N_GATES; g++) labelled[s].label[g] = p->labels[s].gate[g] + d->first[s];
    }
    bool cheat = leak & FIT_VALIDATION_IS_TEST;
    struct gw_fit_input input = {
        .n_series = d->n_symbols,
        .n_features = d->n_features,
        .series = cheat ? labelled : d->fit_series,
        .train = d->sample[GW_SLICE_TRAIN],
        .n_train = d->n[GW_SLICE_TRAIN],
        .validation = d->sample[cheat ? GW_SLICE_TEST : GW_SLICE_VALIDATION],
        .n_validation = cheat ? d->n[GW_SLICE_TEST] : n_validation,
    };
    uint64_t key[2] = {e->seed[fit->seed], fit->fold}, seed = hash_bytes(key, sizeof key, 0) + salt;
    if (leak & FIT_SEED_FROM_DATA)
        seed ^= hash_bytes(p->market.symbol[0].bar, p->market.symbol[0].n * sizeof(struct gw_bar), 0);
    int rc = gw_model_fit(&spec->model, &spec->train, &input, &(struct gw_fit_options){.seed = seed}, model, log);
    mem_free(labelled);
    return rc;
}

static inline void double_tau(const struct experiment *e, const struct fold_data *d, const struct gw_gate_model *model,
                              unsigned leak, struct fit *fit) {
    int slice = leak & FIT_TAU_FROM_TEST ? GW_SLICE_TEST : GW_SLICE_VALIDATION;
    size_t n = d->n[slice];
    float *p = mem_calloc(n * GW_N_GATES + 1, sizeof *p), *column = mem_calloc(n + 1, sizeof *column);
    fit->tau = mem_calloc(d->n_symbols, sizeof *fit->tau);
    assert_true(p && column && fit->tau);
    assert_ok(gw_model_score(model, d->score_series, d->n_symbols, d->sample[slice], n, p, NULL));
    for (size_t s = 0; s < d->n_symbols; s++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            size_t k = 0;
            for (size_t i = 0; i < n; i++)
                if (e->signals.pool != POOL_EACH || d->sample[slice][i].series == s)
                    column[k++] = p[i * GW_N_GATES + g];
            fit->tau[s][g] = pipeline_quantile(column, k, e->signals.act_on);
        }
    mem_free(p);
    mem_free(column);
}

/* Probabilities of the test slice of fit->fold, whose samples are addressed in the rows of `d` (maybe another fold's). */
static inline void double_score(const struct prepared *p, const struct fold_data *d, const struct gw_gate_model *model,
                                unsigned leak, struct fit *fit) {
    struct gw_sample *sample = mem_calloc(fit->n_test + 1, sizeof *sample);
    fit->probability = mem_calloc(fit->n_test * GW_N_GATES + 1, sizeof(float));
    assert_true(sample && fit->probability);
    size_t n = 0;
    for (size_t s = 0; s < d->n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
        for (size_t t = r->begin; t < r->end; t++) {
            size_t row = t - d->first[s];
            if (leak & FIT_WINDOW_AHEAD && row + 1 < d->score_series[s].n_rows) row++;
            sample[n++] = (struct gw_sample){(uint32_t)s, (uint32_t)row};
        }
    }
    assert_int_equal(n, fit->n_test);
    assert_ok(gw_model_score(model, d->score_series, d->n_symbols, sample, n, fit->probability, NULL));
    mem_free(sample);
    if (!(leak & FIT_CALIBRATED_ON_TEST)) return;
    double said = 0, hits = 0;
    for (size_t i = 0; i < n; i++) said += (double)fit->probability[i * GW_N_GATES];
    for (size_t s = 0; s < d->n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
        for (size_t t = r->begin; t < r->end; t++) hits += p->labels[s].gate[GW_GATE_LONG][t] == 1;
    }
    for (size_t i = 0; i < n; i++) fit->probability[i * GW_N_GATES] *= (float)(hits / said);
}

static inline int double_execute(const struct experiment *e, const struct prepared *p, unsigned leak, struct fit *fit,
                                 struct gw_gate_model **model) {
    struct fold_data d;
    struct gw_scaler scaler;
    size_t fold = leak & FIT_NEXT_MODEL && fit->fold + 1 < p->plan.n_folds ? fit->fold + 1 : fit->fold;
    double_scaler(e, p, fold, leak & FIT_SCALER_SEES_TEST, &scaler);
    assert_ok(fold_data_build(e, p, fold, &scaler, &d));
    struct fit trained = *fit;
    trained.fold = fold;
    int rc = double_train(e, p, &d, &trained, leak, 0, d.n[GW_SLICE_VALIDATION], model, &fit->log);
    for (size_t s = 0; s < d.n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
        fit->n_test += r->end - r->begin;
    }
    if (rc == GW_OK) {
        double_tau(e, &d, *model, leak, fit);
        double_score(p, &d, *model, leak, fit);
    }
    if (rc == GW_OK && leak & FIT_BEST_ON_TEST) {
        struct gw_gate_model *rival;
        struct gw_training_log log;
        float *mine = fit->probability;
        assert_ok(double_train(e, p, &d, &trained, leak, 1, d.n[GW_SLICE_VALIDATION], &rival, &log));
        double_score(p, &d, rival, leak, fit);
        bool better = double_test_hits(p, &d, fit->probability) > double_test_hits(p, &d, mine);
        float *loser = better ? mine : fit->probability;
        fit->probability = better ? fit->probability : mine;
        mem_free(loser);
        gw_training_log_free(&log);
        gw_model_free(rival);
    }
    if (rc == GW_OK) rc = fit_store(p, *model, &d.scaler, fit);
    fit->done = rc == GW_OK;
    fold_data_free(&d);
    gw_scaler_free(&scaler);
    return rc;
}

/* ---- fits ---------------------------------------------------------------------------------------------- */

static inline void stand_in(const struct prepared *p, struct fit *fit) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
        fit->n_test += r->end - r->begin;
    }
    fit->probability = mem_calloc(fit->n_test * GW_N_GATES + 1, sizeof(float));
    fit->tau = mem_calloc(p->market.n_symbols, sizeof *fit->tau);
    assert_true(fit->probability && fit->tau);
    for (size_t s = 0; s < p->market.n_symbols; s++) fit->tau[s][0] = fit->tau[s][1] = INFINITY;
}

static inline void run_attention(struct run *run, size_t i) {
    struct fold_data d;
    const struct fit *fit = &run->fits.fit[i];
    const struct gw_model_config *config = &run->e->strategy[fit->strategy].model;
    size_t maps = gw_model_attention_maps(config);
    if (maps == 0 || fit->n_test == 0) return;
    assert_ok(fold_data_build(run->e, run->p, fit->fold, NULL, &d));
    run->attention[i] = mem_calloc(fit->n_test * maps * config->lookback, sizeof(float));
    float *probability = mem_calloc(fit->n_test * GW_N_GATES, sizeof *probability);
    assert_true(run->attention[i] && probability);
    struct gw_attention_out out = {.n_maps = maps, .time = run->attention[i]};
    assert_ok(gw_model_score(run->model[i], d.score_series, d.n_symbols, d.sample[GW_SLICE_TEST], fit->n_test,
                             probability, &out));
    mem_free(probability);
    fold_data_free(&d);
}

static inline void run_fit(struct run *run, const struct leak *leak, size_t i) {
    struct fit *fit = &run->fits.fit[i];
    unsigned how = leak ? leak->fit : FIT_ENGINE;
    if (!slice_known(run->p, fit->fold, GW_SLICE_VALIDATION, run->cut_ns)) {
        stand_in(run->p, fit);
        return;
    }
    if (!(how & FIT_ENGINE)) {
        assert_ok(double_execute(run->e, run->p, how, fit, &run->model[i]));
        return;
    }
    const struct gw_gate_model *previous = NULL;
    for (size_t j = 0; j < i; j++)
        if (run->fits.fit[j].strategy == fit->strategy && run->fits.fit[j].seed == fit->seed) previous = run->model[j];
    struct fit_context context = {.experiment = run->e, .prepared = run->p};
    bool fresh = run->e->strategy[fit->strategy].train.retrain == GW_RETRAIN_FRESH;
    assert_ok(fit_execute(&context, fresh ? NULL : previous, fit, &run->model[i]));
    run_attention(run, i);
}

/* What the training slice alone decides: the scaler, and weights after all epochs when nothing stops them early. */
static inline void run_train_only(struct run *run, const struct leak *leak, size_t fold) {
    struct fold_data d;
    struct gw_scaler own;
    bool sees_test = leak && leak->fit & FIT_SCALER_SEES_TEST;
    struct gw_training_log log;
    struct fit fit = {.fold = fold};
    if (!slice_known(run->p, fold, GW_SLICE_TRAIN, run->cut_ns)) return;
    double_scaler(run->e, run->p, fold, sees_test, &own);
    assert_ok(fold_data_build(run->e, run->p, fold, sees_test ? &own : NULL, &d));
    gw_scaler_free(&own);
    run->scaler[fold] = d.scaler;
    d.scaler = (struct gw_scaler){0};
    bool newest = fold + 1 == run->p->plan.n_folds || !slice_known(run->p, fold + 1, GW_SLICE_TRAIN, run->cut_ns);
    if ((newest || run->cut_ns == INT64_MAX) && run->e->strategy[0].desc->needs_model) {
        assert_ok(double_train(run->e, run->p, &d, &fit, 0, 0, 0, &run->blind[fold], &log));
        gw_training_log_free(&log);
    }
    fold_data_free(&d);
}

/* ---- scores and replays ---------------------------------------------------------------------------------- */

static inline void run_scores(struct run *run, const struct leak *leak) {
    enum threshold kept = run->e->signals.threshold;
    for (size_t k = 0; k < THRESHOLDS; k++) {
        run->e->signals.threshold = (enum threshold)k; /* in the order of threshold_name */
        for (size_t s = 0; s < run->e->n_strategies; s++) {
            if (!run->e->strategy[s].desc->needs_model) continue;
            struct contestant_scores *scores = &run->scored[k][s];
            assert_ok(scores_collect(run->e, run->p, &run->results.scores, &run->fits, s, 0, scores));
            if (leak && leak->scores) leak->scores(run->e, run->p, &run->results.scores, scores->at);
        }
    }
    run->e->signals.threshold = kept;
}

/* How many orders a strategy puts when the walk ends with the cut. */
static inline size_t run_orders(const struct run *run, size_t strategy, int64_t cut_ns) {
    const struct prepared *p = run->p;
    const struct strategy_spec *spec = &run->e->strategy[strategy];
    struct gw_replay_config config;
    struct gw_replay_result replay;
    struct gw_score *score[MAX_SYMBOLS] = {NULL};
    const double *moves[MAX_SYMBOLS];
    for (size_t m = 0; m < p->market.n_symbols; m++) {
        size_t n = p->market.symbol[m].n;
        moves[m] = p->labels[m].min_move;
        score[m] = mem_calloc(n, sizeof(struct gw_score));
        assert_non_null(score[m]);
        for (size_t t = 0; t < n; t++) score[m][t] = (struct gw_score){{NAN, NAN}, {INFINITY, INFINITY}};
    }
    for (size_t i = 0; spec->desc->needs_model && i < run->results.scores.n; i++) {
        const struct test_bar *at = &run->results.scores.bar[i];
        score[at->symbol][at->bar] = run->results.strategy[strategy].seed[0].scores.at[i];
    }
    gw_replay_config_default(&config);
    config.costs = run->e->common.costs;
    config.check_ledger = true;
    config.begin_ns = p->plan.fold[0].begin_ns[GW_SLICE_TEST];
    config.end_ns = cut_ns < config.begin_ns ? config.begin_ns : cut_ns < INT64_MAX ? cut_ns + 1 : cut_ns;
    assert_ok(gw_replay_run(&p->market, &config, spec->desc, &spec->trading, (const struct gw_score *const *)score,
                            moves, &replay));
    size_t n_orders = replay.n_orders;
    gw_replay_result_free(&replay);
    for (size_t m = 0; m < p->market.n_symbols; m++) mem_free(score[m]);
    return n_orders;
}

static inline void pipeline_run(const struct experiment *e, const struct gw_market *market, int64_t cut_ns,
                                enum poison poison, const struct leak *leak, const char *name, struct run *run) {
    memset(run, 0, sizeof *run);
    run->cut_ns = cut_ns;
    snprintf(run->dir, sizeof run->dir, "%.500s/%s", scratch_dir, name);
    scratch_delete(run->dir);
    char models[700];
    assert_ok(path_join(models, sizeof models, run->dir, GW_RUN_MODELS));
    assert_ok(dir_make(models));
    run->e = mem_calloc(1, sizeof *run->e);
    run->p = mem_calloc(1, sizeof *run->p);
    assert_true(run->e && run->p);
    *run->e = *e; /* feature names stay the caller's */
    fixture_copy(market, &run->p->market);
    for (size_t s = 0; s < market->n_symbols; s++) poison_bars(&run->p->market.symbol[s], cut_ns, poison);
    assert_ok(prepare_inputs(run->e, run->p));
    if (leak && leak->inputs) leak->inputs(run->e, run->p);
    run->peeking = *e->strategy[0].desc;
    if (leak && leak->on_bar) {
        run->peeking.on_bar = leak->on_bar;
        run->e->strategy[0].desc = &run->peeking;
    }
    size_t n_folds = run->p->plan.n_folds;
    assert_ok(fits_plan(run->e, run->p, run->p->plan.n_folds, run->dir, &run->fits));
    run->model = mem_calloc(run->fits.n + 1, sizeof *run->model);
    run->attention = mem_calloc(run->fits.n + 1, sizeof *run->attention);
    run->scaler = mem_calloc(n_folds, sizeof *run->scaler);
    run->blind = mem_calloc(n_folds, sizeof *run->blind);
    assert_true(run->model && run->attention && run->scaler && run->blind);
    for (size_t f = 0; f < n_folds; f++) run_train_only(run, leak, f);
    for (size_t i = 0; i < run->fits.n; i++) run_fit(run, leak, i);
    assert_ok(results_replay(run->e, run->p, &run->fits, &run->results));
    if (leak && leak->replay) leak->replay(run->p, &run->results.strategy[0].seed[0].replay);
    run_scores(run, leak);
}

static inline void run_free(struct run *run) {
    for (size_t k = 0; k < THRESHOLDS; k++)
        for (size_t s = 0; s < run->e->n_strategies; s++) mem_free(run->scored[k][s].at);
    for (size_t i = 0; i < run->fits.n; i++) {
        gw_model_free(run->model[i]);
        mem_free(run->attention[i]);
    }
    for (size_t f = 0; f < run->p->plan.n_folds; f++) {
        gw_scaler_free(&run->scaler[f]);
        gw_model_free(run->blind[f]);
    }
    results_free(run->e, &run->results);
    fits_free(&run->fits);
    mem_free(run->model);
    mem_free(run->attention);
    mem_free(run->scaler);
    mem_free(run->blind);
    prepared_free(run->p);
    mem_free(run->e);
    scratch_delete(run->dir);
}

#endif
