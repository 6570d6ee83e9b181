/* Walk-forward folds: cuts worked out by hand, a brute-force check over random markets and configurations,
 * and an audit that must catch every planted overlap. */
#include "engine/base/base.h"
#include "random_market.h"

#include <stdlib.h>

#include "gatewalk/folds.h"

static const int64_t day = NS_PER_DAY, hour = NS_PER_HOUR;

static void free_market(struct gw_market *market) {
    for (size_t s = 0; s < market->n_symbols; s++) free_bars(&market->symbol[s]);
    mem_free(market->symbol);
}

/* One symbol of n hourly bars without gaps from 2020-01-01 on. */
static struct gw_market hourly(size_t n) {
    struct gw_market market = {.n_symbols = 1};
    market.symbol = mem_calloc(1, sizeof *market.symbol);
    make_walk((struct walk){.n = n, .seed = 1, .volatility = .01, .interval_ns = hour}, market.symbol);
    return market;
}

static void assert_range(struct gw_range got, size_t begin, size_t end) {
    if (got.begin != begin || got.end != end)
        fail_msg("range is [%zu, %zu), not [%zu, %zu)", got.begin, got.end, begin, end);
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void test_rolling_in_bars(void **state) {
    (void)state;
    struct gw_market market = hourly(1000);
    struct gw_fold_plan plan;
    struct gw_fold_config config = {.train = {.bars = 400},
                                    .validation = {.bars = 100},
                                    .test = {.bars = 200},
                                    .horizon = 24,
                                    .embargo = 6,
                                    .first_usable = 50};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    assert_ok(gw_folds_audit(&market, &plan));
    assert_int_equal(plan.n_folds, 3); /* tests 500-700, 700-900 and the half 900-1000 */
    const struct gw_fold *f = &plan.fold[0];
    assert_range(f->bars[GW_SLICE_TRAIN][0], 0, 400);
    assert_range(f->bars[GW_SLICE_VALIDATION][0], 400, 500);
    assert_range(f->bars[GW_SLICE_TEST][0], 500, 700);
    assert_range(f->samples[GW_SLICE_TRAIN][0], 50, 370); /* 369 + 24 + 6 = 399: the last bar before validation */
    assert_range(f->samples[GW_SLICE_VALIDATION][0], 400, 470);
    assert_range(f->samples[GW_SLICE_TEST][0], 500, 700);
    assert_int_equal(f->purged[0], 30);
    assert_int_equal(f->purged[1], 30);
    assert_int_equal(f->begin_ns[GW_SLICE_TRAIN], gw_bar_close_ns(market.symbol, 0));
    assert_int_equal(f->begin_ns[GW_SLICE_VALIDATION], gw_bar_close_ns(market.symbol, 400));
    assert_int_equal(f->end_ns[GW_SLICE_TRAIN], f->begin_ns[GW_SLICE_VALIDATION]);
    assert_range(plan.fold[1].bars[GW_SLICE_TRAIN][0], 200, 600);
    assert_range(plan.fold[1].samples[GW_SLICE_TRAIN][0], 200, 570);
    assert_range(plan.fold[2].bars[GW_SLICE_VALIDATION][0], 800, 900);
    assert_range(plan.fold[2].bars[GW_SLICE_TEST][0], 900, 1000);
    gw_folds_free(&plan);
    free_market(&market);
}

static void test_expanding_and_step(void **state) {
    (void)state;
    struct gw_market market = hourly(1000);
    struct gw_fold_plan plan;
    struct gw_fold_config config = {.expanding = true,
                                    .train = {.bars = 400},
                                    .validation = {.bars = 100},
                                    .test = {.bars = 100},
                                    .step = {.bars = 150},
                                    .horizon = 10};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    assert_ok(gw_folds_audit(&market, &plan));
    assert_int_equal(plan.n_folds, 4); /* tests begin at 500, 650, 800 and 950 (50 of 100 bars) */
    for (size_t i = 0; i < plan.n_folds; i++) {
        size_t test = 500 + 150 * i;
        assert_range(plan.fold[i].bars[GW_SLICE_TRAIN][0], 0, test - 100);
        assert_range(plan.fold[i].samples[GW_SLICE_TRAIN][0], 0, test - 110);
        assert_range(plan.fold[i].bars[GW_SLICE_TEST][0], test, i == 3 ? 1000 : test + 100);
    }
    gw_folds_free(&plan);
    free_market(&market);
}

static void test_durations(void **state) {
    (void)state;
    struct gw_market market = hourly(24 * 30);
    struct gw_fold_plan plan;
    struct gw_fold_config config = {
        .train = {.ns = 14 * day}, .validation = {.ns = 4 * day}, .test = {.ns = 5 * day}, .horizon = 24};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    assert_ok(gw_folds_audit(&market, &plan));
    assert_int_equal(plan.n_folds, 2); /* days 18-23 and 23-28; of 28-33 only two days are there */
    assert_range(plan.fold[0].bars[GW_SLICE_TRAIN][0], 0, 14 * 24);
    assert_range(plan.fold[0].samples[GW_SLICE_TRAIN][0], 0, 13 * 24);
    assert_range(plan.fold[1].bars[GW_SLICE_TRAIN][0], 5 * 24, 19 * 24);
    assert_range(plan.fold[1].bars[GW_SLICE_TEST][0], 23 * 24, 28 * 24);
    assert_int_equal(plan.fold[1].end_ns[GW_SLICE_TEST] - plan.fold[1].begin_ns[GW_SLICE_TEST], 5 * day);
    gw_folds_free(&plan);
    /* The same with a step in bars and a test in bars. */
    config.test = (struct gw_span){.bars = 5 * 24};
    config.step = (struct gw_span){.ns = 5 * day};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    assert_ok(gw_folds_audit(&market, &plan));
    assert_int_equal(plan.n_folds, 2);
    assert_range(plan.fold[1].bars[GW_SLICE_TEST][0], 23 * 24, 28 * 24);
    gw_folds_free(&plan);
    free_market(&market);
}

/* A shortened last test slice is kept from half its length on. */
static void test_last_slice(void **state) {
    (void)state;
    for (size_t rest = 0; rest <= 101; rest++)
        for (int in_bars = 0; in_bars < 2; in_bars++) {
            struct gw_market market = hourly(400 + rest);
            struct gw_fold_plan plan;
            struct gw_fold_config config = {.train = {.bars = 200}, .validation = {.bars = 100}, .horizon = 5};
            config.test = in_bars ? (struct gw_span){.bars = 101} : (struct gw_span){.ns = 101 * hour};
            assert_ok(gw_folds_plan(&market, &config, &plan)); /* 300..400 + rest: fold 0 has 100 at least */
            assert_ok(gw_folds_audit(&market, &plan));
            size_t left = 100 + rest > 101 ? 100 + rest - 101 : 0;
            assert_int_equal(plan.n_folds, left >= 51 ? 2 : 1);
            assert_int_equal(plan.fold[0].bars[GW_SLICE_TEST][0].end, 300 + (rest ? 101 : 100));
            gw_folds_free(&plan);
            free_market(&market);
        }
}

/* Markets that begin late, end early, close for days: symbols without bars in a slice have empty ranges. */
static void test_symbols_come_and_go(void **state) {
    (void)state;
    struct gw_market market = {.n_symbols = 3};
    market.symbol = mem_calloc(3, sizeof *market.symbol);
    int64_t start = time_from_civil(2020, 1, 1);
    make_walk((struct walk){.n = 720, .interval_ns = hour, .start_ns = start}, &market.symbol[0]);
    make_walk((struct walk){.n = 240, .interval_ns = hour, .start_ns = start + 20 * day}, &market.symbol[1]);
    make_walk((struct walk){.n = 120, .interval_ns = hour, .start_ns = start}, &market.symbol[2]);
    struct gw_fold_plan plan;
    struct gw_fold_config config = {.train = {.ns = 10 * day},
                                    .validation = {.ns = 5 * day},
                                    .test = {.ns = 5 * day},
                                    .horizon = 12,
                                    .first_usable = 30};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    assert_ok(gw_folds_audit(&market, &plan));
    assert_int_equal(plan.n_folds, 3);
    assert_range(plan.fold[0].bars[GW_SLICE_TRAIN][0], 0, 240);
    assert_range(plan.fold[0].samples[GW_SLICE_TRAIN][0], 30, 228);
    assert_range(plan.fold[0].bars[GW_SLICE_TRAIN][1], 0, 0);
    assert_range(plan.fold[0].bars[GW_SLICE_TRAIN][2], 0, 120);
    assert_range(plan.fold[0].samples[GW_SLICE_TRAIN][2], 30, 108); /* the data ends: no label afterwards */
    assert_range(plan.fold[0].bars[GW_SLICE_TEST][2], 120, 120);
    assert_range(plan.fold[1].bars[GW_SLICE_TEST][1], 0, 120);
    assert_range(plan.fold[1].samples[GW_SLICE_TEST][1], 30, 120);
    assert_range(plan.fold[1].samples[GW_SLICE_VALIDATION][2], 120, 120);
    plan.fold[0].samples[GW_SLICE_TRAIN][2].end++;
    assert_fails(gw_folds_audit(&market, &plan), GW_ERR_INTERNAL,
                 "bar 108 (closes 2020-01-05T13:00:00Z): a sample has no label");
    gw_folds_free(&plan);
    free_market(&market);
}

/* A test slice in which the market was closed is passed over, not tested. */
static void test_closed_market(void **state) {
    (void)state;
    struct gw_market market = hourly(24 * 40);
    struct gw_fold_plan plan;
    for (size_t i = 24 * 25; i < 24 * 40; i++) market.symbol[0].bar[i].open_ns += 2 * day;
    struct gw_fold_config config = {
        .train = {.ns = 20 * day}, .validation = {.ns = 4 * day}, .test = {.ns = day}, .horizon = 6};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    assert_ok(gw_folds_audit(&market, &plan));
    assert_int_equal(plan.n_folds, 16); /* 18 days from day 24 on, two of them closed */
    assert_range(plan.fold[0].bars[GW_SLICE_TEST][0], 24 * 24, 24 * 25);
    assert_range(plan.fold[1].bars[GW_SLICE_TEST][0], 24 * 25, 24 * 26);
    assert_int_equal(plan.fold[1].begin_ns[GW_SLICE_TEST] - plan.fold[0].end_ns[GW_SLICE_TEST], 2 * day);
    gw_folds_free(&plan);
    free_market(&market);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void test_errors(void **state) {
    (void)state;
    struct gw_market market = hourly(300), empty = {0};
    const struct gw_fold_config good = {
        .train = {.bars = 100}, .validation = {.bars = 50}, .test = {.bars = 50}, .horizon = 10};
    struct gw_fold_config config;
    struct gw_fold_plan plan;
#define CHECK_BAD(change, part)                                                                                        \
    do {                                                                                                               \
        config = good;                                                                                                 \
        config.change;                                                                                                 \
        assert_fails(gw_folds_plan(&market, &config, &plan), GW_ERR_CONFIG, part);                                     \
        assert_null(plan.fold);                                                                                        \
    } while (0)
    CHECK_BAD(train.bars = 0, "the train length is zero");
    CHECK_BAD(validation.bars = 0, "the validation length is zero");
    CHECK_BAD(test.bars = 0, "the test length is zero");
    CHECK_BAD(test.ns = day, "both in bars and as a duration");
    CHECK_BAD(step = ((struct gw_span){1, 1}), "step must be bars or a duration");
    CHECK_BAD(horizon = 0, "horizon must be at least 1");
    CHECK_BAD(train.bars = 240, "train 240 bars + validation 50 bars + at least half of test 50 bars, the data has 300 "
                                "bars from 2020-01-01");
    CHECK_BAD(train = ((struct gw_span){.ns = 60 * day}), "needs train 60d + validation 50 bars");
    CHECK_BAD(first_usable = (config.train.bars = 90, config.validation.bars = 200, 95),
              "needs train 106 bars (90 bars are too few: warm-up takes 95, purge 10) + validation 200 bars");
    CHECK_BAD(train = (config.validation.bars = 10, (struct gw_span){.ns = 12 * day}),
              "needs train 12d + validation 11 bars (10 bars are too few: warm-up takes 0, purge 10)");
    CHECK_BAD(horizon = 50, "fold 1 has no validation sample");
    CHECK_BAD(first_usable = 95, "fold 1 has no train sample");
    CHECK_BAD(step.bars = 49, "step is shorter than the test slice");
    CHECK_BAD(step.ns = hour, "step is shorter than the test slice");
    CHECK_BAD(train.bars = SIZE_MAX, "the data has 300 bars");
    CHECK_BAD(train = ((struct gw_span){.ns = INT64_MAX}), "the data has 300 bars");
    CHECK_BAD(horizon = SIZE_MAX - 5, "longer than any history");
#undef CHECK_BAD
    assert_fails(gw_folds_plan(&empty, &good, &plan), GW_ERR_CONFIG, "no bars");
    free_market(&market);
}

/* ---- random markets and configurations ---------------------------------------------------------- */

static struct gw_market random_market(struct gw_rng *rng, uint64_t seed) {
    struct gw_market market = {.n_symbols = 1 + gw_rng_below(rng, 3)};
    market.symbol = mem_calloc(market.n_symbols, sizeof *market.symbol);
    for (size_t s = 0; s < market.n_symbols; s++)
        make_walk((struct walk){.n = 150 + gw_rng_below(rng, 500),
                                .seed = seed * 7 + s,
                                .volatility = .01,
                                .gap_chance = .08 * (double)gw_rng_below(rng, 3),
                                .interval_ns = hour,
                                .start_ns = time_from_civil(2020, 1, 1) + (int64_t)gw_rng_below(rng, 200) * hour},
                  &market.symbol[s]);
    return market;
}

static struct gw_span random_span(struct gw_rng *rng, size_t least, size_t most) {
    size_t n = least + gw_rng_below(rng, most - least);
    return gw_rng_below(rng, 2) ? (struct gw_span){.bars = n} : (struct gw_span){.ns = (int64_t)n * hour};
}

static struct gw_fold_config random_config(struct gw_rng *rng) {
    struct gw_fold_config config = {.expanding = gw_rng_below(rng, 2),
                                    .train = random_span(rng, 60, 200),
                                    .validation = random_span(rng, 40, 100),
                                    .test = random_span(rng, 10, 80),
                                    .embargo = gw_rng_below(rng, 8),
                                    .horizon = 1 + gw_rng_below(rng, 15),
                                    .first_usable = gw_rng_below(rng, 40)};
    if (gw_rng_below(rng, 3) == 0) config.step = random_span(rng, 80, 160);
    return config;
}

/* A bar is a sample exactly when the definition says so. */
static size_t check_every_bar(const struct gw_market *market, const struct gw_fold_plan *plan,
                              const struct gw_fold *fold) {
    const struct gw_fold_config *c = &plan->config;
    size_t n_samples = 0;
    for (size_t s = 0; s < market->n_symbols; s++)
        for (size_t t = 0; t < market->symbol[s].n; t++)
            for (int k = 0; k < GW_N_SLICES; k++) {
                const struct gw_bars *bars = &market->symbol[s];
                int64_t close = gw_bar_close_ns(bars, t);
                bool in_slice = close >= fold->begin_ns[k] && close < fold->end_ns[k];
                bool usable = in_slice && t >= c->first_usable;
                size_t reach = t + c->horizon + c->embargo;
                if (k < GW_SLICE_TEST)
                    usable = usable && reach < bars->n && gw_bar_close_ns(bars, reach) < fold->end_ns[k];
                bool counted = t >= fold->bars[k][s].begin && t < fold->bars[k][s].end;
                bool sample = t >= fold->samples[k][s].begin && t < fold->samples[k][s].end;
                if (counted != in_slice || sample != usable)
                    fail_msg("%s, symbol %zu, bar %zu: counted %d (should be %d), sample %d (should be %d)",
                             gw_slice_name[k], s, t, counted, in_slice, sample, usable);
                n_samples += sample;
            }
    return n_samples;
}

/* Moves one end of the samples by one bar: a label then touches the next slice (or the embargo does). */
static void check_planted_overlap(const struct gw_market *market, struct gw_fold_plan *plan, size_t *n_planted) {
    for (size_t i = 0; i < plan->n_folds; i++)
        for (int k = 0; k < GW_SLICE_TEST; k++)
            for (size_t s = 0; s < market->n_symbols; s++) {
                struct gw_range *samples = &plan->fold[i].samples[k][s];
                if (samples->begin == samples->end) continue;
                samples->end++;
                plan->fold[i].purged[k]--; /* a liar who keeps his books in order */
                assert_int_equal(gw_folds_audit(market, plan), GW_ERR_INTERNAL);
                char fold[80];
                snprintf(fold, sizeof fold, "fold %zu, WALK, %s, bar %zu", i + 1, gw_slice_name[k], samples->end - 1);
                if (!strstr(gw_error_message(), fold)) fail_msg("\"%s\" does not name %s", gw_error_message(), fold);
                samples->end--;
                plan->fold[i].purged[k]++;
                n_planted[k]++;
            }
    assert_ok(gw_folds_audit(market, plan));
}

static void test_random_plans(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 2, "fold test", 0, 0, 0);
    size_t n_plans = 0, n_folds = 0, n_samples = 0, n_planted[2] = {0};
    for (uint64_t round = 0; round < 900; round++) {
        struct gw_market market = random_market(&rng, round);
        struct gw_fold_config config = random_config(&rng);
        struct gw_fold_plan plan;
        int rc = gw_folds_plan(&market, &config, &plan);
        assert_true(rc == GW_OK || rc == GW_ERR_CONFIG);
        if (rc == GW_OK) {
            assert_ok(gw_folds_audit(&market, &plan));
            for (size_t i = 0; i < plan.n_folds; i++) n_samples += check_every_bar(&market, &plan, &plan.fold[i]);
            check_planted_overlap(&market, &plan, n_planted);
            n_plans++;
            n_folds += plan.n_folds;
            gw_folds_free(&plan);
        }
        free_market(&market);
    }
    /* The test is about something. */
    assert_true(n_plans >= 500);
    assert_true(n_folds > 2 * n_plans && n_samples > 100 * n_folds);
    assert_true(n_planted[0] > 1000 && n_planted[1] > 1000);
}

/* ---- the audit catches every other lie too ---------------------------------------------------------- */

static void test_audit_catches_tampering(void **state) {
    (void)state;
    struct gw_market market = hourly(1000);
    struct gw_fold_plan plan;
    struct gw_fold_config config = {.train = {.bars = 300},
                                    .validation = {.bars = 100},
                                    .test = {.bars = 100},
                                    .horizon = 24,
                                    .embargo = 2,
                                    .first_usable = 50};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    assert_ok(gw_folds_audit(&market, &plan));
    struct gw_fold *f = &plan.fold[1];
#define CHECK_CAUGHT(what, change, undo, part)                                                                         \
    do {                                                                                                               \
        f->what change;                                                                                                \
        assert_fails(gw_folds_audit(&market, &plan), GW_ERR_INTERNAL, part);                                           \
        f->what undo;                                                                                                  \
        assert_ok(gw_folds_audit(&market, &plan));                                                                     \
    } while (0)
    CHECK_CAUGHT(samples[GW_SLICE_TRAIN][0].end, += 1, -= 1, "the embargo of 2 bars");
    CHECK_CAUGHT(samples[GW_SLICE_TRAIN][0].end, += 3, -= 3, "the embargo of 2 bars");
    CHECK_CAUGHT(samples[GW_SLICE_VALIDATION][0].end, += 1, -= 1, "fold 2, WALK, validation, bar 474");
    CHECK_CAUGHT(samples[GW_SLICE_TRAIN][0].begin, -= 1, += 1, "a sample lies outside its slice");
    CHECK_CAUGHT(samples[GW_SLICE_TEST][0].end, += 1, -= 1, "a sample lies outside its slice");
    CHECK_CAUGHT(samples[GW_SLICE_TEST][0].end, = 400, = 600, "not a range");
    CHECK_CAUGHT(samples[GW_SLICE_TRAIN][0].begin, += 1, -= 1, "said to be purged");
    CHECK_CAUGHT(purged[1], += 1, -= 1, "said to be purged");
    CHECK_CAUGHT(bars[GW_SLICE_TRAIN][0].end, += 1, -= 1, "closes outside the slice");
    CHECK_CAUGHT(bars[GW_SLICE_TEST][0].begin, += 1, -= 1, "is not counted in it");
    CHECK_CAUGHT(bars[GW_SLICE_TEST][0].end, -= 1, += 1, "is not counted in it");
    CHECK_CAUGHT(end_ns[GW_SLICE_TRAIN], += hour, -= hour, "the train slice overlaps the validation slice");
    CHECK_CAUGHT(begin_ns[GW_SLICE_TEST], -= hour, += hour, "the validation slice overlaps the test slice");
    CHECK_CAUGHT(begin_ns[GW_SLICE_VALIDATION], += 200 *hour, -= 200 * hour, "ends before it begins");
    CHECK_CAUGHT(begin_ns[GW_SLICE_TRAIN], -= 200 *hour, += 200 * hour, "trains from an earlier time than fold 1");
    f = &plan.fold[0];
    CHECK_CAUGHT(samples[GW_SLICE_TRAIN][0].begin, -= 1, += 1, "no whole window before it");
    f->end_ns[GW_SLICE_TEST] += hour; /* one bar tested twice, consistently */
    f->bars[GW_SLICE_TEST][0].end++;
    f->samples[GW_SLICE_TEST][0].end++;
    assert_fails(gw_folds_audit(&market, &plan), GW_ERR_INTERNAL, "test slices of folds 1 and 2 overlap");
    f->end_ns[GW_SLICE_TEST] -= hour;
    f->bars[GW_SLICE_TEST][0].end--;
    f->samples[GW_SLICE_TEST][0].end--;
    assert_ok(gw_folds_audit(&market, &plan));
    plan.config.horizon++; /* the labels reach one bar further than the plan thought */
    assert_fails(gw_folds_audit(&market, &plan), GW_ERR_INTERNAL, "fold 1, WALK, train, bar 273");
    plan.config.horizon += 2;
    plan.config.embargo = 0;
    assert_fails(gw_folds_audit(&market, &plan), GW_ERR_INTERNAL,
                 "bar 273 (closes 2020-01-12T10:00:00Z): its label looks at bar 300, which lies in the next slice");
#undef CHECK_CAUGHT
    gw_folds_free(&plan);
    free_market(&market);
}

/* ---- the table for people ------------------------------------------------------------------------------ */

static void test_printed_table(void **state) {
    (void)state;
    struct gw_market market = hourly(1000);
    struct gw_fold_plan plan;
    struct gw_fold_config config = {.train = {.bars = 400},
                                    .validation = {.bars = 100},
                                    .test = {.bars = 500},
                                    .horizon = 24,
                                    .embargo = 6,
                                    .first_usable = 50};
    assert_ok(gw_folds_plan(&market, &config, &plan));
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    gw_folds_print(&market, &plan, stream);
    assert_int_equal(fclose(stream), 0);
    static const char *const want[] = {
        /* bars, samples, purged, last label (bar 393), first bar of the next slice (bar 400), bars between */
        "   1  train       2020-01-01T01:00:00Z  2020-01-17T16:00:00Z      400      320      30  2020-01-17T10:00:00Z  "
        "2020-01-17T17:00:00Z        6  ok",
        "   1  validation  2020-01-17T17:00:00Z  2020-01-21T20:00:00Z      100       70      30  2020-01-21T14:00:00Z  "
        "2020-01-21T21:00:00Z        6  ok",
        "   1  test        2020-01-21T21:00:00Z  2020-02-11T16:00:00Z      500      500       0  -",
    };
    for (size_t i = 0; i < COUNT_OF(want); i++)
        if (!strstr(text, want[i])) fail_msg("\n%s\ndoes not contain\n%s", text, want[i]);
    free(text);
    gw_folds_free(&plan);
    free_market(&market);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rolling_in_bars),
        cmocka_unit_test(test_expanding_and_step),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_last_slice),
        cmocka_unit_test(test_symbols_come_and_go),
        cmocka_unit_test(test_closed_market),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_random_plans),
        cmocka_unit_test(test_audit_catches_tampering),
        cmocka_unit_test(test_printed_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
