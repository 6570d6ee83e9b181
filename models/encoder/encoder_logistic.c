/* Logistic regression: the context is the last bar's features, the head reads two logits off it. No weights of its
 * own and nothing to do on the way back. What an LSTM cannot beat is not worth its time. */
#include <string.h>

#include "models/network/gate.h"

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    (void)config;
    (void)list;
}

/* The windows are one bar long here, so a window's first row is its last bar. */
static void forward(const struct R(pass) *pass) {
    const struct R(workspace) *ws = pass->ws;
    size_t F = pass->net->config.n_features;
    for (size_t b = 0; b < ws->n_windows; b++)
        memcpy(ws->context + b * F, ws->x + ws->first_row[b] * F, F * sizeof(real));
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value x) {
    (void)model;
    return onnx_last(graph, x);
}

const struct R(encoder_ops) R(encoder_logistic) = {
    .name = "logistic",
    .help = "logistic regression on the last bar's features: the floor to beat",
    .sequence = false,
    .tensors = tensors,
    .forward = forward,
    .onnx = onnx,
};
