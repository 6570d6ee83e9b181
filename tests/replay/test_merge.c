/* Several symbols on one clock: order of events, the replay's window, what is known when a fill is sized, and whose
 * state a strategy is handed. */
#include "engine/base/base.h"
#include "fixture.h"

enum { EVENTS_MAX = 4000 };

static struct {
    struct {
        int64_t close_ns;
        uint32_t symbol;
        size_t history;
        double close;
    } event[EVENTS_MAX];
    size_t n;
} seen;

static void record_on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                          struct gw_order_sink *orders) {
    (void)state, (void)config, (void)orders;
    assert_true(seen.n < EVENTS_MAX);
    assert_ptr_equal(gw_history_bar(&event->history, 0), event->history.last);
    assert_null(gw_history_bar(&event->history, event->history.n));
    seen.event[seen.n].close_ns = event->close_ns;
    seen.event[seen.n].symbol = event->symbol;
    seen.event[seen.n].history = event->history.n;
    seen.event[seen.n++].close = event->history.last->close;
}
static const struct gw_strategy_desc recorder = {.name = "recorder", .help = "records", .on_bar = record_on_bar};

static void run_recorder(const struct gw_market *market, int64_t begin_ns, int64_t end_ns, struct gw_replay_result *r) {
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    config.begin_ns = begin_ns;
    config.end_ns = end_ns;
    seen.n = 0;
    assert_ok(gw_replay_run(market, &config, &recorder, &parameters, NULL, NULL, r));
    assert_int_equal(r->n_events, seen.n);
}

