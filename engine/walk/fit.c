/* One fit: scale, train (or load the stored model of the same key), threshold on validation, score the test slice. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "fit_attention.h"
#include "fit_gradients.h"
#include "fit_paths.h"
#include "fold_data.h"
#include "gatewalk/scorer.h"
#include "models/patterns/patterns.h"
#include "models/store/safetensors.h"

enum { SCORE_CHUNK = 4096 };

static int descending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

float fit_top_threshold(float *value, size_t n, double k_percent) {
    if (n == 0) return INFINITY;
    qsort(value, n, sizeof *value, descending);
    return value[gw_metric_top_k_count(k_percent, n) - 1];
}

/* One gate's probabilities of n samples side by side; *missing: those that are NaN. */
static size_t gather(const float *p, size_t n, int gate, float *out, size_t *missing) {
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i * GW_N_GATES + (size_t)gate])) out[known++] = p[i * GW_N_GATES + (size_t)gate];
    *missing = n - known;
    return known;
}

static void threshold_of(const float *p, size_t n, double k_percent, float *column, float tau[GW_N_GATES]) {
    for (int g = 0; g < GW_N_GATES; g++) {
        size_t missing, known = gather(p, n, g, column, &missing);
        tau[g] = known < missing ? NAN : fit_top_threshold(column, known, k_percent);
    }
}

/* With a pool over all symbols every symbol that the model knows gets the same threshold. */
int fit_thresholds_of(const struct experiment *e, const struct prepared *p, const struct fit *of,
                      const float *validation, float (*tau)[GW_N_GATES]) {
    const struct gw_fold *fold = &p->plan.fold[of->fold];
    size_t total = fit_count_samples(p, of, GW_SLICE_VALIDATION), at = 0, k = 0;
    float *column = mem_calloc(total ? total : 1, sizeof *column);
    if (!column) return GW_ERR_NOMEM;
    const bool each = e->signals.pool == POOL_EACH;
    if (!each) threshold_of(validation, total, e->signals.act_on, column, tau[0]);
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        if (!fit_knows(p, of, s)) continue;
        const struct gw_range *r = &fold->samples[GW_SLICE_VALIDATION][s];
        if (each)
            threshold_of(validation + at * GW_N_GATES, r->end - r->begin, e->signals.act_on, column, tau[k]);
        else if (k)
            memcpy(tau[k], tau[0], sizeof tau[k]);
        at += r->end - r->begin;
        k++;
    }
    mem_free(column);
    return GW_OK;
}

int fit_thresholds(const struct experiment *e, const struct prepared *p, size_t index, const float *validation,
                   float (*tau)[GW_N_GATES]) {
    const struct fit all = {.fold = index};
    return fit_thresholds_of(e, p, &all, validation, tau);
}

static int set_thresholds(const struct fit_context *c, const struct fold_data *d, const struct gw_gate_model *model,
                          struct fit *fit) {
    size_t n = d->n[GW_SLICE_VALIDATION];
    fit->validation = mem_calloc(n ? n * GW_N_GATES : 1, sizeof *fit->validation);
    fit->tau = mem_calloc(fit_count_symbols(c->prepared, fit) + 1, sizeof *fit->tau);
    if (!fit->validation || !fit->tau) return GW_ERR_NOMEM;
    struct gw_attention_out said = {.n_maps = 0};
    TRY(fit_paths_room(gw_model_get_config(model), n, &said.path));
    int rc = gw_model_score(model, fold_fit_series(d, fit->strategy), d->n_symbols, d->sample[GW_SLICE_VALIDATION], n,
                            fit->validation, said.path ? &said : NULL);
    if (rc == GW_OK && said.path) rc = fit_keep_fan(d, gw_model_path_steps(gw_model_get_config(model)), said.path, fit);
    mem_free(said.path);
    TRY(rc);
    return fit_thresholds_of(c->experiment, c->prepared, fit, fit->validation, fit->tau);
}

