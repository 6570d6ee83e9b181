/* What the account does, by hand: instruments, cash and margin, liquidation, funding schedules, interest, limits; and
 * what a strategy does with its orders: cancel, replace, one cancels the other, adding; finer bars. No costs. */
#include "engine/base/base.h"
#include "fixture.h"

enum { FLAT_BARS = 8 };

static const struct ohlcv flat[FLAT_BARS] = {{100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}, {100, 101, 99, 100, 5},
                                             {100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}, {100, 101, 99, 100, 5},
                                             {100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}};
#define LONG_AT(bar_, ...)                                                                                             \
    {                                                                                                                  \
        bar_, { .side = GW_SIDE_LONG, .probability = NAN, __VA_ARGS__ }                                                \
    }
#define SHORT_AT(bar_, ...)                                                                                            \
    {                                                                                                                  \
        bar_, { .side = GW_SIDE_SHORT, .probability = NAN, __VA_ARGS__ }                                               \
    }

static struct gw_replay_config config;
static struct gw_replay_result r;

static void begin(void) {
    struct gw_strategy_config unused;
    fixture_config(&config, &unused);
}

static void play(const struct ohlcv *row, size_t n_rows, const struct scripted *step, size_t n_steps) {
    struct gw_market market;
    struct gw_strategy_config parameters;
    struct gw_replay_config unused;
    fixture_config(&unused, &parameters);
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, n_rows);
    script.step = step;
    script.n = n_steps;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    fixture_free(&market);
}

static void expect_order(uint64_t id, enum gw_order_state state, enum gw_order_reason reason, double filled) {
    assert_true(id <= r.n_records);
    const struct gw_order_record *o = &r.order[id - 1];
    if (o->state != state || o->reason != reason)
        fail_msg("order %d is %s (%s)", (int)id, gw_order_state_name[o->state], gw_order_reason_name[o->reason]);
    assert_near(o->filled, filled, 1e-12, 1);
}

/* ---- instruments --------------------------------------------------------------------------- */

static void instruments_round_and_multiply(void **state) {
    (void)state;
    static const struct gw_instrument contract = {.tick = 0.25, .lot = 2, .min_notional = 1000, .multiplier = 5};
    static const struct scripted step[] = {
        /* 10 % of 100000 at 100 x 5 a contract: 20; a limit at 98.9 is a bid of 98.75 for 101.2: 20. */
        LONG_AT(0, .size = .0955, .stop = .0302), /* 19.1 contracts: 18; the stop at 96.98 sells at 96.75 */
        LONG_AT(3, .kind = GW_ORDER_LIMIT, .limit_price = 98.9, .size = .1), LONG_AT(5, .quantity = 1), /* half a lot */
        LONG_AT(6, .quantity = 2.5), /* one lot: 2 x 5 x 100 is the least notional */
    };
    static const struct ohlcv row[] = {{100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}, {100, 101, 96, 100, 5},
                                       {100, 101, 99, 100, 5}, {99, 100, 98.5, 99, 5}, {99, 120, 99, 100, 5},
                                       {100, 101, 99, 100, 5}, {100, 104, 99, 104, 5}};
    begin();
    config.instrument = &contract;
    play(row, COUNT_OF(row), step, 1);
    assert_int_equal(r.n_trades, 1);
    assert_near(r.trade[0].quantity, 18, 0, 1);
    assert_near(r.trade[0].exit_price, 96.75, 0, 1);
    assert_near(r.trade[0].pnl, 18 * 5 * -3.25, 1e-14, 1);
    assert_near(r.trade[0].return_fraction, -.0325, 1e-14, 1);
    assert_near(r.equity[1].exposure, 18 * 5 * 100 / 100000., 1e-14, 1);
    gw_replay_result_free(&r);
    play(row, COUNT_OF(row), &step[1], 1);
    expect_order(1, GW_ORDER_FILLED, GW_REASON_NONE, 20); /* 10000 / 98.75 / 5 = 20.25 */
    assert_near(r.order[0].price, 98.75, 0, 1);
    gw_replay_result_free(&r);
    play(row, COUNT_OF(row), &step[2], 2);
    expect_order(1, GW_ORDER_REJECTED, GW_REASON_TOO_SMALL, 0);
    expect_order(2, GW_ORDER_FILLED, GW_REASON_NONE, 2);
    gw_replay_result_free(&r);
}

