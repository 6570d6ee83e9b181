/* Many differences at once, sureness of Sharpe ratios, and the test of two forecasts, against independent code and
 * published numbers. */
#include "gatewalk/rng.h"
#include "gatewalk/verdict.h"
#include "golden.h"

static const char GOLDEN[] = "tests/golden/metrics_corrections.txt";

static void check_holm(const struct golden_case *in) {
    const struct golden_array *p = golden_get(in, "p_value"), *want = golden_get(in, "adjusted");
    double got[8];
    assert_true(p->n <= 8);
    assert_ok(gw_holm(p->value, p->n, (size_t)golden_get(in, "family")->value[0], got));
    for (size_t i = 0; i < p->n; i++) assert_near(got[i], want->value[i], 1e-12, 1e-6);
}

static void check_superior(const struct golden_case *in) {
    const struct golden_array *value = golden_get(in, "value"), *replicate = golden_get(in, "replicate");
    const size_t n = value->n, each = replicate->n / n;
    const double *row[8];
    struct gw_superior_ability got;
    assert_true(n <= 8);
    for (size_t k = 0; k < n; k++) row[k] = replicate->value + k * each;
    assert_ok(gw_superior_ability(value->value, row, n, each, (size_t)golden_get(in, "n_bars")->value[0], &got));
    assert_near(got.p_lower, golden_want(in, "p_lower"), 1e-12, 1e-6);
    assert_near(got.p_value, golden_want(in, "p_value"), 1e-12, 1e-6);
    assert_near(got.p_upper, golden_want(in, "p_upper"), 1e-12, 1e-6);
    assert_true(got.p_lower <= got.p_value && got.p_value <= got.p_upper);
    assert_int_equal(got.best, n / 2);
}

static void check_forecast(const struct golden_case *in) {
    const struct golden_array *difference = golden_get(in, "difference");
    struct gw_forecast_test got;
    gw_diebold_mariano(difference->value, difference->n, (size_t)golden_get(in, "horizon")->value[0], &got);
    assert_near(got.statistic, golden_want(in, "statistic"), 1e-9, 1e-6);
    assert_near(got.p_value, golden_want(in, "p_value"), 1e-9, 1e-9);
    assert_int_equal(got.bartlett, strcmp(in->name, "forecast_negative_sum") == 0);
}

static void matches_golden_values(void **state) {
    (void)state;
    static const struct {
        const char *prefix;
        void (*check)(const struct golden_case *in);
        size_t n;
    } kinds[] = {{"holm_", check_holm, 4}, {"superior_", check_superior, 5}, {"forecast_", check_forecast, 5}};
    struct golden golden;
    golden_read(GOLDEN, &golden);
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        size_t n = 0;
        for (size_t c = 0; c < golden.n_cases; c++) {
            if (strncmp(golden.cases[c].name, kinds[k].prefix, strlen(kinds[k].prefix)) != 0) continue;
            kinds[k].check(&golden.cases[c]);
            n++;
        }
        assert_int_equal(n, kinds[k].n);
    }
    golden_free(&golden);
}

/* Bailey & Lopez de Prado (2012): 24 months of a fund with a Sharpe ratio of 0.458 a month, skewness -2.448 and kurtosis
 * 10.164 have a PSR of 0.913, where normal returns would have 0.982; a ratio of 2 a year by normal daily returns takes
 * 2.73 years to be told from 1, by weekly ones 2.83, by monthly ones 3.24. */
static void the_published_examples(void **state) {
    (void)state;
    assert_near(gw_probabilistic_sharpe(.458, 24, 0, 3, 0), .982, 5e-4, 0);
    assert_near(gw_probabilistic_sharpe(.458, 24, -2.448, 10.164, 0), .913, 1e-3, 0);
    static const struct { double per_year, years; } c[] = {{252, 2.73}, {52, 2.83}, {12, 3.24}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        double root = sqrt(c[i].per_year);
        assert_near(gw_minimum_track_record(2 / root, 0, 3, 1 / root, .95) / c[i].per_year, c[i].years, 2.5e-3, 0);
    }
}

static void track_record_and_probability_agree(void **state) {
    (void)state;
    double n = gw_minimum_track_record(.08, -.7, 6, .01, .95);
    assert_true(n > 100);
    assert_true(gw_probabilistic_sharpe(.08, (size_t)ceil(n), -.7, 6, .01) >= .95);
    assert_true(gw_probabilistic_sharpe(.08, (size_t)floor(n) - 1, -.7, 6, .01) < .95);
    assert_true(isinf(gw_minimum_track_record(.01, 0, 3, .01, .95)));
    assert_true(isnan(gw_minimum_track_record(2, 3, 4, 0, .95))); /* no such distribution */
    assert_true(isnan(gw_probabilistic_sharpe(.1, 1, 0, 3, 0)));
}

