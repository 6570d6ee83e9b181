/* The strategies: every row of the table runs and balances, refuses what makes no sense, and buy_and_hold is the market. */
#include "sma_means.h"

/* ---- the table ---------------------------------------------------------------------------------- */

static void random_scores(struct gw_score *score, double *min_move, size_t n, struct gw_rng *rng) {
    for (size_t i = 0; i < n; ++i) {
        for (int g = 0; g < GW_N_GATES; ++g) {
            score[i].p[g] = gw_rng_below(rng, 10) ? (float)gw_rng_uniform(rng) : NAN;
            score[i].tau[g] = 0.9f;
        }
        min_move[i] = i < 5 ? NAN : 0.005 + 0.01 * gw_rng_uniform(rng);
    }
}

static void every_strategy_runs_and_balances(void **state) {
    (void)state;
    enum { N = 600, SYMBOLS = 2 };
    static struct gw_score score[SYMBOLS][N];
    static double min_move[SYMBOLS][N];
    const struct gw_score *scores[] = {score[0], score[1]};
    const double *moves[] = {min_move[0], min_move[1]};
    struct gw_rng rng;
    gw_rng_key(&rng, 9, "strategies", 0, 0, 0);
    struct gw_market market;
    fixture_market(&market, SYMBOLS);
    for (size_t s = 0; s < SYMBOLS; ++s) {
        fixture_random_bars(&market.symbol[s], N, &rng, 0.05, 0.02);
        random_scores(score[s], min_move[s], N, &rng);
    }
    static signed char held[2 * N]; /* what two others hold: by spells */
    const signed char *const follow[SYMBOLS] = {held, held};
    for (size_t i = 0; i < 2 * N; ++i)
        held[i] = i > 1 && gw_rng_below(&rng, 10) ? held[i - 2] : (signed char)((int)gw_rng_below(&rng, 3) - 1);
    assert_true(gw_strategy_count() >= 3);
    assert_null(gw_strategy_at(gw_strategy_count()));
    assert_null(gw_strategy_find("nonesuch"));
    for (size_t i = 0; i < gw_strategy_count(); ++i) {
        const struct gw_strategy_desc *strategy = gw_strategy_at(i);
        assert_true(name_is_safe(strategy->name));
        assert_true(strlen(strategy->help) > 10);
        assert_ptr_equal(gw_strategy_find(strategy->name), strategy);
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        fixture_config(&config, &parameters);
        fixture_random_costs(&config.costs, &rng);
        config.follow = follow;
        config.n_follow = 2;
        assert_ok(gw_strategy_config_check(strategy, &parameters, NULL));
        struct gw_replay_result r;
        if (strategy->needs_model)
            assert_fails(gw_replay_run(&market, &config, strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                         "scores");
        const char *name = strategy->name;
        if (strcmp(name, "rules") == 0 || strcmp(name, "script") == 0 || strcmp(name, "plugin") == 0) { /* tests/own */
            assert_fails(gw_replay_run(&market, &config, strategy, &parameters, scores, moves, &r), GW_ERR_CONFIG,
                         strategy->name);
            continue;
        }
        assert_ok(gw_replay_run(&market, &config, strategy, &parameters, scores, moves, &r));
        assert_true(r.n_trades >= SYMBOLS);
        double pnl = 0;
        for (size_t t = 0; t < r.n_trades; ++t) pnl += r.trade[t].pnl;
        assert_near(r.ledger.cash, config.initial_cash + pnl, 1e-10, config.initial_cash);
        gw_replay_result_free(&r);
    }
    fixture_free(&market);
}

static void senseless_parameters_are_refused(void **state) {
    (void)state;
    struct gw_strategy_config parameters;
    const struct gw_strategy_desc *sma = gw_strategy_find("sma_cross"), *gate = gw_strategy_find("gate");
    const char *key[GW_STRATEGY_KEYS_MAX];
    gw_strategy_config_default(&parameters);
    set_means(&parameters, 50, 50);
    assert_fails(gw_strategy_config_check(sma, &parameters, key), GW_ERR_CONFIG,
                 "trading.fast (50 bars) must be smaller than trading.slow (50)");
    assert_string_equal(key[0], "fast");
    assert_string_equal(key[1], "slow");
    assert_null(key[2]);
    assert_ok(gw_strategy_config_check(gate, &parameters, key)); /* it has no means */
    assert_null(key[0]);
    assert_fails(gw_strategy_config_set(&parameters, "fast", "0"), GW_ERR_CONFIG, "fast is 0");
    gw_strategy_config_default(&parameters);
    parameters.size = 0;
    assert_fails(gw_strategy_config_check(gate, &parameters, NULL), GW_ERR_CONFIG, "size:");
    gw_strategy_config_default(&parameters);
    parameters.stop_moves = -1;
    assert_fails(gw_strategy_config_check(gate, &parameters, NULL), GW_ERR_CONFIG, "stop_moves:");
    gw_strategy_config_default(&parameters);
    parameters.target_moves = NAN;
    assert_fails(gw_strategy_config_check(gate, &parameters, NULL), GW_ERR_CONFIG, "target_moves:");
}

/* ---- buy_and_hold ------------------------------------------------------------------------------- */

static void buy_and_hold_is_the_market(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 2, "hold", 0, 0, 0);
    struct gw_market market;
    fixture_market(&market, 2);
    for (size_t s = 0; s < 2; ++s) fixture_random_bars(&market.symbol[s], 100, &rng, 0, 0.1);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    parameters.size = 0.5;
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("buy_and_hold"), &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 2);
    for (size_t i = 0; i < 2; ++i) {
        const struct gw_bar *bar = market.symbol[r.trade[i].symbol].bar;
        assert_int_equal(r.trade[i].entry_ns, bar[1].open_ns);
        assert_near(r.trade[i].return_fraction, bar[99].close / bar[1].open - 1, 1e-12, 1e-3);
        assert_int_equal(r.trade[i].bars_held, 99);
        assert_int_equal(r.trade[i].reason, GW_EXIT_END);
    }
    gw_replay_result_free(&r);
    fixture_free(&market);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_strategy_runs_and_balances),
        cmocka_unit_test(senseless_parameters_are_refused),
        cmocka_unit_test(buy_and_hold_is_the_market),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
