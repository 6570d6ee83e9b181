/* Synthetic markets keep the promises made of them: seeds, bars, volatility, and what is planted. */
#include "synth_market.h"

/* ---- all kinds -------------------------------------------------------------------------------- */

static void every_kind_makes_valid_bars(void **state) {
    (void)state;
    assert_int_equal(gw_synth_kind_count(), 4);
    for (size_t k = 0; k < gw_synth_kind_count(); k++) {
        struct gw_synth_options options = {.kind = gw_synth_kind_name(k), .n_bars = 20000, .seed = 3};
        struct gw_bars bars;
        assert_ok(gw_synth_generate(&options, &bars, NULL));
        assert_true(strlen(gw_synth_kind_help(k)) > 10);
        assert_int_equal(bars.n, 20000);
        assert_int_equal(bars.interval_ns, 15 * NS_PER_MINUTE);
        assert_true(name_is_safe(bars.symbol));
        for (size_t i = 0; i < bars.n; i++) {
            const struct gw_bar *b = &bars.bar[i];
            assert_true(b->low > 0 && b->low <= fmin(b->open, b->close) && b->high >= fmax(b->open, b->close));
            assert_true(b->volume > 0 && isfinite(b->high));
            assert_int_equal(b->open_ns, time_from_civil(2020, 1, 1) + (int64_t)i * bars.interval_ns);
            assert_true(i == 0 || b->open == bars.bar[i - 1].close);
        }
        gw_bars_free(&bars);
    }
}

static void a_seed_names_the_bytes(void **state) {
    (void)state;
    for (size_t k = 0; k < gw_synth_kind_count(); k++) {
        struct gw_synth_options options = {.kind = gw_synth_kind_name(k), .n_bars = 3000, .seed = 9};
        struct gw_bars a, b, c;
        struct gw_synth_truth truth_a, truth_b;
        assert_ok(gw_synth_generate(&options, &a, &truth_a));
        assert_ok(gw_synth_generate(&options, &b, &truth_b));
        options.seed++;
        assert_ok(gw_synth_generate(&options, &c, NULL));
        assert_memory_equal(a.bar, b.bar, a.n * sizeof *a.bar);
        assert_true(a.fingerprint == b.fingerprint && a.fingerprint != c.fingerprint);
        assert_int_equal(truth_a.n, truth_b.n);
        for (size_t i = 0; i < truth_a.n; i++)
            assert_true(truth_a.event[i].bar == truth_b.event[i].bar && truth_a.event[i].lag == truth_b.event[i].lag);
        gw_bars_free(&a);
        gw_bars_free(&b);
        gw_bars_free(&c);
        gw_synth_truth_free(&truth_a);
        gw_synth_truth_free(&truth_b);
    }
}

static void odd_sizes_and_wrong_options(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_synth_truth truth;
    struct gw_synth_options options = {.kind = "planted"};
    static const struct {
        const char *difficulty, *evidence;
    } markets[] = {{"easy", NULL}, {"default", NULL}, {"hard", NULL}, {NULL, "4h"}, {NULL, "500..1500"}};
    for (size_t d = 0; d < COUNT_OF(markets); d++)
        for (options.n_bars = 1; options.n_bars < 120; options.n_bars++) {
            options.difficulty = markets[d].difficulty;
            options.evidence = markets[d].evidence;
            assert_ok(gw_synth_generate(&options, &bars, &truth));
            for (size_t i = 0; i < truth.n; i++) assert_true(truth.event[i].bar < options.n_bars);
            gw_bars_free(&bars);
            gw_synth_truth_free(&truth);
        }
    options = (struct gw_synth_options){.kind = "planted", .n_bars = 0};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "0 bars");
    options = (struct gw_synth_options){.kind = "plantd", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE,
                 "unknown synthetic market \"plantd\"; did you mean \"planted\"?");
    options = (struct gw_synth_options){.difficulty = "brutal", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "easy, default and hard");
    options = (struct gw_synth_options){.kind = "planted", .difficulty = "esy", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "\"esy\"; did you mean \"easy\"?");
    options = (struct gw_synth_options){.evidence = "1h", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "did you mean \"4h\"?");
    options = (struct gw_synth_options){.evidence = "yesterday", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "there are 4h (in 4h bars) and 500..1500");
    options = (struct gw_synth_options){.evidence = "500..150", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "did you mean \"500..1500\"?");
    options = (struct gw_synth_options){.evidence = "4h", .difficulty = "hard", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "has one only");
    options = (struct gw_synth_options){.kind = "garch", .evidence = "4h", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "not in \"garch\"");
    options = (struct gw_synth_options){.kind = "garch", .n_bars = 10, .tail_df = 2};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "more than 2");
    options = (struct gw_synth_options){.kind = "random-walk", .n_bars = 10, .volatility = 0.5};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "volatility");
}

