/* Endings shared by the additive and the multiplicative attentions. */
#ifndef GATEWALK_MODELS_ATTENTION_COMBINE_H
#define GATEWALK_MODELS_ATTENTION_COMBINE_H

#include "models/network/gate.h"

/* Context c, or [c; q] with luong_combine (bahdanau). Backward clears dh and starts it. */
size_t R(concat_size)(const struct gw_model_config *config);
void R(concat_forward)(const struct R(attention_run) *run);
void R(concat_backward)(const struct R(attention_run) *run, real *dscore);

/* Additive attention with that ending; dual_stage has it behind its own encoder. */
void R(bahdanau_tensors)(const struct gw_model_config *config, struct tensor_list *list);
void R(bahdanau_forward)(const struct R(attention_run) *run);
void R(bahdanau_backward)(const struct R(attention_run) *run);
struct onnx_value R(bahdanau_onnx)(struct onnx *graph, const struct onnx_model *model, struct onnx_value h);

/* Context c, or h~ = tanh([c; q] W_c) with luong_combine. `both` keeps [c; q] of the tile: luong_keep per window. */
void R(luong_tensors)(const struct gw_model_config *config, struct tensor_list *list);
size_t R(luong_keep)(const struct gw_model_config *config);
size_t R(luong_scratch)(const struct gw_model_config *config);
void R(luong_forward)(const struct R(attention_run) *run, const real *wc, real *both);
void R(luong_backward)(const struct R(attention_run) *run, const real *wc, real *dwc, const real *both, real *scratch,
                       real *dscore);
/* The same behind weights [n × T] that are no softmax over all states; leaves da [n × T]. */
void R(luong_end)(const struct R(attention_run) *run, const real *wc, const real *weight, real *both);
void R(luong_end_backward)(const struct R(attention_run) *run, const real *wc, real *dwc, const real *weight,
                           const real *both, real *scratch, real *da);

/* ---- bilinear scores e_s = qᵀ W h_s with q = h_T, of the states from … to - 1 of window b ------------------------- */

void R(bilinear_query)(const struct R(attention_run) *run, const real *w, real *qw); /* [n × H] */
void R(bilinear_scores)(const struct R(attention_run) *run, const real *qw, size_t b, size_t from, size_t to, real *e);
/* Adds to dh and to dqw of that window; then, for the whole tile, from dqw to W and the queries. */
void R(bilinear_scores_backward)(const struct R(attention_run) *run, const real *qw, size_t b, size_t from, size_t to,
                                 const real *de, real *dqw);
void R(bilinear_query_backward)(const struct R(attention_run) *run, const real *w, const real *dqw, real *dw);

#endif
