/* What the sources of one instruction set share. Every isa_*.c is compiled once per set; ISA(name) keeps their
 * symbols apart. */
#ifndef GATEWALK_KERNELS_ISA_H
#define GATEWALK_KERNELS_ISA_H

#undef GW_REAL_F64
#include "kernels.h"
#include "simd.h"

#if defined(GW_ISA_AVX512)
#define ISA(name) name##_avx512
#elif defined(GW_ISA_AVX2)
#define ISA(name) name##_avx2
#else
#define ISA(name) name##_portable
#endif

/* What a tile's sums begin from and what is done to them before they are stored; every pointer may be NULL. Rows and lanes are
 * those of C. */
struct tile_edges {
    const float *start; /* instead of zero; with it `accumulate` is false */
    const float *bias;  /* of the lanes, added */
    const float *open;  /* the sum becomes zero where this is not positive */
    size_t ld_start, ld_open;
    bool relu;
};

/* C[rows × VW*n_vectors] (+)= A·B where element (i,k) of A is a[i*a_row + k*a_step] and row k of B starts at
 * b + k*b_step. Only last_lanes of the last vector of each row of C exist. Sums run over k in order, whatever the
 * number of rows: a row's result does not depend on the rows beside it. */
struct tile_job {
    size_t rows, depth;
    const float *a;
    size_t a_row, a_step;
    const float *b;
    size_t b_step;
    float *c;
    size_t ldc, n_vectors, last_lanes;
    bool accumulate;
    const struct tile_edges *edges; /* what stands before and behind the sums; NULL: nothing */
    const char *ahead; /* memory that will be read soon, ahead_step bytes of it per row tile and term; NULL: none */
    size_t ahead_step;
};
void ISA(tile_multiply)(const struct tile_job *job);

void ISA(gemm_nn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, bool accumulate);
void ISA(gemm_tn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, bool accumulate);
void ISA(gemm_nt)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, bool accumulate);

void ISA(dense)(const struct dense_run_f32 *run);

size_t ISA(lstm_pack_size)(size_t hidden);
void ISA(lstm_pack)(size_t hidden, const float *u, float *forward, float *backward);
void ISA(lstm_forward)(const struct lstm_run_f32 *run);
size_t ISA(lstm_scratch_size)(size_t n_windows, size_t hidden);
void ISA(lstm_backward)(const struct lstm_run_f32 *run, const float *u_backward, const float *dh, const float *dh_last,
                        float *du, float *dxw, float *scratch);

void ISA(vexp)(size_t n, const float *in, float *out);
void ISA(vtanh)(size_t n, const float *in, float *out);
void ISA(vsigmoid)(size_t n, const float *in, float *out);
void ISA(softmax_rows)(size_t rows, size_t columns, size_t ld, float scale, const float *in, float *out);

void ISA(softmax_rows_backward)(size_t rows, size_t columns, size_t ld, float scale, const float *a, float *d);
void ISA(norm_rows)(size_t rows, size_t columns, const float *x, const float *gain, const float *bias, float *out,
                    float *moments);
void ISA(norm_rows_backward)(size_t rows, size_t columns, const float *x, const float *gain, const float *moments,
                             const float *dout, bool add, float *dx, float *dgain, float *dbias);
void ISA(add_row_relu)(size_t rows, size_t columns, const float *bias, float *c);
void ISA(relu_backward)(size_t n, const float *out, float *d);

size_t ISA(head_keep_size)(size_t steps);
size_t ISA(head_scratch_size)(size_t steps, size_t key_dim);
void ISA(head_forward)(const struct head_run_f32 *run, float *mean);
void ISA(head_backward)(const struct head_run_f32 *run, const float *g, float *dquery, float *dkey);

float ISA(dot)(size_t n, const float *x, const float *y);
void ISA(axpy)(size_t n, float a, const float *x, float *y);
void ISA(add_row)(size_t rows, size_t columns, const float *bias, float *c, size_t ldc);
void ISA(sum_rows)(size_t rows, size_t columns, const float *c, size_t ldc, float *out);

void ISA(additive_forward)(size_t steps, size_t units, const float *key, size_t ldk, const float *query, const float *v,
                           float *act, float *score);
void ISA(additive_backward)(size_t steps, size_t units, const float *dscore, const float *v, float *act, float *dv,
                            float *dquery);

void ISA(additive_prepare)(size_t n, const float *in, float *out);
void ISA(additive_band_forward)(size_t steps, size_t units, const float *key, size_t ld, const float *query,
                                const float *v, float *score);
void ISA(additive_band_backward)(size_t steps, size_t units, const float *key, size_t ld, const float *query,
                                 const float *v, const float *dscore, float *dkey, float *dquery, float *dv);

void ISA(adam)(size_t n, float *w, const float *g, float *m, float *v, float lr, float beta1, float beta2, float eps,
               float decay, float bias1, float bias2, float gradient_scale);
double ISA(sum_squares)(size_t n, const float *x);
size_t ISA(largest)(size_t n, const float *x);

/* The members that tables of one instruction set share, whatever the precision of their large products. */
#define KERNELS_PRODUCTS .gemm_nn = ISA(gemm_nn), .gemm_tn = ISA(gemm_tn), .gemm_nt = ISA(gemm_nt)
#define KERNELS_ELEMENTS                                                                                               \
    .vexp = ISA(vexp), .vtanh = ISA(vtanh), .vsigmoid = ISA(vsigmoid), .softmax_rows = ISA(softmax_rows),              \
    .softmax_rows_backward = ISA(softmax_rows_backward), .norm_rows = ISA(norm_rows),                                  \
    .norm_rows_backward = ISA(norm_rows_backward), .add_row_relu = ISA(add_row_relu),                                  \
    .relu_backward = ISA(relu_backward), .dot = ISA(dot), .axpy = ISA(axpy), .add_row = ISA(add_row),                  \
    .sum_rows = ISA(sum_rows), .additive_forward = ISA(additive_forward), .additive_backward = ISA(additive_backward), \
    .additive_prepare = ISA(additive_prepare), .additive_band_forward = ISA(additive_band_forward),                    \
    .additive_band_backward = ISA(additive_band_backward), .adam = ISA(adam), .sum_squares = ISA(sum_squares),         \
    .largest = ISA(largest)

VINLINE size_t vectors_for(size_t lanes) { return (lanes + VW - 1) / VW; }

/* Rows of the next tile: the last two share what is left, so that none is too thin to hide the latency of FMA. */
VINLINE size_t next_rows(size_t left, size_t tile) {
    if (left <= tile) return left;
    return left < 2 * tile ? (left + 1) / 2 : tile;
}

#endif
