/* The rungs of a halving: what a trial that is promoted goes on from, what it pays, and that neither shows in its result. */
#include <unistd.h>

#include "search_fixture.h"

static const char asha_search[] =
    "{'name':'rungs','experiment':'base.json','search':{'contestant':'lstm','strategy':'asha','trials':9,'rungs':3,"
    "'reduction':2,'epochs':4,'folds':2,'seed':4},'space':{'training.learning_rate':{'log':[0.001,0.3]},"
    "'model.hidden':{'int':[2,6]}}}";

static void other_rungs(char *out, size_t size, const char *from, const char *to) {
    const char *at = strstr(asha_search, from);
    assert_non_null(at);
    snprintf(out, size, "%.*s%s%s", (int)(at - asha_search), asha_search, to, at + strlen(from));
}

/* Fits go on from the rung below, however many work, and after a kill from the first epoch. */
static void test_rungs_go_on(void **state) {
    (void)state;
    char path[300], file[200], random[600];
    struct table t, whole;
    double paid = 0;
    size_t n_whole = 0;
    assert_ok(search_run(asha_search, "rungs", 1));
    assert_ok(search_run(asha_search, "rungs-4", 4));
    snprintf(path, sizeof path, "%.200s", scratch("rungs"));
    assert_true(rundir_compare(path, scratch("rungs-4")) > 20);
    read_trials("rungs", &t);
    for (size_t i = 1; i < t.n_rows; i += 2) { /* their states are gone as well */
        snprintf(file, sizeof file, "rungs-4/" GW_RUN_STAGES "/trials/%s.json", cell(&t, i, "key"));
        assert_int_equal(unlink(scratch(file)), 0);
    }
    assert_ok(search_run(asha_search, "rungs-4", 3));
    assert_true(rundir_compare(path, scratch("rungs-4")) > 20);
    assert_false(file_exists(scratch("rungs/" GW_RUN_STAGES "/states")));
    /* A trial that went all the way is the trial that a search without rungs makes, and is paid for once. */
    other_rungs(random, sizeof random, "'asha','trials':9,'rungs':3,'reduction':2", "'random','trials':9");
    assert_ok(search_run(random, "no-rungs", 2));
    read_trials("no-rungs", &whole);
    for (size_t i = 0; i < t.n_rows; i++) {
        const double budget = strtod(cell(&t, i, "budget"), NULL);
        assert_true(strtod(cell(&t, i, "paid"), NULL) == (budget < 0.5 ? 0.25 : budget / 2));
        paid += strtod(cell(&t, i, "paid"), NULL);
        if (budget < 1) continue;
        const size_t trial = (size_t)atoi(cell(&t, i, "trial")) - 1;
        assert_string_equal(cell(&t, i, "training.learning_rate"), cell(&whole, trial, "training.learning_rate"));
        assert_string_equal(cell(&t, i, "average_precision"), cell(&whole, trial, "average_precision"));
        assert_string_equal(cell(&t, i, "sharpe_per_bar"), cell(&whole, trial, "sharpe_per_bar"));
        n_whole++;
    }
    assert_true(n_whole >= 2);
    assert_true(paid == 9 * 0.25 + 0.25 * (double)(t.n_rows - 9 - n_whole) + 0.5 * (double)n_whole);
    table_free(&t);
    table_free(&whole);
}

/* Folds as the budget: those of the rung below are not fitted again. */
static void test_rungs_of_folds(void **state) {
    (void)state;
    char text[600], path[300];
    struct table t;
    other_rungs(text, sizeof text, "'epochs':4,'folds':2", "'epochs':2,'folds':4,'budget':'folds'");
    assert_ok(search_run(text, "folds", 1));
    assert_ok(search_run(text, "folds-3", 3));
    snprintf(path, sizeof path, "%.200s", scratch("folds"));
    assert_true(rundir_compare(path, scratch("folds-3")) > 20);
    read_trials("folds", &t);
    for (size_t i = 0; i < t.n_rows; i++)
        assert_true(strtod(cell(&t, i, "paid"), NULL) == (atoi(cell(&t, i, "rung")) == 3 ? 0.5 : 0.25));
    table_free(&t);
}

/* One evaluation after another, by hand: what is kept between them, and that nothing depends on it. */
static void kept_between_rungs(const char *budget, const char *suffix) {
    char text[600], path[1100];
    struct search *s;
    struct prepared *p;
    double cost[2];
    other_rungs(text, sizeof text, "'epochs':4,'folds':2", budget);
    put_json("search.json", text);
    assert_ok(search_load(scratch("search.json"), NULL, &s));
    struct point low = {{0}};
    struct experiment *e;
    space_settle(&s->space, &low);
    assert_ok(trial_experiment(s, &low, true, &e));
    assert_ok(validation_prepare(s, e, &p));
    experiment_free(e);
    assert_ok(rungs_begin(s, scratch_dir));
    const char *states = s->states;
    for (int kept = 1; kept >= 0; kept--) {
        s->states = kept ? states : NULL;
        for (size_t rung = kept ? 0 : 2; rung < 3; rung++) {
            struct evaluation v = {.rung = rung, .budget = pow(2, (double)rung - 2), .point = low};
            size_t n = 0;
            v.had = rung > 0 ? v.budget / 2 : 0;
            assert_ok(evaluate(s, p, &v));
            assert_int_equal(v.state, EVALUATION_DONE);
            cost[kept] = v.cost[0];
            DIR *folder = opendir(s->states_path);
            for (struct dirent *entry; (entry = readdir(folder));) {
                snprintf(path, sizeof path, "%s", entry->d_name);
                n += strlen(path) > strlen(suffix) && strcmp(path + strlen(path) - strlen(suffix), suffix) == 0;
            }
            closedir(folder);
            const size_t fits = strstr(budget, "'budget'") ? (rung == 0 ? 1 : 2) : 2;
            assert_int_equal(n, rung == 2 ? 0 : fits);
        }
    }
    assert_true(cost[0] == cost[1]);
    s->states = states;
    rungs_end(s);
    assert_false(file_exists(s->states_path));
    prepared_free(p);
    search_free(s);
}
static void test_what_is_kept_between_rungs(void **state) {
    (void)state;
    kept_between_rungs("'epochs':4,'folds':2", ".state");
    kept_between_rungs("'epochs':2,'folds':4,'budget':'folds'", ".safetensors");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rungs_go_on),
        cmocka_unit_test(test_rungs_of_folds),
        cmocka_unit_test(test_what_is_kept_between_rungs),
    };
    return cmocka_run_group_tests(tests, search_setup, scratch_remove);
}
