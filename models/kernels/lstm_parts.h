/* What the recurrent layer does to registers and states, apart from its products: the same for float32 products
 * (isa_lstm.c) and bf16 ones (mixed_lstm.h). */
#ifndef GATEWALK_KERNELS_LSTM_PARTS_H
#define GATEWALK_KERNELS_LSTM_PARTS_H

#include "isa.h"
#include "simd_math.h"
#include "tile.h"

enum { PANEL = TILE_VECTORS * VW };

/* ---- forward: one step of one group of units for up to CELL_ROWS windows ------------------------- */

struct cell {
    const struct lstm_run_f32 *run;
    size_t step, window, unit, lanes;
};

/* Row of h_{s-1}, c_{s-1} and of the gates. */
VINLINE size_t cell_row(const struct cell *cell) { return cell->step * cell->run->n_windows + cell->window; }

VINLINE void cell_start(const struct cell *cell, vf *acc, const size_t rows, const int whole) {
    const struct lstm_run_f32 *run = cell->run;
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        const float *xw =
            run->xw + (run->first_row[cell->window + i] + cell->step * run->row_stride) * 4 * run->hidden + cell->unit;
        UNROLL
        for (size_t gate = 0; gate < 4; gate++)
            acc[TILE_AT(i, gate, 4)] = vload_lanes(xw + gate * run->hidden, cell->lanes, whole);
    }
}

/* Activates the gates of row i, stores what has to be kept and returns h. */
VINLINE vf cell_finish(const struct cell *cell, const vf *acc, size_t i, const int whole) {
    const struct lstm_run_f32 *run = cell->run;
    const size_t hidden = run->hidden, lanes = cell->lanes, before = cell_row(cell) + i;
    const size_t after = before + run->n_windows;
    vf in = sigmoid_of(acc[TILE_AT(i, 0, 4)]), forget = sigmoid_of(acc[TILE_AT(i, 1, 4)]);
    vf g = tanh_of(acc[TILE_AT(i, 2, 4)]), out = sigmoid_of(acc[TILE_AT(i, 3, 4)]);
    vf c = vfma(forget, vload_lanes(run->c + before * hidden + cell->unit, lanes, whole), vmul(in, g));
    vf h = vmul(out, tanh_of(c));
    vstore_lanes(run->c + after * hidden + cell->unit, c, lanes, whole);
    vstore_lanes(run->h + after * hidden + cell->unit, h, lanes, whole);
    if (run->gates == NULL) return h;
    float *z = run->gates + before * 4 * hidden + cell->unit;
    vstore_lanes(z, in, lanes, whole);
    vstore_lanes(z + hidden, forget, lanes, whole);
    vstore_lanes(z + 2 * hidden, g, lanes, whole);
    vstore_lanes(z + 3 * hidden, out, lanes, whole);
    return h;
}

/* cell_rows(cell, rows, whole) with constant arguments. */
#define CELL_CASE(n)                                                                                                   \
    case n:                                                                                                            \
        cell_rows(cell, n, whole);                                                                                     \
        break;
#if defined(GW_ISA_PORTABLE)
#define CELL_CASES CELL_CASE(1) CELL_CASE(2)
#elif defined(GW_ISA_AVX2)
#define CELL_CASES CELL_CASE(1) CELL_CASE(2) CELL_CASE(3)
#else
#define CELL_CASES CELL_CASE(1) CELL_CASE(2) CELL_CASE(3) CELL_CASE(4) CELL_CASE(5) CELL_CASE(6)
#endif

/* ---- backward ----------------------------------------------------------------------------------- */

/* dh and dc flow from step to step in [B × padded]. */
struct flow {
    const struct lstm_run_f32 *run;
    const float *dh_above, *dh_last;
    float *dxw, *dh, *dc;
    size_t padded; /* hidden rounded up to VW */
};

VINLINE size_t panel_width(const struct flow *flow, size_t unit) {
    size_t left = flow->padded - unit / PANEL * PANEL;
    return left < PANEL ? left : PANEL;
}

/* dz of one group of units: written over the gates, added to dxw, and returned. */
VINLINE void gate_gradients(const struct flow *flow, size_t step, size_t window, size_t unit, size_t lanes,
                            const int whole, vf dz[4]) {
    const struct lstm_run_f32 *run = flow->run;
    const size_t hidden = run->hidden, n = run->n_windows, row = step * n + window;
    const vf one = vset1(1.0f);
    float *z = run->gates + row * 4 * hidden + unit;
    float *dh_at = flow->dh + window * flow->padded + unit, *dc_at = flow->dc + window * flow->padded + unit;
    vf in = vload_lanes(z, lanes, whole), forget = vload_lanes(z + hidden, lanes, whole);
    vf g = vload_lanes(z + 2 * hidden, lanes, whole), out = vload_lanes(z + 3 * hidden, lanes, whole);
    vf t = tanh_of(vload_lanes(run->c + (row + n) * hidden + unit, lanes, whole));
    vf c_before = vload_lanes(run->c + row * hidden + unit, lanes, whole);
    vf dh = vload(dh_at);
    if (flow->dh_above) dh = vadd(dh, vload_lanes(flow->dh_above + row * hidden + unit, lanes, whole));
    if (flow->dh_last && step + 1 == run->n_steps)
        dh = vadd(dh, vload_lanes(flow->dh_last + window * hidden + unit, lanes, whole));
    vf dc = vfma(vmul(dh, out), vfnma(t, t, one), vload(dc_at));
    dz[0] = vmul(vmul(dc, g), vfnma(in, in, in));
    dz[1] = vmul(vmul(dc, c_before), vfnma(forget, forget, forget));
    dz[2] = vmul(vmul(dc, in), vfnma(g, g, one));
    dz[3] = vmul(vmul(dh, t), vfnma(out, out, out));
    vstore(dc_at, vmul(dc, forget));
    UNROLL
    for (size_t gate = 0; gate < 4; gate++) vstore_lanes(z + gate * hidden, dz[gate], lanes, whole);
    if (flow->dxw == NULL) return;
    float *dxw = flow->dxw + (run->first_row[window] + step * run->row_stride) * 4 * hidden + unit;
    UNROLL
    for (size_t gate = 0; gate < 4; gate++) {
        float *sum = dxw + gate * hidden;
        vstore_lanes(sum, vadd(vload_lanes(sum, lanes, whole), dz[gate]), lanes, whole);
    }
}

/* What the products of this step and the next step (s - 1) read was written long ago and has left the near caches. */
VINLINE void fetch_states(const struct flow *flow, size_t step, size_t window) {
    const struct lstm_run_f32 *run = flow->run;
    const size_t hidden = run->hidden, line = 64 / sizeof(float), row = (step - 1) * run->n_windows + window;
    for (size_t i = 0; i < hidden; i += line) {
        __builtin_prefetch(run->c + row * hidden + i, 0, 2);
        __builtin_prefetch(run->h + (row + run->n_windows) * hidden + i, 0, 2);
    }
}

#endif
