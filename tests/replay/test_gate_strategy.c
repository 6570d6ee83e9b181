/* The gate strategy: its decisions, exits and orders by hand. */
#include "sma_means.h"

struct gate_case {
    const char *name;
    float p_long, p_short, tau_long, tau_short;
    bool trade_long, trade_short;
    double min_move;
    int side; /* of the trade; 0: none */
};

static const struct gate_case gate_cases[] = {
    {"long fires", .8f, .1f, .7f, .7f, true, true, .01, 1},
    {"at the threshold", .7f, .1f, .7f, .7f, true, true, .01, 1},
    {"just below it", .6999f, .1f, .7f, .7f, true, true, .01, 0},
    {"short fires", .1f, .8f, .7f, .7f, true, true, .01, -1},
    {"neither fires", .5f, .5f, .7f, .7f, true, true, .01, 0},
    {"both, long by more", .9f, .8f, .7f, .7f, true, true, .01, 1},
    {"both, short by more though less probable", .9f, .5f, .85f, .3f, true, true, .01, -1},
    {"both by as much", .75f, .5f, .5f, .25f, true, true, .01, 0},
    {"both, only longs traded", .75f, .9f, .5f, .25f, true, false, .01, 1},
    {"both, only shorts traded", .9f, .5f, .25f, .25f, false, true, .01, -1},
    {"short fires, only longs traded", .1f, .8f, .7f, .7f, true, false, .01, 0},
    {"not scored", NAN, NAN, .7f, .7f, true, true, .01, 0},
    {"no threshold yet", .8f, .8f, NAN, NAN, true, true, .01, 0},
    {"long not scored, short fires", NAN, .8f, .7f, .7f, true, true, .01, -1},
    {"no move to measure exits by", .8f, .1f, .7f, .7f, true, true, NAN, 0},
    {"a move of zero", .8f, .1f, .7f, .7f, true, true, 0, 0},
};

static const struct ohlcv quiet = {100, 100.1, 99.9, 100, 5};

static void gate_replay(const struct ohlcv *row, size_t n, const struct gw_score *score, const double *min_move,
                        const struct gw_strategy_config *parameters, struct gw_replay_result *r) {
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, n);
    struct gw_replay_config config;
    gw_replay_config_default(&config);
    config.check_ledger = true;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("gate"), parameters, &score, &min_move, r));
    fixture_free(&market);
}

static void gate_decides_by_hand(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(gate_cases); ++i) {
        const struct gate_case *c = &gate_cases[i];
        struct ohlcv row[4] = {quiet, quiet, quiet, quiet};
        struct gw_score score[4];
        double min_move[4];
        for (int k = 0; k < 4; ++k) {
            score[k] = (struct gw_score){.p = {0, 0}, .tau = {c->tau_long, c->tau_short}};
            min_move[k] = c->min_move;
        }
        score[1].p[GW_GATE_LONG] = c->p_long;
        score[1].p[GW_GATE_SHORT] = c->p_short;
        struct gw_strategy_config parameters;
        gw_strategy_config_default(&parameters);
        parameters.trade_long = c->trade_long;
        parameters.trade_short = c->trade_short;
        struct gw_replay_result r;
        gate_replay(row, 4, score, min_move, &parameters, &r);
        if (r.n_trades != (c->side != 0)) fail_msg("%s: %zu trades", c->name, r.n_trades);
        if (c->side) {
            if (r.trade[0].side != c->side) fail_msg("%s: side %d", c->name, r.trade[0].side);
            assert_int_equal(r.trade[0].signal_ns, minute(2));
            assert_int_equal(r.trade[0].entry_ns, minute(2));
            assert_true(r.trade[0].probability == (c->side > 0 ? c->p_long : c->p_short));
        }
        gw_replay_result_free(&r);
    }
}

