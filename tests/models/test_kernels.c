/* Every kernel set this CPU has against the float64 reference: products, element-wise functions, softmax, attention,
 * optimiser. Bounds are stated beside each check. The recurrent layer has test_kernels_lstm.c. */
#include "engine/base/base.h"
#include "kernel_sets.h"

#define HALF_ULP (1.0 / 16777216) /* 2^-24, the largest relative error of one float operation */

/* ---- products ------------------------------------------------------------------------------ */

typedef void gemm_f32(size_t, size_t, size_t, const float *, size_t, const float *, size_t, float *, size_t, bool);
typedef void gemm_f64(size_t, size_t, size_t, const double *, size_t, const double *, size_t, double *, size_t, bool);

/* Higham, Accuracy and Stability of Numerical Algorithms, §3.1: a sum of k products in any order differs by at most
 * (k + 2) half ulps of the sum of their absolute values. */
static void check_product(gemm_f32 *fast, gemm_f64 *slow, size_t m, size_t n, size_t k, int kind, bool accumulate) {
    size_t a_rows = kind == 1 ? k : m, lda = (kind == 1 ? m : k) + 3;
    size_t b_rows = kind == 2 ? n : k, ldb = (kind == 2 ? k : n) + 1, ldc = n + 2;
    struct twin a = twin_make(a_rows * lda, 1), b = twin_make(b_rows * ldb, 1), c = twin_make(m * ldc, 1);
    struct twin size = twin_make(m * ldc, 0);
    for (size_t i = 0; i < size.n; i++) size.d[i] = fabs(c.d[i]);
    fast(m, n, k, a.f, lda, b.f, ldb, c.f, ldc, accumulate);
    slow(m, n, k, a.d, lda, b.d, ldb, c.d, ldc, accumulate);
    for (size_t i = 0; i < a.n; i++) a.d[i] = fabs(a.d[i]);
    for (size_t i = 0; i < b.n; i++) b.d[i] = fabs(b.d[i]);
    slow(m, n, k, a.d, lda, b.d, ldb, size.d, ldc, accumulate);
    for (size_t i = 0; i < c.n; i++) {
        double bound = i % ldc < n ? (double)(k + 2) * HALF_ULP * size.d[i] : 0; /* between rows nothing is touched */
        if (!(fabs((double)c.f[i] - c.d[i]) <= bound))
            fail_msg("gemm kind %d %zux%zux%zu: [%zu,%zu] = %g, want %g ± %g", kind, m, n, k, i / ldc, i % ldc,
                     (double)c.f[i], c.d[i], bound);
    }
    twin_free(&a);
    twin_free(&b);
    twin_free(&c);
    twin_free(&size);
}

static void check_products(fast_set set) {
    static const size_t shape[][3] = {
        {0, 3, 3},    {3, 0, 3},     {2, 5, 0},     {1, 1, 1},      {1, 64, 96},  {5, 17, 3},     {6, 16, 16},
        {7, 66, 65},  {13, 63, 300}, {32, 64, 256}, {96, 96, 32},   {96, 1, 64},  {127, 256, 66}, {66, 250, 127},
        {3, 33, 130}, {12, 80, 9},   {11, 100, 7},  {25, 129, 511}, {50, 16, 50}, {51, 8, 50},    {22, 4, 19}};
    slow_set slow = kernels_active_f64();
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            const size_t m = shape[i][0], n = shape[i][1], k = shape[i][2];
            check_product(set->gemm_nn, slow->gemm_nn, m, n, k, 0, accumulate);
            check_product(set->gemm_tn, slow->gemm_tn, m, n, k, 1, accumulate);
            check_product(set->gemm_nt, slow->gemm_nt, m, n, k, 2, accumulate);
        }
    }
}
static void test_products(void **state) {
    (void)state;
    for_each_set(check_products);
}

