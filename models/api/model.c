/* The public face of the float32 gates. */
#include "engine/base/base.h"
#include "gate_model.h"

#include <string.h>

void gw_training_log_free(struct gw_training_log *log) {
    mem_free(log->epoch);
    memset(log, 0, sizeof *log);
}

void gw_extra_tensors_free(struct gw_extra_tensor *extra, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mem_free(extra[i].value);
        extra[i].value = NULL;
    }
}

static int fit_as(int kind, const struct gw_model_config *model, const struct gw_train_config *train,
                  const struct gw_fit_input *input, const struct gw_fit_options *options, struct gw_gate_model *out,
                  struct gw_training_log *log) {
    const struct gw_gate_model *previous = options->previous;
    switch (kind) {
    case FITS_PATTERNS:
        return pattern_gate_fit(model, train, input, options, previous ? previous->patterns : NULL, &out->gate,
                                &out->patterns, log);
    case FITS_TREES:
        return boosted_gate_fit(model, train, input, options, &out->gate, &out->trees, log);
    default:
        return R(gw_model_fit)(model, train, input, options, previous ? &previous->gate : NULL, &out->gate, log);
    }
}

int gw_model_fit(const struct gw_model_config *model, const struct gw_train_config *train,
                 const struct gw_fit_input *input, const struct gw_fit_options *options, struct gw_gate_model **out,
                 struct gw_training_log *log) {
    TRY(gw_model_config_check(model, train, NULL));
    if (options->stop_after &&
        (!gw_model_resumes(model, train) || (options->previous && train->retrain != GW_RETRAIN_FRESH)))
        FAIL(GW_ERR_USAGE, "this fit cannot end after some of its epochs: gw_fit_options.stop_after");
    *out = mem_calloc(1, sizeof **out);
    if (!*out) return GW_ERR_NOMEM;
    int rc = fit_as(R(encoder_at)((size_t)model->encoder)->fits, model, train, input, options, *out, log);
    if (rc == GW_OK) return GW_OK;
    mem_free(*out);
    *out = NULL;
    return rc;
}

void gw_model_free(struct gw_gate_model *model) {
    if (!model) return;
    pattern_gate_free(model->patterns);
    boosted_gate_free(model->trees);
    R(gate_free)(&model->gate);
    mem_free(model);
}

const struct gw_model_config *gw_model_get_config(const struct gw_gate_model *model) { return &model->gate.net.config; }

bool gw_model_loss_scale(const struct gw_gate_model *model, uint64_t *skipped, uint64_t *updates, double *scale) {
    *skipped = model->gate.scale.skipped;
    *updates = model->gate.scale.updates;
    *scale = model->gate.scale.now;
    return model->gate.scale.adapts;
}

bool gw_model_mixes(const struct gw_gate_model *model) { return model->gate.n_snapshots > 0; }

size_t gw_model_history(const struct gw_gate_model *model) {
    const struct R(network) *net = &model->gate.net;
    return net->stream ? R(network_warm)(net) : R(network_reach)(net) - 1;
}

static int score_patterns(const struct gw_gate_model *model, const struct gw_series *series,
                          const struct gw_sample *sample, size_t n, float *probability) {
    TRY(pattern_gate_score(model->patterns, series, sample, n, probability));
    for (size_t i = 0; i < n * GW_N_GATES; i++) {
        const struct calibration *calibration = &model->gate.calibration[i % GW_N_GATES];
        if (calibration->kind != GW_CALIBRATION_NONE)
            probability[i] = (float)calibration_apply(calibration, pattern_logit(probability[i]));
    }
    return GW_OK;
}

static int score_trees(const struct gw_gate_model *model, const struct gw_series *series,
                       const struct gw_sample *sample, size_t n, float *probability) {
    double *logit = mem_calloc(n * GW_N_GATES, sizeof *logit);
    if (!logit) return GW_ERR_NOMEM;
    int rc = boosted_gate_logits(model->trees, &model->gate.net.config, series, sample, n, logit);
    for (size_t i = 0; rc == GW_OK && i < n * GW_N_GATES; i++)
        probability[i] = (float)calibration_apply(&model->gate.calibration[i % GW_N_GATES], logit[i]);
    mem_free(logit);
    return rc;
}

