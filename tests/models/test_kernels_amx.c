/* Products and recurrent layers through tiles: cut rightly whatever their shape, and a CPU whose products come out
 * otherwise is not trusted. */
#include "engine/base/base.h"
#include "kernel_tiles.h"

/* ---- products and recurrent layers through tiles -------------------------------------------------- */

static float rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u);
}
/* Element by element with libm's fmaf: 16 pairs at a time, firsts and seconds apart. */
static float sum_of_tiles(size_t k, const float *a, size_t a_step, const float *b, size_t b_step, float c) {
    for (size_t from = 0; from < k; from += 2 * TILE_SIDE) {
        float sum[2] = {0, 0};
        for (size_t i = from; i < k && i < from + 2 * TILE_SIDE; i++)
            sum[i % 2] = fmaf(rounded(a[i * a_step]), rounded(b[i * b_step]), sum[i % 2]);
        c += sum[0] + sum[1];
    }
    return c;
}

static void same_as_sums(fast_set set, int kind, size_t m, size_t n, size_t k, bool accumulate) {
    const size_t lda = (kind == 1 ? m : k) + 1, ldb = (kind == 2 ? k : n) + 3, ldc = n + 2;
    struct twin a = twin_make((kind == 1 ? k : m) * lda, 1), b = twin_make((kind == 2 ? n : k) * ldb, 1);
    struct twin c = twin_make(m * ldc, 1);
    void (*const product[])(size_t, size_t, size_t, const float *, size_t, const float *, size_t, float *, size_t,
                            bool) = {set->large_nn, set->large_tn, set->large_nt};
    product[kind](m, n, k, a.f, lda, b.f, ldb, c.f, ldc, accumulate);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < ldc; j++) {
            float want = (float)c.d[i * ldc + j];
            const float *row = a.f + i * (kind == 1 ? 1 : lda), *column = b.f + j * (kind == 2 ? ldb : 1);
            if (j < n)
                want = sum_of_tiles(k, row, kind == 1 ? lda : 1, column, kind == 2 ? 1 : ldb, accumulate ? want : 0);
            if (c.f[i * ldc + j] != want)
                fail_msg("kind %d %zux%zux%zu [%zu,%zu]: %a, want %a", kind, m, n, k, i, j, (double)c.f[i * ldc + j],
                         (double)want);
        }
    twin_free(&a), twin_free(&b), twin_free(&c);
}
/* Blocks on the stack full of NaN before the next product. */
static void poison(fast_set set) {
    enum { N = 256 };
    static float nan[N * N], c[N * N];
    for (size_t i = 0; i < N * N; i++) nan[i] = NAN;
    set->large_nn(N, N, N, nan, N, nan, N, c, N, false);
    assert_true(isnan(c[0]) && isnan(c[N * N - 1]));
}
/* On hardware that is accepted, the hardware too. */
static void check_tiles(fast_set set) {
    static const size_t shape[][3] = {{1, 1, 1},    {1, 1, 2},    {2, 17, 33},  {15, 16, 31},  {16, 16, 32},
                                      {17, 15, 34}, {32, 32, 64}, {33, 31, 65}, {31, 33, 257}, {48, 64, 96},
                                      {47, 65, 40}, {1, 96, 256}, {70, 1, 513}, {130, 80, 70}, {65, 49, 300}};
    for (size_t i = 0; i < COUNT_OF(shape); i++)
        for (int kind = 0; kind < 3; kind++) {
            poison(set);
            same_as_sums(set, kind, shape[i][0], shape[i][1], shape[i][2], (i + (size_t)kind) % 2);
        }
}
static void test_tiles(void **state) {
    NEEDS_EMULATION();
    check_tiles(mixed_named("avx512 amx bf16 soft"));
    if (mixed_named("avx512 amx bf16")) check_tiles(mixed_named("avx512 amx bf16"));
}

