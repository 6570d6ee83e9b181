/* Properties over random markets and random orders: the ledger follows from its fills at every bar, no fill comes
 * before its decision, the future changes nothing in the past, one bracket is one trade wherever it is counted. */
#include "engine/base/base.h"
#include "fixture.h"

enum { SCENARIOS = 240 };

/* ---- every scenario is audited from outside, by a strategy that recomputes the account ---------- */

static struct audit {
    const struct gw_replay_result *result;
    double initial_cash;
    double close[3]; /* newest close of each symbol */
    int64_t now_ns;
    size_t n_bars;
    size_t corrupt_at; /* bar count at which cash is spoiled; 0: never */
} audit;

static void audit_account(const struct gw_bar_event *event) {
    const struct gw_ledger *ledger = &audit.result->ledger;
    double held[3] = {0}, cash = audit.initial_cash - ledger->funding;
    for (size_t i = 0; i < ledger->n_fills; ++i) {
        const struct gw_fill *fill = &ledger->fill[i];
        assert_true(fill->time_ns <= event->close_ns);
        cash -= fill->quantity * fill->price;
        cash -= fill->fee;
        held[fill->symbol] += fill->quantity;
    }
    double equity = cash;
    for (size_t s = 0; s < ledger->n_symbols; ++s) {
        assert_near(ledger->position[s].quantity, held[s], 1e-12, 1e-6);
        /* The newest price: the last close, or the open at which the position was entered since. */
        const bool flat_or_closed = held[s] == 0 || s == event->symbol;
        equity += held[s] * (flat_or_closed ? audit.close[s] : ledger->position[s].mark_price);
    }
    assert_near(event->position.quantity, held[event->symbol], 1e-12, 1e-6);
    assert_near(ledger->cash, cash, 1e-9, audit.initial_cash);
    assert_near(gw_ledger_equity(ledger), equity, 1e-9, audit.initial_cash);
}

static void audited_on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                           struct gw_order_sink *orders) {
    assert_true(event->close_ns >= audit.now_ns);
    audit.now_ns = event->close_ns;
    audit.close[event->symbol] = event->history.last->close;
    audit_account(event);
    if (++audit.n_bars == audit.corrupt_at) ((struct gw_replay_result *)audit.result)->ledger.cash += 0.01;
    random_on_bar(state, config, event, orders);
}

static const struct gw_strategy_desc audited = {.name = "audited", .help = "random orders", .on_bar = audited_on_bar};

static void random_market(struct gw_market *market, struct gw_rng *rng, size_t n_symbols, size_t n_bars) {
    fixture_market(market, n_symbols);
    for (size_t s = 0; s < n_symbols; ++s) {
        fixture_random_bars(&market->symbol[s], n_bars / 2 + gw_rng_below(rng, n_bars / 2), rng, 0.1, 0.05);
        const int64_t late = (int64_t)gw_rng_below(rng, 30);
        for (size_t i = 0; i < market->symbol[s].n; ++i) market->symbol[s].bar[i].open_ns += late * NS_PER_MINUTE;
    }
}

static size_t bar_opening_at(const struct gw_bars *bars, int64_t open_ns) {
    for (size_t i = 0; i < bars->n; ++i)
        if (bars->bar[i].open_ns == open_ns) return i;
    return SIZE_MAX;
}

