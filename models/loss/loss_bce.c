/* Binary cross-entropy: -w t log p - (1 - t) log(1 - p). */
#include "loss.h"

static double value(const struct loss_setting *setting, double z, int t, double lambda, double *dz) {
    (void)lambda;
    return loss_cross_entropy(setting->pos_weight, z, t, dz);
}

const struct loss_ops R(loss_bce) = {
    .name = "bce",
    .help = "binary cross-entropy with optional pos_weight",
    .value = value,
};
