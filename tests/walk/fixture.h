/* Small markets in memory and experiments from text: what the tests of a whole run are made of. */
#ifndef GATEWALK_TEST_RUN_FIXTURE_H
#define GATEWALK_TEST_RUN_FIXTURE_H

#include "test.h"

#include "base/scratch.h"
#include "engine/results/write.h"
#include "engine/walk/replays.h"
#include "gatewalk/rng.h"

enum { FIXTURE_HOURLY = 4 }; /* bars of 15 minutes in an hour */

/* A random walk with volatility in spells, a few bars without volume, and bars missing with the given chance. */
static inline void fixture_walk(struct gw_bars *bars, const char *symbol, size_t n, uint64_t seed, size_t start,
                                double missing) {
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "run fixture", 0, 0, 0);
    memset(bars, 0, sizeof *bars);
    snprintf(bars->symbol, sizeof bars->symbol, "%s", symbol);
    bars->interval_ns = 15 * NS_PER_MINUTE;
    bars->n = n;
    bars->bar = mem_calloc(n, sizeof *bars->bar);
    assert_non_null(bars->bar);
    double price = 100, spell = 0;
    int64_t time = time_from_civil(2021, 3, 1) + (int64_t)start * bars->interval_ns;
    for (size_t i = 0; i < n; i++, time += bars->interval_ns) {
        while (i > 0 && gw_rng_uniform(&rng) < missing) time += bars->interval_ns;
        spell = 0.95 * spell + 0.15 * gw_rng_normal(&rng);
        double open = price * exp(0.0002 * gw_rng_normal(&rng)), step = 0.0025 * exp(spell);
        double close = open * exp(step * gw_rng_normal(&rng));
        bars->bar[i] = (struct gw_bar){
            .open_ns = time,
            .open = open,
            .high = fmax(open, close) * exp(step * gw_rng_uniform(&rng)),
            .low = fmin(open, close) * exp(-step * gw_rng_uniform(&rng)),
            .close = close,
            .volume = gw_rng_uniform(&rng) < 0.02 ? 0 : floor(1000 * exp(spell + 0.5 * gw_rng_normal(&rng))) + 1,
        };
        price = close;
    }
    gw_bars_fingerprint(bars);
}

static inline void fixture_copy(const struct gw_market *from, struct gw_market *to) {
    to->n_symbols = from->n_symbols;
    to->symbol = mem_calloc(from->n_symbols, sizeof *to->symbol);
    assert_non_null(to->symbol);
    for (size_t s = 0; s < from->n_symbols; s++) {
        to->symbol[s] = from->symbol[s];
        to->symbol[s].bar = mem_calloc(from->symbol[s].n, sizeof(struct gw_bar));
        assert_non_null(to->symbol[s].bar);
        memcpy(to->symbol[s].bar, from->symbol[s].bar, from->symbol[s].n * sizeof(struct gw_bar));
    }
}

/* An experiment from its JSON text, in which ' stands for ". */
static inline struct experiment *fixture_experiment(const char *text) {
    struct experiment *e = NULL;
    char *json = mem_strdup(text);
    assert_non_null(json);
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    scratch_write("experiment.json", json, strlen(json));
    mem_free(json);
    assert_ok(experiment_load(scratch("experiment.json"), NULL, &e));
    return e;
}

#endif
