/* Regimes: what is learnt and what is then said, against an implementation in logarithms; and that a fitted feature learns from
 * its slice alone, filters, and shares its fit. */
#include "engine/base/base.h"
#include "random_market.h"

#include "engine/market/features/gaussian_hmm.h"

enum { FIRST = 40, LAST = 300 };

static void load_bars(struct gw_bars *bars) {
    struct table table;
    assert_ok(table_read("tests/golden/regime_bars.csv", &table));
    *bars = (struct gw_bars){.symbol = "REGIME", .interval_ns = 15 * NS_PER_MINUTE, .n = table.n_rows};
    assert_non_null(bars->bar = mem_calloc(bars->n, sizeof *bars->bar));
    for (size_t t = 0; t < bars->n; t++)
        bars->bar[t] = (struct gw_bar){.open_ns = (int64_t)t * bars->interval_ns,
                                       .open = table_number(&table, t, 0),
                                       .high = table_number(&table, t, 1),
                                       .low = table_number(&table, t, 2),
                                       .close = table_number(&table, t, 3),
                                       .volume = 1};
    table_free(&table);
}

static struct gw_feature_set *parse(const char *const *spec, size_t n) {
    struct gw_feature_set *set;
    assert_ok(gw_feature_set_parse(spec, n, &set));
    return set;
}

static double *learn(const struct gw_feature_set *set, const struct gw_bars *bars, size_t begin, size_t end) {
    const struct gw_feature_slice slice = {.bars = bars, .samples = {begin, end}};
    double *learnt = mem_calloc(gw_feature_set_learnt(set), sizeof *learnt);
    assert_non_null(learnt);
    assert_ok(gw_feature_set_learn(set, &slice, 1, 7, learnt));
    return learnt;
}

