/* Fill rules, one hand-computed case a row: every row is replayed through the broker and, where it is a single
 * bracket trade, through gw_trade_isolated as well. No costs here; costs have their own test. */
#include "engine/base/base.h"
#include "fixture.h"

enum { BARS_MAX = 8 };

struct fill_case {
    const char *name;
    enum gw_side side;
    double stop, target;
    size_t max_bars;
    size_t close_at; /* GW_ORDER_CLOSE at the close of this bar; 0: none */
    enum gw_intrabar rule;
    struct ohlcv bar[BARS_MAX]; /* the signal is at the close of bar 0 */
    /* expected */
    enum gw_exit_reason reason; /* GW_EXIT_NONE: no trade */
    int64_t entry_minute, exit_minute;
    double entry, exit, mae, mfe;
    uint32_t bars_held;
    bool ambiguous;
};

#define QUIET                                                                                                          \
    { 100, 101, 99, 100, 5 }
#define EMPTY                                                                                                          \
    { 100, 100, 100, 100, 0 }

// clang-format off
static const struct fill_case cases[] = {
    {"long target at its level", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 101, 99, 100, 5}, {100, 105, 99.5, 104, 5}, QUIET},
     GW_EXIT_TARGET, 1, 3, 100, 104, -.01, .04, 2, false},
    {"long stop at its level", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 103, 97, 98.5, 5}, QUIET},
     GW_EXIT_STOP, 1, 3, 100, 98, -.02, .01, 2, false},
    {"short target at its level", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 101, 95, 96, 5}, QUIET},
     GW_EXIT_TARGET, 1, 3, 100, 96, -.01, .04, 2, false},
    {"short stop at its level", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 103, 99, 101, 5}, QUIET},
     GW_EXIT_STOP, 1, 3, 100, 102, -.02, .01, 2, false},
    {"touching a level is enough", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 104, 99, 100, 5}, QUIET},
     GW_EXIT_TARGET, 1, 2, 100, 104, 0, .04, 1, false},
    {"touching the long stop is enough", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 101, 98, 100, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 98, -.02, 0, 1, false},
    {"touching the short stop is enough", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 102, 98, 100, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 102, -.02, 0, 1, false},
    {"touching the short target is enough", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 101, 96, 100, 5}, QUIET},
     GW_EXIT_TARGET, 1, 2, 100, 96, 0, .04, 1, false},
    {"an open at the long stop fills there", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {98, 110, 90, 100, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 98, -.02, .01, 1, false},
    {"an open at the short stop fills there", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {102, 110, 90, 100, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 102, -.02, .01, 1, false},
    {"an open at the long target fills there", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {104, 110, 90, 100, 5}, QUIET},
     GW_EXIT_TARGET, 1, 2, 100, 104, -.01, .04, 1, false},
    {"a bar without a range touches nothing", GW_SIDE_LONG, .02, .04, 4, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, NAN, NAN, 100, 5}, {100, 105, 99, 100, 5}, QUIET},
     GW_EXIT_TARGET, 1, 4, 100, 104, -.01, .04, 3, false},
    {"long gap through the stop", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {95, 110, 94, 105, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 95, -.05, .01, 1, false},
    {"short gap through the stop", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {105, 106, 90, 95, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 105, -.05, .01, 1, false},
    {"long gap through the target", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {107, 108, 90, 95, 5}, QUIET},
     GW_EXIT_TARGET, 1, 2, 100, 107, -.01, .07, 1, false},
    {"short gap through the target", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {93, 110, 92, 95, 5}, QUIET},
     GW_EXIT_TARGET, 1, 2, 100, 93, -.01, .07, 1, false},
    {"gap beats the optimistic rule", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_TARGET_FIRST,
     {QUIET, QUIET, {95, 110, 94, 105, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 95, -.05, .01, 1, false},
    {"long stop and target in one bar, stop first", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100.5, 105, 97, 100, 5}, QUIET},
     GW_EXIT_STOP, 1, 3, 100, 98, -.02, .01, 2, true},
    {"long stop and target in one bar, target first", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_TARGET_FIRST,
     {QUIET, QUIET, {100.5, 105, 97, 100, 5}, QUIET},
     GW_EXIT_TARGET, 1, 3, 100, 104, -.01, .04, 2, true},
    {"short stop and target in one bar, stop first", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 103, 95, 100, 5}, QUIET},
     GW_EXIT_STOP, 1, 3, 100, 102, -.02, .01, 2, true},
    {"short stop and target in one bar, target first", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_TARGET_FIRST,
     {QUIET, QUIET, {100, 103, 95, 100, 5}, QUIET},
     GW_EXIT_TARGET, 1, 3, 100, 96, -.01, .04, 2, true},
    {"the entry bar can stop out", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 101, 97, 99, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 98, -.02, 0, 1, false},
    {"the entry bar can do both", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 105, 97, 99, 5}, QUIET},
     GW_EXIT_STOP, 1, 2, 100, 98, -.02, 0, 1, true},
    {"the signal bar's own range does not count", GW_SIDE_LONG, .02, .04, 3, 0, GW_INTRABAR_STOP_FIRST,
     {{100, 150, 50, 100, 5}, QUIET, QUIET, {100, 101, 99, 100.5, 5}, QUIET},
     GW_EXIT_TIME, 1, 4, 100, 100.5, -.01, .01, 3, false},
    {"time exit at the close of signal + max_bars", GW_SIDE_LONG, .05, .05, 2, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 102, 98.5, 101.5, 5}, {90, 90, 90, 90, 5}},
     GW_EXIT_TIME, 1, 3, 100, 101.5, -.015, .02, 2, false},
    {"time exit of one bar", GW_SIDE_SHORT, .05, .05, 1, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 101, 98, 98.5, 5}, {90, 90, 90, 90, 5}},
     GW_EXIT_TIME, 1, 2, 100, 98.5, -.01, .02, 1, false},
    {"a stop on the last bar comes before its close", GW_SIDE_LONG, .02, 0, 2, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 102, 97, 101.5, 5}, QUIET},
     GW_EXIT_STOP, 1, 3, 100, 98, -.02, .01, 2, false},
    {"time exit waits for a bar that trades", GW_SIDE_LONG, .05, .05, 2, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {103, 103, 103, 103, 0}, {102.5, 120, 80, 90, 5}, QUIET},
     GW_EXIT_TIME, 1, 3, 100, 102.5, -.01, .025, 2, false},
    {"an overdue time exit waits through several empty bars", GW_SIDE_LONG, .05, .05, 2, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, EMPTY, EMPTY, EMPTY, {99.5, 100, 99, 99.5, 5}, QUIET},
     GW_EXIT_TIME, 1, 5, 100, 99.5, -.01, .01, 4, false},
    {"an empty bar stops nothing", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 110, 90, 100, 0}, {100, 104.5, 99, 104, 5}, QUIET},
     GW_EXIT_TARGET, 1, 4, 100, 104, -.01, .04, 3, false},
    {"a gap across an empty bar fills at the open that trades", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {90, 90, 90, 90, 0}, {96, 97, 95, 96, 5}, QUIET},
     GW_EXIT_STOP, 1, 3, 100, 96, -.04, .01, 2, false},
    {"an entry waits for a bar that trades", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {50, 50, 50, 50, 0}, {102, 103, 101.5, 102.5, 5}, {102, 107, 102, 107, 5}, QUIET},
     GW_EXIT_TARGET, 2, 4, 102, 106.08, -.5 / 102, .04, 2, false},
    {"a late entry keeps the signal's horizon", GW_SIDE_LONG, .05, .05, 2, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, EMPTY, {100, 101, 99, 100.25, 5}, QUIET},
     GW_EXIT_TIME, 2, 3, 100, 100.25, -.01, .01, 1, false},
    {"an entry after its horizon lapses", GW_SIDE_LONG, .05, .05, 2, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, EMPTY, EMPTY, QUIET, QUIET},
     GW_EXIT_NONE, 0, 0, 0, 0, 0, 0, 0, false},
    {"unknown volume trades", GW_SIDE_LONG, .05, .05, 1, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 101, 99, 100.5, NAN}, QUIET},
     GW_EXIT_TIME, 1, 2, 100, 100.5, -.01, .01, 1, false},
    {"no next bar, no trade", GW_SIDE_LONG, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET}, GW_EXIT_NONE, 0, 0, 0, 0, 0, 0, 0, false},
    {"only empty bars follow, no trade", GW_SIDE_SHORT, .02, .04, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, EMPTY, EMPTY}, GW_EXIT_NONE, 0, 0, 0, 0, 0, 0, 0, false},
    {"end of data at the last close", GW_SIDE_LONG, .05, .05, 10, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 103, 99, 102, 5}},
     GW_EXIT_END, 1, 3, 100, 102, -.01, .03, 2, false},
    {"end of data on an empty bar", GW_SIDE_SHORT, .05, .05, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100.5, 100.5, 100.5, 100.5, 0}},
     GW_EXIT_END, 1, 3, 100, 100.5, -.01, .01, 2, false},
    {"no levels, no time: to the end", GW_SIDE_SHORT, 0, 0, 0, 0, GW_INTRABAR_STOP_FIRST,
     {QUIET, {100, 200, 1, 100, 5}, {100, 300, 1, 50, 5}},
     GW_EXIT_END, 1, 3, 100, 50, -2, .99, 2, false},
    {"a close order fills at the next open", GW_SIDE_LONG, .05, .05, 0, 2, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {100, 102, 99, 101, 5}, {100.75, 110, 90, 95, 5}, QUIET},
     GW_EXIT_SIGNAL, 1, 3, 100, 100.75, -.01, .02, 2, false},
    {"a close order waits for a bar that trades", GW_SIDE_LONG, .05, .05, 0, 2, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, QUIET, EMPTY, {100.5, 110, 90, 95, 5}, QUIET},
     GW_EXIT_SIGNAL, 1, 4, 100, 100.5, -.01, .01, 3, false},
    {"a close order at a gap is still the signal's", GW_SIDE_LONG, .02, .04, 0, 1, GW_INTRABAR_STOP_FIRST,
     {QUIET, QUIET, {90, 91, 89, 90, 5}, QUIET},
     GW_EXIT_SIGNAL, 1, 2, 100, 90, -.1, .01, 1, false},
    {"a close order cancels a waiting entry", GW_SIDE_LONG, .02, .04, 0, 1, GW_INTRABAR_STOP_FIRST,
     {QUIET, EMPTY, QUIET, QUIET},
     GW_EXIT_NONE, 0, 0, 0, 0, 0, 0, 0, false},
};
// clang-format on

