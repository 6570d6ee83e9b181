/* One transformer layer, forward and back; the equations are in transformer.h. */
#include "transformer.h"

void R(layer_tensors)(struct tensor_list *list, const struct transformer_shape *shape, const char *prefix,
                      size_t layer) {
    const size_t D = shape->width;
    const struct {
        const char *suffix;
        size_t rows, columns;
        enum tensor_init init;
    } tensor[LAYER_TENSORS] = {
        [NORM1_GAIN] = {"norm1.g", 1, D, INIT_ONE},
        [NORM1_BIAS] = {"norm1.b", 1, D, INIT_ZERO},
        [QKV_W] = {"qkv.W", D, 3 * D, INIT_GLOROT},
        [QKV_B] = {"qkv.b", 1, 3 * D, INIT_ZERO},
        [MIX_W] = {"mix.W", D, D, INIT_GLOROT},
        [MIX_B] = {"mix.b", 1, D, INIT_ZERO},
        [NORM2_GAIN] = {"norm2.g", 1, D, INIT_ONE},
        [NORM2_BIAS] = {"norm2.b", 1, D, INIT_ZERO},
        [FFN1_W] = {"ffn1.W", D, FFN_FACTOR * D, INIT_GLOROT},
        [FFN1_B] = {"ffn1.b", 1, FFN_FACTOR * D, INIT_ZERO},
        [FFN2_W] = {"ffn2.W", FFN_FACTOR * D, D, INIT_GLOROT},
        [FFN2_B] = {"ffn2.b", 1, D, INIT_ZERO},
    };
    for (size_t i = 0; i < LAYER_TENSORS; i++)
        tensor_add_layer(list, prefix, layer, tensor[i].suffix, tensor[i].rows, tensor[i].columns, tensor[i].init,
                         false);
}

static const real *weight(const struct R(layer_run) *run, enum layer_tensor i) {
    return run->weights + run->tensors->item[run->first + i].offset;
}
static real *gradient(const struct R(layer_run) *run, enum layer_tensor i) {
    return run->gradient + run->tensors->item[run->first + i].offset;
}

/* The arrays from window `at` on. */
static struct R(layer_keep) from(const struct transformer_shape *shape, const struct R(layer_keep) *keep, size_t at) {
    const size_t row = at * shape->steps, D = shape->width;
    return (struct R(layer_keep)){
        .in = keep->in + row * D,
        .norm1 = keep->norm1 + row * D,
        .moments1 = keep->moments1 + row * 2,
        .qkv = keep->qkv + row * 3 * D,
        .prob = keep->prob + row * shape->heads * prob_ld(shape),
        .mix = keep->mix + row * D,
        .between = keep->between + row * D,
        .norm2 = keep->norm2 + row * D,
        .moments2 = keep->moments2 + row * 2,
        .ffn = keep->ffn + row * FFN_FACTOR * D,
    };
}

/* out = (start +) in W + b. */
static void product_forward(const struct R(layer_run) *run, enum layer_tensor w, size_t rows, size_t inputs,
                            size_t outputs, const real *in, const real *start, bool relu, real *out) {
    R(dense)(run->k, &(struct R(dense_run)){.m = rows,
                                            .n = outputs,
                                            .k = inputs,
                                            .a = in,
                                            .lda = inputs,
                                            .b = weight(run, w),
                                            .ldb = outputs,
                                            .start = start,
                                            .ld_start = outputs,
                                            .bias = weight(run, w + 1),
                                            .relu = relu,
                                            .c = out,
                                            .ldc = outputs});
}

void R(layer_forward)(const struct R(layer_run) *run, const struct R(layer_keep) *all, size_t at, size_t n, real *out) {
    const struct transformer_shape *shape = run->shape;
    const struct R(kernels) *k = run->k;
    const struct R(layer_keep) keep = from(shape, all, at);
    const size_t D = shape->width, wide = FFN_FACTOR * D, rows = n * shape->steps;
    k->norm_rows(rows, D, keep.in, weight(run, NORM1_GAIN), weight(run, NORM1_BIAS), keep.norm1, keep.moments1);
    product_forward(run, QKV_W, rows, D, 3 * D, keep.norm1, NULL, false, keep.qkv);
    R(attend)(shape, k, n, keep.qkv, keep.prob, keep.mix);
    product_forward(run, MIX_W, rows, D, D, keep.mix, keep.in, false, keep.between);
    k->norm_rows(rows, D, keep.between, weight(run, NORM2_GAIN), weight(run, NORM2_BIAS), keep.norm2, keep.moments2);
    product_forward(run, FFN1_W, rows, D, wide, keep.norm2, NULL, true, keep.ffn);
    product_forward(run, FFN2_W, rows, wide, D, keep.ffn, keep.between, false, out);
}

/* Of out = in W + b: dW, db and din; open: ReLU made `in`, and its gradient is wanted. */
static void product_backward(const struct R(layer_run) *run, enum layer_tensor w, size_t rows, size_t inputs,
                             size_t outputs, const real *in, const real *dout, bool open, real *din) {
    run->k->large_tn(inputs, outputs, rows, in, inputs, dout, outputs, gradient(run, w), outputs, true);
    run->k->sum_rows(rows, outputs, dout, outputs, gradient(run, w + 1));
    R(dense)(run->k, &(struct R(dense_run)){.m = rows,
                                            .n = inputs,
                                            .k = outputs,
                                            .a = dout,
                                            .lda = outputs,
                                            .b = weight(run, w),
                                            .ldb = outputs,
                                            .transposed = true,
                                            .open = open ? in : NULL,
                                            .c = din,
                                            .ldc = inputs});
}

/* dwide [rows × 4D], dthin [rows × D], dprob [P × ld]. */
size_t R(layer_scratch)(const struct transformer_shape *shape) {
    const size_t rows = TRANSFORMER_TILE * shape->steps;
    return rows * (FFN_FACTOR + 1) * shape->width + shape->steps * prob_ld(shape);
}

void R(layer_backward)(const struct R(layer_run) *run, const struct R(layer_keep) *all, size_t at, size_t n, real *dh,
                       real *scratch) {
    const struct transformer_shape *shape = run->shape;
    const struct R(kernels) *k = run->k;
    const struct R(layer_keep) keep = from(shape, all, at);
    const size_t D = shape->width, wide = FFN_FACTOR * D, rows = n * shape->steps;
    real *dwide = scratch, *dthin = dwide + rows * wide, *dprob = dthin + rows * D;
    product_backward(run, FFN2_W, rows, wide, D, keep.ffn, dh, true, dwide);
    product_backward(run, FFN1_W, rows, D, wide, keep.norm2, dwide, false, dthin);
    k->norm_rows_backward(rows, D, keep.between, weight(run, NORM2_GAIN), keep.moments2, dthin, true, dh,
                          gradient(run, NORM2_GAIN), gradient(run, NORM2_BIAS));
    product_backward(run, MIX_W, rows, D, D, keep.mix, dh, false, dthin);
    R(attend_backward)(shape, k, n, keep.qkv, keep.prob, dthin, dwide, dprob);
    product_backward(run, QKV_W, rows, D, 3 * D, keep.norm1, dwide, false, dthin);
    k->norm_rows_backward(rows, D, keep.in, weight(run, NORM1_GAIN), keep.moments1, dthin, true, dh,
                          gradient(run, NORM1_GAIN), gradient(run, NORM1_BIAS));
}
