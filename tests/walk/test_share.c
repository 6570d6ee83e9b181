/* Contestants that only trade otherwise share their fits: done once, with the bytes that each would have had alone. */
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/walk/fits_share.h"
#include "rundir.h"

#define AROUND(strategies)                                                                                             \
    "{'name':'share','data':[{'file':'EARLY.csv','symbol':'WALK','interval':'15m'}],"                                  \
    "'features':['log_return(1)','range'],'labels':{'horizon':6,'min_move':0.002},"                                    \
    "'folds':{'train':200,'validation':100,'test':60},'signals':{'k':[5],'act_on':5},"                                 \
    "'model':{'lookback':6,'hidden':4,'dense_units':4},'training':{'epochs':2},'seeds':2,"                             \
    "'verdict':{'bootstrap':100,'null_resamples':0,'random_entries':20,'importance':true},'strategies':[" strategies   \
    "]}"
#define A    "{'name':'a','strategy':'gate'}"
#define WARM "{'name':'warm','strategy':'gate','training':{'retrain':'warm'}}"
#define B    "{'name':'b','strategy':'gate','trading':{'target_moves':2},'costs':{'taker_bps':1}}"
#define LATE "{'name':'late','strategy':'gate','training':{'retrain':'warm'},'trading':{'trade_short':false}}"
#define WIDE "{'name':'wide','strategy':'gate','model':{'hidden':8}}"

enum { A_, WARM_, WIDE_, B_, LATE_ };

struct walked {
    struct experiment *e;
    struct prepared *p;
    struct fit_list fits;
};

static void walk(struct walked *w, const char *strategies, const char *dir) {
    char models[700], text[1600];
    snprintf(text, sizeof text, AROUND("%s"), strategies);
    *w = (struct walked){.e = fixture_experiment(text)};
    assert_ok(prepare(w->e, &w->p));
    assert_ok(path_join(models, sizeof models, scratch(dir), GW_RUN_MODELS));
    assert_ok(dir_make(models));
    assert_ok(fits_plan(w->e, w->p, w->p->plan.n_folds, scratch(dir), &w->fits));
    assert_ok(fits_execute(w->e, w->p, &w->fits, 2));
}

static void drop(struct walked *w) {
    fits_free(&w->fits);
    prepared_free(w->p);
    experiment_free(w->e);
}

static void same_file(const char *a, const char *b) {
    size_t n, m;
    char *x = rundir_read(a, &n), *y = rundir_read(b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
    mem_free(x);
    mem_free(y);
}

/* Fits of one strategy of a walk against those of another's. */
static void same_fits(const struct walked *a, size_t s, const struct walked *b, size_t t) {
    size_t n = 0;
    for (size_t i = 0; i < a->fits.n; i++)
        for (size_t j = 0; j < b->fits.n; j++) {
            const struct fit *x = &a->fits.fit[i], *y = &b->fits.fit[j];
            if (x->strategy != s || y->strategy != t || x->fold != y->fold || x->seed != y->seed) continue;
            assert_string_equal(x->key, y->key);
            assert_int_equal(x->n_test, y->n_test);
            assert_memory_equal(x->probability, y->probability, x->n_test * GW_N_GATES * sizeof(float));
            assert_memory_equal(x->permutation, y->permutation, GW_N_GATES * 2 * sizeof(double));
            assert_memory_equal(x->tau, y->tau, sizeof *x->tau);
            assert_int_equal(x->log.n_epochs, y->log.n_epochs);
            same_file(x->model_path, y->model_path);
            n++;
        }
    assert_int_equal(n, 2 * a->p->plan.n_folds);
}

static void test_shared_fits_are_those_of_each_alone(void **state) {
    (void)state;
    struct walked all, one, other;
    walk(&all, A "," WARM "," WIDE "," B "," LATE, "all");
    walk(&one, B, "one");
    walk(&other, LATE, "other");
    assert_int_equal(all.fits.n, 5 * 2 * all.p->plan.n_folds);
    assert_int_equal(all.fits.n_shared, 2 * 2 * all.p->plan.n_folds);
    assert_int_equal(one.fits.n_shared, 0);
    static const size_t of[] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, A_, WARM_};
    for (size_t s = 0; s < COUNT_OF(of); s++) assert_int_equal(fits_share_of(&all.fits, s), of[s]);
    same_fits(&all, B_, &all, A_);
    same_fits(&all, B_, &one, 0);
    same_fits(&all, LATE_, &all, WARM_);
    same_fits(&all, LATE_, &other, 0);
    drop(&other);
    drop(&one);
    drop(&all);
}

/* Begun anew with one more contestant in front: what is stored under the other's name is found. */
static void test_models_under_another_name(void **state) {
    (void)state;
    struct walked first, second;
    walk(&first, B, "names");
    walk(&second, A "," B, "names");
    assert_int_equal(second.fits.n_reused, second.fits.n);
    same_fits(&first, 0, &second, A_);
    drop(&second);
    drop(&first);
}

/* verify loads what the run's contestants shared once for each of them. */
static void test_what_verify_loads_is_released(void **state) {
    (void)state;
    char text[1600];
    snprintf(text, sizeof text, AROUND("%s"), A "," WARM "," B "," LATE);
    struct experiment *e = fixture_experiment(text);
    assert_ok(rundir_run(e, "verified", 2));
    experiment_free(e);
    rundir_verify(scratch("verified"));
    char events[700];
    snprintf(events, sizeof events, "%.600s", scratch("verified.jsonl"));
    const size_t live = mem_live_bytes();
    assert_ok(verify_events(scratch("verified"), events, NULL));
    assert_int_equal(mem_live_bytes(), live);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_fits_are_those_of_each_alone),
        cmocka_unit_test(test_models_under_another_name),
        cmocka_unit_test(test_what_verify_loads_is_released),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
