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

void gw_strategy_config_default(struct gw_strategy_config *config) {
    *config = (struct gw_strategy_config){
        .size = 1,
        .target_moves = 1,
        .stop_moves = 0.5, /* 1 / ratio at the default ratio of 2 */
        .horizon = 24,
        .trade_long = true,
        .trade_short = true,
        .fast = 20,
        .slow = 50,
    };
}

int gw_strategy_config_check(const struct gw_strategy_desc *strategy, const struct gw_strategy_config *config) {
    if (!(config->size > 0) || !isfinite(config->size))
        FAIL(GW_ERR_CONFIG, "size: %g must be a positive fraction of equity", config->size);
    if (!(config->target_moves >= 0) || !isfinite(config->target_moves))
        FAIL(GW_ERR_CONFIG, "target_moves: %g must be 0 (off) or a positive multiple of min_move",
             config->target_moves);
    if (!(config->stop_moves >= 0) || !isfinite(config->stop_moves))
        FAIL(GW_ERR_CONFIG, "stop_moves: %g must be 0 (off) or a positive multiple of min_move", config->stop_moves);
    return strategy->check ? strategy->check(config) : GW_OK;
}
