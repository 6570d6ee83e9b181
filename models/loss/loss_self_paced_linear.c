/* Self-paced learning with linear weights v = max(0, 1 - ℓ/λ) (Jiang et al. 2014). The value is ∫ v dℓ = ℓ - ℓ²/2λ up
 * to ℓ = λ and λ/2 beyond, so that its derivative is exactly v dℓ/dz. λ is a quantile per class, see fit_pace. */
#include "loss.h"

static const struct gw_param own_params[] = {SELF_PACED_ROWS};

static double value(const void *own, double z, int t, double lambda, double *dz) {
    const struct self_paced_params *paced = own;
    double loss = loss_cross_entropy(paced->pos_weight, z, t, dz);
    if (isinf(lambda)) return loss;
    double weight = fmax(0, 1 - loss / lambda);
    *dz *= weight;
    return weight > 0 ? loss - loss * loss / (2 * lambda) : lambda / 2;
}

const struct loss_ops R(loss_self_paced_linear) = {
    .name = "self_paced_linear",
    .help = "bce with harder samples weighted less, all alike later (Jiang et al. 2014)",
    .own = GW_PARAM_TABLE(own_params),
    .self_paced = true,
    .value = value,
};
