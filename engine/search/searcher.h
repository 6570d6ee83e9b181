/* Who says what is tried next. A searcher is a file searcher_NAME.c with a const descriptor and a row in searchers.def.
 *
 * Evaluations are decided one after another, in the order of their numbers, and each decision is a pure function of the
 * search's seed and of the results of evaluations 0 … n_known - 1. Which those are does not depend on who is ready first:
 * evaluation i knows those up to i - lag, so `lag` of them may be in work at once and the outcome is the same for any
 * number of workers. */
#ifndef GATEWALK_SEARCH_SEARCHER_H
#define GATEWALK_SEARCH_SEARCHER_H

#include "gatewalk/rng.h"
#include "space.h"

enum { OBJECTIVES_MAX = 4, RETURN_PARTS = 16 };

/* What a trial's returns on validation were, by parts of the bars (the mean of its seeds). */
struct trial_returns {
    size_t n_bars; /* 0: not known */
    double sharpe; /* per bar; NAN: ruined */
    double sum[RETURN_PARTS], square[RETURN_PARTS];
};
enum evaluation_state { EVALUATION_OPEN, EVALUATION_DONE, EVALUATION_FAILED, EVALUATION_INVALID };
struct evaluation {
    size_t trial;   /* the configuration's number, from 0 */
    size_t rung;    /* of a halving, from 0; its budget follows */
    double budget;  /* share of the whole budget, (0, 1] */
    double had;     /* what the trial had of it on the rung below */
    double paid;    /* what was trained for this evaluation: without what it had, where a fit can go on */
    bool reference; /* a random one beside the search, to compare with */
    struct point point;
    enum evaluation_state state;
    double cost[OBJECTIVES_MAX]; /* objectives turned so that less is better; INFINITY: none */
    struct trial_returns returns;
    char key[17];       /* of all that decides the result, this program among it */
    char trial_key[17]; /* of what was tried, whoever does it: its name in the trial ledger */
};

struct search_settings;
/* What a decision may look at. */
struct search_view {
    const struct space *space;
    const struct search_settings *settings;
    size_t n_objectives;
    const struct evaluation *evaluation;
    size_t n_decided; /* all before the one to decide: trial, rung, budget and point stand … */
    size_t n_known;   /* … and the results of so many of the first */
    size_t *need;     /* for DECISION_WAIT: how many of the first must be known; all before it if not said */
};
enum decision { DECISION_TRY, DECISION_WAIT, DECISION_END }; /* WAIT: ask again when more is known */
struct searcher {
    const char *name, *help;
    struct gw_param_table own;
    bool finite;     /* ends by itself: the number of trials is a limit, not needed */
    bool blind;      /* looks at no results: nothing is waited for */
    bool sequential; /* looks at all of them: lag is 1 */
    bool halving;    /* asks for a budget */
    bool one_objective;
    int (*begin)(void); /* what it needs is there? GW_ERR_TOOL; NULL: nothing */
    /* Fills trial, rung, budget and point (settled or not) of the next evaluation. */
    int (*decide)(const struct search_view *view, struct evaluation *out, enum decision *decision);
    /* The next new point from these evaluations alone (their order may change), own: as its own parameters: a halving asks so. */
    int (*propose)(const struct search_view *view, const void *own, size_t *index, size_t n, size_t trial,
                   struct point *out);
    size_t (*expected)(const struct search_view *view); /* evaluations, for progress; NULL: settings->trials */
};
#define SEARCHER(name) extern const struct searcher searcher_##name;
#include "searchers.def"
#undef SEARCHER
const struct searcher *searcher_at(size_t i); /* NULL past the end */

enum budget_of { BUDGET_EPOCHS, BUDGET_FOLDS };
struct search_settings {
    int strategy; /* row of searchers.def */
    struct gw_own_params own[GW_OWN_ROWS_MAX];
    size_t trials, folds, seeds, epochs, patience, lag, reference;
    double seed;
    char contestant[48];
};
extern const struct gw_param_table search_params;
static inline const void *searcher_own(const struct search_settings *settings) {
    return settings->own[settings->strategy].bytes;
}

/* ---- what searchers share ------------------------------------------------------------------------------------ */

/* A point of the space at random, keyed by the search's seed, a purpose and a number; of a hundred the first where nobody has
 * been, since the same point has the same result. */
void point_random(const struct search_view *view, const char *purpose, size_t number, struct point *out);
/* Has nobody been there? */
bool point_is_new(const struct search_view *view, const struct point *point);
/* decide() of one that learns: `startup` blind trials, where `even` along Sobol's sequence, then what its propose() makes of all
 * results. Those in work count as begun: with many workers an estimate from half of them is worth more than further blind ones. */
int decide_by_results(const struct search_view *view, const struct searcher *searcher, size_t startup, bool even,
                      struct evaluation *out, enum decision *decision) GW_MUST_USE;
/* The numbers of the evaluations in `index`, best first: by non-dominated fronts (Deb et al. 2002), within a front of several
 * objectives the less crowded first; equals in their order. front: [n] of each, from 0, in the new order; or NULL. */
int rank_evaluations(const struct evaluation *evaluation, size_t n_objectives, size_t *index, size_t n,
                     size_t *front) GW_MUST_USE;

#endif
