/* What second sequences take of the market: which bars, and how far back. */
#include <string.h>

#include "engine/base/base.h"
#include "models/network/cross.h"
#include "walk.h"

static bool has_cross(const struct strategy_spec *spec) {
    return strategy_trains(spec) && spec->model.cross != GW_CROSS_NONE;
}

size_t prepare_cross_symbol(const struct prepared *p, const struct gw_model_config *model, size_t own) {
    if (model->cross != GW_CROSS_SYMBOL) return own;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        if (strcmp(p->market.symbol[s].symbol, cross_own(model)->cross_symbol) == 0) return s;
    return SIZE_MAX;
}

static int check(const struct experiment *e, const struct prepared *p, const struct strategy_spec *spec) {
    const struct cross_params *own = cross_own(&spec->model);
    const int64_t bars_ns = p->market.n_symbols ? p->market.symbol[0].interval_ns : 0;
    char has[40], asked[40];
    if (spec->model.cross == GW_CROSS_INTERVAL && own->cross_interval == 0)
        FAIL(GW_ERR_CONFIG,
             "%s: strategy \"%s\": model.cross_interval: is missing; write the second sequence's, such as \"4h\"",
             e->path, spec->name);
    if (spec->model.cross == GW_CROSS_SYMBOL && spec->models != MODELS_POOLED)
        FAIL(GW_ERR_CONFIG,
             "%s: strategy \"%s\": model.cross: a model of one symbol or group knows no other's bars, and cross "
             "\"symbol\" is of another's; use models \"pooled\", or cross \"interval\"",
             e->path, spec->name);
    if (prepare_cross_symbol(p, &spec->model, 0) == SIZE_MAX)
        FAIL(GW_ERR_CONFIG, "%s: strategy \"%s\": model.cross_symbol: \"%s\" is none of the experiment's symbols",
             e->path, spec->name, own->cross_symbol);
    if (own->cross_interval && (own->cross_interval <= bars_ns || own->cross_interval % bars_ns))
        FAIL(GW_ERR_CONFIG, "%s: strategy \"%s\": model.cross_interval: %s is not a longer multiple of the bars' %s",
             e->path, spec->name, duration_format(own->cross_interval, asked), duration_format(bars_ns, has));
    if (spec->model.cross_features == 0)
        FAIL(GW_ERR_CONFIG,
             "%s: strategy \"%s\": model.cross_interval: no feature is of the second sequence's bars; add some to "
             "\"features\", such as \"log_return(1)@%s\"",
             e->path, spec->name, duration_format(own->cross_interval, asked));
    return GW_OK;
}

int prepare_cross(const struct experiment *e, struct prepared *p) {
    p->reach = p->lookback;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        if (!has_cross(spec)) continue;
        TRY(check(e, p, spec));
        const size_t lookback = gw_model_cross_lookback(&spec->model);
        const size_t reach = gw_model_cross_reach(&spec->model, p->market.symbol[0].interval_ns);
        if (lookback > p->lookback) p->lookback = lookback; /* maps are as wide as the widest */
        if (reach > p->reach) p->reach = reach;
    }
    return GW_OK;
}
