/* What a run leaves without gnuplot or with a broken one, and run directories that were damaged. */
#include "surroundings.h"

/* ---- gnuplot -------------------------------------------------------------------------------------------------- */

static void test_without_gnuplot(void **state) {
    (void)state;
    static const char *const run_args[MAX_ARGS] = {"run", "small.json", "--out", "o", "--quiet"};
    static const char *const report_args[MAX_ARGS] = {"report", "o"}, *const text_args[MAX_ARGS] = {"report", "o",
                                                                                                    "--text"};
    struct how how = {.path = work("nothing")};
    struct run run;
    run_how(&run, &how, run_args);
    assert_line(&run, 0, "gnuplot is not installed");
    assert_non_null(strstr(run.err, "gatewalk report o"));
    assert_non_null(strstr(run.out, "gatewalk report o"));
    assert_same_run("o");
    run_free(&run);
    run_how(&run, &how, report_args);
    assert_line(&run, 1, "gnuplot-nox");
    assert_int_equal(run.n_out, 0);
    assert_false(is_there("o/report.pdf") || is_there("o/plots"));
    run_free(&run);
    run_how(&run, &how, (const char *const[MAX_ARGS]){"report", "nowhere"}); /* no run: gnuplot is not the matter */
    assert_line(&run, 3, "nowhere/summary.json: not there");
    run_free(&run);
    run_how(&run, &how, text_args);
    assert_int_equal(run.status, 0);
    assert_int_equal(run.n_err, 0);
    run_free(&run);
}

static void test_broken_gnuplot(void **state) {
    (void)state;
    static const char *const run_args[MAX_ARGS] = {"run", "small.json", "--out", "o", "--quiet"};
    static const char *const report_args[MAX_ARGS] = {"report", "o"};
    mkdir(work("bin"), 0700);
    put_text("bin/gnuplot", "#!/bin/sh\necho 'line 1: no fonts today' >&2\nexit 3\n");
    assert_int_equal(chmod(work("bin/gnuplot"), 0700), 0);
    char path[3 * PATH_MAX];
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", work("bin"));
    struct how how = {.path = path};
    struct run run;
    run_how(&run, &how, run_args);
    assert_line(&run, 0, "no fonts today");
    assert_same_run("o");
    run_free(&run);
    run_how(&run, &how, report_args);
    assert_line(&run, 1, "no fonts today");
    assert_false(is_there("o/report.pdf"));
    run_free(&run);
    /* One that succeeds without drawing. */
    put_text("bin/gnuplot", "#!/bin/sh\nexit 0\n");
    run_how(&run, &how, report_args);
    assert_line(&run, 1, "");
    assert_false(is_there("o/report.pdf"));
    run_free(&run);
    remove_tree(work("bin"));
}

/* A killed report takes gnuplot with it, and the next one clears its folder away. */
static void test_killed_while_drawing(void **state) {
    (void)state;
    struct run run;
    char path[3 * PATH_MAX];
    const char *const report[MAX_ARGS] = {"report", "o"}, *kept = getenv("TMPDIR");
    char *before = kept ? strdup(kept) : NULL, *text = NULL;
    mkdir(work("tmp"), 0700);
    mkdir(work("tmp/gatewalk-report-mine"), 0700);
    mkdir(work("bin"), 0700);
    put_text("bin/gnuplot",
             "#!/bin/sh\necho $$ > \"$TMPDIR/pid.new\"\nmv \"$TMPDIR/pid.new\" \"$TMPDIR/pid\"\nexec sleep 50\n");
    assert_int_equal(chmod(work("bin/gnuplot"), 0700), 0);
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", work("bin"));
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    setenv("TMPDIR", work("tmp"), 1);
    pid_t pid = start(report, &(struct how){.path = path}, work("out"), work("err"));
    double begun = now_seconds();
    while (!is_there("tmp/pid") && now_seconds() - begun < 20) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    text = get_file(work("tmp/pid"), NULL);
    pid_t gnuplot = text ? (pid_t)atoi(text) : 0;
    free(text);
    assert_true(gnuplot > 1);
    begun = now_seconds();
    while (kill(gnuplot, 0) == 0 && now_seconds() - begun < 3) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    bool alive = kill(gnuplot, 0) == 0;
    if (alive) kill(gnuplot, SIGKILL);
    put_text("bin/gnuplot", "#!/bin/sh\nexit 3\n");
    run_how(&run, &(struct how){.path = path}, report);
    run_free(&run);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
    unlink(work("tmp/pid"));
    char *left = list_tree(work("tmp"), false);
    assert_string_equal(left, "/gatewalk-report-mine d\n");
    free(left);
    remove_tree(work("tmp"));
    remove_tree(work("bin"));
    assert_false(alive);
}

