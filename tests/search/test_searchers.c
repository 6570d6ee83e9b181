/* Whole searches of a formula: who says what is tried next finds what there is to find, the same for any workers. */
#include <unistd.h>

#include "search_fixture.h"

#include "engine/search/importance.h"

double expected_best(const double *sorted, size_t n, size_t k); /* of reports/, whose headers name gates as ours do */

/* ---- whole searches of a formula ------------------------------------------------------------------------------------- */

struct formula {
    double (*cost)(const struct evaluation *evaluation);
    bool dawdle;                                          /* every evaluation takes its own time */
    double (*other)(const struct evaluation *evaluation); /* a second objective; NULL: none */
};
static int name_formula(void *context, struct evaluation *evaluation) {
    (void)context;
    snprintf(evaluation->key, sizeof evaluation->key, "%016zx", evaluation->trial);
    return GW_OK;
}
static int run_formula(void *context, struct evaluation *evaluation) {
    const struct formula *f = context;
    if (f->dawdle) usleep((useconds_t)((evaluation->trial * 7 + evaluation->rung * 3) % 5 * 300));
    evaluation->cost[0] = f->cost(evaluation);
    if (f->other) evaluation->cost[1] = f->other(evaluation);
    evaluation->state = EVALUATION_DONE;
    return GW_OK;
}

/* Two numbers, a choice, and a number that is only there for one of its values. */
static struct search *formula_search(const char *strategy, size_t trials, size_t lag) {
    struct search *s = mem_calloc(1, sizeof *s);
    assert_non_null(s);
    gw_param_defaults(&search_params, &s->settings);
    assert_ok(gw_param_set(&search_params, &s->settings, "strategy", strategy));
    s->settings.trials = trials;
    s->settings.lag = lag;
    s->searcher = searcher_at((size_t)s->settings.strategy);
    s->n_objectives = 1;
    s->space.n = 4;
    for (size_t d = 0; d < 4; d++)
        s->space.dim[d] = (struct dimension){.kind = SPACE_FLOAT, .low = -1, .high = 1, .parent = SIZE_MAX};
    s->space.dim[2].kind = SPACE_CHOICE;
    s->space.dim[2].n_choices = 3;
    s->space.dim[3].parent = 2;
    s->space.dim[3].when[1] = true;
    return s;
}
static void forget(struct search *s) {
    mem_free(s->evaluation);
    mem_free(s);
}

static double bowl(const struct evaluation *v) {
    const double x = v->point.u[0] - 0.3, y = v->point.u[1] - 0.8, z = isnan(v->point.u[3]) ? 0.5 : v->point.u[3] - 0.6;
    return x * x + y * y + z * z;
}

static void assert_same_search(const struct search *a, const struct search *b) {
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->evaluation[i].trial, b->evaluation[i].trial);
        assert_int_equal(a->evaluation[i].rung, b->evaluation[i].rung);
        assert_memory_equal(&a->evaluation[i].point, &b->evaluation[i].point, sizeof(struct point));
    }
}

static bool is_missing(const struct searcher *searcher) { return searcher->begin && searcher->begin() < 0; }

/* Workers that are ready in any order. */
static void test_every_searcher_is_the_same_for_any_workers(void **state) {
    (void)state;
    for (size_t i = 0; searcher_at(i); i++) {
        if (is_missing(searcher_at(i))) continue;
        struct formula quick = {bowl, false, NULL}, slow = {bowl, true, NULL};
        struct search *one = formula_search(searcher_at(i)->name, 40, 3);
        if (one->searcher->sequential) one->settings.lag = 1;
        assert_ok(search_work(one, &(struct evaluator){name_formula, run_formula, &quick}, 1, NULL, -1));
        assert_true(one->n >= 40 || one->searcher->finite);
        for (size_t jobs = 2; jobs <= 4; jobs += 2) {
            struct search *many = formula_search(searcher_at(i)->name, 40, one->settings.lag);
            assert_ok(search_work(many, &(struct evaluator){name_formula, run_formula, &slow}, jobs, NULL, -1));
            assert_same_search(one, many);
            forget(many);
        }
        struct search *other = formula_search(searcher_at(i)->name, 40, one->settings.lag);
        other->settings.seed = 2;
        assert_ok(search_work(other, &(struct evaluator){name_formula, run_formula, &quick}, 1, NULL, -1));
        bool same = one->n == other->n;
        for (size_t k = 0; same && k < one->n; k++)
            same = one->evaluation[k].point.u[0] == other->evaluation[k].point.u[0];
        if (!one->searcher->finite && strcmp(one->searcher->name, "nlopt") != 0)
            assert_false(same); /* DIRECT draws nothing */
        forget(other);
        forget(one);
    }
}

