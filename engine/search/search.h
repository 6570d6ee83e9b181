/* A search: one experiment tried with many values of its keys, chosen on validation slices, walked forward once. */
#ifndef GATEWALK_SEARCH_H
#define GATEWALK_SEARCH_H

#include "engine/walk/walk.h"

/* A search file: trials on the first folds' validation slices, then a final run in the same directory with search.json,
 * trials.csv and best.json beside it. Continues an interrupted one. As gw_run_study. */
int run_search(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
               char dir[1024]) GW_MUST_USE;

/* Others who evaluate trials as well, such as the ranks of a cluster. */
struct search_helpers {
    size_t n; /* how many there may be */
    /* Does `work` and lets the others help meanwhile; they must have the same key (search_aid_key). */
    int (*during)(void *context, const char *key, size_t jobs, int (*work)(void *work_context), void *work_context);
    /* From any thread of `work`: one of them does the job, or *here is to do it himself and to say so afterwards. */
    int (*ask)(void *context, const void *job, size_t n_job, void *result, size_t n_result, bool *here);
    void (*done_here)(void *context);
    void *context;
};
/* The same with their help: the same bytes. NULL: nobody's. */
int run_search_with(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                    const struct search_helpers *helpers, char dir[1024]) GW_MUST_USE;

/* One who helps: what he must know of the search. */
struct search_aid;
int search_aid_open(const char *path, const struct gw_config_override *override, struct search_aid **out) GW_MUST_USE;
const char *search_aid_key(const struct search_aid *aid);
size_t search_aid_size(void); /* bytes of a job, and of a result */
int search_aid_answer(void *aid, const void *job, size_t n_job, void *result) GW_MUST_USE;
void search_aid_close(struct search_aid *aid);

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