/* ---- walks -------------------------------------------------------------------------------------- */

struct moments {
    double mean, sd, kurtosis, lag1, lag1_of_squares;
};

static struct moments return_moments(const struct gw_bars *bars) {
    struct moments m = {0};
    size_t n = bars->n;
    double *r = mem_calloc(n, sizeof *r), m2 = 0, m4 = 0, c1 = 0, s1 = 0, s2 = 0;
    assert_non_null(r);
    for (size_t i = 0; i < n; i++) m.mean += (r[i] = log(bars->bar[i].close / bars->bar[i].open)) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = r[i] - m.mean;
        m2 += d * d;
        m4 += d * d * d * d;
        if (i) c1 += d * (r[i - 1] - m.mean);
    }
    m.sd = sqrt(m2 / (double)n);
    m.kurtosis = m4 / (double)n / (m.sd * m.sd * m.sd * m.sd);
    m.lag1 = c1 / m2;
    for (size_t i = 0; i < n; i++) {
        double d = r[i] * r[i] - m.sd * m.sd;
        s2 += d * d;
        if (i) s1 += d * (r[i - 1] * r[i - 1] - m.sd * m.sd);
    }
    m.lag1_of_squares = s1 / s2;
    mem_free(r);
    return m;
}

static void random_walk_is_gaussian_and_independent(void **state) {
    (void)state;
    const double volatility[] = {0, 0.001};
    for (size_t v = 0; v < 2; v++) {
        struct gw_synth_options options = {
            .kind = "random-walk", .n_bars = 100000, .seed = 5, .volatility = volatility[v]};
        struct gw_bars bars;
        assert_ok(gw_synth_generate(&options, &bars, NULL));
        struct moments m = return_moments(&bars);
        assert_near(m.sd, v ? 0.001 : 0.002, 0.01, 0);
        assert_near(m.kurtosis, 3, 0.03, 0);
        assert_true(fabs(m.lag1) < 0.01 && fabs(m.lag1_of_squares) < 0.01);
        gw_bars_free(&bars);
    }
}

static void garch_clusters_and_has_fat_tails(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "garch", .n_bars = 200000, .seed = 5};
    struct gw_bars bars;
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    struct moments student = return_moments(&bars);
    gw_bars_free(&bars);
    options.tail_df = INFINITY;
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    struct moments normal = return_moments(&bars);
    gw_bars_free(&bars);
    assert_near(student.sd, 0.002, 0.1, 0);
    assert_near(normal.sd, 0.002, 0.05, 0);
    assert_true(fabs(student.lag1) < 0.03 && fabs(normal.lag1) < 0.02);
    assert_true(normal.lag1_of_squares > 0.08 && student.lag1_of_squares > 0.05);
    /* For normal innovations kurtosis is 3(1-(a+b)²)/(1-(a+b)²-2a²) = 4.43; Student's t adds to it. */
    assert_near(normal.kurtosis, 4.43, 0.1, 0);
    assert_true(student.kurtosis > 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_makes_valid_bars),      cmocka_unit_test(a_seed_names_the_bytes),
        cmocka_unit_test(odd_sizes_and_wrong_options),      cmocka_unit_test(random_walk_is_gaussian_and_independent),
        cmocka_unit_test(garch_clusters_and_has_fat_tails),
    };
    return cmocka_run_group_tests_name("synth", tests, scratch_make, scratch_remove);
}
