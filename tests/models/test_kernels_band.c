/* Additive attention over a band, and the recurrent layer from a carried state: every kernel set against the reference. */
#include <math.h>

#include "engine/base/base.h"
#include "kernel_sets.h"

#define HALF_ULP (1.0 / 16777216)

struct band {
    size_t steps, units, ld;
    struct twin key, query, v, score, dscore, dkey, dquery, dv;
};

static struct band band_make(size_t steps, size_t units, double size) {
    struct band b = {.steps = steps, .units = units, .ld = units + 3};
    size_t n = (steps - 1) * b.ld + units; /* nothing behind the last row: reading on is an error */
    b.key = twin_make(n, size);
    b.query = twin_make(units, size);
    b.v = twin_make(units, 1);
    b.score = twin_make(steps, 1);
    b.dscore = twin_make(steps, 1);
    b.dkey = twin_make(n, 1); /* added to, so what is there counts */
    b.dquery = twin_make(units, 1);
    b.dv = twin_make(units, 1);
    return b;
}
static void band_free(struct band *b) {
    struct twin *all[] = {&b->key, &b->query, &b->v, &b->score, &b->dscore, &b->dkey, &b->dquery, &b->dv};
    for (size_t i = 0; i < COUNT_OF(all); i++) twin_free(all[i]);
}

static void run_fast(fast_set set, struct band *b) {
    struct twin key = twin_make(b->key.n, 1), query = twin_make(b->query.n, 1);
    set->additive_prepare(b->key.n, b->key.f, key.f);
    memcpy(query.f, b->query.f, b->units * sizeof(float));
    set->additive_prepare(b->units, query.f, query.f); /* in place */
    set->additive_band_forward(b->steps, b->units, key.f, b->ld, query.f, b->v.f, b->score.f);
    set->additive_band_backward(b->steps, b->units, key.f, b->ld, query.f, b->v.f, b->dscore.f, b->dkey.f, b->dquery.f,
                                b->dv.f);
    twin_free(&key);
    twin_free(&query);
}
static void run_slow(struct band *b) {
    slow_set set = kernels_active_f64();
    double *key = calloc(b->key.n, sizeof *key), *query = calloc(b->units, sizeof *query);
    set->additive_prepare(b->key.n, b->key.d, key);
    set->additive_prepare(b->units, b->query.d, query);
    set->additive_band_forward(b->steps, b->units, key, b->ld, query, b->v.d, b->score.d);
    set->additive_band_backward(b->steps, b->units, key, b->ld, query, b->v.d, b->dscore.d, b->dkey.d, b->dquery.d,
                                b->dv.d);
    free(key);
    free(query);
}

/* tanh comes out right to a few half ulps of 1; sums over units or steps add as many of them at most. */
static void compare(fast_set set, struct band *b) {
    run_fast(set, b);
    run_slow(b);
    struct {
        const char *name;
        const struct twin *twin;
        double terms;
    } result[] = {{"score", &b->score, (double)b->units},
                  {"dkey", &b->dkey, 1},
                  {"dquery", &b->dquery, (double)b->steps},
                  {"dv", &b->dv, (double)b->steps}};
    for (size_t r = 0; r < COUNT_OF(result); r++)
        for (size_t i = 0; i < result[r].twin->n; i++) {
            double error = fabs((double)result[r].twin->f[i] - result[r].twin->d[i]);
            if (!(error <= 12 * result[r].terms * HALF_ULP))
                fail_msg("%s, %zu steps of %zu: %s [%zu] is %.9g, want %.9g", set->name, b->steps, b->units,
                         result[r].name, i, (double)result[r].twin->f[i], result[r].twin->d[i]);
        }
}

static void check_shapes(fast_set set) {
    static const size_t steps[] = {1, 2, 7, 96}, units[] = {1, 3, 8, 16, 17, 31, 32, 33, 63, 64, 65, 100, 130};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        for (size_t j = 0; j < COUNT_OF(units); j++)
            for (double size = .01; size < 40; size *= 9) { /* from straight lines to saturation */
                struct band b = band_make(steps[i], units[j], size);
                compare(set, &b);
                band_free(&b);
            }
}
static void test_shapes(void **state) {
    (void)state;
    for_each_set(check_shapes);
}