static size_t case_length(const struct fill_case *c) {
    size_t n = 0;
    while (n < BARS_MAX && c->bar[n].open > 0) ++n;
    return n;
}

static void check_trade(const struct fill_case *c, const struct gw_trade *t) {
    if (t->reason != c->reason)
        fail_msg("%s: reason %s, want %s", c->name, gw_exit_reason_name[t->reason], gw_exit_reason_name[c->reason]);
    assert_int_equal(t->side, c->side);
    assert_int_equal(t->signal_ns, minute(1));
    if (t->entry_ns != minute(c->entry_minute)) fail_msg("%s: entry time", c->name);
    if (t->exit_ns != minute(c->exit_minute))
        fail_msg("%s: exit at minute %g, want %g", c->name, (double)(t->exit_ns - minute(0)) / (double)NS_PER_MINUTE,
                 (double)c->exit_minute);
    assert_near(t->entry_price, c->entry, 1e-14, 1);
    assert_near(t->exit_price, c->exit, 1e-14, 1);
    if (!near(t->mae, c->mae, 1e-12, 1)) fail_msg("%s: MAE %.12g, want %.12g", c->name, t->mae, c->mae);
    if (!near(t->mfe, c->mfe, 1e-12, 1)) fail_msg("%s: MFE %.12g, want %.12g", c->name, t->mfe, c->mfe);
    if (t->bars_held != c->bars_held) fail_msg("%s: held %u bars, want %u", c->name, t->bars_held, c->bars_held);
    if (t->ambiguous != c->ambiguous) fail_msg("%s: ambiguous is %d", c->name, t->ambiguous);
    assert_near(t->return_fraction, (double)c->side * (c->exit / c->entry - 1), 1e-12, 1e-3);
    assert_near(t->fees + t->slippage + t->funding, 0, 0, 1);
}

