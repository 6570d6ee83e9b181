/* The scale of a loss whose gradients pass through half precision (Micikevicius et al. 2018, "Mixed precision training"): large,
 * so that small gradients are no zeros, and smaller whenever one overflows. */
#ifndef GATEWALK_MODELS_LOSS_SCALE_H
#define GATEWALK_MODELS_LOSS_SCALE_H

#include "gatewalk/model.h"

#define LOSS_SCALE_MOST 16777216.0

struct loss_scale_params {
    double loss_scale;
    size_t loss_scale_updates;
};
static inline const struct loss_scale_params *loss_scale_own(const struct gw_train_config *config) {
    return (const struct loss_scale_params *)(const void *)config->precision_own[GW_PRECISION_FP16].bytes;
}

struct loss_scale {
    double now;    /* a power of two, 1 to LOSS_SCALE_MOST; 1 for all other precisions */
    bool adapts;   /* fp16 */
    size_t since;  /* updates since it changed */
    size_t growth; /* of them until it is doubled */
    uint64_t updates, skipped;
};

/* before: that of the fit that this one goes on from, 0 for none. */
void loss_scale_begin(struct loss_scale *scale, const struct gw_train_config *config, double before);
/* Told of every update whether its gradient was finite. False: it was not, and cannot be under any scale. */
bool loss_scale_note(struct loss_scale *scale, bool finite);

#endif
