/* Tables of fp16: what is rounded is rounded to half precision exactly, sums are float32, and every table has the same bytes. */
#include "engine/base/base.h"
#include "kernel_layer.h"
#include "kernel_mixed.h"

#define FLOAT_HALF_ULP (1.0 / 16777216)

static void for_each_half(void (*check)(fast_set set)) { for_each_table(kernels_half_at, check); }

/* ---- rounding --------------------------------------------------------------------------------------------------------- */

/* By arithmetic in double: the multiple of 2^(e-11), but of 2^-24 at least, that is nearest to x, ties to even. */
static double to_half(double x) {
    int exponent;
    if (isnan(x) || isinf(x) || x == 0) return x;
    frexp(x, &exponent);
    const double unit = fmax(ldexp(1, exponent - 11), 0x1p-24), n = fabs(x) / unit, down = floor(n), rest = n - down;
    const double to = down + (rest > .5 || (rest == .5 && fmod(down, 2) != 0));
    return copysign(to * unit > 65504 ? INFINITY : to * unit, x);
}

static void check_rounding(fast_set set) {
    enum { STEP = 15013 };
    static float x[ROUNDED_MAX];
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        size_t n = 0;
        for (; n < ROUNDED_MAX && bits <= UINT32_MAX; n++, bits += STEP) {
            uint32_t pattern = (uint32_t)bits;
            if (n % 2) pattern = (pattern & 0xffffe000u) | 0x1000u;                       /* a tie of normal numbers */
            if (n % 5 == 0) pattern = 0x33000000u + (pattern & 0x8fffffffu) % 0x6000000u; /* around the smallest */
            if (n % 7 == 0) pattern = 0x477fe000u + pattern % 0x2000u;                    /* around the largest */
            memcpy(&x[n], &pattern, sizeof pattern);
        }
        assert_rounded(set, x, n, to_half);
    }
}
static void test_rounding(void **state) {
    (void)state;
    assert_true(to_half(65519.99) == 65504 && isinf(to_half(65520)) && to_half(0x1p-25) == 0 &&
                to_half(0x1.8p-24) == 0x1p-23 && to_half(2049) == 2048 && to_half(2051) == 2052);
    for_each_half(check_rounding);
}

/* ---- products --------------------------------------------------------------------------------------------------------- */

/* Against the product of the rounded matrices only the sum errs, in float32. */
static void check_products(fast_set set) {
    static const size_t shape[][3] = {{1, 1, 1}, {5, 17, 3}, {6, 16, 16}, {13, 63, 300}, {32, 64, 257}, {66, 250, 127}};
    slow_set slow = kernels_active_f64();
    for (size_t s = 0; s < COUNT_OF(shape); s++) {
        const size_t m = shape[s][0], n = shape[s][1], k = shape[s][2];
        struct twin a = twin_make(m * k, 1), b = twin_make(k * n, 1), c = twin_make(m * n, 1),
                    size = twin_make(m * n, 0);
        for (size_t i = 0; i < c.n; i++) size.d[i] = fabs(c.d[i]);
        set->large_nn(m, n, k, a.f, k, b.f, n, c.f, n, true);
        for (size_t i = 0; i < a.n; i++) a.d[i] = to_half(a.d[i]);
        for (size_t i = 0; i < b.n; i++) b.d[i] = to_half(b.d[i]);
        slow->gemm_nn(m, n, k, a.d, k, b.d, n, c.d, n, true);
        for (size_t i = 0; i < a.n; i++) a.d[i] = fabs(a.d[i]);
        for (size_t i = 0; i < b.n; i++) b.d[i] = fabs(b.d[i]);
        slow->gemm_nn(m, n, k, a.d, k, b.d, n, size.d, n, true);
        for (size_t i = 0; i < c.n; i++)
            if (!(fabs((double)c.f[i] - c.d[i]) <= (double)(k + 2) * FLOAT_HALF_ULP * size.d[i]))
                fail_msg("%s %zux%zux%zu: [%zu] = %.12g, want %.12g", set->name, m, n, k, i, (double)c.f[i], c.d[i]);
        twin_free(&a), twin_free(&b), twin_free(&c), twin_free(&size);
    }
}
static void test_products(void **state) {
    (void)state;
    for_each_half(check_products);
}