static int score_snapshots(const struct gw_gate_model *model, const struct gw_series *series,
                           const struct gw_sample *sample, size_t n, float *probability,
                           struct gw_attention_out *attention) {
    double *p = mem_calloc(n * GW_N_GATES, sizeof *p);
    if (!p) return GW_ERR_NOMEM;
    int rc = R(snapshots_score)(&model->gate, series, sample, n, p, attention);
    for (size_t i = 0; rc == GW_OK && i < n * GW_N_GATES; i++) {
        const struct calibration *calibration = &model->gate.calibration[i % GW_N_GATES];
        const bool as_is = calibration->kind == GW_CALIBRATION_NONE;
        probability[i] = (float)(as_is ? p[i] : calibration_apply(calibration, R(snapshots_logit)(p[i])));
    }
    mem_free(p);
    return rc;
}

int gw_model_score(const struct gw_gate_model *model, const struct gw_series *series, size_t n_series,
                   const struct gw_sample *sample, size_t n, float *probability, struct gw_attention_out *attention) {
    size_t reach = R(network_reach)(&model->gate.net);
    for (size_t i = 0; i < n; i++)
        if (sample[i].series >= n_series || sample[i].row + (size_t)1 < reach ||
            sample[i].row >= series[sample[i].series].n_rows)
            FAIL(GW_ERR_INTERNAL, "sample %zu (series %u, row %u) has no full window", i, sample[i].series,
                 sample[i].row);
    for (size_t i = 1; i < n && model->gate.net.stream; i++)
        if (sample[i].series < sample[i - 1].series ||
            (sample[i].series == sample[i - 1].series && sample[i].row <= sample[i - 1].row))
            FAIL(GW_ERR_INTERNAL, "sample %zu (series %u, row %u) is out of order for a stream", i, sample[i].series,
                 sample[i].row);
    for (size_t i = 0; i < n && model->gate.net.encoder->reach; i++)
        if (!series[sample[i].series].bar)
            FAIL(GW_ERR_USAGE, "encoder \"%s\" looks at the bars themselves: gw_series.bar is missing",
                 model->gate.net.encoder->name);
    for (size_t i = 0; i < n && model->gate.net.cross.on; i++)
        if (!series[sample[i].series].cross)
            FAIL(GW_ERR_USAGE, "the model has cross-attention: gw_series.cross is missing");
    if (n >= UINT32_MAX) FAIL(GW_ERR_DATA, "more than %u samples to score at once", UINT32_MAX);
    if (attention) attention->n_maps = model->gate.net.maps;
    if (model->patterns) return score_patterns(model, series, sample, n, probability);
    if (model->trees) return score_trees(model, series, sample, n, probability);
    if (model->gate.n_snapshots) return score_snapshots(model, series, sample, n, probability, attention);
    real *logit = mem_calloc(n * GW_N_GATES, sizeof *logit);
    if (!logit) return GW_ERR_NOMEM;
    int rc = R(gate_logits)(&model->gate, series, sample, n, logit, attention);
    for (size_t i = 0; rc == GW_OK && i < n * GW_N_GATES; i++)
        probability[i] = (float)calibration_apply(&model->gate.calibration[i % GW_N_GATES], (double)logit[i]);
    mem_free(logit);
    return rc;
}

const struct patterns_model *gate_patterns(const struct gw_gate_model *model) {
    return model->patterns ? model->patterns->model : NULL;
}
const struct pattern_categories *gate_pattern_categories(const struct gw_gate_model *model) {
    return model->patterns ? &model->patterns->categories : NULL;
}
const struct patterns_log *gate_patterns_log(const struct gw_gate_model *model) {
    return model->patterns ? &model->patterns->log : NULL;
}
