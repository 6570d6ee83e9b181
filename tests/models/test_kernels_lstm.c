/* The recurrent layer of every kernel set against the float64 reference, whose gradient is checked against finite
 * differences here; same bits on repetition and for any split into shards; portable bytes pinned. */
#include "engine/base/base.h"
#include "kernel_layer.h"

/* Errors relative to the largest element of each array, in units of 2^-24. Rounding grows along the recurrence, so the
 * bound does with the steps. `floor`: gradients below it are not compared relatively. */
static void compare(fast_set set, struct layer *l, int upstream, double floor) {
    struct layer *const L = l;
    run_fast(set, l, 0);
    run_slow(l, 0);
    const double unit = 1.0 / 16777216, along = 24 + 2 * (double)l->steps;
    const double forward[] = {twin_error(&L->gates, 1), twin_error(&L->c, 1), twin_error(&L->h, 1)};
    for (size_t i = 0; i < COUNT_OF(forward); i++)
        if (!(forward[i] < along * unit))
            fail_msg("%s B %zu T %zu H %zu: forward %zu off by %.3g", set->name, l->windows, l->steps, l->hidden, i,
                     forward[i]);
    run_fast(set, l, upstream);
    run_slow(l, upstream);
    const double backward[] = {twin_error(&L->gates, floor), twin_error(&L->du, floor), twin_error(&L->dxw, floor)};
    for (size_t i = 0; i < COUNT_OF(backward); i++)
        if (!(backward[i] < 4 * along * unit))
            fail_msg("%s B %zu T %zu H %zu upstream %d: backward %zu off by %.3g", set->name, l->windows, l->steps,
                     l->hidden, upstream, i, backward[i]);
}

static void check_shapes(fast_set set) {
    static const size_t hidden[] = {1, 3, 16, 17, 64, 100}, windows[] = {1, 5, 32}, steps[] = {1, 2, 13};
    int upstream = 0;
    for (size_t i = 0; i < COUNT_OF(hidden); i++)
        for (size_t j = 0; j < COUNT_OF(windows); j++)
            for (size_t k = 0; k < COUNT_OF(steps); k++) {
                upstream = upstream % 7 + 1; /* all mixtures of dh, dh_last and no dxw */
                struct layer l = layer_make(windows[j], steps[k], hidden[i], 1, 1);
                compare(set, &l, upstream, 1e-30);
                layer_free(&l);
            }
    struct layer l = layer_make(70, 97, 24, 1, 1); /* more windows than a gathered block, an odd number of steps */
    compare(set, &l, EVERY_STEP | LAST_STEP, 1e-30);
    layer_free(&l);
}
static void test_shapes(void **state) {
    (void)state;
    for_each_set(check_shapes);
}

/* Saturated gates, zeros and denormals: nothing may become NaN, infinite or wrong. Where 1 - i is lost in i's rounding,
 * only the error against the gradient from above, of size 1, means anything. */
static void check_hostile(fast_set set) {
    static const double scale[] = {1e4, 0, 1e-40, 30};
    for (size_t i = 0; i < COUNT_OF(scale); i++) {
        struct layer l = layer_make(5, 9, 17, scale[i], scale[i] == 0 ? 0 : 1);
        compare(set, &l, EVERY_STEP, 0.1);
        layer_free(&l);
    }
}
static void test_hostile(void **state) {
    (void)state;
    for_each_set(check_hostile);
}

static void check_nan_spreads(fast_set set) {
    struct layer l = layer_make(5, 4, 17, 1, 1);
    l.xw.f[(2 + 5) * 4 * 17 + 4] = NAN; /* row 7: step 1 of window 2 alone */
    run_fast(set, &l, 0);
    const float *last = l.h.f + 4 * 5 * 17;
    assert_true(isnan(last[2 * 17]) && isnan(last[2 * 17 + 16]));
    assert_true(!isnan(last[4 * 17])); /* which never saw it */
    layer_free(&l);
}
static void test_nan_spreads(void **state) {
    (void)state;
    for_each_set(check_nan_spreads);
}

/* ---- same bits ------------------------------------------------------------------------------ */

