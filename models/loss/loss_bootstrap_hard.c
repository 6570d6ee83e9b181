/* Hard bootstrapping (Reed et al. 2014): cross-entropy against t' = β t + (1 - β) 1[p > .5]. */
#include "loss.h"

static const struct gw_param own_params[] = {BOOTSTRAP_ROW};

static double value(const void *own, double z, int t, double lambda, double *dz) {
    const struct bootstrap_params *bootstrap = own;
    double beta = bootstrap->bootstrap_beta > 0 ? bootstrap->bootstrap_beta : .8;
    (void)lambda;
    return loss_cross_entropy(1, z, beta * t + (1 - beta) * (z > 0), dz);
}

const struct loss_ops R(loss_bootstrap_hard) = {
    .name = "bootstrap_hard",
    .help = "labels blended with the model's own decisions (Reed et al. 2014)",
    .own = GW_PARAM_TABLE(own_params),
    .value = value,
};
