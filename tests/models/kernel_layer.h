/* One recurrent layer in both precisions, run through a kernel set or through the reference. */
#ifndef GATEWALK_TEST_KERNEL_LAYER_H
#define GATEWALK_TEST_KERNEL_LAYER_H

#include "engine/base/base.h"
#include "kernel_sets.h"

/* A layer with everything it reads and writes, in both precisions. */
struct layer {
    size_t windows, steps, hidden, rows, stride;
    uint32_t *first_row;
    struct twin u, xw, gates, c, h, dh, dh_last, du, dxw;
};

static inline struct layer layer_make(size_t windows, size_t steps, size_t hidden, double xw_scale, double u_scale) {
    struct layer l = {.windows = windows, .steps = steps, .hidden = hidden};
    l.stride = hidden % 2 ? windows : 1; /* rows of their own, as in a second layer, or shared by neighbours */
    l.rows = windows + steps * l.stride;
    l.first_row = calloc(windows, sizeof *l.first_row);
    assert_non_null(l.first_row);
    for (size_t b = 0; b < windows; b++) l.first_row[b] = (uint32_t)(b == 3 ? 0 : b); /* 3 repeats window 0 */
    l.u = twin_make(hidden * 4 * hidden, u_scale / sqrt((double)hidden));
    l.xw = twin_make(l.rows * 4 * hidden, xw_scale);
    l.gates = twin_make(steps * windows * 4 * hidden, 1);
    l.c = twin_make((steps + 1) * windows * hidden, 1);
    l.h = twin_make((steps + 1) * windows * hidden, 1);
    l.dh = twin_make(steps * windows * hidden, 1);
    l.dh_last = twin_make(windows * hidden, 1);
    l.du = twin_make(hidden * 4 * hidden, 1);
    l.dxw = twin_make(l.rows * 4 * hidden, 1);
    return l;
}
static inline void layer_free(struct layer *l) {
    struct twin *all[] = {&l->u, &l->xw, &l->gates, &l->c, &l->h, &l->dh, &l->dh_last, &l->du, &l->dxw};
    for (size_t i = 0; i < COUNT_OF(all); i++) twin_free(all[i]);
    free(l->first_row);
}

enum upstream { EVERY_STEP = 1, LAST_STEP = 2, NO_DXW = 4 };

/* Windows [from, from + n) as a shard of their own; results land in arrays of the shard's shape. */
static inline void run_fast(fast_set set, struct layer *l, int upstream) {
    struct twin packed = twin_make(set->lstm_pack_size(l->hidden), 0);
    struct twin packed_back = twin_make(set->lstm_pack_size(l->hidden), 0);
    struct twin scratch = twin_make(set->lstm_scratch_size(l->windows, l->hidden), 1);
    struct twin *const unset[] = {&packed, &packed_back, &scratch}; /* what is there before must not matter */
    for (size_t i = 0; i < COUNT_OF(unset); i++)
        for (size_t j = 0; j < unset[i]->n; j++) unset[i]->f[j] = NAN;
    set->lstm_pack(l->hidden, l->u.f, packed.f, packed_back.f);
    struct lstm_run_f32 run = {.n_windows = l->windows,
                               .n_steps = l->steps,
                               .hidden = l->hidden,
                               .first_row = l->first_row,
                               .row_stride = l->stride,
                               .u = packed.f,
                               .xw = l->xw.f,
                               .gates = l->gates.f,
                               .c = l->c.f,
                               .h = l->h.f,
                               .scratch = scratch.f};
    set->lstm_forward(&run);
    if (upstream)
        set->lstm_backward(&run, packed_back.f, upstream & EVERY_STEP ? l->dh.f : NULL,
                           upstream & LAST_STEP ? l->dh_last.f : NULL, l->du.f, upstream & NO_DXW ? NULL : l->dxw.f,
                           scratch.f);
    twin_free(&packed);
    twin_free(&packed_back);
    twin_free(&scratch);
}
static inline void run_slow(struct layer *l, int upstream) {
    slow_set set = kernels_active_f64();
    double *packed = calloc(2 * set->lstm_pack_size(l->hidden), sizeof *packed);
    double *scratch = calloc(set->lstm_scratch_size(l->windows, l->hidden), sizeof *scratch);
    assert_true(packed && scratch);
    double *back = packed + set->lstm_pack_size(l->hidden);
    set->lstm_pack(l->hidden, l->u.d, packed, back);
    struct lstm_run_f64 run = {.n_windows = l->windows,
                               .n_steps = l->steps,
                               .hidden = l->hidden,
                               .first_row = l->first_row,
                               .row_stride = l->stride,
                               .u = packed,
                               .xw = l->xw.d,
                               .gates = l->gates.d,
                               .c = l->c.d,
                               .h = l->h.d};
    set->lstm_forward(&run);
    if (upstream)
        set->lstm_backward(&run, back, upstream & EVERY_STEP ? l->dh.d : NULL,
                           upstream & LAST_STEP ? l->dh_last.d : NULL, l->du.d, upstream & NO_DXW ? NULL : l->dxw.d,
                           scratch);
    free(packed);
    free(scratch);
}

#endif
