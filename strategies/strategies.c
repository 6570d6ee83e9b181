/* The table of strategies, and the parameters they share. */
#include "strategies.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

static const struct gw_strategy_desc *const table[] = {
#define STRATEGY(name) &strategy_##name,
#include "strategies.def"
#undef STRATEGY
};

size_t gw_strategy_count(void) { return COUNT_OF(table); }

const struct gw_strategy_desc *gw_strategy_at(size_t i) { return i < COUNT_OF(table) ? table[i] : NULL; }

const struct gw_strategy_desc *gw_strategy_find(const char *name) {
    for (size_t i = 0; i < COUNT_OF(table); ++i)
        if (strcmp(table[i]->name, name) == 0) return table[i];
    return NULL;
}

int gw_strategy_row(const struct gw_strategy_desc *strategy) {
    for (size_t i = 0; i < COUNT_OF(table); ++i)
        if (table[i] == strategy || strcmp(table[i]->name, strategy->name) == 0) return (int)i; /* or a variant of it */
    return -1;
}

/* ---- parameters ------------------------------------------------------------------------------------------- */

_Static_assert(COUNT_OF(table) <= GW_OWN_ROWS_MAX, "room for own parameters");

static struct gw_choice strategy_choice(size_t i) {
    return i < COUNT_OF(table) ? (struct gw_choice){table[i]->name, table[i]->help, table[i]->own}
                               : (struct gw_choice){.name = NULL};
}
const struct gw_choices strategy_choices = {.at = strategy_choice};

#define SIZING(field, ...) GW_NUMBER_PARAM(struct gw_sizing_params, field, __VA_ARGS__)
#define SIZE_MAX_ROW       SIZING(size_max, "fraction of equity", 1, 1e-6, 100, "largest size by volatility or kelly")
static const struct gw_param notional_rows[] = {
    SIZING(notional, "account currency", 10000, 1e-6, 1e15, "sizing notional: per trade"),
};
static const struct gw_param volatility_rows[] = {
    SIZING(target_volatility, "per year", .2, 1e-6, 100, "sizing volatility: of equity, in one position"),
    GW_SIZE_PARAM(struct gw_sizing_params, volatility_bars, "bars", 96, 2, 1e6, "sizing volatility: measured over"),
    SIZE_MAX_ROW,
};
static const struct gw_param kelly_rows[] = {
    SIZING(kelly_fraction, "", .5, 1e-6, 1, "sizing kelly: share of the full bet"),
    SIZE_MAX_ROW,
};
static const struct gw_choice sizing_rows[] = {
    [GW_SIZING_FRACTION] = {.name = "fraction", .help = "size of equity"},
    [GW_SIZING_NOTIONAL] = {"notional", "a fixed amount", GW_PARAM_TABLE(notional_rows)},
    [GW_SIZING_VOLATILITY] = {"volatility", "target volatility over the realised one", GW_PARAM_TABLE(volatility_rows)},
    [GW_SIZING_KELLY] = {"kelly", "capped Kelly bet by calibrated p, stop and target", GW_PARAM_TABLE(kelly_rows)},
    [GW_SIZING_PROBABILITY] = {.name = "probability", .help = "size x p / (2 tau), at most size"},
};
static const struct gw_choices sizings = {.row = sizing_rows, .n = COUNT_OF(sizing_rows)};

#define LIMIT(kind, field, ...)                                                                                        \
    {                                                                                                                  \
        .name = #field, .type = GW_PARAM_##kind, .offset = offsetof(struct gw_strategy_config, limits.field),          \
        __VA_ARGS__                                                                                                    \
    }
