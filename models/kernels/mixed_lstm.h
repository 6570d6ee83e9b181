/* The recurrent layer with bf16 products: U, h and dz are rounded, everything between is float32 (see isa_lstm.c). */

enum { MIXED(SUM_PAIRS) = 64 }; /* pairs of rows of (h, dz) gathered before dU is updated */

static size_t MIXED(lstm_pack_size)(size_t hidden) {
    const size_t depth = MIXED(depth_of)(hidden); /* with tiles more than H for the smallest layers */
    return 4 * (depth > hidden + 1 ? depth : hidden + 1) * vectors_for(hidden) * VW;
}

/* forward: [group][pair of terms][gate][VW]; backward: Uᵀ in panels [panel][2H pairs of terms][vectors × VW]; with
 * tiles the pairs of each are filled up with zeros. */
static void MIXED(lstm_pack)(size_t hidden, const float *u, float *forward, float *backward) {
    const size_t width = 4 * hidden, ends = MIXED(depth_of)(hidden) - (hidden + 1) / 2;
    uint32_t *to = (uint32_t *)(void *)forward;
    for (size_t unit = 0; unit < hidden; unit += VW) {
        for (size_t k = 0; k < hidden; k += 2)
            for (size_t gate = 0; gate < 4; gate++, to += VW)
                vp_store(to, MIXED(pair_of_rows)(u + k * width + gate * hidden + unit, width, k + 1 < hidden,
                                                 hidden - unit));
        MIXED(clear)(to, ends * 4 * VW);
        to += ends * 4 * VW;
    }
    to = (uint32_t *)(void *)backward;
    for (size_t unit = 0; unit < hidden; unit += PANEL) {
        size_t lanes = hidden - unit < PANEL ? hidden - unit : PANEL;
        MIXED(pack_transposed)(u + unit * width, width, width, lanes, to);
        to += MIXED(depth_of)(width) * vectors_for(lanes) * VW;
    }
}

static size_t MIXED(steps_per_sum)(size_t n_windows) {
    size_t pairs = (n_windows + 1) / 2;
    return pairs == 0 || pairs >= MIXED(SUM_PAIRS) ? 1 : MIXED(SUM_PAIRS) / pairs;
}

/* Pairs gathered, and behind them what the last tile of terms reads beyond. */
static size_t MIXED(sum_room)(size_t n_windows) {
    return (n_windows + 1) / 2 * MIXED(steps_per_sum)(n_windows) + MIXED_STEP - 1;
}

/* Forward: two steps of rounded h. Backward: dh, dc, rounded dz, and pairs of dz and of h as the dU tiles read them.
 * With tiles also the products of a step, and h once more by rows. */
static size_t MIXED(lstm_scratch_size)(size_t n_windows, size_t hidden) {
    const size_t padded = vectors_for(hidden) * VW, rows = MIXED(rows_of)(n_windows);
    const size_t pairs = MIXED(sum_room)(n_windows), turned = MIXED_STEP > 1 ? pairs * padded : 0;
    size_t forward = MIXED(products_size)(n_windows) + 2 * rows * MIXED(depth_of)(hidden);
    size_t backward = (2 * n_windows + 5 * pairs) * padded + rows * MIXED(depth_of)(4 * hidden) + turned;
    return forward > backward ? forward : backward;
}

/* ---- forward ------------------------------------------------------------------------------ */

struct MIXED(cell) {
    struct cell cell;
    const uint32_t *u, *before; /* rounded h_{s-1} */
    uint32_t *after;            /* rounded h_s */
    float *products;            /* of all windows with this group, where they are made ahead */
};

VINLINE void MIXED(cell_rows)(const struct MIXED(cell) * at, const size_t rows, const int whole) {
    const struct cell *cell = &at->cell;
    const size_t pairs = MIXED(depth_of)(cell->run->hidden);
    vf acc[4 * CELL_ROWS];
    cell_start(cell, acc, rows, whole);
    if (cell->step > 0) MIXED(add_products)
    (acc, rows, pairs, at->before + cell->window * pairs, at->u, at->products + cell->window * 4 * VW);
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        vf h = cell_finish(cell, acc, i, whole);
        PAIR_FIRSTS((uint16_t *)(void *)(at->after + (cell->window + i) * pairs) + cell->unit, h, cell->lanes);
    }
}

#define cell_rows MIXED(cell_rows)
static void MIXED(cell_whole)(const struct MIXED(cell) * cell, size_t rows) {
    const int whole = 1;
    switch (rows) { CELL_CASES }
}
static void MIXED(cell_part)(const struct MIXED(cell) * cell, size_t rows) {
    const int whole = 0;
    switch (rows) { CELL_CASES }
}
#undef cell_rows

