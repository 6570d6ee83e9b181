/* A search: what it tries, what it may see, that its outcome depends on nobody's speed, and what it refuses. */
#include <unistd.h>

#include "search_fixture.h"

#include "engine/walk/fold_data.h"

static const char random_search[] =
    "{'name':'found','experiment':'base.json','search':{'contestant':'logistic','strategy':'random','trials':9,"
    "'folds':2,'seeds':2,'reference':2},'space':{'training.learning_rate':{'log':[0.001,0.3]},"
    "'model.lookback':{'int':[1,6]},'training.loss':{'choice':['bce','focal']},"
    "'training.focal_gamma':{'float':[0.5,4],'when':{'training.loss':'focal'}}}}";

/* ---- the outcome ------------------------------------------------------------------------------------------------ */

/* One, two, four workers; and one that finds half of the results there already. */
static void test_same_bytes_for_any_workers_and_after_a_kill(void **state) {
    (void)state;
    char path[300];
    struct table t;
    assert_ok(search_run(random_search, "one", 1));
    assert_ok(search_run(random_search, "two", 2));
    assert_ok(search_run(random_search, "four", 4));
    snprintf(path, sizeof path, "%.200s", scratch("one"));
    assert_true(rundir_compare(path, scratch("two")) > 20);
    rundir_compare(path, scratch("four"));
    read_trials("one", &t);
    assert_int_equal(t.n_rows, 11);
    for (size_t i = 0; i < t.n_rows; i += 2) {
        char file[200];
        snprintf(file, sizeof file, "two/" GW_RUN_STAGES "/trials/%s.json", cell(&t, i, "key"));
        assert_int_equal(unlink(scratch(file)), 0);
    }
    table_free(&t);
    scratch_write("four/" GW_RUN_STAGES "/trials/0123456789abcdef.json", "{", 1); /* nobody's */
    assert_ok(search_run(random_search, "two", 3));
    assert_true(rundir_compare(path, scratch("two")) > 20);
}

/* What is remembered of a trial and has another digit, or is another trial's, is no memory: the trial is done again. */
static void test_a_changed_memory_is_none(void **state) {
    (void)state;
    char path[300], file[2][200], *text;
    struct table t;
    size_t length;
    assert_ok(search_run(random_search, "sound", 1));
    assert_ok(search_run(random_search, "changed", 1));
    read_trials("changed", &t);
    for (size_t i = 0; i < 2; i++)
        snprintf(file[i], sizeof file[i], "changed/" GW_RUN_STAGES "/trials/%s.json", cell(&t, 3 + i, "key"));
    table_free(&t);
    assert_ok(file_read_all(scratch(file[0]), 10000, GW_ERR_DATA, &text, &length));
    char *digit = strstr(text, "\"objectives\":[") + strlen("\"objectives\":[0.");
    assert_in_range(*digit, '0', '9');
    *digit = '9'; /* the best of all */
    scratch_write(file[0], text, length);
    scratch_write(file[1], text, length);
    mem_free(text);
    assert_ok(search_run(random_search, "changed", 1));
    snprintf(path, sizeof path, "%.200s", scratch("sound"));
    assert_true(rundir_compare(path, scratch("changed")) > 20);
}

