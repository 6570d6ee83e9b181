/* Gradient descent with heavy-ball momentum (Polyak 1964): v = μ v + g, w -= rate v. */
#include "optimizer.h"

static void step_sgd(const struct R(optimizer_step) *step) {
    real momentum = (real)step->config->momentum, rate = (real)step->rate, scale = (real)step->scale;
    for (size_t i = 0; i < step->n; i++) {
        step->state[i] = momentum * step->state[i] + scale * step->g[i];
        step->w[i] -= rate * step->state[i];
    }
}

const struct R(optimizer_ops) R(optimizer_sgd) = {
    .name = "sgd",
    .help = "stochastic gradient descent with momentum",
    .state_blocks = 1,
    .step = step_sgd,
};
