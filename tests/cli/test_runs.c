/* The trial ledger as runs fill it and `gatewalk runs` shows it. */
#include "engine/base/base.h"
#include "engine/base/json.h"
#include "program.h"
#include "run_tree.h"

#define QUIET "--no-report", "--quiet"

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    put_small_experiment();
    return 0;
}

/* Every test has a ledger of its own beside its runs, in the folder "r". */
static int fresh(void **state) {
    (void)state;
    remove_tree(work("r"));
    unsetenv("GATEWALK_STORE");
    return mkdir(work("r"), 0700);
}

static void run_into(const char *dir, const char *set) {
    struct run run;
    run_fine(&run, "run", "small.json", "--out", dir, "--set", set, QUIET);
    run_free(&run);
}

/* The one value of a query, static. */
static const char *ask(const char *sql) {
    static char text[4096];
    struct run run;
    struct json_document *document;
    run_fine(&run, "runs", "--store", "r/trials.sqlite", "--json", "--sql", sql);
    assert_ok(json_parse("runs --json", run.out, run.n_out, GW_ERR_DATA, &document));
    const json_value *value = json_at(json_at(json_root(document), 0), 0);
    if (json_kind(value) == JSON_NUMBER)
        number_format(json_number(value, 0), text);
    else
        snprintf(text, sizeof text, "%s", json_string(value, ""));
    json_free(document);
    run_free(&run);
    return text;
}
#define assert_asked(sql, want) assert_string_equal(ask(sql), want)

