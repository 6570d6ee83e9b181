/* Large products in tasks: right against the float64 reference, the same bytes for any number of threads, for every set. */
#include <omp.h>

#include "kernel_sets.h"

#define HALF_ULP (1.0 / 16777216)

struct large {
    enum kernels_product product;
    size_t m, n, k, lda, ldb, ldc;
    struct twin a, b, c;
};

static struct large large_make(enum kernels_product product, size_t m, size_t n, size_t k) {
    struct large l = {.product = product, .m = m, .n = n, .k = k, .ldc = n + 2};
    l.lda = (product == KERNELS_TN ? m : k) + 3;
    l.ldb = (product == KERNELS_NT ? k : n) + 1;
    l.a = twin_make((product == KERNELS_TN ? k : m) * l.lda, 1);
    l.b = twin_make((product == KERNELS_NT ? n : k) * l.ldb, 1);
    l.c = twin_make(m * l.ldc, 1);
    return l;
}
static void large_free(struct large *l) { twin_free(&l->a), twin_free(&l->b), twin_free(&l->c); }

static void multiply(struct large *l, bool accumulate, int threads) {
#pragma omp parallel num_threads(threads)
#pragma omp single
    kernels_gemm_large_f32(l->product, l->m, l->n, l->k, l->a.f, l->lda, l->b.f, l->ldb, l->c.f, l->ldc, accumulate);
}
static void multiply_exactly(struct large *l, double *c, bool accumulate) {
    kernels_gemm_large_f64(l->product, l->m, l->n, l->k, l->a.d, l->lda, l->b.d, l->ldb, c, l->ldc, accumulate);
}

/* The bound of test_kernels.c: (k + 2) half ulps of the sum of absolute values; between the rows nothing is touched. */
static void check_value(enum kernels_product product, size_t m, size_t n, size_t k, bool accumulate) {
    struct large l = large_make(product, m, n, k);
    double *size = malloc(l.c.n * sizeof *size);
    assert_non_null(size);
    for (size_t i = 0; i < l.c.n; i++) size[i] = fabs(l.c.d[i]);
    multiply(&l, accumulate, 2);
    multiply_exactly(&l, l.c.d, accumulate);
    for (size_t i = 0; i < l.a.n; i++) l.a.d[i] = fabs(l.a.d[i]);
    for (size_t i = 0; i < l.b.n; i++) l.b.d[i] = fabs(l.b.d[i]);
    multiply_exactly(&l, size, accumulate);
    for (size_t i = 0; i < l.c.n; i++) {
        double bound = i % l.ldc < n ? (double)(k + 2) * HALF_ULP * size[i] : 0;
        if (!(fabs((double)l.c.f[i] - l.c.d[i]) <= bound))
            fail_msg("%s product %d %zux%zux%zu: [%zu,%zu] = %g, want %g", gw_kernels_selected(), product, m, n, k,
                     i / l.ldc, i % l.ldc, (double)l.c.f[i], l.c.d[i]);
    }
    free(size);
    large_free(&l);
}

static void check_values(fast_set set) {
    static const size_t shape[][3] = {{0, 4, 4},     {3, 0, 4},      {129, 5, 0},    {1, 70, 33},
                                      {128, 64, 64}, {129, 66, 300}, {300, 129, 70}, {512, 96, 128}};
    (void)set;
    for (size_t i = 0; i < COUNT_OF(shape); i++)
        for (int product = KERNELS_NN; product <= KERNELS_NT; product++)
            for (int accumulate = 0; accumulate < 2; accumulate++)
                check_value((enum kernels_product)product, shape[i][0], shape[i][1], shape[i][2], accumulate);
}
static void test_values(void **state) {
    (void)state;
    for_each_set(check_values);
}

static void check_threads(fast_set set) {
    (void)set;
    for (int product = KERNELS_NN; product <= KERNELS_NT; product++) {
        struct large l = large_make((enum kernels_product)product, 777, 130, 260);
        float *alone = malloc(l.c.n * sizeof *alone);
        assert_non_null(alone);
        kernels_gemm_large_f32(l.product, l.m, l.n, l.k, l.a.f, l.lda, l.b.f, l.ldb, l.c.f, l.ldc, false);
        memcpy(alone, l.c.f, l.c.n * sizeof *alone);
        for (int threads = 1; threads <= 5; threads += 2) {
            for (size_t i = 0; i < l.m; i++) memset(l.c.f + i * l.ldc, 0, l.n * sizeof(float));
            multiply(&l, false, threads);
            assert_same_bits(alone, l.c.f, l.c.n);
        }
        free(alone);
        large_free(&l);
    }
}
static void test_threads_do_not_matter(void **state) {
    (void)state;
    for_each_set(check_threads);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_threads_do_not_matter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
