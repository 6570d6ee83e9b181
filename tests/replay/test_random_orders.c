/* Random orders of every kind, with cancels and replacements, through random accounts: the ledger is reconciled at every
 * fill and bar, every order ends once, trades and fills tell the same story, and the future changes nothing.
 * ORDERS=1000000 in the environment makes it longer. */
#include <stdlib.h>

#include "engine/base/base.h"
#include "fixture.h"

static struct gw_rng draw;
static size_t n_put;

static double around(double price) { return price * (1 + 0.02 * (gw_rng_uniform(&draw) - 0.5)); }

static struct gw_order random_order(const struct gw_bar_event *event) {
    const double price = event->history.last->close;
    struct gw_order o = {.symbol = event->symbol,
                         .kind = (enum gw_order_kind)gw_rng_below(&draw, 6),
                         .side = gw_rng_below(&draw, 2) ? GW_SIDE_LONG : GW_SIDE_SHORT,
                         .size = 0.05 + 0.6 * gw_rng_uniform(&draw),
                         .quantity = gw_rng_below(&draw, 3) ? 0 : 1 + 4000 * gw_rng_uniform(&draw),
                         .limit_price = around(price),
                         .stop_price = around(price),
                         .trail = gw_rng_below(&draw, 2) ? 0.001 + 0.02 * gw_rng_uniform(&draw) : 0,
                         .trail_distance = price * (0.001 + 0.01 * gw_rng_uniform(&draw)),
                         .time_in_force = (enum gw_time_in_force)gw_rng_below(&draw, 4),
                         .good_bars = 1 + gw_rng_below(&draw, 6),
                         .reduce_only = gw_rng_below(&draw, 5) == 0,
                         .oco = event->n_orders && gw_rng_below(&draw, 4) == 0 ? event->n_orders : 0,
                         .stop = gw_rng_below(&draw, 3) ? 0 : 0.001 + 0.015 * gw_rng_uniform(&draw),
                         .target = gw_rng_below(&draw, 3) ? 0 : 0.001 + 0.02 * gw_rng_uniform(&draw),
                         .trail_stop = gw_rng_below(&draw, 3) ? 0 : 0.001 + 0.015 * gw_rng_uniform(&draw),
                         .max_bars = gw_rng_below(&draw, 3) ? 0 : 1 + gw_rng_below(&draw, 12),
                         .probability = NAN};
    return o;
}

/* Draws depend on the past alone: the key is the symbol and its bar. */
static void orders_on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                          struct gw_order_sink *sink) {
    (void)state, (void)config;
    gw_rng_key(&draw, random_seed, "random orders", event->symbol, event->history.n, 0);
    for (uint64_t n = gw_rng_below(&draw, 4); n > 0; --n) {
        const struct gw_order o = random_order(event);
        const size_t before = event->n_orders;
        const uint64_t what = gw_rng_below(&draw, 10);
        const uint64_t id = before ? 1 + gw_rng_below(&draw, before) : 0;
        if (what == 0 && id) {
            const bool waited = event->order[id - 1].state == GW_ORDER_WAITING;
            const bool cancelled = gw_order_cancel(sink, id);
            assert_true(waited || !cancelled); /* it may have ended at this very bar meanwhile */
        } else if (what == 1 && id && event->order[id - 1].symbol == event->symbol) {
            n_put += gw_order_replace(sink, id, &o) != 0;
            return; /* the list may have moved: the event's view is of the bar's begin */
        } else {
            assert_true(gw_order_put(sink, &o) > before);
            n_put++;
            return;
        }
    }
}

static size_t n_told;
static void told(void *state, const struct gw_strategy_config *config, const struct gw_order_record *order) {
    (void)state, (void)config;
    assert_true(order->id > 0);
    n_told++;
}

static const struct gw_strategy_desc strategy = {
    .name = "orders", .help = "random orders", .on_bar = orders_on_bar, .on_order = told};

struct scenario {
    struct gw_market market;
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    struct gw_instrument instrument[3];
};

