/* Ensembles: the mean of a strategy's seeds as a contestant of its own, with thresholds from the mean on validation. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "rundir.h"

static const char experiment_text[] =
    "{'name':'ensemble','data':[{'file':'EARLY.csv','symbol':'WALK','interval':'15m'}],"
    "'features':['log_return(1)','range'],'labels':{'horizon':6,'min_move':0.002},"
    "'folds':{'train':200,'validation':100,'test':90},'signals':{'k':[5],'act_on':5},"
    "'model':{'lookback':6,'hidden':4,'dense_units':4},'training':{'epochs':2},'seeds':3,"
    "'verdict':{'bootstrap':100,'null_resamples':0,'importance':false},"
    "'strategies':[{'name':'lstm','strategy':'gate'},{'name':'mean','strategy':'gate','ensemble_of':'lstm'}]}";

/* Fits, index and both contestants' scores, as a run makes them. */
struct made {
    struct experiment *e;
    struct prepared *p;
    struct fit_list fits;
    struct score_set set;
    struct contestant_scores member[3], mean;
};

static void make(struct made *m, struct experiment *e) {
    char models[700];
    memset(m, 0, sizeof *m);
    m->e = e;
    assert_ok(prepare(e, &m->p));
    assert_ok(path_join(models, sizeof models, scratch("ensemble"), GW_RUN_MODELS));
    assert_ok(dir_make(models));
    assert_ok(fits_plan(e, m->p, m->p->plan.n_folds, scratch("ensemble"), &m->fits));
    assert_ok(fits_execute(e, m->p, &m->fits, 1));
    assert_ok(scores_index(e, m->p, &m->set));
    for (size_t k = 0; k < 3; k++) assert_ok(scores_collect(e, m->p, &m->set, &m->fits, 0, k, &m->member[k]));
    assert_ok(scores_collect(e, m->p, &m->set, &m->fits, 1, 0, &m->mean));
}

static void drop(struct made *m) {
    for (size_t k = 0; k < 3; k++) mem_free(m->member[k].at);
    mem_free(m->mean.at);
    scores_free(&m->set);
    fits_free(&m->fits);
    prepared_free(m->p);
    experiment_free(m->e);
}

static void test_mean_of_seeds(void **state) {
    (void)state;
    struct made m;
    make(&m, fixture_experiment(experiment_text));
    assert_int_equal(m.fits.n, 3 * m.p->plan.n_folds); /* the ensemble trains nothing */
    size_t differing = 0;
    for (size_t i = 0; i < m.set.n; i++)
        for (int g = 0; g < GW_N_GATES; g++) {
            double sum = 0;
            for (size_t k = 0; k < 3; k++) sum += (double)m.member[k].at[i].p[g];
            assert_near((double)m.mean.at[i].p[g], sum / 3, 1e-6, 0);
            differing += m.member[0].at[i].p[g] != m.mean.at[i].p[g];
        }
    assert_true(differing > m.set.n); /* seeds differ, or the mean proves nothing */
    drop(&m);
}

static int descending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* tau: the 5 % quantile of the seeds' mean on the fold's validation slice, recomputed from the fits. */
static void test_threshold_of_the_mean(void **state) {
    (void)state;
    struct made m;
    make(&m, fixture_experiment(experiment_text));
    for (size_t f = 0, i = 0; f < m.p->plan.n_folds; f++) {
        const struct gw_range *r = &m.p->plan.fold[f].samples[GW_SLICE_VALIDATION][0];
        size_t n = r->end - r->begin, keep = (size_t)ceil(0.05 * (double)n);
        double *mean = mem_calloc(n, sizeof *mean);
        assert_non_null(mean);
        for (size_t k = 0; k < m.fits.n; k++)
            if (m.fits.fit[k].fold == f)
                for (size_t v = 0; v < n; v++) mean[v] += (double)m.fits.fit[k].validation[v * GW_N_GATES] / 3;
        qsort(mean, n, sizeof *mean, descending);
        assert_int_equal(m.set.bar[i].fold, f);
        for (; i < m.set.n && m.set.bar[i].fold == f; i++)
            assert_near((double)m.mean.at[i].tau[GW_GATE_LONG], mean[keep - 1], 1e-6, 0);
        mem_free(mean);
    }
    drop(&m);
}

static void refused(const char *replace, const char *with, const char *part) {
    char text[2000];
    struct experiment *e = NULL;
    const char *at = strstr(experiment_text, replace);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - experiment_text), experiment_text, with, at + strlen(replace));
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    scratch_write("bad.json", text, strlen(text));
    assert_fails(experiment_load(scratch("bad.json"), NULL, &e), GW_ERR_CONFIG, part);
}

static void test_refusals(void **state) {
    (void)state;
    refused("'ensemble_of':'lstm'", "'ensemble_of':'mean'", "must name a strategy with a model that stands before it");
    refused("'ensemble_of':'lstm'", "'ensemble_of':3", "must name a strategy");
    refused("'ensemble_of':'lstm'", "'ensemble_of':'lstm','model':{'hidden':8}",
            "takes model and training from \"lstm\"");
    refused("{'name':'mean','strategy':'gate'", "{'name':'mean','strategy':'buy_and_hold'", "uses no model");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_of_seeds),
        cmocka_unit_test(test_threshold_of_the_mean),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
