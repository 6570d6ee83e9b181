/* What the reports make of a verdict: which passes are significant, the training time, the path of a study; and which
 * numbers an axis shows. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"
#include "reports/data/checks.h"
#include "reports/data/study_view.h"
#include "reports/plots/equity.h"
#include "reports/plots/plot.h"

static char room[64];

static void join(char out[1024], const char *dir, const char *name) { assert_ok(path_join(out, 1024, dir, name)); }

static void open_run(struct run_view *run, char dir[1024], const char *name, const struct fixture *fixture) {
    join(dir, room, name);
    assert_ok(dir_make(dir));
    fixture_write(dir, fixture);
    assert_ok(run_view_open(dir, run));
}

static struct fixture small(void) {
    struct fixture f = fixture_rich;
    f.n_models = 4;
    f.n_others = 1;
    f.n_seeds = 2;
    f.n_folds = 2;
    f.bars_per_fold = 50;
    return f;
}

static void put_file(const char *dir, const char *name, const char *text) {
    char path[1024];
    join(path, dir, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

/* ---- the success test ------------------------------------------------------------------------------------------ */

static void check_states(struct run_view *run, size_t candidate, const enum check_state want[5]) {
    struct check_list list;
    assert_ok(checks_read(run, json_at(run->verdict, candidate), &list));
    assert_int_equal(list.n, 5);
    size_t passed = 0, significant = 0, unmeasured = 0;
    for (size_t i = 0; i < list.n; i++) {
        if (list.check[i].state != want[i])
            fail_msg("candidate %zu, %s: %s, not %s", candidate, list.check[i].name, check_word[list.check[i].state],
                     check_word[want[i]]);
        passed += want[i] == CHECK_PASS || want[i] == CHECK_UNSURE || want[i] == CHECK_SIGNIFICANT;
        significant += want[i] == CHECK_SIGNIFICANT;
        unmeasured += want[i] == CHECK_UNMEASURED;
    }
    assert_int_equal(list.n_passed, passed);
    assert_int_equal(list.n_significant, significant);
    assert_int_equal(list.n_unmeasured, unmeasured);
}

static void test_states(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    char dir[1024];
    open_run(&run, dir, "states", &f);
    /* bahdanau: everything far above zero; luong_general: two criteria met within the noise; multihead: the same two
     * and more points, at 2.8 times the baseline's training time */
    check_states(
        &run, 0,
        (enum check_state[]){CHECK_SIGNIFICANT, CHECK_SIGNIFICANT, CHECK_SIGNIFICANT, CHECK_SIGNIFICANT, CHECK_PASS});
    check_states(&run, 1, (enum check_state[]){CHECK_UNSURE, CHECK_FAIL, CHECK_FAIL, CHECK_UNSURE, CHECK_FAIL});
    check_states(
        &run, 2,
        (enum check_state[]){CHECK_SIGNIFICANT, CHECK_SIGNIFICANT, CHECK_SIGNIFICANT, CHECK_UNSURE, CHECK_FAIL});
    struct check_list list;
    assert_ok(checks_read(&run, json_at(run.verdict, 0), &list));
    assert_string_equal(list.check[0].brief, "long +0.027, short +0.016");
    assert_string_equal(list.check[1].brief, "long +14.4, short +8.6 points");
    assert_string_equal(list.check[3].brief, "long +0.28, short +0.17 %");
    assert_string_equal(list.check[4].brief, "1.60×; per window 1.50×");
    assert_string_equal(list.check[4].detail, "1.60× (160.0 s, baseline 100.0 s); per window 1.50×");
    run_view_close(&run);
}

