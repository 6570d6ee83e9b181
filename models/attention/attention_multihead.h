/* What the windowed and the streaming form of multi-head attention share. */
#ifndef GATEWALK_MODELS_ATTENTION_MULTIHEAD_H
#define GATEWALK_MODELS_ATTENTION_MULTIHEAD_H

#include "attention_band.h"

enum { WQ, BQ, WK, BK, WV, BV, WO, BO };

struct multihead_params {
    size_t heads, key_dim;
    bool causal_mask, luong_combine;
};
static inline const struct multihead_params *multihead(const struct gw_model_config *config) {
    return own_of_attention(config);
}

static inline size_t multihead_width(const struct gw_model_config *config) {
    return multihead(config)->heads * multihead(config)->key_dim;
}
/* The mean over time says little of the bar that asks; with luong_combine its own state stands behind it: [c; h_T]. */
static inline size_t R(multihead_context_size)(const struct gw_model_config *config) {
    return multihead(config)->luong_combine ? 2 * config->hidden : config->hidden;
}

/* rows times the same row of `columns` values */
void R(multihead_fill)(size_t rows, size_t columns, const real *row, real *out, size_t ld);
/* context = value Wo + bo, and behind it the asking states, every `stride` from `states` on, where they are wanted. */
void R(multihead_contexts)(const struct gw_model_config *config, const struct R(kernels) *k, size_t n,
                           const real *const *w, const real *value, const real *states, size_t stride, real *context);
/* What the asking states get from behind the contexts. */
void R(multihead_take_gradients)(const struct gw_model_config *config, const struct R(kernels) *k, size_t n,
                                 const real *dcontext, real *dstates, size_t stride);
extern const struct R(band_ops) R(multihead_band);

#endif