/* Maps over the window and over the second sequence, which the model gives apart, side by side for every bar. */
static void join_weights(const float *time, size_t n_time, const float *cross, size_t n_cross, size_t n, float *out) {
    for (size_t i = 0; i < n; i++, out += n_time + n_cross) {
        memcpy(out, time + i * n_time, n_time * sizeof *out);
        memcpy(out + n_time, cross + i * n_cross, n_cross * sizeof *out);
    }
}

static int score_test(const struct experiment *e, const struct fold_data *d, const struct gw_gate_model *model,
                      struct fit *fit) {
    const struct gw_model_config *config = gw_model_get_config(model);
    size_t n = d->n[GW_SLICE_TEST], width = gw_model_attention_width(config), F = d->n_features;
    const size_t n_cross = gw_model_cross_lookback(config), n_time = width - n_cross;
    bool by_feature = gw_model_has_feature_attention(config);
    const size_t said = gw_model_path_steps(config) * GW_PATH_SIDES;
    /* A streaming model takes its state from before the first sample of a call: the slice is one call. */
    size_t at_once = config->unroll == GW_UNROLL_STREAM ? n : SCORE_CHUNK;
    int rc = GW_OK;
    fit->n_test = n;
    fit->n_maps = gw_model_attention_maps(config);
    fit->probability = mem_calloc(n ? n * GW_N_GATES : 1, sizeof(float));
    float *weight = width ? mem_calloc(n ? n * width : 1, sizeof(float)) : NULL;
    /* Only windows have a second sequence: a chunk of them at a time. */
    float *cross = n_cross ? mem_calloc(SCORE_CHUNK, width * sizeof *cross) : NULL;
    float *feature = by_feature ? mem_calloc(SCORE_CHUNK * F, sizeof(float)) : NULL;
    if (by_feature) fit->feature_attention = mem_calloc(F, sizeof(double));
    fit->path_width = said;
    TRY_GOTO(fit_paths_room(config, n, &fit->path), done);
    if (!fit->probability || (width && !weight) || (n_cross && !cross) ||
        (by_feature && (!feature || !fit->feature_attention))) {
        rc = GW_ERR_NOMEM;
        goto done;
    }
    for (size_t i = 0; i < n; i += at_once) {
        size_t m = n - i < at_once ? n - i : at_once;
        struct gw_attention_out attention = {.n_maps = fit->n_maps, .feature = feature, .cross = cross};
        attention.path = fit->path ? fit->path + i * said : NULL;
        attention.time = n_cross ? cross + SCORE_CHUNK * n_cross : width ? weight + i * width : NULL;
        TRY_GOTO(gw_model_score(model, fold_score_series(d, fit->strategy), d->n_symbols, d->sample[GW_SLICE_TEST] + i,
                                m, fit->probability + i * GW_N_GATES, width || by_feature ? &attention : NULL),
                 done);
        if (n_cross) join_weights(attention.time, n_time, cross, n_cross, m, weight + i * width);
        for (size_t j = 0; by_feature && j < m; j++)
            for (size_t f = 0; f < F; f++) fit->feature_attention[f] += (double)feature[j * F + f] / (double)n;
    }
    if (width && n) TRY_GOTO(fit_keep_attention(fit, e->signals.act_on, weight, width), done);
done:
    mem_free(weight);
    mem_free(cross);
    mem_free(feature);
    return rc;
}

/* The names of the features with a blank between them: none holds one. */
static char *feature_names(const struct gw_feature_set *set) {
    size_t n = gw_feature_set_size(set), used = 0;
    char *text = mem_calloc(n ? n : 1, GW_FEATURE_NAME_MAX + 1);
    for (size_t i = 0; text && i < n; i++)
        used += (size_t)sprintf(text + used, "%s%s", i ? " " : "", gw_feature_set_name(set, i));
    return text;
}

