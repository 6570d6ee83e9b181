/* A decoder in ONNX: its steps one behind the other, as the free walk goes (the equations stand in decoder_walk.c). A tensor
 * stands in a graph once, so each is fetched before the first step. */
#include "decoder.h"
#include "gate.h"

enum { W, U, BIAS, WY, BY };

struct parts {
    struct onnx_asked asked;
    struct onnx_value w[BY + 1], wc, h;
};

static struct onnx_value answer(struct onnx *graph, const struct R(decoder) *decoder, const struct parts *of,
                                struct onnx_value state) {
    const struct onnx_value e = decoder->asked->onnx_ask(graph, &of->asked, state);
    return onnx_sum_states(graph, onnx_softmax(graph, e), of->h);
}

static struct onnx_value gate_of(struct onnx *graph, struct onnx_value z, size_t H, size_t gate, const char *op) {
    return onnx_op(graph, op, ONNX_IN(onnx_slice(graph, z, 1, gate * H, (gate + 1) * H)));
}

static void step(struct onnx *graph, const struct parts *of, size_t H, struct onnx_value in, struct onnx_value *state,
                 struct onnx_value *cell) {
    const struct onnx_value sum =
        onnx_add(graph, onnx_matmul(graph, in, of->w[W]), onnx_matmul(graph, *state, of->w[U]));
    const struct onnx_value z = onnx_add(graph, sum, of->w[BIAS]);
    const struct onnx_value kept = onnx_mul(graph, gate_of(graph, z, H, 1, "Sigmoid"), *cell);
    const struct onnx_value new = onnx_mul(graph, gate_of(graph, z, H, 0, "Sigmoid"), gate_of(graph, z, H, 2, "Tanh"));
    *cell = onnx_add(graph, kept, new);
    *state = onnx_mul(graph, gate_of(graph, z, H, 3, "Sigmoid"), onnx_op(graph, "Tanh", ONNX_IN(*cell)));
}

struct onnx_value R(decoder_onnx)(const struct R(network) *net, struct onnx *graph, const struct onnx_model *model,
                                  struct onnx_value h) {
    const struct R(decoder) *decoder = &net->decoder;
    struct onnx_model own = *model, attention = *model;
    struct parts of = {.h = h};
    attention.first = net->attention_first;
    own.first = decoder->first;
    decoder->asked->onnx_prepare(graph, &attention, h, &of.asked);
    if (decoder->tilde) of.wc = onnx_weight(graph, &attention, (size_t)decoder->asked->wc);
    for (size_t i = 0; i < (decoder->steps > 1 ? BY + 1 : WY); i++) of.w[i] = onnx_weight(graph, &own, i);
    struct onnx_value state = onnx_last(graph, h), cell = onnx_zeros(graph, h, decoder->hidden), context = {""};
    struct onnx_value moves = onnx_zeros(graph, h, GW_PATH_SIDES), fed = cell, end = cell;
    for (size_t m = 0; m < decoder->steps; m++) {
        if (decoder->asked->before) fed = context = answer(graph, decoder, &of, state);
        step(graph, &of, decoder->hidden, onnx_join(graph, moves, fed, 1), &state, &cell);
        if (!decoder->asked->before) context = answer(graph, decoder, &of, state);
        end = onnx_join(graph, context, state, 1);
        if (decoder->tilde) end = onnx_op(graph, "Tanh", ONNX_IN(onnx_matmul(graph, end, of.wc)));
        if (!decoder->asked->before) fed = decoder->tilde ? end : context;
        if (m + 1 < decoder->steps) moves = onnx_affine(graph, end, of.w[WY], of.w[BY]);
    }
    return decoder->tilde || decoder->joined ? end : context;
}