/* A starts early and has a gap; B starts late; C has bars of three minutes. */
static void events_come_in_time_then_symbol_order(void **state) {
    (void)state;
    static const int64_t a[] = {0, 1, 2, 7, 8, 9}, b[] = {1, 2, 3, 4, 9, 12}, c[] = {0, 3, 6};
    static const struct {
        int64_t close;
        uint32_t symbol;
        size_t history;
    } want[] = {{1, 0, 1}, {2, 0, 2}, {2, 1, 1}, {3, 0, 3}, {3, 1, 2},  {3, 2, 1},  {4, 1, 3}, {5, 1, 4},
                {6, 2, 2}, {8, 0, 4}, {9, 0, 5}, {9, 2, 3}, {10, 0, 6}, {10, 1, 5}, {13, 1, 6}};
    const int64_t *open[] = {a, b, c};
    const size_t n[] = {6, 6, 3};
    struct gw_market market;
    fixture_market(&market, 3);
    for (size_t s = 0; s < 3; ++s) {
        struct gw_bars *bars = &market.symbol[s];
        bars->interval_ns = (s == 2 ? 3 : 1) * NS_PER_MINUTE;
        bars->n = n[s];
        bars->bar = mem_calloc(n[s], sizeof *bars->bar);
        for (size_t i = 0; i < n[s]; ++i) bars->bar[i] = (struct gw_bar){minute(open[s][i]), 1, 1, 1, 1, 1};
    }
    struct gw_replay_result r;
    run_recorder(&market, 0, 0, &r);
    assert_int_equal(seen.n, COUNT_OF(want));
    for (size_t i = 0; i < seen.n; ++i) {
        assert_int_equal(seen.event[i].close_ns, minute(want[i].close));
        assert_int_equal(seen.event[i].symbol, want[i].symbol);
        assert_int_equal(seen.event[i].history, want[i].history);
    }
    static const int64_t points[] = {1, 2, 3, 4, 5, 6, 8, 9, 10, 13};
    assert_int_equal(r.n_equity, COUNT_OF(points));
    for (size_t i = 0; i < r.n_equity; ++i) assert_int_equal(r.equity[i].time_ns, minute(points[i]));
    gw_replay_result_free(&r);

    /* The window cuts by close time, begin inclusive, end exclusive; history still reaches back. */
    run_recorder(&market, minute(3), minute(9), &r);
    assert_int_equal(seen.n, 7);
    for (size_t i = 0; i < seen.n; ++i) {
        assert_int_equal(seen.event[i].close_ns, minute(want[i + 3].close));
        assert_int_equal(seen.event[i].history, want[i + 3].history);
    }
    gw_replay_result_free(&r);
    run_recorder(&market, minute(11), minute(12), &r);
    assert_int_equal(seen.n, 0);
    assert_int_equal(r.n_equity, 0);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

static int later(int64_t close_a, uint32_t symbol_a, int64_t close_b, uint32_t symbol_b) {
    return close_a > close_b || (close_a == close_b && symbol_a > symbol_b);
}

static void every_bar_is_delivered_once_in_order(void **state) {
    (void)state;
    enum { FEW = 5, MANY = 150 }; /* many: symbols of several blocks, on clocks of their own */
    for (uint64_t k = 0; k < 40; ++k) {
        struct gw_rng rng;
        gw_rng_key(&rng, k, "merge", 0, 0, 0);
        struct gw_market market;
        const size_t n_symbols = k < 30 ? FEW : MANY;
        fixture_market(&market, n_symbols);
        size_t n = 0, next[MANY] = {0};
        for (size_t s = 0; s < n_symbols; ++s) {
            struct gw_bars *bars = &market.symbol[s];
            fixture_random_bars(bars, 1 + gw_rng_below(&rng, k < 30 ? 200 : 25), &rng, 0, 0.3);
            bars->interval_ns = (int64_t)(1 + gw_rng_below(&rng, 4)) * NS_PER_MINUTE / 4;
            const int64_t late_ns = k % 2 ? (int64_t)gw_rng_below(&rng, 1000) * NS_PER_MINUTE / 100 : 0;
            for (size_t i = 0; i < bars->n; ++i) bars->bar[i].open_ns += late_ns;
            n += market.symbol[s].n;
        }
        struct gw_replay_result r;
        run_recorder(&market, 0, 0, &r);
        assert_int_equal(seen.n, n);
        for (size_t i = 0; i < seen.n; ++i) {
            const struct gw_bars *bars = &market.symbol[seen.event[i].symbol];
            const size_t at = next[seen.event[i].symbol]++;
            assert_int_equal(seen.event[i].history, at + 1);
            assert_int_equal(seen.event[i].close_ns, gw_bar_close_ns(bars, at));
            assert_true(seen.event[i].close == bars->bar[at].close);
            if (i)
                assert_true(later(seen.event[i].close_ns, seen.event[i].symbol, seen.event[i - 1].close_ns,
                                  seen.event[i - 1].symbol));
        }
        gw_replay_result_free(&r);
        fixture_free(&market);
    }
}

/* Both symbols enter at the open of minute 1. The second is sized by the first's price at that open, not by the
 * close it reaches a minute later. */
static void a_fill_is_sized_by_what_was_known(void **state) {
    (void)state;
    const struct ohlcv a[] = {{100, 100, 100, 100, 1}, {100, 200, 100, 200, 1}, {200, 200, 200, 200, 1}};
    const struct ohlcv b[] = {{10, 10, 10, 10, 1}, {10, 10, 10, 10, 1}, {10, 10, 10, 10, 1}};
    const struct scripted steps[] = {{0, {.symbol = 0, .side = GW_SIDE_LONG, .size = 1, .probability = NAN}},
                                     {0, {.symbol = 1, .side = GW_SIDE_LONG, .size = 1, .probability = NAN}}};
    script.step = steps;
    script.n = 2;
    struct gw_market market;
    fixture_market(&market, 2);
    fixture_bars(&market.symbol[0], a, 3);
    fixture_bars(&market.symbol[1], b, 3);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    config.costs.slippage_bps = 100; /* the first's loss at its entry is known, too: bought at 101, worth 100 */
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 2);
    assert_near(r.trade[0].quantity, 100000 / 101., 1e-14, 1);
    assert_near(r.trade[1].quantity, 100000 * (100 / 101.) / 10.1, 1e-14, 1);
    assert_near(r.equity[1].exposure, (20000000 / 101. + 100000 * (100 / 101.) / 1.01) / r.equity[1].equity, 1e-13, 1);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* An order for another symbol, put while that symbol's bar is under way, waits for its next open. */
static void cross_on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                         struct gw_order_sink *orders) {
    (void)state, (void)config;
    if (event->symbol == 0 && event->history.n == 2)
        gw_order_put(orders, &(struct gw_order){
                                 .symbol = 1, .side = GW_SIDE_LONG, .size = 1, .max_bars = 1, .probability = NAN});
}
static const struct gw_strategy_desc crosser = {
    .name = "crosser", .help = "orders another symbol", .on_bar = cross_on_bar};

