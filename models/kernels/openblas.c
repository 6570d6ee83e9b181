/* The set "openblas", for CPUs that we have no vector kernels for: products by OpenBLAS on the caller's thread, all else
 * by the portable code. The recurrent layer (equations in kernels.h) becomes one product a step and one for dU.
 *
 * Beside the portable set (gatewalk bench, one thread, OpenBLAS 0.3.21 with AVX-512 kernels): products of 512 cubed 115
 * to 16 GFLOP/s. Training, in two runs on a busy machine: 3.5 and 5.9 times the windows a second without attention, 1.9
 * and 3.1 times with bahdanau, no more with multihead, whose heads are the portable ones. */
#define GW_ISA_PORTABLE
#include "openblas.h"
#include "blas.h"
#include "lstm_parts.h"

void gemm_nn_openblas(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                      size_t ldc, bool accumulate) {
    blas_product(false, false, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}

void gemm_tn_openblas(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                      size_t ldc, bool accumulate) {
    blas_product(true, false, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}

void gemm_nt_openblas(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                      size_t ldc, bool accumulate) {
    blas_product(false, true, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}

/* OpenBLAS packs what it multiplies itself: both copies are U as it is. */
static size_t pack_size(size_t hidden) { return 4 * hidden * hidden; }
static void pack(size_t hidden, const float *u, float *forward, float *backward) {
    memcpy(forward, u, pack_size(hidden) * sizeof *u);
    memcpy(backward, u, pack_size(hidden) * sizeof *u);
}

/* Forward: z of one step where gates are not kept. Backward: dh and dc. */
static size_t scratch_size(size_t n_windows, size_t hidden) {
    size_t z = 4 * hidden, flows = 2 * vectors_for(hidden) * VW;
    return n_windows * (z > flows ? z : flows);
}

/* ---- forward ------------------------------------------------------------------------------ */

/* z [B × 4H] = xw + h U. */
static void step_products(const struct lstm_run_f32 *run, size_t step, float *z) {
    const size_t n = run->n_windows, width = 4 * run->hidden;
    for (size_t b = 0; b < n; b++)
        memmove(z + b * width, run->xw + (run->first_row[b] + step * run->row_stride) * width, width * sizeof *z);
    if (step > 0)
        gemm_nn_openblas(n, width, run->hidden, run->h + step * n * run->hidden, run->hidden, run->u, width, z, width,
                         true);
}

VINLINE void activate(const struct cell *cell, const float *z, const int whole) {
    vf gate[4];
    UNROLL
    for (size_t i = 0; i < 4; i++) gate[i] = vload_lanes(z + i * cell->run->hidden, cell->lanes, whole);
    cell_finish(cell, gate, 0, whole);
}

static void forward(const struct lstm_run_f32 *run) {
    const size_t n = run->n_windows, hidden = run->hidden;
    memset(run->c, 0, n * hidden * sizeof *run->c);
    memset(run->h, 0, n * hidden * sizeof *run->h);
    for (size_t step = 0; step < run->n_steps; step++) {
        float *z = run->gates ? run->gates + step * n * 4 * hidden : run->scratch;
        step_products(run, step, z);
        for (size_t b = 0; b < n; b++, z += 4 * hidden) {
            struct cell cell = {.run = run, .step = step, .window = b, .lanes = VW};
            for (; cell.unit + VW <= hidden; cell.unit += VW) activate(&cell, z + cell.unit, 1);
            cell.lanes = hidden - cell.unit;
            if (cell.lanes > 0) activate(&cell, z + cell.unit, 0);
        }
    }
}

/* ---- backward ----------------------------------------------------------------------------- */

static void step_gradients(const struct flow *flow, size_t step) {
    const size_t hidden = flow->run->hidden;
    vf dz[4];
    for (size_t b = 0; b < flow->run->n_windows; b++) {
        size_t unit = 0;
        for (; unit + VW <= hidden; unit += VW) gate_gradients(flow, step, b, unit, VW, 1, dz);
        if (unit < hidden) gate_gradients(flow, step, b, unit, hidden - unit, 0, dz);
    }
}

static void backward(const struct lstm_run_f32 *run, const float *u, const float *dh, const float *dh_last, float *du,
                     float *dxw, float *scratch) {
    const size_t n = run->n_windows, hidden = run->hidden, width = 4 * hidden, padded = vectors_for(hidden) * VW;
    const struct flow flow = {.run = run,
                              .dh_above = dh,
                              .dh_last = dh_last,
                              .dxw = dxw,
                              .dh = scratch,
                              .dc = scratch + n * padded,
                              .padded = padded};
    memset(scratch, 0, 2 * n * padded * sizeof *scratch);
    for (size_t step = run->n_steps; step-- > 0;) {
        step_gradients(&flow, step);
        if (step > 0)
            gemm_nt_openblas(n, hidden, width, run->gates + step * n * width, width, u, width, flow.dh, padded, false);
    }
    if (run->n_steps < 2) return; /* h before the first step is zero */
    gemm_tn_openblas(hidden, width, (run->n_steps - 1) * n, run->h + n * hidden, hidden, run->gates + n * width, width,
                     du, width, true);
}

const struct kernels_f32 kernels_f32_openblas;
const struct kernels_f32 kernels_f32_openblas = {
    .name = "openblas",
    .rows_together = true,
    OPENBLAS_PRODUCTS,
    KERNELS_ELEMENTS,
    .large_nn = gemm_nn_openblas,
    .large_tn = gemm_tn_openblas,
    .large_nt = gemm_nt_openblas,
    .lstm_pack_size = pack_size,
    .lstm_pack = pack,
    .lstm_forward = forward,
    .lstm_scratch_size = scratch_size,
    .lstm_backward = backward,
    .head_keep_size = ISA(head_keep_size),
    .head_scratch_size = ISA(head_scratch_size),
    .head_forward = ISA(head_forward),
    .head_backward = ISA(head_backward),
};
