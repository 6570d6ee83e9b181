/* search.json and trials.csv as the reports see them. */
#ifndef GATEWALK_SEARCH_VIEW_H
#define GATEWALK_SEARCH_VIEW_H

#include "run_view.h"

enum { SEARCH_KEYS_MAX = 32, SEARCH_OBJECTIVES_MAX = 4 };

struct search_key_view {
    const char *name;       /* safe to show */
    const char *low, *high; /* of its axis: the bounds, or the first and the last choice */
    double share;           /* of the objective's variance; NAN when unknown */
};
struct search_trial_view {
    double number, budget, paid; /* paid: what was trained for it, without what its rungs below had been */
    bool reference, chosen, front, done;
    double position[SEARCH_KEYS_MAX]; /* of the key's value between low and high, 0 to 1; NAN: not there */
    double value[SEARCH_OBJECTIVES_MAX];
};
struct search_view_data {
    const char *strategy, *contestant, *state, *null_state;
    size_t n_keys, n_objectives, n;
    struct search_key_view key[SEARCH_KEYS_MAX];
    const char *objective[SEARCH_OBJECTIVES_MAX];
    bool max[SEARCH_OBJECTIVES_MAX];
    struct search_trial_view *trial; /* [n] in the order of decisions */
    double n_trials, n_failed, n_folds, n_seeds, overfitting, deflated_sharpe, chosen;
    double validation[SEARCH_OBJECTIVES_MAX], test[SEARCH_OBJECTIVES_MAX], untuned[SEARCH_OBJECTIVES_MAX];
    const char *values; /* "training.learning_rate 0.01, …" */
};

/* *search lives in the run's arena; NULL when the run is no search's. Texts are safe to show. GW_ERR_DATA, ERR_NOMEM. */
int search_view_read(struct run_view *run, const struct search_view_data **search) GW_MUST_USE;

/* The expected best of k of n values without replacement, in any order: sorted[n], the worst first. */
double expected_best(const double *sorted, size_t n, size_t k);

#endif