/* A row of C has the same bits whatever rows are computed with it: few rows take other paths than many. */
static void check_rows_alone(fast_set set) {
    enum { M = 41, N = 71, K = 150 };
    struct twin a = twin_make(M * K, 1), b = twin_make(K * N, 1), bt = twin_make(K * N, 1);
    struct twin all = twin_make(M * N, 1), one = twin_make(M * N, 1);
    for (size_t rows = 1; rows < 20; rows += 3) {
        for (int kind = 0; kind < 2; kind++) {
            gemm_f32 *gemm = kind ? set->gemm_nt : set->gemm_nn;
            const float *right = kind ? bt.f : b.f;
            size_t ldb = kind ? K : N;
            gemm(M, N, K, a.f, K, right, ldb, all.f, N, false);
            for (size_t i = 0; i < M; i += rows) {
                size_t n = M - i < rows ? M - i : rows;
                gemm(n, N, K, a.f + i * K, K, right, ldb, one.f + i * N, N, false);
            }
            assert_same_rows(set, all.f, one.f, M * N);
        }
    }
    twin_free(&a);
    twin_free(&b);
    twin_free(&bt);
    twin_free(&all);
    twin_free(&one);
}
static void test_rows_alone(void **state) {
    (void)state;
    for_each_set(check_rows_alone);
}

/* ---- exp, tanh, sigmoid over all floats ---------------------------------------------------- */

enum { N_FUNCTIONS = 3, SAMPLE_STEP = 1021 }; /* every 1021st of the 2^32 bit patterns */
static const char *const function_name[N_FUNCTIONS] = {"exp", "tanh", "sigmoid"};
/* Units in the last place (over every seventh float the worst are 1.04, 2.72 and 3.04); where the result is below
 * FLT_MIN, sigmoid may flush it to zero. */
static const double ulp_bound[N_FUNCTIONS] = {1.25, 3.0, 3.25};

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double ulps(float got, double want) {
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    if (isinf((double)(float)want)) return isinf(got) && (got > 0) == (want > 0) ? 0 : INFINITY;
    int exponent;
    frexp(want, &exponent);
    double unit = ldexp(1, exponent < -125 ? -149 : exponent - 24);
    return fabs((double)got - want) / unit;
}

static void function_of(fast_set set, slow_set slow, int which, size_t n, const float *x, float *y, const double *xd,
                        double *yd) {
    if (which == 0) set->vexp(n, x, y), slow->vexp(n, xd, yd);
    if (which == 1) set->vtanh(n, x, y), slow->vtanh(n, xd, yd);
    if (which == 2) set->vsigmoid(n, x, y), slow->vsigmoid(n, xd, yd);
}

static void check_functions(fast_set set) {
    enum { CHUNK = 4099 }; /* not a multiple of any vector */
    static float x[CHUNK], y[CHUNK];
    static double xd[CHUNK], yd[CHUNK];
    double worst[N_FUNCTIONS] = {0};
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        size_t n = 0;
        for (; n < CHUNK && bits <= UINT32_MAX; n++, bits += SAMPLE_STEP) xd[n] = x[n] = from_bits((uint32_t)bits);
        for (int which = 0; which < N_FUNCTIONS; which++) {
            function_of(set, kernels_active_f64(), which, n, x, y, xd, yd);
            for (size_t i = 0; i < n; i++) {
                bool tiny = which == 2 && yd[i] < 1.17549435e-38;
                double off = tiny ? (y[i] >= 0 && y[i] <= 1.1755e-38f ? 0 : INFINITY) : ulps(y[i], yd[i]);
                if (off > ulp_bound[which])
                    fail_msg("%s %s(%.9g) = %.9g, want %.17g: %.2f ulp", set->name, function_name[which], (double)x[i],
                             (double)y[i], yd[i], off);
                if (off > worst[which]) worst[which] = off;
            }
        }
    }
    print_message("%s: exp %.2f, tanh %.2f, sigmoid %.2f ulp\n", set->name, worst[0], worst[1], worst[2]);
}
static void test_functions(void **state) {
    (void)state;
    for_each_set(check_functions);
}

static void check_edges(fast_set set) {
    const float x[] = {NAN, INFINITY, -INFINITY, 0, 1e4f, -1e4f, 1e-40f, 88.8f, -104, 10, 1e-20f};
    float y[COUNT_OF(x)];
    set->vexp(COUNT_OF(x), x, y);
    assert_true(isnan(y[0]) && isinf(y[1]) && y[2] == 0 && y[3] == 1 && isinf(y[4]) && y[5] == 0 && y[6] == 1);
    assert_true(isinf(y[7]) && y[8] == 0);
    set->vtanh(COUNT_OF(x), x, y);
    assert_true(isnan(y[0]) && y[1] == 1 && y[2] == -1 && y[3] == 0 && y[4] == 1 && y[5] == -1 && y[6] == x[6]);
    assert_true(y[9] == 1 && y[10] == x[10]);
    set->vsigmoid(COUNT_OF(x), x, y);
    assert_true(isnan(y[0]) && y[1] == 1 && y[2] == 0 && y[3] == 0.5f && y[4] == 1 && y[5] == 0 && y[8] == 0);
}
static void test_edges(void **state) {
    (void)state;
    for_each_set(check_edges);
}