/* The best on validation is chosen, of the search's own trials; it walks beside what it was before. */
static void test_the_best_is_chosen_and_walks(void **state) {
    (void)state;
    struct table t;
    struct experiment *best;
    size_t row = SIZE_MAX;
    double most = -1;
    read_trials("one", &t);
    for (size_t i = 0; i < t.n_rows; i++) {
        const double value = strtod(cell(&t, i, "average_precision"), NULL);
        assert_true(value > 0 && value < 1);
        assert_int_equal(atoi(cell(&t, i, "reference")), i >= 9);
        assert_int_equal(*cell(&t, i, "training.focal_gamma") == '\0',
                         strcmp(cell(&t, i, "training.loss"), "bce") == 0);
        if (i < 9 && value > most) most = value, row = i;
    }
    for (size_t i = 0; i < t.n_rows; i++) assert_int_equal(atoi(cell(&t, i, "chosen")), i == row);
    struct json_document *doc = search_json("one");
    const json_value *root = json_root(doc), *final = json_get(root, "final");
    assert_true(json_number(json_at(json_get(final, "validation"), 0), 0) == most);
    assert_true(isfinite(json_number(json_at(json_get(final, "test"), 0), NAN)));
    assert_true(isfinite(json_number(json_at(json_get(final, "untuned"), 0), NAN)));
    assert_int_equal((int)json_number(json_get(root, "trials"), 0), 11);
    json_free(doc);
    assert_ok(experiment_load(scratch("one/" GW_RUN_BEST), NULL, &best));
    assert_int_equal(best->n_strategies, 4); /* logistic, sma_cross, buy_and_hold, logistic-untuned */
    assert_string_equal(best->strategy[0].name, "logistic");
    assert_int_equal(best->strategy[0].model.lookback, atoi(cell(&t, row, "model.lookback")));
    assert_true(best->strategy[0].train.learning_rate == strtod(cell(&t, row, "training.learning_rate"), NULL));
    assert_string_equal(best->strategy[3].name, "logistic" UNTUNED);
    assert_int_equal(best->strategy[3].model.lookback, 4);
    assert_int_equal(best->folds.skip, 1);
    experiment_free(best);
    table_free(&t);
}

/* ---- what it may see --------------------------------------------------------------------------------------------- */

/* Bars from the end of the last searched validation slice on are another market's: every trial has the same results. */
static void test_later_bars_cannot_be_seen(void **state) {
    (void)state;
    struct gw_bars bars;
    struct table t, u;
    /* Two folds: train, validation and a step. */
    fixture_walk(&bars, "EARLY", 480, 31, 0, 0);
    for (size_t i = 150 + 60 + 60; i < bars.n; i++) {
        bars.bar[i].open *= 3, bars.bar[i].high *= 3.1, bars.bar[i].low *= 2.9, bars.bar[i].close *= i % 2 ? 3 : 2.95;
        bars.bar[i].volume += 77;
    }
    assert_ok(gw_bars_write_csv(&bars, scratch("OTHER.csv")));
    gw_bars_free(&bars);
    struct gw_config_override override = {.data = scratch("OTHER.csv")};
    struct gw_run_options options = {.jobs = 2};
    char out[700], dir[1024];
    snprintf(out, sizeof out, "%.500s/poisoned", scratch_dir);
    options.out_dir = out;
    put_json("search.json", random_search);
    assert_ok(run_search(scratch("search.json"), &override, &options, dir));
    read_trials("one", &t);
    read_trials("poisoned", &u);
    assert_int_equal(t.n_rows, u.n_rows);
    static const char *const column[] = {"training.learning_rate", "average_precision", "sharpe_per_bar", "chosen"};
    for (size_t i = 0; i < t.n_rows; i++)
        for (size_t c = 0; c < COUNT_OF(column); c++)
            assert_string_equal(cell(&t, i, column[c]), cell(&u, i, column[c]));
    struct json_document *a = search_json("one"), *b = search_json("poisoned");
    assert_true(
        json_number(json_at(json_get(json_get(json_root(a), "final"), "test"), 0), 0) !=
        json_number(json_at(json_get(json_get(json_root(b), "final"), "test"), 0), 0)); /* the poison is there */
    json_free(a);
    json_free(b);
    table_free(&t);
    table_free(&u);
}

/* ---- other keys, other contestants --------------------------------------------------------------------------------- */

