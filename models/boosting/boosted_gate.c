/* Gradient boosting (Friedman 2001) by XGBoost's histogram method on six summaries of every feature's window. The two gates are
 * boosters of their own that grow side by side on one thread each, seeded anew every round: the same bytes for any number of
 * threads, and whatever else the process does. */
#include "boosted_gate.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/metrics.h"
#include "xgboost_api.h"

enum { VALIDATION = 1, N_PARTS = 2 };

void boosted_gate_free(struct boosted_gate *gate) {
    if (!gate) return;
    for (size_t g = 0; g < GW_N_GATES; g++) trees_free(&gate->trees[g]);
    mem_free(gate);
}

static const float *window_of(const struct gw_series *series, const struct gw_sample *sample,
                              const struct gw_model_config *config) {
    return series[sample->series].x + ((size_t)sample->row + 1 - config->lookback) * config->n_features;
}

void boosted_gate_logit(const struct boosted_gate *gate, const struct gw_model_config *config, const float *window,
                        float *columns, double logit[GW_N_GATES]) {
    window_columns(window, config->lookback, config->n_features, columns);
    for (size_t g = 0; g < GW_N_GATES; g++) logit[g] = trees_sum(&gate->trees[g], columns);
}

int boosted_gate_logits(const struct boosted_gate *gate, const struct gw_model_config *config,
                        const struct gw_series *series, const struct gw_sample *sample, size_t n, double *logit) {
    const size_t F = config->n_features;
    float *columns = mem_calloc(N_COLUMNS * F, sizeof *columns);
    if (!columns) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        boosted_gate_logit(gate, config, window_of(series, &sample[i], config), columns, logit + i * GW_N_GATES);
    mem_free(columns);
    return GW_OK;
}

/* ---- one gate's booster ----------------------------------------------------------------------------------------------------- */

/* The labelled samples of a slice. */
struct part {
    size_t n;
    float *label; /* [n] */
    void *matrix;
};
struct booster {
    const struct xgboost_api *api;
    struct part part[N_PARTS];
    void *handle;
    double prevalence, loss[N_PARTS], ap; /* ap: of validation */
};

static int said(const struct xgboost_api *api) { FAIL(GW_ERR_TOOL, "XGBoost: %s", api->XGBGetLastError()); }
#define ASK(call)                                                                                                      \
    do {                                                                                                               \
        if ((call) != 0) return said(api);                                                                             \
    } while (0)

static int fill_part(const struct xgboost_api *api, const struct gw_model_config *config,
                     const struct gw_fit_input *input, size_t gate, bool validation, struct part *part) {
    const struct gw_sample *sample = validation ? input->validation : input->train;
    const size_t n = validation ? input->n_validation : input->n_train, F = config->n_features, width = N_COLUMNS * F;
    float *x = mem_calloc(n * width + 1, sizeof *x);
    part->label = mem_calloc(n + 1, sizeof *part->label);
    if (!x || !part->label) {
        mem_free(x);
        return GW_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        const int8_t label = input->series[sample[i].series].label[gate][sample[i].row];
        if (label == GW_LABEL_MISSING) continue;
        window_columns(window_of(input->series, &sample[i], config), config->lookback, F, x + part->n * width);
        part->label[part->n++] = (float)label;
    }
    int rc = part->n == 0                                                              ? GW_OK
             : api->XGDMatrixCreateFromMat(x, part->n, width, NAN, &part->matrix) != 0 ? said(api)
                                                                                       : GW_OK;
    mem_free(x);
    TRY(rc);
    if (part->n) ASK(api->XGDMatrixSetFloatInfo(part->matrix, "label", part->label, part->n));
    return GW_OK;
}

static int set_number(const struct booster *booster, const char *name, double value) {
    const struct xgboost_api *api = booster->api;
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    ASK(api->XGBoosterSetParam(booster->handle, name, text));
    return GW_OK;
}

static int set_parameters(const struct booster *booster, const struct gw_model_config *model,
                          const struct gw_train_config *train, uint64_t seed) {
    const struct boost_params *own = own_of_encoder(model);
    const struct loss_ops *loss = R(loss_at)((size_t)train->loss);
    const struct xgboost_api *api = booster->api;
    static const char *const word[][2] = {{"verbosity", "0"},          {"objective", "binary:logistic"},
                                          {"tree_method", "hist"},     {"nthread", "1"},
                                          {"seed_per_iteration", "1"}, {"disable_default_eval_metric", "1"}};
    for (size_t i = 0; i < COUNT_OF(word); i++) ASK(api->XGBoosterSetParam(booster->handle, word[i][0], word[i][1]));
    TRY(set_number(booster, "seed", (double)(seed % 1000003))); /* multiplied and added to inside, in 32 bits */
    TRY(set_number(booster, "base_score", booster->prevalence));
    TRY(set_number(booster, "eta", own->boost_rate));
    TRY(set_number(booster, "max_depth", (double)own->boost_depth));
    TRY(set_number(booster, "min_child_weight", own->boost_min_weight));
    TRY(set_number(booster, "lambda", own->boost_l2));
    TRY(set_number(booster, "subsample", own->boost_rows));
    TRY(set_number(booster, "colsample_bytree", own->boost_columns));
    for (size_t i = 0; i < loss->own.n; i++) /* of the losses it is log loss alone, weighted as they say */
        if (strcmp(loss->own.param[i].name, "pos_weight") == 0)
            TRY(set_number(booster, "scale_pos_weight",
                           *(const double *)(const void *)((const char *)loss_own(train) + loss->own.param[i].offset)));
    return GW_OK;
}