/* ASHA with each of those who can propose its trials; they propose others than chance does. */
static void test_proposed_trials_are_the_same_for_any_workers(void **state) {
    (void)state;
    static const char *const sampler[] = {"random", "tpe", "gp"};
    struct search *one[COUNT_OF(sampler)];
    for (size_t i = 0; i < COUNT_OF(sampler); i++) {
        struct formula quick = {bowl, false, NULL}, slow = {bowl, true, NULL};
        struct search *many = formula_search("asha", 40, 3);
        one[i] = formula_search("asha", 40, 3);
        assert_ok(gw_param_set(&search_params, &one[i]->settings, "sampler", sampler[i]));
        assert_ok(gw_param_set(&search_params, &many->settings, "sampler", sampler[i]));
        assert_ok(search_work(one[i], &(struct evaluator){name_formula, run_formula, &quick}, 1, NULL, -1));
        assert_ok(search_work(many, &(struct evaluator){name_formula, run_formula, &slow}, 3, NULL, -1));
        assert_same_search(one[i], many);
        forget(many);
    }
    for (size_t i = 1; i < COUNT_OF(sampler); i++) {
        size_t proposed = 0, begun = 0;
        for (size_t k = 0; k < one[i]->n; k++) {
            const struct evaluation *v = &one[i]->evaluation[k];
            bool by_chance = false;
            if (v->rung > 0) continue;
            for (size_t j = 0; j < one[0]->n; j++)
                by_chance |= one[0]->evaluation[j].rung == 0 && one[0]->evaluation[j].trial == v->trial &&
                             one[0]->evaluation[j].point.u[0] == v->point.u[0];
            proposed += !by_chance;
            begun++;
        }
        assert_int_equal(begun, 40);
        assert_true(proposed > 15 && proposed < 38); /* a quarter are by chance all the same, and the first few */
    }
    for (size_t i = 0; i < COUNT_OF(sampler); i++) forget(one[i]);
}

static const char *joint; /* of tpe; NULL: as it is */

static double mean_best(const char *strategy, size_t trials) {
    enum { SEEDS = 20 };
    double best = 0;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct formula f = {bowl, false, NULL};
        struct search *s = formula_search(strategy, trials, 1);
        s->settings.seed = seed;
        if (joint) assert_ok(gw_param_set(&search_params, &s->settings, "joint", joint));
        assert_ok(search_work(s, &(struct evaluator){name_formula, run_formula, &f}, 1, NULL, -1));
        assert_ok(search_choose(s));
        best += s->evaluation[s->chosen].cost[0] / SEEDS;
        forget(s);
    }
    return best;
}

/* Of twenty seeds the mean best of a quarter of the trials is below that of random ones; each key by itself needs half of them. */
static void test_tpe_learns(void **state) {
    (void)state;
    const double random = mean_best("random", 100), tpe[] = {mean_best("tpe", 25), mean_best("tpe", 100)};
    if (!(tpe[0] < random) || !(tpe[1] < 0.1 * random)) fail_msg("random %g; tpe %g, %g", random, tpe[0], tpe[1]);
    joint = "false";
    const double apart[] = {mean_best("tpe", 50), mean_best("tpe", 100)};
    joint = NULL;
    if (!(apart[0] < random) || !(apart[1] < 0.6 * random))
        fail_msg("random %g; keys by themselves %g, %g", random, apart[0], apart[1]);
}

/* The same of a quarter of the trials of a Gaussian process, far below. */
static void test_gp_learns(void **state) {
    (void)state;
    const double random = mean_best("random", 100), gp = mean_best("gp", 25);
    if (!(gp < 0.1 * random)) fail_msg("random %g; gp %g", random, gp);
}

static double hollow(const struct evaluation *v) {
    const double x = v->point.u[0] - 0.7, y = v->point.u[1] - 0.2;
    return x * x + y * y;
}

