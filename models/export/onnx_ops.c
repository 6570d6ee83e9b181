/* Operators of ONNX under short names, and what several attentions are made of. */
#include "onnx.h"

struct onnx_value onnx_cast(struct onnx *graph, struct onnx_value x, enum onnx_type type) {
    return onnx_op_with(graph, "Cast", 1, &x, &(struct onnx_attribute){.name = "to", .integer = type});
}
struct onnx_value onnx_add(struct onnx *graph, struct onnx_value a, struct onnx_value b) {
    return onnx_op(graph, "Add", ONNX_IN(a, b));
}
struct onnx_value onnx_sub(struct onnx *graph, struct onnx_value a, struct onnx_value b) {
    return onnx_op(graph, "Sub", ONNX_IN(a, b));
}
struct onnx_value onnx_mul(struct onnx *graph, struct onnx_value a, struct onnx_value b) {
    return onnx_op(graph, "Mul", ONNX_IN(a, b));
}
struct onnx_value onnx_div(struct onnx *graph, struct onnx_value a, struct onnx_value b) {
    return onnx_op(graph, "Div", ONNX_IN(a, b));
}
struct onnx_value onnx_matmul(struct onnx *graph, struct onnx_value a, struct onnx_value b) {
    return onnx_op(graph, "MatMul", ONNX_IN(a, b));
}
struct onnx_value onnx_affine(struct onnx *graph, struct onnx_value x, struct onnx_value w, struct onnx_value b) {
    return onnx_add(graph, onnx_matmul(graph, x, w), b);
}
struct onnx_value onnx_softmax(struct onnx *graph, struct onnx_value x) {
    return onnx_op_with(graph, "Softmax", 1, &x, &(struct onnx_attribute){.name = "axis", .integer = -1});
}

/* ---- shapes ---------------------------------------------------------------------------------------------- */

struct onnx_value onnx_transpose(struct onnx *graph, struct onnx_value x, size_t n, const int64_t *axes) {
    return onnx_op_with(graph, "Transpose", 1, &x,
                        &(struct onnx_attribute){.name = "perm", .kind = ONNX_SOME_INTEGERS, .integers = axes, .n = n});
}
struct onnx_value onnx_swap(struct onnx *graph, struct onnx_value x) {
    return onnx_transpose(graph, x, 3, (const int64_t[]){0, 2, 1});
}
struct onnx_value onnx_reshape(struct onnx *graph, struct onnx_value x, size_t n, const int64_t *dims) {
    return onnx_op(graph, "Reshape", ONNX_IN(x, onnx_integers(graph, dims, n)));
}
struct onnx_value onnx_wrap(struct onnx *graph, struct onnx_value x, int64_t axis) {
    return onnx_op(graph, "Unsqueeze", ONNX_IN(x, onnx_integers(graph, &axis, 1)));
}
struct onnx_value onnx_unwrap(struct onnx *graph, struct onnx_value x, int64_t axis) {
    return onnx_op(graph, "Squeeze", ONNX_IN(x, onnx_integers(graph, &axis, 1)));
}
struct onnx_value onnx_slice(struct onnx *graph, struct onnx_value x, int64_t axis, size_t from, size_t to) {
    const int64_t begin = (int64_t)from, end = (int64_t)to;
    return onnx_op(
        graph, "Slice",
        ONNX_IN(x, onnx_integers(graph, &begin, 1), onnx_integers(graph, &end, 1), onnx_integers(graph, &axis, 1)));
}
struct onnx_value onnx_join(struct onnx *graph, struct onnx_value a, struct onnx_value b, int64_t axis) {
    return onnx_op_with(graph, "Concat", ONNX_IN(a, b), &(struct onnx_attribute){.name = "axis", .integer = axis});
}
struct onnx_value onnx_last(struct onnx *graph, struct onnx_value states) {
    return onnx_op_with(graph, "Gather", ONNX_IN(states, onnx_integer(graph, -1)),
                        &(struct onnx_attribute){.name = "axis", .integer = 1});
}

/* ---- sums ------------------------------------------------------------------------------------------------ */