/* Boosting begins at the prevalence; a gate of one class stays there. */
static int booster_begin(struct booster *booster, const struct gw_model_config *model,
                         const struct gw_train_config *train, const struct gw_fit_input *input, size_t gate,
                         uint64_t seed) {
    const struct xgboost_api *api = booster->api;
    const struct part *part = booster->part;
    double positives = 0;
    for (int slice = 0; slice < N_PARTS; slice++)
        TRY(fill_part(api, model, input, gate, slice == VALIDATION, &booster->part[slice]));
    for (size_t i = 0; i < part->n; i++) positives += (double)part->label[i];
    const double share = part->n ? positives / (double)part->n : 0;
    booster->prevalence = fmin(fmax(share, 1e-6), 1 - 1e-6);
    if (share <= 0 || share >= 1) return GW_OK;
    void *const matrix[] = {booster->part[0].matrix, booster->part[VALIDATION].matrix};
    ASK(api->XGBoosterCreate(matrix, part[VALIDATION].n ? 2 : 1, &booster->handle));
    return set_parameters(booster, model, train, seed);
}

static void booster_end(struct booster *booster) {
    if (booster->handle) (void)booster->api->XGBoosterFree(booster->handle);
    for (int slice = 0; slice < N_PARTS; slice++) {
        if (booster->part[slice].matrix) (void)booster->api->XGDMatrixFree(booster->part[slice].matrix);
        mem_free(booster->part[slice].label);
    }
}

static double log_loss(double logit, double label) { return fmax(logit, 0) + log1p(exp(-fabs(logit))) - label * logit; }

/* What the trees so far say of a slice. */
static int judge_part(struct booster *booster, int slice) {
    static const char margins[] = "{\"type\": 1, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, "
                                  "\"strict_shape\": false}";
    const struct xgboost_api *api = booster->api;
    const struct part *part = &booster->part[slice];
    const uint64_t *shape;
    uint64_t n_dims;
    const float *margin = NULL;
    const double base = log(booster->prevalence / (1 - booster->prevalence));
    booster->loss[slice] = 0;
    if (part->n == 0) return GW_OK;
    if (booster->handle)
        ASK(api->XGBoosterPredictFromDMatrix(booster->handle, part->matrix, margins, &shape, &n_dims, &margin));
    float *score = mem_calloc(part->n, sizeof *score);
    int8_t *label = mem_calloc(part->n, sizeof *label);
    int rc = score && label ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < part->n; i++) {
        score[i] = margin ? margin[i] : (float)base;
        label[i] = part->label[i] > 0;
        booster->loss[slice] += log_loss((double)score[i], (double)part->label[i]) / (double)part->n;
    }
    if (rc == GW_OK && slice == VALIDATION) rc = gw_metric_average_precision(score, label, part->n, &booster->ap);
    mem_free(label);
    mem_free(score);
    return rc;
}

static int booster_epoch(struct booster *booster, size_t first, size_t rounds) {
    const struct xgboost_api *api = booster->api;
    for (size_t r = first; booster->handle && r < first + rounds; r++) {
        TRY(interrupt_check());
        ASK(api->XGBoosterUpdateOneIter(booster->handle, (int)r, booster->part[0].matrix));
    }
    for (int slice = 0; slice < N_PARTS; slice++) TRY(judge_part(booster, slice));
    return GW_OK;
}

static int booster_trees(const struct booster *booster, size_t n_trees, size_t n_columns, struct trees *out) {
    const struct xgboost_api *api = booster->api;
    uint64_t length = 0;
    const char *text = NULL;
    *out = (struct trees){.node = NULL};
    if (booster->handle) {
        ASK(api->XGBoosterSaveModelToBuffer(booster->handle, "{\"format\": \"json\"}", &length, &text));
        TRY(trees_read(text, length, n_trees, n_columns, out));
    }
    out->base = log(booster->prevalence / (1 - booster->prevalence));
    return GW_OK;
}

/* ---- both --------------------------------------------------------------------------------------------------------------------- */

static void fill_record(const struct booster booster[GW_N_GATES], const struct boost_params *own, size_t epoch,
                        bool validated, struct gw_epoch_record *record) {
    *record = (struct gw_epoch_record){.epoch = (uint32_t)epoch, .learning_rate = own->boost_rate};
    for (size_t g = 0; g < GW_N_GATES; g++) {
        record->train_loss += booster[g].loss[0] / GW_N_GATES;
        record->validation_loss += booster[g].loss[VALIDATION] / GW_N_GATES;
        record->validation_ap[g] = validated ? booster[g].ap : NAN;
    }
    if (!validated) record->validation_loss = NAN;
}

