/* The ensemble of strategies: every rule against the position it must have, over all that two and three members may hold. */
#include "engine/base/base.h"
#include "fixture.h"

#include <stdlib.h>

enum { BARS = 40, MEMBERS_MAX = 3 };

static double share[BARS]; /* of equity held at each close, signed */

static void on_bar(void *who, const struct gw_bar_event *event) {
    (void)who;
    share[event->history.n - 1] = event->position.quantity * event->history.last->close / 100000;
}

/* The price stands still and nothing costs anything, so equity stays and a share of it is a quantity. */
static void play(const char *rule, const char *quorum, const signed char *side, size_t n_members, size_t n_bars,
                 bool shorts, size_t *n_orders) {
    struct gw_replay_config config;
    struct gw_strategy_config trading;
    struct gw_market market;
    struct gw_replay_result r;
    struct ohlcv row[BARS];
    const struct gw_replay_watch watch = {.bar = on_bar};
    const signed char *const follow[] = {side};
    fixture_config(&config, &trading);
    trading.strategy = gw_strategy_row(gw_strategy_find("ensemble"));
    trading.trade_short = shorts;
    assert_ok(gw_strategy_config_set(&trading, "rule", rule));
    assert_ok(gw_strategy_config_set(&trading, "quorum", quorum));
    fixture_market(&market, 1);
    for (size_t i = 0; i < n_bars; ++i) row[i] = (struct ohlcv){100, 100.5, 99.5, 100, 5};
    fixture_bars(&market.symbol[0], row, n_bars);
    config.follow = follow;
    config.n_follow = n_members;
    config.max_entries = 16;
    config.watch = &watch;
    config.check_ledger = true;
    assert_ok(gw_replay_run(&market, &config, gw_strategy_find("ensemble"), &trading, NULL, NULL, &r));
    if (n_orders) *n_orders = r.n_orders;
    assert_int_equal(r.n_rejected, 0);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* Written down once more, by counting. */
static double wanted(const char *rule, double quorum, const signed char *side, size_t n) {
    int sum = 0, longs = 0, shorts = 0;
    for (size_t i = 0; i < n; ++i) sum += side[i], longs += side[i] == 1, shorts += side[i] == -1;
    if (strcmp(rule, "mean") == 0) return (double)sum / (double)n;
    if (strcmp(rule, "all") == 0) return sum == (int)n ? 1 : sum == -(int)n ? -1 : 0;
    if (strcmp(rule, "any") == 0) return longs && !shorts ? 1 : shorts && !longs ? -1 : 0;
    if (longs > shorts) return longs >= quorum * (double)n ? 1 : 0;
    return shorts > longs && shorts >= quorum * (double)n ? -1 : 0;
}

/* All 27 (9) states of three (two) members, each for one bar, in an order that visits many changes. */
static void test_rules(void **state) {
    (void)state;
    static const char *const rule[] = {"mean", "vote", "all", "any"};
    static const char *const quorum[] = {".5", ".7", "0"};
    for (size_t n = 1; n <= MEMBERS_MAX; ++n) {
        signed char side[BARS * MEMBERS_MAX];
        size_t states = 1;
        for (size_t i = 0; i < n; ++i) states *= 3;
        for (size_t t = 0; t <= states; ++t)
            for (size_t i = 0, rest = t * 10 % states; i < n; ++i, rest /= 3)
                side[t * n + i] = (signed char)((int)(rest % 3) - 1);
        for (size_t k = 0; k < COUNT_OF(rule); ++k)
            for (size_t q = 0; q < COUNT_OF(quorum); ++q)
                for (int shorts = 0; shorts < 2; ++shorts) {
                    play(rule[k], quorum[q], side, n, states + 1, shorts, NULL);
                    for (size_t t = 0; t < states; ++t) {
                        double want = wanted(rule[k], strtod(quorum[q], NULL), side + t * n, n);
                        if (want < 0 && !shorts) want = 0;
                        if (!near(share[t + 1], want, 1e-9, 1e-9))
                            fail_msg("%s, quorum %s, %zu members, bar %zu: holds %g, not %g", rule[k], quorum[q], n, t,
                                     share[t + 1], want);
                    }
                }
    }
}

/* It acts when something changes, and by one order where one will do. */
static void test_orders(void **state) {
    (void)state;
    static const signed char side[] = {0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0};
    size_t n_orders;
    play("mean", ".5", side, 2, 9, true, &n_orders); /* in by half, up to all, down to half, out */
    assert_int_equal(n_orders, 4);
    assert_near(share[2], .5, 1e-12, 0);
    assert_near(share[4], 1, 1e-12, 0);
    assert_near(share[6], .5, 1e-12, 0);
    assert_near(share[8], 0, 0, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules), cmocka_unit_test(test_orders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
