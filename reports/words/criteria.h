/* The success test of one pair: what it asks, in words, and what the run answered. The facts are summary.json's and, where
 * they rest on times, run.json's. */
#ifndef GATEWALK_CRITERIA_H
#define GATEWALK_CRITERIA_H

#include "reports/data/run_view.h"

enum criterion_view_state {
    CRITERION_FAIL,
    CRITERION_UNMEASURED,  /* undefined on both gates, or trained in an earlier run */
    CRITERION_NULL,        /* the point estimate would do, but the scores do not beat the null control on that gate */
    CRITERION_PASS,        /* by a measured fact: no interval is asked for */
    CRITERION_UNSURE,      /* passed on the point estimate, but by no difference that holds after correction */
    CRITERION_SIGNIFICANT, /* passed by a gate whose difference holds after correction */
    N_CRITERION_VIEW_STATES
};
extern const char *const criterion_word[N_CRITERION_VIEW_STATES]; /* "FAIL", "pass (not significant)" … */

struct criterion_view {
    const char *name;   /* what is asked: "P@1 % at least 5 points better" */
    const char *where;  /* " on at least one gate", " on each gate" or "" */
    const char *detail; /* the answer with its intervals: "long +2.9 points [-19.4, +25.3]; short undefined" */
    char brief[96];     /* the same in a few words: "long +2.9, short −10.8 points"; "" when there is none */
    char gates[24];     /* of a pass by gates: "long", "short", "both gates" */
    char note[96];      /* of a pass: which gate it is by, how sure, and which gate is surely worse; "" for none */
    bool of_results, one_gate_is_enough;
    enum criterion_view_state state;
};
enum { CRITERIA_MAX = 12 };
struct criterion_list {
    struct criterion_view at[CRITERIA_MAX];
    size_t n, n_passed, n_significant, n_unmeasured;
};

/* All criteria of one entry of summary.json's verdict. ERR_NOMEM. */
int criteria_read(struct run_view *run, const json_value *verdict, struct criterion_list *list) GW_MUST_USE;

#endif