/* ---- the account --------------------------------------------------------------------------- */

static void a_cash_account_pays_for_what_it_buys(void **state) {
    (void)state;
    static const struct scripted step[] = {SHORT_AT(0, .size = 1), LONG_AT(1, .size = 2), LONG_AT(2, .quantity = 1)};
    begin();
    config.account = GW_ACCOUNT_CASH;
    config.costs.taker_bps = 100;
    config.max_entries = 2;
    play(flat, FLAT_BARS, step, COUNT_OF(step));
    expect_order(1, GW_ORDER_REJECTED, GW_REASON_CASH, 0);
    expect_order(2, GW_ORDER_FILLED, GW_REASON_NONE, 100000 / 101.); /* with its fee it costs all there is */
    expect_order(3, GW_ORDER_REJECTED, GW_REASON_CASH, 0);
    assert_near(r.equity[2].cash, 0, 1e-9, 1);
    gw_replay_result_free(&r);
}

/* Initial 20 %, maintenance 10 %: 5 times the equity is held, and lost when equity < a tenth of what is held. */
static void margin_is_cut_and_liquidated_at_the_mark(void **state) {
    (void)state;
    static const struct scripted step[] = {LONG_AT(0, .size = 8),
                                           LONG_AT(4, .kind = GW_ORDER_LIMIT, .limit_price = 50, .size = .1)};
    static const struct ohlcv row[] = {{100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}, {100, 101, 89, 90, 5},
                                       {90, 91, 88, 88.5, 5},  {88, 89, 87, 88, 5},    {88, 89, 87, 88, 5}};
    begin();
    config.account = GW_ACCOUNT_MARGIN;
    config.initial_margin = .2;
    config.maintenance_margin = .1;
    config.liquidation_fee_bps = 50;
    play(row, COUNT_OF(row), step, COUNT_OF(step));
    /* 5000 units at 100. At 90: equity 50000, gross 450000, a ninth. At 88.5: 42500 of 442500: less than a tenth. */
    assert_int_equal(r.n_trades, 1);
    assert_near(r.trade[0].quantity, 5000, 1e-14, 1);
    assert_int_equal(r.trade[0].reason, GW_EXIT_LIQUIDATION);
    assert_int_equal(r.trade[0].exit_ns, minute(4));
    assert_near(r.trade[0].exit_price, 88.5, 1e-14, 1);
    assert_near(r.trade[0].fees, 442500 * .005, 1e-14, 1);
    assert_near(r.equity[3].equity, 42500 - 2212.5, 1e-13, 1);
    gw_replay_result_free(&r);
    config.maintenance_margin = .3;
    struct gw_market market;
    struct gw_strategy_config parameters;
    gw_strategy_config_default(&parameters);
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], flat, FLAT_BARS);
    assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                 "maintenance");
    fixture_free(&market);
}

