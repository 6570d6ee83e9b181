/* Fees, spread, slippage, funding and borrow, worked by hand in the comments. */
#include "engine/base/base.h"
#include "fixture.h"

static const struct gw_cost_config dear = {.taker_bps = 10,
                                           .maker_bps = 2,
                                           .half_spread_bps = 5,
                                           .slippage_bps = 15,
                                           .slippage_volatility = .1,
                                           .funding_bps_per_day = 144,
                                           .borrow_bps_per_day = 432,
                                           .multiplier = 1};

/* Range/close of the bars before the fills: bar 0 (104-96)/100 = 8 %, bar 1 (101-99)/100 = 2 %. */
static const struct ohlcv up[] = {
    {100, 104, 96, 100, 5}, {100, 101, 99, 100, 5}, {100, 110, 99, 109, 5}, {109, 110, 108, 109, 5}};
static const struct ohlcv down[] = {
    {100, 104, 96, 100, 5}, {100, 101, 99, 100, 5}, {100, 101, 90, 91, 5}, {91, 92, 90, 91, 5}};

struct cost_case {
    const char *name;
    const struct ohlcv *row;
    enum gw_side side;
    double stop, target;
    size_t max_bars;
    double multiplier;
    enum gw_exit_reason reason;
    double entry, exit;            /* prices */
    double fee, slippage, funding; /* per unit of quantity */
};

static const struct cost_case cases[] = {
    /* Entry slip (5 + 15) bps + .1 x 8 % = 1 %: 101. Target 5 %: 106.05, a limit: no slip, maker.
     * Fees 101 x 10 bps + 106.05 x 2 bps. Held 2 minutes: 144 bps / 1440 of the mark, the close of bar 1 and then the
     * price of the exit. */
    {"long to target", up, GW_SIDE_LONG, 0, .05, 0, 1, GW_EXIT_TARGET, 101, 106.05, .101 + .02121, 1,
     (100 + 106.05) * .0144 / 1440},
    /* Stop 4 % of 101: 96.96 raw; slip 20 bps + .1 x 2 % = .4 %: 96.57216, taker. */
    {"long to stop", down, GW_SIDE_LONG, .04, 0, 0, 1, GW_EXIT_STOP, 101, 96.57216, .101 + .09657216, 1 + .38784,
     (100 + 96.96) * .0144 / 1440},
    /* Time exit at the close of bar 2: 109 less .4 %. */
    {"long by time", up, GW_SIDE_LONG, 0, 0, 2, 1, GW_EXIT_TIME, 101, 108.564, .101 + .108564, 1 + .436,
     (100 + 109) * .0144 / 1440},
    /* Short entry 100 - 1 % = 99; target 5 %: 94.05. Funding is received, borrow paid: (432 - 144) bps. */
    {"short to target", down, GW_SIDE_SHORT, 0, .05, 0, 1, GW_EXIT_TARGET, 99, 94.05, .099 + .01881, 1,
     (100 + 94.05) * .0288 / 1440},
    /* Stop 4 % above 99: 102.96 raw, bought .4 % higher. */
    {"short to stop", up, GW_SIDE_SHORT, .04, 0, 0, 1, GW_EXIT_STOP, 99, 103.37184, .099 + .10337184, 1 + .41184,
     (100 + 102.96) * .0288 / 1440},
    {"twice everything", up, GW_SIDE_LONG, 0, .05, 0, 2, GW_EXIT_TARGET, 102, 107.1, .204 + .04284, 2,
     (100 + 107.1) * .0288 / 1440},
    {"a market without costs", up, GW_SIDE_LONG, 0, .05, 0, 0, GW_EXIT_TARGET, 100, 105, 0, 0, 0},
    {"a market without costs, stop", down, GW_SIDE_LONG, .04, 0, 0, 0, GW_EXIT_STOP, 100, 96, 0, 0, 0},
};

