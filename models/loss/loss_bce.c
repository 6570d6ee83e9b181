/* Binary cross-entropy: -w t log p - (1 - t) log(1 - p). */
#include "loss.h"

struct bce_params {
    double pos_weight;
};
static const struct gw_param own_params[] = {POS_WEIGHT_ROW(struct bce_params)};

static double value(const void *own, double z, int t, double lambda, double *dz) {
    const struct bce_params *bce = own;
    (void)lambda;
    return loss_cross_entropy(bce->pos_weight, z, t, dz);
}

const struct loss_ops R(loss_bce) = {
    .name = "bce",
    .help = "binary cross-entropy with optional pos_weight",
    .own = GW_PARAM_TABLE(own_params),
    .value = value,
};