static void an_order_for_another_symbol_waits_for_its_open(void **state) {
    (void)state;
    const struct ohlcv row[] = {{10, 10, 10, 10, 1}, {11, 11, 11, 11, 1}, {12, 12, 12, 12, 1}, {13, 13, 13, 13, 1}};
    struct gw_market market;
    fixture_market(&market, 2);
    fixture_bars(&market.symbol[0], row, 4);
    fixture_bars(&market.symbol[1], row, 4);
    market.symbol[1].interval_ns = 3 * NS_PER_MINUTE;
    for (int i = 0; i < 4; ++i) market.symbol[1].bar[i].open_ns = minute(3 * i);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &crosser, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 0); /* decided at minute 2, horizon ends with the bar under way: it lapses */
    assert_int_equal(r.n_rejected, 1);
    gw_replay_result_free(&r);
    market.symbol[1].bar[0].open_ns = minute(-1); /* now that bar closes at minute 2, as the decision is made */
    assert_ok(gw_replay_run(&market, &config, &crosser, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 0); /* symbol 1 has not been heard yet at that instant */
    gw_replay_result_free(&r);
    market.symbol[1].bar[0].open_ns = minute(-2);
    assert_ok(gw_replay_run(&market, &config, &crosser, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].signal_ns, minute(2));
    assert_int_equal(r.trade[0].entry_ns, minute(3));
    assert_int_equal(r.trade[0].exit_ns, minute(6));
    gw_replay_result_free(&r);
    /* Symbol 1 closes nothing in the window before the decision: its bar before the window is the newest. */
    config.begin_ns = minute(2);
    config.end_ns = minute(100);
    assert_ok(gw_replay_run(&market, &config, &crosser, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].exit_ns, minute(6));
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* A symbol that ends early is closed at its own last bar; the others go on. */
static void a_symbol_that_ends_is_closed_there(void **state) {
    (void)state;
    const struct ohlcv row[] = {{10, 10, 10, 10, 1}, {10, 10, 10, 10, 1}, {10, 12, 10, 12, 1}, {12, 12, 12, 12, 1}};
    const struct scripted steps[] = {{0, {.symbol = 0, .side = GW_SIDE_LONG, .size = .5, .probability = NAN}},
                                     {0, {.symbol = 1, .side = GW_SIDE_LONG, .size = .5, .probability = NAN}},
                                     {2, {.symbol = 0, .kind = GW_ORDER_CLOSE}}}; /* at the last bar: never fills */
    script.step = steps;
    script.n = 3;
    struct gw_market market;
    fixture_market(&market, 2);
    fixture_bars(&market.symbol[0], row, 3);
    fixture_bars(&market.symbol[1], row, 4);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 2);
    assert_int_equal(r.trade[0].symbol, 0);
    assert_int_equal(r.trade[0].reason, GW_EXIT_END);
    assert_int_equal(r.trade[0].exit_ns, minute(3));
    assert_int_equal(r.trade[1].exit_ns, minute(4));
    assert_int_equal(r.n_equity, 4);
    assert_near(r.equity[2].cash, 60000, 1e-13, 1); /* 50000 + 50000 went in, 60000 came back */
    assert_near(r.equity[3].equity, 120000, 1e-13, 1);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* ---- whose state ------------------------------------------------------------------------------ */

struct counter {
    size_t n_bars, last_symbol;
};
static size_t shared_max;

static void shared_init(void *memory, const struct gw_strategy_config *config) {
    struct counter *counter = memory;
    assert_int_equal(counter->n_bars, 0);
    counter->n_bars = config->horizon;
}
static void shared_on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                          struct gw_order_sink *orders) {
    (void)config, (void)event, (void)orders;
    struct counter *counter = memory;
    if (++counter->n_bars > shared_max) shared_max = counter->n_bars;
}
static void own_on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                       struct gw_order_sink *orders) {
    (void)config, (void)orders;
    struct counter *counter = memory;
    assert_int_equal((uintptr_t)memory % 16, 0);
    if (counter->n_bars++) assert_int_equal(counter->last_symbol, event->symbol);
    counter->last_symbol = event->symbol;
    assert_int_equal(counter->n_bars, event->history.n);
}

static void states_are_zeroed_and_not_mixed(void **state) {
    (void)state;
    const struct gw_strategy_desc shared = {.name = "shared",
                                            .help = "one state",
                                            .state_size = sizeof(struct counter),
                                            .init = shared_init,
                                            .on_bar = shared_on_bar};
    const struct gw_strategy_desc own = {
        .name = "own", .help = "state a symbol", .on_bar = own_on_bar, .per_symbol_state_size = sizeof(struct counter)};
    struct gw_market market;
    fixture_market(&market, 3);
    struct gw_rng rng;
    gw_rng_key(&rng, 3, "state", 0, 0, 0);
    for (size_t s = 0; s < 3; ++s) fixture_random_bars(&market.symbol[s], 50, &rng, 0, 0.2);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    for (int run = 0; run < 2; ++run) {
        shared_max = 0;
        assert_ok(gw_replay_run(&market, &config, &shared, &parameters, NULL, NULL, &r));
        assert_int_equal(shared_max, 150 + parameters.horizon);
        gw_replay_result_free(&r);
        assert_ok(gw_replay_run(&market, &config, &own, &parameters, NULL, NULL, &r));
        gw_replay_result_free(&r);
    }
    fixture_free(&market);
}