/* Symbols, features and labels are keys like others; then nobody walks untuned. */
static void test_keys_of_the_whole_experiment(void **state) {
    (void)state;
    assert_ok(
        search_run("{'name':'whole','experiment':'base.json','search':{'contestant':'logistic','strategy':'grid'},"
                   "'space':{'data':{'choice':['EARLY.csv','LATE.csv']},'labels.horizon':{'int':[3,4]},"
                   "'features':{'choice':[['range'],['range','log_return(2)']]}}}",
                   "whole", 2));
    struct table t;
    read_trials("whole", &t);
    assert_int_equal(t.n_rows, 8);
    for (size_t i = 1; i < t.n_rows; i++)
        assert_string_not_equal(cell(&t, i, "average_precision"), cell(&t, 0, "average_precision"));
    assert_string_equal(cell(&t, 0, "data"), "EARLY.csv");
    assert_string_equal(cell(&t, 7, "features"), "[range;log_return(2)]");
    table_free(&t);
    struct json_document *doc = search_json("whole");
    assert_int_equal(json_kind(json_get(json_get(json_root(doc), "final"), "untuned")), JSON_NULL);
    json_free(doc);
}

/* One that trades by rule has no model and is searched by what it earned on validation. */
static void test_a_strategy_without_a_model(void **state) {
    (void)state;
    assert_ok(search_run("{'name':'rule','experiment':'base.json','search':{'contestant':'cross','strategy':'grid',"
                         "'objective':['total_return',{'min':'n_trades'}]},'space':{'trading.fast':{'int':[2,4]},"
                         "'trading.slow':{'choice':[8,16]}}}",
                         "rule", 2));
    struct table t;
    read_trials("rule", &t);
    assert_int_equal(t.n_rows, 6);
    size_t n_front = 0;
    for (size_t i = 0; i < 6; i++) {
        const double gain = strtod(cell(&t, i, "total_return"), NULL), trades = strtod(cell(&t, i, "n_trades"), NULL);
        bool beaten = false;
        for (size_t j = 0; j < 6; j++) {
            const double g = strtod(cell(&t, j, "total_return"), NULL), n = strtod(cell(&t, j, "n_trades"), NULL);
            beaten |= g >= gain && n <= trades && (g > gain || n < trades);
        }
        assert_int_equal(atoi(cell(&t, i, "front")), !beaten);
        n_front += !beaten;
    }
    assert_true(n_front >= 1 && n_front < 6);
    table_free(&t);
}

/* The bars are a random walk: the best of two dozen trials is better than the contestant was, on validation; on later folds it is
 * nothing, and the deflated Sharpe ratio says so. Every trial is on record, and none is counted twice. */
static void test_a_random_walk_holds_nothing(void **state) {
    (void)state;
    static const char *const set[] = {"verdict.null_resamples=200"};
    struct gw_config_override override = {.set = set, .n_set = 1};
    struct gw_run_options options = {.jobs = 2};
    char out[700], dir[1024];
    snprintf(out, sizeof out, "%.500s/nothing", scratch_dir);
    options.out_dir = out;
    put_json("search.json", "{'name':'nothing','experiment':'base.json','search':{'contestant':'logistic','trials':24,"
                            "'folds':2,'objective':'sharpe'},'space':{'training.learning_rate':{'log':[0.001,0.3]},"
                            "'trading.target_moves':{'float':[0.5,3]},'trading.stop_moves':{'float':[0.5,3]}}}");
    setenv("GATEWALK_STORE", scratch("ledger.sqlite"), 1);
    assert_ok(run_search(scratch("search.json"), &override, &options, dir));
    setenv("GATEWALK_STORE", "off", 1);
    struct json_document *doc = search_json("nothing"), *run;
    const json_value *final = json_get(json_root(doc), "final");
    assert_string_equal(json_string(json_get(final, "state"), ""), "nothing");
    assert_true(json_number(json_get(final, "deflated_sharpe"), NAN) < 0.95);
    assert_int_equal((int)json_number(json_get(json_root(doc), "trials"), 0), 24);
    assert_ok(json_load(scratch("nothing/" GW_RUN_JSON), GW_ERR_DATA, &run));
    const json_value *all = json_get(json_root(run), "selection");
    /* 24 and the walk's three: logistic before and after, sma_cross */
    assert_int_equal((int)json_number(json_get(all, "trials_on_data"), 0), 27);
    json_free(run);
    json_free(doc);
}

