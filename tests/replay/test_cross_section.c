/* A portfolio of the highest ranks, by hand and against the rule written out once more. */
#include "engine/base/base.h"
#include "fixture.h"

enum { SYMBOLS = 6, BARS = 40 };

static struct gw_market market;
static struct gw_replay_config config;
static struct gw_strategy_config trading;
static struct gw_replay_result r;
static struct gw_score score[SYMBOLS][BARS];
static double price[SYMBOLS][BARS];

/* Prices that stand still unless a test says otherwise, and nobody scored. */
static void begin(size_t n) {
    static const char *const name[] = {"A", "B", "C", "D", "E", "F"};
    fixture_config(&config, &trading);
    trading.strategy = gw_strategy_row(gw_strategy_find("cross_section"));
    fixture_market(&market, n);
    for (size_t s = 0; s < n; s++) {
        struct ohlcv row[BARS];
        for (size_t i = 0; i < BARS; i++) {
            row[i] = (struct ohlcv){100, 100.5, 99.5, 100, 1e9};
            score[s][i] = (struct gw_score){{NAN, NAN}, {.5f, .5f}};
            price[s][i] = 100;
        }
        fixture_bars(&market.symbol[s], row, BARS);
        snprintf(market.symbol[s].symbol, sizeof market.symbol[s].symbol, "%s", name[s]);
    }
    assert_ok(gw_strategy_config_set(&trading, "trade_short", "false"));
}
static void set(const char *key, const char *value) { assert_ok(gw_strategy_config_set(&trading, key, value)); }
static void say(size_t symbol, size_t from, double p_long, double p_short) {
    for (size_t i = from; i < BARS; i++)
        score[symbol][i] = (struct gw_score){{(float)p_long, (float)p_short}, {.5f, .5f}};
}
static void play(void) {
    const struct gw_score *scores[SYMBOLS];
    const double *moves[SYMBOLS];
    static double move[BARS];
    for (size_t i = 0; i < BARS; i++) move[i] = .01;
    for (size_t s = 0; s < SYMBOLS; s++) {
        scores[s] = score[s];
        moves[s] = move;
    }
    assert_ok(gw_replay_run(&market, &config, gw_strategy_at((size_t)trading.strategy), &trading, scores, moves, &r));
}
static void end(void) {
    gw_replay_result_free(&r);
    fixture_free(&market);
}
static const struct gw_trade *trade_of(size_t symbol) {
    for (size_t i = 0; i < r.n_trades; i++)
        if (r.trade[i].symbol == symbol) return &r.trade[i];
    return NULL;
}
static double weight_of(size_t symbol) {
    const struct gw_trade *t = trade_of(symbol);
    return t ? (double)t->side * t->quantity * t->entry_price / 100000 : 0;
}

static void test_the_highest_are_held(void **state) {
    (void)state;
    begin(4);
    set("top_k", "2");
    say(0, 10, .1, 0);
    say(1, 10, .4, 0);
    say(2, 10, .3, 0);
    say(3, 10, .2, 0);
    say(3, 20, .9, 0); /* pushes C out */
    play();
    assert_int_equal(r.n_trades, 3);
    assert_near(weight_of(1), .5, 1e-9, 1);
    assert_near(weight_of(2), .5, 1e-9, 1);
    assert_near(weight_of(3), .5, 1e-9, 1);
    assert_null(trade_of(0));
    assert_int_equal(trade_of(1)->entry_ns, minute(11)); /* decided at the close of 10 */
    assert_int_equal(trade_of(2)->exit_ns, minute(21));
    assert_int_equal(trade_of(2)->reason, GW_EXIT_SIGNAL);
    assert_int_equal(trade_of(3)->entry_ns, minute(21));
    end();
}

static void test_weights(void **state) {
    (void)state;
    begin(3);
    set("top_k", "2");
    set("weights", "score");
    set("gross", "0.9");
    for (size_t s = 0; s < 3; s++) say(s, 10, .1 * (double)(s + 1), 0);
    play();
    assert_near(weight_of(2), .9 * .3 / .5, 1e-6, 1);
    assert_near(weight_of(1), .9 * .2 / .5, 1e-6, 1);
    end();
    begin(2);
    set("weights", "inverse_vol");
    set("weight_bars", "4");
    for (size_t i = 0; i < BARS; i++) /* B moves three times as much as A */
        for (size_t s = 0; s < 2; s++) {
            struct gw_bar *b = &market.symbol[s].bar[i];
            b->close = 100 * exp((i % 2 ? 1 : -1) * (s ? .003 : .001));
        }
    say(0, 10, .1, 0);
    say(1, 10, .9, 0);
    play();
    assert_near(weight_of(0), .75, 1e-6, 1);
    assert_near(weight_of(1), .25, 1e-6, 1);
    end();
}

/* Of both sides each has half; who is wanted by both goes where the probability is higher, on a tie nowhere. */
static void test_both_sides(void **state) {
    (void)state;
    begin(4);
    set("trade_short", "true");
    set("top_k", "1");
    say(0, 10, .5, .4);
    say(1, 10, .3, .6);
    say(2, 10, .7, .7);
    say(3, 10, .2, .1);
    play();
    assert_near(weight_of(0), .5, 1e-9, 1);
    assert_near(weight_of(1), -.5, 1e-9, 1);
    assert_int_equal(r.n_trades, 2);
    end();
}