/* Two bowls: what lies between their bottoms is on the front; the largest gap to it along three ways across. */
static double gap_of_front(const char *strategy, size_t trials) {
    enum { SEEDS = 10 };
    double gap = 0;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct formula f = {bowl, false, hollow};
        struct search *s = formula_search(strategy, trials, 1);
        s->settings.seed = seed;
        s->n_objectives = 2;
        assert_ok(search_work(s, &(struct evaluator){name_formula, run_formula, &f}, 1, NULL, -1));
        for (int way = 1; way <= 3; way++) {
            double best = INFINITY;
            for (size_t i = 0; i < s->n; i++)
                best = fmin(best, way * s->evaluation[i].cost[0] + (4 - way) * s->evaluation[i].cost[1]);
            const double least = way * (4 - way) / 4.0 * (0.4 * 0.4 + 0.6 * 0.6);
            gap += (best - least) / (3 * SEEDS);
        }
        forget(s);
    }
    return gap;
}

/* All that did not fail are the same, or all failed so far. */
static double nothing(const struct evaluation *v) { return v->trial % 3 ? (double)INFINITY : 0.5; }
static void test_gp_goes_on_without_results(void **state) {
    (void)state;
    struct formula f = {nothing, false, NULL};
    struct search *s = formula_search("gp", 20, 2);
    assert_ok(search_work(s, &(struct evaluator){name_formula, run_formula, &f}, 1, NULL, -1));
    assert_int_equal(s->n, 20);
    forget(s);
}

static void test_gp_finds_a_front(void **state) {
    (void)state;
    const double random = gap_of_front("random", 100), gp = gap_of_front("gp", 40);
    if (!(gp > 0) || !(gp < 0.5 * random)) fail_msg("random %g; gp %g", random, gp);
}

static void test_nlopt_finds_the_bottom(void **state) {
    (void)state;
    if (is_missing(&searcher_nlopt)) skip();
    struct formula f = {bowl, false, NULL};
    struct search *s = formula_search("nlopt", 150, 1);
    assert_ok(gw_param_set(&search_params, &s->settings, "algorithm", "LN_BOBYQA"));
    s->space.n = 2;
    assert_ok(search_work(s, &(struct evaluator){name_formula, run_formula, &f}, 1, NULL, -1));
    assert_ok(search_choose(s));
    assert_true(s->n < 150); /* it has converged */
    assert_true(fabs(s->evaluation[s->chosen].point.u[0] - 0.3) < 1e-3);
    assert_true(fabs(s->evaluation[s->chosen].point.u[1] - 0.8) < 1e-3);
    forget(s);
}

/* ---- halving ---------------------------------------------------------------------------------------------------------- */

static double tally(const struct evaluation *v) { return (double)((v->trial * 7919 + v->rung * 31 + 5) % 101); }

/* Who goes on when: as an implementation has it that knows the results in the order of decisions. */
static void test_asha_promotes_in_order(void **state) {
    (void)state;
    struct table t;
    assert_ok(table_read("tests/golden/search_asha.csv", &t));
    for (size_t lag = 1, row = 0; lag <= 3; lag += 2) {
        struct formula f = {tally, true, NULL};
        struct search *s = formula_search("asha", 27, lag);
        assert_ok(search_work(s, &(struct evaluator){name_formula, run_formula, &f}, 3, NULL, -1));
        for (size_t i = 0; i < s->n; i++, row++) {
            assert_int_equal((size_t)number(&t, row, "lag"), lag);
            assert_int_equal(s->evaluation[i].trial, (size_t)number(&t, row, "trial"));
            assert_int_equal(s->evaluation[i].rung, (size_t)number(&t, row, "rung"));
            assert_true(fabs(s->evaluation[i].budget - pow(3, (double)s->evaluation[i].rung - 2)) < 1e-15);
        }
        assert_true(row == t.n_rows || (size_t)number(&t, row, "lag") != lag);
        forget(s);
    }
    table_free(&t);
}

/* 27, the best 9 of them, the best 3 of those, best first. */
static void test_halving_keeps_the_best_third(void **state) {
    (void)state;
    struct formula f = {tally, true, NULL};
    struct search *s = formula_search("halving", 27, 4);
    assert_ok(search_work(s, &(struct evaluator){name_formula, run_formula, &f}, 4, NULL, -1));
    assert_int_equal(s->n, 27 + 9 + 3);
    assert_true(fabs(rungs_budget(s) - 7) < 1e-12); /* 27 / 9, and of 9 two ninths more, and of 3 six ninths more */
    for (size_t i = 27; i < s->n; i++) {
        const size_t begin = i < 36 ? 0 : 27, end = i < 36 ? 27 : 36, rank = i - end;
        size_t better = 0, trial = s->evaluation[i].trial;
        const struct evaluation *from = NULL;
        for (size_t j = begin; j < end; j++)
            if (s->evaluation[j].trial == trial) from = &s->evaluation[j];
        assert_non_null(from);
        for (size_t j = begin; j < end; j++)
            better += s->evaluation[j].cost[0] < from->cost[0] ||
                      (s->evaluation[j].cost[0] == from->cost[0] && &s->evaluation[j] < from);
        assert_int_equal(better, rank);
        assert_int_equal(s->evaluation[i].rung, i < 36 ? 1 : 2);
    }
    assert_ok(search_choose(s));
    assert_int_equal(s->evaluation[s->chosen].rung, 2);
    forget(s);
}

