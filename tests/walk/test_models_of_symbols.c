/* A model for each symbol or group is the model that these symbols would have alone: the same weights, scores and thresholds. */
#include <unistd.h>

#include "engine/audit/audit.h"
#include "engine/audit/verify.h"
#include "engine/base/base.h"
#include "rundir.h"

enum { N_SYMBOLS = 4, N_BARS = 420, LATE = 3 };

#define AROUND(data, strategies)                                                                                       \
    "{'name':'models','data':[" data "],'features':['log_return(1)','range','regime(2)'],"                             \
    "'labels':{'horizon':6,'min_move':0.002},'folds':{'train':150,'validation':60,'test':60},"                         \
    "'signals':{'k':[5],'act_on':5},'model':{'lookback':4,'hidden':4,'dense_units':4},"                                \
    "'training':{'epochs':2,'batch_size':32},'seeds':2,"                                                               \
    "'verdict':{'bootstrap':100,'null_resamples':0,'importance':true},'strategies':[" strategies "]}"
#define A       "{'file':'A.csv','group':'odd'}"
#define B       "{'file':'B.csv','group':'even'}"
#define C       "{'file':'C.csv','group':'odd'}"
#define L       "{'file':'LATE.csv','group':'even'}"
#define ALL     A "," B "," C "," L
#define POOLED  "{'name':'lstm','strategy':'gate'}"
#define SYMBOLS "{'name':'lstm','strategy':'gate','models':'per_symbol'}"
#define GROUPS  "{'name':'lstm','strategy':'gate','models':'per_group'}"
#define WARM    "{'name':'warm','strategy':'gate','models':'per_symbol','training':{'retrain':'warm'}}"
#define WATCHED                                                                                                        \
    "{'name':'watched','strategy':'gate','models':'per_symbol','model':{'attention':'bahdanau','attention_units':4}}"

static int make_bars(void **state) {
    static const char *const name[N_SYMBOLS] = {"A", "B", "C", "LATE"};
    if (rundir_setup(state) != 0) return -1;
    for (size_t s = 0; s < N_SYMBOLS; s++) {
        struct gw_bars bars;
        char file[64];
        fixture_walk(&bars, name[s], s == LATE ? N_BARS - 200 : N_BARS, 90 + s, s == LATE ? 200 : 0, 0);
        snprintf(file, sizeof file, "%s.csv", name[s]);
        assert_ok(gw_bars_write_csv(&bars, scratch(file)));
        gw_bars_free(&bars);
    }
    return 0;
}

struct walked {
    struct experiment *e;
    struct prepared *p;
    struct fit_list fits;
};