static void check_repeat(fast_set set) {
    struct layer l = layer_make(32, 11, 64, 1, 1);
    float *du = malloc(l.du.n * sizeof *du), *h = malloc(l.h.n * sizeof *h), *dz = malloc(l.gates.n * sizeof *dz);
    float *start = malloc(l.du.n * sizeof *start);
    assert_true(du && h && dz && start);
    memcpy(start, l.du.f, l.du.n * sizeof *start);
    run_fast(set, &l, LAST_STEP);
    memcpy(du, l.du.f, l.du.n * sizeof *du);
    memcpy(h, l.h.f, l.h.n * sizeof *h);
    memcpy(dz, l.gates.f, l.gates.n * sizeof *dz);
    memcpy(l.du.f, start, l.du.n * sizeof *start);
    run_fast(set, &l, LAST_STEP);
    assert_same_bits(du, l.du.f, l.du.n);
    assert_same_bits(h, l.h.f, l.h.n);
    assert_same_bits(dz, l.gates.f, l.gates.n);
    free(du), free(h), free(dz), free(start);
    layer_free(&l);
}
static void test_repeat(void **state) {
    (void)state;
    for_each_set(check_repeat);
}

/* Windows [from, from + n) of `all` run as a layer of their own must give the same h, c and dz. */
static void same_as_shard(fast_set set, const struct layer *all, size_t from, size_t n) {
    struct layer part = layer_make(n, all->steps, all->hidden, 1, 1);
    part.stride = all->stride;
    memcpy(part.u.f, all->u.f, all->u.n * sizeof(float));
    twin_free(&part.xw);
    part.xw = twin_make(all->xw.n, 0);
    memcpy(part.xw.f, all->xw.f, all->xw.n * sizeof(float));
    memcpy(part.first_row, all->first_row + from, n * sizeof *part.first_row);
    const size_t hidden = all->hidden;
    for (size_t s = 0; s < all->steps; s++)
        memcpy(part.dh.f + s * n * hidden, all->dh.f + (s * all->windows + from) * hidden, n * hidden * sizeof(float));
    run_fast(set, &part, EVERY_STEP | NO_DXW);
    for (size_t s = 0; s < all->steps; s++) {
        const size_t row = s * all->windows + from, next = row + all->windows;
        assert_same_rows(set, part.h.f + (s + 1) * n * hidden, all->h.f + next * hidden, n * hidden);
        assert_same_rows(set, part.c.f + (s + 1) * n * hidden, all->c.f + next * hidden, n * hidden);
        assert_same_rows(set, part.gates.f + s * n * 4 * hidden, all->gates.f + row * 4 * hidden, n * 4 * hidden);
    }
    layer_free(&part);
}
static void check_shards(fast_set set) {
    static const size_t hidden[] = {64, 17};
    for (size_t i = 0; i < COUNT_OF(hidden); i++) {
        struct layer all = layer_make(32, 9, hidden[i], 1, 1);
        run_fast(set, &all, EVERY_STEP);
        for (size_t size = 1; size < 32; size += 1 + size / 3)
            for (size_t from = 0; from < 32; from += size)
                same_as_shard(set, &all, from, 32 - from < size ? 32 - from : size);
        layer_free(&all);
    }
}
static void test_shards(void **state) {
    (void)state;
    for_each_set(check_shards);
}

/* A run that keeps no gates (scoring) gives the same h. */
static void check_gateless(fast_set set) {
    struct layer l = layer_make(5, 6, 17, 1, 1);
    struct twin packed = twin_make(set->lstm_pack_size(17), 0), spare = twin_make(packed.n, 0);
    struct twin c = twin_make(l.c.n, 0), h = twin_make(l.h.n, 0), scratch = twin_make(set->lstm_scratch_size(5, 17), 1);
    set->lstm_pack(17, l.u.f, packed.f, spare.f);
    run_fast(set, &l, 0);
    struct lstm_run_f32 run = {.n_windows = 5,
                               .n_steps = 6,
                               .hidden = 17,
                               .first_row = l.first_row,
                               .row_stride = l.stride,
                               .u = packed.f,
                               .xw = l.xw.f,
                               .gates = NULL,
                               .c = c.f,
                               .h = h.f,
                               .scratch = scratch.f};
    set->lstm_forward(&run);
    assert_same_bits(h.f, l.h.f, h.n);
    twin_free(&packed), twin_free(&spare), twin_free(&c), twin_free(&h), twin_free(&scratch);
    layer_free(&l);
}
static void test_gateless(void **state) {
    (void)state;
    for_each_set(check_gateless);
}

/* ---- the reference gradient ----------------------------------------------------------------- */

