/* Self-attention of one head: every kernel set against the float64 reference, whose gradient is checked against finite
 * differences here. */
#include "engine/base/base.h"
#include "kernel_mixed.h"

#define HALF_ULP (1.0 / 16777216)

struct head {
    size_t steps, d, ld;
    bool causal;
    struct twin query, key, g, mean, dquery, dkey;
};

static struct head head_make(size_t steps, size_t d, bool causal, double size) {
    struct head h = {.steps = steps, .d = d, .ld = 2 * d + 3, .causal = causal};
    size_t n = (steps - 1) * h.ld + d; /* nothing behind the last row: reading on is an error */
    h.query = twin_make(n, size);
    h.key = twin_make(n, size);
    h.g = twin_make(steps, 1);
    h.mean = twin_make(steps, 1);
    h.dquery = twin_make(n, 1);
    h.dkey = twin_make(n, 1);
    return h;
}
static void head_free(struct head *h) {
    struct twin *all[] = {&h->query, &h->key, &h->g, &h->mean, &h->dquery, &h->dkey};
    for (size_t i = 0; i < COUNT_OF(all); i++) twin_free(all[i]);
}

static void run_fast(fast_set set, struct head *h) {
    struct twin keep = twin_make(set->head_keep_size(h->steps), 1);
    struct twin scratch = twin_make(set->head_scratch_size(h->steps, h->d), 1);
    struct head_run_f32 run = {h->steps, h->d,   h->causal, (float)(1 / sqrt((double)h->d)), h->query.f, h->key.f,
                               h->ld,    keep.f, scratch.f};
    set->head_forward(&run, h->mean.f);
    set->head_backward(&run, h->g.f, h->dquery.f, h->dkey.f);
    twin_free(&keep), twin_free(&scratch);
}
static void run_slow(struct head *h) {
    slow_set set = kernels_active_f64();
    double *keep = calloc(set->head_keep_size(h->steps), sizeof *keep);
    assert_non_null(keep);
    struct head_run_f64 run = {h->steps, h->d, h->causal, 1 / sqrt((double)h->d), h->query.d, h->key.d,
                               h->ld,    keep, NULL};
    set->head_forward(&run, h->mean.d);
    set->head_backward(&run, h->g.d, h->dquery.d, h->dkey.d);
    free(keep);
}

/* A score of size s is off by up to (d + 4) s half ulps and its exponential by as much relatively; sums over the steps
 * are weighted means and add a few. Errors relative to the largest element. */
static void compare(fast_set set, struct head *h, double score) {
    run_fast(set, h);
    run_slow(h);
    const double bound = (2 * ((double)h->d + 4) * score + 32) * HALF_ULP;
    const double error[] = {twin_error(&h->mean, 1.0 / (double)h->steps), twin_error(&h->dquery, 1e-30),
                            twin_error(&h->dkey, 1e-30)};
    for (size_t i = 0; i < COUNT_OF(error); i++)
        if (!(error[i] < bound))
            fail_msg("%s T %zu d %zu causal %d: result %zu off by %.3g, bound %.3g", set->name, h->steps, h->d,
                     h->causal, i, error[i], bound);
}

static void check_shapes(fast_set set) {
    static const size_t steps[] = {1, 2, 15, 16, 33, 70, 96, 130}, dims[] = {1, 8, 17, 32, 70};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        for (size_t j = 0; j < COUNT_OF(dims); j++)
            for (int causal = 0; causal < 2; causal++) {
                struct head h = head_make(steps[i], dims[j], causal, 1);
                if (steps[i] == 1) memset(h.g.f, 0, sizeof(float)), h.g.d[0] = 0; /* dS is zero then anyway */
                compare(set, &h, sqrt((double)dims[j]));
                head_free(&h);
            }
}
static void test_shapes(void **state) {
    (void)state;
    for_each_set(check_shapes);
}

