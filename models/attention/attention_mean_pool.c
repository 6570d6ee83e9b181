/* Control: the mean of all states. What an attention must beat to show that its weights matter. */
#include <string.h>

#include "models/network/gate.h"

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

const struct R(attention_ops) R(attention_mean_pool) = {
    .name = "mean_pool",
    .help = "control: mean of all states, no weights",
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = nothing,
    .keep_size = nothing,
    .scratch_size = nothing,
    .forward = forward,
    .backward = backward,
};
