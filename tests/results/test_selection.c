/* The best of many trials: which one it is, and how the number of trials, of searched variants and of other runs' trials
 * weighs on it. */
#include "engine/base/base.h"
#include "walk/fixture.h"

static double overfitting(const double *returns, size_t n_periods, size_t n_trials, size_t n_splits) {
    double probability;
    assert_ok(gw_backtest_overfitting(returns, n_periods, n_trials, n_splits, &probability));
    return probability;
}

enum { BARS = 3000, SKILLED = 1, N = 3 };

static const char experiment_text[] =
    "{'name':'selection','data':[{'file':'x.csv','symbol':'WALK','interval':'15m'}],'features':['range'],"
    "'labels':{'horizon':6},'folds':{'train':200,'validation':100,'test':90},"
    "'model':{'lookback':6,'hidden':4,'dense_units':4},'seeds':1,'broker':{'initial_cash':500},"
    "'strategies':[{'name':'a','strategy':'gate'},{'name':'b','strategy':'gate'},{'name':'c','strategy':'gate'}]}";

struct stage {
    struct experiment *e;
    struct results r;
    struct strategy_result strategy[N];
    struct seed_result seed[N][2];
    struct gw_equity_point equity[N][2][BARS];
};

static double step(size_t s, size_t k, size_t t, double edge) {
    struct gw_rng rng;
    gw_rng_key(&rng, s * 2 + k + 1, "selection", t, 0, 0);
    return 0.001 * gw_rng_normal(&rng) + (s == SKILLED && k == 1 ? edge : 0);
}

/* Three strategies of two seeds; the second seed of the second has an edge per bar. */
static struct stage *stage_make(double edge) {
    struct stage *s = mem_calloc(1, sizeof *s);
    assert_non_null(s);
    s->e = fixture_experiment(experiment_text);
    s->r.strategy = s->strategy;
    for (size_t i = 0; i < N; i++) {
        s->strategy[i] = (struct strategy_result){.n_seeds = 2, .seed = s->seed[i]};
        for (size_t k = 0; k < 2; k++) {
            double value = 500;
            for (size_t t = 0; t < BARS; t++) s->equity[i][k][t].equity = value *= 1 + step(i, k, t, edge);
            s->seed[i][k].replay.equity = s->equity[i][k];
            s->seed[i][k].replay.n_equity = BARS;
        }
    }
    assert_ok(results_selection(s->e, &s->r));
    return s;
}

static void stage_free(struct stage *s) {
    experiment_free(s->e);
    mem_free(s->r.selection.best_return);
    mem_free(s);
}

/* Against the formulas of the score room, fed by hand: a trial returns the mean of its seeds. */
static void test_agrees_with_the_formulas(void **state) {
    (void)state;
    struct stage *s = stage_make(0.0003);
    static double all[BARS * N], best[BARS];
    double sharpe[N], mean_of_all = 0, variance = 0;
    for (size_t i = 0; i < N; i++) {
        double sum = 0, squares = 0;
        for (size_t t = 0; t < BARS; t++) {
            double r = (step(i, 0, t, 0.0003) + step(i, 1, t, 0.0003)) / 2;
            all[t * N + i] = r;
            sum += r, squares += r * r;
            if (i == SKILLED) best[t] = r;
        }
        sharpe[i] = sum / BARS / sqrt((squares - sum * sum / BARS) / (BARS - 1));
        mean_of_all += sharpe[i] / N;
    }
    for (size_t i = 0; i < N; i++) variance += pow(sharpe[i] - mean_of_all, 2) / (N - 1);
    assert_int_equal(s->r.selection.best, SKILLED);
    assert_int_equal(s->r.selection.n_trials, N);
    assert_near(s->r.selection.deflated_sharpe, gw_deflated_sharpe(best, BARS, N, variance), 1e-7, 0);
    assert_near(s->r.selection.overfitting, overfitting(all, BARS, N, 16), 1e-12, 1e-12);
    assert_true(s->r.selection.overfitting < 0.05 && s->r.selection.deflated_sharpe > 0.9);
    stage_free(s);
}

