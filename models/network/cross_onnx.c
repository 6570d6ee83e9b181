/* Cross-attention in ONNX (its equations stand in cross.c): the gate's last state asks an LSTM over a second input. */
#include "cross.h"

enum { W, U, BIAS, WQ, WK, V };

struct onnx_value R(cross_onnx)(const struct R(cross) *cross, struct onnx *graph, const struct onnx_model *model,
                                struct onnx_value second, struct onnx_value h, struct onnx_value context) {
    struct onnx_model own = *model;
    const int64_t turn[] = {1, 0, 2};
    own.first = cross->first;
    const struct onnx_value by_step = onnx_lstm(graph, &own, W, cross->hidden, onnx_transpose(graph, second, 3, turn));
    const struct onnx_value k = onnx_transpose(graph, by_step, 3, turn);
    const struct onnx_value query = onnx_matmul(graph, onnx_last(graph, h), onnx_weight(graph, &own, WQ));
    const struct onnx_value key = onnx_matmul(graph, k, onnx_weight(graph, &own, WK));
    const struct onnx_value e = onnx_additive(graph, query, key, onnx_weight(graph, &own, V));
    return onnx_join(graph, context, onnx_sum_states(graph, onnx_softmax(graph, e), k), 1);
}