static void test_keeping_and_rebalancing(void **state) {
    (void)state;
    begin(3);
    set("top_k", "1");
    set("keep_k", "2");
    say(0, 10, .5, 0);
    say(1, 10, .4, 0);
    say(2, 10, .1, 0);
    say(1, 20, .6, 0); /* A is second now, and stays */
    say(2, 30, .7, 0); /* third: it goes */
    play();
    assert_int_equal(trade_of(0)->exit_ns, minute(31));
    assert_null(trade_of(1));
    assert_int_equal(trade_of(2)->entry_ns, minute(31));
    end();
    begin(2);
    set("top_k", "1");
    set("rebalance_bars", "7");
    say(0, 0, .5, 0);
    say(1, 0, .4, 0);
    say(1, 3, .6, 0); /* the next look is at the close of bar 7 */
    play();
    assert_int_equal(trade_of(0)->exit_ns, minute(8));
    assert_int_equal(trade_of(1)->entry_ns, minute(8));
    end();
}

static void test_turnover_is_limited(void **state) {
    (void)state;
    begin(6);
    set("top_k", "3");
    set("turnover", "0.67"); /* two thirds a bar: two entries, or one exit and one entry */
    for (size_t s = 0; s < 6; s++) say(s, 10, .9 - .1 * (double)s, 0);
    for (size_t s = 3; s < 6; s++) say(s, 20, 1 - .01 * (double)s, 0);
    play();
    assert_int_equal(trade_of(0)->entry_ns, minute(11));
    assert_int_equal(trade_of(1)->entry_ns, minute(11));
    assert_int_equal(trade_of(2)->entry_ns, minute(12));
    /* Two of them go at 20, worst first; their places are taken at 21, … */
    assert_int_equal(trade_of(2)->exit_ns, minute(21));
    assert_int_equal(trade_of(1)->exit_ns, minute(21));
    for (size_t bar = 0; bar < BARS; bar++) {
        double changed = 0;
        for (size_t i = 0; i < r.n_trades; i++)
            changed += (double)((r.trade[i].entry_ns == minute((int64_t)bar)) +
                                (r.trade[i].exit_ns == minute((int64_t)bar) && r.trade[i].reason == GW_EXIT_SIGNAL)) /
                       3;
        assert_true(changed < .68);
    }
    for (size_t s = 3; s < 6; s++) assert_non_null(trade_of(s));
    end();
}

/* The first moment waits for both. B has bars only from 15 to 24: it takes part from its second bar on, and its end leaves one moment undecided. */
static void test_symbols_come_and_go(void **state) {
    (void)state;
    begin(2);
    set("top_k", "1");
    memmove(market.symbol[1].bar, market.symbol[1].bar + 15, 10 * sizeof *market.symbol[1].bar);
    market.symbol[1].n = 10;
    say(0, 0, .3, 0);
    say(1, 0, .9, 0);
    play();
    assert_int_equal(trade_of(0)->entry_ns, minute(2));
    assert_int_equal(trade_of(0)->exit_ns, minute(17));
    assert_int_equal(trade_of(1)->entry_ns, minute(17));
    end();
}

/* The rule once more, over whole tables: for random probabilities, what is held at every bar. */
static void test_against_the_rule_written_out(void **state) {
    (void)state;
    struct gw_rng rng;
    for (uint64_t round = 0; round < 30; round++) {
        bool held[SYMBOLS] = {false};
        const size_t k = 1 + round % 4;
        char text[16];
        gw_rng_key(&rng, 11, "cross", round, 0, 0);
        begin(SYMBOLS);
        snprintf(text, sizeof text, "%zu", k);
        set("top_k", text);
        for (size_t i = 5; i < BARS; i++)
            for (size_t s = 0; s < SYMBOLS; s++) {
                bool scored = gw_rng_uniform(&rng) < .9;
                double p = floor(8 * gw_rng_uniform(&rng)) / 8;
                score[s][i].p[GW_GATE_LONG] = scored ? (float)p : NAN;
            }
        play();
        for (size_t i = 5; i + 1 < BARS; i++) {
            for (size_t s = 0; s < SYMBOLS; s++) {
                float p = score[s][i].p[GW_GATE_LONG];
                size_t above = 0;
                for (size_t o = 0; o < SYMBOLS; o++) {
                    float q = score[o][i].p[GW_GATE_LONG];
                    above += q > p || (q == p && o < s);
                }
                held[s] = !isnan(p) && above < k;
            }
            for (size_t s = 0; s < SYMBOLS; s++) {
                bool is = false; /* after the open of the next bar */
                for (size_t t = 0; t < r.n_trades; t++)
                    is = is || (r.trade[t].symbol == s && r.trade[t].entry_ns <= minute((int64_t)i + 1) &&
                                r.trade[t].exit_ns > minute((int64_t)i + 1));
                if (is != held[s]) fail_msg("round %zu bar %zu symbol %zu: held %d", (size_t)round, i, s, is);
            }
        }
        end();
    }
}

static void test_keys_that_do_not_go_together(void **state) {
    (void)state;
    const char *key[GW_STRATEGY_KEYS_MAX] = {NULL};
    fixture_config(&config, &trading);
    trading.strategy = gw_strategy_row(gw_strategy_find("cross_section"));
    set("keep_k", "3");
    assert_fails(gw_strategy_config_check(gw_strategy_find("cross_section"), &trading, key), GW_ERR_CONFIG, "keep_k");
    set("keep_k", "5");
    assert_ok(gw_strategy_config_check(gw_strategy_find("cross_section"), &trading, key));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_highest_are_held),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_both_sides),
        cmocka_unit_test(test_keeping_and_rebalancing),
        cmocka_unit_test(test_turnover_is_limited),
        cmocka_unit_test(test_symbols_come_and_go),
        cmocka_unit_test(test_against_the_rule_written_out),
        cmocka_unit_test(test_keys_that_do_not_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
