/* Tables of mixed precision: what is rounded is rounded to bf16 exactly, sums are float32, and hardware and emulation
 * agree to the bit. */
#include "engine/base/base.h"
#include "kernel_layer.h"
#include "kernel_mixed.h"

#define HALF_ULP (1.0 / 16777216)

/* The multiple of 2^(e-8) nearest to x, ties to even, by arithmetic in double: no bits are touched. */
static double to_bf16(double x) {
    int exponent;
    if (isnan(x) || isinf(x)) return x;
    if (fabs(x) < 0x1p-126) return 0;
    frexp(x, &exponent);
    double unit = ldexp(1, exponent - 8), n = floor(x / unit), rest = x / unit - n;
    if (rest > .5 || (rest == .5 && fmod(n, 2) != 0)) n++;
    return fabs(n * unit) > 0x1.fep127 ? copysign(INFINITY, x) : n * unit;
}

/* ---- rounding ------------------------------------------------------------------------------ */

static void check_rounding(fast_set set) {
    enum { STEP = 10007 };
    static float x[ROUNDED_MAX];
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        size_t n = 0;
        for (; n < ROUNDED_MAX && bits <= UINT32_MAX; n++, bits += STEP) {
            uint32_t pattern = (uint32_t)bits;
            if (n % 2) pattern = (pattern & 0xffff0000u) | 0x8000u; /* a tie */
            memcpy(&x[n], &pattern, sizeof pattern);
        }
        assert_rounded(set, x, n, to_bf16);
    }
}
static void test_rounding(void **state) {
    (void)state;
    for_each_mixed(check_rounding);
}

/* ---- products ------------------------------------------------------------------------------ */

typedef void gemm_f32(size_t, size_t, size_t, const float *, size_t, const float *, size_t, float *, size_t, bool);
typedef void gemm_f64(size_t, size_t, size_t, const double *, size_t, const double *, size_t, double *, size_t, bool);

/* Products of bf16 numbers are exact in float32, so against the product of the rounded matrices only the sum errs: by
 * (k + 2) half ulps of the sum of absolute values. Against the product of the matrices themselves it is two roundings
 * of half a bf16 ulp. */
static void check_product(fast_set set, gemm_f32 *fast, gemm_f64 *slow, size_t m, size_t n, size_t k, int kind,
                          bool accumulate) {
    size_t a_rows = kind == 1 ? k : m, lda = (kind == 1 ? m : k) + 3;
    size_t b_rows = kind == 2 ? n : k, ldb = (kind == 2 ? k : n) + 1, ldc = n + 2;
    struct twin a = twin_make(a_rows * lda, 1), b = twin_make(b_rows * ldb, 1), c = twin_make(m * ldc, 1);
    struct twin exact = twin_make(m * ldc, 0), size = twin_make(m * ldc, 0);
    for (size_t i = 0; i < c.n; i++) exact.d[i] = c.d[i], size.d[i] = fabs(c.d[i]);
    fast(m, n, k, a.f, lda, b.f, ldb, c.f, ldc, accumulate);
    slow(m, n, k, a.d, lda, b.d, ldb, exact.d, ldc, accumulate);
    for (size_t i = 0; i < a.n; i++) a.d[i] = to_bf16(a.d[i]);
    for (size_t i = 0; i < b.n; i++) b.d[i] = to_bf16(b.d[i]);
    slow(m, n, k, a.d, lda, b.d, ldb, c.d, ldc, accumulate);
    for (size_t i = 0; i < a.n; i++) a.d[i] = fabs(a.d[i]);
    for (size_t i = 0; i < b.n; i++) b.d[i] = fabs(b.d[i]);
    slow(m, n, k, a.d, lda, b.d, ldb, size.d, ldc, accumulate);
    for (size_t i = 0; i < c.n; i++) {
        double bound = i % ldc < n ? (double)(k + 2) * HALF_ULP * size.d[i] : 0;
        double loose = i % ldc < n ? bound + 1.01 * BF16_ULP * size.d[i] : 0;
        if (!(fabs((double)c.f[i] - c.d[i]) <= bound && fabs((double)c.f[i] - exact.d[i]) <= loose))
            fail_msg("%s kind %d %zux%zux%zu: [%zu,%zu] = %.12g, want %.12g ± %g, exactly %g", set->name, kind, m, n, k,
                     i / ldc, i % ldc, (double)c.f[i], c.d[i], bound, exact.d[i]);
    }
    twin_free(&a), twin_free(&b), twin_free(&c), twin_free(&exact), twin_free(&size);
}

