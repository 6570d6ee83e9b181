/* Scores as they are delivered, and every bar as a trade of its own. */
#include "compare.h"

#include <string.h>

/* One seed's isolated trades twice. */
struct isolated_pair {
    size_t strategy;
    const struct score_set *set[2];
    const struct contestant_scores *scores[2];
    size_t row[2]; /* among the labelled bars */
};

/* Sets are ordered by fold, time and symbol, and hold the same test bars as far as both go. */
static bool same_bar(struct audit *audit, const struct prepared *p, const struct test_bar *x,
                     const struct test_bar *y) {
    struct audit_place place = {x->close_ns, p->market.symbol[x->symbol].symbol, NULL, x->fold + 1};
    audit->n_compared[STAGE_PLAN]++;
    if (x->fold == y->fold && x->symbol == y->symbol && x->bar == y->bar && x->close_ns == y->close_ns) return true;
    audit_note(audit, STAGE_PLAN, &place, (double)x->bar, (double)y->bar, "test bar");
    return false;
}

void compare_scores(struct audit *audit, const struct prepared *p, const char *strategy, const struct score_set *x,
                    const struct gw_score *a, const struct score_set *y, const struct gw_score *b) {
    static const char *const p_name[GW_N_GATES] = {"p_long", "p_short"}, *const tau_name[GW_N_GATES] = {"tau_long",
                                                                                                        "tau_short"};
    for (size_t i = 0; i < x->n && i < y->n; i++) {
        const struct test_bar *at = &x->bar[i];
        struct audit_place place = {at->close_ns, p->market.symbol[at->symbol].symbol, strategy, at->fold + 1};
        if (at->close_ns > audit->cut_ns || !same_bar(audit, p, at, &y->bar[i])) continue;
        for (int g = 0; g < GW_N_GATES; g++) {
            audit_value(audit, STAGE_SCORES, &place, p_name[g], (double)a[i].p[g], (double)b[i].p[g]);
            audit_value(audit, STAGE_SCORES, &place, tau_name[g], (double)a[i].tau[g], (double)b[i].tau[g]);
        }
    }
}

/* Whether an isolated trade from this bar at `multiplier` costs has ended by the cut, in a history that ends there. */
static bool isolated_over(const struct experiment *e, const struct prepared *p, size_t strategy,
                          const struct test_bar *at, const struct gw_exits *exits, int gate, int multiplier,
                          int64_t cut_ns) {
    struct gw_bars past = p->market.symbol[at->symbol];
    struct gw_cost_config costs = e->strategy[strategy].costs;
    struct gw_trade trade;
    costs.multiplier = multiplier;
    past.n = known_bars(&past, cut_ns);
    return gw_trade_isolated_by(&past, at->bar, gate == GW_GATE_LONG ? GW_SIDE_LONG : GW_SIDE_SHORT, exits, &costs,
                                e->broker.intrabar, &trade) &&
           trade.reason != GW_EXIT_END;
}

/* The same of one that its strategy may have closed. */
static bool own_over(const struct prepared *p, const struct test_bar *at, uint32_t last_bar, int64_t cut_ns) {
    return last_bar < known_bars(&p->market.symbol[at->symbol], cut_ns);
}

/* Most are the same, also of those that were still open. */
static void compare_trade(struct audit *audit, const struct experiment *e, const struct prepared *p,
                          const struct isolated_pair *pair, const struct test_bar *at, int gate, int c) {
    const size_t s = pair->strategy, row = pair->row[0];
    const double a = isolated_returns(pair->set[0], s, pair->scores[0], gate)[c][row];
    const double b = isolated_returns(pair->set[1], s, pair->scores[1], gate)[c][pair->row[1]];
    const struct seed_returns *own = pair->scores[0]->own;
    struct audit_place place = {at->close_ns, p->market.symbol[at->symbol].symbol, e->strategy[s].name, at->fold + 1};
    if (memcmp(&a, &b, sizeof a) == 0 ||
        (own ? own_over(p, at, own->last_bar[gate][c][row], audit->cut_ns)
             : isolated_over(e, p, s, at, &pair->set[0]->isolated[s].exits[gate][row], gate, c, audit->cut_ns)))
        audit_value(audit, STAGE_ISOLATED, &place, gate == GW_GATE_LONG ? "long trade" : "short trade", a, b);
}

void compare_isolated(struct audit *audit, const struct experiment *e, const struct prepared *p, size_t strategy,
                      const struct score_set *x, const struct contestant_scores *a, const struct score_set *y,
                      const struct contestant_scores *b) {
    struct isolated_pair pair = {strategy, {x, y}, {a, b}, {0, 0}};
    size_t u = 0, v = 0;
    for (size_t i = 0; i < x->n && i < y->n; i++) {
        const struct test_bar *at = &x->bar[i];
        pair.row[0] = u;
        pair.row[1] = v;
        u += at->labelled;
        v += y->bar[i].labelled;
        if (at->close_ns > audit->cut_ns || !at->labelled || !y->bar[i].labelled) continue;
        for (int g = 0; g < GW_N_GATES; g++)
            for (int c = 0; c < 3; c++) compare_trade(audit, e, p, &pair, at, g, c);
    }
}
