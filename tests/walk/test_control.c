/* The best attention gate also stands beside the best gate without attention, when that is not the baseline. */
#include "engine/base/base.h"
#include "fixture.h"

enum { BARS = 2000, LSTM = 0, POOL = 1, BAHDANAU = 2, N = 3 };

static const char experiment_text[] =
    "{'name':'control','data':[{'file':'x.csv','symbol':'WALK','interval':'15m'}],'features':['range'],"
    "'labels':{'horizon':6},'folds':{'train':200,'validation':100,'test':90},"
    "'model':{'lookback':6,'hidden':4,'dense_units':4},'seeds':1,'verdict':{'bootstrap':600},"
    "'strategies':[{'name':'lstm','strategy':'gate'},"
    "{'name':'pool','strategy':'gate','model':{'attention':'mean_pool'}},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'}}]}";

/* Scores that show the label through as much noise as `noise` says. */
struct stage {
    struct experiment *e;
    struct prepared p;
    struct results r;
    struct strategy_result strategy[N];
    struct seed_result seed[N];
    struct gw_score at[N][BARS];
    struct isolated isolated[N];
};

static void tell_gates(struct stage *s, size_t strategy, const double noise[GW_N_GATES]) {
    struct gw_rng rng;
    gw_rng_key(&rng, strategy + 1, "control", 0, 0, 0);
    for (size_t i = 0; i < BARS; i++)
        for (int g = 0; g < GW_N_GATES; g++)
            s->at[strategy][i].p[g] = (float)(s->r.scores.label[g][i] + noise[g] * gw_rng_normal(&rng));
}

static void tell(struct stage *s, size_t strategy, double noise) {
    tell_gates(s, strategy, (const double[GW_N_GATES]){noise, noise});
}

static struct stage *stage_make(void) {
    struct stage *s = mem_calloc(1, sizeof *s);
    assert_non_null(s);
    struct score_set *set = &s->r.scores;
    struct gw_rng rng;
    s->e = fixture_experiment(experiment_text);
    s->p.market.n_symbols = 1;
    set->n_labelled = BARS;
    set->labelled = mem_calloc(BARS, sizeof *set->labelled);
    set->fold = mem_calloc(BARS, sizeof *set->fold);
    set->isolated = s->isolated;
    gw_rng_key(&rng, 9, "control", 0, 0, 0);
    for (int g = 0; g < GW_N_GATES; g++) {
        set->label[g] = mem_calloc(BARS, sizeof *set->label[g]);
        set->isolated[0].pnl[g][1] = mem_calloc(BARS, sizeof *set->isolated[0].pnl[g][1]);
        for (size_t i = 0; i < BARS; i++) {
            set->label[g][i] = gw_rng_uniform(&rng) < 0.1;
            set->isolated[0].pnl[g][1][i] = set->label[g][i] ? 0.01 : -0.005;
        }
    }
    for (size_t k = 1; k < N; k++) set->isolated[k] = set->isolated[0];
    for (size_t i = 0; i < BARS; i++) set->labelled[i] = (uint32_t)i, set->fold[i] = (uint32_t)(i / 500);
    s->r.strategy = s->strategy;
    for (size_t k = 0; k < N; k++) {
        s->strategy[k] = (struct strategy_result){.n_seeds = 1, .seed = &s->seed[k]};
        s->seed[k].scores.at = s->at[k];
    }
    return s;
}

static void stage_free(struct stage *s) {
    struct score_set *set = &s->r.scores;
    mem_free(set->labelled);
    mem_free(set->fold);
    for (int g = 0; g < GW_N_GATES; g++) {
        mem_free(set->label[g]);
        mem_free(set->isolated[0].pnl[g][1]);
    }
    mem_free(s->r.verdict);
    experiment_free(s->e);
    mem_free(s);
}

static const struct pair_verdict *verdict_of(struct stage *s, double lstm, double pool, double bahdanau) {
    tell(s, LSTM, lstm);
    tell(s, POOL, pool);
    tell(s, BAHDANAU, bahdanau);
    assert_ok(results_verdict(s->e, &s->p, &s->r, 2));
    assert_true(s->r.n_verdicts >= 2);
    assert_int_equal(s->r.verdict[0].candidate, POOL);
    assert_int_equal(s->r.verdict[1].candidate, BAHDANAU);
    assert_int_equal(s->r.verdict[0].baseline, LSTM);
    assert_int_equal(s->r.verdict[1].baseline, LSTM);
    return s->r.n_verdicts == 3 ? &s->r.verdict[2] : NULL;
}

