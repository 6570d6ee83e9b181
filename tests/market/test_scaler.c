/* Scalers against scikit-learn, and what they do with constants, outliers and missing values. */
#include "engine/base/base.h"
#include "random_market.h"

#include <stdlib.h>

#include "gatewalk/feature.h"

enum { N_FEATURES = 6 };

struct gw_sample {
    size_t n;
    float *value;
    const float **row;
};

static void load_sample(struct gw_sample *s) {
    struct table table;
    assert_ok(table_read("tests/golden/scaler_rows.csv", &table));
    assert_int_equal(table.n_columns, N_FEATURES);
    s->n = table.n_rows;
    s->value = mem_calloc(s->n * N_FEATURES, sizeof *s->value);
    s->row = mem_calloc(s->n, sizeof *s->row);
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < N_FEATURES; j++) s->value[i * N_FEATURES + j] = (float)table_number(&table, i, j);
        s->row[i] = s->value + i * N_FEATURES;
    }
    table_free(&table);
}

static void free_sample(struct gw_sample *s) {
    mem_free(s->value);
    mem_free(s->row);
}

static void test_golden(void **state) {
    (void)state;
    struct gw_sample s;
    struct table golden;
    struct gw_scaler standard, robust;
    load_sample(&s);
    assert_ok(table_read("tests/golden/scaler_golden.csv", &golden));
    assert_int_equal(golden.n_rows, N_FEATURES);
    assert_ok(gw_scaler_fit(GW_SCALER_STANDARD, 10, s.row, s.n, N_FEATURES, &standard));
    assert_ok(gw_scaler_fit(GW_SCALER_ROBUST, 10, s.row, s.n, N_FEATURES, &robust));
    size_t n_constant = 0;
    for (size_t j = 0; j < N_FEATURES; j++) {
        double mean = table_number(&golden, j, 1), sd = table_number(&golden, j, 2);
        double median = table_number(&golden, j, 3), iqr = table_number(&golden, j, 4);
        assert_near(standard.center[j], mean, 1e-13, 0);
        assert_near(robust.center[j], median, 0, 0);
        if (!strcmp(golden.cell[j * golden.n_columns], "constant")) {
            assert_true(standard.inverse_scale[j] == 0 && robust.inverse_scale[j] == 0);
            n_constant++;
            continue;
        }
        /* scikit-learn's own sd is good to about 1e-12 where the mean is 60,000 times the spread. */
        assert_near(standard.inverse_scale[j], 1 / sd, 1e-11, 0);
        assert_near(robust.inverse_scale[j], iqr > 0 ? 1.349 / iqr : 1 / sd, 1e-11, 0);
    }
    assert_int_equal(n_constant, 1);
    gw_scaler_free(&standard);
    gw_scaler_free(&robust);
    table_free(&golden);
    free_sample(&s);
}

static void test_apply(void **state) {
    (void)state;
    struct gw_sample s;
    struct gw_scaler scaler;
    load_sample(&s);
    assert_ok(gw_scaler_fit(GW_SCALER_STANDARD, 3, s.row, s.n, N_FEATURES, &scaler));
    float *out = mem_calloc(s.n * N_FEATURES, sizeof *out);
    size_t n_clipped = 0;
    gw_scaler_apply(&scaler, s.value, s.n, out);
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = 0; j < N_FEATURES; j++) {
            double y = (s.row[i][j] - scaler.center[j]) * scaler.inverse_scale[j];
            n_clipped += fabs(y) > 3;
            assert_true(out[i * N_FEATURES + j] == (float)fmin(fmax(y, -3), 3));
        }
    assert_true(n_clipped > 0);
    gw_scaler_apply(&scaler, s.value, s.n, s.value); /* in place */
    assert_memory_equal(s.value, out, s.n * N_FEATURES * sizeof *out);
    float odd[N_FEATURES] = {NAN, INFINITY, -INFINITY, 1e30f, NAN, NAN};
    gw_scaler_apply(&scaler, odd, 1, odd);
    assert_true(isnan(odd[0]) && odd[1] == 3 && odd[2] == -3 && odd[3] == 3 && isnan(odd[4]) && isnan(odd[5]));
    mem_free(out);
    gw_scaler_free(&scaler);
    free_sample(&s);
}

