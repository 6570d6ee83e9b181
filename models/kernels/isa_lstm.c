/* The recurrent layer, forward and backward (equations in kernels.h).
 *
 * Lanes are hidden units. A group is VW units; U is packed so that for every term k the four gates of a group lie side
 * by side, so one pass over h_{s-1} gives i, f, g and o of a group for CELL_ROWS windows in registers, where the gates
 * are activated before anything is stored. A window's numbers never depend on the windows beside it. */
#include "isa.h"
#include "simd_math.h"
#include "tile.h"

enum {
    PANEL = TILE_VECTORS * VW,
    TERMS = 8192 / PANEL > 256 ? 256 : 8192 / PANEL, /* terms of dz·Uᵀ per sweep: 32 KB of packed Uᵀ at most */
    SUM_ROWS = 64,                                   /* rows of (h, dz) gathered before dU is updated */
};

size_t ISA(lstm_pack_size)(size_t hidden) { return 4 * hidden * vectors_for(hidden) * VW; }

/* forward: [group][k][gate][VW]; backward: Uᵀ in panels [panel][4H][vectors of the panel × VW]. */
void ISA(lstm_pack)(size_t hidden, const float *u, float *forward, float *backward) {
    const size_t width = 4 * hidden;
    for (size_t unit = 0; unit < hidden; unit += VW) {
        size_t lanes = hidden - unit < VW ? hidden - unit : VW;
        for (size_t k = 0; k < hidden; k++)
            for (size_t gate = 0; gate < 4; gate++, forward += VW)
                vstore(forward, vload_n(u + k * width + gate * hidden + unit, lanes));
    }
    for (size_t unit = 0; unit < hidden; unit += PANEL) {
        size_t lanes = hidden - unit < PANEL ? hidden - unit : PANEL, padded = vectors_for(lanes) * VW;
        for (size_t k = 0; k < width; k++, backward += padded)
            for (size_t j = 0; j < padded; j++) backward[j] = j < lanes ? u[(unit + j) * width + k] : 0;
    }
}

/* ---- forward ------------------------------------------------------------------------------ */

/* One step of one group of units for up to CELL_ROWS windows. */
struct cell {
    const struct lstm_run_f32 *run;
    size_t step, window, unit, lanes;
    const float *u;
};

VINLINE void cell_rows(const struct cell *cell, const size_t rows, const int whole) {
    const struct lstm_run_f32 *run = cell->run;
    const size_t hidden = run->hidden, lanes = cell->lanes;
    const size_t row0 = cell->step * run->n_windows + cell->window; /* row of h_{s-1}, c_{s-1} and of the gates */
    const float *c_before = run->c + row0 * hidden + cell->unit;
    float *c_after = run->c + (row0 + run->n_windows) * hidden + cell->unit;
    float *h_after = run->h + (row0 + run->n_windows) * hidden + cell->unit;
    vf acc[4 * CELL_ROWS];
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        const float *xw = run->xw + (run->first_row[cell->window + i] + cell->step * run->row_stride) * 4 * hidden;
        UNROLL
        for (size_t gate = 0; gate < 4; gate++)
            acc[TILE_AT(i, gate, 4)] = vload_lanes(xw + gate * hidden + cell->unit, lanes, whole);
    }
    if (cell->step > 0)
        tile_run(acc, rows, 4, hidden, run->h + row0 * hidden, hidden, 1, cell->u, 4 * VW, (const char *)cell->u, 0);
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        vf in = sigmoid_of(acc[TILE_AT(i, 0, 4)]), forget = sigmoid_of(acc[TILE_AT(i, 1, 4)]);
        vf g = tanh_of(acc[TILE_AT(i, 2, 4)]), out = sigmoid_of(acc[TILE_AT(i, 3, 4)]);
        vf c = vfma(forget, vload_lanes(c_before + i * hidden, lanes, whole), vmul(in, g));
        vstore_lanes(c_after + i * hidden, c, lanes, whole);
        vstore_lanes(h_after + i * hidden, vmul(out, tanh_of(c)), lanes, whole);
        if (run->gates == NULL) continue;
        float *z = run->gates + (row0 + i) * 4 * hidden + cell->unit;
        vstore_lanes(z, in, lanes, whole);
        vstore_lanes(z + hidden, forget, lanes, whole);
        vstore_lanes(z + 2 * hidden, g, lanes, whole);
        vstore_lanes(z + 3 * hidden, out, lanes, whole);
    }
}

#define CELL_CASE(n)                                                                                                   \
    case n:                                                                                                            \
        cell_rows(cell, n, whole);                                                                                     \
        break;
