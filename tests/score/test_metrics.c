/* Every gate metric against scikit-learn and brute force, and what no order of bars may change. */
#include "ap.h"
#include "engine/base/base.h"
#include "gatewalk/metrics.h"
#include "gatewalk/rng.h"
#include "golden.h"

static double computed(const struct gw_metric_desc *metric, const struct gw_gate_sample *sample, double k) {
    double value;
    assert_ok(metric->compute(sample, k, &value));
    return value;
}

static const char GOLDEN[] = "tests/golden/metrics_gate.txt";

/* A golden case as the engine's arrays. */
struct loaded {
    float score[512];
    int8_t label[512];
    uint32_t fold[512];
    uint8_t acted[512];
    double pnl[3][512];
    struct gw_gate_sample sample;
};

static void load(const struct golden_case *in, struct loaded *out) {
    static const char *const pnl_name[3] = {"pnl0", "pnl1", "pnl2"};
    const struct golden_array *score = golden_get(in, "score"), *label = golden_get(in, "label"),
                              *fold = golden_get(in, "fold"), *acted = golden_find(in, "acted");
    assert_true(score->n <= 512 && label->n == score->n && fold->n == score->n);
    out->sample = (struct gw_gate_sample){.n = score->n, .score = out->score, .label = out->label, .fold = out->fold};
    for (size_t i = 0; i < score->n; i++) {
        out->score[i] = (float)score->value[i];
        out->label[i] = (int8_t)label->value[i];
        out->fold[i] = (uint32_t)fold->value[i];
        if (acted) out->acted[i] = acted->value[i] != 0;
    }
    if (acted) out->sample.acted = out->acted;
    for (int level = 0; level < 3; level++) {
        const struct golden_array *pnl = golden_find(in, pnl_name[level]);
        if (!pnl) continue;
        memcpy(out->pnl[level], pnl->value, pnl->n * sizeof *pnl->value);
        out->sample.pnl[level] = out->pnl[level];
    }
}

static const struct gw_metric_desc *find_metric(const char *name) {
    for (size_t i = 0; i < gw_metric_count(); i++)
        if (!strcmp(gw_metric_at(i)->name, name)) return gw_metric_at(i);
    fail_msg("%s: golden value of a metric that is not in the table", name);
    return NULL;
}

static void matches_golden_values(void **state) {
    (void)state;
    struct golden golden;
    struct loaded loaded;
    golden_read(GOLDEN, &golden);
    for (size_t c = 0; c < golden.n_cases; c++) {
        load(&golden.cases[c], &loaded);
        for (size_t e = 0; e < golden.cases[c].n_expects; e++) {
            const struct golden_expect *want = &golden.cases[c].expect[e];
            const struct gw_metric_desc *metric = find_metric(want->name);
            assert_int_equal(metric->per_k, want->k > 0);
            double got = computed(metric, &loaded.sample, want->k);
            if (!near(got, want->value, 1e-12, 1e-3))
                fail_msg("case %s: %s(%g) = %.17g, want %.17g", golden.cases[c].name, want->name, want->k, got,
                         want->value);
        }
    }
    golden_free(&golden);
}

/* A metric without golden values must not get by; nor one whose only values are "undefined". */
static void every_metric_has_golden_values(void **state) {
    (void)state;
    struct golden golden;
    golden_read(GOLDEN, &golden);
    assert_true(gw_metric_count() > 0);
    for (size_t i = 0; i < gw_metric_count(); i++) {
        const struct gw_metric_desc *metric = gw_metric_at(i);
        size_t finite = 0, same_name = 0;
        for (size_t c = 0; c < golden.n_cases; c++)
            for (size_t e = 0; e < golden.cases[c].n_expects; e++)
                finite +=
                    !strcmp(golden.cases[c].expect[e].name, metric->name) && isfinite(golden.cases[c].expect[e].value);
        if (finite < 2)
            fail_msg("metric %s has no golden values in %s: add it to tests/golden/make_metrics.py", metric->name,
                     GOLDEN);
        for (size_t j = 0; j < gw_metric_count(); j++) same_name += !strcmp(gw_metric_at(j)->name, metric->name);
        assert_int_equal(same_name, 1);
        assert_true(name_is_safe(metric->name) && metric->help && metric->unit);
    }
    assert_null(gw_metric_at(gw_metric_count()));
    golden_free(&golden);
}

