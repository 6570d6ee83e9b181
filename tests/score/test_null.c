/* The null control: circular shifts of the labels. */
#include "ap.h"
#include "engine/base/base.h"
#include "market.h"
#include "test.h"

static struct made_market market;

static struct gw_gate_sample market_gate(void) {
    return (struct gw_gate_sample){
        .n = market.sample.n, .score = market.a[0], .label = market.label, .fold = market.fold};
}

/* One fold: every allowed shift can be listed, and the resamples must agree with the list. */
static void mean_and_spread_agree_with_all_shifts(void **state) {
    (void)state;
    enum { N = 500, MIN_SHIFT = 48 };
    static int8_t shifted[N];
    market_make(&market, 2, N, 1, 1, 1);
    for (size_t i = 0; i < N; i++) market.fold[i] = 3;
    struct gw_gate_sample gate = market_gate();
    struct gw_null_result got;
    assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 4000, MIN_SHIFT, 7, &got));
    double sum = 0, squares = 0, reached = 0, n_shifts = N - 2 * MIN_SHIFT + 1;
    for (size_t shift = MIN_SHIFT; shift <= N - MIN_SHIFT; shift++) {
        for (size_t i = 0; i < N; i++) shifted[i] = market.label[(i + shift) % N];
        double ap = ap_of(gate.score, shifted, N);
        sum += ap;
        squares += ap * ap;
        reached += ap >= got.observed;
    }
    double mean = sum / n_shifts, sd = sqrt(squares / n_shifts - mean * mean);
    assert_near(got.observed, ap_of(gate.score, gate.label, N), 1e-14, 1e-6);
    assert_near(got.null_mean, mean, 0.01, 0);
    assert_near(got.null_sd, sd, 0.05, 0);
    assert_near(got.p_value, reached / n_shifts, 0.02, 1);
}

/* Labels must not leave their fold: a fold without positives keeps none. */
static void shifts_stay_inside_folds(void **state) {
    (void)state;
    float score[100];
    int8_t label[100];
    uint32_t fold[100];
    for (size_t i = 0; i < 100; i++) {
        score[i] = i < 50 ? .2f : .8f;
        label[i] = i < 50 && i % 5 == 0; /* all positives lie in the fold with the low scores */
        fold[i] = i >= 50;
    }
    struct gw_gate_sample gate = {.n = 100, .score = score, .label = label, .fold = fold};
    struct gw_null_result got;
    assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 50, 3, 1, &got));
    assert_near(got.null_mean, got.observed, 1e-14, 1e-6);
    assert_near(got.null_sd, 0, 1, 1e-12);
    assert_near(got.p_value, 1, 0, 1);
}

static void holds_its_level_and_finds_skill(void **state) {
    (void)state;
    enum { MARKETS = 300 };
    size_t rejected = 0, found = 0;
    struct gw_null_result got;
    for (uint64_t m = 0; m < MARKETS; m++) {
        market_make(&market, 300 + m, 2000, 1, 0, 0); /* scores know nothing */
        struct gw_gate_sample gate = market_gate();
        assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 99, 2 * MARKET_HORIZON, m, &got));
        rejected += got.p_value <= .05;
    }
    for (uint64_t m = 0; m < 20; m++) {
        market_make(&market, 900 + m, 2000, 1, .8, 0);
        struct gw_gate_sample gate = market_gate();
        assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 99, 2 * MARKET_HORIZON, m, &got));
        found += got.p_value <= .05;
    }
    print_message("no skill: rejected in %.1f %%; skill: found in %zu of 20\n", 100.0 * (double)rejected / MARKETS,
                  found);
    assert_true(rejected >= MARKETS * 2 / 100 && rejected <= MARKETS * 9 / 100);
    assert_true(found >= 19);
}

static void odd_samples(void **state) {
    (void)state;
    struct gw_null_result got, again;
    market_make(&market, 1, 400, 1, 1, 1);
    struct gw_gate_sample gate = market_gate();
    assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 20, 1000000, 4, &got)); /* more than a fold has */
    assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 20, 1000000, 4, &again));
    assert_memory_equal(&got, &again, sizeof got);
    assert_true(isfinite(got.p_value));
    assert_fails(gw_null_average_precision(&gate, &gate.score, 1, 0, 24, 4, &got), GW_ERR_CONFIG, "1 resample");
    for (size_t n = 0; n <= 5; n++) {
        gate.n = n;
        assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 5, 24, 4, &got));
    }
    gate.n = 400;
    market.label[0] = -1;
    assert_fails(gw_null_average_precision(&gate, &gate.score, 1, 5, 24, 4, &got), GW_ERR_DATA, "0 or 1");
    memset(market.label, 0, sizeof market.label);
    assert_ok(gw_null_average_precision(&gate, &gate.score, 1, 5, 24, 4, &got));
    assert_true(isnan(got.observed) && isnan(got.p_value));
    market.score_a[0][5] = NAN;
    assert_fails(gw_null_average_precision(&gate, &gate.score, 1, 5, 24, 4, &got), GW_ERR_DATA, "NaN");
}

/* Seeds share every shift: twins add nothing, and different ones count by their mean. */
static void seeds_count_by_their_mean(void **state) {
    (void)state;
    struct gw_null_result one, twins, pair;
    market_make(&market, 5, 800, 2, .8, 0);
    struct gw_gate_sample gate = market_gate();
    const float *score[2] = {market.score_a[0], market.score_a[0]};
    assert_ok(gw_null_average_precision(&gate, score, 1, 50, 24, 3, &one));
    assert_ok(gw_null_average_precision(&gate, score, 2, 50, 24, 3, &twins));
    assert_memory_equal(&one, &twins, sizeof one);
    score[1] = market.score_a[1];
    assert_ok(gw_null_average_precision(&gate, score, 2, 50, 24, 3, &pair));
    double first = ap_of(score[0], gate.label, gate.n), second = ap_of(score[1], gate.label, gate.n);
    assert_true(first != second);
    assert_near(pair.observed, (first + second) / 2, 1e-14, 0);
    assert_true(pair.null_sd > 0 && pair.null_mean != one.null_mean);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_spread_agree_with_all_shifts),
        cmocka_unit_test(seeds_count_by_their_mean),
        cmocka_unit_test(shifts_stay_inside_folds),
        cmocka_unit_test(holds_its_level_and_finds_skill),
        cmocka_unit_test(odd_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