/* With the ledger's trials: their number, their spread, and the sums of their returns in place of this run's. */
static void test_trials_of_other_runs_count(void **state) {
    (void)state;
    struct stage *s = stage_make(0.0001);
    double sum[2 * N][TRIAL_PARTS], square[2 * N][TRIAL_PARTS];
    for (size_t i = 0; i < 2 * N; i++) {
        memcpy(sum[i], s->r.selection.trial[i % N].sum, sizeof sum[i]);
        memcpy(square[i], s->r.selection.trial[i % N].square, sizeof square[i]);
    }
    double mean = 0, variance = 0;
    for (size_t i = 0; i < N; i++) mean += s->r.selection.trial[i].sharpe / N;
    for (size_t i = 0; i < N; i++) variance += pow(s->r.selection.trial[i].sharpe - mean, 2) / (N - 1);
    assert_false(s->r.selection.on_data.known);
    /* this run's own alone: nothing changes */
    assert_ok(results_selection_on_data(&s->r, N, variance, N, sum[0], square[0]));
    assert_near(s->r.selection.on_data.deflated_sharpe, s->r.selection.deflated_sharpe, 1e-12, 0);
    assert_near(s->r.selection.on_data.overfitting, s->r.selection.overfitting, 1e-12, 0);
    /* many more */
    assert_ok(results_selection_on_data(&s->r, 500, variance, 2 * N, sum[0], square[0]));
    assert_near(s->r.selection.on_data.deflated_sharpe,
                gw_deflated_sharpe(s->r.selection.best_return, BARS, 500, variance), 1e-12, 0);
    assert_true(s->r.selection.on_data.deflated_sharpe < s->r.selection.deflated_sharpe - 0.01);
    assert_true(isfinite(s->r.selection.on_data.overfitting));
    stage_free(s);
}

/* What has no parameters cannot have been tuned: it is neither counted nor the best. */
static void test_a_yardstick_is_no_trial(void **state) {
    (void)state;
    struct stage *s = stage_make(0.0003);
    s->e->strategy[SKILLED].desc = gw_strategy_find("buy_and_hold");
    assert_ok(results_selection(s->e, &s->r));
    assert_int_equal(s->r.selection.n_trials, N - 1);
    assert_int_equal(s->r.selection.n_traded, N - 1);
    assert_true(s->r.selection.best != SKILLED);
    s->e->strategy[0].desc = s->e->strategy[2].desc = s->e->strategy[SKILLED].desc;
    assert_ok(results_selection(s->e, &s->r));
    assert_int_equal(s->r.selection.n_trials, 0);
    assert_true(isnan(s->r.selection.deflated_sharpe));
    s->e->strategy[0].desc = gw_strategy_find("sma_cross"); /* it has lengths to choose */
    assert_ok(results_selection(s->e, &s->r));
    assert_int_equal(s->r.selection.n_trials, 1);
    stage_free(s);
}

static void test_luck_is_called_luck(void **state) {
    (void)state;
    struct stage *s = stage_make(0);
    assert_true(s->r.selection.deflated_sharpe < 0.9);
    stage_free(s);
}

/* The same trades are worth less when more was tried to find them. */
static void test_searching_costs(void **state) {
    (void)state;
    struct stage *s = stage_make(0.00006);
    double before = s->r.selection.deflated_sharpe;
    s->e->n_searched = 40;
    assert_ok(results_selection(s->e, &s->r));
    assert_int_equal(s->r.selection.n_trials, N + 40);
    assert_true(s->r.selection.deflated_sharpe < before - 0.01);
    stage_free(s);
}

static void test_ruin_is_not_judged(void **state) {
    (void)state;
    struct stage *s = stage_make(0);
    s->equity[0][0][10].equity = 0;
    assert_ok(results_selection(s->e, &s->r));
    assert_true(isnan(s->r.selection.deflated_sharpe) && isnan(s->r.selection.overfitting));
    stage_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_the_formulas), cmocka_unit_test(test_trials_of_other_runs_count),
        cmocka_unit_test(test_a_yardstick_is_no_trial),  cmocka_unit_test(test_luck_is_called_luck),
        cmocka_unit_test(test_searching_costs),          cmocka_unit_test(test_ruin_is_not_judged),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
