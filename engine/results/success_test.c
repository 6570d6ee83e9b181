#include "success_test.h"

#include <math.h>

const struct criterion success_test[N_CRITERIA] = {
#define CRITERION(id, compares, bound, need, unit, gates) {#id, compares, bound, need, unit, gates},
#include "success_test.def"
#undef CRITERION
};

const char *const criterion_bound_id[N_BOUNDS] = {
    [MORE_THAN] = "more_than", [AT_LEAST] = "at_least", [AT_MOST] = "at_most"};
const char *const criterion_gates_id[N_CRITERION_GATES] = {
    [ANY_GATE] = "any", [EACH_GATE] = "each", [NO_GATE] = "none"};
const char *const criterion_state_id[N_CRITERION_STATES] = {[CRITERION_NOT_MEASURED] = "not_measured",
                                                            [CRITERION_FAILED] = "fail",
                                                            [CRITERION_AS_NULL] = "as_null",
                                                            [CRITERION_PASSED] = "pass",
                                                            [CRITERION_SEE_RUN] = "see_run"};

enum criterion_state criterion_judge(const struct criterion *criterion, double value) {
    bool met = criterion->bound == MORE_THAN  ? value > criterion->need
               : criterion->bound == AT_LEAST ? value >= criterion->need
                                              : value <= criterion->need;
    return isnan(value) ? CRITERION_NOT_MEASURED : met ? CRITERION_PASSED : CRITERION_FAILED;
}

enum criterion_state criterion_over_gates(enum criterion_gates gates, const enum criterion_state at_gate[GW_N_GATES]) {
    static const enum criterion_state any[] = {CRITERION_PASSED, CRITERION_AS_NULL, CRITERION_FAILED},
                                      each[] = {CRITERION_FAILED, CRITERION_AS_NULL, CRITERION_NOT_MEASURED};
    const enum criterion_state *first = gates == EACH_GATE ? each : any;
    size_t n[N_CRITERION_STATES] = {0};
    for (int g = 0; g < GW_N_GATES; g++) n[at_gate[g]]++;
    for (size_t i = 0; i < 3; i++)
        if (n[first[i]]) return first[i];
    return gates == EACH_GATE ? CRITERION_PASSED : CRITERION_NOT_MEASURED;
}

/* Without a positive both sides hit none, which says nothing of either; average precision is undefined then and only then. */
static double difference_of(const struct gw_gate_verdict *gate, int delta) {
    const bool counts_hits = delta == GW_DELTA_P1 || delta == GW_DELTA_P5;
    return counts_hits && isnan(gate->delta[GW_DELTA_AP].value) ? (double)NAN : gate->delta[delta].value;
}

struct criterion_result criterion_apply(const struct criterion *criterion,
                                        const struct gw_gate_verdict gate[GW_N_GATES], const bool as_null[GW_N_GATES]) {
    struct criterion_result result = {.state = CRITERION_SEE_RUN};
    if (criterion->compares == TRAINING_TIME) return result;
    size_t n_sure = 0, n_passed = 0;
    for (int g = 0; g < GW_N_GATES; g++) {
        const struct gw_delta *delta = &gate[g].delta[criterion->compares];
        result.at_gate[g] = criterion_judge(criterion, difference_of(&gate[g], criterion->compares));
        if (result.at_gate[g] == CRITERION_PASSED && as_null[g]) result.at_gate[g] = CRITERION_AS_NULL;
        n_passed += result.at_gate[g] == CRITERION_PASSED;
        n_sure += result.at_gate[g] == CRITERION_PASSED && delta->holds;
    }
    result.state = criterion_over_gates(criterion->gates, result.at_gate);
    result.significant =
        result.state == CRITERION_PASSED && (criterion->gates == EACH_GATE ? n_sure == n_passed : n_sure > 0);
    return result;
}
