/* Halved at an overflow, doubled after so many updates without one. Powers of two change no digit of a gradient. */
#include "loss_scale.h"

#include <math.h>

void loss_scale_begin(struct loss_scale *scale, const struct gw_train_config *config, double before) {
    *scale = (struct loss_scale){.now = 1};
    if (config->precision != GW_PRECISION_FP16) return;
    scale->adapts = true;
    scale->now = before > 0 ? before : loss_scale_own(config)->loss_scale;
    scale->growth = loss_scale_own(config)->loss_scale_updates;
}

bool loss_scale_note(struct loss_scale *scale, bool finite) {
    scale->updates++;
    if (!finite) {
        scale->skipped++;
        scale->since = 0;
        if (!scale->adapts || scale->now <= 1) return false;
        scale->now /= 2;
        return true;
    }
    if (scale->adapts && ++scale->since >= scale->growth) {
        scale->now = fmin(2 * scale->now, LOSS_SCALE_MOST);
        scale->since = 0;
    }
    return true;
}
