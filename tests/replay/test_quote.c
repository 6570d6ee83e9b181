/* A symbol quoted in another currency than the account's: against an independent simulation
 * (tests/golden/make_quote.py), by hand, and that later rates change nothing. */
#include "engine/base/base.h"
#include "fixture.h"

enum { ROWS_MAX = 400 };

static struct golden {
    struct gw_bar bar[2][ROWS_MAX];
    size_t n_bars[2];
    struct scripted step[ROWS_MAX];
    size_t n_steps;
    struct gw_equity_point equity[ROWS_MAX];
    size_t n_equity;
    struct gw_trade trade[ROWS_MAX];
    size_t n_trades;
} golden;
static struct gw_replay_config config;

static void read_golden(void) {
    FILE *f = fopen("tests/golden/quote.txt", "r");
    assert_non_null(f);
    char kind;
    int symbol, from, to;
    double v[5];
    memset(&golden, 0, sizeof golden);
    while (fscanf(f, " %c", &kind) == 1) {
        if (kind == 'E') {
            struct gw_equity_point *point = &golden.equity[golden.n_equity++];
            assert_int_equal(fscanf(f, "%d %lf", &to, &point->equity), 2);
            point->time_ns = minute(to);
            continue;
        }
        assert_int_equal(fscanf(f, "%d %d", &symbol, &from), 2);
        if (kind == 'B') {
            assert_int_equal(fscanf(f, "%lf %lf %lf %lf", &v[0], &v[1], &v[2], &v[3]), 4);
            golden.bar[symbol][golden.n_bars[symbol]++] = (struct gw_bar){minute(from), v[0], v[1], v[2], v[3], 1};
        } else if (kind == 'O') {
            assert_int_equal(fscanf(f, "%d %lf %lf", &to, &v[0], &v[1]), 3);
            golden.step[golden.n_steps++] = (struct scripted){(size_t)from,
                                                              {.symbol = (uint32_t)symbol,
                                                               .kind = to ? GW_ORDER_MARKET : GW_ORDER_CLOSE,
                                                               .side = to < 0 ? GW_SIDE_SHORT : GW_SIDE_LONG,
                                                               .size = v[0],
                                                               .stop = v[1],
                                                               .probability = NAN}};
        } else {
            struct gw_trade *t = &golden.trade[golden.n_trades++];
            t->symbol = (uint32_t)symbol;
            assert_int_equal(fscanf(f, "%d %lf %lf %lf %lf %lf", &to, &t->quantity, &t->pnl, &t->fees, &t->funding,
                                    &t->return_fraction),
                             6);
            t->entry_ns = minute(from);
            t->exit_ns = minute(to);
        }
    }
    assert_true(feof(f) && golden.n_equity > 100 && golden.n_trades > 20);
    fclose(f);
}

static const struct gw_instrument quoted[2] = {{.rate_symbol = 2}, {.multiplier = 1}};

static void play(const struct gw_instrument *instrument, struct gw_replay_result *out) {
    struct gw_bars bars[2];
    struct gw_strategy_config parameters;
    for (size_t s = 0; s < 2; ++s)
        bars[s] = (struct gw_bars){.interval_ns = NS_PER_MINUTE, .n = golden.n_bars[s], .bar = golden.bar[s]};
    const struct gw_market market = {.symbol = bars, .n_symbols = 2};
    fixture_config(&config, &parameters); /* check_ledger: reconciled at every fill and bar */
    config.costs = (struct gw_cost_config){
        .taker_bps = 5, .half_spread_bps = 2, .funding_bps_per_day = 500, .borrow_bps_per_day = 300, .multiplier = 1};
    config.instrument = instrument;
    script.step = golden.step;
    script.n = golden.n_steps;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, out));
}

static void another_implementation_agrees(void **state) {
    (void)state;
    struct gw_replay_result r;
    read_golden();
    play(quoted, &r);
    assert_int_equal(r.n_equity, golden.n_equity);
    for (size_t i = 0; i < r.n_equity; ++i) {
        assert_int_equal(r.equity[i].time_ns, golden.equity[i].time_ns);
        assert_near(r.equity[i].equity, golden.equity[i].equity, 1e-12, 1);
    }
    assert_int_equal(r.n_trades, golden.n_trades);
    double pnl = 0, slippage = 0;
    for (size_t i = 0; i < r.n_trades; ++i) {
        const struct gw_trade *got = &r.trade[i], *want = &golden.trade[i];
        assert_int_equal(got->symbol, want->symbol);
        assert_int_equal(got->entry_ns, want->entry_ns);
        assert_int_equal(got->exit_ns, want->exit_ns);
        assert_near(got->quantity, want->quantity, 1e-12, 1);
        assert_near(got->pnl, want->pnl, 1e-9, 1);
        assert_near(got->fees, want->fees, 1e-12, 1);
        assert_near(got->funding, want->funding, 1e-12, 1);
        assert_near(got->return_fraction, want->return_fraction, 1e-9, 1);
        pnl += got->pnl;
        slippage += got->slippage;
    }
    assert_near(r.ledger.cash, config.initial_cash + pnl, 1e-12, 1);
    assert_near(r.fees / slippage, 2.5, 1e-3, 1); /* 5 bps against 2, both in the account's currency */
    assert_ok(gw_ledger_reconcile(&r.ledger));
    gw_replay_result_free(&r);
}