static void MIXED(lstm_forward)(const struct lstm_run_f32 *run) {
    const size_t hidden = run->hidden, n = run->n_windows, pairs = MIXED(depth_of)(hidden);
    const size_t state = MIXED(rows_of)(n) * pairs;
    uint32_t *rounded = (uint32_t *)(void *)(run->scratch + MIXED(products_size)(n));
    memset(run->c, 0, n * hidden * sizeof *run->c);
    memset(run->h, 0, n * hidden * sizeof *run->h);
    memset(rounded, 0, 2 * state * sizeof *rounded);
    TILES_OPEN();
    for (size_t s = 0; s < run->n_steps; s++) {
        struct MIXED(cell) at = {.cell = {.run = run, .step = s},
                                 .u = (const uint32_t *)(const void *)run->u,
                                 .before = rounded + s % 2 * state,
                                 .after = rounded + (s + 1) % 2 * state,
                                 .products = run->scratch};
        struct cell *cell = &at.cell;
        for (; cell->unit < hidden; cell->unit += VW, at.u += 4 * VW * pairs) {
            cell->lanes = hidden - cell->unit < VW ? hidden - cell->unit : VW;
            if (s > 0) MIXED(make_products)(n, pairs, at.before, at.u, at.products);
            for (cell->window = 0; cell->window < n;) {
                size_t rows = next_rows(n - cell->window, CELL_ROWS);
                if (cell->lanes == VW)
                    MIXED(cell_whole)(&at, rows);
                else
                    MIXED(cell_part)(&at, rows);
                cell->window += rows;
            }
        }
    }
    TILES_CLOSE();
}

/* ---- backward ----------------------------------------------------------------------------- */

struct MIXED(flow) {
    struct flow flow;
    uint16_t *dz;        /* [B × pairs of 4H] of this step */
    uint32_t *panels;    /* [gate][panel][pair of rows][vectors × VW] */
    uint32_t *states;    /* [pair of rows][padded] h */
    uint32_t *turned;    /* [padded][pair of rows], where the products want it so */
    size_t pairs_a_step; /* pairs of windows, the last one perhaps with nothing */
    size_t sum_steps;
    size_t room; /* pairs of rows in a panel */
    size_t gate_stride;
};

VINLINE uint32_t *MIXED(panel_place)(const struct MIXED(flow) * at, size_t unit, size_t pair) {
    return at->panels + unit / PANEL * PANEL * at->room + pair * panel_width(&at->flow, unit) + unit % PANEL;
}

/* What tiles read past the end counts for nothing. */
static void MIXED(clear_ends)(const struct MIXED(flow) * at) {
    const size_t filled = at->sum_steps * at->pairs_a_step, ends = at->room - filled, padded = at->flow.padded;
    for (size_t gate = 0; gate < 4; gate++)
        for (size_t unit = 0; unit < padded; unit += PANEL) MIXED(clear)
    (MIXED(panel_place)(at, unit, filled) + gate * at->gate_stride, ends * panel_width(&at->flow, unit));
    MIXED(clear)(at->states + filled * padded, ends * padded);
    size_t rows = MIXED(rows_of)(at->flow.run->n_windows);
    MIXED(clear)((uint32_t *)(void *)at->dz, rows * MIXED(depth_of)(4 * at->flow.run->hidden));
}

/* dz and h of two windows. */
VINLINE void MIXED(backward_unit)(const struct MIXED(flow) * at, size_t step, size_t window, size_t unit, size_t lanes,
                                  const int whole, size_t pair) {
    const struct lstm_run_f32 *run = at->flow.run;
    const size_t hidden = run->hidden, width = 2 * MIXED(depth_of)(4 * hidden);
    const bool two = window + 1 < run->n_windows;
    const float *h = run->h + (step * run->n_windows + window) * hidden + unit;
    vf first[4], second[4];
    gate_gradients(&at->flow, step, window, unit, lanes, whole, first);
    UNROLL
    for (size_t gate = 0; gate < 4; gate++) second[gate] = vzero();
    if (two) gate_gradients(&at->flow, step, window + 1, unit, lanes, whole, second);
    uint32_t *panel = MIXED(panel_place)(at, unit, pair);
    UNROLL
    for (size_t gate = 0; gate < 4; gate++) {
        uint16_t *dz = at->dz + window * width + gate * hidden + unit;
        PAIR_FIRSTS(dz, first[gate], lanes);
        if (two) PAIR_FIRSTS(dz + width, second[gate], lanes);
        vp_store(panel + gate * at->gate_stride, PAIR_OF(first[gate], second[gate]));
    }
    vf state = vload_lanes(h, lanes, whole), next = two ? vload_lanes(h + hidden, lanes, whole) : vzero();
    vp_store(at->states + pair * at->flow.padded + unit, PAIR_OF(state, next));
}