/* A pass needs one gate that is both far enough above the baseline and sure of it. */
static void test_two_halves_are_no_pass(void **state) {
    (void)state;
    static const char shape[] =
        "{\"baseline\": \"b\", \"strategies\": [], \"verdict\": [{\"candidate\": \"c\", \"baseline\": \"b\", "
        "\"gates\": {"
        "\"long\": {\"precision_at_1\": {\"delta\": %s, \"significant\": %s}},"
        "\"short\": {\"precision_at_1\": {\"delta\": %s, \"significant\": %s}}},"
        "\"checks\": [{\"name\": \"P@1 %% at least 5 points better\", \"pass\": %s, \"detail\": \"\"},"
        "{\"name\": \"Sharpe better\", \"pass\": true, \"detail\": \"x\"}]}]}";
    static const struct {
        const char *long_delta, *long_sure, *short_delta, *short_sure, *pass;
        enum check_state want;
    } c[] = {{"0.06", "false", "0.02", "true", "true", CHECK_UNSURE}, /* far but unsure, sure but not far */
             {"0.06", "false", "0.05", "true", "true", CHECK_SIGNIFICANT},
             {"0.06", "true", "-0.2", "true", "true", CHECK_SIGNIFICANT},
             {"0.06", "false", "-0.2", "true", "true", CHECK_UNSURE}, /* surely worse elsewhere */
             {"0.04", "true", "0.01", "true", "false", CHECK_FAIL},
             {"0.01", "false", "null", "false", "false", CHECK_FAIL},
             {"null", "false", "null", "false", "false", CHECK_UNMEASURED}};
    char dir[1024], text[1024];
    join(dir, room, "halves");
    assert_ok(dir_make(dir));
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct run_view run;
        struct check_list list;
        snprintf(text, sizeof text, shape, c[i].long_delta, c[i].long_sure, c[i].short_delta, c[i].short_sure,
                 c[i].pass);
        put_file(dir, GW_RUN_SUMMARY, text);
        assert_ok(run_view_open(dir, &run));
        assert_ok(checks_read(&run, json_at(run.verdict, 0), &list));
        assert_int_equal(list.n, 3);
        if (list.check[0].state != c[i].want) fail_msg("case %zu: %s", i, check_word[list.check[0].state]);
        assert_int_equal(list.check[1].state, CHECK_PASS); /* a measure without difference: no claim */
        assert_int_equal(list.check[2].state, CHECK_UNMEASURED);
        run_view_close(&run);
    }
}

static void test_training_time_unknown(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    struct check_list list;
    char dir[1024];
    f.reused = true;
    open_run(&run, dir, "reused", &f);
    assert_ok(checks_read(&run, json_at(run.verdict, 0), &list));
    assert_int_equal(list.check[4].state, CHECK_UNMEASURED);
    assert_string_equal(list.check[4].detail, "fits were taken from an earlier run");
    assert_int_equal(list.n_passed, 4);
    run_view_close(&run);
    /* Half of the fits are from an earlier run: what is left is no whole training time, however good it looks. */
    put_file(dir, GW_RUN_JSON,
             "{\"fits\": {\"count\": 8, \"reused\": 4}, \"training_time\": [{\"strategy\": \"lstm\", \"seconds\": 9},"
             "{\"strategy\": \"bahdanau\", \"seconds\": 9}]}");
    assert_ok(run_view_open(dir, &run));
    assert_ok(checks_read(&run, json_at(run.verdict, 0), &list));
    assert_int_equal(list.check[4].state, CHECK_UNMEASURED);
    run_view_close(&run);
    put_file(dir, GW_RUN_JSON,
             "{\"training_time\": [{\"strategy\": \"lstm\", \"seconds\": 9}, {\"strategy\": \"bahdanau\", \"seconds\": "
             "18}, {\"strategy\": \"luong_general\", \"seconds\": 18.1}]}");
    assert_ok(run_view_open(dir, &run));
    assert_ok(checks_read(&run, json_at(run.verdict, 0), &list));
    assert_int_equal(list.check[4].state, CHECK_PASS); /* twice is still within the criterion */
    assert_ok(checks_read(&run, json_at(run.verdict, 1), &list));
    assert_int_equal(list.check[4].state, CHECK_FAIL);
    assert_ok(checks_read(&run, json_at(run.verdict, 2), &list));
    assert_int_equal(list.check[4].state, CHECK_UNMEASURED); /* not in the list */
    run_view_close(&run);
    char path[1024];
    join(path, dir, GW_RUN_JSON);
    assert_int_equal(unlink(path), 0);
    assert_ok(run_view_open(dir, &run));
    assert_ok(checks_read(&run, json_at(run.verdict, 0), &list));
    assert_int_equal(list.check[4].state, CHECK_UNMEASURED);
    run_view_close(&run);
}