struct onnx_value onnx_sum(struct onnx *graph, struct onnx_value x, int64_t axis, bool keep) {
    return onnx_op_with(graph, "ReduceSum", ONNX_IN(x, onnx_integers(graph, &axis, 1)),
                        &(struct onnx_attribute){.name = "keepdims", .integer = keep});
}
struct onnx_value onnx_mean(struct onnx *graph, struct onnx_value x, int64_t axis) {
    const struct onnx_attribute attribute[] = {
        {.name = "axes", .kind = ONNX_SOME_INTEGERS, .integers = &axis, .n = 1},
        {.name = "keepdims", .integer = 0},
    };
    struct onnx_value out = {""};
    onnx_node(graph, "ReduceMean", 1, &x, 2, attribute, 1, &out);
    return out;
}
struct onnx_value onnx_prefix_sums(struct onnx *graph, struct onnx_value x, int64_t axis, bool from_the_end) {
    return onnx_op_with(graph, "CumSum", ONNX_IN(x, onnx_integer(graph, axis)),
                        &(struct onnx_attribute){.name = "reverse", .integer = from_the_end});
}
struct onnx_value onnx_zeros(struct onnx *graph, struct onnx_value x, size_t width) {
    const struct onnx_attribute windows[] = {{.name = "start", .integer = 0}, {.name = "end", .integer = 1}};
    const int64_t columns = (int64_t)width;
    struct onnx_value n = {""};
    onnx_node(graph, "Shape", 1, &x, 2, windows, 1, &n);
    return onnx_op(graph, "ConstantOfShape", ONNX_IN(onnx_join(graph, n, onnx_integers(graph, &columns, 1), 0)));
}

/* ---- shared by attentions ---------------------------------------------------------------------------------- */

struct onnx_value onnx_sum_states(struct onnx *graph, struct onnx_value weight, struct onnx_value states) {
    return onnx_unwrap(graph, onnx_matmul(graph, onnx_wrap(graph, weight, 1), states), 1);
}

struct onnx_value onnx_luong_end(struct onnx *graph, const struct onnx_model *model, struct onnx_value weight,
                                 struct onnx_value states, bool combine, size_t wc) {
    const struct onnx_value context = onnx_sum_states(graph, weight, states);
    if (!combine) return context;
    const struct onnx_value both = onnx_join(graph, context, onnx_last(graph, states), 1);
    return onnx_op(graph, "Tanh", ONNX_IN(onnx_matmul(graph, both, onnx_weight(graph, model, wc))));
}

struct onnx_value onnx_additive(struct onnx *graph, struct onnx_value query, struct onnx_value key,
                                struct onnx_value v) {
    const struct onnx_value sum = onnx_add(graph, onnx_wrap(graph, query, 1), key);
    return onnx_unwrap(graph, onnx_matmul(graph, onnx_op(graph, "Tanh", 1, &sum), v), 2);
}

struct onnx_value onnx_bilinear(struct onnx *graph, struct onnx_value w, struct onnx_value states) {
    const struct onnx_value query = onnx_matmul(graph, onnx_last(graph, states), w);
    return onnx_unwrap(graph, onnx_matmul(graph, states, onnx_wrap(graph, query, 2)), 2);
}

/* ---- layers ---------------------------------------------------------------------------------------------- */

/* ONNX has the gates in the order i, o, f, c. */
struct onnx_value onnx_lstm(struct onnx *graph, const struct onnx_model *model, size_t first, size_t units,
                            struct onnx_value x) {
    enum { W, U, BIAS };
    static const size_t order[] = {0, 3, 1, 2};
    const struct onnx_value w = onnx_recurrent_weight(graph, model, first + W, units, 4, order),
                            u = onnx_recurrent_weight(graph, model, first + U, units, 4, order),
                            b = onnx_recurrent_bias(graph, model, first + BIAS, NULL, units, 4, order);
    const struct onnx_value y = onnx_op_with(
        graph, "LSTM", ONNX_IN(x, w, u, b), &(struct onnx_attribute){.name = "hidden_size", .integer = (int64_t)units});
    return onnx_unwrap(graph, y, 1); /* [T × 1 × N × H] */
}
