/* Features of random bars: every row of the table at several arguments, alone and in sets, and markets that are hard on them. */
#ifndef GATEWALK_TEST_FEATURE_SETS_H
#define GATEWALK_TEST_FEATURE_SETS_H

#include "engine/base/base.h"
#include "random_market.h"

#include <stdlib.h>

#include "gatewalk/feature.h"

enum { N_BARS = 700 };

/* Of the user's data, of another symbol, and a rank: in the order in which a set of all features has them. */
enum { COLUMN_DATA, COLUMN_CLOSE, COLUMN_RANK, COLUMN_FUNDING, COLUMN_INTEREST, TEST_COLUMNS };
static const char *const test_column[TEST_COLUMNS] = {"x", "x.close", "x.rank", "funding_rate", "open_interest"};

static inline size_t column_of(const struct gw_feature_desc *desc) {
    if (desc->of_column) return strcmp(desc->of_column, "funding_rate") == 0 ? COLUMN_FUNDING : COLUMN_INTEREST;
    return !desc->market ? COLUMN_DATA : strcmp(desc->market, ".close") == 0 ? COLUMN_CLOSE : COLUMN_RANK;
}

static inline struct gw_feature_input input_at(const struct gw_bars *bars, size_t t) {
    static double columns[TEST_COLUMNS];
    for (size_t c = 0; c < TEST_COLUMNS; c++) columns[c] = bars->n_columns ? bars->column[c].value[t] : (double)NAN;
    return (struct gw_feature_input){
        .bar = &bars->bar[t],
        .close_ns = gw_bar_close_ns(bars, t),
        .quote_volume = bars->quote_volume ? bars->quote_volume[t] : NAN,
        .trade_count = bars->trade_count ? bars->trade_count[t] : NAN,
        .taker_buy_base = bars->taker_buy_base ? bars->taker_buy_base[t] : NAN,
        .columns = columns,
    };
}

/* What the set's fitted features learn from bars from..to; NULL when none is fitted. Caller mem_free()s. */
static inline double *learn(const struct gw_feature_set *set, const struct gw_bars *bars, size_t from, size_t to) {
    const struct gw_feature_slice slice = {.bars = bars, .samples = {from, to}};
    if (gw_feature_set_learnt(set) == 0) return NULL;
    double *learnt = mem_calloc(gw_feature_set_learnt(set), sizeof *learnt);
    assert_non_null(learnt);
    assert_ok(gw_feature_set_learn(set, &slice, 1, 0, learnt));
    return learnt;
}

static inline void build(const struct gw_feature_set *set, const double *learnt, const struct gw_bars *bars,
                         struct gw_feature_matrix *out) {
    assert_ok(gw_feature_set_build(set, bars, out));
    if (learnt) assert_ok(gw_feature_set_apply(set, learnt, bars, 0, bars->n, out->value));
}

/* All values of one feature in double. Caller mem_free()s. */
static inline double *run_feature(const struct gw_feature_desc *desc, const void *own, const struct gw_bars *bars) {
    size_t size = desc->state_size(own);
    void *state = mem_calloc(1, size ? size : 1);
    double *value = mem_calloc(bars->n ? bars->n : 1, sizeof *value);
    assert_non_null(state);
    assert_non_null(value);
    for (size_t t = 0; t < bars->n; t++) {
        struct gw_feature_input in = input_at(bars, t);
        in.column = in.columns[column_of(desc)];
        value[t] = desc->push(state, own, &in);
    }
    mem_free(state);
    return value;
}

/* Arguments to try: 0 the defaults, 1 the least, 2 something odd between. */
enum { N_VARIANTS = 3 };
static inline bool make_variant(const struct gw_feature_desc *desc, int variant, struct gw_own_params *own) {
    char why[GW_PARAM_WHY];
    if (variant > 0 && desc->own.n == 0) return false;
    gw_param_defaults(&desc->own, own);
    for (size_t k = 0; variant > 0 && k < desc->own.n; k++) {
        const struct gw_param *param = &desc->own.param[k];
        if (param->type == GW_PARAM_CHOICE) continue;
        assert_ok(gw_param_put_number(param, param->low + (variant == 2 ? 4 + (double)k : 0), own, why));
    }
    return true;
}

/* "name(1,2)@1h" */
static inline char *spec_text(const struct gw_feature_desc *desc, const void *own, const char *interval,
                              char text[128]) {
    char value[GW_PARAM_SHOWN];
    size_t used = (size_t)snprintf(text, 128, "%s%s", desc->name, desc->takes_column ? "(x" : "");
    for (size_t k = 0; k < desc->own.n; k++)
        used += (size_t)snprintf(text + used, 128 - used, "%c%s", k || desc->takes_column ? ',' : '(',
                                 gw_param_show(&desc->own.param[k], own, value));
    if (desc->own.n || desc->takes_column) used += (size_t)snprintf(text + used, 128 - used, ")");
    snprintf(text + used, 128 - used, "%s", interval);
    return text;
}

/* What a pattern library says has tests of its own, tests/patterns/test_pattern_features.c: it takes seconds to learn, and its parts are
 * held against PyTorch there. */
static inline bool of_library(const struct gw_feature_desc *desc) { return desc->fit && desc->fit->values; }

/* Known from the first bar on; with holes when asked. */
static inline void give_column(struct gw_bars *bars, bool holes) {
    double *x = mem_calloc(bars->n, sizeof *x);
    for (size_t t = 0; t < bars->n; t++) x[t] = holes && t % 13 == 7 ? (double)NAN : sin((double)t) * 5 - 1;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_DATA], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = exp(0.1 * sin((double)t / 3) + 0.001 * (double)(t % 17)) + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_CLOSE], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = (double)(t % 5) / 4 + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_RANK], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = 1e-4 * sin((double)(t / 8)) + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_FUNDING], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = 5e6 * exp(0.2 * sin((double)t / 9)) + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_INTEREST], x));
    mem_free(x);
}

static inline struct gw_bars hard_walk(uint64_t seed) {
    struct gw_bars bars;
    make_walk(
        (struct walk){
            .n = N_BARS, .seed = seed, .volatility = .004, .gap_chance = .03, .flat_chance = .02, .columns = true},
        &bars);
    give_column(&bars, true);
    return bars;
}

#endif