static void MIXED(backward_step)(const struct MIXED(flow) * at, size_t step, size_t pair) {
    const size_t hidden = at->flow.run->hidden, n = at->flow.run->n_windows;
    for (size_t window = 0; window < n; window += 2, pair++) {
        if (step > 0) fetch_states(&at->flow, step, window);
        if (step > 0 && window + 1 < n) fetch_states(&at->flow, step, window + 1);
        size_t unit = 0;
        for (; unit + VW <= hidden; unit += VW) MIXED(backward_unit)(at, step, window, unit, VW, 1, pair);
        if (unit < hidden) MIXED(backward_unit)(at, step, window, unit, hidden - unit, 0, pair);
    }
}

/* dh_{s-1} = dz_s Uᵀ */
static void MIXED(backward_hidden)(const struct MIXED(flow) * at, size_t step, const uint32_t *u) {
    const struct flow *flow = &at->flow;
    const size_t n = flow->run->n_windows, width = 4 * flow->run->hidden, depth = MIXED(depth_of)(width);
    struct MIXED(job) job = {.rows = n, .a_row = depth, .a_step = 1, .ldc = flow->padded, .last_lanes = VW};
    const size_t terms = vectors_for(flow->padded) * depth * ((n + TILE_ROWS - 1) / TILE_ROWS) / TILE_VECTORS;
    job.ahead = (const char *)(flow->run->gates + (step - 1) * n * width); /* the gates of the next step */
    job.ahead_step = n * width * sizeof(float) / (terms + 1) + 1;
    for (size_t unit = 0; unit < flow->padded; unit += PANEL) {
        job.b_step = panel_width(flow, unit);
        job.n_vectors = job.b_step / VW;
        job.c = flow->dh + unit;
        for (size_t k = 0; k < depth; k += MIXED(DEPTH)) {
            job.depth = depth - k < MIXED(DEPTH) ? depth - k : MIXED(DEPTH);
            job.a = (const uint32_t *)(const void *)at->dz + k;
            job.b = u + k * job.b_step;
            job.accumulate = k > 0;
            MIXED(multiply)(&job);
            job.ahead += job.depth * job.ahead_step * ((n + TILE_ROWS - 1) / TILE_ROWS);
        }
        u += depth * job.b_step;
    }
}

/* dU += hᵀ dz over the pairs of rows gathered. */
static void MIXED(sum_du)(const struct MIXED(flow) * at, size_t first_pair, size_t pairs, float *du) {
    const size_t hidden = at->flow.run->hidden, padded = at->flow.padded;
    struct MIXED(job)
        job = {.rows = hidden, .depth = MIXED(depth_of)(2 * pairs), .ldc = 4 * hidden, .accumulate = true};
    MIXED(take_pairs)(&job, at->states + first_pair * padded, padded, at->turned);
    for (size_t gate = 0; gate < 4; gate++) {
        for (size_t unit = 0; unit < hidden; unit += PANEL) {
            job.b_step = panel_width(&at->flow, unit);
            job.n_vectors = job.b_step / VW;
            job.last_lanes = hidden - unit < job.b_step ? VW - (job.b_step - (hidden - unit)) : VW;
            job.c = du + gate * hidden + unit;
            job.b = MIXED(panel_place)(at, unit, first_pair) + gate * at->gate_stride;
            MIXED(multiply)(&job);
        }
    }
}

static void MIXED(lstm_backward)(const struct lstm_run_f32 *run, const float *u_backward, const float *dh,
                                 const float *dh_last, float *du, float *dxw, float *scratch) {
    const size_t padded = vectors_for(run->hidden) * VW, n = run->n_windows;
    struct MIXED(flow) at = {.flow = {.run = run,
                                      .dh_above = dh,
                                      .dh_last = dh_last,
                                      .dxw = dxw,
                                      .dh = scratch,
                                      .dc = scratch + n * padded,
                                      .padded = padded},
                             .pairs_a_step = (n + 1) / 2,
                             .sum_steps = MIXED(steps_per_sum)(n),
                             .room = MIXED(sum_room)(n)};
    at.gate_stride = padded * at.room;
    at.panels = (uint32_t *)(void *)(scratch + 2 * n * padded);
    at.states = at.panels + 4 * at.gate_stride;
    at.turned = at.states + at.room * padded;
    at.dz = (uint16_t *)(void *)(at.turned + (MIXED_STEP > 1 ? at.room * padded : 0));
    memset(scratch, 0, 2 * n * padded * sizeof *scratch);
    if (MIXED_STEP > 1) MIXED(clear_ends)(&at);
    TILES_OPEN();
    size_t room = at.sum_steps;
    for (size_t s = run->n_steps; s-- > 0;) {
        MIXED(backward_step)(&at, s, --room * at.pairs_a_step);
        if (s == 0) break; /* h_{-1} is zero: nothing to add to dU */
        MIXED(backward_hidden)(&at, s, (const uint32_t *)(const void *)u_backward);
        if (room == 0 || s == 1) {
            MIXED(sum_du)(&at, room * at.pairs_a_step, (at.sum_steps - room) * at.pairs_a_step, du);
            room = at.sum_steps;
        }
    }
    TILES_CLOSE();
}