/* ---- softmax ------------------------------------------------------------------------------- */

/* Scores up to ±20 lose 20 half ulps before the exponential; 64 half ulps cover that and the sum. */
static void check_softmax(fast_set set) {
    static const size_t columns[] = {1, 3, 4, 14, 16, 17, 31, 50, 64, 96, 100};
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        size_t n = columns[i], ld = n + 3;
        struct twin in = twin_make(5 * ld, 20), out = twin_make(5 * ld, 1);
        for (size_t j = 0; j < n; j++) {
            in.f[ld + j] *= 1e4f;                              /* one weight takes all */
            in.f[2 * ld + j] = -INFINITY;                      /* everything masked */
            in.f[3 * ld + j] = j < n / 2 ? -INFINITY : 1e-30f; /* half masked */
        }
        twin_copy_down(&in);
        set->softmax_rows(5, n, ld, 0.25f, in.f, out.f);
        kernels_active_f64()->softmax_rows(5, n, ld, 0.25, in.d, out.d);
        assert_true(twin_error(&out, 1) < 64 * HALF_ULP);
        for (size_t j = 0; j < n; j++) assert_true(out.f[2 * ld + j] == 0);
        in.f[4 * ld + n - 1] = NAN;
        set->softmax_rows(5, n, ld, 0.25f, in.f, in.f); /* in place */
        for (size_t j = 0; j < n; j++) assert_true(isnan(in.f[4 * ld + j]) && in.f[j] == out.f[j]);
        twin_free(&in);
        twin_free(&out);
    }
}
static void test_softmax(void **state) {
    (void)state;
    for_each_set(check_softmax);
}

/* ---- rows of a transformer layer ------------------------------------------------------------------ */

/* Rows far from zero, so that the mean must be taken off before squares are summed. Errors: some half ulps of the columns'
 * sums; the way back adds over 5 rows. */
static void check_row_norms(fast_set set) {
    static const size_t columns[] = {1, 3, 16, 17, 64, 128, 130};
    slow_set slow = kernels_active_f64();
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        const size_t n = columns[i];
        struct twin x = twin_make(5 * n, 1), gain = twin_make(n, 1), bias = twin_make(n, 1), out = twin_make(5 * n, 1);
        struct twin moments = twin_make(10, 1), d = twin_make(5 * n, 1), dx = twin_make(5 * n, 1);
        struct twin dgain = twin_make(n, 1), dbias = twin_make(n, 1);
        for (size_t j = 0; j < 5 * n; j++) x.f[j] += (float)(j / n);
        twin_copy_down(&x);
        set->norm_rows(5, n, x.f, gain.f, bias.f, out.f, moments.f);
        slow->norm_rows(5, n, x.d, gain.d, bias.d, out.d, moments.d);
        const double bound = n == 1 ? 400 * HALF_ULP : 64 * HALF_ULP; /* one column: 0 / sqrt(epsilon) */
        assert_true(twin_error(&out, 1) < bound && twin_error(&moments, 1) < bound);
        for (int add = 0; add < 2; add++) {
            set->norm_rows_backward(5, n, x.f, gain.f, moments.f, d.f, add, dx.f, dgain.f, dbias.f);
            slow->norm_rows_backward(5, n, x.d, gain.d, moments.d, d.d, add, dx.d, dgain.d, dbias.d);
            assert_true(twin_error(&dx, 1) < 2 * bound && twin_error(&dgain, 1) < bound);
            assert_true(twin_error(&dbias, 1) < 16 * HALF_ULP);
        }
        set->norm_rows_backward(5, n, x.f, gain.f, moments.f, d.f, false, d.f, dgain.f, dbias.f); /* in place */
        slow->norm_rows_backward(5, n, x.d, gain.d, moments.d, d.d, false, d.d, dgain.d, dbias.d);
        assert_true(twin_error(&d, 1) < 2 * bound);
        set->norm_rows(1, n, x.f + 4 * n, gain.f, bias.f, x.f + 4 * n,
                       moments.f); /* alone and in place: the same bits */
        assert_same_bits(x.f + 4 * n, out.f + 4 * n, n);
        struct twin *all[] = {&x, &gain, &bias, &out, &moments, &d, &dx, &dgain, &dbias};
        for (size_t j = 0; j < COUNT_OF(all); j++) twin_free(all[j]);
    }
}