static void test_confidence(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    char dir[1024], words[32];
    open_run(&run, dir, "confidence", &f);
    assert_string_equal(interval_words(&run, words), "90 % interval");
    run_view_close(&run);
    static const char *const unknown[] = {"{}", "[]", "{\"config\": {\"verdict\": {\"confidence\": 95}}}",
                                          "{\"config\": {\"verdict\": {\"confidence\": \"0.9\"}}}"};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        put_file(dir, GW_RUN_JSON, unknown[i]);
        assert_ok(run_view_open(dir, &run));
        assert_string_equal(interval_words(&run, words), "interval");
        run_view_close(&run);
    }
    put_file(dir, GW_RUN_JSON, "{\"config\":");
    assert_fails(run_view_open(dir, &run), GW_ERR_DATA, "run.json");
}

/* ---- the path of a study ----------------------------------------------------------------------------------------- */

static void test_study(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    const struct study_view *study;
    char dir[1024];
    open_run(&run, dir, "no-study", &f);
    assert_ok(study_view_read(&run, &study));
    assert_null(study);
    run_view_close(&run);
    f.study = true;
    open_run(&run, dir, "study", &f);
    assert_ok(study_view_read(&run, &study));
    assert_non_null(study);
    assert_int_equal(study->n, 3);
    assert_int_equal(study->stage[0].n, 2);
    assert_true(study->stage[0].carried && !study->stage[0].final && study->stage[2].final);
    assert_near(study->baseline, 0.192, 1e-12, 1); /* the carried winner, not the best of all */
    assert_near(study->search_folds, 2, 1e-12, 1);
    assert_true(isnan(study->stage[1].variant[1].average_precision));
    assert_string_equal(study->final, "lstm, bahdanau_64, buy_and_hold");
    run_view_close(&run);
}

static const struct plot_desc *plot_named(const char *name) {
    for (size_t i = 0; plot_at(i); i++)
        if (strcmp(plot_at(i)->name, name) == 0) return plot_at(i);
    fail_msg("no plot %s", name);
    return NULL;
}

/* Lets one plot write its data into `room`; the named file is the caller's. */
static char *plot_data(struct run_view *run, struct plot_job *job, const char *plot, const char *file) {
    *job = (struct plot_job){.run = run, .plot = plot_named(plot), .dir = room, .not_shown = ""};
    char path[1024], *text;
    size_t n;
    assert_ok(job->plot->prepare(job));
    join(path, room, file);
    assert_ok(file_read_all(path, (size_t)8 << 20, GW_ERR_IO, &text, &n));
    return text;
}

static void test_study_page(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    struct plot_job job;
    char dir[1024];
    f.study = true;
    open_run(&run, dir, "study-page", &f);
    char *dots = plot_data(&run, &job, "study", "study-1.dots");
    assert_int_equal(job.n_pages, 1);
    assert_string_equal(dots, "0.181\t1.5\t0\t\n0.192\t2.5\t1\t\n0.214\t4.5\t1\t\nNaN\t5.5\t0\t\n0.187\t7.5\t1\t\n");
    mem_free(dots);
    run_view_close(&run);
}

