/* `gatewalk verify`: a run is what its files and data come to, and one digit changed anywhere is named. */
#include "program.h"

#include "engine/base/io/io.h"

static void put_digit(const char *path, size_t from) {
    size_t n;
    char *bytes = get_file(work(path), &n);
    assert_non_null(bytes);
    while (from < n && !(bytes[from] >= '0' && bytes[from] <= '9')) from++;
    assert_true(from < n);
    bytes[from] = (char)('0' + (bytes[from] - '0' + 1) % 10);
    put_bytes(path, bytes, n);
    free(bytes);
}

static size_t size_of(const char *path) {
    size_t n;
    free(get_file(work(path), &n));
    return n;
}

static void test_finished_run(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "verify", "o", "--refit", "all", "--quiet");
    assert_string_equal(run.err, "");
    assert_non_null(strstr(run.out, "same bytes: 6 files, 6 fitted again\n"));
    assert_non_null(strstr(run.out, "\nverified: o\n"));
    run_free(&run);
}

/* The tampered file is the one that is named, with the line where it has lines. */
static void test_tampering_is_named(void **state) {
    (void)state;
    static const struct {
        const char *file;
        bool lines;
    } tampered[] = {
        {"folds.csv", true},   {"training.csv", true},       {"scores.csv", true},
        {"trades.csv", true},  {"orders.csv", true},         {"equity.csv", true},
        {"curves.csv", true},  {"attention.npy", false},     {"attention.csv", true},
        {"signals.csv", true}, {"importance.csv", true},     {"summary.json", true},
        {"run.json", true},    {"attention_mean.csv", true}, {"models/bahdanau-s1-f002.safetensors", false}};
    for (size_t i = 0; i < COUNT_OF(tampered); i++) {
        char path[100], want[120];
        size_t n;
        snprintf(path, sizeof path, "o/%s", tampered[i].file);
        char *kept = get_file(work(path), &n);
        put_digit(path, strcmp(tampered[i].file, "run.json") ? size_of(path) / 2
                                                             : (size_t)(strstr(kept, "\"horizon\"") - kept));
        struct run run;
        run_program(&run, "verify", "o", "--quiet");
        snprintf(want, sizeof want, "%s%s", tampered[i].file, tampered[i].lines ? ":" : "");
        if (run.status != 1 || !strstr(run.err, want)) fail_msg("%s: exit %d, %s", path, run.status, run.err);
        run_free(&run);
        put_bytes(path, kept, n);
        free(kept);
    }
    struct run run;
    run_fine(&run, "verify", "o", "--quiet");
    run_free(&run);
}

static void test_other_bars_are_named(void **state) {
    (void)state;
    size_t n;
    char *kept = get_file(work("rw.csv"), &n);
    put_digit("rw.csv", n / 2);
    struct run run;
    run_program(&run, "verify", "o", "--quiet");
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "run.json:"));
    assert_non_null(strstr(run.err, "data: "));
    run_free(&run);
    put_bytes("rw.csv", kept, n);
    free(kept);
}

/* From wherever it is started: the run says where its data are. */
static void test_moved_run(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(mkdir(work("away"), 0700), 0);
    assert_int_equal(rename(work("o"), work("away/o")), 0);
    run_fine(&run, "verify", "away/o", "--quiet");
    run_free(&run);
    assert_int_equal(rename(work("away/o"), work("o")), 0);
    run_program(&run, "verify", "away", "--quiet");
    assert_int_equal(run.status, 3);
    run_free(&run);
    assert_int_equal(rmdir(work("away")), 0);
}

static int setup(void **state) {
    struct run run;
    if (program_setup(state) != 0) return -1;
    put_small_experiment();
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finished_run),
        cmocka_unit_test(test_tampering_is_named),
        cmocka_unit_test(test_other_bars_are_named),
        cmocka_unit_test(test_moved_run),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