/* ---- refused -------------------------------------------------------------------------------------------------------- */

#define SEARCH(members) "{'experiment':'base.json'," members "}"
#define SPACE(members)  SEARCH("'search':{'contestant':'logistic'},'space':{" members "}")
static const struct {
    const char *text, *says; /* ^ stands where the mistake is */
} bad[] = {
    {"{'experiment':'base.json','search':{},^'spce':{}}", "did you mean \"space\"?"},
    {"^{'space':{}}", "\"experiment\" is missing"},
    {"{'experiment':'base.json',^'strategies':[]}", "gatewalk run"},
    {"{'experiment':'base.json',^'stages':[]}", "gatewalk study"},
    {SEARCH("'search':{^'trails':3},'space':{'model.hidden':{'int':[1,2]}}"), "did you mean \"trials\"?"},
    {SEARCH("'search':{'strategy':^'randm'},'space':{'model.hidden':{'int':[1,2]}}"), "randm"},
    {SEARCH("'search':{'trials':^0},'space':{'model.hidden':{'int':[1,2]}}"), "must lie between 1"},
    {SEARCH("'search':{'seed':^1.5},'space':{'model.hidden':{'int':[1,2]}}"), "whole number"},
    {SEARCH("'search':{'contestant':^'logistik'},'space':{'model.hidden':{'int':[1,2]}}"),
     "did you mean \"logistic\"?"},
    {SEARCH("'search':^{'contestant':'buy_and_hold'},'space':{'trading.size':{'float':[0.1,1]}}"),
     "so that its keys can be set"},
    {SEARCH("'search':{'objective':^'avrage_precision'},'space':{'model.hidden':{'int':[1,2]}}"),
     "did you mean \"average_precision\"?"},
    {SEARCH("'search':{'objective':^'precision_at_7'},'space':{'model.hidden':{'int':[1,2]}}"),
     "7 is not in the experiment's signals.k"},
    {SEARCH("'search':{'contestant':'cross','objective':^'brier'},'space':{'trading.fast':{'int':[2,3]}}"),
     "\"cross\" has none"},
    {SEARCH("'search':{'objective':['sharpe',^'sharpe']},'space':{'model.hidden':{'int':[1,2]}}"), "twice"},
    {SEARCH("'space':^{}"), "object of 1 to"},
    {SPACE("^'training.lerning_rate':{'log':[0.1,1]}"), "did you mean \"training.learning_rate\"?"},
    {SPACE("^'folds.skip':{'int':[0,1]}"), "leave it out"},
    {SPACE("'training.learning_rate':^0.1"), "must be an object"},
    {SPACE("'training.learning_rate':{^'lgo':[0.1,1]}"), "did you mean \"log\"?"},
    {SPACE("'training.learning_rate':{^'log':[0.1,1],'float':[0,1]}"), "is enough"},
    {SPACE("'training.learning_rate':^{'points':3}"), "\"choice\": [values]"},
    {SPACE("'training.learning_rate':{'log':^[1,0.1]}"), "exchange them"},
    {SPACE("'training.learning_rate':{'log':[^0,0.1]}"), "above 0"},
    {SPACE("'model.lookback':{'int':[1,^2.5]}"), "whole number"},
    {SPACE("'model.lookback':{'int':^[1]}"), "two numbers"},
    {SPACE("'model.lookback':{'choice':^[]}"), "array of 1 to"},
    {SPACE("'model.lookback':{'choice':[2,3,^2]}"), "twice"},
    {SPACE("'model.lookback':{'int':[1,3],'points':^1}"), "\"points\""},
    {SPACE("'training.focal_gamma':{'float':[1,2],'when':{^'training.los':'focal'}}"), "no choice that stands before"},
    {SPACE("'training.loss':{'choice':['bce','focal']},'training.focal_gamma':{'float':[1,2],'when':{'training.loss':^'"
           "fokal'}}"),
     "none of the choices"},
    /* what the experiment itself says of a point */
    {SPACE("^'training.learning_rate':{'log':[0.1,1e9]}"), "training.learning_rate at 1000000000: "},
    {SPACE("^'training.loss':{'choice':['bce','focl']}"), "did you mean \"focal\"?"},
    {SPACE("^'training.focal_gamma':{'float':[1,2]}"), "belongs to focal"},
    {SPACE("^'features':{'choice':[['rang']]}"), "rang"},
};