/* L = Σ dh · h + Σ dh_last · h_T, a function whose gradient lstm_backward must give. */
static double loss_of(struct layer *l) {
    run_slow(l, 0);
    double loss = 0;
    const size_t state = l->windows * l->hidden;
    for (size_t i = 0; i < l->dh.n; i++) loss += l->dh.d[i] * l->h.d[state + i];
    for (size_t i = 0; i < state; i++) loss += l->dh_last.d[i] * l->h.d[l->steps * state + i];
    return loss;
}
/* Signed, coordinate by coordinate: central differences with a step of 1e-5 err by about 1e-10. */
static void check_gradient(struct layer *l, struct twin *at, const double *gradient) {
    for (size_t i = 0; i < at->n; i++) {
        const double x = at->d[i], step = 1e-5;
        at->d[i] = x + step;
        double above = loss_of(l);
        at->d[i] = x - step;
        double below = loss_of(l);
        at->d[i] = x;
        assert_near(gradient[i], (above - below) / (2 * step), 1e-7, 1e-2);
    }
}
static void test_reference_gradient(void **state) {
    (void)state;
    random_state = 77;
    struct layer l = layer_make(5, 4, 3, 1.5, 2);
    memset(l.du.d, 0, l.du.n * sizeof(double));
    memset(l.dxw.d, 0, l.dxw.n * sizeof(double));
    run_slow(&l, EVERY_STEP | LAST_STEP);
    check_gradient(&l, &l.u, l.du.d);
    check_gradient(&l, &l.xw, l.dxw.d);
    double size = 0;
    for (size_t i = 0; i < l.du.n; i++) size += fabs(l.du.d[i]);
    assert_true(size > 0.1); /* there was something to compare */
    layer_free(&l);
}

/* ---- portable bytes ------------------------------------------------------------------------- */

/* The portable set gives these bytes with every compiler and level of optimisation (checked: gcc 12 -O0, -O2, -O3 and
 * clang 14 -O0, -O2). A change here is a change of every result computed with it. */
#define PORTABLE_HASH UINT64_C(0x3bc9f20c38772309)

static void fold(uint64_t *hash, const float *x, size_t n) { *hash = hash_bytes(x, n * sizeof *x, *hash); }

static void test_portable_bytes(void **state) {
    (void)state;
    assert_ok(gw_kernels_select("portable"));
    fast_set set = kernels_active_f32();
    random_state = 4242;
    uint64_t hash = 0;
    struct layer l = layer_make(7, 9, 19, 2, 2);
    for (size_t i = 0; i < l.u.n; i++) l.u.f[i] = (float)(uniform() / 4);
    run_fast(set, &l, EVERY_STEP | LAST_STEP);
    fold(&hash, l.h.f, l.h.n), fold(&hash, l.c.f, l.c.n), fold(&hash, l.gates.f, l.gates.n);
    fold(&hash, l.du.f, l.du.n), fold(&hash, l.dxw.f, l.dxw.n);
    enum { M = 37, N = 45, K = 67 };
    struct twin a = twin_make(M * K, 3), b = twin_make(N * K, 3), c = twin_make(M * N, 3), d = twin_make(M * N, 100);
    set->gemm_nn(M, N, K, a.f, K, b.f, N, c.f, N, true), fold(&hash, c.f, c.n);
    set->gemm_tn(M, N, K, a.f, M, b.f, N, c.f, N, true), fold(&hash, c.f, c.n);
    set->gemm_nt(M, N, K, a.f, K, b.f, K, c.f, N, false), fold(&hash, c.f, c.n);
    set->vexp(d.n, d.f, c.f), fold(&hash, c.f, c.n);
    set->vtanh(d.n, d.f, c.f), fold(&hash, c.f, c.n);
    set->vsigmoid(d.n, d.f, c.f), fold(&hash, c.f, c.n);
    set->softmax_rows(M, N - 2, N, 0.3f, d.f, c.f), fold(&hash, c.f, c.n);
    float dot = set->dot(a.n, a.f, b.f);
    fold(&hash, &dot, 1);
    set->additive_forward(M, 21, d.f, N, b.f, b.f + 100, c.f, a.f), fold(&hash, c.f, c.n), fold(&hash, a.f, M);
    set->additive_backward(M, 21, a.f, b.f + 100, c.f, b.f + 200, b.f + 300), fold(&hash, b.f, b.n);
    for (size_t i = 0; i < a.n; i++) a.f[i] = a.f[i] * a.f[i];
    set->adam(M * N, d.f, c.f, b.f, a.f, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.1f, 0.001f, 0.5f), fold(&hash, d.f, d.n);
    print_message("portable bytes: 0x%016llx\n", (unsigned long long)hash);
    assert_true(hash == PORTABLE_HASH);
    twin_free(&a), twin_free(&b), twin_free(&c), twin_free(&d);
    layer_free(&l);
    assert_ok(gw_kernels_select("auto"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_nan_spreads),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_gateless),
        cmocka_unit_test(test_reference_gradient),
        cmocka_unit_test(test_portable_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
