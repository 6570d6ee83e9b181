/* What attention comes to, of constructed results: whatever is stated, the p beside it is of just that. */
#include "engine/results/run_finding.h"

#include <math.h>
#include <string.h>

#include "test.h"

enum { LSTM, BAHDANAU, LUONG, N_CONTESTANTS, N_PAIRS = 2 };

/* Two gates with attention beside one without; no difference holds and every null is beaten. */
struct stage {
    struct experiment e;
    struct strategy_result result[N_CONTESTANTS];
    struct pair_verdict verdict[N_PAIRS + 1];
    struct results r;
};

static struct gw_delta difference(double value, double p_holm) {
    return (struct gw_delta){.value = value,
                             .lo = value - .1,
                             .hi = value + .1,
                             .p_value = p_holm / 16,
                             .p_holm = p_holm,
                             .holds = p_holm <= .05};
}

static void stage_make(struct stage *s) {
    static const char *const name[] = {"lstm", "bahdanau", "luong"}, *const attention[] = {"none", "bahdanau",
                                                                                           "luong_dot"};
    memset(s, 0, sizeof *s);
    s->e.n_strategies = N_CONTESTANTS;
    s->e.verdict.confidence = .95;
    for (size_t i = 0; i < N_CONTESTANTS; i++) {
        struct strategy_spec *spec = &s->e.strategy[i];
        snprintf(spec->name, sizeof spec->name, "%s", name[i]);
        spec->desc = gw_strategy_find("gate");
        assert_non_null(spec->desc);
        gw_model_config_default(&spec->model);
        assert_ok(gw_model_config_set(&spec->model, "attention", attention[i]));
        for (int g = 0; g < GW_N_GATES; g++) s->result[i].null_holm[g] = .01;
    }
    for (size_t i = 0; i < N_PAIRS; i++) {
        s->verdict[i].candidate = i + 1;
        s->verdict[i].baseline = LSTM;
        for (int g = 0; g < GW_N_GATES; g++)
            for (int d = 0; d < GW_N_DELTAS; d++) s->verdict[i].gate[g].delta[d] = difference(d ? .01 : -.01, .8);
    }
    s->r.strategy = s->result;
    s->r.verdict = s->verdict;
    s->r.n_verdicts = N_PAIRS;
}

/* Of a difference, whose it is and where. */
static void assert_surest(const struct surest *one, size_t candidate, int gate, int delta, double p_holm) {
    assert_non_null(one->difference);
    assert_int_equal(one->candidate, candidate);
    assert_int_equal(one->gate, gate);
    assert_int_equal(one->delta, delta);
    assert_near(one->difference->p_holm, p_holm, 0, 0);
}

