/* The inside of the autoencoder's fit. */
#ifndef GATEWALK_MODELS_PATTERNS_FIT_H
#define GATEWALK_MODELS_PATTERNS_FIT_H

#include "patterns_model.h"

/* The windows of one batch and what is done to them. */
struct batch_source {
    const struct pattern_windows *windows;
    const uint32_t *index; /* [n] which of them */
    size_t n, views;       /* rows: n of the first view, then n of the second */
    const struct transformer_shape *shape;
    double dropout; /* 0: none */
    uint64_t seed, epoch;
};
/* Returns the number of rows. */
size_t batch_fill(const struct batch_source *from, struct R(batch) *batch);

#endif
