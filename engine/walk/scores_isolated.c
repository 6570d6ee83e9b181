/* Every labelled test bar as a trade of its own: what PnL@K and the paired differences of it are made of. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "isolated_asked.h"

/* True: its own. */
static bool exits_at(const struct prepared *p, const struct asked *a, const struct test_bar *at, enum gw_side side,
                     struct gw_exits *out) {
    const double move = p->labels[at->symbol].min_move[at->bar];
    if (a->desc->exits) {
        const struct gw_bar_event event = asked_event(p, at->symbol, at->bar);
        if (a->desc->exits(asked_state(a, at->symbol), &a->config, &event, side, out)) return true;
    }
    *out = (struct gw_exits){
        .stop = a->config.stop_moves * move, .target = a->config.target_moves * move, .max_bars = a->config.horizon};
    return false;
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
    return a->desc == b->desc && x->program == y->program && x->exit_on_opposite == y->exit_on_opposite &&
           x->stop_moves == y->stop_moves && x->target_moves == y->target_moves && x->horizon == y->horizon &&
           memcmp(gw_strategy_own(x), gw_strategy_own(y), GW_OWN_PARAMS_SIZE) == 0 &&
           memcmp(&a->costs, &b->costs, sizeof a->costs) == 0;
}

static int make_room(size_t n, bool leaves, bool keep, struct isolated *out) {
    for (int g = 0; g < GW_N_GATES; g++) {
        if (keep && !(out->exits[g] = mem_calloc(n ? n : 1, sizeof *out->exits[g]))) return GW_ERR_NOMEM;
        for (int c = 0; c < 3 && !leaves; c++)
            if (!(out->pnl[g][c] = mem_calloc(n ? n : 1, sizeof *out->pnl[g][c]))) return GW_ERR_NOMEM;
    }
    return GW_OK;
}

static int make(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                const struct strategy_spec *spec, struct isolated *out) {
    struct asked asked;
    const bool leaves = strategy_leaves(spec);
    TRY(make_room(set->n_labelled, leaves, leaves || p->keeps_exits, out));
    int rc = asked_open(p, spec, spec->desc->exits != NULL, &asked);
    for (size_t k = 0; rc == GW_OK && k < set->n_labelled; k++, market_rest_at(&p->market, k))
        for (int g = 0; g < GW_N_GATES; g++) {
            const struct test_bar *at = &set->bar[set->labelled[k]];
            struct gw_exits exits;
            out->own[g] |= exits_at(p, &asked, at, g == GW_GATE_LONG ? GW_SIDE_LONG : GW_SIDE_SHORT, &exits);
            if (out->exits[g]) out->exits[g][k] = exits;
            for (int c = 0; c < 3 && out->pnl[g][c]; c++)
                out->pnl[g][c][k] = return_of(e, p, spec, at, g, &exits, (double)c);
        }
    asked_close(&asked);
    for (int g = 0; g < GW_N_GATES; g++)
        for (int c = 0; c < 3; c++) out->pnl[g][c] = mem_park(out->pnl[g][c]);
    return rc;
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
        for (size_t like = 0; like < s; like++)
            shared |= set->isolated[like].exits[0] == set->isolated[s].exits[0] &&
                      set->isolated[like].pnl[0][0] == set->isolated[s].pnl[0][0];
        for (int g = 0; !shared && g < GW_N_GATES; g++) {
            mem_free(set->isolated[s].exits[g]);
            for (int c = 0; c < 3; c++) mem_free(set->isolated[s].pnl[g][c]);
        }
    }
    mem_free(set->isolated);
    set->isolated = NULL;
}
