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

static inline void fixture_bars(struct gw_bars *bars, const struct ohlcv *row, size_t n) {
    memset(bars, 0, sizeof *bars);
    bars->interval_ns = NS_PER_MINUTE;
    bars->n = n;
    bars->bar = mem_calloc(n, sizeof *bars->bar);
    assert_non_null(bars->bar);
    for (size_t i = 0; i < n; ++i)
        bars->bar[i] =
            (struct gw_bar){minute((int64_t)i), row[i].open, row[i].high, row[i].low, row[i].close, row[i].volume};
}

/* A random walk with price gaps between bars, empty bars and missing bars (each with the given chance). */
static inline void fixture_random_bars(struct gw_bars *bars, size_t n, struct gw_rng *rng, double empty,
                                       double missing) {
    memset(bars, 0, sizeof *bars);
    bars->interval_ns = NS_PER_MINUTE;
    bars->n = n;
    bars->bar = mem_calloc(n, sizeof *bars->bar);
    assert_non_null(bars->bar);
    double price = 50 + 100 * gw_rng_uniform(rng);
    int64_t at = 0;
    for (size_t i = 0; i < n; ++i, ++at) {
        while (gw_rng_uniform(rng) < missing) ++at;
        const double open = price * (1 + 0.004 * gw_rng_normal(rng));
        const double close = open * (1 + 0.008 * gw_rng_normal(rng));
        const double high = fmax(open, close) * (1 + 0.006 * gw_rng_uniform(rng));
        const double low = fmin(open, close) * (1 - 0.006 * gw_rng_uniform(rng));
        const double volume = gw_rng_uniform(rng) < empty ? 0 : 1 + 100 * gw_rng_uniform(rng);
        bars->bar[i] = (struct gw_bar){minute(at), open, high, low, close, volume};
        price = close;
    }
}

static inline void fixture_market(struct gw_market *market, size_t n_symbols) {
    market->n_symbols = n_symbols;
    market->symbol = mem_calloc(n_symbols, sizeof *market->symbol);
    assert_non_null(market->symbol);
}

static inline void fixture_free(struct gw_market *market) {
    for (size_t s = 0; s < market->n_symbols; ++s) mem_free(market->symbol[s].bar);
    mem_free(market->symbol);
}

/* The script: at the close of bar `bar` (index in its symbol) put this order. Kept per test program. */
struct scripted {
    size_t bar;
    struct gw_order order;
};
static struct {
    const struct scripted *step;
    size_t n;
} script;

static inline void script_on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                                 struct gw_order_sink *orders) {
    (void)state, (void)config;
    for (size_t i = 0; i < script.n; ++i)
        if (script.step[i].bar == event->history.n - 1 && script.step[i].order.symbol == event->symbol)
            gw_order_put(orders, &script.step[i].order);
}

static const struct gw_strategy_desc script_strategy = {
    .name = "script", .help = "follows a script", .on_bar = script_on_bar};

static inline void fixture_config(struct gw_replay_config *config, struct gw_strategy_config *parameters) {
    gw_replay_config_default(config);
    config->check_ledger = true;
    gw_strategy_config_default(parameters);
}

/* Orders drawn at random: opens of either side with random brackets, and closes; a key per (seed, symbol, bar)
 * makes a decision independent of everything but the past. Refusals are part of the game. */
static uint64_t random_seed;

static inline void random_on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                                 struct gw_order_sink *orders) {
    (void)state, (void)config;
    struct gw_rng rng;
    gw_rng_key(&rng, random_seed, "random strategy", event->symbol, event->history.n, 0);
    const double draw = gw_rng_uniform(&rng);
    if (draw < 0.1) gw_order_put(orders, &(struct gw_order){.symbol = event->symbol, .kind = GW_ORDER_CLOSE});
    if (draw > 0.05 && draw < 0.4)
        gw_order_put(orders,
                     &(struct gw_order){.symbol = event->symbol,
                                        .kind = GW_ORDER_MARKET,
                                        .side = gw_rng_below(&rng, 2) ? GW_SIDE_LONG : GW_SIDE_SHORT,
                                        .size = 0.05 + 0.5 * gw_rng_uniform(&rng),
                                        .stop = gw_rng_below(&rng, 4) ? 0.001 + 0.015 * gw_rng_uniform(&rng) : 0,
                                        .target = gw_rng_below(&rng, 4) ? 0.001 + 0.02 * gw_rng_uniform(&rng) : 0,
                                        .max_bars = gw_rng_below(&rng, 4) ? 1 + gw_rng_below(&rng, 12) : 0,
                                        .probability = (float)gw_rng_uniform(&rng)});
}

static const struct gw_strategy_desc random_strategy = {
    .name = "random", .help = "random orders", .on_bar = random_on_bar};

static inline void fixture_random_costs(struct gw_cost_config *costs, struct gw_rng *rng) {
    *costs = (struct gw_cost_config){.taker_bps = 10 * gw_rng_uniform(rng),
                                     .maker_bps = 4 * gw_rng_uniform(rng) - 1,
                                     .half_spread_bps = 5 * gw_rng_uniform(rng),
                                     .slippage_bps = 5 * gw_rng_uniform(rng),
                                     .slippage_volatility = 0.2 * gw_rng_uniform(rng),
                                     .funding_bps_per_day = 2000 * (gw_rng_uniform(rng) - 0.5),
                                     .borrow_bps_per_day = 1000 * gw_rng_uniform(rng),
                                     .multiplier = (double)gw_rng_below(rng, 3)};
}

#endif
