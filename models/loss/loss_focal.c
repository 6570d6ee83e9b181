/* Focal loss (Lin et al. 2017): -α_t (1 - p_t)^γ log p_t, with p_t the probability of the true label and α_t = α for
 * positives, 1 - α for negatives. With u = ±z the logit of p_t:
 *   dL/du = -α_t (1 - p_t)^γ (γ p_t (-log p_t) + 1 - p_t) */
#include "loss.h"

static double value(const struct loss_setting *setting, double z, int t, double lambda, double *dz) {
    (void)lambda;
    double u = t ? z : -z, alpha = t ? setting->alpha : 1 - setting->alpha;
    double pt = loss_sigmoid(u), rest = loss_sigmoid(-u), surprise = loss_softplus(-u);
    double weight = alpha * pow(rest, setting->gamma);
    double du = -weight * (setting->gamma * pt * surprise + rest);
    *dz = t ? du : -du;
    return weight * surprise;
}

const struct loss_ops R(loss_focal) = {
    .name = "focal",
    .help = "focal loss: easy samples count less (Lin et al. 2017)",
    .value = value,
};