/* Tied bars are one group: no shuffle within a fold may move any metric. */
static void order_within_a_fold_does_not_matter(void **state) {
    (void)state;
    struct golden golden;
    struct loaded a, b;
    golden_read(GOLDEN, &golden);
    struct gw_rng rng;
    gw_rng_key(&rng, 1, "shuffle", 0, 0, 0);
    for (size_t c = 0; c < golden.n_cases; c++) {
        load(&golden.cases[c], &a);
        b = a;
        b.sample.score = b.score;
        b.sample.label = b.label;
        b.sample.fold = b.fold;
        if (a.sample.acted) b.sample.acted = b.acted;
        for (int level = 0; level < 3; level++)
            if (a.sample.pnl[level]) b.sample.pnl[level] = b.pnl[level];
        for (size_t begin = 0, end; begin < a.sample.n; begin = end) {
            for (end = begin; end < a.sample.n && a.fold[end] == a.fold[begin]; end++) continue;
            uint32_t order[512];
            for (size_t i = 0; i < end - begin; i++) order[i] = (uint32_t)(begin + i);
            gw_rng_shuffle(&rng, order, end - begin);
            for (size_t i = begin; i < end; i++) {
                uint32_t from = order[i - begin];
                b.score[i] = a.score[from];
                b.label[i] = a.label[from];
                b.acted[i] = a.acted[from];
                for (int level = 0; level < 3; level++) b.pnl[level][i] = a.pnl[level][from];
            }
        }
        for (size_t m = 0; m < gw_metric_count(); m++) {
            double want = computed(gw_metric_at(m), &a.sample, 7.5), got = computed(gw_metric_at(m), &b.sample, 7.5);
            if (!near(got, want, 1e-12, 1e-3))
                fail_msg("case %s: %s is %.17g shuffled, %.17g before", golden.cases[c].name, gw_metric_at(m)->name,
                         got, want);
        }
    }
    golden_free(&golden);
}

/* Ranks depend on nothing but the order: scores of any sign and size, infinities too, and 0 = -0. */
static void scores_may_be_any_number(void **state) {
    (void)state;
    enum { N = 12 };
    const float wide[N] = {INFINITY, 3e38f, 2e4f, 1.5f, 1e-30f, 1e-44f, 0, -0.0f, -1e-44f, -7, -3e38f, -INFINITY};
    const float plain[N] = {11, 10, 9, 8, 7, 6, 5, 5, 3, 2, 1, 0};
    for (uint64_t round = 0; round < 50; round++) {
        struct gw_rng rng;
        gw_rng_key(&rng, 6, "order", round, 0, 0);
        uint32_t order[N];
        float a[N], b[N];
        int8_t label[N];
        for (uint32_t i = 0; i < N; i++) order[i] = i;
        gw_rng_shuffle(&rng, order, N);
        for (size_t i = 0; i < N; i++) {
            a[i] = wide[order[i]];
            b[i] = plain[order[i]];
            label[i] = gw_rng_uniform(&rng) < .4;
        }
        label[0] = 1;
        assert_near(ap_of(a, label, N), ap_of(b, label, N), 0, 1);
    }
}