static void costs_by_hand(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        const struct cost_case *c = &cases[i];
        struct gw_market market;
        fixture_market(&market, 1);
        fixture_bars(&market.symbol[0], c->row, 4);
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        fixture_config(&config, &parameters);
        config.costs = dear;
        config.costs.multiplier = c->multiplier;
        const struct scripted step = {0,
                                      {.side = c->side,
                                       .size = .25,
                                       .stop = c->stop,
                                       .target = c->target,
                                       .max_bars = c->max_bars,
                                       .probability = NAN}};
        script.step = &step;
        script.n = 1;
        struct gw_replay_result r;
        assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
        assert_int_equal(r.n_trades, 1);
        const struct gw_trade *t = &r.trade[0];
        if (t->reason != c->reason) fail_msg("%s: %s", c->name, gw_exit_reason_name[t->reason]);
        const double q = 25000 / c->entry;
        const double pnl = (double)c->side * q * (c->exit - c->entry) - q * (c->fee + c->funding);
        assert_near(t->entry_price, c->entry, 1e-14, 1);
        assert_near(t->exit_price, c->exit, 1e-14, 1);
        assert_near(t->quantity, q, 1e-14, 1);
        assert_near(t->fees, q * c->fee, 1e-12, 1e-9);
        assert_near(t->slippage, q * c->slippage, 1e-10, 1e-9);
        assert_near(t->funding, q * c->funding, 1e-12, 1e-9);
        assert_near(t->pnl, pnl, 1e-11, 1);
        assert_near(t->return_fraction, pnl / 25000, 1e-11, 1e-4);
        assert_near(r.fees, t->fees, 1e-14, 1e-9);
        assert_near(r.funding, t->funding, 1e-12, 1e-9);
        assert_near(r.slippage, t->slippage, 1e-14, 1e-9);
        assert_near(r.turnover, q * (c->entry + c->exit) / 100000, 1e-13, 1e-9);
        assert_near(r.ledger.cash, 100000 + pnl, 1e-14, 1);
        gw_replay_result_free(&r);
        fixture_free(&market);
    }
}

/* The curve shows costs when they are due: entry costs and a bar's funding at the first close, the rest later. */
static void equity_bears_costs_as_they_fall_due(void **state) {
    (void)state;
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], up, 4);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    config.costs = dear;
    const struct scripted step = {0, {.side = GW_SIDE_LONG, .size = 1.01, .probability = NAN}};
    script.step = &step;
    script.n = 1;
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_equity, 4);
    /* 1000 units at 101: fee 101, funding of the mark x 144 bps / 1440: 1.00 in the first minute, 1.09 after it. */
    assert_near(r.equity[0].equity, 100000, 0, 1);
    assert_near(r.equity[1].equity, 100000 - 1000 - 101 - 1, 1e-13, 1);
    assert_near(r.equity[1].cash, 100000 - 101000 - 101 - 1, 1e-11, 1);
    assert_near(r.equity[1].exposure, 100000. / 98898, 1e-13, 1);
    assert_near(r.equity[2].equity, 100000 + 8000 - 101 - 2.09, 1e-13, 1);
    /* End: 109 less 20 bps and .1 x (110-99)/109 = .2 % + 1.0091743 %. */
    const double exit = 109 * (1 - .002 - .1 * 11 / 109);
    assert_near(r.trade[0].exit_price, exit, 1e-14, 1);
    assert_near(r.equity[3].equity, 100000 + 1000 * (exit - 101) - 101 - exit - 3.18, 1e-13, 1);
    assert_near(r.equity[3].exposure, 0, 0, 1);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* With slippage beyond the stop the level lies above the market: the stop fills at once, at the entry's open. */
static void stop_inside_the_slippage_fills_at_the_open(void **state) {
    (void)state;
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], up, 4);
    struct gw_cost_config costs = {.slippage_bps = 100, .multiplier = 1};
    struct gw_trade t;
    assert_true(gw_trade_isolated(&market.symbol[0], 0, GW_SIDE_LONG, .005, 0, 0, &costs, GW_INTRABAR_STOP_FIRST, &t));
    assert_int_equal(t.reason, GW_EXIT_STOP);
    assert_int_equal(t.exit_ns, t.entry_ns);
    assert_int_equal(t.bars_held, 0);
    assert_near(t.exit_price, 99, 1e-14, 1);
    /* A wild bar cannot slip a price below half. */
    costs = (struct gw_cost_config){.slippage_volatility = 100, .multiplier = 1};
    assert_true(gw_trade_isolated(&market.symbol[0], 0, GW_SIDE_SHORT, 0, 0, 1, &costs, GW_INTRABAR_STOP_FIRST, &t));
    assert_near(t.entry_price, 50, 1e-14, 1);
    fixture_free(&market);
}

static void senseless_costs_are_refused(void **state) {
    (void)state;
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], up, 4);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    config.costs.slippage_bps = -1;
    assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                 "costs.slippage_bps");
    config.costs = (struct gw_cost_config){.multiplier = NAN};
    assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                 "costs.multiplier");
    config.costs = (struct gw_cost_config){.maker_bps = -1, .funding_bps_per_day = -3, .multiplier = 1};
    script.n = 0;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    gw_replay_result_free(&r);
    fixture_free(&market);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_by_hand),
        cmocka_unit_test(equity_bears_costs_as_they_fall_due),
        cmocka_unit_test(stop_inside_the_slippage_fills_at_the_open),
        cmocka_unit_test(senseless_costs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