static void funding_follows_its_schedule(void **state) {
    (void)state;
    static const struct scripted step[] = {SHORT_AT(0, .quantity = 10)};
    static const struct ohlcv row[] = {{100, 101, 99, 100, 5},
                                       {100, 101, 99, 110, 5},
                                       {110, 111, 99, 120, 5},
                                       {120, 121, 99, 130, 5},
                                       {130, 131, 99, 140, 5}};
    struct gw_funding_event event[] = {{minute(1), .5}, {minute(2), .001}, {minute(4) - 1, -.002}, {minute(9), .5}};
    const struct gw_funding funding = {event, COUNT_OF(event)};
    begin();
    config.funding = &funding;
    config.costs.funding_bps_per_day = 77; /* the schedule is in its place */
    play(row, COUNT_OF(row), step, 1);
    /* The first was over before the entry. A short receives .1 % at 110 and pays .2 % at the close of 130. */
    assert_near(r.trade[0].funding, -10 * 110 * .001 + 10 * 130 * .002, 1e-13, 1);
    gw_replay_result_free(&r);
    config.costs.borrow_bps_per_day = 144; /* 1e-5 a minute of each close, on top */
    play(row, COUNT_OF(row), step, 1);
    assert_near(r.trade[0].funding, -10 * 110 * .001 + 10 * 130 * .002 + 10 * (110 + 120 + 130 + 140) * 1e-5, 1e-13, 1);
    gw_replay_result_free(&r);
}

static void cash_earns_and_loans_cost(void **state) {
    (void)state;
    static const struct scripted step[] = {LONG_AT(2, .size = 2)};
    begin();
    config.interest_bps_per_year = 365.25 * 1440; /* a ten-thousandth a minute */
    config.loan_bps_per_year = 2 * 365.25 * 1440;
    play(flat, FLAT_BARS, step, 1);
    double cash = 100000;
    for (int i = 1; i < FLAT_BARS; ++i) {
        if (i == 3) cash -= 2 * cash; /* the entry at the open after bar 2 */
        const double before = cash;
        cash += cash * (cash > 0 ? 1e-4 : 2e-4);
        if (i < FLAT_BARS - 1) assert_near(r.equity[i].cash, cash, 1e-12, 1);
        if (i == FLAT_BARS - 1) { /* sold at the last close, before interest is paid */
            cash = before + 2 * 100000 * (1.0001 * 1.0001);
            cash += cash * 1e-4;
            assert_near(r.equity[i].cash, cash, 1e-12, 1);
        }
    }
    assert_near(r.interest, cash - 100000, 1e-9, 1);
    gw_replay_result_free(&r);
}

/* ---- limits ------------------------------------------------------------------------------------ */

static void limits_cut_and_refuse(void **state) {
    (void)state;
    static const struct scripted step[] = {LONG_AT(0, .size = 3), LONG_AT(1, .size = 1)};
    static const struct {
        struct gw_limits limits;
        double quantity;
    } cases[] = {{{.max_gross = 1.5}, 1500}, {{.max_net = 2}, 2000}, {{.max_symbol = .5}, 500}};
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        begin();
        config.limits = cases[i].limits;
        config.max_entries = 2;
        play(flat, FLAT_BARS, step, 2);
        expect_order(1, GW_ORDER_FILLED, GW_REASON_NONE, cases[i].quantity);
        assert_near(r.order[0].quantity, cases[i].quantity, 1e-12, 1); /* the rest is not asked for again */
        gw_replay_result_free(&r);
    }
}

static void a_stop_cools_down(void **state) {
    (void)state;
    static const struct scripted step[] = {LONG_AT(0, .size = 1, .stop = .005), LONG_AT(1, .size = 1),
                                           LONG_AT(2, .size = 1), LONG_AT(3, .size = 1)};
    begin();
    config.limits.cooldown_bars = 2; /* stopped in bar 1: bars 1 and 2 take no entry, bar 3 does */
    play(flat, FLAT_BARS, step, COUNT_OF(step));
    assert_int_equal(r.trade[0].reason, GW_EXIT_STOP);
    const struct gw_order_record *o = r.order;
    size_t refused = 0;
    for (size_t i = 0; i < r.n_records; ++i) refused += o[i].reason == GW_REASON_COOLDOWN;
    assert_int_equal(refused, 2);
    assert_int_equal(r.n_trades, 2);
    assert_int_equal(r.trade[1].signal_ns, minute(4));
    gw_replay_result_free(&r);
}