static float *apply(const struct gw_feature_set *set, const double *learnt, const struct gw_bars *bars) {
    float *rows = mem_calloc(bars->n * gw_feature_set_size(set), sizeof *rows);
    assert_non_null(rows);
    assert_ok(gw_feature_set_apply(set, learnt, bars, 0, bars->n, rows));
    return rows;
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------ */

/* The rows of one case of regime.csv. */
static void check_case(const struct table *golden, const struct gw_bars *bars, double states, double n) {
    char text[4][64];
    const char *spec[4];
    size_t seen = 0;
    const size_t k = (size_t)states;
    for (size_t i = 0; i < k; i++) {
        snprintf(text[i], sizeof text[i], "regime(%zu,%g,%g)", i + 1, states, n);
        spec[i] = text[i];
    }
    struct gw_feature_set *set = parse(spec, k);
    double *learnt = learn(set, bars, FIRST, LAST);
    float *rows = apply(set, learnt, bars);
    assert_int_equal(gw_feature_set_learnt(set), hmm_numbers(k, 2)); /* one fit for all of them */
    for (size_t r = 0; r < golden->n_rows; r++) {
        const char *what = golden->cell[r * golden->n_columns + 2];
        const size_t at = (size_t)table_number(golden, r, 3);
        const double want = table_number(golden, r, 4);
        if (table_number(golden, r, 0) != states || table_number(golden, r, 1) != n) continue;
        if (strcmp(what, "learnt") == 0 && !near(learnt[at], want, 1e-8, 1e-6))
            fail_msg("%s learnt[%zu] is %.17g, golden %.17g", spec[0], at, learnt[at], want);
        if (strncmp(what, "state", 5) == 0) {
            const float got = rows[at * k + (size_t)(what[5] - '1')];
            if (!near((double)got, want, 2e-7, 1e-4))
                fail_msg("%s bar %zu is %.9g, golden %.9g", what, at, (double)got, want);
        }
        seen++;
    }
    assert_true(seen > 30 * k);
    mem_free(rows);
    mem_free(learnt);
    gw_feature_set_free(set);
}

static void test_golden(void **state) {
    (void)state;
    struct gw_bars bars;
    struct table golden;
    load_bars(&bars);
    assert_ok(table_read("tests/golden/regime.csv", &golden));
    check_case(&golden, &bars, 2, 1);
    check_case(&golden, &bars, 3, 1);
    check_case(&golden, &bars, 4, 3);
    table_free(&golden);
    free_bars(&bars);
}

/* As often as the golden implementation, to its likelihood; two sequences do not touch. */
static void test_rounds_and_likelihood(void **state) {
    (void)state;
    struct gw_bars bars;
    struct table golden;
    double numbers[64], whole, parts;
    size_t rounds;
    load_bars(&bars);
    assert_ok(table_read("tests/golden/regime.csv", &golden));
    const size_t n = LAST - FIRST;
    double *x = mem_calloc(n, 2 * sizeof *x);
    for (size_t i = 0; i < n; i++) {
        const struct gw_bar *b = &bars.bar[FIRST + i];
        const double before = b[-1].close;
        x[2 * i] = log(b->close / before);
        x[2 * i + 1] = log(log(fmax(b->high, before) / fmin(b->low, before)) + 1e-5);
    }
    const struct gw_feature_slice one = {.observed = x, .n_observed = n};
    assert_ok(hmm_learn(2, 2, 1, &one, 1, numbers, &rounds, &whole));
    assert_int_equal(rounds, (size_t)table_number(&golden, 0, 4));
    assert_true(near(whole - (double)n * log(2 * acos(-1)), table_number(&golden, 1, 4), 1e-10, 1));
    const struct gw_feature_slice two[] = {
        {.observed = x, .n_observed = 100}, {.observed = NULL}, {.observed = x + 200, .n_observed = n - 100}};
    assert_ok(hmm_learn(2, 2, 1, two, 3, numbers, NULL, &parts));
    assert_true(parts < whole && parts > whole - 20); /* the step between them is unknown, and no more */
    mem_free(x);
    table_free(&golden);
    free_bars(&bars);
}

/* The market's own spells: the wild state is told from the others. */
static void test_finds_the_regimes(void **state) {
    (void)state;
    static const char *const spec[] = {"regime(3,3)", "regime(1,3)"};
    struct gw_bars bars;
    struct table truth;
    load_bars(&bars);
    assert_ok(table_read("tests/golden/regime_bars.csv", &truth));
    struct gw_feature_set *set = parse(spec, 2);
    double *learnt = learn(set, &bars, FIRST, LAST);
    float *rows = apply(set, learnt, &bars);
    size_t right = 0;
    for (size_t t = LAST; t < bars.n; t++) {
        const double is = table_number(&truth, t, 4);
        right += (rows[2 * t] > .5f) == (is == 2) && (rows[2 * t + 1] > .5f) == (is == 0);
    }
    assert_true(right >= (bars.n - LAST) * 9 / 10);
    mem_free(rows);
    mem_free(learnt);
    gw_feature_set_free(set);
    table_free(&truth);
    free_bars(&bars);
}

/* ---- what it may know ------------------------------------------------------------------------------------------------- */

static const char *const mixed[] = {"log_return(1)", "regime(1,3)", "regime(3,3)", "rsi(5)", "regime(2,2,4)@1h"};
enum { MIXED = COUNT_OF(mixed) };

static void spoil_from(struct gw_bars *bars, size_t t) {
    for (; t < bars->n; t++) {
        struct gw_bar *b = &bars->bar[t];
        b->open *= 3, b->low *= 2, b->close *= 3, b->high *= 9;
    }
}

static void copy_all(const struct gw_bars *from, struct gw_bars *to) {
    *to = *from;
    assert_non_null(to->bar = mem_calloc(from->n, sizeof *to->bar));
    memcpy(to->bar, from->bar, from->n * sizeof *to->bar);
}

static void test_learns_from_the_slice_alone(void **state) {
    (void)state;
    struct gw_bars bars, other;
    load_bars(&bars);
    struct gw_feature_set *set = parse(mixed, MIXED);
    const size_t n = gw_feature_set_learnt(set);
    double *learnt = learn(set, &bars, FIRST, LAST);
    copy_all(&bars, &other);
    spoil_from(&other, LAST);
    double *again = learn(set, &other, FIRST, LAST);
    assert_memory_equal(again, learnt, n * sizeof *learnt);
    mem_free(again);
    spoil_from(&other, LAST - 1); /* the poison works: the last sample counts */
    again = learn(set, &other, FIRST, LAST);
    assert_memory_not_equal(again, learnt, hmm_numbers(3, 2) * sizeof *learnt);
    mem_free(again);
    free_bars(&other);
    /* Nor from what lies before it, but for the bars that its first value is made of. */
    copy_all(&bars, &other);
    for (size_t t = 0; t < FIRST - 24; t++) other.bar[t].high *= 5;
    again = learn(set, &other, FIRST, LAST);
    assert_memory_equal(again, learnt, n * sizeof *learnt);
    mem_free(again);
    mem_free(learnt);
    gw_feature_set_free(set);
    free_bars(&other);
    free_bars(&bars);
}

static void test_filters(void **state) {
    (void)state;
    struct gw_bars bars;
    load_bars(&bars);
    struct gw_feature_set *set = parse(mixed, MIXED);
    double *learnt = learn(set, &bars, FIRST, LAST);
    float *rows = apply(set, learnt, &bars);
    for (size_t cut = 60; cut < bars.n - 1; cut += 31) {
        struct gw_bars other;
        copy_all(&bars, &other);
        spoil_from(&other, cut);
        float *spoilt = apply(set, learnt, &other);
        assert_memory_equal(spoilt, rows, cut * MIXED * sizeof *rows);
        assert_memory_not_equal(spoilt + cut * MIXED, rows + cut * MIXED, (bars.n - cut) * MIXED * sizeof *rows);
        mem_free(spoilt);
        free_bars(&other);
    }
    mem_free(rows);
    mem_free(learnt);
    gw_feature_set_free(set);
    free_bars(&bars);
}

/* ---- the stage ------------------------------------------------------------------------------------------------------------ */

/* A history holds no fitted values, but knows from where on there are some; apply fills their columns and no others; a stream
 * that has them gives the same bits, also one that goes on from another's state. */
static void test_apply_and_stream(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_feature_matrix matrix;
    struct gw_feature_stream *stream, *second;
    float row[MIXED];
    load_bars(&bars);
    struct gw_feature_set *set = parse(mixed, MIXED);
    double *learnt = learn(set, &bars, FIRST, LAST);
    assert_ok(gw_feature_set_build(set, &bars, &matrix));
    assert_true(isfinite(matrix.value[100 * MIXED]) && isnan(matrix.value[100 * MIXED + 1]));
    assert_int_equal(matrix.warmup, 19); /* the fifth hour closes with bar 19 */
    assert_ok(gw_feature_set_apply(set, learnt, &bars, 0, bars.n, matrix.value));
    for (size_t i = matrix.warmup * MIXED; i < bars.n * MIXED; i++) assert_true(isfinite(matrix.value[i]));
    for (size_t f = 0; f < MIXED; f++) assert_int_equal(gw_feature_set_fitted(set, f), f == 1 || f == 2 || f == 4);
    float *part = mem_calloc(50, MIXED * sizeof *part);
    assert_ok(gw_feature_set_apply(set, learnt, &bars, 200, 250, part));
    for (size_t i = 0; i < 50; i++) {
        assert_memory_equal(part + i * MIXED + 1, matrix.value + (200 + i) * MIXED + 1, 2 * sizeof *part);
        assert_true(part[i * MIXED] == 0); /* not its column */
    }
    assert_fails(gw_feature_set_apply(set, learnt, &bars, 0, bars.n + 1, part), GW_ERR_USAGE, "have no features");
    mem_free(part);

    assert_ok(gw_feature_stream_open(set, bars.interval_ns, &stream));
    assert_ok(gw_feature_stream_open(set, bars.interval_ns, &second));
    gw_feature_stream_learnt(second, learnt);
    char *bytes = mem_calloc(1, gw_feature_stream_state_size(stream));
    for (size_t t = 0; t < bars.n; t++) {
        const struct gw_feature_input in = {.bar = &bars.bar[t], .close_ns = gw_bar_close_ns(&bars, t)};
        if (t == 3) {
            gw_feature_stream_push(stream, &in, row);
            assert_true(isnan(row[1]) && isnan(row[2])); /* nothing is learnt yet */
            gw_feature_stream_close(stream);
            assert_ok(gw_feature_stream_open(set, bars.interval_ns, &stream));
            gw_feature_stream_learnt(stream, learnt);
        }
        if (t == 150) {
            gw_feature_stream_put(second, bytes);
            assert_true(gw_feature_stream_take(stream, bytes));
        }
        gw_feature_stream_push(t < 150 ? second : stream, &in, row);
        assert_memory_equal(row, matrix.value + t * MIXED, sizeof row);
    }
    gw_feature_stream_close(stream);
    gw_feature_stream_close(second);
    mem_free(bytes);
    mem_free(learnt);
    gw_feature_matrix_free(&matrix);
    gw_feature_set_free(set);
    free_bars(&bars);
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const char *const few[] = {"regime(1,3)"}, *const wrong[] = {"regime(4,3)"},
                             *const single[] = {"regime(1,1)"};
    struct gw_bars bars;
    struct gw_feature_set *set;
    double learnt[64];
    load_bars(&bars);
    set = parse(few, 1);
    const struct gw_feature_slice slice = {.bars = &bars, .samples = {10, 69}};
    assert_fails(gw_feature_set_learn(set, &slice, 1, 0, learnt), GW_ERR_CONFIG,
                 "features: \"regime(1,3,1)\": 59 bars of training are too few to learn 3 states; give at least 60");
    gw_feature_set_free(set);
    assert_fails(gw_feature_set_parse(wrong, 1, &set), GW_ERR_CONFIG, "there is no such state");
    assert_fails(gw_feature_set_parse(single, 1, &set), GW_ERR_CONFIG, "states");
    free_bars(&bars);
}

/* A market that stands still, and numbers that are none: probabilities all the same. */
static void test_survives_anything(void **state) {
    (void)state;
    static const char *const spec[] = {"regime(1,3)", "regime(2,3)", "regime(3,3)"};
    struct gw_bars bars;
    load_bars(&bars);
    struct gw_feature_set *set = parse(spec, 3);
    for (size_t t = 0; t < bars.n; t++) {
        struct gw_bar *b = &bars.bar[t];
        b->open = b->high = b->low = b->close = 5;
    }
    double *learnt = learn(set, &bars, FIRST, LAST);
    bars.bar[350] = (struct gw_bar){bars.bar[350].open_ns, 5, 1e300, 1e-300, 5, 1};
    bars.bar[360].high = NAN, bars.bar[360].close = NAN;
    float *rows = apply(set, learnt, &bars);
    for (size_t t = 1; t < bars.n; t++) {
        const float *row = rows + 3 * t;
        assert_true(row[0] >= 0 && row[1] >= 0 && row[2] >= 0 && fabsf(row[0] + row[1] + row[2] - 1) < 1e-6f);
    }
    mem_free(rows);
    for (size_t i = 0; i < gw_feature_set_learnt(set); i++) learnt[i] = i % 3 ? (double)NAN : -1e300; /* forged */
    rows = apply(set, learnt, &bars);
    mem_free(rows);
    mem_free(learnt);
    gw_feature_set_free(set);
    free_bars(&bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_rounds_and_likelihood),
        cmocka_unit_test(test_finds_the_regimes),
        cmocka_unit_test(test_learns_from_the_slice_alone),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_apply_and_stream),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_survives_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