/* As scores.csv writes them, so that they read back to the same bits. */
static char *tau_text(const struct prepared *p, const struct fit *fit) {
    enum { LONGEST = GW_SYMBOL_MAX + 2 * 24 };
    const struct gw_market *market = &p->market;
    char *text = mem_calloc(fit_count_symbols(p, fit) + 1, LONGEST);
    size_t used = 0, k = 0;
    for (size_t s = 0; text && s < market->n_symbols; s++) {
        if (!fit_knows(p, fit, s)) continue;
        const float *tau = fit->tau[k++];
        used += (size_t)sprintf(text + used, "%s%s:%.9g:%.9g", k > 1 ? " " : "", market->symbol[s].symbol,
                                (double)tau[GW_GATE_LONG], (double)tau[GW_GATE_SHORT]);
    }
    return text;
}

/* The interval of all symbols' bars, 0 when they differ. */
static int64_t common_interval(const struct gw_market *market) {
    for (size_t s = 1; s < market->n_symbols; s++)
        if (market->symbol[s].interval_ns != market->symbol[0].interval_ns) return 0;
    return market->symbol[0].interval_ns;
}

/* Whatever gw_scorer needs stands in the file. The permutation importance rides along, so that a resumed run has the same
 * bytes. */
int fit_store(const struct prepared *p, const struct gw_gate_model *model, const struct fold_data *data,
              const struct fit *fit) {
    const struct gw_scaler *scaler = &data->scaler;
    char clip[32], interval[40], *features = feature_names(p->set), *tau = tau_text(p, fit);
    if (!features || !tau) {
        mem_free(features);
        mem_free(tau);
        return GW_ERR_NOMEM;
    }
    int64_t interval_ns = common_interval(&p->market);
    struct gw_meta_pair meta[] = {
        {"gatewalk.fit_key", fit->key},
        {GW_META_FEATURES, features},
        {GW_META_CLIP, isinf(scaler->clip) ? "inf" : number_format(scaler->clip, clip)},
        {GW_META_TAU, tau},
        {GW_META_INTERVAL, duration_format(interval_ns, interval)}, /* last: left out when there is none */
    };
    struct gw_extra_tensor extra[4] = {
        {.name = "scaler.center", .n = scaler->n, .value = scaler->center},
        {.name = "scaler.inverse_scale", .n = scaler->n, .value = scaler->inverse_scale},
    };
    size_t n = 2;
    if (data->learnt)
        extra[n++] = (struct gw_extra_tensor){
            .name = GW_TENSOR_LEARNT, .n = gw_feature_set_learnt(p->set), .value = (double *)data->learnt};
    if (fit->permutation)
        extra[n++] = (struct gw_extra_tensor){.name = "permutation_importance",
                                              .n = GW_N_GATES * gw_model_inputs(gw_model_get_config(model)),
                                              .value = fit->permutation};
    int rc = gw_model_save(model, &fit->log, meta, COUNT_OF(meta) - (interval_ns == 0), extra, n, fit->model_path);
    mem_free(features);
    mem_free(tau);
    return rc;
}

/* Thresholds follow signals.act_on and signals.pool, which decide no fit: a model that is used again may lie there with
 * those of other settings. */
static int store_thresholds(const struct fit_context *c, const struct gw_gate_model *model,
                            const struct fold_data *data, const struct fit *fit) {
    struct safetensors file;
    char *tau = tau_text(c->prepared, fit);
    if (!tau) return GW_ERR_NOMEM;
    int rc = safetensors_read(fit->model_path, &file);
    if (rc == GW_OK) {
        const char *stored = safetensors_meta(&file, GW_META_TAU);
        bool same = stored && strcmp(stored, tau) == 0;
        safetensors_free(&file);
        if (!same) rc = fit_store(c->prepared, model, data, fit);
    }
    mem_free(tau);
    return rc;
}

