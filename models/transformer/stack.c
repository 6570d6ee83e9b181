/* Layers one behind the other, and the memory they leave things in. */
#include "transformer.h"

static real *cut(real *memory, size_t *used, size_t n) {
    real *piece = memory ? memory + *used : NULL;
    *used += (n + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
    return piece;
}

static void cut_layer(struct R(layer_keep) *keep, const struct transformer_shape *shape, size_t n, real *memory,
                      size_t *used) {
    const size_t rows = n * shape->steps, D = shape->width;
    keep->norm1 = cut(memory, used, rows * D);
    keep->moments1 = cut(memory, used, rows * 2);
    keep->qkv = cut(memory, used, rows * 3 * D);
    keep->prob = cut(memory, used, rows * shape->heads * prob_ld(shape));
    keep->mix = cut(memory, used, rows * D);
    keep->between = cut(memory, used, rows * D);
    keep->norm2 = cut(memory, used, rows * D);
    keep->moments2 = cut(memory, used, rows * 2);
    keep->ffn = cut(memory, used, rows * FFN_FACTOR * D);
}

size_t R(stack_cut)(struct R(stack) *stack, const struct transformer_shape *shape, size_t n, bool train, real *memory) {
    const size_t states = n * shape->steps * shape->width;
    size_t used = 0;
    for (size_t layer = 0; layer < shape->layers; layer++) {
        if (layer == 0 || train)
            cut_layer(&stack->keep[layer], shape, n, memory, &used);
        else
            stack->keep[layer] = stack->keep[0];
        /* Without a way back two layers hand their states to and fro. */
        stack->keep[layer].in = layer < 2 || train ? cut(memory, &used, states) : stack->keep[layer - 2].in;
    }
    stack->out = train || shape->layers < 2 ? cut(memory, &used, states) : stack->keep[shape->layers - 2].in;
    return used;
}

void R(stack_forward)(const struct R(layer_run) *run, const struct R(stack) *stack, size_t at, size_t n) {
    const size_t first = at * run->shape->steps * run->shape->width;
    struct R(layer_run) layer = *run;
    for (size_t i = 0; i < run->shape->layers; i++, layer.first += LAYER_TENSORS) {
        real *out = i + 1 < run->shape->layers ? stack->keep[i + 1].in : stack->out;
        R(layer_forward)(&layer, &stack->keep[i], at, n, out + first);
    }
}

void R(stack_backward)(const struct R(layer_run) *run, const struct R(stack) *stack, size_t at, size_t n, real *dh,
                       real *scratch) {
    struct R(layer_run) layer = *run;
    for (size_t i = run->shape->layers; i-- > 0;) {
        layer.first = run->first + i * LAYER_TENSORS;
        R(layer_backward)(&layer, &stack->keep[i], at, n, dh, scratch);
    }
}