static void check_trades(const struct gw_market *market, const struct gw_replay_config *config,
                         const struct gw_replay_result *r) {
    int64_t free_from[3] = {0};
    double pnl = 0, fees = 0, slippage = 0, funding = 0;
    size_t ambiguous = 0;
    for (size_t i = 0; i < r->n_trades; ++i) {
        const struct gw_trade *t = &r->trade[i];
        const struct gw_bars *bars = &market->symbol[t->symbol];
        const size_t e = bar_opening_at(bars, t->entry_ns);
        assert_true(e != SIZE_MAX && e > 0);
        assert_true(bars->bar[e].volume > 0);
        assert_true(t->signal_ns <= t->entry_ns && t->entry_ns <= t->exit_ns);
        assert_true(t->entry_ns >= free_from[t->symbol]); /* one position a symbol */
        free_from[t->symbol] = t->exit_ns;
        assert_true((double)t->side * (t->entry_price - bars->bar[e].open) >= 0); /* costs never help */
        assert_true(t->quantity > 0 && t->mae <= 0 && t->mfe >= 0 && t->slippage >= 0);
        assert_true(t->reason >= GW_EXIT_STOP && t->reason <= GW_EXIT_END);
        pnl += t->pnl;
        fees += t->fees;
        slippage += t->slippage;
        funding += t->funding;
        ambiguous += t->ambiguous;
    }
    const double scale = config->initial_cash;
    assert_near(r->ledger.cash, config->initial_cash + pnl, 1e-9, scale);
    assert_near(r->equity[r->n_equity - 1].equity, r->ledger.cash, 1e-9, scale);
    assert_near(r->fees, fees, 1e-9, scale);
    assert_near(r->slippage, slippage, 1e-9, scale);
    assert_near(r->funding, funding, 1e-9, scale);
    assert_int_equal(r->n_ambiguous, ambiguous);
    assert_int_equal(r->ledger.n_fills, 2 * r->n_trades);
    assert_true(r->n_orders >= r->n_trades + r->n_rejected);
}

static void scenario_config(struct gw_replay_config *config, struct gw_strategy_config *parameters,
                            struct gw_rng *rng) {
    fixture_config(config, parameters);
    fixture_random_costs(&config->costs, rng);
    config->intrabar = gw_rng_below(rng, 2) ? GW_INTRABAR_STOP_FIRST : GW_INTRABAR_TARGET_FIRST;
}

static void ledger_follows_from_fills_at_every_bar(void **state) {
    (void)state;
    size_t n_trades = 0, by_reason[6] = {0};
    for (uint64_t k = 0; k < SCENARIOS; ++k) {
        struct gw_rng rng;
        gw_rng_key(&rng, k, "scenario", 0, 0, 0);
        struct gw_market market;
        random_market(&market, &rng, 1 + k % 3, 200);
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        scenario_config(&config, &parameters, &rng);
        random_seed = k;
        struct gw_replay_result r;
        audit = (struct audit){.result = &r, .initial_cash = config.initial_cash};
        assert_ok(gw_replay_run(&market, &config, &audited, &parameters, NULL, NULL, &r));
        check_trades(&market, &config, &r);
        size_t n_bars = 0;
        for (size_t s = 0; s < market.n_symbols; ++s) n_bars += market.symbol[s].n;
        assert_int_equal(r.n_events, n_bars);
        assert_int_equal(audit.n_bars, n_bars);
        n_trades += r.n_trades;
        for (size_t i = 0; i < r.n_trades; ++i) by_reason[r.trade[i].reason]++;
        gw_replay_result_free(&r);
        fixture_free(&market);
    }
    assert_true(n_trades > 20 * SCENARIOS / 2);
    for (int reason = GW_EXIT_STOP; reason <= GW_EXIT_END; ++reason) assert_true(by_reason[reason] > 50);
}

static void spoiled_cash_stops_the_replay_at_that_bar(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 1, "spoiled", 0, 0, 0);
    struct gw_market market;
    random_market(&market, &rng, 2, 200);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    random_seed = 1;
    struct gw_replay_result r;
    audit = (struct audit){.result = &r, .initial_cash = config.initial_cash, .corrupt_at = 57};
    assert_fails(gw_replay_run(&market, &config, &audited, &parameters, NULL, NULL, &r), GW_ERR_INTERNAL,
                 "ledger: cash");
    assert_int_equal(audit.n_bars, 57);
    assert_null(r.trade);
    assert_null(r.ledger.fill);
    fixture_free(&market);
}

/* ---- the future changes nothing in the past ---------------------------------------------------- */

