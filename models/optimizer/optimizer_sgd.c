/* Gradient descent with heavy-ball momentum (Polyak 1964): v = μ v + g, w -= rate v. */
#include "optimizer.h"

struct sgd_params {
    double momentum;
};
static const struct gw_param own_params[] = {
    GW_NUMBER_PARAM(struct sgd_params, momentum, "fraction", .9, 0, .999, "momentum of sgd"),
};

static void step_sgd(const struct R(optimizer_step) *step) {
    const struct sgd_params *sgd = step->own;
    real momentum = (real)sgd->momentum, rate = (real)step->rate, scale = (real)step->scale;
    for (size_t i = 0; i < step->n; i++) {
        step->state[i] = momentum * step->state[i] + scale * step->g[i];
        step->w[i] -= rate * step->state[i];
    }
}

const struct R(optimizer_ops) R(optimizer_sgd) = {
    .name = "sgd",
    .help = "stochastic gradient descent with momentum",
    .own = GW_PARAM_TABLE(own_params),
    .state_blocks = 1,
    .step = step_sgd,
};
