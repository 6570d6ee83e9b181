/* Sizes of entries, and the classic strategies, by hand. Their trades are compared with an independent simulator in
 * test_simulated.sh. */
#include "engine/base/base.h"
#include "fixture.h"

enum { BARS = 60 };

static struct gw_market market;
static struct gw_replay_config config;
static struct gw_strategy_config trading;
static struct gw_replay_result r;

static void begin(const char *name) {
    fixture_config(&config, &trading);
    trading.strategy = gw_strategy_row(gw_strategy_find(name));
    fixture_market(&market, 1);
    struct ohlcv row[BARS];
    for (size_t i = 0; i < BARS; ++i) row[i] = (struct ohlcv){100, 100.5, 99.5, 100, 5};
    fixture_bars(&market.symbol[0], row, BARS);
}

static void set(const char *key, const char *value) { assert_ok(gw_strategy_config_set(&trading, key, value)); }

static void price_from(size_t bar, double price) {
    for (size_t i = bar; i < BARS; ++i) {
        struct gw_bar *b = &market.symbol[0].bar[i];
        b->open = b->close = price;
        b->high = price + .5;
        b->low = price - .5;
    }
}

static void play(const struct gw_score *const *scores, const double *const *moves) {
    const struct gw_strategy_desc *desc = gw_strategy_at((size_t)trading.strategy);
    assert_ok(gw_replay_run(&market, &config, desc, &trading, scores, moves, &r));
}

