/* The broker, the ledger and gw_trade_isolated against trades from an independent implementation
 * (tests/golden/make_replay.py): random bars with gaps and empty bars, random orders, all costs, both rules. */
#include "engine/base/base.h"
#include "fixture.h"

enum { ROWS_MAX = 1000 };

struct golden_trade {
    int multiplier, target_first;
    struct gw_trade trade;
};

static size_t read_bars(struct gw_bars *bars) {
    static struct gw_bar row[ROWS_MAX];
    FILE *f = fopen("tests/golden/replay_bars.csv", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*[^\n]"), 0);
    size_t n = 0;
    long long seconds;
    while (n < ROWS_MAX && fscanf(f, "%lld,%lf,%lf,%lf,%lf,%lf", &seconds, &row[n].open, &row[n].high, &row[n].low,
                                  &row[n].close, &row[n].volume) == 6)
        row[n++].open_ns = seconds * NS_PER_SECOND;
    assert_true(feof(f));
    fclose(f);
    *bars = (struct gw_bars){.interval_ns = NS_PER_MINUTE, .n = n, .bar = row};
    return n;
}

static size_t read_orders(struct scripted *step) {
    FILE *f = fopen("tests/golden/replay_orders.csv", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*[^\n]"), 0);
    size_t n = 0;
    char kind[8];
    int side;
    struct gw_order *o = &step[0].order;
    while (n < ROWS_MAX && fscanf(f, "%zu,%7[a-z],%d,%lf,%lf,%lf,%zu", &step[n].bar, kind, &side, &o->size, &o->stop,
                                  &o->target, &o->max_bars) == 7) {
        o->kind = strcmp(kind, "open") == 0 ? GW_ORDER_MARKET : GW_ORDER_CLOSE;
        o->side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT;
        o->probability = NAN;
        o = &step[++n].order;
    }
    assert_true(feof(f));
    fclose(f);
    return n;
}

static enum gw_exit_reason reason_of(const char *name) {
    for (int i = 1; i < 6; ++i)
        if (strcmp(gw_exit_reason_name[i], name) == 0) return (enum gw_exit_reason)i;
    fail_msg("unknown reason %s", name);
    return GW_EXIT_NONE;
}

static size_t read_trades(struct golden_trade *golden) {
    FILE *f = fopen("tests/golden/replay_trades.csv", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*[^\n]"), 0);
    size_t n = 0;
    for (; n < ROWS_MAX; ++n) {
        struct golden_trade *g = &golden[n];
        struct gw_trade *t = &g->trade;
        long long signal, entry, leave;
        char reason[8];
        int side, ambiguous;
        if (fscanf(f, "%d,%d,%d,%7[a-z],%lld,%lld,%lld,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%u,%d", &g->multiplier,
                   &g->target_first, &side, reason, &signal, &entry, &leave, &t->quantity, &t->entry_price,
                   &t->exit_price, &t->fees, &t->slippage, &t->funding, &t->pnl, &t->mae, &t->mfe, &t->bars_held,
                   &ambiguous) != 18)
            break;
        t->side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT;
        t->reason = reason_of(reason);
        t->signal_ns = signal * NS_PER_SECOND;
        t->entry_ns = entry * NS_PER_SECOND;
        t->exit_ns = leave * NS_PER_SECOND;
        t->ambiguous = ambiguous != 0;
    }
    assert_true(feof(f));
    fclose(f);
    return n;
}

static void check(const struct gw_trade *got, const struct gw_trade *want) {
    assert_int_equal(got->side, want->side);
    assert_string_equal(gw_exit_reason_name[got->reason], gw_exit_reason_name[want->reason]);
    assert_int_equal(got->signal_ns, want->signal_ns);
    assert_int_equal(got->entry_ns, want->entry_ns);
    assert_int_equal(got->exit_ns, want->exit_ns);
    assert_int_equal(got->bars_held, want->bars_held);
    assert_int_equal(got->ambiguous, want->ambiguous);
    const double notional = want->quantity * want->entry_price;
    assert_near(got->quantity, want->quantity, 1e-11, 1e-9);
    assert_near(got->entry_price, want->entry_price, 1e-13, 1);
    assert_near(got->exit_price, want->exit_price, 1e-13, 1);
    assert_near(got->fees, want->fees, 1e-11, 1e-6 * notional);
    assert_near(got->slippage, want->slippage, 1e-9, 1e-6 * notional);
    assert_near(got->funding, want->funding, 1e-11, 1e-6 * notional);
    assert_near(got->pnl, want->pnl, 1e-9, 1e-4 * notional);
    assert_near(got->mae, want->mae, 1e-12, 1);
    assert_near(got->mfe, want->mfe, 1e-12, 1);
}

static struct gw_cost_config costs_times(int multiplier) {
    return (struct gw_cost_config){.taker_bps = 6,
                                   .maker_bps = 1.5,
                                   .half_spread_bps = 1,
                                   .slippage_bps = 2,
                                   .slippage_volatility = .05,
                                   .funding_bps_per_day = 300,
                                   .borrow_bps_per_day = 150,
                                   .multiplier = multiplier};
}

static const struct gw_order *order_at(const struct scripted *step, size_t n, size_t bar) {
    for (size_t i = 0; i < n; ++i)
        if (step[i].bar == bar) return &step[i].order;
    return NULL;
}

static size_t bar_closing_at(const struct gw_bars *bars, int64_t close_ns) {
    for (size_t i = 0; i < bars->n; ++i)
        if (gw_bar_close_ns(bars, i) == close_ns) return i;
    fail_msg("no bar closes then");
    return 0;
}

/* What does not depend on the account: the isolated trade of the same order, in returns. */
static size_t check_isolated(const struct gw_bars *bars, const struct golden_trade *g, const struct scripted *step,
                             size_t n) {
    const struct gw_trade *want = &g->trade;
    if (want->reason == GW_EXIT_SIGNAL) return 0; /* an isolated trade hears no close orders */
    const size_t t = bar_closing_at(bars, want->signal_ns);
    const struct gw_order *order = order_at(step, n, t);
    assert_non_null(order);
    const struct gw_cost_config costs = costs_times(g->multiplier);
    struct gw_trade got;
    assert_true(gw_trade_isolated(bars, t, order->side, order->stop, order->target, order->max_bars, &costs,
                                  g->target_first ? GW_INTRABAR_TARGET_FIRST : GW_INTRABAR_STOP_FIRST, &got));
    assert_string_equal(gw_exit_reason_name[got.reason], gw_exit_reason_name[want->reason]);
    assert_int_equal(got.exit_ns, want->exit_ns);
    assert_near(got.exit_price, want->exit_price, 1e-13, 1);
    assert_near(got.return_fraction, want->pnl / (want->quantity * want->entry_price), 1e-9, 1e-4);
    assert_near(got.pnl, got.return_fraction, 1e-12, 1e-4);
    return 1;
}

static void trades_match_the_independent_ones(void **state) {
    (void)state;
    static struct scripted step[ROWS_MAX + 1];
    static struct golden_trade golden[ROWS_MAX];
    struct gw_bars bars;
    read_bars(&bars);
    script.step = step;
    script.n = read_orders(step);
    const size_t n_golden = read_trades(golden);
    assert_true(n_golden > 300 && n_golden < ROWS_MAX);
    const struct gw_market market = {.n_symbols = 1, .symbol = &bars};
    size_t at = 0, n_ambiguous = 0, n_isolated = 0;
    while (at < n_golden) {
        const int multiplier = golden[at].multiplier, target_first = golden[at].target_first;
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        fixture_config(&config, &parameters);
        config.costs = costs_times(multiplier);
        config.intrabar = target_first ? GW_INTRABAR_TARGET_FIRST : GW_INTRABAR_STOP_FIRST;
        struct gw_replay_result r;
        assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
        for (size_t i = 0; i < r.n_trades; ++i, ++at) {
            assert_true(at < n_golden && golden[at].multiplier == multiplier &&
                        golden[at].target_first == target_first);
            check(&r.trade[i], &golden[at].trade);
            n_ambiguous += r.trade[i].ambiguous;
            n_isolated += check_isolated(&bars, &golden[at], step, script.n);
        }
        assert_true(at == n_golden || golden[at].multiplier != multiplier || golden[at].target_first != target_first);
        gw_replay_result_free(&r);
    }
    assert_true(n_ambiguous > 10);
    assert_true(n_isolated > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(trades_match_the_independent_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