/* One fill's rate changed by a thousandth: its journal no longer leads to the books. */
static void the_ledger_knows_its_rates(void **state) {
    (void)state;
    struct gw_replay_result r;
    read_golden();
    play(quoted, &r);
    size_t k = 0;
    while (k < r.ledger.n_fills && r.ledger.fill[k].symbol != 0) ++k;
    assert_true(k < r.ledger.n_fills && r.ledger.fill[k].rate > 30000);
    r.ledger.fill[k].rate *= 1.001;
    assert_fails(gw_ledger_reconcile(&r.ledger), GW_ERR_INTERNAL, "cash");
    gw_replay_result_free(&r);
}

static void nothing_is_entered_before_the_first_rate(void **state) {
    (void)state;
    struct gw_replay_result r;
    read_golden();
    play(quoted, &r);
    size_t refused = 0;
    const int64_t first_ns = golden.bar[1][0].open_ns + NS_PER_MINUTE;
    for (size_t i = 0; i < r.n_records; ++i) {
        const bool early = r.order[i].symbol == 0 && r.order[i].put_ns < first_ns;
        assert_true((r.order[i].reason == GW_REASON_NO_RATE) == (early && r.order[i].kind == GW_ORDER_MARKET));
        refused += r.order[i].reason == GW_REASON_NO_RATE;
    }
    assert_true(refused > 0);
    gw_replay_result_free(&r);
}

/* Whatever rates do after a moment, what happened up to it stays, bit by bit; afterwards it does not. */
static void later_rates_change_nothing(void **state) {
    (void)state;
    for (size_t cut = 20; cut < 100; cut += 7) {
        struct gw_replay_result a, b;
        size_t n = 0;
        read_golden();
        play(quoted, &a);
        const int64_t cut_ns = golden.bar[1][cut].open_ns + NS_PER_MINUTE;
        for (size_t i = cut + 1; i < golden.n_bars[1]; ++i) {
            struct gw_bar *bar = &golden.bar[1][i];
            bar->open *= 1.5, bar->high *= 1.6, bar->low *= 1.1, bar->close *= 1.4;
        }
        play(quoted, &b);
        for (; n < a.ledger.n_fills && a.ledger.fill[n].time_ns <= cut_ns; ++n) {
            const struct gw_fill *x = &a.ledger.fill[n], *y = &b.ledger.fill[n];
            if (x->symbol == 1 && x->time_ns == cut_ns && x->price != y->price) break; /* its own next open */
            assert_true(n < b.ledger.n_fills && x->time_ns == y->time_ns && x->symbol == y->symbol);
            assert_true(x->quantity == y->quantity && x->price == y->price && x->fee == y->fee && x->rate == y->rate);
        }
        assert_true(n > 2);
        for (size_t i = 0; i < a.n_equity && a.equity[i].time_ns <= cut_ns; ++i)
            assert_true(a.equity[i].equity == b.equity[i].equity);
        assert_true(a.equity[a.n_equity - 1].equity != b.equity[b.n_equity - 1].equity);
        gw_replay_result_free(&a);
        gw_replay_result_free(&b);
    }
}

/* ---- by hand ------------------------------------------------------------------------------------------------------- */

static struct gw_replay_result r;

static void play_rows(const struct gw_instrument *instrument, size_t n_symbols, const struct ohlcv *row[],
                      size_t n_rows, const struct gw_market *detail, const struct scripted *step, size_t n_steps) {
    struct gw_market market;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    config.initial_cash = 1000;
    config.instrument = instrument;
    config.detail = detail;
    config.limit_touch = true;
    fixture_market(&market, n_symbols);
    for (size_t s = 0; s < n_symbols; ++s) fixture_bars(&market.symbol[s], row[s], n_rows);
    script.step = step;
    script.n = n_steps;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    fixture_free(&market);
}