/* Scores of ±900 leave one key per query; zero queries weigh all keys alike; denormal ones too. */
static void check_hostile(fast_set set) {
    struct head h = head_make(40, 9, false, 30);
    run_fast(set, &h), run_slow(&h);
    double close = strstr(set->name, "bf16") ? .1 : 1e-4; /* rounded scores may choose another key */
    assert_true(twin_error(&h.mean, 1) < close && isfinite(h.dquery.f[0]) && isfinite(h.dkey.f[0]));
    head_free(&h);
    static const double tiny[] = {0, 1e-39};
    for (size_t i = 0; i < COUNT_OF(tiny); i++) {
        h = head_make(40, 9, false, tiny[i]);
        run_fast(set, &h);
        for (size_t s = 0; s < 40; s++) assert_near((double)h.mean.f[s], 1.0 / 40, 1e-6, 0);
        for (size_t t = 0; t < 40; t++)
            for (size_t j = 0; j < 9; j++) assert_true(fabsf(h.dquery.f[t * h.ld + j]) < 1e-30f);
        head_free(&h);
    }
    h = head_make(20, 8, false, 1);
    h.key.f[3 * h.ld] = NAN;
    run_fast(set, &h);
    for (size_t s = 0; s < 20; s++) assert_true(isnan(h.mean.f[s]));
    head_free(&h);
}
static void test_hostile(void **state) {
    (void)state;
    for_each_set(check_hostile);
}

/* Under a causal mask the last key is seen by the last query alone, and the first query sees the first key alone. */
static void check_causal(fast_set set) {
    struct head h = head_make(37, 8, true, 1);
    run_fast(set, &h);
    float before = h.mean.f[36];
    for (size_t t = 0; t < 36; t++)
        for (size_t j = 0; j < 8; j++) h.query.f[t * h.ld + j] = (float)uniform();
    run_fast(set, &h);
    assert_true(h.mean.f[36] == before);
    for (size_t j = 0; j < 8; j++) assert_true(fabsf(h.dquery.f[j]) < 1e-7f);
    head_free(&h);
}
static void test_causal(void **state) {
    (void)state;
    for_each_set(check_causal);
}

/* In mixed precision a score of size s is off by up to a bf16 ulp of Σ |q k|; over a row these errors and those of dS
 * mostly cancel. */
static void check_mixed(fast_set set) {
    random_state = 1; /* the same numbers for every table */
    static const size_t steps[] = {1, 2, 16, 33, 96, 131}, dims[] = {1, 8, 17, 32, 70};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        for (size_t j = 0; j < COUNT_OF(dims); j++)
            for (int causal = 0; causal < 2; causal++) {
                struct head h = head_make(steps[i], dims[j], causal, 1);
                if (steps[i] == 1) memset(h.g.f, 0, sizeof(float)), h.g.d[0] = 0;
                run_fast(set, &h), run_slow(&h);
                if (!(twin_error(&h.mean, 1.0 / (double)steps[i]) < 2 * BF16_ULP))
                    fail_msg("%s T %zu d %zu: mean off by %g", set->name, steps[i], dims[j],
                             twin_error(&h.mean, 1.0 / (double)steps[i]));
                for (size_t t = 0; t < h.dquery.n; t++) /* between the rows nothing is touched, and nothing compared */
                    if (t % h.ld >= h.d) {
                        assert_true((double)h.dquery.f[t] == h.dquery.d[t] && (double)h.dkey.f[t] == h.dkey.d[t]);
                        h.dquery.f[t] = h.dkey.f[t] = 0, h.dquery.d[t] = h.dkey.d[t] = 0;
                    }
                assert_same_direction("dq", &h.dquery, 5e-4, 4 * BF16_ULP);
                assert_same_direction("dk", &h.dkey, 5e-4, 4 * BF16_ULP);
                head_free(&h);
            }
}
static void test_mixed(void **state) {
    (void)state;
    for_each_mixed(check_mixed);
    for_each_mixed(check_hostile);
    for_each_mixed(check_causal);
}

