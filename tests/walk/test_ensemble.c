/* Ensembles: the mean of a strategy's seeds as a contestant of its own, with thresholds from the mean on validation. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/score/mixture.h"
#include "rundir.h"

static const char experiment_text[] =
    "{'name':'ensemble','data':[{'file':'EARLY.csv','symbol':'WALK','interval':'15m'}],"
    "'features':['log_return(1)','range'],'labels':{'horizon':6,'min_move':0.002},"
    "'folds':{'train':200,'validation':100,'test':90},'signals':{'k':[5],'act_on':5},"
    "'model':{'lookback':6,'hidden':4,'dense_units':4},'training':{'epochs':2},'seeds':3,"
    "'verdict':{'bootstrap':100,'null_resamples':0,'random_entries':20,'importance':false},"
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
    ensemble_free(&m->mean.ensemble);
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

/* ---- weights of validation -------------------------------------------------------------------------------------------- */

static void test_mixture(void **state) {
    (void)state;
    /* Two members, one right three times in four and sure of it, one that knows nothing. With a of the first the likelihood is
     * (.5 + .4 a)^3 (.5 - .4 a), whose maximum lies where 1.2 (.5 - .4 a) = .4 (.5 + .4 a): a = 5/8. */
    static const double row[4][2] = {{.9, .5}, {.9, .5}, {.9, .5}, {.1, .5}};
    double weight[3];
    mixture_weights(row[0], 4, 2, weight);
    assert_near(weight[0], .625, 1e-6, 0);
    assert_near(weight[1], .375, 1e-6, 0);
    /* One better on every row gets all of it. */
    static const double better[2][3] = {{.8, .3, .6}, {.7, .4, .5}};
    mixture_weights(better[0], 2, 3, weight);
    assert_near(weight[0], 1, 1e-6, 0);
    assert_true(weight[1] >= 0 && weight[2] >= 0);
    assert_near(weight[0] + weight[1] + weight[2], 1, 1e-12, 0);
    mixture_weights(NULL, 0, 3, weight); /* nothing to learn from */
    for (size_t i = 0; i < 3; i++) assert_near(weight[i], 1. / 3, 1e-15, 0);
}

static const char learned_text[] =
    "{'name':'ensemble','data':[{'file':'EARLY.csv','symbol':'WALK','interval':'15m'}],"
    "'features':['log_return(1)','range'],'labels':{'horizon':6,'min_move':0.002},"
    "'folds':{'train':200,'validation':100,'test':90},'signals':{'k':[5],'act_on':5},"
    "'model':{'lookback':6,'hidden':4,'dense_units':4},'training':{'epochs':2},'seeds':2,"
    "'verdict':{'bootstrap':100,'null_resamples':0,'random_entries':20,'importance':false},"
    "'strategies':[{'name':'lstm','strategy':'gate'},{'name':'floor','strategy':'gate','model':{'encoder':'logistic'}},"
    "{'name':'mean','strategy':'gate','ensemble_of':'floor, lstm','weights':'validation'}]}";

static void learn(struct experiment *e, struct prepared **p, struct fit_list *fits, struct ensemble *out) {
    char models[700];
    assert_ok(prepare(e, p));
    assert_ok(path_join(models, sizeof models, scratch("learned"), GW_RUN_MODELS));
    assert_ok(dir_make(models));
    assert_ok(fits_plan(e, *p, (*p)->plan.n_folds, scratch("learned"), fits));
    assert_ok(fits_execute(e, *p, fits, 1));
    memset(out, 0, sizeof *out);
    assert_ok(ensemble_make(e, *p, fits, 2, out));
}

/* Mean log likelihood of a fold's validation slice under weights. */
static double likelihood(const struct prepared *p, const struct fit_list *fits, const struct ensemble *ensemble,
                         size_t fold, size_t g, const double *weight) {
    const struct gw_range *r = &p->plan.fold[fold].samples[GW_SLICE_VALIDATION][0];
    double sum = 0;
    for (size_t t = r->begin; t < r->end; t++) {
        const int8_t label = p->labels[0].gate[g][t];
        double mixed = 0;
        if (label == GW_LABEL_MISSING) continue;
        for (size_t i = 0; i < ensemble->n; i++)
            for (size_t k = 0; k < fits->n; k++)
                if (fits->fit[k].fold == fold && fits->fit[k].strategy == ensemble->member[i].strategy &&
                    fits->fit[k].seed == ensemble->member[i].seed)
                    mixed += weight[i] * (double)fits->fit[k].validation[(t - r->begin) * GW_N_GATES + g];
        sum += log(label ? mixed : 1 - mixed);
    }
    return sum;
}