static void top_k_counts_bars_per_fold(void **state) {
    (void)state;
    enum { N = 300 };
    float score[N];
    int8_t label[N];
    uint32_t fold[N];
    double weight[N];
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "scores", 0, 0, 0);
    for (size_t i = 0; i < N; i++) {
        score[i] = (float)gw_rng_uniform(&rng);
        label[i] = gw_rng_uniform(&rng) < .2;
        fold[i] = i < 100 ? 0 : i < 101 ? 4 : 9;
    }
    struct gw_gate_sample sample = {.n = N, .score = score, .label = label, .fold = fold};
    struct gw_top_k top;
    assert_ok(gw_metric_top_k(&sample, 7, &top)); /* 7 of 100, 1 of 1, ceil(13.93) of 199 */
    assert_int_equal(top.n_selected, 7 + 1 + 14);
    assert_true(isnan(top.pnl_mean[1]) && isnan(top.profit_factor));
    assert_ok(gw_metric_top_k_weights(&sample, 7, weight));
    double sum = 0;
    for (size_t i = 0; i < 100; i++) sum += weight[i];
    assert_near(sum, 7, 1e-15, 1);
    assert_true(weight[100] == 1.0);
    for (double k = 1; k <= 100; k++) { /* whole percents of 100 bars are whole counts */
        struct gw_gate_sample first = {.n = 100, .score = score, .label = label, .fold = fold};
        assert_ok(gw_metric_top_k(&first, k, &top));
        assert_int_equal(top.n_selected, (size_t)k);
    }
    assert_ok(
        gw_metric_top_k(&(struct gw_gate_sample){.n = 1, .score = score, .label = label, .fold = fold}, .1, &top));
    assert_int_equal(top.n_selected, 1);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    float score[3] = {.5f, NAN, .1f};
    int8_t label[3] = {1, 0, 0}, missing[3] = {1, -1, 0};
    uint32_t fold[3] = {0, 0, 0};
    struct gw_top_k top;
    struct gw_curve_point points[8];
    size_t n;
    struct gw_gate_sample sample = {.n = 3, .score = score, .label = label, .fold = fold};
    assert_fails(gw_metric_top_k(&sample, 10, &top), GW_ERR_DATA, "bar 1 of 3 is NaN");
    assert_fails(gw_curve_reliability(&sample, 4, points, &n), GW_ERR_DATA, "NaN");
    assert_fails(gw_curve_precision_recall(&sample, 4, points, &n), GW_ERR_DATA, "NaN");
    assert_fails(gw_curve_histogram(&sample, 4, points), GW_ERR_DATA, "NaN");
    assert_fails(gw_curve_histogram(&sample, 1, points), GW_ERR_CONFIG, "2 points");
    assert_true(isnan(ap_of(score, label, 3)));
    for (size_t m = 0; m < gw_metric_count(); m++) {
        const char *name = gw_metric_at(m)->name;
        bool counts = !strcmp(name, "n_bars") || !strcmp(name, "n_positives") || !strcmp(name, "prevalence");
        if (isnan(computed(gw_metric_at(m), &sample, 10)) == counts) fail_msg("%s with a NaN score", name);
    }
    score[1] = .2f;
    assert_fails(gw_metric_top_k(&sample, 0, &top), GW_ERR_CONFIG, "k = 0");
    assert_fails(gw_metric_top_k(&sample, 100.5, &top), GW_ERR_CONFIG, "100.5");
    assert_fails(gw_metric_top_k(&sample, NAN, &top), GW_ERR_CONFIG, "k =");
    sample.label = missing;
    assert_fails(gw_metric_top_k(&sample, 10, &top), GW_ERR_DATA, "0 or 1");
    assert_true(isnan(ap_of(score, missing, 3)));
}

static void an_empty_sample_is_undefined(void **state) {
    (void)state;
    struct gw_gate_sample empty = {0};
    for (size_t m = 0; m < gw_metric_count(); m++) {
        double got = computed(gw_metric_at(m), &empty, 5);
        if (strncmp(gw_metric_at(m)->name, "n_", 2) ? !isnan(got) : got != 0)
            fail_msg("%s = %g", gw_metric_at(m)->name, got);
    }
    struct gw_curve_point points[4];
    size_t n = 9;
    assert_ok(gw_curve_precision_recall(&empty, 4, points, &n));
    assert_int_equal(n, 0);
    assert_ok(gw_curve_reliability(&empty, 4, points, &n));
    assert_int_equal(n, 0);
    assert_ok(gw_curve_histogram(&empty, 4, points));
}

