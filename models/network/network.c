/* The network's description: tables looked up, tensors laid out, initial values, packed recurrent weights. */
#include <string.h>

#include "engine/base/base.h"
#include "gate.h"

static const struct R(encoder_ops) *const encoders[] = {
#define ENCODER(symbol) &R(symbol),
#include "models/encoder/encoder.def"
#undef ENCODER
};

static const struct R(attention_ops) *const attentions[] = {
#define ATTENTION(symbol) &R(symbol),
#include "models/attention/attention.def"
#undef ATTENTION
};

static const struct loss_ops *const losses[] = {
#define LOSS(symbol) &R(symbol),
#include "models/loss/loss.def"
#undef LOSS
};

_Static_assert(COUNT_OF(encoders) <= GW_OWN_ROWS_MAX && COUNT_OF(attentions) <= GW_OWN_ROWS_MAX &&
                   COUNT_OF(losses) <= GW_OWN_ROWS_MAX,
               "room for own parameters");

const struct R(encoder_ops) *R(encoder_at)(size_t row) { return row < COUNT_OF(encoders) ? encoders[row] : NULL; }

const struct R(attention_ops) *R(attention_at)(size_t row) {
    return row < COUNT_OF(attentions) ? attentions[row] : NULL;
}

const struct loss_ops *R(loss_at)(size_t row) { return row < COUNT_OF(losses) ? losses[row] : NULL; }

static void lay_out(struct R(network) *net) {
    const struct gw_model_config *config = &net->config;
    struct tensor_list *list = &net->tensors;
    net->encoder->tensors(config, list);
    if (net->encoder->fits != FITS_NETWORK) return;
    net->attention_first = list->n;
    if (net->encoder->sequence && net->attention->tensors) net->attention->tensors(config, list);
    net->attention_n = list->n - net->attention_first;
    R(decoder_tensors)(&net->decoder, list);
    R(cross_tensors)(&net->cross, list);
    net->dense_first = list->n;
    size_t width = net->context;
    if (net->dense) {
        tensor_add(list, "dense.W", width, config->dense_units, INIT_GLOROT, false);
        tensor_add(list, "dense.b", 1, config->dense_units, INIT_ZERO, false);
        width = config->dense_units;
    }
    tensor_add(list, "head.W", width, GW_N_GATES, INIT_GLOROT, false);
    tensor_add(list, "head.b", 1, GW_N_GATES, INIT_ZERO, false);
}

int R(network_init)(struct R(network) *net, const struct gw_model_config *config) {
    memset(net, 0, sizeof *net);
    net->config = *config;
    net->encoder = R(encoder_at)((size_t)config->encoder);
    net->attention = R(attention_at)((size_t)config->attention);
    if (!net->encoder || !net->attention)
        FAIL(GW_ERR_CONFIG, "model: encoder %d or attention %d is no row of its table", config->encoder,
             config->attention);
    if (net->attention->encoder) net->encoder = net->attention->encoder;
    net->dense = net->encoder->sequence || net->encoder->context_size;
    net->stream = net->encoder->sequence && config->unroll == GW_UNROLL_STREAM;
    net->context = net->encoder->context_size ? net->encoder->context_size(config)
                   : net->dense               ? net->attention->context_size(config)
                                              : config->n_features;
    net->maps = net->encoder->sequence ? net->attention->maps(config) : 0;
    if (net->encoder->sequence) {
        size_t size = R(kernels_active)()->lstm_pack_size(config->hidden);
        size_t mixed = R(kernels_mixed)()->lstm_pack_size(config->hidden);
        size_t by_row = R(kernels_by_row)()->lstm_pack_size(config->hidden);
        net->pack_stride = size > mixed ? size : mixed; /* training may use one, scoring the other */
        if (net->pack_stride < by_row) net->pack_stride = by_row;
        net->pack_size = 2 * net->pack_stride * config->layers;
    }
    net->own_context = net->context;
    if (R(decoder_wanted)(config) && net->encoder->sequence && net->attention->asked) R(decoder_init)(net);
    if (R(cross_wanted)(config)) {
        R(cross_init)(net);
        net->context += net->cross.hidden;
    }
    lay_out(net);
    return GW_OK;
}

int R(network_start)(const struct R(network) *net, uint64_t seed, real *weights) {
    memset(weights, 0, net->tensors.size * sizeof *weights);
    for (size_t i = 0; i < net->tensors.n; i++) {
        const struct tensor *tensor = &net->tensors.item[i];
        size_t n = tensor->rows * tensor->columns;
        double *value = mem_calloc(n, sizeof *value);
        if (!value) return GW_ERR_NOMEM;
        tensor_init_values(tensor, &net->config, seed, value);
        for (size_t j = 0; j < n; j++) weights[tensor->offset + j] = (real)value[j];
        mem_free(value);
    }
    return GW_OK;
}

/* Encoders list W, U, b per layer first, so U of layer l is tensor 3l + 1. */
void R(network_pack_for)(const struct R(network) *net, const struct R(kernels) *k, const real *weights, real *packed) {
    if (!net->pack_size) return;
    for (size_t layer = 0; layer < net->config.layers; layer++) {
        real *forward = packed + 2 * layer * net->pack_stride;
        k->lstm_pack(net->config.hidden, weights + net->tensors.item[3 * layer + 1].offset, forward,
                     forward + net->pack_stride);
    }
    R(cross_pack)(net, k, weights, packed);
}

void R(network_pack)(const struct R(network) *net, const real *weights, real *packed) {
    R(network_pack_for)(net, R(network_scorer)(net), weights, packed);
}