/* USDJPY in an account of dollars: its own price turns its yen into dollars. 1000 dollars at 100 buy 1000 units; sold at
 * 125 they are 125000 yen, 1000 dollars: a dollar buys a dollar. Least notionals are yen. */
static void its_own_price_turned_round(void **state) {
    (void)state;
    static const struct ohlcv row[] = {
        {100, 100, 100, 100, 1}, {100, 100, 100, 100, 1}, {125, 125, 125, 125, 1}, {125, 125, 125, 125, 1}};
    const struct ohlcv *rows[] = {row};
    const struct scripted step[] = {{0, {.side = GW_SIDE_LONG, .size = 1, .probability = NAN}},
                                    {2, {.kind = GW_ORDER_CLOSE}}};
    struct gw_instrument yen = {.rate_symbol = 1, .rate_inverse = true, .min_notional = 100000};
    play_rows(&yen, 1, rows, 4, NULL, step, 2);
    assert_int_equal(r.n_trades, 1);
    assert_near(r.trade[0].quantity, 1000, 1e-12, 1);
    assert_near(r.trade[0].pnl, 0, 1e-9, 1000);
    assert_near(r.turnover, 2, 1e-12, 1);
    gw_replay_result_free(&r);
    yen.min_notional = 100001;
    play_rows(&yen, 1, rows, 4, NULL, step, 2);
    assert_int_equal(r.n_trades, 0);
    assert_int_equal(r.order[0].reason, GW_REASON_TOO_SMALL);
    gw_replay_result_free(&r);
}

/* A limit, sized when it is put at the rate of then (2): half of 1000 dollars are 250 of its currency, 25 units at 10. It fills
 * inside bar 2, whose close the rate 4 comes with; finer bars put it into the bar's first half, when the rate was 3. */
static void a_fill_takes_the_rate_of_its_time(void **state) {
    (void)state;
    static const struct ohlcv row[] = {
        {11, 11, 11, 11, 1}, {11, 11, 11, 11, 1}, {11, 11, 9.5, 10, 1}, {10, 10, 10, 10, 1}};
    static const struct ohlcv rate[] = {{2, 2, 2, 2, 1}, {3, 3, 3, 3, 1}, {4, 4, 4, 4, 1}, {4, 4, 4, 4, 1}};
    const struct ohlcv *rows[] = {row, rate};
    const struct scripted step[] = {
        {0, {.kind = GW_ORDER_LIMIT, .side = GW_SIDE_LONG, .limit_price = 10, .size = .5, .probability = NAN}}};
    for (int fine = 0; fine < 2; ++fine) {
        struct gw_bar half[2] = {{minute(2), 11, 11, 9.5, 10, 1}, {minute(2) + NS_PER_MINUTE / 2, 10, 10, 10, 10, 1}};
        struct gw_bars bars[2] = {{.interval_ns = NS_PER_MINUTE / 2, .n = 2, .bar = half}};
        const struct gw_market detail = {.symbol = bars, .n_symbols = 2};
        play_rows(quoted, 2, rows, 4, fine ? &detail : NULL, step, 1);
        assert_int_equal(r.ledger.n_fills, 2);
        assert_near(r.ledger.fill[0].quantity, 25, 1e-12, 1);
        assert_near(r.ledger.fill[0].rate, fine ? 3 : 4, 1e-12, 1);
        assert_near(r.trade[0].pnl, fine ? 25 * (10 * 4 - 10 * 3) : 0, 1e-12, 1);
        assert_near(r.equity[2].equity, 1000 + r.trade[0].pnl, 1e-12, 1);
        gw_replay_result_free(&r);
    }
}

/* A maker of rates that is none. */
static void a_symbol_is_not_its_own_rate(void **state) {
    (void)state;
    static const struct ohlcv row[] = {{10, 10, 10, 10, 1}};
    struct gw_market market;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, 1);
    for (size_t which = 1; which <= 2; ++which) {
        const struct gw_instrument wrong = {.rate_symbol = which};
        config.instrument = &wrong;
        assert_fails(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                     "rate must come from another");
    }
    fixture_free(&market);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_implementation_agrees),
        cmocka_unit_test(the_ledger_knows_its_rates),
        cmocka_unit_test(nothing_is_entered_before_the_first_rate),
        cmocka_unit_test(later_rates_change_nothing),
        cmocka_unit_test(its_own_price_turned_round),
        cmocka_unit_test(a_fill_takes_the_rate_of_its_time),
        cmocka_unit_test(a_symbol_is_not_its_own_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
