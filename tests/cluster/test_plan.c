/* The schedule of a plan against cases that can be done by hand, and against an own simulation that is slower. */
#include "test.h"

#include <stdlib.h>

#include "engine/base/base.h"
#include "engine/cluster/plan.h"
#include "engine/cluster/rest.h"
#include "gatewalk/rng.h"

enum { MOST = 400 };
static double seconds[MOST];
static size_t n_fits[MOST];

static struct plan_work work_of(size_t n, double (*of)(size_t i)) {
    struct plan_work w = {.chain = seconds, .n_fits = n_fits, .n_chains = n};
    for (size_t i = 0; i < n; i++) {
        seconds[i] = of(i);
        n_fits[i] = 1;
        w.sum += seconds[i];
    }
    w.n_all_fits = n;
    return w;
}
static double ten(size_t i) { return (void)i, 10; }
static double falling(size_t i) { return 100 - (double)i; }
static double one_long(size_t i) { return i == 0 ? 100 : 1; }
static const struct plan_network nothing = {.bandwidth = INFINITY, .per_node = 1};

static struct plan_outcome play(const struct plan_work *w, const struct plan_network *n, size_t ranks) {
    struct plan_outcome o;
    assert_ok(plan_play(w, n, ranks, &o));
    return o;
}

static void test_equal_chains_divide(void **state) {
    (void)state;
    struct plan_work w = work_of(60, ten);
    w.read = 3;
    w.tail = 7;
    assert_near(play(&w, &nothing, 1).seconds, 3 + 600 + 7, 1e-12, 1);
    assert_near(play(&w, &nothing, 2).seconds, 3 + 300 + 7, 1e-12, 1);
    assert_near(play(&w, &nothing, 7).seconds, 3 + 90 + 7, 1e-12, 1); /* nine rounds, the last not full */
    assert_near(play(&w, &nothing, 60).seconds, 3 + 10 + 7, 1e-12, 1);
    assert_near(play(&w, &nothing, 600).seconds, 3 + 10 + 7, 1e-12, 1);
    assert_near(play(&w, &nothing, 6).efficiency, 610.0 / (6 * 110), 1e-12, 1);
    assert_near(play(&w, &nothing, 600).efficiency, 610.0 / (600 * 20), 1e-12, 1);
}

/* Two ranks by hand: 10 and 10 + messages; what rank 0 serves while it fits makes its own fits longer. */
static void test_messages_take_their_time(void **state) {
    (void)state;
    struct plan_work w = work_of(3, ten);
    const struct plan_network n = {.latency = 0.5, .bandwidth = 100, .per_node = 1, .root = 0.25};
    w.fit_bytes = 100; /* a second on the way, and one to take */
    struct plan_outcome o = play(&w, &n, 2);
    /* Rank 0: chains at 0 and 10, ends at 20. Rank 1: asks at .5, begins at 1, is heard of at 1 + 10 + .5 + 1. */
    assert_near(o.fitting, 20, 1e-12, 1);
    assert_near(o.root_busy, 1.25 / 20, 1e-12, 1);
    w = work_of(2, ten);
    w.fit_bytes = 100;
    assert_near(play(&w, &n, 2).fitting, 12.5 + 1.25, 1e-12, 1);
    w.data_bytes = 1000; /* two nodes fetch ten seconds' worth each from one place */
    assert_near(play(&w, &n, 2).reading, 20, 1e-12, 1);
    assert_near(play(&w, &(struct plan_network){.bandwidth = 100, .per_node = 2}, 2).reading, 0, 1e-12, 1);
}

static void test_what_limits(void **state) {
    (void)state;
    struct plan_work w = work_of(200, one_long);
    assert_int_equal(play(&w, &nothing, 1).limit, PLAN_FITS);
    assert_near(play(&w, &nothing, 10).seconds, 100, 1e-12, 1);
    assert_int_equal(play(&w, &nothing, 10).limit, PLAN_LONGEST);
    assert_int_equal(play(&w, &nothing, 300).limit, PLAN_FEW);
    w.tail = 1000;
    assert_int_equal(play(&w, &nothing, 10).limit, PLAN_TAIL);
    w.tail = 0;
    w.read = 1000;
    assert_int_equal(play(&w, &nothing, 10).limit, PLAN_READING);
    w = work_of(400, ten);
    const struct plan_network slow = {.bandwidth = INFINITY, .per_node = 1, .root = 2};
    struct plan_outcome o = play(&w, &slow, 100);
    assert_int_equal(o.limit, PLAN_ROOT);
    assert_true(o.fitting > 700 && o.root_busy > 0.9); /* 400 fits, two seconds each but for rank 0's own few */
}

/* The rule alone, for any number: the next chain goes to whoever is free first. */
static double by_rule(const struct plan_work *w, size_t ranks) {
    double *free_at = calloc(ranks, sizeof *free_at), end = 0;
    if (!free_at) abort();
    for (size_t c = 0; c < w->n_chains; c++) {
        size_t first = 0;
        for (size_t r = 1; r < ranks; r++)
            if (free_at[r] < free_at[first]) first = r;
        free_at[first] += w->chain[c];
        if (free_at[first] > end) end = free_at[first];
    }
    free(free_at);
    return end;
}
static double random_length(size_t i) {
    struct gw_rng rng;
    gw_rng_key(&rng, 3, "plan", i, 0, 0);
    return 1 + 50 * gw_rng_uniform(&rng);
}
static void test_any_schedule_is_that_of_the_rule(void **state) {
    (void)state;
    for (size_t n = 1; n <= MOST; n += 57)
        for (size_t ranks = 1; ranks < 90; ranks += 11) {
            struct plan_work w = work_of(n, n % 2 ? random_length : falling);
            if (n % 2 == 0 && n > 90) continue; /* falling() ends */
            struct plan_outcome o = play(&w, &nothing, ranks);
            assert_near(o.fitting, by_rule(&w, ranks), 1e-12, 1);
            assert_true(o.efficiency <= 1 + 1e-12);
            assert_true(o.fitting >= w.sum / (double)ranks * (1 - 1e-12));
        }
}

/* Rank 0 looks for messages as often as they come: of long fits seldom, of many at once again and again. */
static void test_rank_0_rests_by_what_it_hears(void **state) {
    (void)state;
    const double now = clock_seconds();
    struct rest rest;
    rest_begin(&rest);
    for (double ago = 40; ago > 0; ago -= 0.8) { /* as if fits of 0.8 s had come back */
        rest.heard = now - 0.8;
        rest_heard(&rest);
    }
    assert_true(rest_seconds(&rest) > 0.0045 && rest_seconds(&rest) < 0.0055);
    for (int i = 0; i < 100; i++) rest_heard(&rest);
    assert_true(rest_seconds(&rest) < 0.0003);
    for (int i = 0; i < 100; i++) {
        rest.heard = now - 3600;
        rest_heard(&rest);
    }
    assert_near(rest_seconds(&rest), 0.02, 1e-12, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_chains_divide),
        cmocka_unit_test(test_messages_take_their_time),
        cmocka_unit_test(test_what_limits),
        cmocka_unit_test(test_any_schedule_is_that_of_the_rule),
        cmocka_unit_test(test_rank_0_rests_by_what_it_hears),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
