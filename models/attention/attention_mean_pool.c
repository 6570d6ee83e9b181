/* Control: the mean of all states. What an attention must beat to show that its weights matter. */
#include <string.h>

#include "attention_band.h"

static size_t nothing(const struct gw_model_config *config) {
    (void)config;
    return 0;
}

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->context, 0, run->n * H * sizeof *run->context);
    for (size_t b = 0; b < run->n; b++)
        for (size_t s = 0; s < T; s++)
            run->k->axpy(H, (real)(1.0 / (double)T), run->h + (b * T + s) * H, run->context + b * H);
}

static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->dh, 0, run->n * T * H * sizeof *run->dh);
    for (size_t b = 0; b < run->n; b++)
        for (size_t s = 0; s < T; s++)
            run->k->axpy(H, (real)(1.0 / (double)T), run->dcontext + b * H, run->dh + (b * T + s) * H);
}

/* ---- streaming --------------------------------------------------------------------------------------------- */

/* The ones that a row of states is summed with; behind them d mean. */
static size_t band_keep(const struct gw_model_config *config, size_t rows, size_t queries) {
    (void)rows;
    (void)queries;
    return config->lookback;
}
static size_t band_scratch(const struct gw_model_config *config, size_t rows, size_t queries) {
    (void)rows;
    return queries * config->hidden;
}

static void band_forward(const struct R(band_run) *run) {
    size_t H = run->config->hidden;
    R(band_mean)(run, H, run->h, H, run->context, run->keep);
}

static void band_backward(const struct R(band_run) *run) {
    size_t H = run->config->hidden;
    memcpy(run->scratch, run->dcontext, R(band_queries)(run) * H * sizeof(real));
    R(band_mean_backward)(run, H, run->scratch, 0, run->dh, H, true, run->keep);
}

static const struct R(band_ops) band = {
    .memory_size = R(band_nothing),
    .keep_size = band_keep,
    .scratch_size = band_scratch,
    .forward = band_forward,
    .backward = band_backward,
};

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    (void)model;
    return onnx_mean(graph, h, 1);
}

const struct R(attention_ops) R(attention_mean_pool) = {
    .name = "mean_pool",
    .help = "control: mean of all states, no weights",
    .band = &band,
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = nothing,
    .keep_size = nothing,
    .scratch_size = nothing,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
