/* The recurrent layer, forward and backward (equations in kernels.h).
 *
 * Lanes are hidden units. A group is VW units; U is packed so that for every term k the four gates of a group lie side
 * by side, so one pass over h_{s-1} gives i, f, g and o of a group for CELL_ROWS windows in registers, where the gates
 * are activated before anything is stored. A window's numbers never depend on the windows beside it. */
#include "lstm_parts.h"

enum {
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

struct float_cell {
    struct cell cell;
    const float *u;
};

VINLINE void cell_rows(const struct float_cell *at, const size_t rows, const int whole) {
    const struct cell *cell = &at->cell;
    const size_t hidden = cell->run->hidden;
    vf acc[4 * CELL_ROWS];
    cell_start(cell, acc, rows, whole);
    if (cell->step > 0 || cell->run->carried)
        tile_run(acc, rows, 4, hidden, cell->run->h + cell_row(cell) * hidden, hidden, 1, at->u, 4 * VW,
                 (const char *)at->u, 0);
    UNROLL
    for (size_t i = 0; i < rows; i++) cell_finish(cell, acc, i, whole);
}

VINLINE void cell_dispatch(const struct float_cell *cell, size_t rows, const int whole) {
    switch (rows) { CELL_CASES }
}
static void cell_whole(const struct float_cell *cell, size_t rows) { cell_dispatch(cell, rows, 1); }
static void cell_part(const struct float_cell *cell, size_t rows) { cell_dispatch(cell, rows, 0); }

/* One window, as a carried state is: every step reads all of U once and does little with it. Two groups at a time keep the
 * multipliers busy, and every other step goes through the groups backwards, so that what the last step read last is still
 * in the first-level cache. Neither changes the order of any sum. */
VINLINE void cell_pair(const struct float_cell *at) {
    const struct lstm_run_f32 *run = at->cell.run;
    const size_t hidden = run->hidden;
    const float *h = run->h + at->cell.step * hidden, *u = at->u, *next = u + 4 * VW * hidden;
    struct cell low = at->cell, high = at->cell;
    vf acc[8];
    high.unit += VW;
    cell_start(&low, acc, 1, 1);
    cell_start(&high, acc + 4, 1, 1);
    for (size_t k = 0; k < hidden; k++, u += 4 * VW, next += 4 * VW) {
        vf x = vset1(h[k]);
        UNROLL
        for (size_t j = 0; j < 4; j++) acc[j] = vfma(x, vload(u + j * VW), acc[j]);
        UNROLL
        for (size_t j = 0; j < 4; j++) acc[4 + j] = vfma(x, vload(next + j * VW), acc[4 + j]);
    }
    cell_finish(&low, acc, 0, 1);
    cell_finish(&high, acc + 4, 0, 1);
}

static void one_window(const struct lstm_run_f32 *run) {
    const size_t hidden = run->hidden, pairs = hidden / (2 * VW);
    for (size_t s = 0; s < run->n_steps; s++)
        for (size_t i = 0; i < pairs; i++) {
            size_t unit = (s % 2 ? pairs - 1 - i : i) * 2 * VW;
            struct float_cell at = {.cell = {.run = run, .step = s, .unit = unit, .lanes = VW},
                                    .u = run->u + unit * 4 * hidden};
            cell_pair(&at);
        }
}

void ISA(lstm_forward)(const struct lstm_run_f32 *run) {
    const size_t hidden = run->hidden, state = run->n_windows * hidden;
    if (!run->carried) memset(run->c, 0, state * sizeof *run->c);
    if (!run->carried) memset(run->h, 0, state * sizeof *run->h);
    if (run->carried && run->n_windows == 1 && hidden % (2 * VW) == 0) {
        one_window(run);
        return;
    }
    for (size_t s = 0; s < run->n_steps; s++) {
        struct float_cell at = {.cell = {.run = run, .step = s}, .u = run->u};
        struct cell *cell = &at.cell;
        for (; cell->unit < hidden; cell->unit += VW, at.u += 4 * VW * hidden) {
            cell->lanes = hidden - cell->unit < VW ? hidden - cell->unit : VW;
            for (cell->window = 0; cell->window < run->n_windows;) {
                size_t rows = next_rows(run->n_windows - cell->window, CELL_ROWS);
                if (cell->lanes == VW)
                    cell_whole(&at, rows);
                else
                    cell_part(&at, rows);
                cell->window += rows;
            }
        }
    }
}

/* ---- backward ----------------------------------------------------------------------------- */

/* dz is also written in the order the dU tiles read it: [gate][panel][row][vector of the panel], rows being windows of
 * the steps gathered so far. */
struct float_flow {
    struct flow flow;
    float *panels;
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

/* Where the first gate's dz of a group of units goes. */
VINLINE float *panel_place(const struct float_flow *at, size_t unit, size_t row) {
    size_t rows = at->sum_steps * at->flow.run->n_windows;
    return at->panels + unit / PANEL * PANEL * rows + row * panel_width(&at->flow, unit) + unit % PANEL;
}

VINLINE void backward_unit(const struct float_flow *at, size_t step, size_t window, size_t unit, size_t lanes,
                           const int whole, size_t sum_row) {
    vf dz[4];
    gate_gradients(&at->flow, step, window, unit, lanes, whole, dz);
    float *panel = panel_place(at, unit, sum_row);
    UNROLL
    for (size_t gate = 0; gate < 4; gate++) vstore(panel + gate * at->gate_stride, dz[gate]);
}

static void backward_step(const struct float_flow *at, size_t step, size_t sum_row) {
    const size_t hidden = at->flow.run->hidden;
    for (size_t window = 0; window < at->flow.run->n_windows; window++) {
        if (step > 0) fetch_states(&at->flow, step, window);
        size_t unit = 0;
        for (; unit + VW <= hidden; unit += VW) backward_unit(at, step, window, unit, VW, 1, sum_row + window);
        if (unit < hidden) backward_unit(at, step, window, unit, hidden - unit, 0, sum_row + window);
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
static void sum_du(const struct float_flow *at, size_t first_slot, size_t first_row, size_t rows, float *du) {
    const struct flow *flow = &at->flow;
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
                job.b = panel_place(at, unit, first_row + r) + gate * at->gate_stride;
                ISA(tile_multiply)(&job);
            }
        }
    }
}

void ISA(lstm_backward)(const struct lstm_run_f32 *run, const float *u_backward, const float *dh, const float *dh_last,
                        float *du, float *dxw, float *scratch) {
    const size_t padded = vectors_for(run->hidden) * VW, n = run->n_windows;
    struct float_flow at = {.flow = {.run = run,
                                     .dh_above = dh,
                                     .dh_last = dh_last,
                                     .dxw = dxw,
                                     .dh = scratch,
                                     .dc = scratch + n * padded,
                                     .padded = padded},
                            .panels = scratch + 2 * n * padded,
                            .sum_steps = steps_per_sum(n)};
    at.gate_stride = padded * n * at.sum_steps;
    memset(scratch, 0, 2 * n * padded * sizeof *scratch);
    size_t room = at.sum_steps; /* gathered rows fill from the back, so that they lie in the order of h's slots */
    for (size_t s = run->n_steps; s-- > 0;) {
        backward_step(&at, s, --room * n);
        if (s == 0) break; /* h_{-1} is zero: nothing to add to dU */
        backward_hidden(&at.flow, s, u_backward);
        if (room == 0 || s == 1) {
            sum_du(&at, s, room * n, (at.sum_steps - room) * n, du);
            room = at.sum_steps;
        }
    }
}
