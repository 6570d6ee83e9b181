/* `run`, `report` and `compare` as they are meant to be used, and the same bytes from any number of jobs. */
#include "commands.h"
#include "engine/base/base.h"
#include "engine/config/config.h"
#include "gatewalk/synth.h"

static void test_run_prints_its_report(void **state) {
    (void)state;
    struct run run, report;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    assert_int_equal(run.n_err, 0);
    run_fine(&report, "report", "o", "--text");
    assert_int_equal(report.n_err, 0);
    static const char tail[] = "\nresults: o\n";
    assert_true(report.n_out > 500);
    assert_int_equal(run.n_out, report.n_out + strlen(tail));
    assert_memory_equal(run.out, report.out, report.n_out);
    assert_string_equal(run.out + report.n_out, tail);
    static const char *const part[] = {"a small one", "lstm",       "bahdanau", "buy_and_hold",
                                       "long gate",   "short gate", "traded"};
    for (size_t i = 0; i < COUNT_OF(part); i++)
        if (!strstr(report.out, part[i])) fail_msg("the table has no %s:\n%s", part[i], report.out);
    run_free(&run);
    run_free(&report);
}

static void test_report_takes_trades_apart(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "report", "done", "--breakdown", "side");
    assert_non_null(strstr(run.out, "by side\n"));
    assert_null(strstr(run.out, "by the hour"));
    static const char *const part[] = {"lstm", "buy_and_hold", "long", "mean return %", "profit factor"};
    for (size_t i = 0; i < COUNT_OF(part); i++)
        if (!strstr(run.out, part[i])) fail_msg("no %s:\n%s", part[i], run.out);
    run_free(&run);
    run_fine(&run, "report", "done", "--breakdown", "all");
    assert_non_null(strstr(run.out, "by symbol\n"));
    assert_non_null(strstr(run.out, "by the fold of the signal\n"));
    run_free(&run);
    run_fine(&run, "report", "done", "--json");
    size_t n;
    char *summary = get_file(work("done/" GW_RUN_SUMMARY), &n);
    assert_non_null(summary);
    assert_string_equal(run.out, summary);
    free(summary);
    run_free(&run);
    run_program(&run, "report", "done", "--breakdown", "sides");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "did you mean \"side\"?"));
    run_free(&run);
}

/* Groups by a column, the largest first. */
static void test_report_sorts_what_it_takes_apart(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "report", "done", "--breakdown", "hour", "--sort", "trades");
    double before = 0;
    size_t n = 0;
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
        const bool first = line[0] != ' '; /* of a contestant */
        double hour, trades;
        if (sscanf(line, first ? "%*s %lf %lf" : "%lf %lf", &hour, &trades) != 2) continue;
        if (!first && trades > before) fail_msg("%g after %g: %s", trades, before, line);
        before = trades;
        n += !first;
    }
    run_free(&run);
    assert_true(n > 5);
    run_program(&run, "report", "done", "--sort", "pln");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "did you mean \"pnl\""));
    run_free(&run);
}

static void test_compare(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--set", "name=other", "--strategies", "lstm,buy_and_hold", "--out", "o",
             "--no-report", "--quiet");
    run_free(&run);
    setenv("COLUMNS", "160", 1); /* all of it side by side */
    run_fine(&run, "compare", "done", "o");
    unsetenv("COLUMNS");
    assert_int_equal(run.n_err, 0);
    const char *first = strstr(run.out, "\nsmall "), *second = strstr(run.out, "\nother ");
    assert_true(first && second && first < second);
    const char *bahdanau = strstr(first, "bahdanau"), *words = strstr(run.out, "small: ");
    assert_true(words && words < first && strstr(words, "other: ") < first); /* in plain words before the numbers */
    assert_true(bahdanau > first && bahdanau < second); /* the other run was narrowed to two strategies */
    assert_null(strstr(second, "bahdanau"));
    assert_non_null(strstr(second, "buy_and_hold"));
    run_free(&run);
    run_fine(&run, "compare", "done", "o");
    for (const char *line = run.out; *line; line += strcspn(line, "\n") + 1) { /* piped, it fits any screen */
        size_t width = 0;
        for (const char *c = line; *c && *c != '\n'; c++) width += ((unsigned char)*c & 0xC0) != 0x80;
        if (width > 80) fail_msg("%zu characters: %.*s", width, (int)strcspn(line, "\n"), line);
    }
    run_free(&run);
}

