/* Shared parts of attentions that a decoder asks, as attention_band.h has them for streams. */
#ifndef GATEWALK_MODELS_ATTENTION_ASKED_H
#define GATEWALK_MODELS_ATTENTION_ASKED_H

#include "models/network/gate.h"

void R(asked_nothing)(const struct R(asked_run) *run);

/* Additive: memory holds the prepared keys h W2, query the prepared state W1. */
size_t R(asked_keys)(const struct gw_model_config *config);  /* T × units a window */
size_t R(asked_units)(const struct gw_model_config *config); /* units a query */
void R(additive_keys)(const struct R(asked_run) *run, const real *w2);
void R(additive_ask)(const struct R(asked_run) *run, const real *w1, const real *v, const real *state, real *query,
                     real *score, size_t ld);
void R(additive_ask_backward)(const struct R(asked_run) *run, const real *w1, const real *v, const real *state,
                              const real *query, const real *dscore, real *dquery, real *dstate, real *dw1, real *dv);
void R(additive_keys_backward)(const struct R(asked_run) *run, const real *w2, real *dw2);

/* Products: score_s = query · h_s; backward adds to dh and assigns dquery [n × H]. */
void R(product_ask)(const struct R(asked_run) *run, const real *query, real *score, size_t ld);
void R(product_ask_backward)(const struct R(asked_run) *run, const real *query, const real *dscore, real *dquery);

/* In graphs: v · tanh(state W1 + key), and (state W) · key, or state · key where there is no W. */
struct onnx_value R(additive_onnx_ask)(struct onnx *graph, const struct onnx_asked *asked, struct onnx_value state);
struct onnx_value R(product_onnx_ask)(struct onnx *graph, const struct onnx_asked *asked, struct onnx_value state);

#endif