/* What the monitor prefers, higher is better; without validation the latest is. */
static double merit(const struct gw_epoch_record *record, enum gw_monitor_kind monitor) {
    double ap = 0;
    if (isnan(record->validation_loss)) return (double)record->epoch;
    for (size_t g = 0; g < GW_N_GATES; g++) ap += isnan(record->validation_ap[g]) ? 0 : record->validation_ap[g];
    return monitor == GW_MONITOR_LOSS ? -record->validation_loss : ap;
}

static int grow(struct booster booster[GW_N_GATES], const struct gw_model_config *model,
                const struct gw_train_config *train, const struct gw_fit_input *input,
                const struct gw_fit_options *options, struct gw_training_log *log) {
    const struct boost_params *own = own_of_encoder(model);
    const double start = clock_seconds();
    double best = -HUGE_VAL;
    log->epoch = mem_calloc(train->epochs, sizeof *log->epoch);
    if (!log->epoch) return GW_ERR_NOMEM;
    while (log->n_epochs < train->epochs) {
        struct gw_epoch_record *record = &log->epoch[log->n_epochs];
        for (size_t g = 0; g < GW_N_GATES; g++)
            TRY(booster_epoch(&booster[g], log->n_epochs * own->boost_rounds, own->boost_rounds));
        fill_record(booster, own, ++log->n_epochs, input->n_validation > 0, record);
        record->best = merit(record, train->monitor) > best;
        if (record->best) {
            best = merit(record, train->monitor);
            log->best_epoch = log->n_epochs;
        }
        log->windows += input->n_train;
        if (options->on_windows) options->on_windows(options->context, input->n_train);
        if (options->on_epoch)
            options->on_epoch(options->context, record, train->epochs,
                              (double)log->windows / (clock_seconds() - start + 1e-9));
        if (train->patience && log->n_epochs - log->best_epoch >= train->patience) break;
    }
    return GW_OK;
}

static int calibrate(const struct gw_fit_input *input, const struct boosted_gate *gate, struct R(gate) *out) {
    const size_t n = input->n_validation;
    double *both = mem_calloc(n * GW_N_GATES + 1, sizeof *both), *logit = mem_calloc(n + 1, sizeof *logit);
    int8_t *label = mem_calloc(n + 1, sizeof *label);
    int rc = both && logit && label ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = boosted_gate_logits(gate, &out->net.config, input->series, input->validation, n, both);
    for (size_t g = 0; rc == GW_OK && g < GW_N_GATES; g++) {
        for (size_t i = 0; i < n; i++) {
            const struct gw_sample *sample = &input->validation[i];
            logit[i] = both[i * GW_N_GATES + g];
            label[i] = input->series[sample->series].label[g][sample->row];
        }
        rc = calibration_fit(out->train.calibration, logit, label, n, &out->calibration[g]);
    }
    mem_free(label);
    mem_free(logit);
    mem_free(both);
    return rc;
}

int boosted_gate_fit(const struct gw_model_config *model, const struct gw_train_config *train,
                     const struct gw_fit_input *input, const struct gw_fit_options *options, struct R(gate) *out,
                     struct boosted_gate **gate, struct gw_training_log *log) {
    const double start = clock_seconds();
    const struct boost_params *own = own_of_encoder(model);
    const struct xgboost_api *api;
    struct booster booster[GW_N_GATES] = {{.api = NULL}};
    int rc = GW_ERR_NOMEM;
    memset(out, 0, sizeof *out);
    memset(log, 0, sizeof *log);
    *gate = NULL;
    TRY(xgboost_api_load(&api));
    *gate = mem_calloc(1, sizeof **gate);
    if (!*gate) goto end;
    TRY_GOTO(R(network_init)(&out->net, model), end);
    out->train = *train;
    out->seed = options->seed;
    for (size_t g = 0; g < GW_N_GATES; g++) {
        booster[g].api = api;
        TRY_GOTO(booster_begin(&booster[g], model, train, input, g, options->seed), end);
    }
    TRY_GOTO(grow(booster, model, train, input, options, log), end);
    for (size_t g = 0; g < GW_N_GATES; g++)
        TRY_GOTO(booster_trees(&booster[g], log->best_epoch * own->boost_rounds, N_COLUMNS * model->n_features,
                               &(*gate)->trees[g]),
                 end);
    TRY_GOTO(calibrate(input, *gate, out), end);
    log->seconds = clock_seconds() - start;
    rc = GW_OK;
end:
    for (size_t g = 0; g < GW_N_GATES; g++)
        if (booster[g].api) booster_end(&booster[g]);
    if (rc < 0) {
        boosted_gate_free(*gate);
        *gate = NULL;
        R(gate_free)(out);
        gw_training_log_free(log);
    }
    return rc;
}
