/* The arithmetic under the models, one table of functions per instruction set.
 *
 * Matrices are row-major with a leading dimension in elements. Every function gives the same bits for the same
 * arguments, whatever the thread; between kernel sets results differ by rounding only. Single-threaded: threads
 * are the callers' concern. No allocation: scratch is passed in.
 *
 * float32: portable, avx2, avx512 (models/kernels/isa_*.c, instantiated per instruction set from simd_*.h), and openblas
 * (openblas.c), which is portable with the products of OpenBLAS.
 * float64: reference (plain loops and libm), what all others are checked against. */
#ifndef GATEWALK_MODELS_KERNELS_H
#define GATEWALK_MODELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/network/real.h"

/* Recurrent layer over a shard of windows. Gate order in memory i,f,c(g),o blocks of H: z[4H].
 *   z_s = xw[row(b,s)] + h_{s-1} U      (xw = X W + b was computed by the caller, once per distinct bar)
 *   i,f,o = sigmoid, g = tanh;  c_s = f c_{s-1} + i g;  h_s = o tanh(c_s)          (Keras LSTM; Hochreiter & Schmidhuber 1997)
 * row(b,s) = first_row[b] + s * row_stride. xw and gates may be one array when every (s,b) has a row of its own in the
 * order of gates. */
struct R(lstm_run) {
    size_t n_windows, n_steps, hidden;
    const uint32_t *first_row; /* [n_windows] */
    size_t row_stride;
    const real *u;  /* packed by lstm_pack */
    const real *xw; /* [rows × 4H] */
    real *gates;    /* out [T × B × 4H]: activated i,f,g,o; backward overwrites it with dz. NULL: not kept */
    real *c;        /* out [(T+1) × B × H], slot 0 is the zero state */
    real *h;        /* out [(T+1) × B × H], slot 0 is the zero state */
    bool carried;   /* slot 0 of c and h holds the state before the first step; forward only, of a set by rows */
    real *scratch;  /* [lstm_scratch_size] for forward in mixed precision and by OpenBLAS; the others need none */
};

/* One head of self-attention over one window (Vaswani et al. 2017, eq. 1), of which only the mean over the queries is
 * wanted:  A_ts = softmax over s of (scale q_t · k_s),  mean_s = (1/T) Σ_t A_ts.  Backward, from g_s = dL/dmean_s:
 *   dS_ts = A_ts (g_s - Σ_u A_tu g_u) scale / T,  dq = dS k,  dk = dSᵀ q. */
struct R(head_run) {
    size_t steps, key_dim;
    bool causal; /* a query sees the keys up to its own step */
    real scale;
    const real *query, *key; /* [T × key_dim] with leading dimension ld, as their gradients */
    size_t ld;
    real *keep;    /* [head_keep_size] forward to backward, in the set's own layout; backward overwrites it */
    real *scratch; /* [head_scratch_size] */
};

/* A layer's product and what stands around it:  C = start + A·B + bias, then ReLU, then zero where `open` is not positive.
 * With relu or open, rows of C and `open` lie one behind the other (ldc is n). */
struct R(dense_run) {
    size_t m, n, k; /* k > 0 */
    const real *a, *b;
    size_t lda, ldb;
    bool transposed;   /* b holds Bᵀ [n × k] */
    const real *start; /* [m × n]; NULL: zero */
    const real *bias;  /* [n] or NULL */
    const real *open;  /* [m × n] or NULL */
    bool relu;         /* with a bias */
    real *c;
    size_t ld_start, ldc;
};

#define KERNELS_NORM_EPSILON 1e-5

struct R(kernels) {
    const char *name;
    bool rows_together; /* last bits of a row may depend on the rows computed with it (openblas); else they never do */

    /* C[m×n] = (accumulate ? C : 0) + A·B with A [m×k], Aᵀ given as [k×m], Bᵀ given as [n×k]. */
    void (*gemm_nn)(size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                    size_t ldc, bool accumulate);
    void (*gemm_tn)(size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                    size_t ldc, bool accumulate);
    void (*gemm_nt)(size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                    size_t ldc, bool accumulate);
    /* The same for the large products of a fit: in a table of mixed precision A and B are rounded to bf16. */
    void (*large_nn)(size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                     size_t ldc, bool accumulate);
    void (*large_tn)(size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                     size_t ldc, bool accumulate);
    void (*large_nt)(size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                     size_t ldc, bool accumulate);

