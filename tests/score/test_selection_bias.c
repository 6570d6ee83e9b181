/* The price of having tried many: deflated Sharpe ratio and probability of backtest overfitting. */
#include <stdlib.h>

#include "gatewalk/rng.h"
#include "gatewalk/verdict.h"
#include "golden.h"

static double overfitting(const double *returns, size_t n_periods, size_t n_trials, size_t n_splits) {
    double probability;
    assert_ok(gw_backtest_overfitting(returns, n_periods, n_trials, n_splits, &probability));
    return probability;
}

/* Bailey & Lopez de Prado (2014), numerical example: an annualised Sharpe ratio of 2.5 over 1,250 days of 250 a year,
 * skewness -3, kurtosis 10, best of 100 trials whose annualised ratios have variance 1/2. */
static void the_published_example(void **state) {
    (void)state;
    double sharpe = 2.5 / sqrt(250), variance = 0.5 / 250;
    assert_near(gw_deflated_sharpe_threshold(100, variance), 0.1132, 0.0005, 0);
    assert_near(gw_deflated_sharpe_from_moments(sharpe, 1250, -3, 10, 100, variance), 0.9004, 0.0001, 0);
    assert_near(gw_deflated_sharpe_from_moments(sharpe, 1250, -3, 10, 46, variance), 0.9505, 0.0001, 0);
    assert_near(gw_deflated_sharpe_from_moments(sharpe, 1250, 0, 3, 88, variance), 0.9505, 0.0001, 0);
}

static void matches_golden_values(void **state) {
    (void)state;
    struct golden golden;
    size_t deflated = 0, overfitted = 0;
    golden_read("tests/golden/metrics_statistics.txt", &golden);
    for (size_t c = 0; c < golden.n_cases; c++) {
        const struct golden_case *in = &golden.cases[c];
        const struct golden_array *returns = golden_find(in, "returns"), *shape = golden_find(in, "shape");
        if (returns && shape) {
            assert_near(
                overfitting(returns->value, (size_t)shape->value[0], (size_t)shape->value[1], (size_t)shape->value[2]),
                golden_want(in, "backtest_overfitting"), 1e-12, 1e-3);
            overfitted++;
        } else if (returns) {
            size_t trials = (size_t)golden_get(in, "trials")->value[0];
            double variance = golden_get(in, "variance")->value[0];
            assert_near(gw_deflated_sharpe(returns->value, returns->n, trials, variance),
                        golden_want(in, "deflated_sharpe"), 1e-9, 1e-3);
            assert_near(gw_deflated_sharpe_threshold(trials, variance), golden_want(in, "deflated_sharpe_threshold"),
                        1e-9, 1e-3);
            deflated++;
        }
    }
    assert_true(deflated >= 3 && overfitted >= 3);
    golden_free(&golden);
}

/* Independent noise: the winner of one half is as likely below as above the median of the other. One trial that is
 * better: it wins both halves. */
static void noise_overfits_half_the_time_and_skill_does_not(void **state) {
    (void)state;
    enum { PERIODS = 320, TRIALS = 12, MATRICES = 60 };
    static double returns[PERIODS * TRIALS];
    struct gw_rng rng;
    double noise = 0;
    for (uint64_t m = 0; m < MATRICES; m++) {
        gw_rng_key(&rng, 21, "noise", m, 0, 0);
        for (size_t i = 0; i < PERIODS * TRIALS; i++) returns[i] = 0.01 * gw_rng_normal(&rng);
        noise += overfitting(returns, PERIODS, TRIALS, 8) / MATRICES;
    }
    assert_true(noise > .42 && noise < .58);
    for (size_t t = 0; t < PERIODS; t++) returns[t * TRIALS + 5] += 0.01;
    assert_true(overfitting(returns, PERIODS, TRIALS, 8) < .01);
    /* A trial that shines in one half only, whichever half: the winner inside is the loser outside. */
    for (size_t t = 0; t < PERIODS; t++)
        for (size_t k = 0; k < 2; k++)
            returns[t * 2 + k] = ((t / (PERIODS / 2) == k) ? .01 : -.01) + 0.001 * gw_rng_normal(&rng);
    assert_true(overfitting(returns, PERIODS, 2, 2) == 1.0);
}

/* The same return in every period has a spread of rounding errors only, in some halves: it must not win those. */
static void a_flat_trial_has_no_sharpe(void **state) {
    (void)state;
    enum { PERIODS = 67 };
    double returns[PERIODS * 2];
    struct gw_rng rng;
    gw_rng_key(&rng, 2, "noise", 0, 0, 0);
    for (double flat = 0.1; flat < 1; flat += 0.07) {
        for (size_t t = 0; t < PERIODS; t++) {
            returns[2 * t] = flat;
            returns[2 * t + 1] = 0.01 + 0.005 * gw_rng_normal(&rng);
        }
        assert_true(overfitting(returns, PERIODS, 2, 6) == 0);
    }
}

static void more_trials_deflate_more(void **state) {
    (void)state;
    double previous = 1;
    for (size_t trials = 1; trials < 100000; trials *= 3) {
        double now = gw_deflated_sharpe_from_moments(.1, 500, 0, 3, trials, .002);
        assert_true(now < previous && now > 0);
        previous = now;
    }
}

static void undefined_cases(void **state) {
    (void)state;
    double flat[40], returns[40];
    for (size_t i = 0; i < 40; i++) {
        flat[i] = 0.1;
        returns[i] = i % 3 ? .01 : -.01;
    }
    assert_true(isnan(gw_deflated_sharpe(flat, 40, 5, .1)));
    assert_true(isnan(gw_deflated_sharpe(returns, 2, 5, .1)));
    assert_true(isnan(gw_deflated_sharpe(returns, 40, 0, .1)));
    assert_true(isnan(gw_deflated_sharpe(returns, 40, 5, NAN)));
    assert_true(isnan(gw_deflated_sharpe(returns, 40, 5, -1)));
    assert_true(isnan(gw_deflated_sharpe_from_moments(2, 100, 3, 4, 5, .1))); /* no such distribution */
    assert_true(isfinite(gw_deflated_sharpe(returns, 40, 5, 0)));
    assert_true(isnan(overfitting(returns, 20, 2, 3)));
    assert_true(isnan(overfitting(returns, 20, 2, 22)));
    assert_true(isnan(overfitting(returns, 20, 2, 12)));
    assert_true(isnan(overfitting(returns, 40, 1, 4)));
    assert_true(isfinite(overfitting(returns, 20, 2, 4)));
    assert_true(isfinite(overfitting(flat, 20, 2, 4)));
    returns[3] = INFINITY;
    assert_true(isnan(overfitting(returns, 20, 2, 4)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_example),
        cmocka_unit_test(matches_golden_values),
        cmocka_unit_test(noise_overfits_half_the_time_and_skill_does_not),
        cmocka_unit_test(a_flat_trial_has_no_sharpe),
        cmocka_unit_test(more_trials_deflate_more),
        cmocka_unit_test(undefined_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