static void test_refused_before_anything_runs(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char text[600], place[32];
        const size_t column = strcspn(bad[i].text, "^");
        snprintf(text, sizeof text, "%.*s%s", (int)column, bad[i].text, bad[i].text + column + 1);
        snprintf(place, sizeof place, "search.json:1:%zu: ", column + 1);
        const int rc = search_run(text, "refused", 1);
        const char *message = rc < 0 ? gw_error_message() : "";
        if (rc != GW_ERR_CONFIG || !strstr(message, bad[i].says) || !strstr(message, place))
            print_error("%s: %d, asked \"%s\": %s\n", bad[i].text, rc, bad[i].says, message), wrong++;
        assert_false(file_exists(scratch("refused")));
    }
    assert_int_equal(wrong, 0);
    assert_fails(search_run("{'experiment':'base.json','search':{'contestant':'logistic','folds':99},"
                            "'space':{'model.lookback':{'int':[1,2]}}}",
                            "refused", 1),
                 GW_ERR_CONFIG, "search.folds is 99, but there are only");
    assert_false(file_exists(scratch("refused")));
}

/* ---- points and values ---------------------------------------------------------------------------------------------- */

static void test_points_and_values(void **state) {
    (void)state;
    struct dimension d = {.kind = SPACE_LOG_INT, .low = 1, .high = 100, .parent = SIZE_MAX};
    char room[VALUE_MAX];
    assert_string_equal(dimension_text(&d, 0, room), "1");
    assert_string_equal(dimension_text(&d, 0.9999999, room), "100");
    assert_string_equal(dimension_text(&d, dimension_level(&d, 2, 5), room), "10");
    d.kind = SPACE_INT;
    assert_int_equal(dimension_levels(&d), 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(atoi(dimension_text(&d, dimension_level(&d, i, 100), room)), (int)i + 1);
    d = (struct dimension){.kind = SPACE_LOG, .low = 1e-4, .high = 1e-2, .parent = SIZE_MAX};
    assert_string_equal(dimension_text(&d, 0.5, room), "0.001");
    assert_string_equal(dimension_text(&d, dimension_level(&d, 0, 2), room), "0.0001");
    assert_string_equal(dimension_text(&d, dimension_level(&d, 1, 2), room), "0.01");
    d = (struct dimension){.kind = SPACE_FLOAT, .low = 0, .high = 3, .parent = SIZE_MAX};
    assert_string_equal(dimension_text(&d, 1.0 / 3, room), "1");
    assert_string_equal(dimension_text(&d, 0.11111111, room), "0.3333"); /* four digits */
}

/* Where two points are written the same they are the same, and what is written does not change. */
static void test_points_snap_to_what_is_written(void **state) {
    (void)state;
    struct space space = {.n = 3};
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "test snap", 0, 0, 0);
    space.dim[0] = (struct dimension){.kind = SPACE_LOG, .low = 1e-5, .high = 1, .parent = SIZE_MAX};
    space.dim[1] = (struct dimension){.kind = SPACE_FLOAT, .low = 0, .high = 0.9, .parent = SIZE_MAX};
    space.dim[2] = (struct dimension){.kind = SPACE_LOG_INT, .low = 1, .high = 64, .parent = SIZE_MAX};
    for (int i = 0; i < 2000; i++) {
        struct point point = {{0}}, near, again;
        char before[VALUE_MAX], after[VALUE_MAX];
        for (size_t d = 0; d < 3; d++) point.u[d] = i % 10 ? gw_rng_uniform(&rng) : i % 20 ? 0 : nextafter(1, 0);
        near = point;
        for (size_t d = 0; d < 3; d++) near.u[d] = fmin(near.u[d] + 1e-9, nextafter(1, 0));
        struct point snapped = point;
        space_snap(&space, &snapped);
        space_snap(&space, &near);
        again = snapped;
        space_snap(&space, &again);
        for (size_t d = 0; d < 3; d++) {
            assert_true(again.u[d] == snapped.u[d]);
            snprintf(before, sizeof before, "%s", dimension_text(&space.dim[d], point.u[d], after));
            assert_string_equal(dimension_text(&space.dim[d], snapped.u[d], after), before);
            if (strcmp(dimension_text(&space.dim[d], near.u[d], after), before) == 0)
                assert_true(near.u[d] == snapped.u[d]);
        }
    }
}

