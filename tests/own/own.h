/* Programs from text, replayed over a small market. */
#ifndef GATEWALK_TEST_OWN_H
#define GATEWALK_TEST_OWN_H

#include "engine/base/base.h"

#include "replay/fixture.h"

#include "strategies/own/rule.h"

static inline struct program *own_rules(const char *enter_long, const char *exit_long, const char *stop) {
    struct rule_text text = {0};
    struct program *program = NULL;
    enum rule which;
    snprintf(text.text[RULE_ENTER_LONG], RULE_TEXT_MAX, "%s", enter_long);
    snprintf(text.text[RULE_EXIT_LONG], RULE_TEXT_MAX, "%s", exit_long);
    snprintf(text.text[RULE_STOP], RULE_TEXT_MAX, "%s", stop);
    assert_ok(program_of_rules(&text, &which, &program));
    return program;
}

static inline int own_read(const char *text, struct program **out) {
    const char *bad;
    return program_of_script_text(text, strlen(text), "t.lua", NULL, 0, &bad, out);
}

/* GW_OK with the result, or what the replay failed with. */
static inline int own_replay(const struct program *program, const struct gw_market *market,
                             struct gw_replay_result *out) {
    struct gw_replay_config config;
    struct gw_strategy_config trading;
    fixture_config(&config, &trading);
    config.costs.taker_bps = 5;
    trading.program = program;
    trading.strategy = gw_strategy_row(program->desc);
    if (program->kind == PROGRAM_SCRIPT) assert_ok(gw_strategy_config_set(&trading, "max_steps", "100000"));
    trading.size = 1 / (double)market->n_symbols;
    return gw_replay_run(market, &config, program->desc, &trading, NULL, NULL, out);
}

static inline void own_market(struct gw_market *market, size_t n_symbols, size_t n_bars) {
    struct gw_rng rng;
    gw_rng_key(&rng, 41, "own strategies", 0, 0, 0);
    fixture_market(market, n_symbols);
    for (size_t s = 0; s < n_symbols; s++) {
        fixture_random_bars(&market->symbol[s], n_bars, &rng, 0, 0);
        snprintf(market->symbol[s].symbol, GW_SYMBOL_MAX, "SYM%zu", s);
    }
}

/* Orders that the strategy put: the exit at the end of the data is nobody's. */
static inline size_t own_orders(const struct gw_replay_result *r) {
    return r->n_records - (r->n_trades && r->trade[r->n_trades - 1].reason == GW_EXIT_END);
}

/* Two replays did the same. */
static inline void own_same(const struct gw_replay_result *a, const struct gw_replay_result *b) {
    assert_int_equal(a->n_records, b->n_records);
    assert_int_equal(a->n_trades, b->n_trades);
    assert_int_equal(a->n_equity, b->n_equity);
    assert_memory_equal(a->order, b->order, a->n_records * sizeof *a->order);
    assert_memory_equal(a->equity, b->equity, a->n_equity * sizeof *a->equity);
}

#endif
