/* The success test: its rows, the bounds, and what two gates come to together. */
#include "engine/base/base.h"
#include "walk/fixture.h"

enum { NONE = CRITERION_NOT_MEASURED, FAIL_ = CRITERION_FAILED, PASS = CRITERION_PASSED };

/* SPEC of the reference study: PR-AUC better; P@1 % 5 and P@5 % 3 points better; PnL@1 % better; at most twice the time. */
static void test_rows(void **state) {
    (void)state;
    static const struct {
        const char *id;
        int compares;
        double yes, no;
    } c[N_CRITERIA] = {{"average_precision", GW_DELTA_AP, 1e-12, 0},
                       {"precision_at_1", GW_DELTA_P1, 0.05, 0.0499999},
                       {"precision_at_5", GW_DELTA_P5, 0.03, 0.0299999},
                       {"pnl_at_1", GW_DELTA_PNL1, 1e-12, 0},
                       {"training_time", TRAINING_TIME, 2, 2.000001}};
    for (size_t i = 0; i < N_CRITERIA; i++) {
        const struct criterion *row = &success_test[i];
        assert_string_equal(row->id, c[i].id);
        assert_int_equal(row->compares, c[i].compares);
        assert_int_equal(criterion_judge(row, c[i].yes), PASS);
        assert_int_equal(criterion_judge(row, c[i].no), FAIL_);
        assert_int_equal(criterion_judge(row, NAN), NONE);
        assert_int_equal(row->gates, row->compares == TRAINING_TIME ? NO_GATE : ANY_GATE);
    }
}

/* The unit of a criterion is its metric's, and the metric is one of the table. */
static void test_units(void **state) {
    (void)state;
    for (size_t i = 0; i < N_CRITERIA; i++) {
        if (success_test[i].compares == TRAINING_TIME) continue;
        const struct gw_metric_key *wanted = &gw_delta_metric[success_test[i].compares];
        const struct gw_metric_desc *found = NULL;
        for (size_t m = 0; m < gw_metric_count(); m++)
            if (strcmp(gw_metric_at(m)->name, wanted->name) == 0) found = gw_metric_at(m);
        assert_non_null(found);
        assert_string_equal(success_test[i].unit, found->unit);
        assert_int_equal(found->per_k, !isnan(wanted->k));
        assert_true(found->higher_is_better);
    }
}

static void test_over_gates(void **state) {
    (void)state;
    static const struct {
        int at_long, at_short, any, each;
    } c[] = {{PASS, PASS, PASS, PASS},     {PASS, FAIL_, PASS, FAIL_}, {FAIL_, PASS, PASS, FAIL_},
             {FAIL_, FAIL_, FAIL_, FAIL_}, {NONE, PASS, PASS, NONE},   {FAIL_, NONE, FAIL_, FAIL_},
             {NONE, NONE, NONE, NONE}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        const enum criterion_state at[GW_N_GATES] = {(enum criterion_state)c[i].at_long,
                                                     (enum criterion_state)c[i].at_short};
        assert_int_equal(criterion_over_gates(ANY_GATE, at), c[i].any);
        assert_int_equal(criterion_over_gates(EACH_GATE, at), c[i].each);
    }
}

static const bool NEITHER[GW_N_GATES] = {false, false};

