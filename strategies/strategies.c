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
        if (table[i] == strategy) return (int)i;
    return -1;
}

/* ---- parameters ------------------------------------------------------------------------------------------- */

_Static_assert(COUNT_OF(table) <= GW_OWN_ROWS_MAX, "room for own parameters");

static struct gw_choice strategy_choice(size_t i) {
    return i < COUNT_OF(table) ? (struct gw_choice){table[i]->name, table[i]->help, table[i]->own}
                               : (struct gw_choice){.name = NULL};
}
const struct gw_choices strategy_choices = {.at = strategy_choice};

#define TRADING(kind, field, ...) GW_##kind##_PARAM(struct gw_strategy_config, field, __VA_ARGS__)
static const struct gw_param rows[] = {
    TRADING(NUMBER, size, "fraction of equity", NAN, 1e-6, 100, "equity per trade; default 1 / symbols"),
    TRADING(NUMBER, target_moves, "min_move", 1, 0, 1000, "target in multiples of min_move; 0 = none"),
    TRADING(NUMBER, stop_moves, "min_move", NAN, 0, 1000, "stop in multiples of min_move; default 1/ratio; 0 = none"),
    TRADING(SIZE, horizon, "bars", NAN, 0, 1e6, "time exit after the signal; default the label's; 0 = none"),
    TRADING(BOOL, exit_on_opposite, false, "close when the other gate fires"),
    TRADING(BOOL, trade_long, true, "take long signals"),
    TRADING(BOOL, trade_short, true, "take short signals"),
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
