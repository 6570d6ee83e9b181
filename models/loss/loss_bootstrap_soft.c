/* Soft bootstrapping (Reed et al. 2014): cross-entropy against t' = β t + (1 - β) p, which is β bce + (1 - β) times
 * the entropy of p. The gradient flows through p in the target too: dH/dz = -z p (1 - p). */
#include "loss.h"

static const struct gw_param own_params[] = {BOOTSTRAP_ROW};

static double value(const void *own, double z, int t, double lambda, double *dz) {
    const struct bootstrap_params *bootstrap = own;
    (void)lambda;
    double beta = bootstrap->bootstrap_beta > 0 ? bootstrap->bootstrap_beta : .95, p = loss_sigmoid(z),
           entropy = loss_softplus(z) - z * p;
    double loss = loss_cross_entropy(1, z, t, dz);
    *dz = beta * *dz - (1 - beta) * z * p * loss_sigmoid(-z);
    return beta * loss + (1 - beta) * entropy;
}

const struct loss_ops R(loss_bootstrap_soft) = {
    .name = "bootstrap_soft",
    .help = "labels blended with the model's own probabilities (Reed et al. 2014)",
    .own = GW_PARAM_TABLE(own_params),
    .value = value,
};
