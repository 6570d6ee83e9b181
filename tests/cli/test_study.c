/* gatewalk study: its path, its choices, its continuation, and what the final walk may still see. */
#include "engine/base/json.h"
#include "program.h"
#include "run_tree.h"

static const char study_text[] =
    "{\"name\": \"path\", \"experiment\": \"small.json\", \"search\": {\"seeds\": 2, \"folds\": %d, \"epochs\": 2},"
    "\"stages\": ["
    "{\"name\": \"loss\", \"carry\": true, \"variants\": [{\"name\": \"bce\"},"
    "{\"name\": \"focal\", \"training\": {\"loss\": \"focal\"}}]},"
    "{\"name\": \"attention\", \"variants\": [{\"name\": \"dot\", \"model\": {\"attention\": \"luong_dot\"}},"
    "{\"name\": \"bahdanau\", \"model\": {\"attention\": \"bahdanau\", \"attention_units\": 4}}]}]}";

static void put_study(const char *name, int folds) {
    char text[2000];
    snprintf(text, sizeof text, study_text, folds);
    put_text(name, text);
}

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    put_small_experiment();
    put_study("one.json", 1);
    struct run run;
    run_fine(&run, "study", "one.json", "--out", "done", "--no-report", "--quiet");
    run_free(&run);
    return 0;
}

static struct json_document *load(const char *file) {
    struct json_document *document;
    assert_ok(json_load(work(file), GW_ERR_DATA, &document));
    return document;
}

static double number(const json_value *object, const char *key) { return json_number(json_get(object, key), NAN); }

static void test_choices_follow_the_validation(void **state) {
    (void)state;
    struct json_document *document = load("done/study.json");
    const json_value *stages = json_get(json_root(document), "stages");
    assert_int_equal(json_size(stages), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_value *stage = json_at(stages, i), *variants = json_get(stage, "variants");
        double best = -1, second = -1;
        const char *winner = "";
        assert_int_equal(json_size(variants), 2);
        for (size_t v = 0; v < 2; v++) {
            const json_value *variant = json_at(variants, v);
            double ap = number(variant, "validation_average_precision");
            assert_true(ap > 0 && ap < 1);
            assert_true(number(variant, "fits") == 2); /* two seeds, one fold */
            if (ap > best)
                second = best, best = ap, winner = json_string(json_get(variant, "name"), "");
            else
                second = ap;
        }
        assert_true(best > second);
        assert_string_equal(json_string(json_get(stage, "chosen"), "?"), winner);
    }
    json_free(document);
}

/* The winner of a carried stage trains everything after it; the final walk holds baseline, winner and floors. */
static void test_the_path_is_walked(void **state) {
    (void)state;
    struct json_document *study = load("done/study.json"), *run = load("done/run.json");
    const json_value *stages = json_get(json_root(study), "stages"), *final = json_get(json_root(study), "final");
    const char *loss = json_string(json_get(json_at(stages, 0), "chosen"), "?"),
               *attention = json_string(json_get(json_at(stages, 1), "chosen"), "?");
    assert_string_equal(json_string(json_at(final, 0), ""), "lstm");
    assert_string_equal(json_string(json_at(final, 1), ""), attention);
    const json_value *walked = json_get(json_get(json_root(run), "config"), "strategies");
    assert_int_equal(json_size(walked), json_size(final));
    for (size_t s = 0; s < 2; s++)
        assert_string_equal(json_string(json_get(json_get(json_at(walked, s), "training"), "loss"), ""), loss);
    json_free(study);
    json_free(run);
}

/* Searching more folds moves the final walk behind the last validation slice that was searched. */
static void test_final_walk_starts_after_the_search(void **state) {
    (void)state;
    struct run run;
    put_study("two.json", 2);
    run_fine(&run, "study", "two.json", "--out", "two", "--no-report", "--quiet", "--events");
    run_free(&run);
    assert_true(is_there("two/events.jsonl") && !is_there("done/events.jsonl"));
    struct json_document *one = load("done/summary.json"), *two = load("two/summary.json");
    assert_int_equal((int)number(json_root(two), "n_folds"), (int)number(json_root(one), "n_folds") - 1);
    assert_true(strcmp(json_string(json_get(json_root(two), "begin"), ""),
                       json_string(json_get(json_root(one), "begin"), "~")) > 0);
    assert_true(number(json_root(two), "n_bars") < number(json_root(one), "n_bars"));
    json_free(one);
    json_free(two);
}

/* Stopped in the second stage and given again: the bytes of a study nobody disturbed. */
static void test_interrupt_and_continue(void **state) {
    (void)state;
    struct run run;
    const char *const args[MAX_ARGS] = {"study", "one.json", "--out", "o", "--no-report", "--jobs", "1"};
    struct how how = {.interrupt_when = "o/stages/attention/models", .interrupt_suffix = ".safetensors"};
    run_how(&run, &how, args);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "run the same command again to continue"));
    assert_false(is_there("o/summary.json"));
    run_free(&run);
    run_fine(&run, "study", "one.json", "--out", "o", "--no-report", "--jobs", "2");
    run_free(&run);
    assert_same_runs("o", "done");
}

static void refused(const char *text, const char *part) {
    struct run run;
    put_text("bad.json", text);
    run_program(&run, "study", "bad.json", "--out", "bad", "--no-report");
    if (run.status != 2 || !strstr(run.err, part)) fail_msg("exit %d, not \"%s\": %s", run.status, part, run.err);
    assert_true(strstr(run.err, "bad.json:") || strstr(run.err, "search.folds"));
    assert_int_equal(run.n_out, 0);
    assert_false(is_there("bad/summary.json"));
    run_free(&run);
}

static void test_refusals(void **state) {
    (void)state;
    refused("{\"name\": \"x\"}", "\"experiment\" is missing");
    refused("{\"experiment\": \"small.json\", \"serach\": {}}", "search");
    refused("{\"experiment\": \"small.json\", \"search\": {\"folds\": 0}}",
            "search.folds is 0; it must lie between 1 and 100000");
    refused("{\"experiment\": \"small.json\", \"search\": {\"folds\": 999}}", "folds");
    refused("{\"experiment\": \"small.json\", \"stages\": []}", "stages must be an array");
    refused("{\"experiment\": \"small.json\", \"stages\": [{\"name\": \"a\", \"variants\": []}]}", "variants");
    refused("{\"experiment\": \"small.json\", \"stages\": [{\"name\": \"a\", \"variants\": [{\"name\": \"v\", "
            "\"model\": {\"attention\": \"bahdanu\"}}]}]}",
            "bahdanau");
    refused("{\"name\": \"x\", \"strategies\": []}", "gatewalk run");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices_follow_the_validation),
        cmocka_unit_test(test_the_path_is_walked),
        cmocka_unit_test(test_final_walk_starts_after_the_search),
        cmocka_unit_test(test_interrupt_and_continue),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