static double of_selection(const char *dir, const char *file, const char *member) {
    char path[1024];
    struct json_document *document;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_ok(json_load(work(path), GW_ERR_DATA, &document));
    double value = json_number(json_get(json_get(json_root(document), "selection"), member), NAN);
    json_free(document);
    return value;
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static void test_a_run_is_a_row(void **state) {
    (void)state;
    run_into("r/one", "training.epochs=2");
    assert_asked("SELECT count(*) FROM runs WHERE status = 'finished' AND name = 'small' AND finished >= started", "1");
    assert_asked("SELECT group_concat(name || ' ' || (trial IS NOT NULL), ', ') FROM contestants",
                 "lstm 1, bahdanau 1, buy_and_hold 0");
    assert_asked("SELECT n_folds = count(*) FROM folds, runs", "1");
    assert_asked("SELECT file LIKE '/%/work/rw.csv' AND bars = 1200 FROM run_data", "1");
    assert_asked("SELECT dir LIKE '/%/work/r/one' FROM runs", "1");
    assert_asked("SELECT json_extract(config, '$.training.epochs') FROM runs", "2");
    /* Metrics as summary.json has them. */
    struct json_document *summary;
    assert_ok(json_load(work("r/one/summary.json"), GW_ERR_DATA, &summary));
    const json_value *lstm = json_at(json_get(json_root(summary), "strategies"), 0);
    char want[40];
    assert_asked(
        "SELECT value FROM metrics WHERE contestant = 1 AND gate = 'portfolio' AND metric = 'sharpe'",
        number_format(json_number(json_get(json_get(json_get(lstm, "portfolio"), "mean"), "sharpe"), 0), want));
    const json_value *gate = json_get(json_get(lstm, "gates"), "short"), *seed = json_at(json_get(gate, "seeds"), 0);
    number_format(json_number(json_get(json_at(json_get(seed, "folds"), 1), "precision_at_10"), 0), want);
    assert_asked("SELECT value FROM metrics WHERE contestant = 1 AND gate = 'short' AND fold = 2 AND metric ="
                 " 'precision_at_10'",
                 want);
    json_free(summary);
}

/* It changes no result. */
static void test_results_do_not_depend_on_it(void **state) {
    (void)state;
    run_into("r/one", "training.epochs=1");
    run_into("r/two", "training.epochs=1");
    setenv("GATEWALK_STORE", "off", 1);
    run_into("r/off", "training.epochs=1");
    assert_same_runs("r/one", "r/off");
    assert_same_runs("r/two", "r/off");
    assert_true(isnan(of_selection("r/off", "run.json", "trials_on_data")));
    assert_false(is_there("trials.sqlite"));
    assert_asked("SELECT count(*) FROM runs", "2");
}

static void test_every_end_is_seen(void **state) {
    (void)state;
    static const char *const endless[MAX_ARGS] = {
        "run", "small.json", "--out", "r/o", "--set", "training.epochs=100000", "--set", "training.patience=0", QUIET};
    struct how stop = {.interrupt_when = "r/o", .interrupt_suffix = "run.json", .seconds = 30};
    struct run run;
    run_how(&run, &stop, endless);
    assert_int_equal(run.status, 1);
    run_free(&run);
    assert_asked("SELECT group_concat(status) FROM runs", "interrupted");
    /* A folder that cannot take its files: what stands where one of them belongs. */
    assert_int_equal(mkdir(work("r/f"), 0700), 0);
    run_into("r/f", "training.epochs=1");
    remove(work("r/f/scores.csv"));
    assert_int_equal(mkdir(work("r/f/scores.csv"), 0700), 0);
    assert_int_equal(mkdir(work("r/f/scores.csv/in the way"), 0700), 0);
    run_program(&run, "run", "small.json", "--out", "r/f", "--set", "training.epochs=1", QUIET);
    assert_int_equal(run.status, 1);
    run_free(&run);
    assert_asked("SELECT status || ' ' || (error LIKE '%scores.csv%') FROM runs ORDER BY run_id DESC LIMIT 1",
                 "failed 1");
    /* Killed, it says nothing more: the next look sees that its process is gone. */
    pid_t pid = start((const char *const[MAX_ARGS]){"run", "small.json", "--out", "r/k", "--set",
                                                    "training.epochs=100000", "--set", "training.patience=0", QUIET},
                      &(struct how){0}, work("../out"), work("../err"));
    for (double begun = now_seconds(); now_seconds() - begun < 30;) {
        if (strcmp(ask("SELECT count(*) FROM runs WHERE status = 'running'"), "1") == 0) break;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    assert_asked("SELECT count(*) FROM runs WHERE status = 'running'", "1");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_asked("SELECT status || ' ' || (finished IS NULL) FROM runs ORDER BY run_id DESC LIMIT 1", "interrupted 1");
}

static void test_two_at_once(void **state) {
    (void)state;
    pid_t pid[4];
    for (int i = 0; i < 4; i++) {
        char dir[20], epochs[40];
        snprintf(dir, sizeof dir, "r/%d", i);
        snprintf(epochs, sizeof epochs, "training.epochs=%d", i + 1);
        pid[i] = start(
            (const char *const[MAX_ARGS]){"run", "small.json", "--out", dir, "--set", epochs, "--jobs", "1", QUIET},
            &(struct how){0}, work("../out"), work("../err"));
    }
    for (int i = 0; i < 4; i++) {
        int status;
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_asked("SELECT count(*) FROM runs WHERE status = 'finished'", "4");
    assert_asked("SELECT count(*) FROM trials", "8");
}

/* The run is worth more than its row: one line, and all results. */
static void test_no_ledger_no_harm(void **state) {
    (void)state;
    struct run run;
    setenv("GATEWALK_STORE", "off", 1);
    run_into("r/off", "training.epochs=1");
    const char *const bad[] = {"r", "nowhere/trials.sqlite", "small.json", "/dev/full"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        setenv("GATEWALK_STORE", bad[i], 1);
        remove_tree(work("r/bad"));
        run_fine(&run, "run", "small.json", "--out", "r/bad", "--set", "training.epochs=1", QUIET);
        if (count_lines(run.err) != 1 || !strstr(run.err, "warning: ") || !strstr(run.err, "is not recorded"))
            fail_msg("%s: %s", bad[i], run.err);
        run_free(&run);
        assert_same_runs("r/bad", "r/off");
    }
    char *kept = get_file(work("small.json"), NULL);
    assert_string_equal(kept, small_experiment);
    free(kept);
}

/* ---- trials ---------------------------------------------------------------------------------------------------- */

/* Twenty configurations on the same bars: alone each is judged against its own two, the last one together against forty. */
static void test_twenty_runs(void **state) {
    (void)state;
    enum { RUNS = 20 };
    char dir[40], set[64];
    for (int i = 1; i <= RUNS; i++) {
        snprintf(dir, sizeof dir, "r/%d", i);
        snprintf(set, sizeof set, "training.learning_rate=%.4f", 0.0005 * i);
        run_into(dir, set);
        assert_true(of_selection(dir, "run.json", "trials_on_data") == 2 * i);
        assert_true(of_selection(dir, "summary.json", "trials_here") == 2);
    }
    double alone = of_selection(dir, "summary.json", "deflated_sharpe"),
           together = of_selection(dir, "run.json", "deflated_sharpe");
    printf("deflated Sharpe of the last of %d runs: alone %.3g, with all %d trials %.3g\n", RUNS, alone, 2 * RUNS,
           together);
    assert_true(isfinite(together) && together != alone);
    /* Again, under another name and elsewhere, is the same trial; forgotten ones count. */
    struct run run;
    run_fine(&run, "runs", "--store", "r/trials.sqlite", "forget", "1");
    run_free(&run);
    run_fine(&run, "run", "small.json", "--out", "r/again", "--set", set, "--set", "name=other", QUIET);
    run_free(&run);
    assert_true(of_selection("r/again", "run.json", "trials_on_data") == 2 * RUNS);
    assert_true(of_selection("r/again", "run.json", "runs_on_data") == RUNS + 1);
    assert_near(of_selection("r/again", "run.json", "deflated_sharpe"), together, 1e-12, 0);
    /* Other bars are other data. */
    run_fine(&run, "run", "small.json", "--out", "r/part", "--timerange", "20200101-20200111", QUIET);
    run_free(&run);
    assert_true(of_selection("r/part", "run.json", "trials_on_data") == 2);
}

/* ---- directories ------------------------------------------------------------------------------------------------ */

static char *config_of(const char *dir) {
    char path[1024];
    snprintf(path, sizeof path, "%s/summary.json", dir);
    return get_file(work(path), NULL);
}

/* Nobody named a directory: another configuration goes beside, the same one where it was. */
static void test_another_configuration_gets_a_number(void **state) {
    (void)state;
    static const struct {
        const char *set, *dir, *data;
    } step[] = {
        {"training.epochs=1", "reports/out/small", "rw.csv"},
        {"training.epochs=2", "reports/out/small-2", "rw.csv"},
        {"training.epochs=1", "reports/out/small", "rw.csv"},
        {"training.epochs=2", "reports/out/small-2", "./../work/rw.csv"}, /* the same bars, called otherwise */
        {"title=new", "reports/out/small-3", "rw.csv"},                   /* 2 epochs are given, but more seeds … */
        {"training.epochs=1", "reports/out/small-4", "other.csv"},
        {"training.epochs=1", "reports/out/small", "rw.csv"},
    };
    struct run run;
    setenv("GATEWALK_STORE", "off", 1);
    run_fine(&run, "synth", "random-walk", "--bars", "1200", "--seed", "4", "--out", "other.csv");
    run_free(&run);
    for (size_t i = 0; i < COUNT_OF(step); i++) {
        char want[200];
        const char *seeds = strcmp(step[i].set, "title=new") == 0 ? "2" : "1";
        snprintf(want, sizeof want, "\nresults: %s\n", step[i].dir);
        char *first = config_of("reports/out/small");
        run_fine(&run, "run", "small.json", "--set", step[i].set, "--data", step[i].data, "--seeds", seeds, QUIET);
        if (!strstr(run.out, want)) fail_msg("step %zu: %s", i, strstr(run.out, "results:"));
        assert_int_equal(strstr(run.err, "note: reports/out/small holds") != NULL,
                         strcmp(step[i].dir, "reports/out/small") != 0);
        run_free(&run);
        char *after = config_of("reports/out/small");
        if (i) assert_string_equal(first, after);
        free(first);
        free(after);
    }
    run_fine(&run, "run", "small.json", "--set", "training.epochs=3", "--force", QUIET);
    assert_non_null(strstr(run.out, "\nresults: reports/out/small\n"));
    run_free(&run);
    remove_tree(work("reports"));
}

static void test_a_named_directory_is_kept(void **state) {
    (void)state;
    struct run run;
    setenv("GATEWALK_STORE", "off", 1);
    run_into("r/o", "training.epochs=1");
    char *before = list_tree(work("r/o"), true);
    run_program(&run, "run", "small.json", "--out", "r/o", "--set", "training.epochs=2", QUIET);
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err,
                           "r/o: holds the run of another configuration or of other data; give another --out, or "
                           "--force to replace it"));
    run_free(&run);
    char *after = list_tree(work("r/o"), true);
    assert_string_equal(before, after);
    free(before);
    free(after);
    run_fine(&run, "run", "small.json", "--out", "r/o", "--set", "training.epochs=2", "--force", QUIET);
    run_free(&run);
    run_into("r/o", "title=the same by another title"); /* two epochs are the experiment's own */
    run_into("r/two", "training.epochs=2");
    run_into("r/two", "title=the same by another title");
    assert_same_runs("r/o", "r/two");
    /* What a killed run left before its first fit is nobody's work. */
    put_text("r/two/run.json",
             "{\"schema\": 2, \"status\": \"running\", \"config_hash\": \"0\", \"build\": {\"version\": \"0\"}}");
    remove(work("r/two/summary.json"));
    remove_tree(work("r/two/models"));
    run_into("r/two", "training.epochs=1");
    /* A study is told by what it searches, not by what it finds. */
    put_text("study.json", "{\"name\": \"st\", \"experiment\": \"small.json\", \"stages\": [{\"name\": \"units\", "
                           "\"variants\": [{\"name\": \"b\", \"model\": {\"attention\": \"bahdanau\"}}]}]}");
    run_program(&run, "study", "study.json", "--out", "r/o", QUIET);
    assert_int_equal(run.status, 2);
    run_free(&run);
    for (int i = 0; i < 2; i++) {
        run_fine(&run, "study", "study.json", "--out", "r/s", QUIET);
        run_free(&run);
    }
    run_program(&run, "study", "study.json", "--out", "r/s", "--set", "training.epochs=1", QUIET);
    assert_int_equal(run.status, 2);
    run_free(&run);
    run_program(&run, "run", "small.json", "--out", "r/s", QUIET);
    assert_int_equal(run.status, 2);
    run_free(&run);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static void test_lists_fit_eighty_columns(void **state) {
    (void)state;
    struct run run;
    const char *const store = "r/trials.sqlite";
    setenv("COLUMNS", "80", 1);
    run_into("r/a-folder-with-quite-a-long-name-that-says-everything",
             "name=a-name-that-is-as-long-as-forty-letters-1");
    run_into("r/two", "training.epochs=1");
    run_fine(&run, "runs", "--store", store, "tag", "two", "a tag", "another much longer tag of it", "third");
    run_free(&run);
    run_fine(&run, "runs", "--store", store, "note", "2",
             "a note that would not fit into what is left of a line at all");
    run_free(&run);
    const char *const *asked[] = {
        (const char *const[MAX_ARGS]){"runs", "--store", store},
        (const char *const[MAX_ARGS]){"runs", "--store", store, "--sort", "sharpe", "--data", "RW", "--limit", "5"},
        (const char *const[MAX_ARGS]){"runs", "--store", store, "diff", "1", "2"},
        (const char *const[MAX_ARGS]){"runs", "--store", store, "--sql", "SELECT * FROM results"},
    };
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        run_how(&run, &(struct how){0}, asked[i]);
        assert_int_equal(run.status, 0);
        assert_true(count_lines(run.out) >= 4);
        for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
            size_t columns = 0;
            for (const char *c = line; *c; c++) columns += ((unsigned char)*c & 0xC0) != 0x80;
            if (columns > 80) fail_msg("%zu columns: %s", columns, line);
        }
        run_free(&run);
    }
    unsetenv("COLUMNS");
    run_fine(&run, "runs", "--store", store, "--tag", "third", "--json");
    assert_non_null(strstr(run.out, "\"run_id\": 2"));
    assert_null(strstr(run.out, "\"run_id\": 1,"));
    run_free(&run);
    run_fine(&run, "runs", "--store", store, "--data", "no such");
    assert_string_equal(run.out, "no such runs\n");
    run_free(&run);
    run_program(&run, "runs", "--store", store, "show", "three");
    assert_int_equal(run.status, 2);
    run_free(&run);
    run_program(&run, "runs", "--store", "r/none.sqlite");
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "no run was recorded"));
    run_free(&run);
    assert_false(is_there("r/none.sqlite"));
}

