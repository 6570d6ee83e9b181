/* The best of many trials: which one it is, and how the number of trials and of searched variants weighs on it. */
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
    mem_free(s);
}

/* Against the formulas of the score room, fed by hand. */
static void test_agrees_with_the_formulas(void **state) {
    (void)state;
    struct stage *s = stage_make(0.0003);
    static double all[BARS * 2 * N], best[BARS];
    double sharpe[2 * N], mean_of_all = 0, variance = 0;
    for (size_t i = 0, column = 0; i < N; i++)
        for (size_t k = 0; k < 2; k++, column++) {
            double sum = 0, squares = 0;
            for (size_t t = 0; t < BARS; t++) {
                double r = step(i, k, t, 0.0003);
                all[t * 2 * N + column] = r;
                sum += r, squares += r * r;
                if (i == SKILLED && k == 1) best[t] = r;
            }
            sharpe[column] = sum / BARS / sqrt((squares - sum * sum / BARS) / (BARS - 1));
            mean_of_all += sharpe[column] / (2 * N);
        }
    for (size_t c = 0; c < 2 * N; c++) variance += pow(sharpe[c] - mean_of_all, 2) / (2 * N - 1);
    assert_int_equal(s->r.selection.best, SKILLED);
    assert_int_equal(s->r.selection.best_seed, 1);
    assert_int_equal(s->r.selection.n_trials, 2 * N);
    assert_near(s->r.selection.deflated_sharpe, gw_deflated_sharpe(best, BARS, 2 * N, variance), 1e-7, 0);
    assert_near(s->r.selection.overfitting, overfitting(all, BARS, 2 * N, 16), 1e-12, 1e-12);
    assert_true(s->r.selection.overfitting < 0.05 && s->r.selection.deflated_sharpe > 0.9);
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
    assert_int_equal(s->r.selection.n_trials, 2 * N + 40);
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
        cmocka_unit_test(test_agrees_with_the_formulas),
        cmocka_unit_test(test_luck_is_called_luck),
        cmocka_unit_test(test_searching_costs),
        cmocka_unit_test(test_ruin_is_not_judged),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