/* Validation slices that overlap, as they do when a step is shorter: the bars that are scored end where the later fold's begin, those
 * that decide when training ends do not, and all of them are there. */
static void test_overlapping_validation_is_there(void **state) {
    (void)state;
    struct search *search;
    struct prepared *p;
    char *text = mem_strdup(base_text), *test = text ? strstr(text, "'test':60") : NULL;
    assert_non_null(test);
    memcpy(test, "'test':20", strlen("'test':20")); /* of 60 that validate */
    put_json("overlap-base.json", text);
    mem_free(text);
    put_json("overlap.json",
             "{'experiment':'overlap-base.json','search':{'contestant':'lstm','strategy':'random','trials':2,'folds':2,"
             "'objective':'average_precision'},'space':{'training.learning_rate':{'log':[0.001,0.1]}}}");
    assert_ok(search_load(scratch("overlap.json"), NULL, &search));
    assert_ok(validation_prepare(search, search->experiment, &p));
    for (size_t f = 0; f < 2; f++) {
        struct fold_data d;
        size_t beyond = 0;
        assert_ok(fold_data_build(search->experiment, p, f, NULL, &d));
        for (int slice = 0; slice < GW_N_SLICES; slice++)
            for (size_t i = 0; i < d.n[slice]; i++) {
                const struct gw_sample *at = &d.sample[slice][i];
                beyond += at->row >= d.score_series[at->series].n_rows;
            }
        if (beyond) fail_msg("fold %zu: %zu samples lie behind the rows that were made", f, beyond);
        if (f == 0) assert_true(d.n[GW_SLICE_TEST] < d.n[GW_SLICE_VALIDATION]);
        fold_data_free(&d);
    }
    prepared_free(p);
    search_free(search);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_and_values),
        cmocka_unit_test(test_points_snap_to_what_is_written),
        cmocka_unit_test(test_same_bytes_for_any_workers_and_after_a_kill),
        cmocka_unit_test(test_the_best_is_chosen_and_walks),
        cmocka_unit_test(test_a_changed_memory_is_none),
        cmocka_unit_test(test_later_bars_cannot_be_seen),
        cmocka_unit_test(test_keys_of_the_whole_experiment),
        cmocka_unit_test(test_overlapping_validation_is_there),
        cmocka_unit_test(test_a_strategy_without_a_model),
        cmocka_unit_test(test_a_random_walk_holds_nothing),
        cmocka_unit_test(test_refused_before_anything_runs),
    };
    return cmocka_run_group_tests(tests, search_setup, scratch_remove);
}
