/* What the forms of multi-head attention share: windowed and streaming, softmax whole or in tiles, linear. */
#ifndef GATEWALK_MODELS_ATTENTION_MULTIHEAD_H
#define GATEWALK_MODELS_ATTENTION_MULTIHEAD_H

#include "attention_band.h"

enum { WQ, BQ, WK, BK, WV, BV, WO, BO, WP };
enum head_position { POSITION_NONE, POSITION_SINUSOIDAL, POSITION_LEARNED, POSITION_ALIBI };

struct multihead_params {
    size_t heads, key_dim;
    bool causal_mask, luong_combine, tiled;
    enum head_position position;
};
#define HEADS_ROWS                                                                                                     \
    GW_SIZE_PARAM(struct multihead_params, heads, "heads", 4, 1, 64, "heads of multihead and linear"),                 \
        GW_SIZE_PARAM(struct multihead_params, key_dim, "units", 32, 1, 512, "width of each head's keys and queries"), \
        GW_BOOL_PARAM(struct multihead_params, luong_combine, false, LUONG_COMBINE_HELP)
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

/* ---- heads: how weights come of queries and keys ----------------------------------------------------------------- */

/* One head over one window: mean_s = (1/T) Σ_t A_ts; and back, from g = dL/dmean, dq and dk (assigned). slope: of ALiBi, 0 for
 * none. Both begin with the same queries and keys, and what forward left in run->keep. */
struct R(head_engine) {
    bool key_bias; /* softmax does not see one */
    size_t (*keep_size)(const struct gw_model_config *config);
    size_t (*scratch_size)(const struct gw_model_config *config);
    void (*forward)(const struct R(kernels) *k, const struct R(head_run) *run, real slope, real *mean);
    void (*backward)(const struct R(kernels) *k, const struct R(head_run) *run, real slope, const real *g, real *dquery,
                     real *dkey);
};
extern const struct R(head_engine) R(heads_tiled), R(heads_linear);
/* Everything around the heads, for the rows of attention.def that have any. */
void R(heads_tensors)(const struct gw_model_config *config, struct tensor_list *list);
size_t R(heads_maps)(const struct gw_model_config *config);
size_t R(heads_keep)(const struct gw_model_config *config, const struct R(head_engine) *engine);
size_t R(heads_scratch)(const struct gw_model_config *config, const struct R(head_engine) *engine);
void R(heads_forward)(const struct R(attention_run) *run, const struct R(head_engine) *engine);
void R(heads_backward)(const struct R(attention_run) *run, const struct R(head_engine) *engine);
enum { HEADS_TILE = 4 }; /* windows */

/* rows times the same row of `columns` values */
void R(multihead_fill)(size_t rows, size_t columns, const real *row, real *out, size_t ld);
/* context = value Wo + bo, and behind it the asking states, every `stride` from `states` on, where they are wanted. */
void R(multihead_contexts)(const struct gw_model_config *config, const struct R(kernels) *k, size_t n,
                           const real *const *w, const real *value, const real *states, size_t stride, real *context);
/* What the asking states get from behind the contexts. */
void R(multihead_take_gradients)(const struct gw_model_config *config, const struct R(kernels) *k, size_t n,
                                 const real *dcontext, real *dstates, size_t stride);
extern const struct R(band_ops) R(multihead_band);

/* Position codes, and slopes of ALiBi (0: none). */
double R(multihead_code)(const struct gw_model_config *config, size_t step, size_t unit);
real R(multihead_slope)(const struct gw_model_config *config, size_t head);
struct onnx_value R(multihead_onnx)(struct onnx *graph, const struct onnx_model *model, struct onnx_value h,
                                    bool linear);

#endif