/* A key can be forged; what would read beyond the windows of this experiment is not its model. */
static bool matches(const struct gw_gate_model *model, const struct strategy_spec *spec) {
    const struct gw_model_config *config = gw_model_get_config(model);
    return config->n_features == spec->model.n_features && config->lookback == spec->model.lookback &&
           config->cross == spec->model.cross && config->cross_features == spec->model.cross_features &&
           gw_model_cross_lookback(config) == gw_model_cross_lookback(&spec->model);
}

/* A stored model of another key, a damaged one, or adapters on another model than `previous`, is not an error: the fit
 * is simply done again. *learnt: what its fitted features had learnt, the caller's. */
static bool load(const struct fit_context *c, struct fit *fit, const struct gw_gate_model *previous,
                 struct gw_gate_model **model, double **learnt) {
    const struct strategy_spec *spec = &c->experiment->strategy[fit->strategy];
    const bool want_importance = c->experiment->verdict.importance && gw_model_inputs(&spec->model) > 0;
    const size_t n_learnt = gw_feature_set_learnt(c->prepared->set);
    struct gw_meta_pair expect[] = {{"gatewalk.fit_key", fit->key}};
    struct gw_extra_tensor extra[8];
    size_t n_extra = COUNT_OF(extra);
    if (!fit->model_path[0] || !file_exists(fit->model_path)) return false;
    if (gw_model_load_onto(fit->model_path, previous, expect, COUNT_OF(expect), model, &fit->log, extra, &n_extra) < 0)
        return false;
    bool fits = matches(*model, spec);
    for (size_t i = 0; i < n_extra; i++) {
        if (want_importance && extra[i].n == GW_N_GATES * gw_model_inputs(&spec->model) &&
            strcmp(extra[i].name, "permutation_importance") == 0)
            fit->permutation = extra[i].value;
        else if (n_learnt && !*learnt && extra[i].n == n_learnt && strcmp(extra[i].name, GW_TENSOR_LEARNT) == 0)
            *learnt = extra[i].value;
        else
            mem_free(extra[i].value);
    }
    if (fits && (!want_importance || fit->permutation) && (!n_learnt || *learnt)) return true;
    mem_free(fit->permutation);
    fit->permutation = NULL;
    mem_free(*learnt);
    *learnt = NULL;
    gw_model_free(*model);
    *model = NULL;
    gw_training_log_free(&fit->log);
    return false;
}

/* What a pattern library says against itself, and a fit in half precision that overflowed again and again. */
static void advise(const struct gw_gate_model *model, struct fit *fit) {
    uint64_t skipped, updates;
    double scale;
    if (gw_model_loss_scale(model, &skipped, &updates, &scale) && 20 * skipped > updates)
        snprintf(
            fit->advice, sizeof fit->advice,
            "fp16: the gradients of %llu of %llu updates overflowed and these were skipped, the loss scale ended at "
            "%g; begin with less (training.loss_scale) or use \"bf16\"",
            (unsigned long long)skipped, (unsigned long long)updates, scale);
    if (!gate_patterns(model)) return;
    patterns_advice(patterns_config_of(gate_patterns(model)), gate_patterns_log(model), fit->advice);
    if (!*fit->advice) pattern_categories_advice(gate_pattern_categories(model), fit->advice);
}

int fit_state_path(const char *states, const struct fit *fit, char path[1024]) {
    char name[sizeof fit->key + sizeof ".state"];
    snprintf(name, sizeof name, "%s.state", fit->key);
    return path_join(path, 1024, states, name);
}

