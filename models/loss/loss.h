/* Losses: one sample, one gate at a time, in double. The batch takes the mean over labelled samples per gate, and
 * the mean over gates. */
#ifndef GATEWALK_MODELS_LOSS_H
#define GATEWALK_MODELS_LOSS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "models/network/real.h"

struct loss_setting {
    double pos_weight, gamma, alpha, beta;
};

struct loss_ops {
    const char *name, *help;
    bool self_paced;     /* wants lambda, the loss above which a sample of this class waits outside */
    double default_beta; /* bootstrap_beta 0 stands for this */
    /* Loss of logit z against label t (0 or 1); d loss / dz in *dz. lambda is infinite once all samples are in. */
    double (*value)(const struct loss_setting *setting, double z, int t, double lambda, double *dz);
};

static inline double loss_softplus(double z) { return fmax(z, 0) + log1p(exp(-fabs(z))); }
static inline double loss_sigmoid(double z) {
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}
/* -w t log p - (1 - t) log(1 - p) for a target t anywhere in [0, 1], from the logit so that it never overflows. */
static inline double loss_cross_entropy(double pos_weight, double z, double t, double *dz) {
    double p = loss_sigmoid(z);
    *dz = pos_weight * t * (p - 1) + (1 - t) * p;
    return pos_weight * t * loss_softplus(-z) + (1 - t) * loss_softplus(z);
}

#define LOSS(symbol) extern const struct loss_ops R(symbol);
#include "loss.def"
#undef LOSS

const struct loss_ops *R(loss_find)(const char *name);

#endif