/* Stages stay whole: twenty of three variants are 80 rows, seven stages to a page of thirty. */
static void test_long_study(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    struct plot_job job;
    char dir[1024], path[1024];
    open_run(&run, dir, "long-study", &f);
    join(path, dir, GW_RUN_STUDY);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("{\"stages\": [", to);
    for (int i = 0; i < 20; i++) {
        fprintf(to, "%s{\"name\": \"s%d\", \"variants\": [", i ? "," : "", i);
        for (int v = 0; v < 3; v++)
            fprintf(to, "%s{\"name\": \"v%d\", \"validation_average_precision\": 0.%d}", v ? "," : "", v, i + 10);
        fputs("]}", to);
    }
    fputs("]}", to);
    fclose(to);
    char *dots = plot_data(&run, &job, "study", "study-3.dots");
    assert_int_equal(job.n_pages, 3);
    size_t lines = 0;
    for (char *at = dots; (at = strchr(at, '\n')); at++) lines++;
    assert_int_equal(lines, 3 * (20 - 2 * 7));
    mem_free(dots);
    put_file(dir, GW_RUN_STUDY,
             "{\"stages\": [1, {\"variants\": 3}, {\"name\": [], \"variants\": [null]}], \"final\": 7}");
    dots = plot_data(&run, &job, "study", "study-1.dots"); /* wrong types are missing values */
    assert_int_equal(job.n_pages, 1);
    mem_free(dots);
    put_file(dir, GW_RUN_STUDY, "{\"stages\": []}");
    job = (struct plot_job){.run = &run, .plot = plot_named("study"), .dir = room, .not_shown = ""};
    assert_ok(job.plot->prepare(&job));
    assert_int_equal(job.n_pages, 0);
    assert_true(job.skipped[0] != 0);
    put_file(dir, GW_RUN_STUDY, "{");
    assert_fails(job.plot->prepare(&job), GW_ERR_DATA, "study.json");
    run_view_close(&run);
}

/* ---- axes ----------------------------------------------------------------------------------------------------------- */

static void test_log_ticks(void **state) {
    (void)state;
    static const struct {
        double lo, hi, tick[LOG_TICKS_MAX];
        size_t n;
    } c[] = {{45, 230, {50, 70, 100, 150, 200}, 5},
             {60, 900, {70, 100, 150, 200, 300, 500, 700}, 7},
             {30, 3000, {50, 100, 200, 500, 1000, 2000}, 6},
             {95, 50000, {100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000}, 9},
             {0.9, 150000, {1, 10, 100, 1000, 10000, 100000}, 6},
             {1e-7, 1e9, {1e-6, 1e-4, 1e-2, 1, 100, 1e4, 1e6, 1e8}, 8}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        double tick[LOG_TICKS_MAX];
        size_t n = equity_log_ticks(c[i].lo, c[i].hi, tick);
        if (n != c[i].n) fail_msg("case %zu: %zu ticks, not %zu", i, n, c[i].n);
        for (size_t t = 0; t < n; t++) assert_near(tick[t], c[i].tick[t], 1e-12, 1);
    }
}

/* One trade of +100 % would leave nothing to be seen of the others; it is named instead. */
static void test_few_trades_are_named(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    struct plot_job job;
    char dir[1024], path[1024];
    open_run(&run, dir, "few-trades", &f);
    join(path, dir, GW_RUN_TRADES);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("strategy,entry_price,quantity,fees,slippage,funding,return,mae,mfe\n", to);
    for (int i = 0; i < 20; i++) fprintf(to, "lstm,100,1,0,0,0,%s,-0.01,0.02\n", i % 2 ? "0.01" : "-0.01");
    fputs("buy_and_hold,100,1,0,0,0,1.02,-0.5,1.4\n", to);
    fclose(to);
    char *set = plot_data(&run, &job, "trades", "trades-1.set");
    const char *hi = strstr(set, "net_hi = ");
    assert_non_null(hi);
    assert_true(strtod(hi + strlen("net_hi = "), NULL) < 5); /* percent */
    assert_non_null(strstr(set, "n_rows = 1\n"));
    mem_free(set);
    char *small_text = plot_data(&run, &job, "trades", "trades-1.text6"); /* small print, flush left */
    assert_non_null(strstr(small_text, "buy_and_hold (1)."));
    mem_free(small_text);
    run_view_close(&run);
}

int main(void) {
    snprintf(room, sizeof room, "/tmp/gatewalk-test-checks-XXXXXX");
    if (!mkdtemp(room)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_two_halves_are_no_pass),
        cmocka_unit_test(test_training_time_unknown),
        cmocka_unit_test(test_confidence),
        cmocka_unit_test(test_study),
        cmocka_unit_test(test_study_page),
        cmocka_unit_test(test_long_study),
        cmocka_unit_test(test_log_ticks),
        cmocka_unit_test(test_few_trades_are_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", room);
    if (system(command) != 0) return 1;
    return failed;
}