/* Student's t by its own integral: numbers of any table. */
static void two_forecasts(void **state) {
    (void)state;
    double difference[11];
    struct gw_forecast_test got;
    for (size_t i = 0; i < 11; i++) difference[i] = i % 2 ? 1 : -1;
    gw_diebold_mariano(difference, 11, 11, &got);
    assert_true(isnan(got.p_value)); /* no longer than its horizon */
    for (size_t i = 0; i < 11; i++) difference[i] = 0.25;
    gw_diebold_mariano(difference, 11, 1, &got);
    assert_true(isnan(got.p_value) && fabs(got.mean - .25) < 1e-15);
    for (size_t i = 0; i < 11; i++) difference[i] = (i % 2 ? 1 : -1) + (i == 10);
    gw_diebold_mariano(difference, 11, 1, &got);
    double flipped = got.statistic;
    for (size_t i = 0; i < 11; i++) difference[i] = -difference[i];
    gw_diebold_mariano(difference, 11, 1, &got);
    assert_near(got.statistic, -flipped, 1e-12, 0);
    /* n = 11: a statistic of 2.228 is 5 % by a table of t with 10 degrees of freedom. Mean m of values m ± 1 has variance
     * 120/121 / 11 about, and the correction is 10/11. */
    double spread = sqrt(120.0 / 121), mean = 2.2281388519649385 * spread / sqrt(10.0);
    for (size_t i = 0; i < 11; i++) difference[i] = (i % 2 ? 1 : -1) + 1.0 / 11 + mean;
    gw_diebold_mariano(difference, 11, 1, &got);
    assert_near(got.statistic, 2.2281388519649385, 1e-12, 0);
    assert_near(got.p_value, .05, 1e-10, 0); /* scipy: .05000000000180862 */
}

/* The size of Holm's and Hansen's tests: normal differences without truth behind them. */
static void families_of_noise_are_rarely_rejected(void **state) {
    (void)state;
    enum { FAMILIES = 400, N = 8, REPLICATES = 199 };
    static double replicate[N][REPLICATES];
    double value[N], p[N], adjusted[N];
    const double *row[N];
    size_t holm = 0, hansen = 0, uncorrected = 0;
    struct gw_rng rng;
    for (uint64_t f = 0; f < FAMILIES; f++) {
        gw_rng_key(&rng, 5, "family", f, 0, 0);
        double shared = gw_rng_normal(&rng);
        for (size_t k = 0; k < N; k++) {
            value[k] = .7 * shared + .714 * gw_rng_normal(&rng);
            p[k] = erfc(fabs(value[k]) / sqrt(2));
            row[k] = replicate[k];
        }
        for (size_t r = 0; r < REPLICATES; r++) {
            double common = gw_rng_normal(&rng);
            for (size_t k = 0; k < N; k++) replicate[k][r] = value[k] + .7 * common + .714 * gw_rng_normal(&rng);
        }
        struct gw_superior_ability best;
        assert_ok(gw_holm(p, N, 0, adjusted));
        assert_ok(gw_superior_ability(value, row, N, REPLICATES, 5000, &best));
        size_t any_holm = 0, any = 0;
        for (size_t k = 0; k < N; k++) any_holm += adjusted[k] <= .05, any += p[k] <= .05;
        holm += any_holm > 0;
        uncorrected += any > 0;
        hansen += best.p_value <= .05;
    }
    assert_true(uncorrected > FAMILIES / 6); /* what the correction is for */
    assert_true(holm <= FAMILIES * 7 / 100 && holm > FAMILIES / 100);
    assert_true(hansen <= FAMILIES * 8 / 100 && hansen > FAMILIES * 2 / 100);
}

static void undefined_families(void **state) {
    (void)state;
    struct gw_superior_ability got;
    double value[2] = {1, NAN}, flat[3] = {1, 1, 1}, worse[3] = {-3, -1, -2};
    const double *row[2] = {flat, flat};
    assert_ok(gw_superior_ability(value, row, 0, 3, 100, &got));
    assert_true(got.best == SIZE_MAX && isnan(got.p_value) && got.n == 0);
    assert_ok(gw_superior_ability(value, row, 2, 3, 100, &got)); /* no spread, no value */
    assert_true(got.best == SIZE_MAX && isnan(got.p_value));
    value[0] = -2;
    row[0] = worse;
    assert_ok(gw_superior_ability(value, row, 1, 3, 100, &got)); /* the best is worse than the baseline */
    assert_true(got.p_value == 1 && got.best == 0 && got.statistic < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_golden_values),
        cmocka_unit_test(the_published_examples),
        cmocka_unit_test(track_record_and_probability_agree),
        cmocka_unit_test(two_forecasts),
        cmocka_unit_test(families_of_noise_are_rarely_rejected),
        cmocka_unit_test(undefined_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
