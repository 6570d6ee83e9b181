/* Adam with decoupled weight decay (Loshchilov & Hutter 2017): w shrinks by rate × decay, outside the moments. */
#include "optimizer.h"

struct adamw_params {
    double weight_decay;
};
static const struct gw_param own_params[] = {
    GW_NUMBER_PARAM(struct adamw_params, weight_decay, "per update", .01, 0, 1,
                    "decoupled decay of adamw, times the rate"),
};

static void step_adamw(const struct R(optimizer_step) *step) {
    const struct adamw_params *adamw = step->own;
    R(adam_sweep)(step, adamw->weight_decay);
}

const struct R(optimizer_ops) R(optimizer_adamw) = {
    .name = "adamw",
    .help = "Adam with decoupled weight decay (Loshchilov & Hutter 2017)",
    .own = GW_PARAM_TABLE(own_params),
    .state_blocks = 2,
    .step = step_adamw,
};