static void test_none_changes_nothing(void **state) {
    (void)state;
    struct gw_sample s;
    struct gw_scaler scaler;
    load_sample(&s);
    assert_ok(gw_scaler_fit(GW_SCALER_NONE, 10, s.row, s.n, N_FEATURES, &scaler));
    float *out = mem_calloc(s.n * N_FEATURES, sizeof *out);
    gw_scaler_apply(&scaler, s.value, s.n, out);
    assert_memory_equal(s.value, out, s.n * N_FEATURES * sizeof *out); /* also what lies beyond ±10 */
    mem_free(out);
    gw_scaler_free(&scaler);
    free_sample(&s);
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double sorted_quantile(const float *sorted, size_t n, double q) {
    double at = q * (double)(n - 1), part = at - floor(at);
    size_t k = (size_t)at;
    return part > 0 ? sorted[k] * (1 - part) + sorted[k + 1] * part : sorted[k];
}

/* Quantiles by selection equal those of a sorted array: sorted, reversed, tied and random input. */
static void test_robust_against_sorting(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "quantile test", 0, 0, 0);
    for (size_t round = 0; round < 400; round++) {
        size_t n = 1 + gw_rng_below(&rng, 60);
        float value[64], sorted[64];
        const float *row[64];
        for (size_t i = 0; i < n; i++) {
            value[i] = round % 4 == 0   ? (float)gw_rng_below(&rng, 4)
                       : round % 4 == 1 ? (float)i
                       : round % 4 == 2 ? -(float)i
                                        : (float)gw_rng_normal(&rng);
            row[i] = &value[i];
        }
        memcpy(sorted, value, sizeof sorted);
        qsort(sorted, n, sizeof *sorted, by_value);
        struct gw_scaler scaler;
        assert_ok(gw_scaler_fit(GW_SCALER_ROBUST, 10, row, n, 1, &scaler));
        assert_near(scaler.center[0], sorted_quantile(sorted, n, .5), 1e-14, 1e-6);
        double iqr = sorted_quantile(sorted, n, .75) - sorted_quantile(sorted, n, .25);
        if (iqr > 0) assert_near(scaler.inverse_scale[0], 1.349 / iqr, 1e-12, 0);
        gw_scaler_free(&scaler);
    }
}

static void test_errors(void **state) {
    (void)state;
    float value[] = {1, 2, NAN, 4};
    const float *row[] = {value, value + 2};
    struct gw_scaler scaler;
    assert_fails(gw_scaler_fit(GW_SCALER_STANDARD, 10, row, 2, 2, &scaler), GW_ERR_INTERNAL, "feature 0 is not finite");
    assert_fails(gw_scaler_fit(GW_SCALER_STANDARD, 0, row, 1, 2, &scaler), GW_ERR_CONFIG,
                 "clip must be greater than 0");
    assert_fails(gw_scaler_fit(GW_SCALER_ROBUST, NAN, row, 1, 2, &scaler), GW_ERR_CONFIG, "clip");
    assert_fails(gw_scaler_fit(GW_SCALER_ROBUST, 10, row, 0, 2, &scaler), GW_ERR_CONFIG, "no training rows");
    static const char *const name[] = {"standard", "robust", "none"};
    for (int kind = GW_SCALER_STANDARD; kind <= GW_SCALER_NONE; kind++) {
        struct gw_scaler_config config = {.kind = (enum gw_scaler_kind)kind};
        assert_string_equal(gw_param_word(&gw_scaler_params, &config, "kind"), name[kind]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_none_changes_nothing),
        cmocka_unit_test(test_robust_against_sorting),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
