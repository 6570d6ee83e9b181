/* Small markets and a strategy that follows a script: what the replay tests are made of. */
#ifndef GATEWALK_TEST_REPLAY_FIXTURE_H
#define GATEWALK_TEST_REPLAY_FIXTURE_H

#include "test.h"

#include "gatewalk/replay.h"
#include "gatewalk/rng.h"

enum { MINUTE_OFFSET = 1000 }; /* bars begin away from the epoch, so that no time is 0 by accident */

static inline int64_t minute(int64_t i) { return (MINUTE_OFFSET + i) * NS_PER_MINUTE; }

/* Open, high, low, close, volume; one minute each from minute(0) on. */
struct ohlcv {
    double open, high, low, close, volume;
};

static inline void fixture_bars(struct bars *bars, const struct ohlcv *row, size_t n) {
    memset(bars, 0, sizeof *bars);
    bars->interval_ns = NS_PER_MINUTE;
    bars->n = n;
    bars->bar = mem_calloc(n, sizeof *bars->bar);
    assert_non_null(bars->bar);
    for (size_t i = 0; i < n; ++i)
        bars->bar[i] =
            (struct bar){minute((int64_t)i), row[i].open, row[i].high, row[i].low, row[i].close, row[i].volume};
}

/* A random walk with price gaps between bars, empty bars and missing bars (each with the given chance). */
static inline void fixture_random_bars(struct bars *bars, size_t n, struct rng *rng, double empty, double missing) {
    memset(bars, 0, sizeof *bars);
    bars->interval_ns = NS_PER_MINUTE;
    bars->n = n;
    bars->bar = mem_calloc(n, sizeof *bars->bar);
    assert_non_null(bars->bar);
    double price = 50 + 100 * rng_uniform(rng);
    int64_t at = 0;
    for (size_t i = 0; i < n; ++i, ++at) {
        while (rng_uniform(rng) < missing) ++at;
        const double open = price * (1 + 0.004 * rng_normal(rng));
        const double close = open * (1 + 0.008 * rng_normal(rng));
        const double high = fmax(open, close) * (1 + 0.006 * rng_uniform(rng));
        const double low = fmin(open, close) * (1 - 0.006 * rng_uniform(rng));
        const double volume = rng_uniform(rng) < empty ? 0 : 1 + 100 * rng_uniform(rng);
        bars->bar[i] = (struct bar){minute(at), open, high, low, close, volume};
        price = close;
    }
}

static inline void fixture_market(struct market *market, size_t n_symbols) {
    market->n_symbols = n_symbols;
    market->symbol = mem_calloc(n_symbols, sizeof *market->symbol);
    assert_non_null(market->symbol);
}

static inline void fixture_free(struct market *market) {
    for (size_t s = 0; s < market->n_symbols; ++s) mem_free(market->symbol[s].bar);
    mem_free(market->symbol);
}

/* The script: at the close of bar `bar` (index in its symbol) put this order. Kept per test program. */
struct scripted {
    size_t bar;
    struct order order;
};
static struct {
    const struct scripted *step;
    size_t n;
} script;

static inline void script_on_bar(void *state, const struct strategy_config *config, const struct bar_event *event,
                                 struct order_sink *orders) {
    (void)state, (void)config;
    for (size_t i = 0; i < script.n; ++i)
        if (script.step[i].bar == event->history.n - 1 && script.step[i].order.symbol == event->symbol)
            order_put(orders, &script.step[i].order);
}

static const struct strategy_desc script_strategy = {
    .name = "script", .help = "follows a script", .on_bar = script_on_bar};

static inline void fixture_config(struct replay_config *config, struct strategy_config *parameters) {
    replay_config_default(config);
    config->check_ledger = true;
    strategy_config_default(parameters);
}

/* Orders drawn at random: opens of either side with random brackets, and closes; a key per (seed, symbol, bar)
 * makes a decision independent of everything but the past. Refusals are part of the game. */
static uint64_t random_seed;

static inline void random_on_bar(void *state, const struct strategy_config *config, const struct bar_event *event,
                                 struct order_sink *orders) {
    (void)state, (void)config;
    struct rng rng;
    rng_key(&rng, random_seed, "random strategy", event->symbol, event->history.n, 0);
    const double draw = rng_uniform(&rng);
    if (draw < 0.1) order_put(orders, &(struct order){.symbol = event->symbol, .kind = ORDER_CLOSE});
    if (draw > 0.05 && draw < 0.4)
        order_put(orders, &(struct order){.symbol = event->symbol,
                                          .kind = ORDER_OPEN,
                                          .side = rng_below(&rng, 2) ? SIDE_LONG : SIDE_SHORT,
                                          .size = 0.05 + 0.5 * rng_uniform(&rng),
                                          .stop = rng_below(&rng, 4) ? 0.001 + 0.015 * rng_uniform(&rng) : 0,
                                          .target = rng_below(&rng, 4) ? 0.001 + 0.02 * rng_uniform(&rng) : 0,
                                          .max_bars = rng_below(&rng, 4) ? 1 + rng_below(&rng, 12) : 0,
                                          .probability = (float)rng_uniform(&rng)});
}

static const struct strategy_desc random_strategy = {
    .name = "random", .help = "random orders", .on_bar = random_on_bar};

static inline void fixture_random_costs(struct cost_config *costs, struct rng *rng) {
    *costs = (struct cost_config){.taker_bps = 10 * rng_uniform(rng),
                                  .maker_bps = 4 * rng_uniform(rng) - 1,
                                  .half_spread_bps = 5 * rng_uniform(rng),
                                  .slippage_bps = 5 * rng_uniform(rng),
                                  .slippage_volatility = 0.2 * rng_uniform(rng),
                                  .funding_bps_per_day = 2000 * (rng_uniform(rng) - 0.5),
                                  .borrow_bps_per_day = 1000 * rng_uniform(rng),
                                  .multiplier = (double)rng_below(rng, 3)};
}

#endif
