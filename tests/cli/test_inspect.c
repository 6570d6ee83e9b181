/* `synth`, `inspect` and `folds` as they are meant to be used: round trips, limits, and what they say of damage. */
#include "commands.h"
#include <ctype.h>

#include "engine/base/base.h"
#include "engine/config/config.h"
#include "gatewalk/synth.h"

static struct json_document *inspect(const char *file) {
    struct run run;
    struct json_document *document;
    run_fine(&run, "inspect", file, "--json");
    assert_int_equal(run.n_err, 0);
    assert_ok(json_parse("stdout", run.out, run.n_out, GW_ERR_DATA, &document));
    run_free(&run);
    return document;
}

static double number_of(const struct json_document *document, const char *key) {
    const json_value *value = json_get(json_root(document), key);
    if (!value || json_kind(value) != JSON_NUMBER) fail_msg("no number %s", key);
    return json_number(value, NAN);
}

static void test_synth_inspect(void **state) {
    (void)state;
    static const char *const count[] = {"gaps",     "missing_bars",    "duplicates", "backward",
                                        "off_grid", "ohlc_violations", "bad_rows"};
    assert_true(gw_synth_kind_count() >= 3);
    for (size_t i = 0; i < gw_synth_kind_count(); i++) {
        struct run run;
        run_fine(&run, "synth", gw_synth_kind_name(i), "--bars", "3000", "--seed", "7", "--out", "s.csv");
        assert_non_null(strstr(run.out, "bars: s.csv (3000 bars)\n"));
        run_free(&run);
        struct json_document *document = inspect("s.csv");
        const json_value *root = json_root(document), *prevalence = json_get(root, "label_prevalence");
        assert_true(number_of(document, "rows") == 3000);
        assert_true(number_of(document, "bars") == 3000);
        for (size_t c = 0; c < COUNT_OF(count); c++) assert_true(number_of(document, count[c]) == 0);
        assert_string_equal(json_string(json_get(root, "symbol"), ""), "s");
        assert_string_equal(json_string(json_get(root, "file"), ""), "s.csv");
        for (int g = 0; g < 2; g++) {
            double share = json_number(json_get(prevalence, g ? "short" : "long"), -1);
            assert_true(share >= 0 && share < 0.6);
        }
        json_free(document);
        unlink(work("s.csv"));
        unlink(work("s.truth.csv"));
    }
}

static void test_synth_repeats(void **state) {
    (void)state;
    struct run run;
    char *file[3];
    static const char *const seed[] = {"5", "5", "6"};
    for (size_t i = 0; i < 3; i++) {
        run_fine(&run, "synth", "planted", "--bars", "4000", "--seed", seed[i], "--out", "s.csv");
        assert_non_null(strstr(run.out, "truth: s.truth.csv ("));
        run_free(&run);
        char *bars = get_file(work("s.csv"), NULL), *truth = get_file(work("s.truth.csv"), NULL);
        assert_non_null(bars);
        assert_non_null(truth);
        if (asprintf(&file[i], "%s%s", bars, truth) < 0) abort();
        free(bars);
        free(truth);
    }
    assert_string_equal(file[0], file[1]);
    assert_string_not_equal(file[0], file[2]);
    for (size_t i = 0; i < 3; i++) free(file[i]);
}

/* A limit is told before it is met. */
static void test_limits_are_told(void **state) {
    (void)state;
    static const char *const told[][4] = {{"synth", "--help", "at most 8000000"}, {"run", "--help", "at most 64"},
                                          {"study", "--help", "at most 64"},      {"list", "keys", "1 to 32 names"},
                                          {"list", "keys", "at most 64"},         {"list", "keys", "at most 256"}};
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        struct run run;
        run_fine(&run, told[i][0], told[i][1]);
        if (!strstr(run.out, told[i][2])) fail_msg("%s %s does not say \"%s\"", told[i][0], told[i][1], told[i][2]);
        run_free(&run);
    }
}

/* What a run refuses, `inspect` refuses in the same words. */
static void test_inspect_judges_as_a_run_does(void **state) {
    (void)state;
    static const char *const text[] = {
        "time,open,high,low,close,volume\n1600000000,1,2,1,1,1\n1600000900000,1,2,1,1,1\n1600001800,1,2,1,1,1\n",
        "time,open,high,low,close,volume\n1600000000,1,2,1,1,1\n1600000900,1,2,1,1,1\n1600000900,1,2,1,1,1\n",
        "time,open,high,low,close,volume\n1600000900,1,2,1,1,1\n1600001800,1,2,1,1,1\n1600000000,1,2,1,1,1\n",
    };
    for (size_t i = 0; i < COUNT_OF(text); i++) {
        struct run run;
        put_text("judged.csv", text[i]);
        struct json_document *document = inspect("judged.csv");
        const char *refused = json_string(json_get(json_root(document), "refused"), "nothing");
        const char *const args[MAX_ARGS] = {"run", "small.json", "--data", "judged.csv", "--out", "judged"};
        run_how(&run, &(struct how){0}, args);
        assert_int_equal(run.status, 3);
        if (strncmp(run.err, "gatewalk: ", 10) != 0 || strncmp(run.err + 10, refused, strlen(refused)) != 0)
            fail_msg("inspect: %s; run: %s", refused, run.err);
        run_free(&run);
        run_fine(&run, "inspect", "judged.csv");
        if (!strstr(run.out, "refused") || !strstr(run.out, refused)) fail_msg("does not say so: %s", run.out);
        run_free(&run);
        if (i == 0) assert_true(number_of(document, "bad_rows") == 1);
        json_free(document);
        run_fine(&run, "inspect", "judged.csv", "--repair", "--json");
        assert_non_null(strstr(run.out, "\"refused\": null"));
        if (i == 0) assert_non_null(strstr(run.out, "\"mixed_units\": 1"));
        run_free(&run);
    }
    unlink(work("judged.csv"));
}