/* ---- what a strategy is told of its position ----------------------------------------------------- */

static struct gw_position_view view[8];

static void watch_on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                         struct gw_order_sink *orders) {
    view[event->history.n - 1] = event->position;
    script_on_bar(memory, config, event, orders);
}

static void a_strategy_sees_its_position(void **state) {
    (void)state;
    const struct gw_strategy_desc watcher = {.name = "watcher", .help = "watches", .on_bar = watch_on_bar};
    /* Bar 2 is empty, so the entry of bar 1 waits; bar 5 is, so the close of bar 4 does. */
    struct ohlcv row[8];
    for (size_t i = 0; i < 8; ++i) row[i] = (struct ohlcv){100, 100, 100, 100, i == 2 || i == 5 ? 0 : 1};
    const struct scripted steps[] = {{1, {.side = GW_SIDE_SHORT, .size = .5, .probability = NAN}},
                                     {4, {.kind = GW_ORDER_CLOSE}}};
    static const struct gw_position_view want[8] = {
        {.pending = false},
        {.pending = false},
        {.pending = true},
        {.quantity = -500, .entry_price = 100, .bars_held = 1},
        {.quantity = -500, .entry_price = 100, .bars_held = 2},
        {.quantity = -500, .entry_price = 100, .bars_held = 3, .pending = true},
        {.pending = false},
        {.pending = false}};
    script.step = steps;
    script.n = 2;
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, 8);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &watcher, &parameters, NULL, NULL, &r));
    for (size_t i = 0; i < 8; ++i) {
        assert_near(view[i].quantity, want[i].quantity, 1e-14, 1);
        assert_near(view[i].entry_price, want[i].entry_price, 1e-14, 1);
        assert_int_equal(view[i].bars_held, want[i].bars_held);
        assert_int_equal(view[i].pending, want[i].pending);
    }
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* ---- orders and arguments that make no sense ---------------------------------------------------- */

static void senseless_orders_end_the_replay(void **state) {
    (void)state;
    static const struct {
        struct gw_order order;
        const char *says;
    } bad[] = {
        {{.side = GW_SIDE_LONG, .size = 0}, "size"},
        {{.side = GW_SIDE_LONG, .size = NAN}, "size"},
        {{.side = GW_SIDE_LONG, .size = 1, .stop = -.1}, "stop"},
        {{.side = GW_SIDE_LONG, .size = 1, .target = NAN}, "target"},
        {{.size = 1}, "side"},
    };
    const struct ohlcv row[] = {{10, 10, 10, 10, 1}, {10, 10, 10, 10, 1}};
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, 2);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    for (size_t i = 0; i < COUNT_OF(bad); ++i) {
        const struct scripted step = {0, bad[i].order};
        script.step = &step;
        script.n = 1;
        assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_INTERNAL,
                     bad[i].says);
    }
    script.n = 0;
    config.initial_cash = -1;
    assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                 "initial_cash");
    config.initial_cash = 1;
    config.begin_ns = 2;
    config.end_ns = 1;
    assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                 "window");
    market.n_symbols = 0;
    assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_DATA,
                 "no symbols");
    market.n_symbols = 1;
    fixture_free(&market);
}

/* Nothing left to trade with: orders are refused, equity stays what it is. */
static void a_ruined_account_trades_no_more(void **state) {
    (void)state;
    const struct ohlcv row[] = {{100, 100, 100, 100, 1},
                                {100, 100, 100, 100, 1},
                                {150, 150, 150, 150, 1},
                                {150, 150, 150, 150, 1},
                                {150, 150, 150, 150, 1}};
    const struct scripted steps[] = {{0, {.side = GW_SIDE_SHORT, .size = 3, .probability = NAN}},
                                     {1, {.kind = GW_ORDER_CLOSE}},
                                     {2, {.side = GW_SIDE_LONG, .size = 1, .probability = NAN}}};
    script.step = steps;
    script.n = 3;
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, 5);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.n_rejected, 1);
    assert_near(r.ledger.cash, -50000, 1e-13, 1);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_time_then_symbol_order),
        cmocka_unit_test(every_bar_is_delivered_once_in_order),
        cmocka_unit_test(a_fill_is_sized_by_what_was_known),
        cmocka_unit_test(an_order_for_another_symbol_waits_for_its_open),
        cmocka_unit_test(a_symbol_that_ends_is_closed_there),
        cmocka_unit_test(states_are_zeroed_and_not_mixed),
        cmocka_unit_test(a_strategy_sees_its_position),
        cmocka_unit_test(senseless_orders_end_the_replay),
        cmocka_unit_test(a_ruined_account_trades_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