/* Large layers and odd ones with all that stands at the edges: the same bytes from scratch that was never cleared. */
static void test_layers_repeat(void **state) {
    NEEDS_EMULATION();
    static const size_t shape[][3] = {{32, 7, 64}, {33, 5, 65}, {3, 30, 1}, {131, 3, 33}, {16, 9, 128}};
    fast_set set = mixed_named("avx512 amx bf16 soft");
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        uint64_t hash[2] = {0, 0};
        for (int again = 0; again < 2; again++) {
            random_state = 31;
            struct layer l = layer_make(shape[i][0], shape[i][1], shape[i][2], 1, 1);
            random_state = again ? UINT64_C(0x123456789abcdef) : 77; /* fills the scratch */
            run_fast(set, &l, EVERY_STEP | LAST_STEP);
            const struct twin *all[] = {&l.h, &l.c, &l.gates, &l.du, &l.dxw};
            for (size_t j = 0; j < COUNT_OF(all); j++)
                hash[again] = hash_bytes(all[j]->f, all[j]->n * sizeof(float), hash[again]);
            layer_free(&l);
        }
        assert_true(hash[0] == hash[1]);
    }
}

/* ---- the row of the table ---------------------------------------------------------------------------- */

static bool is_there(void) { return true; }
static bool is_not_there(void) { return false; }

static fast_set emulated;
static size_t element; /* of C to falsify */
static void falsify(float *x) {
    uint32_t bits;
    memcpy(&bits, x, sizeof bits);
    bits ^= 1;
    memcpy(x, &bits, sizeof bits);
}
#define FALSE_PRODUCT(name)                                                                                            \
    static void false_##name(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,     \
                             float *c, size_t ldc, bool accumulate) {                                                  \
        emulated->name(m, n, k, a, lda, b, ldb, c, ldc, accumulate);                                                   \
        falsify(c + element % m * ldc + element % n);                                                                  \
    }
FALSE_PRODUCT(large_nn)
FALSE_PRODUCT(large_tn)
FALSE_PRODUCT(large_nt)
static void false_forward(const struct lstm_run_f32 *run) {
    emulated->lstm_forward(run);
    falsify(run->h + run->n_windows * run->hidden + element % run->hidden);
}
static void false_backward(const struct lstm_run_f32 *run, const float *u, const float *dh, const float *dh_last,
                           float *du, float *dxw, float *scratch) {
    emulated->lstm_backward(run, u, dh, dh_last, du, dxw, scratch);
    falsify(element % 2 ? du + element : run->gates + element);
}

/* One bit of one element anywhere and the hardware is not used. */
static void test_false_hardware_is_refused(void **state) {
    NEEDS_EMULATION();
    emulated = &kernels_mixed_amx_soft;
    assert_true(amx_accepts(is_there, emulated, emulated));
    for (element = 0; element < 20; element += 19) {
        struct kernels_f32 wrong[5];
        for (size_t i = 0; i < COUNT_OF(wrong); i++) wrong[i] = *emulated;
        wrong[0].large_nn = false_large_nn;
        wrong[1].large_tn = false_large_tn;
        wrong[2].large_nt = false_large_nt;
        wrong[3].lstm_forward = false_forward;
        wrong[4].lstm_backward = false_backward;
        for (size_t i = 0; i < COUNT_OF(wrong); i++) assert_false(amx_accepts(is_there, &wrong[i], emulated));
    }
    /* sums in the order of VDPBF16PS are not what tiles give */
    assert_false(amx_accepts(is_there, mixed_named("avx512 bf16 soft"), emulated));
    /* where the CPU has no tiles, nothing of the table runs: it has no functions here */
    assert_false(amx_accepts(is_not_there, &(struct kernels_f32){0}, emulated));
}

static void check_choice(fast_set set) {
    fast_set chosen = kernels_mixed_f32();
    const bool avx512 = strcmp(set->name, "avx512") == 0;
    assert_true(chosen != &kernels_mixed_amx_soft);
    assert_true((strcmp(chosen->name, "avx512 amx bf16") == 0) == (avx512 && amx_usable()));
}
/* The emulation can be reached by name and by asking for it, and is never what a fit gets by itself. */
static void test_choice(void **state) {
    (void)state;
    bool supported;
    size_t found = 0;
    for (size_t i = 0; kernels_mixed_at(i, &supported); i++)
        found += kernels_mixed_at(i, &supported) == &kernels_mixed_amx_soft;
    assert_int_equal(found, 1);
    if (!amx_hardware()) assert_false(amx_usable());
    for_each_set(check_choice);
    fast_set before = kernels_mixed_f32();
    kernels_mixed_use(&kernels_mixed_amx_soft);
    assert_ptr_equal(kernels_mixed_f32(), &kernels_mixed_amx_soft);
    kernels_mixed_use(NULL);
    assert_ptr_equal(kernels_mixed_f32(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_layers_repeat),
        cmocka_unit_test(test_false_hardware_is_refused),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