static void replay_case(const struct fill_case *c, const struct gw_market *market) {
    const struct scripted steps[] = {
        {0,
         {.kind = GW_ORDER_MARKET,
          .side = c->side,
          .size = .5,
          .stop = c->stop,
          .target = c->target,
          .max_bars = c->max_bars,
          .probability = .75f}},
        {c->close_at, {.kind = GW_ORDER_CLOSE}},
    };
    script.step = steps;
    script.n = c->close_at ? 2 : 1;
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    config.intrabar = c->rule;
    struct gw_replay_result result;
    assert_ok(gw_replay_run(market, &config, &script_strategy, &parameters, NULL, NULL, &result));
    if (result.n_trades != (c->reason != GW_EXIT_NONE)) fail_msg("%s: %zu trades", c->name, result.n_trades);
    if (c->reason != GW_EXIT_NONE) {
        const struct gw_trade *t = &result.trade[0];
        check_trade(c, t);
        assert_near(t->quantity, .5 * 100000 / c->entry, 1e-14, 1);
        assert_near(t->pnl, (double)c->side * t->quantity * (c->exit - c->entry), 1e-12, 1);
        assert_near(t->probability, .75, 0, 1);
        assert_near(result.equity[result.n_equity - 1].equity, 100000 + t->pnl, 1e-13, 1);
        assert_int_equal(result.n_ambiguous, c->ambiguous);
    }
    assert_int_equal(result.n_events, market->symbol[0].n);
    assert_int_equal(result.n_equity, market->symbol[0].n);
    gw_replay_result_free(&result);
}

