/* Self-paced learning (Kumar et al. 2010) with weights v = 1[ℓ < λ]. The value is ∫ v dℓ = min(ℓ, λ), so that it is a
 * function whose derivative is exactly v dℓ/dz. λ is a quantile per class, see fit_pace. */
#include "loss.h"

static double value(const struct loss_setting *setting, double z, int t, double lambda, double *dz) {
    double loss = loss_cross_entropy(setting->pos_weight, z, t, dz);
    if (loss < lambda) return loss;
    *dz = 0;
    return lambda;
}

const struct loss_ops R(loss_self_paced_hard) = {
    .name = "self_paced_hard",
    .help = "bce of the easier samples first, all of them later (Kumar et al. 2010)",
    .self_paced = true,
    .value = value,
};