/* ---- fronts ------------------------------------------------------------------------------------------------------------- */

static void test_fronts(void **state) {
    (void)state;
    const double cost[][2] = {{1, 5}, {2, 2}, {5, 1}, {3, 3}, {2, 2}, {6, 6}, {INFINITY, INFINITY}, {1.5, 3.5}};
    const size_t want_front[] = {0, 0, 0, 1, 0, 2, 3, 0};
    struct evaluation evaluation[8] = {{0}};
    size_t index[8], front[8];
    for (size_t i = 0; i < 8; i++) {
        memcpy(evaluation[i].cost, cost[i], sizeof cost[i]);
        index[i] = i;
    }
    assert_ok(rank_evaluations(evaluation, 2, index, 8, front));
    for (size_t i = 0; i < 8; i++) assert_int_equal(front[i], want_front[index[i]]);
    assert_int_equal(index[0], 0); /* the ends of the front first, as they came */
    assert_int_equal(index[1], 2);
    assert_int_equal(index[7], 6);
    for (size_t i = 0; i < 8; i++) index[i] = i;
    assert_ok(rank_evaluations(evaluation, 1, index, 8, front));
    assert_int_equal(index[0], 0);
    assert_int_equal(index[1], 7);
    assert_int_equal(index[2], 1);
    assert_int_equal(index[3], 4);
    assert_int_equal(front[2], front[3]);
}

/* ---- what is made of the trials ------------------------------------------------------------------------------------------ */

/* 3 x + y over the unit cube: nine tenths of the variance are x's, a tenth y's, none the third's. */
static void test_importance(void **state) {
    (void)state;
    enum { N = 400, KEYS = 3 };
    double x[N * KEYS], y[N], share[KEYS];
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "test importance", 0, 0, 0);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < KEYS; k++) x[i * KEYS + k] = gw_rng_uniform(&rng);
        y[i] = 3 * x[i * KEYS] + x[i * KEYS + 1];
    }
    assert_ok(key_importance(x, y, N, KEYS, 1, share));
    if (fabs(share[0] - 0.9) > 0.05 || fabs(share[1] - 0.1) > 0.05 || share[2] > 0.01)
        fail_msg("shares %g, %g, %g", share[0], share[1], share[2]);
    for (int i = 0; i < N; i++) y[i] = (x[i * KEYS] - 0.5) * (x[i * KEYS + 1] - 0.5); /* neither alone */
    assert_ok(key_importance(x, y, N, KEYS, 1, share));
    assert_true(share[0] + share[1] + share[2] < 0.25);
    assert_ok(key_importance(x, y, 5, KEYS, 1, share));
    assert_true(isnan(share[0]));
}

/* Against all ways to draw. */
static void test_expected_best(void **state) {
    (void)state;
    const double sorted[] = {1, 2, 4, 8, 16};
    assert_true(fabs(expected_best(sorted, 5, 1) - 31.0 / 5) < 1e-12);
    assert_true(fabs(expected_best(sorted, 5, 2) - (2 * 1 + 4 * 2 + 8 * 3 + 16 * 4) / 10.0) < 1e-12);
    assert_true(fabs(expected_best(sorted, 5, 4) - (16 * 4 + 8) / 5.0) < 1e-12);
    assert_true(expected_best(sorted, 5, 5) == 16 && expected_best(sorted, 5, 9) == 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gp_goes_on_without_results),
        cmocka_unit_test(test_every_searcher_is_the_same_for_any_workers),
        cmocka_unit_test(test_proposed_trials_are_the_same_for_any_workers),
        cmocka_unit_test(test_tpe_learns),
        cmocka_unit_test(test_gp_learns),
        cmocka_unit_test(test_gp_finds_a_front),
        cmocka_unit_test(test_nlopt_finds_the_bottom),
        cmocka_unit_test(test_asha_promotes_in_order),
        cmocka_unit_test(test_halving_keeps_the_best_third),
        cmocka_unit_test(test_fronts),
        cmocka_unit_test(test_importance),
        cmocka_unit_test(test_expected_best),
    };
    progress_quiet(true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
