/* Losses: one sample, one gate at a time, in double. The batch takes the mean over labelled samples per gate, and
 * the mean over gates. */
#ifndef GATEWALK_MODELS_LOSS_H
#define GATEWALK_MODELS_LOSS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "gatewalk/model.h"
#include "models/network/real.h"

struct loss_ops {
    const char *name, *help;
    struct gw_param_table own; /* its parameters, in a struct of its own */
    bool self_paced; /* wants lambda, the loss above which a sample of this class waits outside; its own struct
                               is a struct self_paced_params */
    /* Loss of logit z against label t (0 or 1); d loss / dz in *dz. lambda is infinite once all samples are in. */
    double (*value)(const void *own, double z, int t, double lambda, double *dz);
};
static inline const void *loss_own(const struct gw_train_config *config) {
    return config->loss_own[config->loss].bytes;
}

/* Parameters that several losses have. */
#define POS_WEIGHT_ROW(struct_type)                                                                                    \
    GW_NUMBER_PARAM(struct_type, pos_weight, "", 1, 1e-3, 1e4, "weight of positives in the cross-entropy")
struct bootstrap_params {
    double bootstrap_beta;
};
#define BOOTSTRAP_ROW                                                                                                  \
    GW_NUMBER_PARAM(struct bootstrap_params, bootstrap_beta, "fraction", 0, 0, 1,                                      \
                    "share of the given label; 0 = .95 soft, .8 hard")
struct self_paced_params {
    double pos_weight, self_paced_start, self_paced_epochs;
};
#define SELF_PACED_ROWS                                                                                                \
    POS_WEIGHT_ROW(struct self_paced_params),                                                                          \
        GW_NUMBER_PARAM(struct self_paced_params, self_paced_start, "fraction", .5, .01, 1,                            \
                        "share of each class in at first"),                                                            \
        GW_NUMBER_PARAM(struct self_paced_params, self_paced_epochs, "epochs", 10, 0, 1e6,                             \
                        "epochs until all samples are in")

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

const struct loss_ops *R(loss_at)(size_t row); /* NULL past the end */

#endif
