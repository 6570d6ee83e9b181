/* Hard bootstrapping (Reed et al. 2014): cross-entropy against t' = β t + (1 - β) 1[p > .5]. */
#include "loss.h"

static double value(const struct loss_setting *setting, double z, int t, double lambda, double *dz) {
    (void)lambda;
    return loss_cross_entropy(1, z, setting->beta * t + (1 - setting->beta) * (z > 0), dz);
}

const struct loss_ops R(loss_bootstrap_hard) = {
    .name = "bootstrap_hard",
    .help = "labels blended with the model's own decisions (Reed et al. 2014)",
    .default_beta = .8,
    .value = value,
};