VINLINE void cell_dispatch(const struct cell *cell, size_t rows, const int whole) {
    switch (rows) {
        CELL_CASE(1)
        CELL_CASE(2)
#if !defined(GW_ISA_PORTABLE)
        CELL_CASE(3)
#endif
#if defined(GW_ISA_AVX512)
        CELL_CASE(4)
        CELL_CASE(5)
        CELL_CASE(6)
#endif
    }
}
static void cell_whole(const struct cell *cell, size_t rows) { cell_dispatch(cell, rows, 1); }
static void cell_part(const struct cell *cell, size_t rows) { cell_dispatch(cell, rows, 0); }

void ISA(lstm_forward)(const struct lstm_run_f32 *run) {
    const size_t hidden = run->hidden, state = run->n_windows * hidden;
    memset(run->c, 0, state * sizeof *run->c);
    memset(run->h, 0, state * sizeof *run->h);
    for (size_t s = 0; s < run->n_steps; s++) {
        struct cell cell = {.run = run, .step = s, .u = run->u};
        for (; cell.unit < hidden; cell.unit += VW, cell.u += 4 * VW * hidden) {
            cell.lanes = hidden - cell.unit < VW ? hidden - cell.unit : VW;
            for (cell.window = 0; cell.window < run->n_windows;) {
                size_t rows = next_rows(run->n_windows - cell.window, CELL_ROWS);
                if (cell.lanes == VW)
                    cell_whole(&cell, rows);
                else
                    cell_part(&cell, rows);
                cell.window += rows;
            }
        }
    }
}

/* ---- backward ----------------------------------------------------------------------------- */

/* dh and dc flow from step to step in [B × padded]. dz is also written in the order the dU tiles read it:
 * [gate][panel][row][vector of the panel], rows being windows of the steps gathered so far. */
struct flow {
    const struct lstm_run_f32 *run;
    const float *dh_above, *dh_last;
    float *dxw, *dh, *dc, *panels;
    size_t padded;      /* hidden rounded up to VW */
    size_t sum_steps;   /* steps gathered per update of dU */
    size_t gate_stride; /* elements of one gate in panels */
};

static size_t steps_per_sum(size_t n_windows) {
    return n_windows == 0 || n_windows >= SUM_ROWS ? 1 : SUM_ROWS / n_windows;
}

size_t ISA(lstm_scratch_size)(size_t n_windows, size_t hidden) {
    size_t padded = vectors_for(hidden) * VW;
    return n_windows * padded * (2 + 4 * steps_per_sum(n_windows));
}

VINLINE size_t panel_width(const struct flow *flow, size_t unit) {
    size_t left = flow->padded - unit / PANEL * PANEL;
    return left < PANEL ? left : PANEL;
}

/* Where the first gate's dz of a group of units goes. */
VINLINE float *panel_place(const struct flow *flow, size_t unit, size_t row) {
    size_t rows = flow->sum_steps * flow->run->n_windows;
    return flow->panels + unit / PANEL * PANEL * rows + row * panel_width(flow, unit) + unit % PANEL;
}

VINLINE void backward_unit(const struct flow *flow, size_t step, size_t window, size_t unit, size_t lanes,
                           const int whole, size_t sum_row) {
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
    vf dz[4];
    vf dc = vfma(vmul(dh, out), vfnma(t, t, one), vload(dc_at));
    dz[0] = vmul(vmul(dc, g), vfnma(in, in, in));
    dz[1] = vmul(vmul(dc, c_before), vfnma(forget, forget, forget));
    dz[2] = vmul(vmul(dc, in), vfnma(g, g, one));
    dz[3] = vmul(vmul(dh, t), vfnma(out, out, out));
    vstore(dc_at, vmul(dc, forget));
    float *panel = panel_place(flow, unit, sum_row);
    UNROLL
    for (size_t gate = 0; gate < 4; gate++) {
        vstore_lanes(z + gate * hidden, dz[gate], lanes, whole);
        vstore(panel + gate * flow->gate_stride, dz[gate]);
    }
    if (flow->dxw == NULL) return;
    float *dxw = flow->dxw + (run->first_row[window] + step * run->row_stride) * 4 * hidden + unit;
    UNROLL
    for (size_t gate = 0; gate < 4; gate++) {
        float *sum = dxw + gate * hidden;
        vstore_lanes(sum, vadd(vload_lanes(sum, lanes, whole), dz[gate]), lanes, whole);
    }
}

/* What the products of this step and the next step (s - 1) read was written long ago and has left the near caches. */
static void fetch_states(const struct flow *flow, size_t step, size_t window) {
    const struct lstm_run_f32 *run = flow->run;
    const size_t hidden = run->hidden, line = 64 / sizeof(float), row = (step - 1) * run->n_windows + window;
    for (size_t i = 0; i < hidden; i += line) {
        __builtin_prefetch(run->c + row * hidden + i, 0, 2);
        __builtin_prefetch(run->h + (row + run->n_windows) * hidden + i, 0, 2);
    }
}