/* ---- damaged run directories ------------------------------------------------------------------------------------ */

static void truncate_to(const char *name, double share) {
    struct stat info;
    assert_int_equal(stat(work(name), &info), 0);
    assert_int_equal(truncate(work(name), (off_t)(share * (double)info.st_size)), 0);
}

static void make_run(void) {
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
}

static void test_truncated_summary(void **state) {
    (void)state;
    static const char *const commands[][MAX_ARGS] = {
        {"report", "o", "--text"}, {"report", "o"}, {"compare", "o"}, {"compare", "done", "o"}};
    make_run();
    truncate_to("o/summary.json", 0.6);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        struct run run;
        struct how how = {0};
        run_how(&run, &how, commands[i]);
        assert_line(&run, 3, "o/summary.json:");
        run_free(&run);
    }
    assert_false(is_there("o/report.pdf"));
}

/* Times go, results stay: a damaged run.json costs the report its training times at most. But nothing says any more that
 * the folder is a run's, so no run writes into it. */
static void test_damaged_run_json(void **state) {
    (void)state;
    struct run run;
    make_run();
    truncate_to("o/run.json", 0.5);
    run_program(&run, "report", "o", "--text");
    if (run.status != 0 && run.status != 3) fail_msg("exit %d: %s", run.status, run.err);
    if (run.status == 3) assert_line(&run, 3, "o/run.json");
    run_free(&run);
    run_program(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    assert_line(&run, 2, "its run.json is none that this gatewalk knows");
    run_free(&run);
    assert_true(is_there("o/summary.json") && is_there("o/scores.csv"));
}

static void test_truncated_model(void **state) {
    (void)state;
    struct run run;
    make_run();
    truncate_to("o/models/lstm-s1-f001.safetensors", 0.7);
    put_text("o/models/lstm-s1-f002.safetensors", "not a model");
    put_bytes("o/models/bahdanau-s1-f001.safetensors", "", 0);
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    assert_same_run("o");
    run_free(&run);
}

static void test_truncated_tables(void **state) {
    (void)state;
    static const char *const table[] = {"o/trades.csv", "o/equity.csv", "o/curves.csv", "o/training.csv"};
    if (!has_gnuplot()) {
        print_message("skip: gnuplot is not installed, so no tables are drawn\n");
        skip();
    }
    make_run();
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct run run;
        size_t length;
        char *whole = get_file(work(table[i]), &length);
        assert_non_null(whole);
        /* In the middle of a row, behind a comma. */
        char *cut = whole + length / 2;
        while (*cut != ',') cut--;
        assert_int_equal(truncate(work(table[i]), cut - whole), 0);
        run_program(&run, "report", "o");
        assert_line(&run, 3, table[i]);
        assert_int_equal(run.n_out, 0);
        put_bytes(table[i], whole, length);
        free(whole);
        run_free(&run);
    }
    assert_false(is_there("o/report.pdf") || is_there("o/plots"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_without_gnuplot),   TEST(test_broken_gnuplot),   TEST(test_killed_while_drawing),
        TEST(test_truncated_summary), TEST(test_damaged_run_json), TEST(test_truncated_model),
        TEST(test_truncated_tables),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