/* Without the first fifth. */
static void late_bars(struct gw_bars *bars) {
    const size_t cut = bars->n / 5;
    memmove(bars->bar, bars->bar + cut, (bars->n - cut) * sizeof *bars->bar);
    bars->n -= cut;
}

static void scenario_make(struct scenario *s, uint64_t k) {
    struct gw_rng rng;
    gw_rng_key(&rng, k, "order scenario", 0, 0, 0);
    memset(s, 0, sizeof *s);
    fixture_market(&s->market, 1 + k % 3);
    for (size_t m = 0; m < s->market.n_symbols; ++m) {
        fixture_random_bars(&s->market.symbol[m], 120, &rng, 0.1, 0.05);
        s->instrument[m] = (struct gw_instrument){.tick = gw_rng_below(&rng, 2) ? 0.01 : 0,
                                                  .lot = gw_rng_below(&rng, 2) ? 0.5 : 0,
                                                  .min_notional = gw_rng_below(&rng, 2) ? 100 : 0,
                                                  .multiplier = gw_rng_below(&rng, 2) ? 1 : 5};
    }
    /* Every third one is quoted in another currency, which another symbol or its own price turned round values; those
     * bars may begin later. */
    struct gw_rng rates;
    gw_rng_key(&rates, k, "rates", 0, 0, 0);
    const size_t n = s->market.n_symbols;
    for (size_t m = 0; m < n; ++m) {
        const size_t from = gw_rng_below(&rates, n);
        if (gw_rng_below(&rates, 3)) continue;
        s->instrument[m].rate_symbol = 1 + from;
        s->instrument[m].rate_inverse = from == m || gw_rng_below(&rates, 2);
        if (from != m && gw_rng_below(&rates, 2)) late_bars(&s->market.symbol[from]);
    }
    fixture_config(&s->config, &s->parameters);
    fixture_random_costs(&s->config.costs, &rng);
    s->config.instrument = s->instrument;
    s->config.intrabar = gw_rng_below(&rng, 2) ? GW_INTRABAR_STOP_FIRST : GW_INTRABAR_TARGET_FIRST;
    s->config.participation = gw_rng_below(&rng, 2) ? gw_rng_uniform(&rng) : 0;
    s->config.limit_touch = gw_rng_below(&rng, 2);
    s->config.max_entries = 1 + gw_rng_below(&rng, 3);
    s->config.account = (enum gw_account)gw_rng_below(&rng, 3);
    s->config.initial_margin = 0.03;
    s->config.maintenance_margin = 0.025;
    s->config.liquidation_fee_bps = 50;
    s->config.interest_bps_per_year = gw_rng_below(&rng, 2) ? 400 : 0;
    s->config.loan_bps_per_year = 800;
    s->config.limits = (struct gw_limits){.max_positions = gw_rng_below(&rng, 3),
                                          .max_gross = gw_rng_below(&rng, 2) ? 1.5 : 0,
                                          .max_net = gw_rng_below(&rng, 2) ? 1 : 0,
                                          .max_symbol = gw_rng_below(&rng, 2) ? 0.8 : 0,
                                          .cooldown_bars = gw_rng_below(&rng, 4),
                                          .daily_loss = gw_rng_below(&rng, 2) ? 0.05 : 0,
                                          .max_drawdown = gw_rng_below(&rng, 4) ? 0 : 0.3};
    /* Nothing else keeps it from a margin call. */
    if (s->config.account == GW_ACCOUNT_MARGIN) s->config.limits = (struct gw_limits){.cooldown_bars = 2};
}

static size_t ended[5], because[GW_N_REASONS], left_by[GW_N_EXITS];