static void check_relu_and_softmax_back(fast_set set) {
    slow_set slow = kernels_active_f64();
    for (size_t n = 1; n < 70; n += n < 20 ? 1 : 7) {
        const size_t ld = n + 3;
        struct twin bias = twin_make(n, 1), c = twin_make(4 * n, 1), d = twin_make(4 * n, 1);
        struct twin a = twin_make(3 * ld, 1), da = twin_make(3 * ld, 1);
        c.f[n] = -bias.f[0], c.d[n] = -bias.d[0]; /* exactly 0 */
        set->add_row_relu(4, n, bias.f, c.f), slow->add_row_relu(4, n, bias.d, c.d);
        set->relu_backward(4 * n, c.f, d.f), slow->relu_backward(4 * n, c.d, d.d);
        assert_true(twin_error(&c, 1) < 2 * HALF_ULP && twin_error(&d, 1) == 0);
        assert_true(d.f[n] == 0);
        c.f[0] = NAN;
        set->add_row_relu(1, n, bias.f, c.f);
        assert_true(isnan(c.f[0]));
        set->softmax_rows_backward(3, n, ld, .25f, a.f, da.f), slow->softmax_rows_backward(3, n, ld, .25, a.d, da.d);
        assert_true(twin_error(&da, 1) < (double)(n + 4) * HALF_ULP);
        struct twin *all[] = {&bias, &c, &d, &a, &da};
        for (size_t j = 0; j < COUNT_OF(all); j++) twin_free(all[j]);
    }
}
static void test_layer_rows(void **state) {
    (void)state;
    for_each_set(check_row_norms);
    for_each_set(check_relu_and_softmax_back);
}

/* ---- vectors, attention, optimiser ---------------------------------------------------------- */

static void check_vectors(fast_set set) {
    slow_set slow = kernels_active_f64();
    for (size_t n = 0; n < 150; n += n < 40 ? 1 : 13) {
        struct twin x = twin_make(n, 1), y = twin_make(n, 1), c = twin_make(3 * (n + 2), 1);
        assert_near((double)set->dot(n, x.f, y.f), slow->dot(n, x.d, y.d), (double)(n + 1) * HALF_ULP, (double)n / 2);
        assert_near(set->sum_squares(n, x.f), slow->sum_squares(n, x.d), 1e-14, 1e-30);
        set->add_row(3, n, x.f, c.f, n + 2), slow->add_row(3, n, x.d, c.d, n + 2);
        set->sum_rows(3, n, c.f, n + 2, y.f), slow->sum_rows(3, n, c.d, n + 2, y.d);
        set->axpy(n, 0.75f, y.f, x.f), slow->axpy(n, 0.75, y.d, x.d);
        assert_true(twin_error(&c, 1) < 2 * HALF_ULP && twin_error(&y, 1) < 8 * HALF_ULP);
        assert_true(twin_error(&x, 1) < 8 * HALF_ULP);
        twin_free(&x);
        twin_free(&y);
        twin_free(&c);
    }
}
static void test_vectors(void **state) {
    (void)state;
    for_each_set(check_vectors);
}

static void check_additive(fast_set set) {
    static const size_t shape[][2] = {{1, 1}, {7, 3}, {96, 64}, {33, 17}, {5, 130}};
    slow_set slow = kernels_active_f64();
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        size_t steps = shape[i][0], units = shape[i][1], ldk = 5 * units + 1;
        struct twin key = twin_make(steps * ldk, 2), query = twin_make(units, 2), v = twin_make(units, 1);
        struct twin act = twin_make(steps * units, 1), score = twin_make(steps, 1), dv = twin_make(units, 1);
        struct twin dq = twin_make(units, 1);
        set->additive_forward(steps, units, key.f, ldk, query.f, v.f, act.f, score.f);
        slow->additive_forward(steps, units, key.d, ldk, query.d, v.d, act.d, score.d);
        assert_true(twin_error(&act, 1) < 8 * HALF_ULP);
        assert_true(twin_error(&score, sqrt((double)units)) < 32 * HALF_ULP);
        set->additive_backward(steps, units, score.f, v.f, act.f, dv.f, dq.f);
        slow->additive_backward(steps, units, score.d, v.d, act.d, dv.d, dq.d);
        assert_true(twin_error(&act, 1) < 64 * HALF_ULP);
        assert_true(twin_error(&dv, 1) < 128 * HALF_ULP && twin_error(&dq, 1) < 128 * HALF_ULP);
        twin_free(&key), twin_free(&query), twin_free(&v), twin_free(&act), twin_free(&score);
        twin_free(&dv), twin_free(&dq);
    }
}
static void test_additive(void **state) {
    (void)state;
    for_each_set(check_additive);
}