static int train(const struct fit_context *c, const struct fold_data *d, const struct gw_gate_model *previous,
                 struct fit *fit, struct gw_gate_model **model) {
    const struct experiment *e = c->experiment;
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    struct gw_fit_input input = {
        .n_series = d->n_symbols,
        .n_features = d->n_features,
        .series = fold_fit_series(d, fit->strategy),
        .train = d->sample[GW_SLICE_TRAIN],
        .n_train = d->n[GW_SLICE_TRAIN],
        .validation = d->sample[GW_SLICE_VALIDATION],
        .n_validation = d->n[GW_SLICE_VALIDATION],
    };
    /* Paired comparison: all strategies of one seed and fold share their random numbers. */
    uint64_t key[2] = {e->seed[fit->seed], fit->fold};
    struct gw_fit_options options = {
        .seed = hash_bytes(key, sizeof key, 0), .previous = previous, .on_epoch = c->on_epoch, .context = c->context};
    char state[1024];
    options.stop_after = c->stop_after;
    if (c->states) {
        TRY(fit_state_path(c->states, fit, state));
        options.checkpoint = state;
        options.checkpoint_key = fit->key;
        options.checkpoint_is_last = c->states_are_last;
    }
    TRY(gw_model_fit(&spec->model, &spec->train, &input, &options, model, &fit->log));
    if (!e->verdict.importance || gw_model_inputs(&spec->model) == 0) return GW_OK;
    fit->permutation = mem_calloc(GW_N_GATES * gw_model_inputs(&spec->model), sizeof(double));
    if (!fit->permutation) return GW_ERR_NOMEM;
    return gw_model_permutation_importance(*model, &input, options.seed, fit->permutation);
}

int fit_apply(const struct fit_context *c, const struct fold_data *data, const struct gw_gate_model *model,
              struct fit *fit) {
    TRY(set_thresholds(c, data, model, fit));
    TRY(score_test(c->experiment, data, model, fit));
    return fit_keep_gradients(c->experiment->verdict.gradients, data, model, fit);
}

int fit_execute(const struct fit_context *c, const struct gw_gate_model *previous, struct fit *fit,
                struct gw_gate_model **model_out) {
    struct fold_data data;
    struct gw_gate_model *model = NULL;
    double *learnt = NULL;
    TRY(interrupt_check());
    fit->reused = load(c, fit, previous, &model, &learnt);
    const struct fold_known known = {.learnt = learnt};
    int rc = fold_data_build_of(c->experiment, c->prepared, fit, &known, &data);
    if (rc < 0) {
        gw_model_free(model);
        mem_free(learnt);
        return rc;
    }
    if (!fit->reused) TRY_GOTO(train(c, &data, previous, fit, &model), done);
    advise(model, fit);
    TRY_GOTO(fit_apply(c, &data, model, fit), done);
    if (c->list) TRY_GOTO(fits_place_holds(c->list), done);
    if (fit->borrowed)
        rc = GW_OK;
    else if (fit->reused)
        TRY_GOTO(store_thresholds(c, model, &data, fit), done);
    else
        TRY_GOTO(fit_store(c->prepared, model, &data, fit), done);
    fit->probability = mem_park(fit->probability);
    fit->validation = mem_park(fit->validation);
    fit->done = true;
    if (model_out) {
        *model_out = model;
        model = NULL;
    }
done:
    gw_model_free(model);
    fold_data_free(&data);
    mem_free(learnt);
    return rc;
}

void fit_release(struct fit *fit) {
    /* What it was given is another's; verify loads every fit for itself. */
    if (fit->source && fit->tau == fit->source->tau) return;
    mem_free(fit->validation);
    mem_free(fit->probability);
    mem_free(fit->tau);
    gw_training_log_free(&fit->log);
    for (int g = 0; g < GW_N_GATES; g++) {
        mem_free(fit->attention[g].top);
        mem_free(fit->attention[g].rest);
    }
    for (size_t i = 0; i < fit->n_rows; i++) {
        mem_free(fit->row[i].weight);
        mem_free(fit->row[i].gradient);
    }
    mem_free(fit->row);
    mem_free(fit->permutation);
    mem_free(fit->feature_attention);
    mem_free(fit->path);
    mem_free(fit->fan);
}
