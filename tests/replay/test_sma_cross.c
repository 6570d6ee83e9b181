/* sma_cross against a brute-force account of its two means. */
#include "sma_means.h"

static size_t mean_length(const struct gw_strategy_config *parameters, const char *name) {
    struct gw_param_key key;
    char text[GW_PARAM_SHOWN];
    assert_true(gw_param_find(&gw_strategy_params, name, &key));
    return (size_t)strtoul(gw_param_show(key.param, gw_param_base_const(&key, parameters), text), NULL, 10);
}

static double mean_close(const struct gw_bar *bar, size_t t, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n; ++k) sum += bar[t - k].close;
    return sum / (double)n;
}

struct naive_trade {
    int side;
    size_t entry, exit; /* bars whose open fills; exit n: the last close */
};

/* Crosses by definition, every mean summed anew, trades listed without broker or ledger. */
static size_t naive_crosses(const struct gw_bars *bars, const struct gw_strategy_config *p, size_t begin, size_t end,
                            struct naive_trade *out) {
    size_t n = 0, fast_bars = mean_length(p, "fast"), slow_bars = mean_length(p, "slow");
    int relation = 0, held = 0;
    for (size_t t = begin; t < end; ++t) {
        if (t + 1 < slow_bars) continue;
        const double fast = mean_close(bars->bar, t, fast_bars), slow = mean_close(bars->bar, t, slow_bars);
        int now = relation;
        if (fast - slow > 1e-12 * slow) now = 1;
        if (slow - fast > 1e-12 * slow) now = -1;
        const bool crossed = relation && now != relation;
        relation = now;
        if (!crossed || t + 1 >= end) continue;
        if (held) out[n - 1].exit = t + 1;
        held = now > 0 ? p->trade_long : -p->trade_short;
        if (held) out[n++] = (struct naive_trade){held, t + 1, end};
    }
    return n;
}

static void check_crosses(const struct gw_bars *bars, const struct gw_strategy_config *parameters, size_t begin,
                          size_t end, double *equity_at_end, size_t *n_checked) {
    enum { MAX = 3000 };
    static struct naive_trade want[MAX];
    const size_t n = naive_crosses(bars, parameters, begin, end, want);
    assert_true(n < MAX);
    struct gw_replay_config config;
    gw_replay_config_default(&config);
    config.costs.taker_bps = 3;
    config.begin_ns = gw_bar_close_ns(bars, begin);
    config.end_ns = gw_bar_close_ns(bars, end - 1) + 1;
    const struct gw_market market = {.n_symbols = 1, .symbol = (struct gw_bars *)bars};
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("sma_cross"), parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, n);
    assert_int_equal(r.n_rejected, 0);
    double cash = config.initial_cash;
    for (size_t i = 0; i < n; ++i) {
        const double entry = bars->bar[want[i].entry].open;
        const bool last = want[i].exit == end;
        const double leave = last ? bars->bar[end - 1].close : bars->bar[want[i].exit].open;
        const struct gw_trade *t = &r.trade[i];
        assert_int_equal(t->side, want[i].side);
        assert_int_equal(t->entry_ns, bars->bar[want[i].entry].open_ns);
        assert_int_equal(t->exit_ns, last ? gw_bar_close_ns(bars, end - 1) : bars->bar[want[i].exit].open_ns);
        assert_int_equal(t->reason, last ? GW_EXIT_END : GW_EXIT_SIGNAL);
        assert_true(t->entry_price == entry && t->exit_price == leave);
        const double quantity = parameters->size * cash / entry;
        cash += want[i].side * quantity * (leave - entry) - 3e-4 * quantity * (entry + leave);
        assert_near(t->quantity, quantity, 1e-10, 1e-9);
    }
    assert_near(r.ledger.cash, cash, 1e-10, 1);
    *equity_at_end = cash;
    *n_checked += n;
    gw_replay_result_free(&r);
}

static void sma_cross_matches_brute_force(void **state) {
    (void)state;
    size_t n_checked = 0;
    for (uint64_t k = 0; k < 40; ++k) {
        struct gw_rng rng;
        gw_rng_key(&rng, k, "sma", 0, 0, 0);
        struct gw_bars bars;
        fixture_random_bars(&bars, 1500, &rng, 0, 0.02);
        struct gw_strategy_config parameters;
        gw_strategy_config_default(&parameters);
        size_t fast = 1 + gw_rng_below(&rng, 10);
        set_means(&parameters, fast, fast + 1 + gw_rng_below(&rng, 40));
        parameters.size = 0.2 + 0.6 * gw_rng_uniform(&rng);
        parameters.trade_long = k % 3 != 1;
        parameters.trade_short = k % 3 != 2;
        double whole, part;
        check_crosses(&bars, &parameters, 0, bars.n, &whole, &n_checked);
        check_crosses(&bars, &parameters, 333, 1200, &part, &n_checked);
        mem_free(bars.bar);
    }
    assert_true(n_checked > 2000);
}