static void test_every_statement_has_its_own_p(void **state) {
    (void)state;
    static struct stage s;
    static struct attention_facts facts;
    struct gw_gate_verdict *of_bahdanau = s.verdict[0].gate, *of_luong = s.verdict[1].gate;
    stage_make(&s);
    of_luong[1].delta[GW_DELTA_P5] = difference(-.02, .59);
    run_finding_attention(&s.e, &s.r, &facts);
    assert_true(facts.asked && facts.state == OUTCOME_NO_DIFFERENCE);
    assert_surest(&facts.any, LUONG, 1, GW_DELTA_P5, .59);
    assert_true(!facts.better.difference && !facts.worse.difference && !facts.as_null.difference);

    /* Surely worse, and nearly as surely better: "worse" has the p of what is worse. */
    of_luong[0].delta[GW_DELTA_AP] = difference(-.2, .03);
    of_luong[1].delta[GW_DELTA_AP] = difference(-.2, .02);
    of_bahdanau[0].delta[GW_DELTA_P1] = difference(+.2, .06);
    run_finding_attention(&s.e, &s.r, &facts);
    assert_int_equal(facts.state, OUTCOME_WORSE);
    assert_true(facts.n_worse == 2 && facts.n_better == 0 && !facts.better.difference);
    assert_surest(&facts.worse, LUONG, 1, GW_DELTA_AP, .02);

    of_bahdanau[0].delta[GW_DELTA_P1] = difference(+.2, .04);
    run_finding_attention(&s.e, &s.r, &facts);
    assert_int_equal(facts.state, OUTCOME_MIXED);
    assert_surest(&facts.better, BAHDANAU, 0, GW_DELTA_P1, .04);
    assert_surest(&facts.worse, LUONG, 1, GW_DELTA_AP, .02);
    assert_surest(&facts.any, LUONG, 1, GW_DELTA_AP, .02);

    stage_make(&s);
    of_bahdanau[0].delta[GW_DELTA_P1] = difference(+.2, .04);
    of_luong[0].delta[GW_DELTA_P1] = difference(+.3, .04); /* as sure, and further out */
    run_finding_attention(&s.e, &s.r, &facts);
    assert_true(facts.state == OUTCOME_BETTER && facts.n_better == 2);
    assert_surest(&facts.better, LUONG, 0, GW_DELTA_P1, .04);

    /* Where the scores are as good on shifted labels a difference for the better does not count, one for the worse does. */
    s.result[LUONG].null_holm[0] = .4;
    run_finding_attention(&s.e, &s.r, &facts);
    assert_true(facts.state == OUTCOME_BETTER && facts.n_better == 1 && facts.n_as_null == 1);
    assert_surest(&facts.better, BAHDANAU, 0, GW_DELTA_P1, .04);
    assert_surest(&facts.as_null, LUONG, 0, GW_DELTA_P1, .04);
    assert_near(facts.as_null.null_p, .4, 0, 0);
    s.result[BAHDANAU].null_holm[0] = .3;
    run_finding_attention(&s.e, &s.r, &facts);
    assert_true(facts.state == OUTCOME_NO_DIFFERENCE && facts.n_better == 0 && facts.n_as_null == 2);
    of_luong[0].delta[GW_DELTA_P1] = difference(-.3, .04);
    run_finding_attention(&s.e, &s.r, &facts);
    assert_int_equal(facts.state, OUTCOME_WORSE);

    for (size_t i = 0; i < N_PAIRS; i++)
        for (int g = 0; g < GW_N_GATES; g++)
            for (int d = 0; d < GW_N_DELTAS; d++) s.verdict[i].gate[g].delta[d] = difference(.1, NAN);
    run_finding_attention(&s.e, &s.r, &facts);
    assert_int_equal(facts.state, OUTCOME_NOT_MEASURED);
}

/* The last comparison, with the best gate without attention: the p is of what is said of it. */
static void test_the_control_has_its_own_p(void **state) {
    (void)state;
    static struct stage s;
    static struct attention_facts facts;
    stage_make(&s);
    run_finding_attention(&s.e, &s.r, &facts);
    assert_true(facts.control == SIZE_MAX && isnan(facts.control_p));
    s.verdict[N_PAIRS] = s.verdict[0];
    s.verdict[N_PAIRS].candidate = BAHDANAU;
    s.verdict[N_PAIRS].baseline = LUONG;
    s.r.n_verdicts = N_PAIRS + 1;
    struct gw_gate_verdict *gate = s.verdict[N_PAIRS].gate;
    gate[0].delta[GW_DELTA_AP] = difference(+.1, .01);
    gate[1].delta[GW_DELTA_P1] = difference(-.1, .03);
    gate[1].delta[GW_DELTA_PNL1].p_holm = NAN;
    s.verdict[N_PAIRS].simpler = SIMPLER_BETTER;
    run_finding_attention(&s.e, &s.r, &facts);
    assert_int_equal(facts.control, LUONG);
    assert_near(facts.control_p, .03, 0, 0);
    s.verdict[N_PAIRS].simpler = SIMPLER_AS_GOOD;
    run_finding_attention(&s.e, &s.r, &facts);
    assert_near(facts.control_p, .01, 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_statement_has_its_own_p),
                                       cmocka_unit_test(test_the_control_has_its_own_p)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
