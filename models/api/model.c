/* The public face of the float32 gates. */
#include "gate_model.h"

#include <string.h>

void training_log_free(struct training_log *log) {
    mem_free(log->epoch);
    memset(log, 0, sizeof *log);
}

int model_fit(const struct model_config *model, const struct train_config *train, const struct fit_input *input,
              const struct fit_options *options, struct gate_model **out, struct training_log *log) {
    char warning[256];
    TRY(model_config_check(model, train, warning));
    *out = mem_calloc(1, sizeof **out);
    if (!*out) return ERR_NOMEM;
    int rc = R(model_fit)(model, train, input, options, options->previous ? &options->previous->gate : NULL,
                          &(*out)->gate, log);
    if (rc == OK) return OK;
    mem_free(*out);
    *out = NULL;
    return rc;
}

void model_free(struct gate_model *model) {
    if (!model) return;
    R(gate_free)(&model->gate);
    mem_free(model);
}

const struct model_config *model_get_config(const struct gate_model *model) { return &model->gate.net.config; }

int model_score(const struct gate_model *model, const struct series *series, size_t n_series,
                const struct sample *sample, size_t n, float *probability, struct attention_out *attention) {
    size_t reach = model->gate.net.encoder->sequence ? model->gate.net.config.lookback : 1;
    for (size_t i = 0; i < n; i++)
        if (sample[i].series >= n_series || sample[i].row + (size_t)1 < reach ||
            sample[i].row >= series[sample[i].series].n_rows)
            FAIL(ERR_INTERNAL, "sample %zu (series %u, row %u) has no full window", i, sample[i].series, sample[i].row);
    if (n >= UINT32_MAX) FAIL(ERR_DATA, "more than %u samples to score at once", UINT32_MAX);
    if (attention) attention->n_maps = model->gate.net.maps;
    real *logit = mem_calloc(n * N_GATES, sizeof *logit);
    if (!logit) return ERR_NOMEM;
    int rc = R(gate_logits)(&model->gate, series, sample, n, logit, attention);
    for (size_t i = 0; rc == OK && i < n * N_GATES; i++)
        probability[i] = (float)calibration_apply(&model->gate.calibration[i % N_GATES], (double)logit[i]);
    mem_free(logit);
    return rc;
}