static void losses_halt_the_account(void **state) {
    (void)state;
    static const struct ohlcv row[] = {{100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}, {100, 101, 89, 90, 5},
                                       {91, 92, 88, 91, 5},    {91, 92, 90, 91, 5},    {91, 92, 90, 91, 5}};
    static const struct scripted step[] = {LONG_AT(0, .size = 1), LONG_AT(3, .size = 1)};
    for (int daily = 0; daily < 2; ++daily) {
        begin();
        if (daily)
            config.limits.daily_loss = .1;
        else
            config.limits.max_drawdown = .1;
        play(row, COUNT_OF(row), step, 2);
        assert_int_equal(r.n_trades, 1); /* 10 % are gone at the close of bar 2; sold at the next open */
        assert_int_equal(r.trade[0].reason, GW_EXIT_SIGNAL);
        assert_near(r.trade[0].exit_price, 91, 0, 1);
        expect_order(3, GW_ORDER_REJECTED, GW_REASON_HALTED, 0);
        gw_replay_result_free(&r);
    }
}

static void positions_are_counted(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_strategy_config parameters;
    begin();
    gw_strategy_config_default(&parameters);
    fixture_market(&market, 2);
    fixture_bars(&market.symbol[0], flat, FLAT_BARS);
    fixture_bars(&market.symbol[1], flat, FLAT_BARS);
    static const struct scripted step[] = {{0, {.symbol = 0, .side = GW_SIDE_LONG, .size = 1, .probability = NAN}},
                                           {1, {.symbol = 1, .side = GW_SIDE_LONG, .size = 1, .probability = NAN}}};
    script.step = step;
    script.n = 2;
    config.limits.max_positions = 1;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    expect_order(2, GW_ORDER_REJECTED, GW_REASON_LIMIT, 0);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* ---- what a strategy does with its orders ------------------------------------------------------ */

/* One entry of two: what fills first cancels the other. */
static void straddle_on_bar(void *memory, const struct gw_strategy_config *unused, const struct gw_bar_event *event,
                            struct gw_order_sink *sink) {
    (void)memory, (void)unused;
    if (event->history.n != 1) return;
    struct gw_order o = {
        .kind = GW_ORDER_STOP, .side = GW_SIDE_LONG, .stop_price = 102, .quantity = 10, .probability = NAN};
    o.oco = gw_order_put(sink, &o);
    o.side = GW_SIDE_SHORT;
    o.stop_price = 98;
    assert_int_equal(gw_order_put(sink, &o), 2);
}

/* Buys, moves its stop up after a bar, cancels its target and leaves by the stop. Told of every change. */
static struct {
    struct gw_order_record heard[32];
    size_t n;
} ear;

static void manager_heard(void *memory, const struct gw_strategy_config *unused, const struct gw_order_record *order) {
    (void)memory, (void)unused;
    assert_true(ear.n < COUNT_OF(ear.heard));
    ear.heard[ear.n++] = *order;
}

static void manager_on_bar(void *memory, const struct gw_strategy_config *unused, const struct gw_bar_event *event,
                           struct gw_order_sink *sink) {
    (void)memory, (void)unused;
    if (event->history.n == 1)
        gw_order_put(sink, &(struct gw_order){
                               .side = GW_SIDE_LONG, .quantity = 10, .stop = .05, .target = .05, .probability = NAN});
    if (event->history.n == 2) {
        assert_int_equal(event->n_orders, 3);
        assert_int_equal(event->order[0].state, GW_ORDER_FILLED);
        assert_int_equal(event->order[1].parent, 1);
        assert_int_equal(event->order[1].kind, GW_ORDER_STOP);
        assert_near(event->order[1].price, 95, 1e-14, 1);
        const struct gw_order higher = {
            .kind = GW_ORDER_STOP, .side = GW_SIDE_SHORT, .stop_price = 99.5, .probability = NAN};
        assert_int_equal(gw_order_replace(sink, 2, &higher), 4);
        assert_int_equal(gw_order_replace(sink, 2, &higher), 0);
        assert_true(gw_order_cancel(sink, 3));
        assert_false(gw_order_cancel(sink, 3));
        assert_false(gw_order_cancel(sink, 99));
    }
}

static void run_strategy(const struct gw_strategy_desc *strategy, const struct ohlcv *row, size_t n) {
    struct gw_market market;
    struct gw_strategy_config parameters;
    gw_strategy_config_default(&parameters);
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, n);
    assert_ok(gw_replay_run(&market, &config, strategy, &parameters, NULL, NULL, &r));
    fixture_free(&market);
}