static void walk(struct walked *w, const char *text, const char *dir) {
    char models[700];
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

/* All fits of `alone` are among those of `apart`, with the same key, scores, thresholds and stored model. */
static void same_as_alone(const struct walked *apart, const char *label, const struct walked *alone) {
    size_t found = 0;
    for (size_t i = 0; i < alone->fits.n; i++)
        for (size_t j = 0; j < apart->fits.n; j++) {
            const struct fit *x = &alone->fits.fit[i], *y = &apart->fits.fit[j];
            if (x->fold != y->fold || x->seed != y->seed || strcmp(y->label, label) != 0) continue;
            size_t n, m;
            char *a = rundir_read(x->model_path, &n), *b = rundir_read(y->model_path, &m);
            assert_string_equal(x->key, y->key);
            assert_int_equal(x->n_test, y->n_test);
            assert_memory_equal(x->probability, y->probability, x->n_test * GW_N_GATES * sizeof(float));
            assert_memory_equal(x->tau, y->tau, fit_count_symbols(apart->p, y) * sizeof *x->tau);
            assert_memory_equal(x->permutation, y->permutation, GW_N_GATES * 3 * sizeof(double));
            assert_int_equal(n, m);
            assert_memory_equal(a, b, n);
            mem_free(a);
            mem_free(b);
            found++;
        }
    assert_int_equal(found, alone->fits.n);
    assert_true(found > 4);
}

static void a_symbol_has_the_model_of_itself_alone(void **state) {
    (void)state;
    static const char *const alone[] = {A, B, C};
    static const char *const label[] = {"A", "B", "C"};
    struct walked apart, one;
    char text[1600], dir[16];
    walk(&apart, AROUND(ALL, SYMBOLS), "symbols");
    for (size_t s = 0; s < COUNT_OF(alone); s++) {
        snprintf(text, sizeof text, AROUND("%s", POOLED), alone[s]);
        snprintf(dir, sizeof dir, "alone%zu", s);
        walk(&one, text, dir);
        same_as_alone(&apart, label[s], &one);
        drop(&one);
    }
    drop(&apart);
}

static void a_group_has_the_model_of_its_symbols_alone(void **state) {
    (void)state;
    struct walked apart, two;
    walk(&apart, AROUND(ALL, GROUPS), "groups");
    walk(&two, AROUND(A "," C, POOLED), "odd");
    same_as_alone(&apart, "odd", &two);
    drop(&two);
    walk(&two, AROUND(B "," L, POOLED), "even");
    same_as_alone(&apart, "even", &two);
    drop(&two);
    drop(&apart);
}

/* Put together every bar has what its symbol's own model says; a symbol that cannot be trained on yet is not scored. */
static void together_they_speak_as_one(void **state) {
    (void)state;
    struct walked w;
    struct results r;
    size_t n_unknown = 0, n_known = 0;
    walk(&w, AROUND(ALL, SYMBOLS), "symbols");
    assert_int_equal(w.fits.n_reused, w.fits.n); /* as the first test has left them */
    assert_ok(results_replay(w.e, w.p, &w.fits, NULL, &r));
    for (size_t i = 0; i < r.scores.n; i++) {
        const struct test_bar *at = &r.scores.bar[i];
        const struct gw_range *own = &w.p->plan.fold[at->fold].samples[GW_SLICE_TEST][at->symbol];
        const struct gw_score *score = &r.strategy[0].seed[1].scores.at[i];
        const struct fit *fit = NULL;
        for (size_t f = 0; f < w.fits.n; f++)
            if (w.fits.fit[f].fold == at->fold && w.fits.fit[f].seed == 1 && w.fits.fit[f].group == at->symbol)
                fit = &w.fits.fit[f];
        n_unknown += !fit;
        n_known += fit != NULL;
        for (int g = 0; g < GW_N_GATES; g++) {
            if (!fit) assert_true(isnan(score->p[g]) && isinf(score->tau[g]));
            if (fit) assert_true(score->p[g] == fit->probability[(at->bar - own->begin) * GW_N_GATES + (size_t)g]);
            if (fit) assert_true(score->tau[g] == fit->tau[0][g]);
        }
    }
    assert_true(n_unknown > 20 && n_known > 200);
    results_free(w.e, &r);
    drop(&w);
}

/* A whole run with such contestants: the same for any number of threads, verified, and nothing in it looks ahead. */
static void runs_verified_and_audited(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(AROUND(ALL, POOLED "," WARM "," WATCHED));
    struct verify_report verified;
    struct audit_report audited;
    struct prepared *p;
    assert_ok(rundir_run(e, "whole", 2));
    assert_ok(rundir_run(e, "again", 1));
    assert_true(rundir_compare(scratch("whole"), scratch("again")) > 60);
    const struct verify_options options = {.n_refits = 6, .jobs = 2};
    assert_ok(verify_run(scratch("whole"), &options, &verified));
    for (size_t i = 0; i < verified.n; i++)
        if (!verified.file[i].same) fail_msg("%s differs: %s", verified.file[i].name, verified.file[i].text);
    assert_int_equal(verified.n_refits, 6);
    verify_report_free(&verified);
    experiment_free(e);
    e = fixture_experiment(AROUND(A "," B, POOLED "," WARM "," WATCHED));
    assert_ok(prepare(e, &p));
    const struct audit_options cuts = {.n_cuts = 6, .n_refits = 1, .jobs = 2, .models = ""};
    assert_ok(audit_experiment(e, p, &cuts, &audited));
    const enum audit_stage stage = audit_first(&audited.found);
    if (stage < N_STAGES) fail_msg("stage %d: %s", stage, audited.found.first[stage].value);
    assert_true(audited.n_refits >= 3 && audited.found.n_compared[STAGE_PROBABILITY] > 1000);
    audit_report_free(&audited);
    prepared_free(p);
    experiment_free(e);
}

static void what_cannot_be(void **state) {
    (void)state;
    static const char *const refused[][2] = {
        {AROUND("'A.csv'", GROUPS), "has no group; give its entry in \"data\" a \"group\""},
        {AROUND("'A.csv'", "{'name':'x','strategy':'sma_cross','models':'per_symbol'}"), "this one trains none"},
        {AROUND("'A.csv'", POOLED ",{'name':'m','strategy':'gate','ensemble_of':'lstm','models':'per_symbol'}"),
         "this one trains none"},
        {AROUND("'A.csv'", "{'name':'x','strategy':'gate','models':'each'}"), "models"}};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct experiment *e = NULL;
        char *json = mem_strdup(refused[i][0]);
        assert_non_null(json);
        for (char *at = json; *at; at++)
            if (*at == '\'') *at = '"';
        scratch_write("experiment.json", json, strlen(json));
        mem_free(json);
        assert_fails(experiment_load(scratch("experiment.json"), NULL, &e), GW_ERR_CONFIG, refused[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_symbol_has_the_model_of_itself_alone),
        cmocka_unit_test(a_group_has_the_model_of_its_symbols_alone),
        cmocka_unit_test(together_they_speak_as_one),
        cmocka_unit_test(runs_verified_and_audited),
        cmocka_unit_test(what_cannot_be),
    };
    return cmocka_run_group_tests(tests, make_bars, scratch_remove);
}