/* The levels are the signal bar's min_move times the configured multiples; the horizon counts from the signal. */
static void gate_exits_by_its_moves_and_horizon(void **state) {
    (void)state;
    struct ohlcv row[10];
    struct gw_score score[10];
    double min_move[10];
    for (int k = 0; k < 10; ++k) {
        row[k] = quiet;
        score[k] = (struct gw_score){.p = {0, 0}, .tau = {.5f, .5f}};
        min_move[k] = .5;
    }
    score[1].p[GW_GATE_LONG] = 1;
    min_move[1] = .02;
    struct gw_strategy_config parameters;
    gw_strategy_config_default(&parameters);
    parameters.target_moves = 1.5;
    parameters.stop_moves = .25;
    parameters.horizon = 4;
    struct gw_replay_result r;
    gate_replay(row, 10, score, min_move, &parameters, &r);
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].reason, GW_EXIT_TIME);
    assert_int_equal(r.trade[0].exit_ns, minute(6)); /* the close of bar 1 + 4 */
    gw_replay_result_free(&r);
    row[3].high = 104;
    gate_replay(row, 10, score, min_move, &parameters, &r);
    assert_int_equal(r.trade[0].reason, GW_EXIT_TARGET);
    assert_near(r.trade[0].exit_price, 103, 1e-14, 1);
    gw_replay_result_free(&r);
    row[3].low = 99;
    gate_replay(row, 10, score, min_move, &parameters, &r);
    assert_int_equal(r.trade[0].reason, GW_EXIT_STOP);
    assert_near(r.trade[0].exit_price, 99.5, 1e-14, 1);
    assert_int_equal(r.n_ambiguous, 1);
    gw_replay_result_free(&r);
    parameters.target_moves = parameters.stop_moves = 0;
    parameters.horizon = 0;
    min_move[1] = NAN; /* no bracket, so no move is needed */
    gate_replay(row, 10, score, min_move, &parameters, &r);
    assert_int_equal(r.trade[0].reason, GW_EXIT_END);
    gw_replay_result_free(&r);
}

/* While an order waits for a bar that trades, the gate asks for nothing more. */
static void gate_waits_for_its_order(void **state) {
    (void)state;
    struct ohlcv row[5];
    struct gw_score score[5];
    double min_move[5];
    for (int k = 0; k < 5; ++k) {
        row[k] = quiet;
        score[k] = (struct gw_score){.p = {.9f, 0}, .tau = {.5f, .5f}};
        min_move[k] = .01;
    }
    row[1].volume = row[2].volume = 0;
    struct gw_strategy_config parameters;
    gw_strategy_config_default(&parameters);
    struct gw_replay_result r;
    gate_replay(row, 5, score, min_move, &parameters, &r);
    assert_int_equal(r.n_orders, 1);
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].signal_ns, minute(1));
    assert_int_equal(r.trade[0].entry_ns, minute(3));
    gw_replay_result_free(&r);
}

static void gate_leaves_on_the_opposite_gate_if_asked(void **state) {
    (void)state;
    struct ohlcv row[8];
    struct gw_score score[8];
    double min_move[8];
    for (int k = 0; k < 8; ++k) {
        row[k] = quiet;
        score[k] = (struct gw_score){.p = {0, 0}, .tau = {.5f, .5f}};
        min_move[k] = .05;
    }
    score[0].p[GW_GATE_LONG] = .9f;
    score[2].p[GW_GATE_LONG] = .9f, score[2].p[GW_GATE_SHORT] = .7f; /* the same side by more: stays */
    score[4].p[GW_GATE_SHORT] = .8f;
    struct gw_strategy_config parameters;
    gw_strategy_config_default(&parameters);
    struct gw_replay_result r;
    gate_replay(row, 8, score, min_move, &parameters, &r);
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].reason, GW_EXIT_END);
    assert_int_equal(r.n_orders, 1); /* in a position the gate asks for nothing */
    gw_replay_result_free(&r);
    parameters.exit_on_opposite = true;
    for (int shorts = 0; shorts < 2; ++shorts) {
        parameters.trade_short = shorts; /* the exit does not depend on it */
        gate_replay(row, 8, score, min_move, &parameters, &r);
        assert_int_equal(r.n_trades, 1);
        assert_int_equal(r.trade[0].reason, GW_EXIT_SIGNAL);
        assert_int_equal(r.trade[0].exit_ns, minute(5));
        assert_int_equal(r.n_orders, 2);
        gw_replay_result_free(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_decides_by_hand),
        cmocka_unit_test(gate_exits_by_its_moves_and_horizon),
        cmocka_unit_test(gate_waits_for_its_order),
        cmocka_unit_test(gate_leaves_on_the_opposite_gate_if_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
