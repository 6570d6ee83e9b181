/* What attention comes to, of constructed results: whatever is stated, the p beside it is of just that. */
#include "engine/results/run_finding.h"

#include <math.h>
#include <string.h>

#include "engine/walk/outside.h"
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

/* ---- what would help ---------------------------------------------------------------------------------------------- */

enum { BARS = 400, FOLDS = 2 };

/* Nothing to complain of: the asked share, fits that stopped by themselves, positives in both gates, a K of 20 bars. */
struct calm {
    struct stage s;
    struct seed_result seed[N_CONTESTANTS];
    struct fit fit[4];
    struct fit_list fits;
    struct prepared p;
    int8_t label[GW_N_GATES][BARS];
    uint32_t fold[BARS];
    size_t coverage;
};

static void calm_make(struct calm *c) {
    memset(c, 0, sizeof *c);
    stage_make(&c->s);
    while (strcmp(gw_metric_at(c->coverage)->name, "coverage") != 0) c->coverage++;
    c->s.e.signals.act_on = 10;
    c->s.e.signals.k[0] = 10;
    c->s.e.signals.n_k = 1;
    for (size_t i = 0; i < N_CONTESTANTS; i++) {
        c->s.e.strategy[i].train.epochs = 10;
        c->s.e.strategy[i].train.patience = 3;
        c->s.result[i].seed = &c->seed[i];
        c->s.result[i].n_seeds = 1;
        for (int g = 0; g < GW_N_GATES; g++) c->seed[i].pooled[g].value[c->coverage][0] = .1;
    }
    for (size_t i = 0; i < COUNT_OF(c->fit); i++) {
        c->fit[i].strategy = LSTM;
        c->fit[i].log.n_epochs = 10;
        c->fit[i].log.best_epoch = 6;
    }
    c->fits = (struct fit_list){.n = COUNT_OF(c->fit), .fit = c->fit};
    for (size_t i = 0; i < BARS; i++) {
        c->fold[i] = (uint32_t)(i * FOLDS / BARS);
        for (int g = 0; g < GW_N_GATES; g++) c->label[g][i] = i % 9 == 0;
    }
    c->s.r.scores.n_labelled = BARS;
    c->s.r.scores.fold = c->fold;
    for (int g = 0; g < GW_N_GATES; g++) c->s.r.scores.label[g] = c->label[g];
}

static struct run_finding find(struct calm *c) {
    struct run_finding f;
    run_finding_make(&c->s.e, &c->p, &c->fits, &c->s.r, &f);
    return f;
}

static void test_nothing_would_help(void **state) {
    (void)state;
    static struct calm c;
    calm_make(&c);
    const struct run_finding f = find(&c);
    assert_false(f.coverage.far || f.no_positives[0] || f.no_positives[1]);
    assert_int_equal(f.n_cut_short, 0);
    assert_near(f.fewest_of_k, FEW_BARS, 0, 1);
}

/* With too few shifts nothing is found, whatever there is; and one is no proof that there is nothing. */
static void test_too_few_shifts(void **state) {
    (void)state;
    static struct calm c;
    calm_make(&c);
    for (size_t i = 0; i < N_CONTESTANTS; i++)
        for (int g = 0; g < GW_N_GATES; g++) {
            c.s.result[i].null[g] = (struct gw_null_result){.3, .2, .01, 1. / 119};
            c.s.result[i].null_holm[g] = 6. / 119;
        }
    c.s.e.verdict.null_resamples = 118; /* six gates at 5 % take 119 */
    struct run_finding f = find(&c);
    assert_int_equal(f.found.state, FOUND_NOT_MEASURED);
    assert_near(f.found.needed, 119, 1e-12, 1);
    for (size_t i = 0; i < N_CONTESTANTS; i++)
        for (int g = 0; g < GW_N_GATES; g++) c.s.result[i].null[g].p_value = .06; /* no more of them would help */
    f = find(&c);
    assert_true(f.found.state == FOUND_NOTHING && !(f.found.needed > 0));
    for (int g = 0; g < GW_N_GATES; g++) c.s.result[LUONG].null[g].p_value = 1. / 120;
    c.s.e.verdict.null_resamples = 119;
    f = find(&c);
    assert_int_equal(f.found.state, FOUND_NOTHING);
    assert_near(f.found.needed, 0, 0, 1);
    for (int g = 0; g < GW_N_GATES; g++) c.s.result[LUONG].null_holm[g] = .05;
    assert_int_equal(find(&c).found.state, FOUND_SOMETHING);
}