static void check_ends(const struct scenario *s, const struct gw_replay_result *r) {
    double pnl = 0;
    for (size_t i = 0; i < r->n_records; ++i) {
        const struct gw_order_record *o = &r->order[i];
        assert_int_equal(o->id, i + 1);
        assert_true(o->state != GW_ORDER_WAITING);
        assert_true((o->state == GW_ORDER_FILLED) == (o->reason == GW_REASON_NONE));
        assert_true(o->end_ns >= o->put_ns);
        assert_true(o->filled >= 0 && o->filled <= o->quantity * (1 + 1e-12));
        if (o->state == GW_ORDER_FILLED) assert_true(o->filled > 0 && o->average_price > 0);
        ended[o->state]++;
        because[o->reason]++;
    }
    for (size_t i = 0; i < r->n_trades; ++i) {
        const struct gw_trade *t = &r->trade[i];
        pnl += t->pnl;
        left_by[t->reason]++;
        assert_true(t->quantity > 0 && t->mae <= 0 && t->mfe >= 0);
        assert_true(t->signal_ns <= t->entry_ns && t->entry_ns <= t->exit_ns);
        assert_true(t->entry_order >= 1 && t->exit_order >= 1 && t->exit_order != t->entry_order &&
                    t->exit_order <= r->n_records);
        if (s->config.account == GW_ACCOUNT_CASH) assert_int_equal(t->side, GW_SIDE_LONG);
    }
    for (size_t m = 0; m < s->market.n_symbols; ++m) assert_near(r->ledger.position[m].quantity, 0, 0, 1);
    assert_near(r->ledger.cash, s->config.initial_cash + pnl + r->interest, 1e-9, s->config.initial_cash);
}

static void the_ledger_holds_at_every_event(void **state) {
    (void)state;
    const char *longer = getenv("ORDERS");
    const size_t want = longer ? (size_t)atoll(longer) : 100000;
    n_put = n_told = 0;
    size_t n_orders = 0, n_fills = 0;
    for (uint64_t k = 0; n_put < want; ++k) {
        struct scenario s;
        scenario_make(&s, k);
        random_seed = k;
        struct gw_replay_result r;
        assert_ok(gw_replay_run(&s.market, &s.config, &strategy, &s.parameters, NULL, NULL, &r));
        check_ends(&s, &r);
        n_orders += r.n_records;
        n_fills += r.ledger.n_fills;
        gw_replay_result_free(&r);
        fixture_free(&s.market);
    }
    print_message("%zu orders put, %zu with exits, %zu fills\n", n_put, n_orders, n_fills);
    assert_true(n_told > n_orders);
    for (int i = GW_ORDER_FILLED; i <= GW_ORDER_REJECTED; ++i) assert_true(ended[i] > 100);
    for (int i = 0; i < GW_N_REASONS; ++i)
        if (!because[i] && i != GW_REASON_NO_EQUITY) fail_msg("no order ended because of %s", gw_order_reason_name[i]);
    for (int i = GW_EXIT_STOP; i < GW_N_EXITS; ++i)
        if (!left_by[i]) fail_msg("no trade ended by %s", gw_exit_reason_name[i]);
}

/* What ended before the bars that were changed ended as it did. */
static void the_future_changes_no_order(void **state) {
    (void)state;
    size_t compared = 0;
    for (uint64_t k = 0; k < 60; ++k) {
        struct scenario s;
        scenario_make(&s, k);
        random_seed = k;
        struct gw_replay_result a, b;
        assert_ok(gw_replay_run(&s.market, &s.config, &strategy, &s.parameters, NULL, NULL, &a));
        const int64_t cut_ns = minute(60);
        for (size_t m = 0; m < s.market.n_symbols; ++m)
            for (size_t i = 0; i < s.market.symbol[m].n; ++i) {
                struct gw_bar *bar = &s.market.symbol[m].bar[i];
                if (bar->open_ns < cut_ns) continue;
                bar->open *= 1.5, bar->high *= 1.6, bar->low *= 1.1, bar->close *= 1.4;
            }
        assert_ok(gw_replay_run(&s.market, &s.config, &strategy, &s.parameters, NULL, NULL, &b));
        for (size_t i = 0; i < a.n_records && a.order[i].put_ns < cut_ns; ++i) {
            assert_true(i < b.n_records);
            if (a.order[i].end_ns >= cut_ns) continue;
            assert_memory_equal(&a.order[i], &b.order[i], sizeof *a.order);
            compared++;
        }
        gw_replay_result_free(&a);
        gw_replay_result_free(&b);
        fixture_free(&s.market);
    }
    assert_true(compared > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_holds_at_every_event),
        cmocka_unit_test(the_future_changes_no_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