/* A significant pass needs one gate that is both far enough above the baseline and sure of it. */
static void test_two_halves_are_no_pass(void **state) {
    (void)state;
    static const struct {
        double at_long, at_short;
        bool sure_long, sure_short;
        int state;
        bool any, each;
    } c[] = {{0.06, 0.02, false, true, PASS, false, false}, /* far but unsure, sure but not far */
             {0.06, 0.05, false, true, PASS, true, false},   {0.06, -0.2, true, true, PASS, true, false},
             {0.06, -0.2, false, true, PASS, false, false}, /* surely worse elsewhere */
             {0.06, 0.07, true, true, PASS, true, true},     {0.04, 0.01, true, true, FAIL_, false, false},
             {0.01, NAN, false, false, FAIL_, false, false}, {NAN, NAN, false, false, NONE, false, false}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct gw_gate_verdict gate[GW_N_GATES] = {0};
        gate[GW_GATE_LONG].delta[GW_DELTA_P1] = (struct gw_delta){.value = c[i].at_long, .holds = c[i].sure_long};
        gate[GW_GATE_SHORT].delta[GW_DELTA_P1] = (struct gw_delta){.value = c[i].at_short, .holds = c[i].sure_short};
        struct criterion each = success_test[CRITERION_precision_at_1];
        struct criterion_result got = criterion_apply(&each, gate, NEITHER);
        if (got.state != (enum criterion_state)c[i].state || got.significant != c[i].any)
            fail_msg("case %zu: %s, %d", i, criterion_state_id[got.state], got.significant);
        each.gates = EACH_GATE;
        got = criterion_apply(&each, gate, NEITHER);
        if (got.significant != c[i].each) fail_msg("case %zu on each gate: %d", i, got.significant);
    }
    struct gw_gate_verdict gate[GW_N_GATES] = {0};
    struct criterion_result time = criterion_apply(&success_test[CRITERION_training_time], gate, NEITHER);
    assert_int_equal(time.state, CRITERION_SEE_RUN);
    assert_false(time.significant);
}

/* A difference of scores that are as good on shifted labels is no pass, however large: the other gate has to do. */
static void test_null_gates_the_pass(void **state) {
    (void)state;
    static const struct {
        double at_long, at_short;
        bool null_long, null_short;
        int any, each;
    } c[] = {{0.06, 0.01, true, false, CRITERION_AS_NULL, FAIL_},
             {0.06, 0.06, true, false, PASS, CRITERION_AS_NULL},
             {0.06, 0.01, false, true, PASS, FAIL_},
             {0.06, 0.06, true, true, CRITERION_AS_NULL, CRITERION_AS_NULL},
             {0.01, 0.01, true, true, FAIL_, FAIL_},
             {0.06, NAN, true, true, CRITERION_AS_NULL, CRITERION_AS_NULL}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct gw_gate_verdict gate[GW_N_GATES] = {0};
        gate[GW_GATE_LONG].delta[GW_DELTA_P1] = (struct gw_delta){.value = c[i].at_long, .holds = true};
        gate[GW_GATE_SHORT].delta[GW_DELTA_P1] = (struct gw_delta){.value = c[i].at_short, .holds = true};
        const bool as_null[GW_N_GATES] = {c[i].null_long, c[i].null_short};
        struct criterion row = success_test[CRITERION_precision_at_1];
        struct criterion_result any = criterion_apply(&row, gate, as_null);
        row.gates = EACH_GATE;
        struct criterion_result each = criterion_apply(&row, gate, as_null);
        if (any.state != (enum criterion_state)c[i].any || each.state != (enum criterion_state)c[i].each)
            fail_msg("case %zu: %s, on each %s", i, criterion_state_id[any.state], criterion_state_id[each.state]);
        assert_int_equal(any.significant, any.state == CRITERION_PASSED);
    }
}

/* No positive label: P@K is 0 for both, and nobody failed. */
static void test_no_positives_are_not_measured(void **state) {
    (void)state;
    struct gw_gate_verdict gate[GW_N_GATES] = {0};
    gate[GW_GATE_LONG].delta[GW_DELTA_AP].value = NAN;
    gate[GW_GATE_LONG].delta[GW_DELTA_PNL1].value = -0.01; /* trades there are */
    gate[GW_GATE_SHORT].delta[GW_DELTA_PNL1].value = -0.01;
    for (size_t i = 0; i < N_CRITERIA; i++) {
        const bool of_hits = success_test[i].compares == GW_DELTA_P1 || success_test[i].compares == GW_DELTA_P5 ||
                             success_test[i].compares == GW_DELTA_AP;
        if (success_test[i].compares == TRAINING_TIME) continue;
        const struct criterion_result got = criterion_apply(&success_test[i], gate, NEITHER);
        assert_int_equal(got.at_gate[GW_GATE_LONG], of_hits ? NONE : FAIL_);
        assert_int_equal(got.at_gate[GW_GATE_SHORT], FAIL_);
        assert_int_equal(got.state, FAIL_);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_over_gates),
        cmocka_unit_test(test_two_halves_are_no_pass),
        cmocka_unit_test(test_null_gates_the_pass),
        cmocka_unit_test(test_no_positives_are_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