/* One unit, any key and query: the sum decides, and what is not a number stays none. */
static void check_extremes(fast_set set) {
    static const float at[] = {0, 1e-30f, 1e-3f, .5f, 5, 9, 20, 39, 40, 1e4f, INFINITY};
    for (size_t i = 0; i < COUNT_OF(at); i++)
        for (size_t j = 0; j < COUNT_OF(at); j++)
            for (int signs = 0; signs < 4; signs++) {
                float k = signs & 1 ? -at[i] : at[i], q = signs & 2 ? -at[j] : at[j], v = 1, score;
                float dscore = 1, dkey = 0, dquery = 0, dv = 0;
                double kept = fmax(-40, fmin(40, (double)k)) + fmax(-40, fmin(40, (double)q)), t = tanh(kept);
                set->additive_prepare(1, &k, &k);
                set->additive_prepare(1, &q, &q);
                set->additive_band_forward(1, 1, &k, 1, &q, &v, &score);
                set->additive_band_backward(1, 1, &k, 1, &q, &v, &dscore, &dkey, &dquery, &dv);
                assert_near((double)score, t, 1e-6, 1);
                assert_near((double)dv, t, 1e-6, 1);
                assert_near((double)dkey, 1 - t * t, 1e-6, 1);
                assert_true(dkey == dquery);
            }
    float key[16], query[16], v[16], score;
    for (size_t i = 0; i < 16; i++) key[i] = query[i] = v[i] = .25f;
    key[5] = NAN;
    set->additive_prepare(16, key, key);
    set->additive_prepare(16, query, query);
    set->additive_band_forward(1, 16, key, 16, query, v, &score);
    assert_true(isnan(score));
}
static void test_extremes(void **state) {
    (void)state;
    for_each_set(check_extremes);
}

/* A run cut in two gives the bits of the whole run, and a state that is zero those of none. */
static void check_carried(fast_set set) {
    if (set->rows_together) return; /* carries nothing: kernels_by_row */
    static const size_t hidden[] = {1, 5, 8, 16, 32, 37, 64, 96};
    enum { STEPS = 9, CUT = 4 };
    for (size_t i = 0; i < 2 * COUNT_OF(hidden); i++) {
        size_t B = i % 2 ? 3 : 1, H = hidden[i / 2], state = B * H; /* one window has a way of its own */
        struct twin u = twin_make(4 * H * H, .5), xw = twin_make(STEPS * B * 4 * H, 2);
        struct twin c = twin_make((STEPS + 1) * state, 1), h = twin_make((STEPS + 1) * state, 1);
        struct twin c2 = twin_make((STEPS + 1) * state, 1), h2 = twin_make((STEPS + 1) * state, 1);
        struct twin packed = twin_make(set->lstm_pack_size(H), 1), back = twin_make(set->lstm_pack_size(H), 1);
        uint32_t first_row[] = {0, 1, 2};
        set->lstm_pack(H, u.f, packed.f, back.f);
        struct lstm_run_f32 run = {.n_windows = B,
                                   .n_steps = STEPS,
                                   .hidden = H,
                                   .first_row = first_row,
                                   .row_stride = B,
                                   .u = packed.f,
                                   .xw = xw.f,
                                   .c = c.f,
                                   .h = h.f};
        set->lstm_forward(&run);
        run.carried = true;
        run.c = c2.f;
        run.h = h2.f;
        run.n_steps = CUT;
        memset(c2.f, 0, state * sizeof(float));
        memset(h2.f, 0, state * sizeof(float));
        set->lstm_forward(&run);
        run.c += CUT * state;
        run.h += CUT * state;
        run.xw += CUT * B * 4 * H;
        run.n_steps = STEPS - CUT;
        set->lstm_forward(&run);
        assert_memory_equal(c2.f, c.f, (STEPS + 1) * state * sizeof(float));
        assert_memory_equal(h2.f, h.f, (STEPS + 1) * state * sizeof(float));
        struct twin *all[] = {&u, &xw, &c, &h, &c2, &h2, &packed, &back};
        for (size_t j = 0; j < COUNT_OF(all); j++) twin_free(all[j]);
    }
}
static void test_carried(void **state) {
    (void)state;
    for_each_set(check_carried);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_carried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