/* No step between two members makes the labels of validation likelier. */
static void test_weights_are_the_best(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(learned_text);
    struct prepared *p;
    struct fit_list fits;
    struct ensemble ensemble;
    size_t unequal = 0;
    learn(e, &p, &fits, &ensemble);
    assert_int_equal(ensemble.n, 4);
    assert_int_equal(ensemble.member[0].strategy, 1); /* in the order they are named */
    assert_int_equal(ensemble.member[2].strategy, 0);
    for (size_t f = 0; f < p->plan.n_folds; f++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            double weight[4], sum = 0;
            for (size_t i = 0; i < 4; i++) {
                weight[i] = (double)ensemble.weight[(f * GW_N_GATES + g) * 4 + i];
                assert_true(weight[i] >= 0);
                unequal += fabs(weight[i] - .25) > .05;
                sum += weight[i];
            }
            assert_near(sum, 1, 1e-6, 0);
            const double best = likelihood(p, &fits, &ensemble, f, g, weight);
            for (size_t i = 0; i < 4; i++)
                for (size_t j = 0; j < 4; j++) {
                    const double step = fmin(.01, weight[i]);
                    double other[4];
                    memcpy(other, weight, sizeof other);
                    other[i] -= step;
                    other[j] += step;
                    const double than = likelihood(p, &fits, &ensemble, f, g, other);
                    if (than > best + 1e-5)
                        fail_msg("%zu %zu: %.9g beats %.9g by moving %zu to %zu (%g)", f, g, than, best, i, j,
                                 weight[i]);
                }
        }
    assert_true(unequal > p->plan.n_folds);
    ensemble_free(&ensemble);
    fits_free(&fits);
    prepared_free(p);
    experiment_free(e);
}

/* What the test slices hold, scores and labels, changes no weight. */
static void test_weights_do_not_see_the_test_slice(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(learned_text);
    struct prepared *p;
    struct fit_list fits;
    struct ensemble ensemble, poisoned = {.n = 0};
    learn(e, &p, &fits, &ensemble);
    const size_t last = p->plan.n_folds - 1, n = GW_N_GATES * ensemble.n;
    for (size_t k = 0; k < fits.n; k++)
        for (size_t i = 0; i < fits.fit[k].n_test * GW_N_GATES; i++)
            fits.fit[k].probability[i] = 1 - fits.fit[k].probability[i];
    const struct gw_range *test = &p->plan.fold[last].samples[GW_SLICE_TEST][0];
    for (size_t g = 0; g < GW_N_GATES; g++)
        for (size_t t = test->begin; t < p->market.symbol[0].n; t++) p->labels[0].gate[g][t] ^= 1;
    assert_ok(ensemble_make(e, p, &fits, 2, &poisoned));
    assert_memory_equal(ensemble.weight, poisoned.weight, p->plan.n_folds * n * sizeof(float));
    const struct gw_range *seen = &p->plan.fold[last].samples[GW_SLICE_VALIDATION][0];
    for (size_t t = seen->begin; t < seen->end; t++) /* while a label of validation does */
        if (p->labels[0].gate[0][t] != GW_LABEL_MISSING) p->labels[0].gate[0][t] ^= 1;
    ensemble_free(&poisoned);
    assert_ok(ensemble_make(e, p, &fits, 2, &poisoned));
    assert_true(memcmp(ensemble.weight + last * n, poisoned.weight + last * n, n * sizeof(float)) != 0);
    ensemble_free(&poisoned);
    ensemble_free(&ensemble);
    fits_free(&fits);
    prepared_free(p);
    experiment_free(e);
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
    refused("'ensemble_of':'lstm'", "'ensemble_of':'lstm,later'",
            "must name a strategy with a model that stands before");
    refused("'ensemble_of':'lstm'", "'ensemble_of':''", "must name a strategy");
    refused("'ensemble_of':'lstm'", "'ensemble_of':'lstm','weights':'best'", "weights");
    refused("'ensemble_of':'lstm'", "'weights':'validation'", "weights belong to an ensemble");
    refused("'ensemble_of':'lstm'", "'ensemble_of':3", "must name a strategy");
    refused("'ensemble_of':'lstm'", "'ensemble_of':'lstm','model':{'hidden':8}",
            "takes model and training from \"lstm\"");
    refused("{'name':'mean','strategy':'gate'", "{'name':'mean','strategy':'buy_and_hold'", "uses no model");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_of_seeds),
        cmocka_unit_test(test_threshold_of_the_mean),
        cmocka_unit_test(test_mixture),
        cmocka_unit_test(test_weights_are_the_best),
        cmocka_unit_test(test_weights_do_not_see_the_test_slice),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
