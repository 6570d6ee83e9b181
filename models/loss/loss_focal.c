/* Focal loss (Lin et al. 2017): -α_t (1 - p_t)^γ log p_t, with p_t the probability of the true label and α_t = α for
 * positives, 1 - α for negatives. With u = ±z the logit of p_t:
 *   dL/du = -α_t (1 - p_t)^γ (γ p_t (-log p_t) + 1 - p_t) */
#include "loss.h"

struct focal_params {
    double focal_gamma, focal_alpha;
};
static const struct gw_param own_params[] = {
    GW_NUMBER_PARAM(struct focal_params, focal_gamma, "", 2, 0, 10, "focusing exponent"),
    GW_NUMBER_PARAM(struct focal_params, focal_alpha, "fraction", .25, 0, 1, "weight of positives in focal"),
};

static double value(const void *own, double z, int t, double lambda, double *dz) {
    const struct focal_params *focal = own;
    (void)lambda;
    double u = t ? z : -z, alpha = t ? focal->focal_alpha : 1 - focal->focal_alpha;
    double pt = loss_sigmoid(u), rest = loss_sigmoid(-u), surprise = loss_softplus(-u);
    double weight = alpha * pow(rest, focal->focal_gamma);
    double du = -weight * (focal->focal_gamma * pt * surprise + rest);
    *dz = t ? du : -du;
    return weight * surprise;
}

const struct loss_ops R(loss_focal) = {
    .name = "focal",
    .help = "focal loss: easy samples count less (Lin et al. 2017)",
    .own = GW_PARAM_TABLE(own_params),
    .value = value,
};
