/* A search: one experiment tried with many values of its keys, chosen on validation slices, walked forward once. */
#ifndef GATEWALK_SEARCH_H
#define GATEWALK_SEARCH_H

#include "engine/walk/walk.h"

/* A search file: trials on the first folds' validation slices, then a final run in the same directory with search.json,
 * trials.csv and best.json beside it. Continues an interrupted one. As gw_run_study. */
int run_search(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
               char dir[1024]) GW_MUST_USE;

/* What it would do, without doing it. */
struct search_outlook {
    const char *strategy;
    size_t n_keys, n_trials, n_evaluations, n_folds, n_seeds, n_checked;
    char estimate[256]; /* one line on how long the search takes */
    struct walk_outlook walk;
};
int search_outlook(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                   struct search_outlook *out) GW_MUST_USE;

/* The i-th name of a searcher, NULL past the last; and what it is. */
const char *search_strategy_name(size_t i);

#endif