static void test_simpler_does_better(void **state) {
    (void)state;
    struct stage *s = stage_make();
    const struct pair_verdict *v = verdict_of(s, 2, 0.05, 0.6);
    assert_non_null(v);
    assert_int_equal(v->candidate, BAHDANAU);
    assert_int_equal(v->baseline, POOL);
    assert_int_equal(v->outcome, OUTCOME_WORSE);
    assert_int_equal(v->simpler, SIMPLER_BETTER);
    assert_int_equal(s->r.verdict[1].outcome, OUTCOME_BETTER);
    assert_int_equal(s->r.verdict[1].simpler, SIMPLER_NOT_ASKED);
    for (size_t i = 0; i < N_CRITERIA; i++) {
        bool on_results = success_test[i].compares != TRAINING_TIME;
        assert_int_equal(v->criterion[i].state, on_results ? CRITERION_FAILED : CRITERION_SEE_RUN);
        assert_int_equal(s->r.verdict[1].criterion[i].state, on_results ? CRITERION_PASSED : CRITERION_SEE_RUN);
        assert_int_equal(s->r.verdict[1].criterion[i].significant, on_results);
    }
    stage_free(s);
}

/* Every pair is corrected for all differences to the baseline; the last one, which was chosen by its results, for all that
 * it was chosen from: two gates without attention, one with it. */
static void test_corrected_as_one_family(void **state) {
    (void)state;
    enum { ALL = 2 * GW_N_GATES * GW_N_DELTAS };
    struct stage *s = stage_make();
    const struct pair_verdict *last = verdict_of(s, 2, 0.8, 0.82);
    double p[ALL], want[ALL];
    assert_non_null(last);
    for (size_t i = 0; i < ALL; i++)
        p[i] = s->r.verdict[i / 8].gate[i % 8 / GW_N_DELTAS].delta[i % GW_N_DELTAS].p_value;
    assert_ok(gw_holm(p, ALL, 0, want));
    for (size_t i = 0; i < ALL; i++) {
        const struct gw_delta *delta = &s->r.verdict[i / 8].gate[i % 8 / GW_N_DELTAS].delta[i % GW_N_DELTAS];
        assert_true(isfinite(p[i]) && delta->p_holm == want[i] && delta->p_holm >= p[i]);
        assert_int_equal(delta->holds, delta->p_holm <= .05);
    }
    assert_int_equal(s->r.family.n_comparisons, ALL);
    assert_int_equal(s->r.verdict[0].n_comparisons, ALL);
    assert_int_equal(last->n_comparisons, 2 * GW_N_GATES * GW_N_DELTAS);
    for (int g = 0; g < GW_N_GATES; g++)
        for (int d = 0; d < GW_N_DELTAS; d++)
            assert_true(last->gate[g].delta[d].p_holm >= fmin(1, 9 * last->gate[g].delta[d].p_value - 1e-12));
    stage_free(s);
}

/* Hansen's test names the one that stands out, and among those with attention. */
static void test_best_of_all(void **state) {
    (void)state;
    struct stage *s = stage_make();
    verdict_of(s, 1, 0.4, 0.8);
    assert_true(s->r.family.best.found && s->r.family.best_attention.found);
    assert_int_equal(s->r.family.best.candidate, POOL);
    assert_int_equal(s->r.family.best_attention.candidate, BAHDANAU);
    assert_true(s->r.family.best.test.p_value < .01 && s->r.family.best_attention.test.p_value < .05);
    assert_int_equal(s->r.family.best.test.n, 2 * s->r.family.best_attention.test.n);
    stage_free(s);
    s = stage_make();
    verdict_of(s, 0.5, 0.9, 1);
    assert_true(s->r.family.best.test.p_value > .5);
    stage_free(s);
}