static void test_default_directory_and_name(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--set", "name=elsewhere", "--no-report", "--quiet");
    assert_non_null(strstr(run.out, "results: reports/out/elsewhere\n"));
    assert_true(is_there("reports/out/elsewhere/summary.json"));
    run_free(&run);
    remove_tree(work("reports"));
}

static void test_report_files(void **state) {
    (void)state;
    struct run run;
    if (!has_gnuplot()) {
        print_message("skip: gnuplot is not installed, so no report is drawn\n");
        skip();
    }
    run_fine(&run, "run", "small.json", "--out", "o", "--quiet");
    assert_non_null(strstr(run.out, "\nreport: o/report.pdf\n"));
    run_free(&run);
    char *pdf = get_file(work("o/report.pdf"), NULL), *png = get_file(work("o/plots/equity.png"), NULL);
    assert_true(pdf && strncmp(pdf, "%PDF-", 5) == 0);
    assert_true(png && memcmp(png, "\x89PNG", 4) == 0);
    free(pdf);
    free(png);
    remove_tree(work("o/plots"));
    run_fine(&run, "report", "o", "--only", "equity");
    assert_string_equal(run.out, "plot: o/plots/equity.png\n");
    assert_true(is_there("o/plots/equity.png"));
    assert_false(is_there("o/plots/summary.png"));
    run_free(&run);
}

static void test_jobs_do_not_matter(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet", "--jobs", "1");
    run_free(&run);
    assert_same_runs("o", "done");
    run_fine(&run, "run", "small.json", "--out", "p", "--no-report", "--quiet", "--jobs", "5");
    run_free(&run);
    assert_same_runs("p", "done");
}

static void test_finished_run_again(void **state) {
    (void)state;
    struct run run;
    for (int i = 0; i < 2; i++) {
        run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
        run_free(&run);
        assert_same_runs("o", "done");
    }
}

/* The settings that run.json records are an experiment: run again, it gives the same results. */
static void test_recorded_experiment(void **state) {
    (void)state;
    struct run run;
    struct json_document *document;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet", "--seeds", "2", "--timerange",
             "20200102-", "--set", "training.loss=focal", "--set", "labels.ratio=1e-9");
    run_free(&run);
    assert_ok(json_load(work("o/run.json"), GW_ERR_DATA, &document));
    FILE *to = fopen(work("recorded.json"), "w");
    assert_non_null(to);
    struct json_writer w = {.stream = to};
    json_put_value(&w, NULL, json_get(json_root(document), "config"));
    fclose(to);
    json_free(document);
    run_fine(&run, "run", "recorded.json", "--out", "p", "--no-report", "--quiet");
    run_free(&run);
    assert_same_runs("o", "p");
    char *tree = list_tree(work("o/models"), false);
    assert_int_equal(count_lines(tree), 2 * 2 * 3); /* strategies with a model, seeds, folds */
    free(tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_run_prints_its_report),
        TEST(test_report_takes_trades_apart),
        TEST(test_report_sorts_what_it_takes_apart),
        TEST(test_compare),
        TEST(test_default_directory_and_name),
        TEST(test_report_files),
        TEST(test_jobs_do_not_matter),
        TEST(test_finished_run_again),
        TEST(test_recorded_experiment),
    };
    return cmocka_run_group_tests(tests, setup_a_run, program_teardown);
}