/* A staircase that only rises: on its flat steps the means differ by rounding at most, and that is no cross. */
static void sma_cross_sleeps_in_a_flat_market(void **state) {
    (void)state;
    enum { N = 20000 };
    static struct ohlcv row[N];
    struct gw_rng rng;
    gw_rng_key(&rng, 8, "staircase", 0, 0, 0);
    double price = 0.1;
    for (size_t i = 0; i < N; ++i) {
        if (i % 100 == 0) price *= 1 + 0.05 * gw_rng_uniform(&rng);
        row[i] = (struct ohlcv){price, price, price, price, 1};
    }
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, N);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    set_means(&parameters, 7, 30);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("sma_cross"), &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_orders, 0);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* A price of 1e17 leaves running sums with errors of whole units; they are gone when the sums are made anew. */
static void sma_cross_forgets_rounding(void **state) {
    (void)state;
    enum { WILD = 100, LATER = 250, N = 1500 };
    struct gw_rng rng;
    gw_rng_key(&rng, 6, "wild", 0, 0, 0);
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_random_bars(&market.symbol[0], N, &rng, 0, 0);
    for (size_t i = 0; i < WILD; ++i) market.symbol[0].bar[i].close *= 1e15;
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    gw_replay_config_default(&config);
    gw_strategy_config_default(&parameters);
    struct gw_replay_result whole, part;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("sma_cross"), &parameters, NULL, NULL, &whole));
    config.begin_ns = minute(LATER);
    config.end_ns = INT64_MAX;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("sma_cross"), &parameters, NULL, NULL, &part));
    assert_true(part.n_trades > 10 && whole.n_trades >= part.n_trades);
    for (size_t i = 0; i < part.n_trades; ++i)
        assert_int_equal(whole.trade[whole.n_trades - 1 - i].signal_ns, part.trade[part.n_trades - 1 - i].signal_ns);
    gw_replay_result_free(&whole);
    gw_replay_result_free(&part);
    fixture_free(&market);
}

/* fast 1 over slow 2 is the sign of the last change: up at bar 2, down at bar 3, which is empty. The long order of
 * bar 2 still waits then and is withdrawn for the short. */
static void sma_cross_withdraws_a_stale_order(void **state) {
    (void)state;
    const struct ohlcv row[] = {{10, 10, 10, 10, 1}, {10, 10, 9, 9, 1}, {9, 11, 9, 11, 1},
                                {8, 8, 8, 8, 0},     {8, 8, 7, 7, 1},   {7, 7, 6, 6, 1}};
    struct gw_market market;
    fixture_market(&market, 1);
    fixture_bars(&market.symbol[0], row, COUNT_OF(row));
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    set_means(&parameters, 1, 2);
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("sma_cross"), &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].side, GW_SIDE_SHORT);
    assert_int_equal(r.trade[0].entry_ns, minute(4));
    assert_int_equal(r.n_rejected, 0);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* Two symbols together trade at the same bars as each alone. */
static void sma_cross_keeps_symbols_apart(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 4, "apart", 0, 0, 0);
    struct gw_market market;
    fixture_market(&market, 2);
    for (size_t s = 0; s < 2; ++s) fixture_random_bars(&market.symbol[s], 800, &rng, 0, 0.05);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    parameters.size = 0.1;
    struct gw_replay_result both;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("sma_cross"), &parameters, NULL, NULL, &both));
    size_t n = 0;
    for (uint32_t s = 0; s < 2; ++s) {
        const struct gw_market one = {.n_symbols = 1, .symbol = &market.symbol[s]};
        struct gw_replay_result alone;
        assert_ok(gw_replay_run(&one, &config, gw_strategy_find("sma_cross"), &parameters, NULL, NULL, &alone));
        assert_true(alone.n_trades > 5);
        size_t at = 0;
        for (size_t i = 0; i < both.n_trades; ++i) {
            if (both.trade[i].symbol != s) continue;
            assert_true(at < alone.n_trades);
            assert_int_equal(both.trade[i].entry_ns, alone.trade[at].entry_ns);
            assert_int_equal(both.trade[i].exit_ns, alone.trade[at].exit_ns);
            assert_near(both.trade[i].return_fraction, alone.trade[at].return_fraction, 1e-12, 1e-3);
            at++;
        }
        assert_int_equal(at, alone.n_trades);
        n += at;
        gw_replay_result_free(&alone);
    }
    assert_int_equal(n, both.n_trades);
    gw_replay_result_free(&both);
    fixture_free(&market);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sma_cross_matches_brute_force), cmocka_unit_test(sma_cross_sleeps_in_a_flat_market),
        cmocka_unit_test(sma_cross_forgets_rounding),    cmocka_unit_test(sma_cross_withdraws_a_stale_order),
        cmocka_unit_test(sma_cross_keeps_symbols_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
