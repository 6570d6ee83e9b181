/* The stationary bootstrap and its block length. */
#include <stdlib.h>

#include "engine/score/resample.h"
#include "gatewalk/rng.h"
#include "gatewalk/verdict.h"
#include "golden.h"

static void block_length_matches_golden_values(void **state) {
    (void)state;
    struct golden golden;
    golden_read("tests/golden/metrics_statistics.txt", &golden);
    size_t checked = 0;
    for (size_t c = 0; c < golden.n_cases; c++) {
        const struct golden_array *series = golden_find(&golden.cases[c], "series");
        if (!series) continue;
        double got = gw_bootstrap_block_length(series->value, series->n);
        double want = golden_want(&golden.cases[c], "block_length");
        if (!near(got, want, 1e-9, 1)) fail_msg("%s: block length %.17g, want %.17g", golden.cases[c].name, got, want);
        checked++;
    }
    assert_true(checked >= 6);
    golden_free(&golden);
}

static void block_length_of_odd_series(void **state) {
    (void)state;
    double flat[100], tiny[3] = {1, 2, 3}, bad[50] = {0};
    for (size_t i = 0; i < 100; i++) flat[i] = 0.1;
    bad[7] = NAN;
    assert_near(gw_bootstrap_block_length(flat, 100), 1, 0, 1);
    assert_near(gw_bootstrap_block_length(tiny, 3), 1, 0, 1);
    assert_near(gw_bootstrap_block_length(tiny, 0), 1, 0, 1);
    assert_true(isnan(gw_bootstrap_block_length(bad, 50)));
}

enum { RESAMPLE_MAX = 300 };
struct drawn_bars {
    float score[RESAMPLE_MAX];
    int8_t label[RESAMPLE_MAX];
    double hit[RESAMPLE_MAX];
    uint32_t count[RESAMPLE_MAX], drawn[RESAMPLE_MAX], fold_begin[RESAMPLE_MAX + 1];
    size_t n, n_folds;
};

static void read_drawn(const struct golden_case *from, struct drawn_bars *bars) {
    const double *score = golden_get(from, "score")->value, *label = golden_get(from, "label")->value;
    const double *fold = golden_get(from, "fold")->value, *count = golden_get(from, "count")->value;
    *bars = (struct drawn_bars){.n = golden_get(from, "score")->n};
    assert_true(bars->n > 0 && bars->n <= RESAMPLE_MAX);
    for (size_t i = 0; i < bars->n; i++) {
        bars->score[i] = (float)score[i];
        bars->label[i] = (int8_t)label[i];
        bars->hit[i] = label[i];
        bars->count[i] = (uint32_t)count[i];
        bars->n_folds = (size_t)fold[i] + 1;
        bars->drawn[bars->n_folds - 1] += bars->count[i];
        bars->fold_begin[bars->n_folds] = (uint32_t)i + 1;
    }
}

/* Average precision and the mean over the best k % of a resample, against its bars written out one by one. */
static void resamples_are_ranked_anew(void **state) {
    (void)state;
    static struct drawn_bars bars;
    struct golden golden;
    golden_read("tests/golden/metrics_statistics.txt", &golden);
    size_t checked = 0;
    for (size_t c = 0; c < golden.n_cases; c++) {
        const struct golden_case *now = &golden.cases[c];
        if (!golden_find(now, "count")) continue;
        read_drawn(now, &bars);
        const struct resample resample = {bars.count, bars.drawn};
        struct ap_ranking ap;
        struct top_ranking top;
        assert_ok(ap_ranking_init(&ap, bars.score, bars.label, bars.n));
        assert_ok(top_ranking_init(&top, bars.score, bars.fold_begin, bars.n_folds));
        for (size_t e = 0; e < now->n_expects; e++, checked++) {
            const struct golden_expect *want = &now->expect[e];
            const double *value = strcmp(want->name, "value") ? bars.hit : golden_get(now, "value")->value;
            double got = strcmp(want->name, "average_precision") ? top_ranking_resample(&top, &resample, want->k, value)
                                                                 : ap_ranking_resample(&ap, bars.count);
            if (!near(got, want->value, 1e-12, 1e-3))
                fail_msg("%s: %s at %g is %.17g, want %.17g", now->name, want->name, want->k, got, want->value);
        }
        top_ranking_free(&top);
        ap_ranking_free(&ap);
    }
    assert_int_equal(checked, 44);
    golden_free(&golden);
}

/* Side by side as one by one, to the last bit: with and without ties, bars that are some of the rows, lanes that drew no
 * positive or nothing. */
