/* Optimisers: one sweep over a flat block of weights. */
#ifndef GATEWALK_MODELS_OPTIMIZER_H
#define GATEWALK_MODELS_OPTIMIZER_H

#include "gatewalk/model.h"
#include "models/kernels/kernels.h"

struct R(optimizer_step) {
    const struct R(kernels) *k;
    const void *own; /* the optimiser's own parameters */
    size_t n;
    real *w;
    const real *g;
    real *state;     /* [state_blocks × n], zero at the start */
    double rate;     /* learning rate of this update */
    double scale;    /* of the gradient: clipping and accumulation */
    uint64_t number; /* of the update, from 1 */
};

struct R(optimizer_ops) {
    const char *name, *help;
    struct gw_param_table own;
    size_t state_blocks;
    void (*step)(const struct R(optimizer_step) *step);
};

#define OPTIMIZER(symbol) extern const struct R(optimizer_ops) R(symbol);
#include "optimizer.def"
#undef OPTIMIZER

const struct R(optimizer_ops) *R(optimizer_at)(size_t row); /* NULL past the end */
/* Adam's sweep with a given decoupled decay, shared by adam and adamw. */
void R(adam_sweep)(const struct R(optimizer_step) *step, double decay);

#endif
