/* `gatewalk audit`: its verdict, its certificate and who may show it. What it finds is tests/audit. */
#include "program.h"

#include "engine/base/json.h"

#define AUDIT "audit", "small.json", "--cuts", "9", "--refits", "1", "--quiet"

static void run_small(const char *dir, const char *set) {
    struct run run;
    run_fine(&run, "run", "small.json", "--out", dir, "--no-report", "--quiet", "--set", set);
    run_free(&run);
}

static bool report_says(const char *dir, const char *words) {
    struct run run;
    run_fine(&run, "report", dir, "--text");
    bool says = strstr(run.out, words) != NULL;
    run_free(&run);
    return says;
}

static void test_certificate(void **state) {
    (void)state;
    struct run run, again;
    struct json_document *document;
    run_small("o", "training.epochs=2");
    run_fine(&run, "audit", "small.json", "--cuts", "1", "--set", "training.epochs=2", "--out", "o");
    assert_non_null(strstr(run.err, "6 of 6 models were taken from the run\n")); /* of the first seed */
    run_free(&run);
    run_fine(&run, AUDIT, "--set", "training.epochs=2", "--out", "o", "--jobs", "1");
    assert_int_equal(run.n_err, 0);
    assert_int_equal(strncmp(run.out, "No look-ahead found: ", 21), 0);
    assert_non_null(strstr(run.out, "certificate: o/audit.json\n"));
    assert_ok(json_load(work("o/audit.json"), GW_ERR_DATA, &document));
    const json_value *root = json_root(document), *stages = json_get(root, "stages");
    assert_string_equal(json_string(json_get(root, "state"), ""), "clean");
    assert_int_equal((int)json_number(json_get(root, "cuts"), 0), 9);
    assert_int_equal((int)json_number(json_get(root, "markets"), 0), 3 * 9 + 2 * 2);
    for (size_t i = 0; i < json_size(stages); i++) { /* nothing is fitted in small.json */
        const bool fitted = strcmp(json_string(json_get(json_at(stages, i), "stage"), ""), "fitted_features") == 0;
        assert_string_equal(json_string(json_get(json_at(stages, i), "state"), ""), fitted ? "not_compared" : "same");
    }
    assert_int_equal(json_size(stages), 19);
    json_free(document);
    assert_true(report_says("o", "Audited for look-ahead: what is known at 9 bars has the same bits in 31 markets"));
    run_fine(&again, AUDIT, "--set", "training.epochs=2", "--json", "--jobs", "2"); /* trains its models itself */
    assert_string_equal(again.err, "");
    size_t length;
    char *stored = get_file(work("o/audit.json"), &length);
    assert_string_equal(again.out, stored);
    free(stored);
    run_free(&run);
    run_free(&again);
    /* Another configuration's certificate says nothing of this one. */
    run_fine(&run, "run", "small.json", "--out", "o", "--force", "--no-report", "--quiet", "--set",
             "training.epochs=1");
    assert_false(strstr(run.out, "Audited"));
    run_free(&run);
    remove_tree(work("o"));
}

static void test_runs_of_others_are_refused(void **state) {
    (void)state;
    struct run run;
    run_small("o", "training.epochs=1");
    run_program(&run, AUDIT, "--out", "o", "--set", "training.epochs=2");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "another configuration"));
    run_free(&run);
    run_program(&run, AUDIT, "--out", "nothing");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "holds no finished run"));
    run_free(&run);
    assert_false(is_there("o/audit.json") || is_there("nothing"));
    remove_tree(work("o"));
}

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    put_small_experiment();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_runs_of_others_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