static void spoil_from(struct gw_market *market, int64_t cut_ns, struct gw_rng *rng) {
    for (size_t s = 0; s < market->n_symbols; ++s)
        for (size_t i = 0; i < market->symbol[s].n; ++i) {
            struct gw_bar *bar = &market->symbol[s].bar[i];
            if (bar->open_ns < cut_ns) continue;
            const double by = 0.2 + 3 * gw_rng_uniform(rng);
            bar->open *= by;
            bar->close *= by;
            bar->high *= 2 * by;
            bar->low *= 0.5 * by;
            bar->volume = (double)gw_rng_below(rng, 3);
        }
}

/* Trades and equity points before and at the cut; returns how many of both. */
static size_t same_until(const struct gw_replay_result *a, const struct gw_replay_result *b, int64_t cut_ns) {
    size_t n = 0, at_a = 0, at_b = 0;
    for (;; ++at_a, ++at_b, ++n) {
        while (at_a < a->n_trades && a->trade[at_a].exit_ns >= cut_ns) ++at_a;
        while (at_b < b->n_trades && b->trade[at_b].exit_ns >= cut_ns) ++at_b;
        if (at_a >= a->n_trades || at_b >= b->n_trades) break;
        assert_memory_equal(&a->trade[at_a], &b->trade[at_b], sizeof *a->trade);
    }
    assert_true(at_a >= a->n_trades && at_b >= b->n_trades);
    for (size_t i = 0; i < a->n_equity && a->equity[i].time_ns <= cut_ns; ++i, ++n) {
        assert_true(i < b->n_equity);
        assert_memory_equal(&a->equity[i], &b->equity[i], sizeof *a->equity);
    }
    return n;
}

static void the_future_changes_nothing_in_the_past(void **state) {
    (void)state;
    size_t compared = 0, differing = 0;
    for (uint64_t k = 0; k < 60; ++k) {
        struct gw_rng rng;
        gw_rng_key(&rng, k, "causality", 0, 0, 0);
        struct gw_market market;
        random_market(&market, &rng, 1 + k % 3, 200);
        if (market.n_symbols > 1) market.symbol[1].interval_ns = NS_PER_MINUTE / 2; /* not all on one clock */
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        scenario_config(&config, &parameters, &rng);
        random_seed = k;
        struct gw_replay_result before, again, after;
        assert_ok(gw_replay_run(&market, &config, &random_strategy, &parameters, NULL, NULL, &before));
        assert_ok(gw_replay_run(&market, &config, &random_strategy, &parameters, NULL, NULL, &again));
        assert_int_equal(before.n_trades, again.n_trades);
        assert_memory_equal(before.trade, again.trade, before.n_trades * sizeof *before.trade);
        assert_memory_equal(before.equity, again.equity, before.n_equity * sizeof *before.equity);
        const int64_t cut_ns = minute(30 + (int64_t)gw_rng_below(&rng, 100));
        spoil_from(&market, cut_ns, &rng);
        assert_ok(gw_replay_run(&market, &config, &random_strategy, &parameters, NULL, NULL, &after));
        compared += same_until(&before, &after, cut_ns);
        differing += before.ledger.cash != after.ledger.cash;
        gw_replay_result_free(&before);
        gw_replay_result_free(&again);
        gw_replay_result_free(&after);
        fixture_free(&market);
    }
    assert_true(compared > 60 * 30);
    assert_true(differing >= 55); /* the spoiled part did matter later on */
}