static void test_coverage_far_from_k(void **state) {
    (void)state;
    static struct calm c;
    static struct outside outside;
    calm_make(&c);
    double *of_lstm = c.seed[LSTM].pooled[1].value[c.coverage], *of_luong = c.seed[LUONG].pooled[0].value[c.coverage];
    *of_lstm = .2; /* not more than twice, not less than half */
    *of_luong = .05;
    assert_false(find(&c).coverage.far);
    *of_lstm = .21;
    struct run_finding f = find(&c);
    assert_true(f.coverage.far && f.coverage.strategy == LSTM && f.coverage.gate == 1);
    assert_near(f.coverage.got, .21, 1e-12, 1);
    *of_luong = .04; /* further, the other way */
    f = find(&c);
    assert_true(f.coverage.far && f.coverage.strategy == LUONG && f.coverage.gate == 0);
    *of_luong = (double)NAN; /* nobody has scored it */
    *of_lstm = .1;
    assert_false(find(&c).coverage.far);
    *of_luong = .9;
    assert_true(find(&c).coverage.far);
    c.s.result[LUONG].outside = &outside; /* thresholds from validation after all */
    assert_true(find(&c).coverage.far);
    outside.answers = true; /* what was said is acted on, however often */
    assert_false(find(&c).coverage.far);
    outside = (struct outside){.tau_folds = {[TAU_OWN] = 1}};
    assert_false(find(&c).coverage.far);
    c.s.result[LUONG].outside = NULL;
    c.s.e.signals.threshold = THRESHOLD_ROLLING;
    assert_true(find(&c).coverage.far);
    c.s.e.signals.threshold = THRESHOLD_FIXED; /* nobody asked for a share */
    assert_false(find(&c).coverage.far);
}

static void test_fits_cut_short(void **state) {
    (void)state;
    static struct calm c;
    calm_make(&c);
    c.fit[0].log.best_epoch = c.fit[1].log.best_epoch = 10; /* two of four are not most */
    assert_int_equal(find(&c).n_cut_short, 0);
    c.fit[2].log.best_epoch = 10;
    assert_int_equal(find(&c).n_cut_short, 1);
}

static void test_few_bars_and_no_positives(void **state) {
    (void)state;
    static struct calm c;
    calm_make(&c);
    c.s.r.scores.n_labelled = BARS - 10; /* the last fold has 190 */
    struct run_finding f = find(&c);
    assert_true(f.fewest_of_k < FEW_BARS);
    assert_near(f.fewest_of_k, 19, 0, 1);
    assert_near(f.k_of_fewest, 10, 0, 1);
    memset(c.label[1], 0, sizeof c.label[1]);
    f = find(&c);
    assert_true(!f.no_positives[0] && f.no_positives[1]);
    for (size_t i = 0; i < N_CONTESTANTS; i++) c.s.e.strategy[i].desc = gw_strategy_find("sma_cross");
    f = find(&c); /* whoever trades without gates does not mind */
    assert_true(!f.no_positives[1] && !(f.fewest_of_k < FEW_BARS) && !f.coverage.far);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_statement_has_its_own_p),
        cmocka_unit_test(test_the_control_has_its_own_p),
        cmocka_unit_test(test_nothing_would_help),
        cmocka_unit_test(test_too_few_shifts),
        cmocka_unit_test(test_coverage_far_from_k),
        cmocka_unit_test(test_fits_cut_short),
        cmocka_unit_test(test_few_bars_and_no_positives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