    /* In one pass over C, the bits of its parts one after the other; NULL where large products are not gemm_*. */
    void (*dense)(const struct R(dense_run) *run);

    /* Size in elements of the packed copies of U [H × 4H] for forward and of Uᵀ for backward. */
    size_t (*lstm_pack_size)(size_t hidden);
    void (*lstm_pack)(size_t hidden, const real *u, real *forward, real *backward);
    void (*lstm_forward)(const struct R(lstm_run) *run);
    /* dh: [T × B × H] gradient reaching h_s from above at every step (slot s is h after step s, i.e. run->h slot s+1), or
     * NULL when only dh_last [B × H] (added at the last step) is given; both may be given. Overwrites run->gates with dz
     * [T × B × 4H], accumulates dU [H × 4H] and dxw [rows × 4H] (+= dz summed over the windows that share a row; may be
     * NULL). scratch: lstm_scratch_size elements. u_backward: packed. */
    size_t (*lstm_scratch_size)(size_t n_windows, size_t hidden);
    void (*lstm_backward)(const struct R(lstm_run) *run, const real *u_backward, const real *dh, const real *dh_last,
                          real *du, real *dxw, real *scratch);

    /* Element-wise, in may equal out. */
    void (*vexp)(size_t n, const real *in, real *out);
    void (*vtanh)(size_t n, const real *in, real *out);
    void (*vsigmoid)(size_t n, const real *in, real *out);
    /* Rows of softmax(scale * x) with the maximum subtracted. */
    void (*softmax_rows)(size_t rows, size_t columns, size_t ld, real scale, const real *in, real *out);

    /* Back through rows of softmax(scale * x) = a: d becomes scale * a (d - Σ a d). */
    void (*softmax_rows_backward)(size_t rows, size_t columns, size_t ld, real scale, const real *a, real *d);
    /* Layer normalisation of rows (Ba et al. 2016): (x - mean) / sqrt(variance + KERNELS_NORM_EPSILON) * gain + bias.
     * moments [rows × 2]: mean and one over the root, kept for the way back, which assigns dx or adds to it and adds to
     * dgain and dbias in row order. out may be x, dx may be dout. */
    void (*norm_rows)(size_t rows, size_t columns, const real *x, const real *gain, const real *bias, real *out,
                      real *moments);
    void (*norm_rows_backward)(size_t rows, size_t columns, const real *x, const real *gain, const real *moments,
                               const real *dout, bool add, real *dx, real *dgain, real *dbias);
    void (*add_row_relu)(size_t rows, size_t columns, const real *bias, real *c); /* c[r] = max(0, c[r] + bias) */
    void (*relu_backward)(size_t n, const real *out, real *d);                    /* d = 0 where out is 0 */

    size_t (*head_keep_size)(size_t steps);
    size_t (*head_scratch_size)(size_t steps, size_t key_dim);
    void (*head_forward)(const struct R(head_run) *run, real *mean);
    void (*head_backward)(const struct R(head_run) *run, const real *g, real *dquery, real *dkey); /* assigned */

    real (*dot)(size_t n, const real *x, const real *y); /* fixed lane order */
    void (*axpy)(size_t n, real a, const real *x, real *y);
    void (*add_row)(size_t rows, size_t columns, const real *bias, real *c, size_t ldc); /* c[r] += bias */
    void (*sum_rows)(size_t rows, size_t columns, const real *c, size_t ldc,
                     real *out); /* out += sum over rows, in row order */

    /* Additive attention (Bahdanau et al. 2014, eq. 6) over one window: score[s] = v · tanh(key[s] + query).
     * key [T × A] with leading dimension ldk; tanh values are kept in act [T × A] for the backward pass. */
    void (*additive_forward)(size_t steps, size_t units, const real *key, size_t ldk, const real *query, const real *v,
                             real *act, real *score);
    /* dscore [T] in: dpre[s,j] = dscore[s] v[j] (1 - act²) is written over act; dv += , dquery += (sums over s). */
    void (*additive_backward)(size_t steps, size_t units, const real *dscore, const real *v, real *act, real *dv,
                              real *dquery);

