/* Self-paced learning (Kumar et al. 2010) with weights v = 1[ℓ < λ]. The value is ∫ v dℓ = min(ℓ, λ), so that it is a
 * function whose derivative is exactly v dℓ/dz. λ is a quantile per class, see fit_pace. */
#include "loss.h"

static const struct gw_param own_params[] = {SELF_PACED_ROWS};

static double value(const void *own, double z, int t, double lambda, double *dz) {
    const struct self_paced_params *paced = own;
    double loss = loss_cross_entropy(paced->pos_weight, z, t, dz);
    if (loss < lambda) return loss;
    *dz = 0;
    return lambda;
}

const struct loss_ops R(loss_self_paced_hard) = {
    .name = "self_paced_hard",
    .help = "bce of the easier samples first, all of them later (Kumar et al. 2010)",
    .own = GW_PARAM_TABLE(own_params),
    .self_paced = true,
    .value = value,
};
