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

/* What the next epoch follows from, beside the windows and the settings. */
struct patterns_state {
    float *weights, *best, *optimizer; /* [n], [n], [n_optimizer] */
    size_t n, n_optimizer;
    uint64_t updates, windows;
    struct patterns_log *log; /* with room for n_epochs */
    size_t n_epochs;
};
int patterns_state_store(const struct patterns_state *state, const char *path, const char *key) GW_MUST_USE;
/* No file, a damaged one and one of another key are nothing to go on from, and no error: `state` is as before then. */
bool patterns_state_load(struct patterns_state *state, const char *path, const char *key);

#endif