static void end(void) {
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* ---- sizes: one long signal at bar 30, p .6, tau .4, a move of 2 % ------------------------------- */

static double size_of_the_entry(void) {
    static struct gw_score score[BARS];
    static double move[BARS];
    for (size_t i = 0; i < BARS; ++i) {
        score[i] = (struct gw_score){{NAN, NAN}, {.4f, .4f}};
        move[i] = .02;
    }
    score[30].p[GW_GATE_LONG] = .6f;
    score[30].p[GW_GATE_SHORT] = .1f;
    const struct gw_score *const scores[] = {score};
    const double *const moves[] = {move};
    play(scores, moves);
    const double size = r.n_trades ? r.trade[0].quantity * r.trade[0].entry_price / 100000 : 0;
    end();
    return size;
}

static void sizes_by_hand(void **state) {
    (void)state;
    begin("gate");
    set("size", "0.8");
    assert_near(size_of_the_entry(), .8, 1e-12, 1);
    begin("gate");
    set("sizing", "notional");
    set("notional", "12345");
    assert_near(size_of_the_entry(), .12345, 1e-12, 1);
    begin("gate");
    set("sizing", "probability");
    set("size", "0.8");
    assert_near(size_of_the_entry(), .8 * .6 / .8, 1e-6, 1);
    /* Wins 2 % with .6, loses 1 % with .4: .6 / .01 - .4 / .02 = 40 times equity; a hundredth of it. */
    begin("gate");
    set("sizing", "kelly");
    set("kelly_fraction", "0.01");
    assert_near(size_of_the_entry(), .4, 1e-6, 1);
    begin("gate");
    set("sizing", "kelly");
    assert_near(size_of_the_entry(), 1, 1e-12, 1); /* size_max */
    /* A win of 2 % against a loss of 40 %: the bet is not worth taking. */
    begin("gate");
    set("sizing", "kelly");
    set("stop_moves", "20");
    set("target_moves", "0.1");
    assert_near(size_of_the_entry(), 0, 0, 1);
}

/* Closes 100 and 101 in turn: returns of +-log 1.01 with mean 0 over an even number of them. */
static void volatility_sizes_by_hand(void **state) {
    (void)state;
    begin("gate");
    set("sizing", "volatility");
    set("volatility_bars", "10");
    set("target_volatility", "0.5");
    for (size_t i = 0; i < BARS; ++i) market.symbol[0].bar[i].close = i % 2 ? 101 : 100;
    for (size_t i = 0; i < BARS; ++i) market.symbol[0].bar[i].high = 102;
    const double sd = log(1.01) * sqrt(10 / 9.) * sqrt(365.25 * 1440);
    assert_near(size_of_the_entry(), .5 / sd, 1e-9, 1);
}

/* ---- the classics ------------------------------------------------------------------------------- */

static void breakout_follows_the_channel(void **state) {
    (void)state;
    begin("breakout");
    set("breakout_bars", "5");
    set("exit_bars", "3");
    price_from(10, 100.5); /* the high of the channel: not above it */
    price_from(20, 102);   /* closes above at bar 20: long at the open of 21 */
    price_from(40, 101);   /* below the lowest low, 101.5, of 3 and of 5 bars: short at the open of 41 */
    play(NULL, NULL);
    assert_int_equal(r.n_trades, 2);
    assert_int_equal(r.trade[0].side, GW_SIDE_LONG);
    assert_int_equal(r.trade[0].entry_ns, minute(21));
    assert_int_equal(r.trade[0].exit_ns, minute(41));
    assert_int_equal(r.trade[1].side, GW_SIDE_SHORT);
    assert_int_equal(r.trade[1].entry_ns, minute(41));
    end();
    begin("breakout");
    set("exit_bars", "2");
    set("breakout_bars", "30");
    price_from(40, 102);
    price_from(50, 101); /* out of the short channel, within the long one */
    play(NULL, NULL);
    assert_int_equal(r.n_trades, 1);
    assert_int_equal(r.trade[0].entry_ns, minute(41));
    assert_int_equal(r.trade[0].exit_ns, minute(51));
    assert_int_equal(r.trade[0].reason, GW_EXIT_SIGNAL);
    end();
}

static void momentum_takes_the_side_of_the_return(void **state) {
    (void)state;
    begin("momentum");
    set("momentum_bars", "10");
    set("momentum_min", "0.01");
    price_from(20, 100.9); /* less than 1 % */
    price_from(35, 103);   /* long from bar 36 until the return over 10 bars is zero at bar 45: closed at 46 */
    price_from(50, 101);   /* short from 51 to the end */
    play(NULL, NULL);
    assert_int_equal(r.n_trades, 2);
    assert_int_equal(r.trade[0].side, GW_SIDE_LONG);
    assert_int_equal(r.trade[0].entry_ns, minute(36));
    assert_int_equal(r.trade[0].exit_ns, minute(46));
    assert_int_equal(r.trade[1].side, GW_SIDE_SHORT);
    assert_int_equal(r.trade[1].entry_ns, minute(51));
    assert_int_equal(r.trade[1].reason, GW_EXIT_END);
    end();
}

static void rsi_reversion_buys_weakness(void **state) {
    (void)state;
    begin("rsi_reversion");
    set("rsi_length", "4");
    set("stop_atr", "8");
    price_from(20, 99);   /* only losses: an index of 0; long at 21 */
    price_from(30, 99.1); /* gain .025, loss 1/4 x (3/4)^10 = .0141: 64, closed at 31 */
    play(NULL, NULL);
    assert_true(r.n_trades >= 1);
    assert_int_equal(r.trade[0].side, GW_SIDE_LONG);
    assert_int_equal(r.trade[0].entry_ns, minute(21));
    assert_int_equal(r.trade[0].exit_ns, minute(31));
    /* The stop: 8 mean true ranges, 13 of 1 and one of 1.5, below 99. */
    assert_near(r.order[1].price, 99 - 8 * 14.5 / 14, 1e-12, 1);
    end();
    begin("rsi_reversion");
    assert_ok(gw_strategy_config_check(gw_strategy_find("rsi_reversion"), &trading, NULL));
    set("oversold", "60");
    assert_fails(gw_strategy_config_check(gw_strategy_find("rsi_reversion"), &trading, NULL), GW_ERR_CONFIG,
                 "oversold");
    fixture_free(&market);
}

/* The null of a strategy of 300 trades of 8 bars, two thirds of them long, over 10,000 bars. */
static void random_entry_matches(void **state) {
    (void)state;
    static struct gw_trade trade[300];
    for (size_t i = 0; i < COUNT_OF(trade); ++i) {
        trade[i].bars_held = 8;
        trade[i].side = i % 3 ? GW_SIDE_LONG : GW_SIDE_SHORT;
    }
    struct gw_rng rng;
    gw_rng_key(&rng, 3, "random entry", 0, 0, 0);
    const struct gw_strategy_desc *desc = gw_strategy_find("random_entry");
    double n_trades = 0, n_long = 0;
    const char *const seeds[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
    for (size_t k = 0; k < COUNT_OF(seeds); ++k) {
        fixture_config(&config, &trading);
        trading.strategy = gw_strategy_row(desc);
        set("match", "other");
        set("random_seed", seeds[k]);
        assert_string_equal(desc->matches(gw_strategy_own(&trading)), "other");
        desc->match(trading.own[trading.strategy].bytes, trade, COUNT_OF(trade), 10000);
        fixture_market(&market, 1);
        fixture_random_bars(&market.symbol[0], 10000, &rng, 0, 0);
        config.check_ledger = false;
        play(NULL, NULL);
        n_trades += (double)r.n_trades;
        for (size_t i = 0; i < r.n_trades; ++i) {
            n_long += r.trade[i].side == GW_SIDE_LONG;
            if (r.trade[i].reason != GW_EXIT_END) assert_int_equal(r.trade[i].bars_held, 8);
        }
        end();
    }
    /* 8 x 300 expected; the standard deviation of their number is below 50, of the share of longs below .01. */
    assert_near(n_trades / 2400, 1, .06, 1);
    assert_near(n_long / n_trades, 2 / 3., .05, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_by_hand),
        cmocka_unit_test(volatility_sizes_by_hand),
        cmocka_unit_test(breakout_follows_the_channel),
        cmocka_unit_test(momentum_takes_the_side_of_the_return),
        cmocka_unit_test(rsi_reversion_buys_weakness),
        cmocka_unit_test(random_entry_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