/* Products are exact and summed in one order: one result, whatever converts. Rows have it in any company. */
static void test_same_bits(void **state) {
    (void)state;
    enum { M = 41, N = 71, K = 301 };
    struct twin a = twin_make(M * K, 3), b = twin_make(N * K, 3), c = twin_make(M * N, 3), d = twin_make(M * N, 0);
    struct twin first = twin_make(M * N, 0);
    bool supported;
    for (size_t i = 0; kernels_half_at(i, &supported) != NULL; i++) {
        fast_set set = kernels_half_at(i, &supported);
        if (!supported) continue;
        memcpy(d.f, c.f, M * N * sizeof *d.f);
        set->large_nn(M, N, K, a.f, K, b.f, N, d.f, N, true);
        set->large_tn(M, N, K, a.f, M, b.f, N, d.f, N, true);
        set->large_nt(M, N, K, a.f, K, b.f, K, d.f, N, true);
        if (i == 0) memcpy(first.f, d.f, M * N * sizeof *d.f);
        assert_same_bits(first.f, d.f, M * N);
        set->large_nn(M, N, K, a.f, K, b.f, N, d.f, N, false);
        for (size_t row = 0; row < M; row += 3) {
            float alone[N];
            set->large_nn(1, N, K, a.f + row * K, K, b.f, N, alone, N, false);
            assert_same_bits(alone, d.f + row * N, N);
        }
    }
    twin_free(&a), twin_free(&b), twin_free(&c), twin_free(&d), twin_free(&first);
}

/* ---- recurrent layer --------------------------------------------------------------------------------------------------- */

static void check_layer(fast_set set) {
    static const size_t shape[][3] = {{1, 1, 1}, {5, 13, 3}, {32, 2, 17}, {31, 13, 64}, {131, 7, 24}};
    for (size_t s = 0; s < COUNT_OF(shape); s++) {
        struct layer l = layer_make(shape[s][0], shape[s][1], shape[s][2], 1, 1);
        memset(l.du.f, 0, l.du.n * sizeof(float)), memset(l.du.d, 0, l.du.n * sizeof(double));
        memset(l.dxw.f, 0, l.dxw.n * sizeof(float)), memset(l.dxw.d, 0, l.dxw.n * sizeof(double));
        run_fast(set, &l, 0), run_slow(&l, 0);
        assert_true(twin_error(&l.gates, 1) < 3 * HALF_STEP && twin_error(&l.h, 1) < 3 * HALF_STEP);
        run_fast(set, &l, EVERY_STEP | LAST_STEP), run_slow(&l, EVERY_STEP | LAST_STEP);
        assert_same_direction("dz", &l.gates, 3e-6, 2 * HALF_STEP);
        assert_same_direction("dU", &l.du, 3e-6, 2 * HALF_STEP);
        assert_same_direction("dxw", &l.dxw, 3e-6, 2 * HALF_STEP);
        layer_free(&l);
    }
    fast_set mixed = kernels_mixed_f32(); /* by whose sizes workspaces are cut */
    for (size_t hidden = 1; hidden < 200; hidden += 7) {
        assert_true(set->lstm_pack_size(hidden) <= mixed->lstm_pack_size(hidden) || set != kernels_half_f32());
        assert_true(set->lstm_scratch_size(32, hidden) <= mixed->lstm_scratch_size(32, hidden) ||
                    set != kernels_half_f32());
        assert_true(set->head_scratch_size(96, hidden) <= mixed->head_scratch_size(96, hidden) ||
                    set != kernels_half_f32());
    }
}
static void test_layer(void **state) {
    (void)state;
    for_each_half(check_layer);
}

static void check_belongs(fast_set set) {
    fast_set half = kernels_half_f32();
    assert_non_null(half);
    assert_true(strncmp(half->name, set->name, strlen(set->name)) == 0 && strstr(half->name, "fp16"));
    assert_true(half->gemm_nn == set->gemm_nn && half->adam == set->adam && half->large_nn != set->large_nn);
}
static void test_belongs(void **state) {
    (void)state;
    for_each_set(check_belongs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding), cmocka_unit_test(test_products), cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_layer),    cmocka_unit_test(test_belongs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
