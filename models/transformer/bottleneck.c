/* What leads into the latent and out of it: dense blocks, projections, the unit sphere. */
#include <math.h>
#include <string.h>

#include "transformer.h"

void R(multiply)(const struct R(products) *by, enum kernels_product product, size_t m, size_t n, size_t k,
                 const real *a, size_t lda, const real *b, size_t ldb, real *c, size_t ldc, bool accumulate) {
    if (by->tasks)
        R(kernels_gemm_large_by)(by->k, product, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
    else if (product == KERNELS_NN)
        by->k->large_nn(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
    else if (product == KERNELS_TN)
        by->k->large_tn(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
    else
        by->k->large_nt(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}

static const real *weight(const struct R(flat_run) *run, size_t i) {
    return run->weights + run->tensors->item[i].offset;
}
static real *gradient(const struct R(flat_run) *run, size_t i) { return run->gradient + run->tensors->item[i].offset; }

void R(affine_forward)(const struct R(flat_run) *run, size_t first, size_t inputs, size_t outputs, const real *in,
                       real *out) {
    R(multiply)(&run->by, KERNELS_NN, run->n, outputs, inputs, in, inputs, weight(run, first), outputs, out, outputs,
                false);
    run->by.k->add_row(run->n, outputs, weight(run, first + 1), out, outputs);
}

void R(affine_backward)(const struct R(flat_run) *run, size_t first, size_t inputs, size_t outputs, const real *in,
                        const real *dout, real *din) {
    R(multiply)(&run->by, KERNELS_TN, inputs, outputs, run->n, in, inputs, dout, outputs, gradient(run, first), outputs,
                true);
    run->by.k->sum_rows(run->n, outputs, dout, outputs, gradient(run, first + 1));
    if (din)
        R(multiply)(&run->by, KERNELS_NT, run->n, inputs, outputs, dout, outputs, weight(run, first), outputs, din,
                    inputs, false);
}

static void apply_mask(const struct R(block) *block, size_t n, real *values) {
    for (size_t b = 0; b < n && block->mask; b++) {
        const real *restrict mask = block->mask + b * block->mask_ld;
        real *restrict row = values + b * block->outputs;
        for (size_t i = 0; i < block->outputs; i++) row[i] *= mask[i];
    }
}

void R(block_forward)(const struct R(flat_run) *run, const struct R(block) *block, const real *in) {
    const struct R(kernels) *k = run->by.k;
    R(affine_forward)(run, block->first, block->inputs, block->outputs, in, block->linear);
    k->norm_rows(run->n, block->outputs, block->linear, weight(run, block->first + BLOCK_GAIN),
                 weight(run, block->first + BLOCK_BIAS), block->out, block->moments);
    for (size_t i = 0; i < run->n * block->outputs; i++)
        if (block->out[i] <= 0) block->out[i] = 0; /* keeps NaN */
    apply_mask(block, run->n, block->out);
}

/* Where dropout has made an output 0, the factor makes its gradient 0 as ReLU would have. */
void R(block_backward)(const struct R(flat_run) *run, const struct R(block) *block, const real *in, real *dout,
                       real *din) {
    const struct R(kernels) *k = run->by.k;
    apply_mask(block, run->n, dout);
    k->relu_backward(run->n * block->outputs, block->out, dout);
    k->norm_rows_backward(run->n, block->outputs, block->linear, weight(run, block->first + BLOCK_GAIN), block->moments,
                          dout, false, dout, gradient(run, block->first + BLOCK_GAIN),
                          gradient(run, block->first + BLOCK_BIAS));
    R(affine_backward)(run, block->first, block->inputs, block->outputs, in, dout, din);
}

/* ---- the unit sphere -------------------------------------------------------------------------------------------- */

static double dot_of(size_t n, const real *a, const real *b) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

void R(unit_forward)(size_t n, size_t d, const real *raw, real *unit, real *length) {
    for (size_t b = 0; b < n; b++, raw += d, unit += d) {
        const double size = sqrt(dot_of(d, raw, raw));
        length[b] = (real)(size > 1e-12 ? size : 1e-12); /* as torch.nn.functional.normalize does */
        for (size_t i = 0; i < d; i++) unit[i] = raw[i] / length[b];
    }
}

void R(unit_backward)(size_t n, size_t d, const real *unit, const real *length, const real *dunit, real *draw) {
    for (size_t b = 0; b < n; b++, unit += d, dunit += d, draw += d) {
        const real along = (real)dot_of(d, unit, dunit);
        for (size_t i = 0; i < d; i++) draw[i] = (dunit[i] - unit[i] * along) / length[b];
    }
}

void R(position_code)(const struct transformer_shape *shape, real *code) {
    for (size_t s = 0; s < shape->steps; s++)
        for (size_t i = 0; i < shape->width; i++) {
            const double angle = (double)s / pow(10000, (double)(i / 2 * 2) / (double)shape->width);
            code[s * shape->width + i] = (real)(i % 2 ? cos(angle) : sin(angle));
        }
}