static void check_curves(const struct golden_case *in, const struct gw_gate_sample *sample) {
    struct gw_curve_point points[512];
    const struct golden_array *precision = golden_find(in, "curve_precision"), *x = golden_get(in, "reliability_x");
    size_t n;
    assert_ok(gw_curve_precision_recall(sample, 512, points, &n));
    assert_int_equal(n, precision ? precision->n : 0);
    for (size_t i = 0; i < n; i++) {
        assert_near(points[i].y, precision->value[i], 1e-12, 1e-3);
        assert_near(points[i].x, golden_get(in, "curve_recall")->value[i], 1e-12, 1e-3);
    }
    assert_ok(gw_curve_reliability(sample, 10, points, &n));
    assert_int_equal(n, x->n);
    for (size_t i = 0; i < n; i++) {
        assert_near(points[i].x, x->value[i], 1e-12, 1e-3);
        assert_near(points[i].y, golden_get(in, "reliability_y")->value[i], 1e-12, 1e-3);
        assert_near(points[i].count, golden_get(in, "reliability_count")->value[i], 0, 1);
    }
}

static void curves_match_golden_values(void **state) {
    (void)state;
    struct golden golden;
    struct loaded loaded;
    golden_read(GOLDEN, &golden);
    for (size_t c = 0; c < golden.n_cases; c++) {
        load(&golden.cases[c], &loaded);
        check_curves(&golden.cases[c], &loaded.sample);
    }
    golden_free(&golden);
}

static void thinning_keeps_the_ends(void **state) {
    (void)state;
    struct golden golden;
    struct loaded loaded;
    struct gw_curve_point all[512], few[12];
    size_t n_all, n_few;
    golden_read(GOLDEN, &golden);
    load(&golden.cases[2], &loaded); /* 400 bars */
    assert_ok(gw_curve_precision_recall(&loaded.sample, 512, all, &n_all));
    assert_true(n_all > 300);
    assert_ok(gw_curve_precision_recall(&loaded.sample, 12, few, &n_few));
    assert_int_equal(n_few, 12);
    assert_memory_equal(&few[0], &all[0], sizeof *few);
    assert_memory_equal(&few[11], &all[n_all - 1], sizeof *few);
    assert_near(few[11].x, 1, 0, 1);
    assert_near(few[11].count, 400, 0, 1);
    for (size_t i = 1; i < n_few; i++) assert_true(few[i].count > few[i - 1].count);
    assert_true(few[6].count < 150); /* most points lie where the scores are best */
    golden_free(&golden);
}

static void histogram_counts_every_bar_once(void **state) {
    (void)state;
    float score[6] = {0, .24f, .26f, .5f, 1, 1};
    int8_t label[6] = {1, 0, 1, 0, 1, 1};
    uint32_t fold[6] = {0};
    struct gw_curve_point bin[4];
    assert_ok(
        gw_curve_histogram(&(struct gw_gate_sample){.n = 6, .score = score, .label = label, .fold = fold}, 4, bin));
    const double bars[4] = {2, 1, 1, 2}, positives[4] = {1, 1, 0, 2};
    for (size_t b = 0; b < 4; b++) {
        assert_near(bin[b].x, .125 + .25 * (double)b, 1e-15, 1);
        assert_near(bin[b].y, bars[b] / (6 * .25), 1e-15, 1);
        assert_near(bin[b].count, positives[b], 0, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_golden_values),
        cmocka_unit_test(every_metric_has_golden_values),
        cmocka_unit_test(order_within_a_fold_does_not_matter),
        cmocka_unit_test(scores_may_be_any_number),
        cmocka_unit_test(top_k_counts_bars_per_fold),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(an_empty_sample_is_undefined),
        cmocka_unit_test(curves_match_golden_values),
        cmocka_unit_test(thinning_keeps_the_ends),
        cmocka_unit_test(histogram_counts_every_bar_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
