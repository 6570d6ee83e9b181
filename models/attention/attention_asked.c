/* Scores of a decoder's states against those of a window (see attention_asked.h). A window's keys are met by a query at every
 * step of the decoder, so they are prepared once, and tanh is made anew on the way back: kept, it would be M × T × units a
 * window. */
#include <string.h>

#include "attention_asked.h"

void R(asked_nothing)(const struct R(asked_run) *run) { (void)run; }

/* ---- e_s = v · tanh(q W1 + h_s W2) ---------------------------------------------------------------------- */

size_t R(asked_keys)(const struct gw_model_config *config) { return config->lookback * attention_units(config); }
size_t R(asked_units)(const struct gw_model_config *config) { return attention_units(config); }

void R(additive_keys)(const struct R(asked_run) *run, const real *w2) {
    size_t T = run->config->lookback, H = run->config->hidden, A = attention_units(run->config);
    run->k->large_nn(run->n * T, A, H, run->h, H, w2, A, run->memory, A, false);
    run->k->additive_prepare(run->n * T * A, run->memory, run->memory);
    if (run->dmemory) memset(run->dmemory, 0, run->n * T * A * sizeof *run->dmemory);
}

void R(additive_ask)(const struct R(asked_run) *run, const real *w1, const real *v, const real *state, real *query,
                     real *score, size_t ld) {
    size_t T = run->config->lookback, H = run->config->hidden, A = attention_units(run->config);
    run->k->gemm_nn(run->n, A, H, state, H, w1, A, query, A, false);
    run->k->additive_prepare(run->n * A, query, query);
    for (size_t b = 0; b < run->n; b++)
        run->k->additive_band_forward(T, A, run->memory + b * T * A, A, query + b * A, v, score + b * ld);
}

void R(additive_ask_backward)(const struct R(asked_run) *run, const real *w1, const real *v, const real *state,
                              const real *query, const real *dscore, real *dquery, real *dstate, real *dw1, real *dv) {
    size_t T = run->config->lookback, H = run->config->hidden, A = attention_units(run->config);
    memset(dquery, 0, run->n * A * sizeof *dquery);
    for (size_t b = 0; b < run->n; b++)
        run->k->additive_band_backward(T, A, run->memory + b * T * A, A, query + b * A, v, dscore + b * T,
                                       run->dmemory + b * T * A, dquery + b * A, dv);
    run->k->gemm_tn(H, A, run->n, state, H, dquery, A, dw1, A, true);
    run->k->gemm_nt(run->n, H, A, dquery, A, w1, A, dstate, H, true);
}

void R(additive_keys_backward)(const struct R(asked_run) *run, const real *w2, real *dw2) {
    size_t T = run->config->lookback, H = run->config->hidden, A = attention_units(run->config);
    run->k->large_tn(H, A, run->n * T, run->h, H, run->dmemory, A, dw2, A, true);
    run->k->large_nt(run->n * T, H, A, run->dmemory, A, w2, A, run->dh, H, true);
}

/* ---- e_s = query · h_s ---------------------------------------------------------------------------------- */

void R(product_ask)(const struct R(asked_run) *run, const real *query, real *score, size_t ld) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++)
        run->k->gemm_nn(T, 1, H, run->h + b * T * H, H, query + b * H, 1, score + b * ld, 1, false);
}

/* dh_s += e'_s query, dquery = Σ e'_s h_s */
void R(product_ask_backward)(const struct R(asked_run) *run, const real *query, const real *dscore, real *dquery) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++) {
        run->k->gemm_tn(T, H, 1, dscore + b * T, T, query + b * H, H, run->dh + b * T * H, H, true);
        run->k->gemm_nn(1, H, T, dscore + b * T, T, run->h + b * T * H, H, dquery + b * H, H, false);
    }
}

/* ---- in graphs -------------------------------------------------------------------------------------------- */

struct onnx_value R(additive_onnx_ask)(struct onnx *graph, const struct onnx_asked *asked, struct onnx_value state) {
    return onnx_additive(graph, onnx_matmul(graph, state, asked->query_weight), asked->key, asked->v);
}

struct onnx_value R(product_onnx_ask)(struct onnx *graph, const struct onnx_asked *asked, struct onnx_value state) {
    const struct onnx_value query = *asked->query_weight.name ? onnx_matmul(graph, state, asked->query_weight) : state;
    return onnx_unwrap(graph, onnx_matmul(graph, asked->key, onnx_wrap(graph, query, 2)), 2);
}
