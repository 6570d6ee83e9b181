/* Adam with decoupled weight decay (Loshchilov & Hutter 2017): w shrinks by rate × decay, outside the moments. */
#include "optimizer.h"

static void step_adamw(const struct R(optimizer_step) *step) { R(adam_sweep)(step, step->config->weight_decay); }

const struct R(optimizer_ops) R(optimizer_adamw) = {
    .name = "adamw",
    .help = "Adam with decoupled weight decay (Loshchilov & Hutter 2017)",
    .state_blocks = 2,
    .step = step_adamw,
};