static void fills_by_hand(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        const struct fill_case *c = &cases[i];
        struct gw_market market;
        fixture_market(&market, 1);
        fixture_bars(&market.symbol[0], c->bar, case_length(c));
        replay_case(c, &market);
        if (!c->close_at) {
            const struct gw_cost_config free_of_cost = {.multiplier = 1};
            struct gw_trade t;
            const bool entered = gw_trade_isolated(&market.symbol[0], 0, c->side, c->stop, c->target, c->max_bars,
                                                   &free_of_cost, c->rule, &t);
            if (entered != (c->reason != GW_EXIT_NONE)) fail_msg("%s: isolated trade entered: %d", c->name, entered);
            if (entered) check_trade(c, &t);
        }
        fixture_free(&market);
    }
}

/* Close and open at one bar: one open closes the long and enters the short. */
static void reversal_fills_at_one_open(void **state) {
    (void)state;
    const struct ohlcv row[] = {QUIET, QUIET, QUIET, {101, 102, 100, 101, 5}, QUIET};
    const struct scripted steps[] = {
        {0, {.side = GW_SIDE_LONG, .size = 1, .probability = NAN}},
        {1, {.side = GW_SIDE_SHORT, .size = 1, .probability = NAN}}, /* refused: long stays */
        {2, {.kind = GW_ORDER_CLOSE}},
        {2, {.side = GW_SIDE_SHORT, .size = 1, .probability = NAN}},
        {2, {.side = GW_SIDE_LONG, .size = 1, .probability = NAN}}, /* refused: one waits */
        {2, {.kind = GW_ORDER_CLOSE}},                              /* withdraws the short */
        {2, {.side = GW_SIDE_SHORT, .size = 2, .probability = NAN}}};
    script.step = steps;
    script.n = COUNT_OF(steps);
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, COUNT_OF(row));
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 2);
    assert_int_equal(r.n_orders, 7);
    assert_int_equal(r.n_rejected, 2);
    assert_int_equal(r.trade[0].exit_ns, minute(3));
    assert_int_equal(r.trade[0].reason, GW_EXIT_SIGNAL);
    assert_near(r.trade[0].pnl, 1000, 1e-12, 1);
    assert_int_equal(r.trade[1].entry_ns, minute(3));
    assert_near(r.trade[1].quantity, 2 * 101000. / 101, 1e-14, 1); /* sized after the long's profit */
    assert_near(r.trade[1].pnl, 2000, 1e-12, 1);
    /* 100000 + 101000 (long) + 202000 + 200000 (short), over 100000 */
    assert_near(r.turnover, 6.03, 1e-12, 1);
    /* Short of twice the equity: 101000 + 202000 cash, marked at 101. */
    assert_near(r.equity[3].cash, 303000, 1e-12, 1);
    assert_near(r.equity[3].equity, 101000, 1e-12, 1);
    assert_near(r.equity[3].exposure, 2, 1e-12, 1);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* Bars off their grid may overlap: a bar that opened before the decision cannot fill it. */
static void overlapping_bars_fill_after_the_decision(void **state) {
    (void)state;
    const struct ohlcv row[] = {QUIET, QUIET, {101, 102, 100, 101, 5}, {102, 103, 101, 102, 5}};
    const struct scripted steps[] = {{0, {.side = GW_SIDE_LONG, .size = 1, .probability = NAN}}};
    script.step = steps;
    script.n = 1;
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, COUNT_OF(row));
    market.symbol[0].bar[1].open_ns -= NS_PER_MINUTE / 2;
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].entry_ns, minute(2));
    assert_near(r.trade[0].entry_price, 101, 0, 1);
    struct gw_trade t;
    assert_true(
        gw_trade_isolated(&market.symbol[0], 0, GW_SIDE_LONG, 0, 0, 0, &config.costs, GW_INTRABAR_STOP_FIRST, &t));
    assert_int_equal(t.entry_ns, minute(2));
    gw_replay_result_free(&r);
    fixture_free(&market);
}

static void isolated_beyond_the_data(void **state) {
    (void)state;
    const struct ohlcv row[] = {QUIET, QUIET};
    struct gw_bars bars;
    fixture_bars(&bars, row, 2);
    const struct gw_cost_config costs = {.multiplier = 1};
    struct gw_trade t;
    assert_true(gw_trade_isolated(&bars, 0, GW_SIDE_LONG, 0, 0, 1, &costs, GW_INTRABAR_STOP_FIRST, &t));
    assert_false(gw_trade_isolated(&bars, 1, GW_SIDE_LONG, 0, 0, 1, &costs, GW_INTRABAR_STOP_FIRST, &t));
    assert_false(gw_trade_isolated(&bars, 2, GW_SIDE_LONG, 0, 0, 1, &costs, GW_INTRABAR_STOP_FIRST, &t));
    mem_free(bars.bar);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_by_hand),
        cmocka_unit_test(reversal_fills_at_one_open),
        cmocka_unit_test(overlapping_bars_fill_after_the_decision),
        cmocka_unit_test(isolated_beyond_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
