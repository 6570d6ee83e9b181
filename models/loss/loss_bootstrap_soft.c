/* Soft bootstrapping (Reed et al. 2014): cross-entropy against t' = β t + (1 - β) p, which is β bce + (1 - β) times
 * the entropy of p. The gradient flows through p in the target too: dH/dz = -z p (1 - p). */
#include "loss.h"

static double value(const struct loss_setting *setting, double z, int t, double lambda, double *dz) {
    (void)lambda;
    double beta = setting->beta, p = loss_sigmoid(z), entropy = loss_softplus(z) - z * p;
    double loss = loss_cross_entropy(1, z, t, dz);
    *dz = beta * *dz - (1 - beta) * z * p * loss_sigmoid(-z);
    return beta * loss + (1 - beta) * entropy;
}

const struct loss_ops R(loss_bootstrap_soft) = {
    .name = "bootstrap_soft",
    .help = "labels blended with the model's own probabilities (Reed et al. 2014)",
    .default_beta = .95,
    .value = value,
};