#define TRADING(kind, field, ...) GW_##kind##_PARAM(struct gw_strategy_config, field, __VA_ARGS__)
static const struct gw_param rows[] = {
    TRADING(NUMBER, size, "fraction of equity", NAN, 1e-6, 100,
            "equity per trade before fees: 1 leaves cash below 0 by them; default 1 / symbols"),
    TRADING(NUMBER, target_moves, "min_move", 1, 0, 1000, "target in multiples of min_move; 0 = none"),
    TRADING(NUMBER, stop_moves, "min_move", NAN, 0, 1000, "stop in multiples of min_move; default 1/ratio; 0 = none"),
    TRADING(SIZE, horizon, "bars", NAN, 0, 1e6, "time exit after the signal; default the label's; 0 = none"),
    TRADING(BOOL, exit_on_opposite, false, "close when the other gate fires"),
    TRADING(BOOL, trade_long, true, "take long signals"),
    TRADING(BOOL, trade_short, true, "take short signals"),
    GW_CHOICE_PARAM(struct gw_strategy_config, sizing, &sizings, offsetof(struct gw_strategy_config, sizing_own),
                    "how much an entry is"),
    LIMIT(SIZE, max_positions, .unit = "symbols", .high = 1e6, .help = "symbols held at a time; 0 = any number"),
    LIMIT(NUMBER, max_gross, .unit = "x equity", .high = 1e6,
          .help = "entries are cut to this gross exposure; 0 = none"),
    LIMIT(NUMBER, max_net, .unit = "x equity", .high = 1e6, .help = "and to this net exposure, either side; 0 = none"),
    LIMIT(NUMBER, max_symbol, .unit = "x equity", .high = 1e6, .help = "and to this in one symbol; 0 = none"),
    LIMIT(SIZE, cooldown_bars, .unit = "bars", .high = 1e6, .help = "without entries after a stop; 0 = none"),
    LIMIT(NUMBER, daily_loss, .unit = "fraction", .high = 1,
          .help = "closes everything until the next UTC day; 0 = off"),
    LIMIT(NUMBER, max_drawdown, .unit = "fraction", .high = 1, .help = "closes everything for good; 0 = off"),
    {.type = GW_PARAM_CHOICE, /* chosen by the contestant's "strategy" */
     .offset = offsetof(struct gw_strategy_config, strategy),
     .choices = &strategy_choices,
     .beside = offsetof(struct gw_strategy_config, own)},
};
const struct gw_param_table gw_strategy_params = GW_PARAM_TABLE(rows);

void gw_strategy_config_default(struct gw_strategy_config *config) {
    memset(config, 0, sizeof *config);
    struct gw_label_config labels;
    gw_param_defaults(&gw_strategy_params, config);
    gw_param_defaults(&gw_label_params, &labels);
    gw_strategy_config_resolve(config, &labels, 1);
}

void gw_strategy_config_resolve(struct gw_strategy_config *config, const struct gw_label_config *labels,
                                size_t n_symbols) {
    /* No wider than the key itself may be, so that the recorded experiment loads again. */
    if (isnan(config->stop_moves)) config->stop_moves = labels->ratio > 0 ? fmin(1 / labels->ratio, 1000) : 0;
    if (config->horizon == SIZE_MAX) config->horizon = labels->horizon;
    if (isnan(config->size)) config->size = 1.0 / (double)(n_symbols ? n_symbols : 1);
}

int gw_strategy_config_set(struct gw_strategy_config *config, const char *key, const char *value) {
    int rc = gw_param_set(&gw_strategy_params, config, key, value);
    return rc < 0 ? gw_error_prefix(rc, "trading") : GW_OK;
}

int gw_strategy_config_check(const struct gw_strategy_desc *strategy, const struct gw_strategy_config *config,
                             const char *key[GW_STRATEGY_KEYS_MAX]) {
    const char *unread[GW_STRATEGY_KEYS_MAX];
    struct gw_strategy_config chosen = *config;
    chosen.strategy = gw_strategy_row(strategy);
    if (!key) key = unread;
    memset(key, 0, GW_STRATEGY_KEYS_MAX * sizeof *key);
    TRY(gw_param_check(&gw_strategy_params, "trading", &chosen));
    return strategy->check && chosen.strategy >= 0 ? strategy->check(gw_strategy_own(&chosen), key) : GW_OK;
}