static void test_diff_and_compare(void **state) {
    (void)state;
    struct run run, by_folder;
    run_into("r/one", "training.epochs=1");
    run_into("r/two", "training.epochs=2");
    run_fine(&run, "runs", "--store", "r/trials.sqlite", "diff", "one", "two", "--json");
    struct json_document *document;
    assert_ok(json_parse("diff", run.out, run.n_out, GW_ERR_DATA, &document));
    const json_value *config = json_get(json_root(document), "config");
    assert_int_equal(json_size(config), 3); /* the common value, and both gates' */
    assert_string_equal(json_string(json_get(json_at(config, 0), "key"), ""), "strategies[0].training.epochs");
    assert_true(json_size(json_get(json_root(document), "metrics")) > 10);
    json_free(document);
    run_free(&run);
    setenv("GATEWALK_STORE", "r/trials.sqlite", 1);
    run_fine(&run, "compare", "1", "two");
    run_fine(&by_folder, "compare", "r/one", "r/two");
    assert_string_equal(run.out, by_folder.out);
    run_free(&run);
    run_free(&by_folder);
    run_program(&run, "compare", "r/one", "three");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "three: neither a folder nor a run of this number or name in "));
    run_free(&run);
}

static void test_hostile_words(void **state) {
    (void)state;
    static const char words[] = "'); DROP TABLE runs; --\x1b[2J\x07";
    struct run run;
    char title[100];
    snprintf(title, sizeof title, "title=%s", words);
    run_into("r/one", title);
    run_fine(&run, "runs", "--store", "r/trials.sqlite", "tag", "1", words);
    run_free(&run);
    run_fine(&run, "runs", "--store", "r/trials.sqlite", "note", "1", words);
    run_free(&run);
    setenv("COLUMNS", "200", 1);
    const char *const *asked[] = {
        (const char *const[MAX_ARGS]){"runs", "--store", "r/trials.sqlite"},
        (const char *const[MAX_ARGS]){"runs", "--store", "r/trials.sqlite", "show", "1"},
        (const char *const[MAX_ARGS]){"runs", "--store", "r/trials.sqlite", "--sql",
                                      "SELECT note, title AS \"\x1b[2J\" FROM runs"},
        (const char *const[MAX_ARGS]){"runs", "--store", "r/trials.sqlite", "--json"},
    };
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        run_how(&run, &(struct how){0}, asked[i]);
        assert_int_equal(run.status, 0);
        assert_non_null(strstr(run.out, "DROP TABLE runs"));
        for (const char *c = run.out; *c; c++) assert_true((unsigned char)*c >= ' ' || *c == '\n');
        run_free(&run);
    }
    unsetenv("COLUMNS");
    assert_asked("SELECT count(*) FROM runs", "1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_run_is_a_row, fresh),
        cmocka_unit_test_setup(test_results_do_not_depend_on_it, fresh),
        cmocka_unit_test_setup(test_every_end_is_seen, fresh),
        cmocka_unit_test_setup(test_two_at_once, fresh),
        cmocka_unit_test_setup(test_no_ledger_no_harm, fresh),
        cmocka_unit_test_setup(test_twenty_runs, fresh),
        cmocka_unit_test_setup(test_another_configuration_gets_a_number, fresh),
        cmocka_unit_test_setup(test_a_named_directory_is_kept, fresh),
        cmocka_unit_test_setup(test_lists_fit_eighty_columns, fresh),
        cmocka_unit_test_setup(test_diff_and_compare, fresh),
        cmocka_unit_test_setup(test_hostile_words, fresh),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
