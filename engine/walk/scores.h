/* The test bars of a walk and what each contestant says of them. */
#ifndef GATEWALK_WALK_SCORES_H
#define GATEWALK_WALK_SCORES_H

#include "ensemble.h"
#include "fits.h"

/* Every test bar of the walk, in (fold, time, symbol) order; shared by all strategies. */
struct test_bar {
    uint32_t fold, symbol, bar;
    uint32_t fit_row; /* its row in a fit's probability */
    int64_t close_ns;
    bool labelled;
};
/* The labelled test bars as isolated trades at 0x, 1x, 2x costs, [n_labelled] each. Contestants with the same exits and costs share
 * them: they are freed with the first. NULL for a strategy without model. */
struct isolated {
    double *pnl[GW_N_GATES][3];         /* NULL when every seed has its own */
    struct gw_exits *exits[GW_N_GATES]; /* by which they end; NULL where nobody asks again (prepared.keeps_exits) */
    bool own
        [GW_N_GATES]; /* the strategy's own; else nobody could tell without a replay of everything (scripts, plugins, portfolios,
                             rules that say nothing of an end), and the label's bracket and horizon count */
};
/* Those of one seed, when its strategy also closes positions by what it sees meanwhile, scores among it. */
struct seed_returns {
    double *pnl[GW_N_GATES][3];
    uint32_t *last_bar[GW_N_GATES][3]; /* in which they ended; UINT32_MAX: with the data, or not entered */
};
struct score_set {
    size_t n;             /* test bars */
    struct test_bar *bar; /* [n] */
    size_t n_labelled;
    uint32_t *labelled;        /* [n_labelled] indexes into bar */
    int8_t *label[GW_N_GATES]; /* [n_labelled] */
    uint32_t *fold;            /* [n_labelled] */
    size_t n_strategies;
    struct isolated *isolated; /* [n_strategies] by each one's own exits and costs */
};
/* scores_isolated.c: every labelled bar as an isolated trade, by each contestant's own exits and costs. */
int scores_isolate(const struct experiment *experiment, const struct prepared *prepared,
                   struct score_set *set) GW_MUST_USE;
void scores_isolated_free(struct score_set *set);
int scores_index(const struct experiment *experiment, const struct prepared *prepared,
                 struct score_set *out) GW_MUST_USE;
void scores_free(struct score_set *set);

/* One (strategy, seed): probabilities and thresholds of all test bars. */
struct contestant_scores {
    struct gw_score *at;      /* [set->n] */
    struct ensemble ensemble; /* whose mean they are; n 0: nobody's */
    struct seed_returns *own; /* owned; NULL: those of all seeds hold */
};
/* isolated_leaving.c: *out stays NULL where the strategy closes nothing by what it sees. */
int scores_isolate_seed(const struct experiment *experiment, const struct prepared *prepared,
                        const struct score_set *set, size_t strategy, const struct contestant_scores *scores,
                        struct seed_returns **out) GW_MUST_USE;
void seed_returns_free(struct seed_returns *returns);
/* [3] arrays: at 0x, 1x, 2x costs. */
static inline double *const *isolated_returns(const struct score_set *set, size_t strategy,
                                              const struct contestant_scores *scores, int gate) {
    return scores->own ? scores->own->pnl[gate] : set->isolated[strategy].pnl[gate];
}
/* The fits of one (strategy, seed) by fold, made here or outside. */
void scores_fold_fits(const struct prepared *prepared, const struct fit_list *fits, size_t strategy, size_t seed,
                      const struct fit **by_fold);
int scores_collect(const struct experiment *experiment, const struct prepared *prepared, const struct score_set *set,
                   const struct fit_list *fits, size_t strategy, size_t seed,
                   struct contestant_scores *out) GW_MUST_USE;

/* Thresholds that move with the walk: tau at a bar uses only probabilities emitted BEFORE it; until the window is full,
 * validation's tau holds. */
int scores_rolling_taus(const struct experiment *experiment, const struct prepared *prepared,
                        const struct score_set *set, struct gw_score *at) GW_MUST_USE;
/* Where tau is NaN: the quantile of the probabilities emitted before, at most as many as the rolling window holds and at
 * least as many as it takes for one of them to be among the best K %; until then nothing acts. */
int scores_fill_taus(const struct experiment *experiment, const struct prepared *prepared, const struct score_set *set,
                     struct gw_score *at) GW_MUST_USE;
/* Cross-section: of all symbols that close together only the highest probability may act. */
void scores_best_symbol_only(const struct score_set *set, struct gw_score *at);

#endif