static void check_products(fast_set set) {
    static const size_t shape[][3] = {{0, 3, 3},    {3, 0, 3},    {2, 5, 0},      {1, 1, 1},      {1, 64, 96},
                                      {5, 17, 3},   {6, 16, 16},  {7, 66, 65},    {13, 63, 300},  {32, 64, 256},
                                      {96, 96, 32}, {96, 1, 64},  {127, 256, 66}, {66, 250, 127}, {3, 33, 131},
                                      {12, 80, 9},  {11, 100, 7}, {25, 129, 511}, {300, 70, 64},  {64, 128, 384}};
    slow_set slow = kernels_active_f64();
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            const size_t m = shape[i][0], n = shape[i][1], k = shape[i][2];
            check_product(set, set->large_nn, slow->gemm_nn, m, n, k, 0, accumulate);
            check_product(set, set->large_tn, slow->gemm_tn, m, n, k, 1, accumulate);
            check_product(set, set->large_nt, slow->gemm_nt, m, n, k, 2, accumulate);
        }
    }
}
static void test_products(void **state) {
    (void)state;
    for_each_mixed(check_products);
}

/* Every table sums the same exact products in the same order: one result for all of them, and one for those that use
 * tiles, whose order is another. */
static void check_products_same_bits(bool tiles) {
    enum { M = 41, N = 71, K = 301 };
    struct twin a = twin_make(M * K, 3), b = twin_make(N * K, 3), c = twin_make(M * N, 3), d = twin_make(M * N, 0);
    bool supported, first = true;
    const float *before = c.f;
    float *start = malloc(M * N * sizeof *start);
    assert_non_null(start);
    memcpy(start, before, M * N * sizeof *start);
    for (size_t i = 0; kernels_mixed_at(i, &supported) != NULL; i++) {
        fast_set set = kernels_mixed_at(i, &supported);
        if (!supported || (strstr(set->name, "amx") != NULL) != tiles) continue;
        memcpy(d.f, start, M * N * sizeof *start);
        set->large_nn(M, N, K, a.f, K, b.f, N, d.f, N, true);
        set->large_tn(M, N, K, a.f, M, b.f, N, d.f, N, true);
        set->large_nt(M, N, K, a.f, K, b.f, K, d.f, N, true);
        if (first)
            memcpy(c.f, d.f, M * N * sizeof *start);
        else
            assert_same_bits(c.f, d.f, M * N);
        first = false;
    }
    free(start);
    twin_free(&a), twin_free(&b), twin_free(&c), twin_free(&d);
}
static void test_products_same_bits(void **state) {
    (void)state;
    check_products_same_bits(false);
    check_products_same_bits(true);
}

/* A row has the same bits whatever rows are computed with it. */
static void check_rows_alone(fast_set set) {
    enum { M = 41, N = 71, K = 150 };
    struct twin a = twin_make(M * K, 1), b = twin_make(K * N, 1), all = twin_make(M * N, 1), one = twin_make(M * N, 1);
    set->large_nn(M, N, K, a.f, K, b.f, N, all.f, N, false);
    for (size_t rows = 1; rows < 20; rows += 3) {
        for (size_t i = 0; i < M; i += rows)
            set->large_nn(M - i < rows ? M - i : rows, N, K, a.f + i * K, K, b.f, N, one.f + i * N, N, false);
        assert_same_bits(all.f, one.f, M * N);
    }
    twin_free(&a), twin_free(&b), twin_free(&all), twin_free(&one);
}
static void test_rows_alone(void **state) {
    (void)state;
    for_each_mixed(check_rows_alone);
}

/* ---- recurrent layer ----------------------------------------------------------------------- */

/* One step errs by half a bf16 ulp of what enters, and gates damp it: three ulps at most in any element, two on
 * average along a gradient. Gradients start from zero here, so that nothing hides their direction. */
