/* Control: the largest value of every hidden unit over time; the gradient goes to the first step that reached it. */
#include <string.h>

#include "models/network/gate.h"

static size_t nothing(const struct gw_model_config *config) {
    (void)config;
    return 0;
}

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++) {
        real *c = run->context + b * H;
        memcpy(c, run->h + b * T * H, H * sizeof *c);
        for (size_t s = 1; s < T; s++)
            for (size_t i = 0; i < H; i++)
                if (!(run->h[(b * T + s) * H + i] <= c[i])) c[i] = run->h[(b * T + s) * H + i]; /* lets NaN through */
    }
}

static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->dh, 0, run->n * T * H * sizeof *run->dh);
    for (size_t b = 0; b < run->n; b++)
        for (size_t i = 0; i < H; i++) {
            size_t s = 0;
            while (s + 1 < T && run->h[(b * T + s) * H + i] != run->context[b * H + i]) s++;
            run->dh[(b * T + s) * H + i] = run->dcontext[b * H + i];
        }
}

const struct R(attention_ops) R(attention_max_pool) = {
    .name = "max_pool",
    .help = "control: maximum of every unit over time",
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = nothing,
    .keep_size = nothing,
    .scratch_size = nothing,
    .forward = forward,
    .backward = backward,
};
