/* The success test: what it asks (success_test.def) and what a pair of contestants answers. */
#ifndef GATEWALK_RESULTS_SUCCESS_TEST_H
#define GATEWALK_RESULTS_SUCCESS_TEST_H

#include "gatewalk/labels.h"
#include "gatewalk/verdict.h"

enum { TRAINING_TIME = GW_N_DELTAS }; /* beside GW_DELTA_AP and the others in a criterion's `compares` */
enum criterion_bound { MORE_THAN, AT_LEAST, AT_MOST, N_BOUNDS };
enum criterion_gates { ANY_GATE, EACH_GATE, NO_GATE, N_CRITERION_GATES };

struct criterion {
    const char *id;
    int compares;
    enum criterion_bound bound;
    double need;
    const char *unit;
    enum criterion_gates gates;
};
enum {
#define CRITERION(id, compares, bound, need, unit, gates) CRITERION_##id,
#include "success_test.def"
#undef CRITERION
    N_CRITERIA
};
extern const struct criterion success_test[N_CRITERIA];

/* How the files of a run spell these: "more_than", "any", "not_measured" … */
enum criterion_state {
    CRITERION_NOT_MEASURED,
    CRITERION_FAILED,
    CRITERION_AS_NULL, /* the difference would do, but the scores do no better than on shifted labels */
    CRITERION_PASSED,
    CRITERION_SEE_RUN,
    N_CRITERION_STATES
};
extern const char *const criterion_bound_id[N_BOUNDS];
extern const char *const criterion_gates_id[N_CRITERION_GATES];
extern const char *const criterion_state_id[N_CRITERION_STATES];

struct criterion_result {
    enum criterion_state state; /* on the point estimates; CRITERION_SEE_RUN: it rests on times, which run.json has */
    enum criterion_state at_gate[GW_N_GATES]; /* unused for a criterion of no gate */
    bool significant;                         /* passed, and the differences that it passed by hold after correction */
};

/* CRITERION_NOT_MEASURED for NAN. */
enum criterion_state criterion_judge(const struct criterion *criterion, double value);
/* The state over both gates. What no gate has measured is no failure. */
enum criterion_state criterion_over_gates(enum criterion_gates gates, const enum criterion_state at_gate[GW_N_GATES]);
/* as_null: gates on which the candidate's scores do not beat the null control, so that nothing can pass by them. */
struct criterion_result criterion_apply(const struct criterion *criterion,
                                        const struct gw_gate_verdict gate[GW_N_GATES], const bool as_null[GW_N_GATES]);

#endif