/* Bars that are missing instead of changed. */
static void a_shorter_history_repeats_the_longer_one(void **state) {
    (void)state;
    for (uint64_t k = 0; k < 20; ++k) {
        struct gw_rng rng;
        gw_rng_key(&rng, k, "truncation", 0, 0, 0);
        struct gw_market market;
        random_market(&market, &rng, 1, 300);
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        scenario_config(&config, &parameters, &rng);
        random_seed = k;
        struct gw_replay_result whole, part;
        assert_ok(gw_replay_run(&market, &config, &random_strategy, &parameters, NULL, NULL, &whole));
        const size_t n = market.symbol[0].n;
        market.symbol[0].n = 50 + gw_rng_below(&rng, n - 60);
        const int64_t last_ns = gw_bar_close_ns(&market.symbol[0], market.symbol[0].n - 1);
        assert_ok(gw_replay_run(&market, &config, &random_strategy, &parameters, NULL, NULL, &part));
        assert_true(same_until(&whole, &part, last_ns - 1) >= market.symbol[0].n - 1);
        assert_int_equal(part.n_equity, market.symbol[0].n);
        market.symbol[0].n = n;
        gw_replay_result_free(&whole);
        gw_replay_result_free(&part);
        fixture_free(&market);
    }
}

/* ---- one bracket, one trade ------------------------------------------------------------------- */

static void broker_and_isolated_trade_agree(void **state) {
    (void)state;
    size_t n_trades = 0, n_none = 0, n_trailed = 0;
    for (uint64_t k = 0; k < 1500; ++k) {
        struct gw_rng rng;
        gw_rng_key(&rng, k, "isolated", 0, 0, 0);
        struct gw_market market;
        fixture_market(&market, 1);
        fixture_random_bars(&market.symbol[0], 20, &rng, 0.25, 0.1);
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        scenario_config(&config, &parameters, &rng);
        const struct scripted step = {.bar = gw_rng_below(&rng, 20),
                                      .order = {.side = gw_rng_below(&rng, 2) ? GW_SIDE_LONG : GW_SIDE_SHORT,
                                                .size = 0.1 + gw_rng_uniform(&rng),
                                                .stop = gw_rng_below(&rng, 3) ? 0.02 * gw_rng_uniform(&rng) : 0,
                                                .target = gw_rng_below(&rng, 3) ? 0.03 * gw_rng_uniform(&rng) : 0,
                                                .trail_stop = k % 3 == 1 ? 0.02 * gw_rng_uniform(&rng) : 0,
                                                .trail_stop_distance = k % 5 == 2 ? 2 * gw_rng_uniform(&rng) : 0,
                                                .max_bars = gw_rng_below(&rng, 10),
                                                .probability = NAN}};
        script.step = &step;
        script.n = 1;
        struct gw_replay_result r;
        assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
        struct gw_trade alone;
        const struct gw_order *o = &step.order;
        const struct gw_exits exits = {o->stop, o->target, o->trail_stop, o->trail_stop_distance, o->max_bars};
        const bool entered =
            gw_trade_isolated_by(&market.symbol[0], step.bar, o->side, &exits, &config.costs, config.intrabar, &alone);
        n_trailed += entered && alone.reason == GW_EXIT_TRAIL;
        assert_int_equal(r.n_trades, entered);
        n_none += !entered;
        if (entered) {
            const struct gw_trade *t = &r.trade[0];
            assert_int_equal(t->reason, alone.reason);
            assert_int_equal(t->signal_ns, alone.signal_ns);
            assert_int_equal(t->entry_ns, alone.entry_ns);
            assert_int_equal(t->exit_ns, alone.exit_ns);
            assert_true(t->entry_price == alone.entry_price && t->exit_price == alone.exit_price);
            assert_true(t->mae == alone.mae && t->mfe == alone.mfe);
            assert_int_equal(t->bars_held, alone.bars_held);
            assert_int_equal(t->ambiguous, alone.ambiguous);
            assert_near(t->return_fraction, alone.return_fraction, 1e-11, 1e-3);
            n_trades++;
        }
        gw_replay_result_free(&r);
        fixture_free(&market);
    }
    assert_true(n_trades > 1000 && n_none > 50 && n_trailed > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger_follows_from_fills_at_every_bar),
        cmocka_unit_test(spoiled_cash_stops_the_replay_at_that_bar),
        cmocka_unit_test(the_future_changes_nothing_in_the_past),
        cmocka_unit_test(a_shorter_history_repeats_the_longer_one),
        cmocka_unit_test(broker_and_isolated_trade_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