/* Everywhere in arrays of every length, below a twin of itself, and among numbers that are all below zero. */
static void check_largest(fast_set set) {
    for (size_t n = 1; n < 150; n++) {
        struct twin x = twin_make(n, 1);
        for (size_t i = 0; i < n; i++) x.f[i] -= 2;
        twin_copy_down(&x);
        assert_int_equal(set->largest(n, x.f), kernels_active_f64()->largest(n, x.d));
        for (size_t at = 0; at < n; at += 7) {
            const float held = x.f[at], last = x.f[n - 1];
            x.f[at] = x.f[n - 1] = -0.5f;
            assert_int_equal(set->largest(n, x.f), at);
            x.f[n - 1] = last, x.f[at] = held;
        }
        twin_free(&x);
    }
}
static void test_largest(void **state) {
    (void)state;
    for_each_set(check_largest);
}

static void check_adam(fast_set set) {
    slow_set slow = kernels_active_f64();
    for (size_t n = 1; n < 60; n += 6) {
        struct twin w = twin_make(n, 1), m = twin_make(n, 0), v = twin_make(n, 0);
        const double beta1 = 0.875, beta2 = 0.9990234375, lr = 0.0009765625, eps = 1.0 / 134217728, decay = 0.0078125;
        double bias1 = 1, bias2 = 1; /* constants exact in float, so that both precisions take the same steps */
        for (int t = 1; t <= 5; t++) {
            struct twin g = twin_make(n, t == 3 ? 1e-20 : 1);
            bias1 *= beta1, bias2 *= beta2;
            set->adam(n, w.f, g.f, m.f, v.f, (float)lr, (float)beta1, (float)beta2, (float)eps, (float)decay,
                      (float)(1 - bias1), (float)(1 - bias2), 0.5f);
            slow->adam(n, w.d, g.d, m.d, v.d, lr, beta1, beta2, eps, decay, (double)(float)(1 - bias1),
                       (double)(float)(1 - bias2), 0.5);
            twin_free(&g);
        }
        assert_true(twin_error(&w, 0.1) < 16 * HALF_ULP);
        assert_true(twin_error(&m, 0.1) < 16 * HALF_ULP && twin_error(&v, 1e-3) < 16 * HALF_ULP);
        twin_free(&w);
        twin_free(&m);
        twin_free(&v);
    }
}
static void test_adam(void **state) {
    (void)state;
    for_each_set(check_adam);
}

/* ---- selection ------------------------------------------------------------------------------ */

static void test_selection(void **state) {
    (void)state;
    assert_fails(gw_kernels_select("sse9"), GW_ERR_USAGE, "portable");
    assert_ok(gw_kernels_select("portable"));
    assert_string_equal(gw_kernels_selected(), "portable");
    assert_ok(gw_kernels_select("auto"));
    assert_string_equal(kernels_active_f64()->name, "reference");
    const char *best = NULL;
    for (size_t i = 0; gw_kernels_name(i) != NULL; i++) {
        const bool library = strcmp(gw_kernels_name(i), "openblas") == 0;
        if (gw_kernels_supported(i))
            best = gw_kernels_name(i);
        else
            assert_fails(gw_kernels_select(gw_kernels_name(i)), GW_ERR_USAGE, library ? "OpenBLAS" : "CPU");
    }
    assert_string_equal(gw_kernels_selected(), best);
}

/* What bytes hang on beside the set's name is known for OpenBLAS and nothing for our own. */
static void check_build(fast_set set) {
    if (set->rows_together)
        assert_non_null(strstr(gw_kernels_build(), "OpenBLAS"));
    else
        assert_string_equal(gw_kernels_build(), "");
}
static void test_build(void **state) {
    (void)state;
    for_each_set(check_build);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products), cmocka_unit_test(test_rows_alone), cmocka_unit_test(test_functions),
        cmocka_unit_test(test_edges),    cmocka_unit_test(test_softmax),    cmocka_unit_test(test_layer_rows),
        cmocka_unit_test(test_vectors),  cmocka_unit_test(test_additive),   cmocka_unit_test(test_largest),
        cmocka_unit_test(test_adam),     cmocka_unit_test(test_selection),  cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
