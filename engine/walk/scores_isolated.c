/* Every labelled test bar as a trade of its own: what PnL@K and the paired differences of it are made of. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "scores.h"

/* The state that a strategy says its exits by, one a symbol. */
struct asked {
    const struct gw_strategy_desc *desc;
    struct gw_strategy_config config;
    unsigned char *state;
    size_t stride, n_opened;
    const char **name;
};

static int asked_open(const struct prepared *p, const struct strategy_spec *spec, struct asked *out) {
    const struct gw_strategy_desc *desc = spec->desc;
    const size_t n = p->market.n_symbols,
                 size = desc->per_symbol_state_size ? desc->per_symbol_state_size : desc->state_size;
    *out = (struct asked){.desc = desc, .config = spec->trading, .stride = (size + 63) / 64 * 64};
    if (!desc->exits) return GW_OK;
    out->name = mem_calloc(n, sizeof *out->name);
    out->state = mem_calloc(n, out->stride + 64);
    if (!out->name || !out->state) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++) out->name[s] = p->market.symbol[s].symbol;
    const struct gw_strategy_setting setting = {n, out->name, p->market.symbol[0].interval_ns};
    for (size_t s = 0; s < n; s++) {
        if (desc->init) desc->init(out->state + s * out->stride, &out->config);
        out->n_opened = s + 1;
        if (desc->open) TRY(desc->open(out->state + s * out->stride, &out->config, &setting));
    }
    return GW_OK;
}

static void asked_close(struct asked *a) {
    for (size_t s = 0; s < a->n_opened && a->desc->close; s++) a->desc->close(a->state + s * a->stride);
    mem_free(a->name);
    mem_free(a->state);
}

static struct gw_bar_event event_at(const struct prepared *p, const struct test_bar *at) {
    const struct gw_bars *bars = &p->market.symbol[at->symbol];
    const size_t t = at->bar;
    return (struct gw_bar_event){
        .symbol = at->symbol,
        .close_ns = at->close_ns,
        .history = {.last = &bars->bar[t],
                    .n = t + 1,
                    .quote_volume = bars->quote_volume ? &bars->quote_volume[t] : NULL,
                    .trade_count = bars->trade_count ? &bars->trade_count[t] : NULL,
                    .taker_buy_base = bars->taker_buy_base ? &bars->taker_buy_base[t] : NULL,
                    .column = bars->column,
                    .n_columns = bars->n_columns},
        .min_move = p->labels[at->symbol].min_move[t],
    };
}

static struct gw_exits exits_at(const struct prepared *p, struct asked *a, const struct test_bar *at,
                                enum gw_side side) {
    const double move = p->labels[at->symbol].min_move[at->bar];
    const struct gw_exits plain = {
        .stop = a->config.stop_moves * move, .target = a->config.target_moves * move, .max_bars = a->config.horizon};
    struct gw_exits exits;
    if (!a->desc->exits) return plain;
    const struct gw_bar_event event = event_at(p, at);
    return a->desc->exits(a->state + at->symbol * a->stride, &a->config, &event, side, &exits) ? exits : plain;
}

static int fill_exits(const struct prepared *p, const struct score_set *set, const struct strategy_spec *spec,
                      struct isolated *out) {
    struct asked asked;
    int rc = asked_open(p, spec, &asked);
    for (size_t k = 0; rc == GW_OK && k < set->n_labelled; k++)
        for (int g = 0; g < GW_N_GATES; g++)
            out->exits[g][k] =
                exits_at(p, &asked, &set->bar[set->labelled[k]], g == GW_GATE_LONG ? GW_SIDE_LONG : GW_SIDE_SHORT);
    asked_close(&asked);
    return rc;
}

static double return_of(const struct experiment *e, const struct prepared *p, const struct strategy_spec *spec,
                        const struct test_bar *at, int gate, const struct gw_exits *exits, double multiplier) {
    struct gw_cost_config costs = spec->costs;
    struct gw_trade trade;
    costs.multiplier = multiplier;
    if (!gw_trade_isolated_by(&p->market.symbol[at->symbol], at->bar,
                              gate == GW_GATE_LONG ? GW_SIDE_LONG : GW_SIDE_SHORT, exits, &costs, e->broker.intrabar,
                              &trade))
        return NAN;
    return trade.return_fraction;
}

/* Those that ask the same question need one answer. Texts lie zeroed behind their ends, so equal parameters are equal bytes. */
static bool same_exits(const struct strategy_spec *a, const struct strategy_spec *b) {
    const struct gw_strategy_config *x = &a->trading, *y = &b->trading;
    return a->desc == b->desc && x->program == y->program && x->stop_moves == y->stop_moves &&
           x->target_moves == y->target_moves && x->horizon == y->horizon &&
           memcmp(gw_strategy_own(x), gw_strategy_own(y), GW_OWN_PARAMS_SIZE) == 0 &&
           memcmp(&a->costs, &b->costs, sizeof a->costs) == 0;
}

static int make(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                const struct strategy_spec *spec, struct isolated *out) {
    const size_t n = set->n_labelled ? set->n_labelled : 1;
    for (int g = 0; g < GW_N_GATES; g++) {
        out->exits[g] = mem_calloc(n, sizeof *out->exits[g]);
        if (!out->exits[g]) return GW_ERR_NOMEM;
        for (int c = 0; c < 3; c++)
            if (!(out->pnl[g][c] = mem_calloc(n, sizeof *out->pnl[g][c]))) return GW_ERR_NOMEM;
    }
    TRY(fill_exits(p, set, spec, out));
    for (int g = 0; g < GW_N_GATES; g++)
        for (int c = 0; c < 3; c++)
            for (size_t k = 0; k < set->n_labelled; k++)
                out->pnl[g][c][k] = return_of(e, p, spec, &set->bar[set->labelled[k]], g, &out->exits[g][k], (double)c);
    return GW_OK;
}

int scores_isolate(const struct experiment *e, const struct prepared *p, struct score_set *set) {
    set->isolated = mem_calloc(e->n_strategies ? e->n_strategies : 1, sizeof *set->isolated);
    if (!set->isolated) return GW_ERR_NOMEM;
    set->n_strategies = e->n_strategies;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        size_t like = 0;
        if (!spec->desc->needs_model) continue;
        while (like < s && !same_exits(&e->strategy[like], spec)) like++;
        if (like < s)
            set->isolated[s] = set->isolated[like];
        else
            TRY(make(e, p, set, spec, &set->isolated[s]));
    }
    return GW_OK;
}

void scores_isolated_free(struct score_set *set) {
    for (size_t s = set->n_strategies; s-- > 0;) {
        bool shared = false;
        for (size_t like = 0; like < s; like++) shared |= set->isolated[like].exits[0] == set->isolated[s].exits[0];
        for (int g = 0; !shared && g < GW_N_GATES; g++) {
            mem_free(set->isolated[s].exits[g]);
            for (int c = 0; c < 3; c++) mem_free(set->isolated[s].pnl[g][c]);
        }
    }
    mem_free(set->isolated);
    set->isolated = NULL;
}
