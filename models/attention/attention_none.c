/* No attention: the context is the last hidden state. The baseline that every other row is measured against. */
#include "models/network/gate.h"

static size_t no_maps(const struct gw_model_config *config) {
    (void)config;
    return 0;
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    (void)model;
    return onnx_last(graph, h);
}

const struct R(attention_ops) R(attention_none) = {
    .name = "none",
    .help = "last hidden state: the baseline",
    .tile = SHARD_WINDOWS,
    .context_size = R(context_hidden),
    .maps = no_maps,
    .onnx = onnx,
};