/* What a file or its name holds reaches the terminal without its control bytes. */
static void test_no_control_bytes_reach_the_terminal(void **state) {
    (void)state;
    static const char name[] = "e\x1b[31m\xc2\x9b.csv", shown[] = "e?[31m?.csv";
    static const char text[] = "time,open,high,low,close,volume\n1600000000,1,2,1,1,1\n1600000900,1,2,1,1,1\n"
                               "1600001800,1,2,1,\x1b]0;owned\x07,1\n1600002700,1,2,1,\xff\xfe,1\n";
    static const char *const args[][MAX_ARGS] = {{"inspect", name}, {"inspect", name, "--repair"}};
    put_text(name, text);
    for (size_t i = 0; i < COUNT_OF(args); i++) {
        struct run run;
        run_how(&run, &(struct how){0}, args[i]);
        assert_int_equal(run.status, 0);
        for (size_t c = 0; c < run.n_out; c++)
            if (run.out[c] != '\n' && iscntrl((unsigned char)run.out[c])) fail_msg("byte %d: %s", run.out[c], run.out);
        assert_true(utf8_valid(run.out, run.n_out, NULL));
        assert_true(strncmp(run.out, shown, sizeof shown - 1) == 0);
        assert_non_null(strstr(run.out, "close \"?]0;owned?\" "));
        run_free(&run);
    }
    unlink(work(name));
}

/* rw.csv with known damage: `inspect` names every kind and where it is first. */
static void test_inspect_counts(void **state) {
    (void)state;
    char *text = get_file(work("rw.csv"), NULL);
    FILE *to = fopen(work("damaged.csv"), "w");
    assert_true(text && to);
    size_t line = 0;
    for (char *row = strtok(text, "\n"); row; row = strtok(NULL, "\n")) {
        line++;
        if (line >= 101 && line <= 103) continue;                 /* a gap of 3 bars; line 101 is the next row */
        if (line == 400) fputs("2020-01-05T03:30:00Z,1,2\n", to); /* cut off: line 398 */
        fprintf(to, "%s\n", row);
        if (line == 300) fprintf(to, "%s\n", row);                       /* an exact duplicate: line 298 */
        if (line == 500) fputs("2020-01-06T04:52:00Z,10,5,9,9,1\n", to); /* high below low: line 500 */
    }
    fclose(to);
    free(text);
    struct json_document *document = inspect("damaged.csv");
    const json_value *root = json_root(document);
    assert_true(number_of(document, "rows") == 1200 - 3 + 3);
    assert_true(number_of(document, "bars") == 1200 - 3);
    assert_true(number_of(document, "gaps") == 1);
    assert_true(number_of(document, "missing_bars") == 3);
    assert_string_equal(json_string(json_get(root, "longest_gap_after"), ""), "2020-01-02T00:30:00Z");
    assert_true(number_of(document, "duplicates") == 1);
    assert_true(number_of(document, "bad_rows") == 2);
    assert_true(number_of(document, "ohlc_violations") == 1);
    assert_int_equal(strncmp(json_string(json_get(root, "first_problem"), ""), "398:", 4), 0);
    json_free(document);
    struct run run;
    run_fine(&run, "inspect", "damaged.csv");
    assert_non_null(strstr(run.out, "3 bars in 1 gaps while open, longest "));
    assert_non_null(strstr(run.out, "(first at line 298)"));
    assert_non_null(strstr(run.out, "(first at line 398)"));
    assert_non_null(strstr(run.out, "(first at line 500)"));
    run_free(&run);
}

static void test_folds(void **state) {
    (void)state;
    static const char *const slice[] = {"train", "validation", "test"};
    struct run run;
    size_t n_rows = 0, n_ok = 0;
    run_fine(&run, "folds", "small.json");
    assert_int_equal(run.n_err, 0);
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned fold, bars, samples, purged;
        char name[20], first[30], last[30];
        if (sscanf(line, " %u %19s %29s %29s %u %u %u", &fold, name, first, last, &bars, &samples, &purged) != 7)
            continue;
        assert_int_equal(fold, n_rows / 3 + 1);
        assert_string_equal(name, slice[n_rows % 3]);
        assert_int_equal(bars, n_rows % 3 == 0 ? 400 : n_rows % 3 == 1 ? 150 : 200);
        assert_int_equal(purged, n_rows % 3 == 2 ? 0 : 5); /* the horizon */
        assert_true(samples <= bars - purged);
        n_ok += strlen(line) > 4 && strcmp(line + strlen(line) - 4, "  ok") == 0;
        n_rows++;
    }
    assert_int_equal(n_rows, 9); /* 1200 bars: 550 for the first fit, then three tests of 200 */
    assert_int_equal(n_ok, 6);
    run_free(&run);
    run_fine(&run, "folds", "small.json", "--set", "folds.embargo=10");
    assert_non_null(strstr(run.out, "embargo: 10 bars"));
    run_free(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_synth_inspect),   TEST(test_synth_repeats),
        TEST(test_inspect_counts),  TEST(test_no_control_bytes_reach_the_terminal),
        TEST(test_limits_are_told), TEST(test_inspect_judges_as_a_run_does),
        TEST(test_folds),
    };
    return cmocka_run_group_tests(tests, setup_an_experiment, program_teardown);
}
