/* Random bars for the tests of features, labels and folds: walks with gaps, flat stretches, no volume. */
#ifndef GATEWALK_TESTS_RANDOM_MARKET_H
#define GATEWALK_TESTS_RANDOM_MARKET_H

#include "test.h"

#include "gatewalk/bars.h"
#include "gatewalk/rng.h"

struct walk {
    size_t n;
    uint64_t seed;
    double volatility;   /* of one bar's log return */
    double gap_chance;   /* chance that 1..12 bars are missing before a bar */
    double flat_chance;  /* chance that a stretch of up to 40 bars does not move and does not trade */
    int64_t interval_ns; /* 0: 15 minutes */
    int64_t start_ns;    /* 0: 2020-01-01 */
    bool columns;        /* with quote volume, trade count and taker-buy volume */
};

static inline void free_bars(struct gw_bars *bars) { gw_bars_free(bars); }

static inline void copy_bars(const struct gw_bars *from, size_t n, struct gw_bars *to) {
    *to = *from;
    to->n = n;
    to->column = NULL;
    to->n_columns = 0;
    for (size_t c = 0; c < from->n_columns; c++)
        assert_ok(gw_bars_add_column(to, from->column[c].name, from->column[c].value));
    to->fingerprint = from->fingerprint;
    size_t room = n ? n : 1;
    to->bar = mem_calloc(room, sizeof *to->bar);
    memcpy(to->bar, from->bar, n * sizeof *to->bar);
    if (!from->quote_volume) return;
    to->quote_volume = mem_calloc(room, sizeof(double));
    to->trade_count = mem_calloc(room, sizeof(double));
    to->taker_buy_base = mem_calloc(room, sizeof(double));
    memcpy(to->quote_volume, from->quote_volume, n * sizeof(double));
    memcpy(to->trade_count, from->trade_count, n * sizeof(double));
    memcpy(to->taker_buy_base, from->taker_buy_base, n * sizeof(double));
}

static inline void walk_bar(struct gw_rng *rng, const struct walk *walk, bool flat, double last, struct gw_bar *bar) {
    enum { STEPS = 8 };
    bar->open = bar->high = bar->low = bar->close = last;
    if (flat) return;
    bar->open *= gw_rng_uniform(rng) < .2 ? exp(gw_rng_normal(rng) * walk->volatility * .2) : 1;
    double price = bar->high = bar->low = bar->open;
    for (int k = 0; k < STEPS; k++) {
        price *= exp(gw_rng_normal(rng) * walk->volatility / sqrt(STEPS));
        bar->high = fmax(bar->high, price);
        bar->low = fmin(bar->low, price);
    }
    bar->close = price;
    bar->volume = gw_rng_uniform(rng) < .05 ? 0 : floor(1000 * exp(gw_rng_normal(rng))) / 8;
}

static inline void make_walk(struct walk walk, struct gw_bars *out) {
    struct gw_rng rng;
    gw_rng_key(&rng, walk.seed, "test walk", 0, 0, 0);
    *out = (struct gw_bars){.symbol = "WALK", .n = walk.n};
    out->interval_ns = walk.interval_ns ? walk.interval_ns : 15 * NS_PER_MINUTE;
    size_t room = walk.n ? walk.n : 1;
    out->bar = mem_calloc(room, sizeof *out->bar);
    if (walk.columns) {
        out->quote_volume = mem_calloc(room, sizeof(double));
        out->trade_count = mem_calloc(room, sizeof(double));
        out->taker_buy_base = mem_calloc(room, sizeof(double));
    }
    int64_t time = walk.start_ns ? walk.start_ns : time_from_civil(2020, 1, 1);
    double last = 100;
    size_t flat = 0;
    for (size_t i = 0; i < walk.n; i++, time += out->interval_ns) {
        if (gw_rng_uniform(&rng) < walk.gap_chance) time += out->interval_ns * (int64_t)(1 + gw_rng_below(&rng, 12));
        if (flat) flat--;
        if (gw_rng_uniform(&rng) < walk.flat_chance) flat = 1 + gw_rng_below(&rng, 40);
        struct gw_bar *bar = &out->bar[i];
        bar->open_ns = time;
        walk_bar(&rng, &walk, flat > 0, last, bar);
        last = bar->close;
        if (!walk.columns) continue;
        out->quote_volume[i] = bar->volume * (bar->high + bar->low + bar->close) / 3;
        out->trade_count[i] = bar->volume > 0 ? (double)(1 + gw_rng_below(&rng, 300)) : 0;
        out->taker_buy_base[i] = bar->volume * gw_rng_uniform(&rng);
    }
}

#endif