static void lanes_are_resamples(void **state) {
    (void)state;
    enum { ROWS = 700, BARS = 500 };
    static uint32_t count[LANES][ROWS], own[BARS], at[BARS];
    static uint8_t lanes[ROWS * LANES];
    static float score[BARS];
    static int8_t label[BARS];
    double got[LANES];
    size_t undefined = 0;
    for (uint64_t c = 0; c < 12; c++) {
        struct gw_rng rng;
        struct ap_ranking ap;
        gw_rng_key(&rng, c, "lanes", 0, 0, 0);
        for (size_t i = 0; i < BARS; i++) {
            at[i] = (uint32_t)(i + i / 3);
            score[i] = (float)gw_rng_uniform(&rng);
            if (c % 2) score[i] = roundf(score[i] * 16) / 16;
            label[i] = gw_rng_uniform(&rng) < (c < 6 ? 0.1 : 0.005);
        }
        for (size_t k = 0; k < LANES; k++) bootstrap_counts(&rng, ROWS, k < 16 ? 5 : 600, count[k]);
        memset(count[3], 0, sizeof count[3]);
        count[5][at[7]] = UINT8_MAX;
        for (size_t k = 0; k < LANES; k += LANES_AT_ONCE) {
            const uint32_t *some[LANES_AT_ONCE];
            for (size_t i = 0; i < LANES_AT_ONCE; i++) some[i] = count[k + i];
            assert_true(lanes_put(some, k, ROWS, lanes));
        }
        assert_ok(ap_ranking_init(&ap, score, label, BARS));
        ap_ranking_lanes(&ap, at, lanes, got);
        for (size_t k = 0; k < LANES; k++) {
            for (size_t i = 0; i < BARS; i++) own[i] = count[k][at[i]];
            const double want = ap_ranking_resample(&ap, own);
            undefined += isnan(want) ? 1 : 0;
            assert_true(got[k] == want || (isnan(got[k]) && isnan(want)));
        }
        ap_ranking_free(&ap);
    }
    assert_true(undefined > 12 && undefined < 6 * LANES);
    const uint32_t *some[LANES_AT_ONCE];
    for (size_t i = 0; i < LANES_AT_ONCE; i++) some[i] = count[i];
    count[2][ROWS - 1] = UINT8_MAX + 1;
    assert_false(lanes_put(some, 0, ROWS, lanes)); /* does not fit */
}

static void counts_are_those_of_the_positions(void **state) {
    (void)state;
    enum { MOST = 500 };
    static uint32_t index[MOST], count[MOST], want[MOST];
    const size_t sizes[] = {1, 2, 7, 100, MOST};
    const double lengths[] = {1, 1.5, 24, 1000};
    for (size_t c = 0; c < 5 * 4 * 20; c++) {
        const size_t n = sizes[c % 5];
        struct gw_rng rng, same;
        gw_rng_key(&rng, c, "counts", 0, 0, 0);
        same = rng;
        gw_bootstrap_stationary(&rng, n, lengths[c / 5 % 4], index);
        bootstrap_counts(&same, n, lengths[c / 5 % 4], count);
        memset(want, 0, sizeof want);
        for (size_t i = 0; i < n; i++) want[index[i]]++;
        assert_memory_equal(count, want, n * sizeof *want);
        assert_memory_equal(&same, &rng, sizeof rng);
    }
}

/* Over many resamples: uniform positions, blocks of the asked mean length, each step to the next bar or to anywhere. */
static void blocks_are_geometric_and_positions_uniform(void **state) {
    (void)state;
    enum { N = 2000, ROUNDS = 400 };
    const double mean_block = 8;
    static uint32_t index[N];
    static double drawn[N];
    double starts = 0, long_runs = 0, runs = 0;
    memset(drawn, 0, sizeof drawn);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct gw_rng rng;
        gw_rng_key(&rng, 3, "test", round, 0, 0);
        gw_bootstrap_stationary(&rng, N, mean_block, index);
        size_t length = 1;
        for (size_t i = 0; i < N; i++) {
            assert_true(index[i] < N);
            drawn[index[i]]++;
            if (i == 0) continue;
            if (index[i] == (index[i - 1] + 1) % N) {
                length++;
                continue;
            }
            starts++;
            runs++;
            long_runs += length > 16;
            length = 1;
        }
    }
    /* A new block begins with probability 1/8 and looks new unless it happens to continue the old one. */
    double steps = (double)ROUNDS * (N - 1), expected = 1 / mean_block * (1 - 1.0 / N);
    assert_near(starts / steps, expected, 5 * sqrt((1 - expected) / expected / steps), 0);
    assert_near(long_runs / runs, pow(1 - 1 / mean_block, 16), .03, 0);
    for (size_t i = 0; i < N; i++) assert_near(drawn[i], ROUNDS, 5 * sqrt(2 * mean_block / ROUNDS), 1);
}

static void the_ends_of_the_range_of_lengths(void **state) {
    (void)state;
    uint32_t index[50], again[50];
    struct gw_rng rng;
    size_t joined = 0;
    gw_rng_key(&rng, 1, "test", 0, 0, 0);
    gw_bootstrap_stationary(&rng, 50, 1, index); /* plain bootstrap: a successor only by chance, 1 in 50 */
    for (size_t i = 1; i < 50; i++) joined += index[i] == (index[i - 1] + 1) % 50;
    assert_true(joined < 10);
    gw_bootstrap_stationary(&rng, 50, 1e12, index); /* one block: the circle, begun anywhere */
    for (size_t i = 1; i < 50; i++) assert_int_equal(index[i], (index[i - 1] + 1) % 50);
    gw_bootstrap_stationary(&rng, 1, 5, index);
    assert_int_equal(index[0], 0);
    gw_bootstrap_stationary(&rng, 0, 5, index);
    struct gw_rng one, other;
    gw_rng_key(&one, 9, "test", 1, 0, 0);
    gw_rng_key(&other, 9, "test", 1, 0, 0);
    gw_bootstrap_stationary(&one, 50, 6, index);
    gw_bootstrap_stationary(&other, 50, 6, again);
    assert_memory_equal(index, again, sizeof index);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_length_matches_golden_values),
        cmocka_unit_test(block_length_of_odd_series),
        cmocka_unit_test(resamples_are_ranked_anew),
        cmocka_unit_test(lanes_are_resamples),
        cmocka_unit_test(counts_are_those_of_the_positions),
        cmocka_unit_test(blocks_are_geometric_and_positions_uniform),
        cmocka_unit_test(the_ends_of_the_range_of_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
