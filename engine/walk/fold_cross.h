/* The second sequences of a fold: of each contestant with cross-attention the bars that its last state may ask. */
#ifndef GATEWALK_WALK_FOLD_CROSS_H
#define GATEWALK_WALK_FOLD_CROSS_H

#include "fits.h"

struct fold_data;

struct fold_cross {
    /* [n_symbols] those of the fold, with the second sequence, or to fit with the paths of a decoder; NULL: it has neither */
    struct gw_series *fit, *score;
    struct gw_cross *view;   /* [n_symbols] */
    uint32_t **row, **known; /* [n_symbols] */
    uint32_t *column;
};

int fold_cross_build(const struct experiment *e, const struct prepared *p, struct fold_data *data) GW_MUST_USE;
void fold_cross_free(struct fold_data *data);

#endif