static void orders_are_managed(void **state) {
    (void)state;
    static const struct ohlcv row[] = {
        {100, 101, 99, 100, 5}, {100, 101, 99.8, 100, 5}, {100, 107, 99, 100, 5}, {100, 101, 99, 100, 5}};
    const struct gw_strategy_desc manager = {
        .name = "manager", .help = "", .on_bar = manager_on_bar, .on_order = manager_heard};
    begin();
    ear.n = 0;
    run_strategy(&manager, row, COUNT_OF(row));
    expect_order(2, GW_ORDER_CANCELLED, GW_REASON_REPLACED, 0);
    expect_order(3, GW_ORDER_CANCELLED, GW_REASON_ASKED, 0);
    expect_order(4, GW_ORDER_FILLED, GW_REASON_NONE, 10);
    assert_int_equal(r.order[3].parent, 1);
    assert_near(r.trade[0].exit_price, 99.5, 0, 1);
    assert_int_equal(r.trade[0].reason, GW_EXIT_STOP);
    assert_int_equal(r.trade[0].exit_order, 4);
    assert_false(r.trade[0].ambiguous); /* without its target nothing is left to the rule */
    /* put 1, exits 2 and 3, 1 filled, 2 replaced by 4, 3 cancelled, 4 filled */
    static const int id[] = {1, 2, 3, 1, 2, 4, 3, 4};
    assert_int_equal(ear.n, COUNT_OF(id));
    for (size_t i = 0; i < ear.n; ++i) assert_int_equal(ear.heard[i].id, id[i]);
    gw_replay_result_free(&r);
}

static void one_cancels_the_other(void **state) {
    (void)state;
    static const struct ohlcv row[] = {
        {100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}, {100, 101, 97, 98, 5}, {98, 106, 97, 105, 5}};
    const struct gw_strategy_desc straddle = {.name = "straddle", .help = "", .on_bar = straddle_on_bar};
    begin();
    run_strategy(&straddle, row, COUNT_OF(row));
    expect_order(1, GW_ORDER_CANCELLED, GW_REASON_OCO, 0);
    expect_order(2, GW_ORDER_FILLED, GW_REASON_NONE, 10);
    assert_int_equal(r.n_trades, 1);
    assert_near(r.trade[0].entry_price, 98, 0, 1);
    gw_replay_result_free(&r);
}

/* Two entries, one trade: prices are averages and each entry has its own stop. */
static void entries_add_up(void **state) {
    (void)state;
    static const struct ohlcv row[] = {{100, 101, 99, 100, 5},  {100, 101, 99.5, 100, 5}, {104, 105, 103, 104, 5},
                                       {104, 105, 102, 104, 5}, {104, 105, 98, 98, 5},    {98, 99, 97, 98, 5}};
    static const struct scripted step[] = {LONG_AT(0, .quantity = 30, .stop = .01),
                                           LONG_AT(1, .quantity = 10, .stop = .0125)};
    begin();
    config.max_entries = 2;
    play(row, COUNT_OF(row), step, 2);
    /* 30 at 100 with a stop at 99, 10 at 104 with one at 102.7: hit in bar 3; the other in bar 4. */
    assert_int_equal(r.n_trades, 1);
    assert_near(r.trade[0].quantity, 40, 1e-14, 1);
    assert_near(r.trade[0].entry_price, 101, 1e-14, 1);
    assert_near(r.trade[0].exit_price, (10 * 102.7 + 30 * 99) / 40, 1e-14, 1);
    assert_near(r.trade[0].pnl, 10 * (102.7 - 104) + 30 * (99 - 100), 1e-12, 1);
    gw_replay_result_free(&r);
}