    /* The same attention when many queries meet the same keys (streaming): keys and queries are prepared once a bar, in a
     * layout of the set's own, and tanh(key + query) is then made anew wherever it is wanted, which costs less than
     * keeping it. in may equal out. Numbers beyond ±40 count as ±40. */
    void (*additive_prepare)(size_t n, const real *in, real *out);
    /* score[s] = v · tanh(key[s] + query) for prepared keys [steps × units] with leading dimension ld, and query. */
    void (*additive_band_forward)(size_t steps, size_t units, const real *key, size_t ld, const real *query,
                                  const real *v, real *score);
    /* With pre_s,j = dscore[s] v[j] (1 - tanh²): dkey[s] += pre_s, dquery += Σ_s pre_s, dv += Σ_s dscore[s] tanh; of keys
     * and query as they were before they were prepared. */
    void (*additive_band_backward)(size_t steps, size_t units, const real *key, size_t ld, const real *query,
                                   const real *v, const real *dscore, real *dkey, real *dquery, real *dv);

    /* One optimiser sweep over a flat block (Kingma & Ba 2014; decoupled decay: Loshchilov & Hutter 2017).
     * bias1/bias2 are 1 - beta^t. */
    void (*adam)(size_t n, real *w, const real *g, real *m, real *v, real lr, real beta1, real beta2, real eps,
                 real decay, real bias1, real bias2, real gradient_scale);
    double (*sum_squares)(size_t n, const real *x); /* in double, fixed order */
    size_t (*largest)(size_t n, const real *x);     /* where the first of the largest stands; n > 0, no NaN */
};

struct kernels_f32;
/* Set i of gw_kernels_name, NULL past the end. */
const struct kernels_f32 *kernels_at(size_t i);

/* ---- large products outside of fits' shards ----------------------------------------------------- */

#ifndef GATEWALK_MODELS_KERNELS_PRODUCT
#define GATEWALK_MODELS_KERNELS_PRODUCT
enum kernels_product { KERNELS_NN, KERNELS_TN, KERNELS_NT }; /* which operand is given transposed, as in gemm_* */
#endif

/* C = (accumulate ? C : 0) + A·B, its rows cut into chunks of a fixed height, each of which is a task: the threads of the
 * parallel region it is called in share them; outside of one, the caller does them all. The same bits for any number of
 * threads. By the set in use: with vector units it is our own, which is as fast as an OpenBLAS that knows the CPU (squares
 * of 256 to 2048 on one core: AVX-512 132.8 GFLOP/s beside 119.9, AVX2 67 to 73 beside 71 to 73) and faster than one that
 * does not, and whose bytes do not hang on the version installed; else OpenBLAS. float64: the reference. */
void R(kernels_gemm_large)(enum kernels_product product, size_t m, size_t n, size_t k, const real *a, size_t lda,
                           const real *b, size_t ldb, real *c, size_t ldc, bool accumulate);
/* The same by another set, one of mixed precision. */
void R(kernels_gemm_large_by)(const struct R(kernels) *set, enum kernels_product product, size_t m, size_t n, size_t k,
                              const real *a, size_t lda, const real *b, size_t ldb, real *c, size_t ldc,
                              bool accumulate);

/* The set in use: chosen by gw_kernels_select (float32), always the reference for float64. */
const struct R(kernels) *R(kernels_active)(void);
/* The same, or the portable one where its rows may depend on each other: a state that is carried bar by bar wants that a
 * bar has the same bits in any company. */
const struct R(kernels) *R(kernels_by_row)(void);
/* Its table of mixed precision: large_*, lstm_* and head_* round what they multiply to bf16 (to nearest, ties to even;
 * below 2^-126 to zero) and sum in float32, on tiles in an order of their own; everything else is the set's own. The
 * packed U, what heads keep and the scratch of lstm_* and head_* are this table's own too. With float64 there is no such
 * thing and it is the reference. */
const struct R(kernels) *R(kernels_mixed)(void);
/* Row i of the tables of mixed precision, NULL past the end; *supported: this CPU runs it. */
const struct kernels_f32 *kernels_mixed_at(size_t i, bool *supported);
/* The same with fp16 in the place of bf16: from 65520 on to infinity, below 2^-14 to multiples of 2^-24. Sizes never exceed those
 * of kernels_mixed. All of these tables give the same bytes. */
const struct R(kernels) *R(kernels_half)(void);
const struct kernels_f32 *kernels_half_at(size_t i, bool *supported);
/* For tests: kernels_mixed_f32 gives this table from now on, also one that is never chosen; NULL: it chooses again. Not
 * while a fit runs. */
void kernels_mixed_use(const struct kernels_f32 *table);

#endif
