/* Does "significant at 5 %" mean it? Two scorers of equal skill must be called different about once in twenty markets,
 * and a planted difference must be found. An argument sets the number of markets: the study behind the choice of
 * interval is this program with a few hundred. */
#include <stdlib.h>

#include "engine/base/base.h"
#include "market.h"
#include "test.h"

static struct made_market market;
static size_t n_markets = 200;

/* Share of markets in which each delta is significant, and of those in which the candidate is the better. */
static void count_verdicts(uint64_t seed, size_t n_bars, size_t n_seeds, double strength_a, double strength_b,
                           double rejected[GW_N_DELTAS], double better[GW_N_DELTAS]) {
    struct gw_verdict_config config = {.n_bootstrap = 99, .confidence = 0.95, .horizon = MARKET_HORIZON};
    char key[GW_METRIC_KEY_MAX];
    size_t decided[GW_N_DELTAS] = {0}, significant[GW_N_DELTAS] = {0}, positive[GW_N_DELTAS] = {0};
    for (size_t m = 0; m < n_markets; m++) {
        struct gw_gate_verdict got;
        market_make(&market, seed + m, n_bars, n_seeds, strength_a, strength_b);
        config.seed = m;
        assert_ok(gw_verdict_compare(&market.sample, &config, &got));
        for (int d = 0; d < GW_N_DELTAS; d++) {
            decided[d] += isfinite(got.delta[d].p_value) ? 1 : 0;
            significant[d] += got.delta[d].significant;
            positive[d] += got.delta[d].significant && got.delta[d].value > 0;
        }
    }
    for (int d = 0; d < GW_N_DELTAS; d++) {
        assert_true(decided[d] >= n_markets * 9 / 10);
        rejected[d] = (double)significant[d] / (double)decided[d];
        better[d] = (double)positive[d] / (double)decided[d];
        print_message("strengths %g and %g, %zu seeds: %s significant in %.1f %%\n", strength_a, strength_b, n_seeds,
                      gw_metric_key_write(key, gw_delta_metric[d].name, gw_delta_metric[d].k), 100 * rejected[d]);
    }
}

static void equal_scorers_are_rarely_called_different(void **state) {
    (void)state;
    double rejected[GW_N_DELTAS], better[GW_N_DELTAS];
    count_verdicts(1000, 8000, 2, 1, 1, rejected, better);
    /* Over 300 markets it is 2.0–5.0 %; a rate of 5 % counted in 200 has a standard deviation of 1.5 points, one of 2 % one
     * of 1. */
    for (int d = 0; d < GW_N_DELTAS; d++) assert_true(rejected[d] >= .005 && rejected[d] <= .09);
}

static void a_planted_difference_is_found(void **state) {
    (void)state;
    double rejected[GW_N_DELTAS], better[GW_N_DELTAS];
    n_markets /= 4;
    count_verdicts(5000, 3000, 2, 1.4, 0.2, rejected, better);
    n_markets *= 4;
    for (int d = 0; d < GW_N_DELTAS; d++) assert_true(better[d] >= .8 && better[d] == rejected[d]);
}

int main(int argc, char **argv) {
    if (argc > 1) n_markets = (size_t)strtoul(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scorers_are_rarely_called_different),
        cmocka_unit_test(a_planted_difference_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