/* What shifted labels reach as well is no pass. */
static void test_null_gates_the_test(void **state) {
    (void)state;
    struct stage *s = stage_make();
    s->strategy[POOL].null_holm[GW_GATE_LONG] = .2;
    verdict_of(s, 2, 0.05, 0.6);
    const struct criterion_result *ap = &s->r.verdict[0].criterion[CRITERION_average_precision];
    assert_int_equal(ap->at_gate[GW_GATE_LONG], CRITERION_AS_NULL);
    assert_int_equal(ap->at_gate[GW_GATE_SHORT], CRITERION_PASSED);
    assert_int_equal(ap->state, CRITERION_PASSED);
    s->strategy[POOL].null_holm[GW_GATE_SHORT] = .06;
    mem_free(s->r.verdict);
    s->r.n_verdicts = 0;
    assert_ok(results_verdict(s->e, &s->p, &s->r, 2));
    ap = &s->r.verdict[0].criterion[CRITERION_average_precision];
    assert_int_equal(ap->state, CRITERION_AS_NULL);
    assert_false(ap->significant);
    stage_free(s);
}

static void test_simpler_does_as_well(void **state) {
    (void)state;
    struct stage *s = stage_make();
    const struct pair_verdict *v = verdict_of(s, 2, 0.8, 0.82);
    assert_non_null(v);
    assert_int_equal(v->baseline, POOL);
    assert_int_equal(v->outcome, OUTCOME_NO_DIFFERENCE);
    assert_int_equal(v->simpler, SIMPLER_AS_GOOD);
    stage_free(s);
}

static void test_attention_beats_the_control(void **state) {
    (void)state;
    struct stage *s = stage_make();
    const struct pair_verdict *v = verdict_of(s, 2, 0.6, 0.05);
    assert_non_null(v);
    assert_int_equal(v->baseline, POOL);
    assert_int_equal(v->outcome, OUTCOME_BETTER);
    assert_int_equal(v->simpler, SIMPLER_BEHIND);
    stage_free(s);
}

/* The baseline is the best gate without attention: it has been compared already. */
static void test_baseline_is_the_control(void **state) {
    (void)state;
    struct stage *s = stage_make();
    assert_null(verdict_of(s, 0.3, 0.9, 0.05));
    stage_free(s);
}

/* Better on one gate, worse on the other. */
static void test_mixed(void **state) {
    (void)state;
    struct stage *s = stage_make();
    tell(s, LSTM, 0.6);
    tell_gates(s, POOL, (const double[GW_N_GATES]){0.05, 3});
    tell_gates(s, BAHDANAU, (const double[GW_N_GATES]){3, 0.05});
    assert_ok(results_verdict(s->e, &s->p, &s->r, 2));
    for (size_t v = 0; v < 2; v++) {
        assert_int_equal(s->r.verdict[v].outcome, OUTCOME_MIXED);
        for (int g = 0; g < GW_N_GATES; g++)
            assert_int_equal(s->r.verdict[v].criterion[CRITERION_precision_at_1].at_gate[g],
                             (size_t)g == v ? CRITERION_PASSED : CRITERION_FAILED);
        assert_int_equal(s->r.verdict[v].criterion[CRITERION_precision_at_1].state, CRITERION_PASSED);
    }
    stage_free(s);
}

/* Without positives nothing has an interval, which is another thing than no difference. */
static void test_nothing_measured(void **state) {
    (void)state;
    struct stage *s = stage_make();
    for (int g = 0; g < GW_N_GATES; g++)
        for (size_t i = 0; i < BARS; i++) s->r.scores.label[g][i] = 0, s->r.scores.isolated[0].pnl[g][1][i] = -0.005;
    const struct pair_verdict *v = verdict_of(s, 2, 0.6, 0.05);
    assert_true(v == NULL || v->outcome == OUTCOME_NOT_MEASURED);
    assert_int_equal(s->r.verdict[0].outcome, OUTCOME_NOT_MEASURED);
    assert_int_equal(s->r.verdict[0].criterion[CRITERION_average_precision].state, CRITERION_NOT_MEASURED);
    stage_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simpler_does_better),
        cmocka_unit_test(test_corrected_as_one_family),
        cmocka_unit_test(test_best_of_all),
        cmocka_unit_test(test_null_gates_the_test),
        cmocka_unit_test(test_simpler_does_as_well),
        cmocka_unit_test(test_attention_beats_the_control),
        cmocka_unit_test(test_baseline_is_the_control),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_nothing_measured),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
