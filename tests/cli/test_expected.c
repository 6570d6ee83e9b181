/* Before its first fit a run says how long it will take, while it judges how far it is; and what it measures for that
 * changes no byte of what it writes. */
#include "program.h"

static const char experiment[] =
    "{\"name\":\"x\",\"data\":\"x.csv\",\"features\":[\"log_return(1)\",\"rsi(6)\"],\"labels\":{\"horizon\":4,"
    "\"ratio\":1.2,"
    "\"min_move\":0.002},\"folds\":{\"train\":200,\"validation\":60,\"test\":60},\"signals\":{\"k\":[5,20],\"act_on\":"
    "20},"
    "\"model\":{\"lookback\":4,\"hidden\":4,\"dense_units\":4},\"training\":{\"epochs\":2,\"batch_size\":64,\"block\":"
    "4},"
    "\"verdict\":{\"bootstrap\":200,\"null_resamples\":5,\"random_entries\":20,\"confidence\":0.9},\"seeds\":2,"
    "\"strategies\":["
    "{\"name\":\"a\",\"strategy\":\"gate\",\"model\":{\"attention\":\"none\"}},"
    "{\"name\":\"b\",\"strategy\":\"gate\",\"model\":{\"attention\":\"luong_dot\"},\"training\":{\"retrain\":\"warm\"}}"
    ","
    "{\"name\":\"c\",\"strategy\":\"gate\",\"model\":{\"attention\":\"multihead\",\"heads\":2,\"key_dim\":2}},"
    "\"buy_and_hold\"]}\n";

enum { FOLDS = 10, SEEDS = 2, GATES = 3, FITS = FOLDS * SEEDS * GATES };

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    put_text("x.json", experiment);
    run_fine(&run, "synth", "random-walk", "--bars", "830", "--seed", "3", "--out", "x.csv");
    run_free(&run);
    return 0;
}

/* Where the line that begins so stands; NULL: nowhere. */
static const char *line_with(const char *text, const char *begin) {
    size_t n = strlen(begin);
    for (const char *at = text; at; at = strchr(at, '\n'), at += at != NULL)
        if (strncmp(at, begin, n) == 0) return at;
    return NULL;
}

static void must_hold(const char *line, const char *what) {
    char copy[600];
    assert_non_null(line);
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
    if (!strstr(copy, what)) fail_msg("no \"%s\" in: %s", what, copy);
}

static void test_the_first_line_is_the_expected_time(void **state) {
    (void)state;
    struct run run;
    char fits[64], stored[64];
    run_fine(&run, "run", "x.json", "--no-report", "--out", "loud", "--jobs", "2");
    const char *expected = line_with(run.err, "expected: up to about "), *training = line_with(run.err, "training ");
    snprintf(fits, sizeof fits, ": %d fits ", FITS);
    must_hold(expected, fits);
    must_hold(expected, "verdict ");
    must_hold(expected, "(200 replicates of 4 comparisons)");
    must_hold(expected, "on 2 threads");
    assert_non_null(training);
    assert_true(expected < training);
    assert_null(strstr(run.err, "of them"));
    run_free(&run);
    run_fine(&run, "run", "x.json", "--no-report", "--out", "loud", "--jobs", "1");
    snprintf(stored, sizeof stored, ", %d of them begun or done before", FITS);
    must_hold(line_with(run.err, "expected: "), stored);
    run_free(&run);
}

static void test_the_verdict_tells_how_far_it_is(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "x.json", "--no-report", "--out", "loud");
    const char *verdict = line_with(run.err, "verdict 200/200 replicates 100%");
    must_hold(verdict, "2 candidates and a");
    must_hold(verdict, "replicates/s");
    run_free(&run);
    run_fine(&run, "run", "x.json", "--no-report", "--out", "single", "--strategies", "a,buy_and_hold");
    assert_null(strstr(run.err, "replicates"));
    run_free(&run);
}

static void test_measuring_changes_no_byte(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "x.json", "--no-report", "--out", "loud");
    run_free(&run);
    run_fine(&run, "run", "x.json", "--no-report", "--out", "quiet", "--quiet");
    assert_null(line_with(run.err, "expected"));
    run_free(&run);
    const char *const name[] = {"summary.json", "scores.csv", "trades.csv", "equity.csv", "training.csv"};
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        char path[64];
        size_t n_loud, n_quiet;
        snprintf(path, sizeof path, "loud/%s", name[i]);
        char *loud = get_file(work(path), &n_loud);
        snprintf(path, sizeof path, "quiet/%s", name[i]);
        char *quiet = get_file(work(path), &n_quiet);
        if (!loud || !quiet) fail_msg("no %s", name[i]);
        assert_int_equal(n_loud, n_quiet);
        assert_memory_equal(loud, quiet, n_loud);
        free(loud);
        free(quiet);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_first_line_is_the_expected_time),
                                       cmocka_unit_test(test_the_verdict_tells_how_far_it_is),
                                       cmocka_unit_test(test_measuring_changes_no_byte)};
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
