/* The strategies: every row of the table runs and balances, the gate's decisions by hand, sma_cross against a
 * brute-force account. */
#include "engine/base/base.h"
#include "fixture.h"

#include <stdlib.h>

/* ---- the means of sma_cross, by name -------------------------------------------------------------- */

static void set_means(struct gw_strategy_config *parameters, size_t fast, size_t slow) {
    char text[32];
    snprintf(text, sizeof text, "%zu", fast);
    assert_ok(gw_strategy_config_set(parameters, "fast", text));
    snprintf(text, sizeof text, "%zu", slow);
    assert_ok(gw_strategy_config_set(parameters, "slow", text));
}

static size_t mean_length(const struct gw_strategy_config *parameters, const char *name) {
    struct gw_param_key key;
    char text[GW_PARAM_SHOWN];
    assert_true(gw_param_find(&gw_strategy_params, name, &key));
    return (size_t)strtoul(gw_param_show(key.param, gw_param_base_const(&key, parameters), text), NULL, 10);
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void random_scores(struct gw_score *score, double *min_move, size_t n, struct gw_rng *rng) {
    for (size_t i = 0; i < n; ++i) {
        for (int g = 0; g < GW_N_GATES; ++g) {
            score[i].p[g] = gw_rng_below(rng, 10) ? (float)gw_rng_uniform(rng) : NAN;
            score[i].tau[g] = 0.9f;
        }
        min_move[i] = i < 5 ? NAN : 0.005 + 0.01 * gw_rng_uniform(rng);
    }
}

static void every_strategy_runs_and_balances(void **state) {
    (void)state;
    enum { N = 600, SYMBOLS = 2 };
    static struct gw_score score[SYMBOLS][N];
    static double min_move[SYMBOLS][N];
    const struct gw_score *scores[] = {score[0], score[1]};
    const double *moves[] = {min_move[0], min_move[1]};
    struct gw_rng rng;
    gw_rng_key(&rng, 9, "strategies", 0, 0, 0);
    struct gw_market market;
    fixture_market(&market, SYMBOLS);
    for (size_t s = 0; s < SYMBOLS; ++s) {
        fixture_random_bars(&market.symbol[s], N, &rng, 0.05, 0.02);
        random_scores(score[s], min_move[s], N, &rng);
    }
    static signed char held[2 * N]; /* what two others hold: by spells */
    const signed char *const follow[SYMBOLS] = {held, held};
    for (size_t i = 0; i < 2 * N; ++i)
        held[i] = i > 1 && gw_rng_below(&rng, 10) ? held[i - 2] : (signed char)((int)gw_rng_below(&rng, 3) - 1);
    assert_true(gw_strategy_count() >= 3);
    assert_null(gw_strategy_at(gw_strategy_count()));
    assert_null(gw_strategy_find("nonesuch"));
    for (size_t i = 0; i < gw_strategy_count(); ++i) {
        const struct gw_strategy_desc *strategy = gw_strategy_at(i);
        assert_true(name_is_safe(strategy->name));
        assert_true(strlen(strategy->help) > 10);
        assert_ptr_equal(gw_strategy_find(strategy->name), strategy);
        struct gw_replay_config config;
        struct gw_strategy_config parameters;
        fixture_config(&config, &parameters);
        fixture_random_costs(&config.costs, &rng);
        config.follow = follow;
        config.n_follow = 2;
        assert_ok(gw_strategy_config_check(strategy, &parameters, NULL));
        struct gw_replay_result r;
        if (strategy->needs_model)
            assert_fails(gw_replay_run(&market, &config, strategy, &parameters, NULL, NULL, &r), GW_ERR_CONFIG,
                         "scores");
        const char *name = strategy->name;
        if (strcmp(name, "rules") == 0 || strcmp(name, "script") == 0 || strcmp(name, "plugin") == 0) { /* tests/own */
            assert_fails(gw_replay_run(&market, &config, strategy, &parameters, scores, moves, &r), GW_ERR_CONFIG,
                         strategy->name);
            continue;
        }
        assert_ok(gw_replay_run(&market, &config, strategy, &parameters, scores, moves, &r));
        assert_true(r.n_trades >= SYMBOLS);
        double pnl = 0;
        for (size_t t = 0; t < r.n_trades; ++t) pnl += r.trade[t].pnl;
        assert_near(r.ledger.cash, config.initial_cash + pnl, 1e-10, config.initial_cash);
        gw_replay_result_free(&r);
    }
    fixture_free(&market);
}

static void senseless_parameters_are_refused(void **state) {
    (void)state;
    struct gw_strategy_config parameters;
    const struct gw_strategy_desc *sma = gw_strategy_find("sma_cross"), *gate = gw_strategy_find("gate");
    const char *key[GW_STRATEGY_KEYS_MAX];
    gw_strategy_config_default(&parameters);
    set_means(&parameters, 50, 50);
    assert_fails(gw_strategy_config_check(sma, &parameters, key), GW_ERR_CONFIG,
                 "trading.fast (50 bars) must be smaller than trading.slow (50)");
    assert_string_equal(key[0], "fast");
    assert_string_equal(key[1], "slow");
    assert_null(key[2]);
    assert_ok(gw_strategy_config_check(gate, &parameters, key)); /* it has no means */
    assert_null(key[0]);
    assert_fails(gw_strategy_config_set(&parameters, "fast", "0"), GW_ERR_CONFIG, "fast is 0");
    gw_strategy_config_default(&parameters);
    parameters.size = 0;
    assert_fails(gw_strategy_config_check(gate, &parameters, NULL), GW_ERR_CONFIG, "size:");
    gw_strategy_config_default(&parameters);
    parameters.stop_moves = -1;
    assert_fails(gw_strategy_config_check(gate, &parameters, NULL), GW_ERR_CONFIG, "stop_moves:");
    gw_strategy_config_default(&parameters);
    parameters.target_moves = NAN;
    assert_fails(gw_strategy_config_check(gate, &parameters, NULL), GW_ERR_CONFIG, "target_moves:");
}

/* ---- gate --------------------------------------------------------------------------------------- */

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

/* ---- buy_and_hold ------------------------------------------------------------------------------- */

static void buy_and_hold_is_the_market(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 2, "hold", 0, 0, 0);
    struct gw_market market;
    fixture_market(&market, 2);
    for (size_t s = 0; s < 2; ++s) fixture_random_bars(&market.symbol[s], 100, &rng, 0, 0.1);
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    parameters.size = 0.5;
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("buy_and_hold"), &parameters, NULL, NULL, &r));
    assert_int_equal(r.n_trades, 2);
    for (size_t i = 0; i < 2; ++i) {
        const struct gw_bar *bar = market.symbol[r.trade[i].symbol].bar;
        assert_int_equal(r.trade[i].entry_ns, bar[1].open_ns);
        assert_near(r.trade[i].return_fraction, bar[99].close / bar[1].open - 1, 1e-12, 1e-3);
        assert_int_equal(r.trade[i].bars_held, 99);
        assert_int_equal(r.trade[i].reason, GW_EXIT_END);
    }
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* ---- sma_cross against brute force -------------------------------------------------------------- */

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
        cmocka_unit_test(every_strategy_runs_and_balances),
        cmocka_unit_test(senseless_parameters_are_refused),
        cmocka_unit_test(gate_decides_by_hand),
        cmocka_unit_test(gate_exits_by_its_moves_and_horizon),
        cmocka_unit_test(gate_waits_for_its_order),
        cmocka_unit_test(gate_leaves_on_the_opposite_gate_if_asked),
        cmocka_unit_test(buy_and_hold_is_the_market),
        cmocka_unit_test(sma_cross_matches_brute_force),
        cmocka_unit_test(sma_cross_sleeps_in_a_flat_market),
        cmocka_unit_test(sma_cross_forgets_rounding),
        cmocka_unit_test(sma_cross_withdraws_a_stale_order),
        cmocka_unit_test(sma_cross_keeps_symbols_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