static void compare(fast_set set, struct layer *l, int upstream) {
    memset(l->du.f, 0, l->du.n * sizeof(float)), memset(l->du.d, 0, l->du.n * sizeof(double));
    memset(l->dxw.f, 0, l->dxw.n * sizeof(float)), memset(l->dxw.d, 0, l->dxw.n * sizeof(double));
    run_fast(set, l, 0), run_slow(l, 0);
    const double error[] = {twin_error(&l->gates, 1), twin_error(&l->c, 1), twin_error(&l->h, 1)};
    for (size_t i = 0; i < COUNT_OF(error); i++)
        if (!(error[i] < 3 * BF16_ULP))
            fail_msg("%s B %zu T %zu H %zu: forward %zu off by %.3g", set->name, l->windows, l->steps, l->hidden, i,
                     error[i]);
    run_fast(set, l, upstream), run_slow(l, upstream);
    assert_same_direction("dz", &l->gates, 1.5e-4, 2 * BF16_ULP);
    assert_same_direction("dU", &l->du, 1.5e-4, 2 * BF16_ULP);
    if (!(upstream & NO_DXW)) assert_same_direction("dxw", &l->dxw, 1.5e-4, 2 * BF16_ULP);
}

static void check_shapes(fast_set set) {
    static const size_t hidden[] = {1, 3, 16, 17, 64, 100}, windows[] = {1, 5, 32}, steps[] = {1, 2, 13};
    int upstream = 0;
    for (size_t i = 0; i < COUNT_OF(hidden); i++)
        for (size_t j = 0; j < COUNT_OF(windows); j++)
            for (size_t k = 0; k < COUNT_OF(steps); k++) {
                upstream = upstream % 7 + 1;
                struct layer l = layer_make(windows[j], steps[k], hidden[i], 1, 1);
                compare(set, &l, upstream);
                layer_free(&l);
            }
    struct layer l = layer_make(131, 37, 24, 1, 1); /* more windows than a gathered block */
    compare(set, &l, EVERY_STEP | LAST_STEP);
    layer_free(&l);
}
static void test_shapes(void **state) {
    (void)state;
    for_each_mixed(check_shapes);
}

/* Saturated gates, zeros, denormals: nothing may become NaN or infinite; NaN stays where it came from. */
static void check_hostile(fast_set set) {
    static const double scale[] = {1e4, 0, 1e-40, 30};
    for (size_t i = 0; i < COUNT_OF(scale); i++) {
        struct layer l = layer_make(5, 9, 17, scale[i], scale[i] == 0 ? 0 : 1);
        run_fast(set, &l, EVERY_STEP), run_slow(&l, EVERY_STEP);
        assert_true(twin_error(&l.h, 1) < 13 * BF16_ULP && twin_error(&l.gates, 1) < 8 * BF16_ULP);
        layer_free(&l);
    }
    struct layer l = layer_make(5, 4, 17, 1, 1);
    l.xw.f[(2 + 5) * 4 * 17 + 4] = NAN; /* row 7: step 1 of window 2 alone */
    run_fast(set, &l, 0);
    const float *last = l.h.f + 4 * 5 * 17;
    assert_true(isnan(last[2 * 17]) && isnan(last[2 * 17 + 16]) && !isnan(last[4 * 17]));
    layer_free(&l);
}
static void test_hostile(void **state) {
    (void)state;
    for_each_mixed(check_hostile);
}