/* The open is the first price of a bar's path: the stop has followed it before the bar falls. */
static void a_trailing_stop_follows_the_open(void **state) {
    (void)state;
    static const struct ohlcv row[] = {{100, 101, 99, 100, 5},
                                       {100, 100.4, 99.6, 100, 5},
                                       {100, 100.6, 99.8, 100, 5},
                                       {103, 103.1, 101.5, 102, 5},
                                       {102, 103, 101, 102, 5}};
    static const struct scripted step[] = {LONG_AT(0, .quantity = 10, .trail_stop = .012)};
    begin();
    play(row, COUNT_OF(row), step, 1);
    assert_int_equal(r.trade[0].reason, GW_EXIT_TRAIL);
    assert_int_equal(r.trade[0].exit_ns, minute(4));
    assert_near(r.trade[0].exit_price, 103 * (1 - .012), 1e-14, 1);
    gw_replay_result_free(&r);
}

/* ---- finer bars -------------------------------------------------------------------------------- */

static void finer_bars_decide(void **state) {
    (void)state;
    static const struct ohlcv row[] = {{100, 101, 99, 100, 5}, {100, 101, 99, 100, 5}, {100, 105, 96, 100, 5}};
    static const double path[][4] = {
        {100, 103, 100, 102}, {102, 105, 101, 104}, {104, 104, 96, 97}, {97, 100, 97, 100}};
    static const struct scripted step[] = {LONG_AT(0, .quantity = 10, .stop = .03, .target = .04)};
    struct gw_market market, detail;
    struct gw_strategy_config parameters;
    gw_strategy_config_default(&parameters);
    fixture_market(&market, 1);
    fixture_market(&detail, 1);
    fixture_bars(&market.symbol[0], row, 3);
    fixture_bars(&detail.symbol[0], flat, 4);
    detail.symbol[0].interval_ns = NS_PER_MINUTE / 4;
    for (int i = 0; i < 4; ++i)
        detail.symbol[0].bar[i] =
            (struct gw_bar){minute(2) + i * NS_PER_MINUTE / 4, path[i][0], path[i][1], path[i][2], path[i][3], 1};
    script.step = step;
    script.n = 1;
    for (int fine = 0; fine < 2; ++fine) {
        begin();
        config.detail = fine ? &detail : NULL;
        assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
        assert_int_equal(r.trade[0].reason, fine ? GW_EXIT_TARGET : GW_EXIT_STOP);
        assert_int_equal(r.trade[0].ambiguous, !fine);
        assert_int_equal(r.n_ambiguous_bars, !fine);
        assert_int_equal(r.trade[0].exit_ns, fine ? minute(2) + NS_PER_MINUTE / 2 : minute(3));
        gw_replay_result_free(&r);
    }
    detail.symbol[0].interval_ns = NS_PER_MINUTE - 7;
    assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                 "does not divide");
    fixture_free(&market);
    fixture_free(&detail);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruments_round_and_multiply),
        cmocka_unit_test(a_cash_account_pays_for_what_it_buys),
        cmocka_unit_test(margin_is_cut_and_liquidated_at_the_mark),
        cmocka_unit_test(funding_follows_its_schedule),
        cmocka_unit_test(cash_earns_and_loans_cost),
        cmocka_unit_test(limits_cut_and_refuse),
        cmocka_unit_test(a_stop_cools_down),
        cmocka_unit_test(losses_halt_the_account),
        cmocka_unit_test(positions_are_counted),
        cmocka_unit_test(orders_are_managed),
        cmocka_unit_test(one_cancels_the_other),
        cmocka_unit_test(entries_add_up),
        cmocka_unit_test(a_trailing_stop_follows_the_open),
        cmocka_unit_test(finer_bars_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
