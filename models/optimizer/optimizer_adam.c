/* Adam (Kingma & Ba 2014) with the paper's constants. */
#include <math.h>

#include "optimizer.h"

static const double beta1 = .9, beta2 = .999, epsilon = 1e-8;

void R(adam_sweep)(const struct R(optimizer_step) *step, double decay) {
    double bias1 = 1 - pow(beta1, (double)step->number), bias2 = 1 - pow(beta2, (double)step->number);
    step->k->adam(step->n, step->w, step->g, step->state, step->state + step->n, (real)step->rate, (real)beta1,
                  (real)beta2, (real)epsilon, (real)decay, (real)bias1, (real)bias2, (real)step->scale);
}

static void step_adam(const struct R(optimizer_step) *step) { R(adam_sweep)(step, 0); }

const struct R(optimizer_ops) R(optimizer_adam) = {
    .name = "adam",
    .help = "Adam (Kingma & Ba 2014)",
    .state_blocks = 2,
    .step = step_adam,
};
