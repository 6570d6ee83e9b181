/* Isolated trades of a strategy that closes positions by what it sees at a close: an opposite gate, a rule. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/replay/isolated.h"
#include "isolated_asked.h"
#include "replays.h"

/* What the strategy looked at in bars [first, next) of a symbol: no more than the longest trade takes. */
struct looks {
    size_t first, next, begin, room;
    double *value; /* [room × n_values], bar `first` at `begin` */
};
struct leaving {
    const struct prepared *p;
    struct asked asked;
    struct gw_score **score; /* [n_symbols] by bar */
    struct looks *looks;     /* [n_symbols] */
    size_t n_values;
    uint32_t symbol; /* of the trade that asks */
};

static int looks_room(struct looks *l, size_t n_values) {
    const size_t n = l->next - l->first;
    if (l->begin + n < l->room) return GW_OK;
    if (l->begin > n) { /* at least as many are over as are left */
        memcpy(l->value, l->value + l->begin * n_values, n * n_values * sizeof *l->value);
        l->begin = 0;
        return GW_OK;
    }
    const size_t room = l->room ? 2 * l->room : 64;
    double *grown = mem_realloc(l->value, room * n_values, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    l->value = grown;
    l->room = room;
    return GW_OK;
}

static int look_at(struct leaving *leaving, size_t bar, const double **value) {
    struct looks *l = &leaving->looks[leaving->symbol];
    for (; l->next <= bar; l->next++) {
        TRY(looks_room(l, leaving->n_values));
        struct gw_bar_event event = asked_event(leaving->p, leaving->symbol, l->next);
        event.score = &leaving->score[leaving->symbol][l->next];
        leaving->asked.desc->look(asked_state(&leaving->asked, leaving->symbol), &leaving->asked.config, &event,
                                  l->value + (l->begin + l->next - l->first) * leaving->n_values);
    }
    *value = l->value + (l->begin + bar - l->first) * leaving->n_values;
    return GW_OK;
}

static int leaves(void *who, size_t bar, const struct gw_position_view *position, bool *leave) {
    struct leaving *leaving = who;
    const double *value;
    TRY(look_at(leaving, bar, &value));
    *leave = leaving->asked.desc->leaves(&leaving->asked.config, value, position);
    return GW_OK;
}

/* Trades come in order of their bars: what lies before this one's is not asked for again. */
static void forget_before(struct looks *l, size_t bar) {
    const size_t n = (bar < l->next ? bar : l->next) - l->first;
    l->first += n;
    l->begin += n;
}

static int leaving_open(const struct prepared *p, const struct score_set *set, const struct strategy_spec *spec,
                        const struct contestant_scores *scores, struct leaving *out) {
    *out = (struct leaving){.p = p, .n_values = spec->desc->leave_values(&spec->trading)};
    if (out->n_values > GW_LEAVE_VALUES_MAX)
        FAIL(GW_ERR_INTERNAL, "strategy %s: leaves by more than %d values", spec->desc->name, GW_LEAVE_VALUES_MAX);
    TRY(asked_open(p, spec, true, &out->asked));
    TRY(replay_scores_make(p, set, scores, &out->score));
    out->looks = mem_calloc(p->market.n_symbols, sizeof *out->looks);
    if (!out->looks) return GW_ERR_NOMEM;
    /* As in the replay: what a strategy has seen begins with the first test bar, and that with all before it. */
    for (size_t i = set->n; i-- > 0;) {
        struct looks *l = &out->looks[set->bar[i].symbol];
        l->first = l->next = set->bar[i].bar;
    }
    return GW_OK;
}

static void leaving_close(struct leaving *leaving) {
    for (size_t s = 0; leaving->looks && s < leaving->p->market.n_symbols; s++) mem_free(leaving->looks[s].value);
    mem_free(leaving->looks);
    replay_scores_free(leaving->p, leaving->score);
    asked_close(&leaving->asked);
}

static int make_room(size_t n, struct seed_returns *out) {
    for (int g = 0; g < GW_N_GATES; g++)
        for (int c = 0; c < 3; c++) {
            out->pnl[g][c] = mem_calloc(n ? n : 1, sizeof *out->pnl[g][c]);
            out->last_bar[g][c] = mem_calloc(n ? n : 1, sizeof *out->last_bar[g][c]);
            if (!out->pnl[g][c] || !out->last_bar[g][c]) return GW_ERR_NOMEM;
        }
    return GW_OK;
}

static int trade_bar(const struct experiment *e, const struct score_set *set, size_t strategy, size_t k,
                     struct leaving *leaving, struct seed_returns *out) {
    const struct test_bar *at = &set->bar[set->labelled[k]];
    const struct leave_watch watch = {leaves, leaving};
    leaving->symbol = at->symbol;
    forget_before(&leaving->looks[at->symbol], at->bar);
    for (int g = 0; g < GW_N_GATES; g++)
        for (int c = 0; c < 3; c++) {
            struct gw_cost_config costs = e->strategy[strategy].costs;
            struct isolated_trade one;
            costs.multiplier = c;
            TRY(trade_isolated(&leaving->p->market.symbol[at->symbol], at->bar,
                               g == GW_GATE_LONG ? GW_SIDE_LONG : GW_SIDE_SHORT, &set->isolated[strategy].exits[g][k],
                               &costs, e->broker.intrabar, &watch, &one));
            out->pnl[g][c][k] = one.entered ? one.trade.return_fraction : NAN;
            out->last_bar[g][c][k] =
                one.entered && one.trade.reason != GW_EXIT_END ? (uint32_t)one.last_bar : UINT32_MAX;
        }
    return GW_OK;
}

int scores_isolate_seed(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                        size_t strategy, const struct contestant_scores *scores, struct seed_returns **out) {
    struct leaving leaving;
    *out = NULL;
    if (!strategy_leaves(&e->strategy[strategy])) return GW_OK;
    *out = mem_calloc(1, sizeof **out);
    if (!*out) return GW_ERR_NOMEM;
    TRY(make_room(set->n_labelled, *out));
    int rc = leaving_open(p, set, &e->strategy[strategy], scores, &leaving);
    for (size_t k = 0; rc == GW_OK && k < set->n_labelled; k++) {
        rc = trade_bar(e, set, strategy, k, &leaving, *out);
        if (rc == GW_OK && k % 4096 == 0) rc = interrupt_check();
    }
    leaving_close(&leaving);
    for (int g = 0; g < GW_N_GATES; g++)
        for (int c = 0; c < 3; c++) {
            (*out)->pnl[g][c] = mem_park((*out)->pnl[g][c]);
            (*out)->last_bar[g][c] = mem_park((*out)->last_bar[g][c]);
        }
    return rc;
}

void seed_returns_free(struct seed_returns *returns) {
    if (!returns) return;
    for (int g = 0; g < GW_N_GATES; g++)
        for (int c = 0; c < 3; c++) {
            mem_free(returns->pnl[g][c]);
            mem_free(returns->last_bar[g][c]);
        }
    mem_free(returns);
}
