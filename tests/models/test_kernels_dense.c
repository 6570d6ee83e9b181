/* A layer's product and what stands around it: in one pass over C it has the bits of its parts one after the other. */
#include "engine/base/base.h"
#include "kernel_sets.h"

struct parts {
    struct twin a, b, start, bias, open, want, got;
};

static struct parts parts_make(size_t m, size_t n, size_t k) {
    struct parts p = {.a = twin_make(m * k, 1), .b = twin_make(k * n, 1), .start = twin_make(m * (n + 3), 1)};
    p.bias = twin_make(n, 1), p.open = twin_make(m * n, 1);
    p.want = twin_make(m * n, 1), p.got = twin_make(m * n, 1);
    for (size_t i = 0; i < m * n; i += 5) p.open.f[i] = 0;
    return p;
}

static void parts_free(struct parts *p) {
    struct twin *all[] = {&p->a, &p->b, &p->start, &p->bias, &p->open, &p->want, &p->got};
    for (size_t i = 0; i < COUNT_OF(all); i++) twin_free(all[i]);
}

/* way: bits for the transposed operand, a start, a bias, ReLU, and a mask. */
enum { TURNED = 1, START = 2, BIAS = 4, RELU = 8, OPEN = 16, ALL_WAYS = 32 };

static void in_parts(fast_set set, struct parts *p, size_t m, size_t n, size_t k, int way) {
    for (size_t i = 0; i < m * n && way & START; i++) p->want.f[i] = p->start.f[i / n * (n + 3) + i % n];
    if (way & TURNED)
        set->gemm_nt(m, n, k, p->a.f, k, p->b.f, k, p->want.f, n, way & START);
    else
        set->gemm_nn(m, n, k, p->a.f, k, p->b.f, n, p->want.f, n, way & START);
    if (way & RELU)
        set->add_row_relu(m, n, p->bias.f, p->want.f);
    else if (way & BIAS)
        set->add_row(m, n, p->bias.f, p->want.f, n);
    if (way & OPEN) set->relu_backward(m * n, p->open.f, p->want.f);
}

static void at_once(fast_set set, struct parts *p, size_t m, size_t n, size_t k, int way) {
    set->dense(&(struct dense_run_f32){.m = m,
                                       .n = n,
                                       .k = k,
                                       .a = p->a.f,
                                       .lda = k,
                                       .b = p->b.f,
                                       .ldb = way & TURNED ? k : n,
                                       .transposed = way & TURNED,
                                       .start = way & START ? p->start.f : NULL,
                                       .ld_start = n + 3,
                                       .bias = way & (BIAS | RELU) ? p->bias.f : NULL,
                                       .open = way & OPEN ? p->open.f : NULL,
                                       .relu = way & RELU,
                                       .c = p->got.f,
                                       .ldc = n});
}

static size_t n_checked;

static void check_dense(fast_set set) {
    static const size_t shape[][3] = {{1, 2, 1},   {7, 6, 64},    {50, 16, 50},   {37, 64, 9},
                                      {5, 64, 70}, {29, 70, 300}, {200, 256, 64}, {13, 192, 130}};
    if (!set->dense) return;
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        const size_t m = shape[i][0], n = shape[i][1], k = shape[i][2];
        for (int way = 0; way < ALL_WAYS; way++) {
            struct parts p = parts_make(m, n, k);
            in_parts(set, &p, m, n, k, way);
            at_once(set, &p, m, n, k, way);
            assert_same_bits(p.got.f, p.want.f, m * n);
            parts_free(&p);
            n_checked++;
        }
    }
}
static void test_dense(void **state) {
    (void)state;
    for_each_set(check_dense);
    assert_true(n_checked > 0); /* the portable set has it everywhere */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
