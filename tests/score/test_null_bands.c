/* Where precision, profit and the curve lie by luck: against all shifts, one by one. */
#include <stdlib.h>

#include "engine/base/base.h"
#include "engine/score/null_bands.h"
#include "market.h"
#include "test.h"

enum { N = 600 };
static struct made_market market;

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One fold and as many resamples as shifts: mean and percentiles are those of the list of all shifts. */
static void bands_are_those_of_all_shifts(void **state) {
    (void)state;
    static int8_t label[N];
    static double pnl[N], precision[N], profit[N];
    const double k[] = {5};
    struct null_bands got;
    market_make(&market, 3, N, 1, .5, 0);
    for (size_t i = 0; i < N; i++) market.fold[i] = 0;
    struct gw_gate_sample sample = {.n = N, .score = market.a[0], .label = market.label, .fold = market.fold};
    sample.pnl[1] = market.pnl;
    assert_ok(null_bands_make(&sample, &sample.score, 1, k, 1, NULL_BAND_RESAMPLES_MAX, 1, 9, &got));
    double mean_precision = 0, mean_profit = 0;
    for (size_t shift = 1; shift < N; shift++) {
        struct gw_gate_sample shifted = sample;
        struct gw_top_k top;
        for (size_t i = 0; i < N; i++) {
            label[i] = market.label[(i + shift) % N];
            pnl[i] = market.pnl[(i + shift) % N];
        }
        shifted.label = label;
        shifted.pnl[1] = pnl;
        assert_ok(gw_metric_top_k(&shifted, 5, &top));
        precision[shift - 1] = top.precision;
        profit[shift - 1] = top.pnl_mean[1];
        mean_precision += top.precision / (N - 1);
        mean_profit += top.pnl_mean[1] / (N - 1);
    }
    qsort(precision, N - 1, sizeof *precision, by_value);
    qsort(profit, N - 1, sizeof *profit, by_value);
    assert_near(got.precision[0].mean, mean_precision, .08, 0);
    assert_true(got.precision[0].low >= precision[N / 50] && got.precision[0].low <= precision[N / 10]);
    assert_true(got.precision[0].high <= precision[N - 1 - N / 50] &&
                got.precision[0].high >= precision[N - 1 - N / 10]);
    assert_true(fabs(got.pnl[0].mean - mean_profit) < .0005);
    assert_true(got.pnl[0].low >= profit[N / 50] && got.pnl[0].high <= profit[N - 1 - N / 50]);
}

static void the_curve_ends_at_prevalence(void **state) {
    (void)state;
    const double k[] = {1, 5};
    struct null_bands got;
    size_t positives = 0;
    market_make(&market, 4, N, 1, .5, 0);
    for (size_t i = 0; i < N; i++) positives += market.label[i] == 1;
    struct gw_gate_sample sample = {.n = N, .score = market.a[0], .label = market.label, .fold = market.fold};
    assert_ok(null_bands_make(&sample, &sample.score, 1, k, 2, 200, 1, 9, &got));
    assert_true(isnan(got.pnl[0].mean)); /* no returns */
    for (size_t i = 0; i < NULL_RECALLS; i++) assert_true(got.curve[i].low <= got.curve[i].high);
    assert_near(null_recall(NULL_RECALLS - 1), 1, 1e-12, 0);
    assert_near(got.curve[NULL_RECALLS - 1].mean, (double)positives / N, .08, 0); /* its last positive may come early */
    for (size_t i = 0; i < N; i++) market.label[i] = 0;
    assert_ok(null_bands_make(&sample, &sample.score, 1, k, 2, 200, 1, 9, &got));
    assert_true(isnan(got.precision[0].mean) && isnan(got.curve[0].high));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_are_those_of_all_shifts),
        cmocka_unit_test(the_curve_ends_at_prevalence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