static void backward_step(const struct flow *flow, size_t step, size_t sum_row) {
    const size_t hidden = flow->run->hidden;
    for (size_t window = 0; window < flow->run->n_windows; window++) {
        if (step > 0) fetch_states(flow, step, window);
        size_t unit = 0;
        for (; unit + VW <= hidden; unit += VW) backward_unit(flow, step, window, unit, VW, 1, sum_row + window);
        if (unit < hidden) backward_unit(flow, step, window, unit, hidden - unit, 0, sum_row + window);
    }
}

/* dh_{s-1} = dz_s Uᵀ, a few gates at a time so that their part of Uᵀ stays in the first-level cache. */
static void backward_hidden(const struct flow *flow, size_t step, const float *u) {
    const size_t hidden = flow->run->hidden, depth = 4 * hidden, n = flow->run->n_windows;
    struct tile_job job = {.rows = n, .a_row = depth, .a_step = 1, .ldc = flow->padded, .last_lanes = VW};
    const size_t terms = vectors_for(hidden) * depth * ((n + TILE_ROWS - 1) / TILE_ROWS) / TILE_VECTORS;
    job.ahead = (const char *)(flow->run->gates + (step - 1) * n * depth); /* the gates of the next step */
    job.ahead_step = n * depth * sizeof(float) / (terms + 1) + 1;
    for (size_t unit = 0; unit < flow->padded; unit += PANEL) {
        job.b_step = panel_width(flow, unit);
        job.n_vectors = job.b_step / VW;
        job.c = flow->dh + unit;
        for (size_t k = 0; k < depth; k += TERMS) {
            job.depth = depth - k < TERMS ? depth - k : TERMS;
            job.a = flow->run->gates + step * n * depth + k;
            job.b = u + k * job.b_step;
            job.accumulate = k > 0;
            ISA(tile_multiply)(&job);
            job.ahead += job.depth * job.ahead_step * ((n + TILE_ROWS - 1) / TILE_ROWS);
        }
        u += depth * job.b_step;
    }
}

/* dU += hᵀ dz over the rows gathered, whose h begin in slot first_slot. */
static void sum_du(const struct flow *flow, size_t first_slot, size_t first_row, size_t rows, float *du) {
    const size_t hidden = flow->run->hidden;
    const float *h = flow->run->h + first_slot * flow->run->n_windows * hidden;
    struct tile_job job = {.rows = hidden, .a_row = 1, .a_step = hidden, .ldc = 4 * hidden, .accumulate = true};
    for (size_t gate = 0; gate < 4; gate++) {
        for (size_t unit = 0; unit < hidden; unit += PANEL) {
            job.b_step = panel_width(flow, unit);
            job.n_vectors = job.b_step / VW;
            job.last_lanes = hidden - unit < job.b_step ? VW - (job.b_step - (hidden - unit)) : VW;
            job.c = du + gate * hidden + unit;
            for (size_t r = 0; r < rows; r += TERMS) {
                job.depth = rows - r < TERMS ? rows - r : TERMS;
                job.a = h + r * hidden;
                job.b = panel_place(flow, unit, first_row + r) + gate * flow->gate_stride;
                ISA(tile_multiply)(&job);
            }
        }
    }
}

void ISA(lstm_backward)(const struct lstm_run_f32 *run, const float *u_backward, const float *dh, const float *dh_last,
                        float *du, float *dxw, float *scratch) {
    const size_t padded = vectors_for(run->hidden) * VW, n = run->n_windows;
    struct flow flow = {.run = run,
                        .dh_above = dh,
                        .dh_last = dh_last,
                        .dxw = dxw,
                        .dh = scratch,
                        .dc = scratch + n * padded,
                        .panels = scratch + 2 * n * padded,
                        .padded = padded,
                        .sum_steps = steps_per_sum(n)};
    flow.gate_stride = padded * n * flow.sum_steps;
    memset(scratch, 0, 2 * n * padded * sizeof *scratch);
    size_t room = flow.sum_steps; /* gathered rows fill from the back, so that they lie in the order of h's slots */
    for (size_t s = run->n_steps; s-- > 0;) {
        backward_step(&flow, s, --room * n);
        if (s == 0) break; /* h_{-1} is zero: nothing to add to dU */
        backward_hidden(&flow, s, u_backward);
        if (room == 0 || s == 1) {
            sum_du(&flow, s, room * n, (flow.sum_steps - room) * n, du);
            room = flow.sum_steps;
        }
    }
}