static void same_as_emulated(fast_set soft, fast_set native) {
    random_state = 5;
    struct head a = head_make(75, 32, false, 2);
    random_state = 5;
    struct head b = head_make(75, 32, false, 2);
    run_fast(soft, &a), run_fast(native, &b);
    assert_same_bits(a.mean.f, b.mean.f, a.mean.n);
    assert_same_bits(a.dquery.f, b.dquery.f, a.dquery.n);
    assert_same_bits(a.dkey.f, b.dkey.f, a.dkey.n);
    head_free(&a), head_free(&b);
}
static void test_hardware_is_emulated(void **state) {
    (void)state;
    fast_set soft, native;
    for (size_t i = 0; both_ways(i, &soft, &native); i++)
        if (native) same_as_emulated(soft, native);
}

/* L = Σ g · mean */
static double loss_of(struct head *h) {
    run_slow(h);
    double loss = 0;
    for (size_t s = 0; s < h->steps; s++) loss += h->g.d[s] * h->mean.d[s];
    return loss;
}
static void check_gradient(struct head *h, struct twin *at, const double *gradient) {
    double size = 0;
    for (size_t t = 0; t < h->steps; t++)
        for (size_t j = 0; j < h->d; j++) {
            size_t i = t * h->ld + j;
            const double x = at->d[i], step = 1e-5;
            at->d[i] = x + step;
            double above = loss_of(h);
            at->d[i] = x - step;
            double below = loss_of(h);
            at->d[i] = x;
            assert_near(gradient[i], (above - below) / (2 * step), 1e-7, 1e-3);
            size += fabs(gradient[i]);
        }
    assert_true(size > 0.01);
}
static void test_reference_gradient(void **state) {
    (void)state;
    for (int causal = 0; causal < 2; causal++) {
        struct head h = head_make(6, 3, causal, 2);
        run_slow(&h);
        double dquery[64], dkey[64];
        assert_true(h.dquery.n <= COUNT_OF(dquery));
        memcpy(dquery, h.dquery.d, h.dquery.n * sizeof *dquery);
        memcpy(dkey, h.dkey.d, h.dkey.n * sizeof *dkey);
        check_gradient(&h, &h.query, dquery);
        check_gradient(&h, &h.key, dkey);
        head_free(&h);
    }
}

/* The portable set gives these bytes with every compiler and level of optimisation (checked: gcc 12 -O0, -O2, -O3 and
 * clang 14 -O0, -O2), in float32 and in mixed precision. A change here is a change of every result computed with it. */
#define PORTABLE_HASH       UINT64_C(0x662205bbb37f3416)
#define PORTABLE_MIXED_HASH UINT64_C(0x0e78a505549deecd)

static uint64_t head_bytes(fast_set set) {
    random_state = 4242;
    uint64_t hash = 0;
    struct head h = head_make(37, 9, false, 2);
    for (int causal = 0; causal < 2; causal++) {
        h.causal = causal;
        run_fast(set, &h);
        hash = hash_bytes(h.mean.f, h.mean.n * sizeof(float), hash);
        hash = hash_bytes(h.dquery.f, h.dquery.n * sizeof(float), hash);
        hash = hash_bytes(h.dkey.f, h.dkey.n * sizeof(float), hash);
    }
    head_free(&h);
    print_message("%s bytes: 0x%016llx\n", set->name, (unsigned long long)hash);
    return hash;
}
static void test_portable_bytes(void **state) {
    (void)state;
    assert_ok(gw_kernels_select("portable"));
    uint64_t hash = head_bytes(kernels_active_f32()), mixed = head_bytes(kernels_mixed_f32());
    assert_true(hash == PORTABLE_HASH && mixed == PORTABLE_MIXED_HASH);
    assert_ok(gw_kernels_select("auto"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_causal),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_hardware_is_emulated),
        cmocka_unit_test(test_reference_gradient),
        cmocka_unit_test(test_portable_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