/* Windows [from, from + n) of `all` run as a layer of their own give the very same h, c and dz. */
static void same_as_shard(fast_set set, const struct layer *all, size_t from, size_t n) {
    struct layer part = layer_make(n, all->steps, all->hidden, 1, 1);
    const size_t hidden = all->hidden;
    part.stride = all->stride;
    memcpy(part.u.f, all->u.f, all->u.n * sizeof(float));
    twin_free(&part.xw);
    part.xw = twin_make(all->xw.n, 0);
    memcpy(part.xw.f, all->xw.f, all->xw.n * sizeof(float));
    memcpy(part.first_row, all->first_row + from, n * sizeof *part.first_row);
    for (size_t s = 0; s < all->steps; s++)
        memcpy(part.dh.f + s * n * hidden, all->dh.f + (s * all->windows + from) * hidden, n * hidden * sizeof(float));
    run_fast(set, &part, EVERY_STEP | NO_DXW);
    for (size_t s = 0; s < all->steps; s++) {
        const size_t row = s * all->windows + from, next = row + all->windows;
        assert_same_bits(part.h.f + (s + 1) * n * hidden, all->h.f + next * hidden, n * hidden);
        assert_same_bits(part.c.f + (s + 1) * n * hidden, all->c.f + next * hidden, n * hidden);
        assert_same_bits(part.gates.f + s * n * 4 * hidden, all->gates.f + row * 4 * hidden, n * 4 * hidden);
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
    for_each_mixed(check_shards);
}

/* Hardware and emulation: the same bytes as long as no sum is below 2^-126. */
static void same_as_emulated(fast_set soft, fast_set native, size_t hidden) {
    random_state = 99;
    struct layer a = layer_make(31, 40, hidden, 1, 1);
    random_state = 99;
    struct layer b = layer_make(31, 40, hidden, 1, 1);
    run_fast(soft, &a, EVERY_STEP | LAST_STEP);
    run_fast(native, &b, EVERY_STEP | LAST_STEP);
    assert_same_bits(a.h.f, b.h.f, a.h.n);
    assert_same_bits(a.gates.f, b.gates.f, a.gates.n);
    assert_same_bits(a.du.f, b.du.f, a.du.n);
    assert_same_bits(a.dxw.f, b.dxw.f, a.dxw.n);
    layer_free(&a);
    layer_free(&b);
}
static void test_hardware_is_emulated(void **state) {
    (void)state;
    fast_set soft, native;
    for (size_t i = 0; both_ways(i, &soft, &native); i++) {
        if (!native) continue;
        same_as_emulated(soft, native, 64);
        same_as_emulated(soft, native, 17);
    }
}

/* Each set finds a table of its own; the other functions are the set's. */
static void check_belongs(fast_set set) {
    fast_set mixed = kernels_mixed_f32();
    assert_non_null(mixed);
    assert_true(strncmp(mixed->name, set->name, strlen(set->name)) == 0);
    assert_true(mixed->gemm_nn == set->gemm_nn && mixed->adam == set->adam && mixed->vtanh == set->vtanh);
    assert_true(mixed->large_nn != set->large_nn && set->large_nn == set->gemm_nn);
}
static void test_belongs(void **state) {
    (void)state;
    for_each_set(check_belongs);
}

/* As in test_kernels_lstm.c: the same bytes with every compiler (gcc 12 -O0, -O2, -O3 and clang 14 -O0, -O2). */
#define PORTABLE_HASH UINT64_C(0x7ca96f4016475a5f)

static void test_portable_bytes(void **state) {
    (void)state;
    assert_ok(gw_kernels_select("portable"));
    fast_set set = kernels_mixed_f32();
    random_state = 4242;
    uint64_t hash = 0;
    struct layer l = layer_make(7, 9, 19, 2, 2);
    for (size_t i = 0; i < l.u.n; i++) l.u.f[i] = (float)(uniform() / 4);
    run_fast(set, &l, EVERY_STEP | LAST_STEP);
    const struct twin *all[] = {&l.h, &l.c, &l.gates, &l.du, &l.dxw};
    for (size_t i = 0; i < COUNT_OF(all); i++) hash = hash_bytes(all[i]->f, all[i]->n * sizeof(float), hash);
    enum { M = 37, N = 45, K = 67 };
    struct twin a = twin_make(M * K, 3), b = twin_make(N * K, 3), c = twin_make(M * N, 3);
    set->large_nn(M, N, K, a.f, K, b.f, N, c.f, N, true), hash = hash_bytes(c.f, c.n * sizeof(float), hash);
    set->large_tn(M, N, K, a.f, M, b.f, N, c.f, N, true), hash = hash_bytes(c.f, c.n * sizeof(float), hash);
    set->large_nt(M, N, K, a.f, K, b.f, K, c.f, N, false), hash = hash_bytes(c.f, c.n * sizeof(float), hash);
    print_message("portable bytes: 0x%016llx\n", (unsigned long long)hash);
    assert_true(hash == PORTABLE_HASH);
    twin_free(&a), twin_free(&b), twin_free(&c);
    layer_free(&l);
    assert_ok(gw_kernels_select("auto"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_products_same_bits),
        cmocka_unit_test(test_rows_alone),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_hardware_is_emulated),
        cmocka_unit_test(test_belongs),
        cmocka_unit_test(test_portable_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
