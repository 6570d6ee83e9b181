/* Weights that fade by a fixed share with every bar: context = Σ_s w_s h_s, w_s ∝ 2^(-(T-1-s) / half_life). */
#include <math.h>
#include <string.h>

#include "models/network/gate.h"

struct decay_params {
    double half_life;
};
static const struct gw_param own_params[] = {
    GW_NUMBER_PARAM(struct decay_params, half_life, "bars", 8, .5, 500, "decay: bars until a weight is halved"),
};

static size_t nothing(const struct gw_model_config *config) {
    (void)config;
    return 0;
}

static real weight_of(const struct gw_model_config *config, size_t step) {
    const struct decay_params *decay = own_of_attention(config);
    const double fade = exp2(-1 / decay->half_life), T = (double)config->lookback;
    return (real)((1 - fade) / (1 - pow(fade, T)) * pow(fade, T - 1 - (double)step));
}

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->context, 0, run->n * H * sizeof *run->context);
    for (size_t b = 0; b < run->n; b++)
        for (size_t s = 0; s < T; s++) {
            run->map[b * T + s] = weight_of(run->config, s);
            run->k->axpy(H, run->map[b * T + s], run->h + (b * T + s) * H, run->context + b * H);
        }
}

static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->dh, 0, run->n * T * H * sizeof *run->dh);
    for (size_t b = 0; b < run->n; b++)
        for (size_t s = 0; s < T; s++)
            run->k->axpy(H, run->map[b * T + s], run->dcontext + b * H, run->dh + (b * T + s) * H);
}

const struct R(attention_ops) R(attention_decay) = {
    .name = "decay",
    .help = "control: weights that halve every half_life bars",
    .own = GW_PARAM_TABLE(own_params),
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = R(one_map),
    .keep_size = nothing,
    .scratch_size = nothing,
    .forward = forward,
    .backward = backward,
};
