/* What the reports make of the facts of a run: the success test and the conclusion in words, files of another schema, the
 * path of a study; and which numbers an axis shows. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"
#include "reports/data/study_view.h"
#include "reports/plots/equity.h"
#include "reports/plots/plot.h"
#include "reports/words/criteria.h"
#include "reports/words/sentences.h"

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

static void criteria_are(struct run_view *run, size_t candidate, const enum criterion_view_state want[5]) {
    struct criterion_list list;
    assert_ok(criteria_read(run, json_at(run->verdict, candidate), &list));
    assert_int_equal(list.n, 5);
    size_t passed = 0, significant = 0, unmeasured = 0;
    for (size_t i = 0; i < list.n; i++) {
        if (list.at[i].state != want[i])
            fail_msg("candidate %zu, %s: %s, not %s", candidate, list.at[i].name, criterion_word[list.at[i].state],
                     criterion_word[want[i]]);
        assert_int_equal(list.at[i].of_results, i < 4);
        passed += want[i] == CRITERION_PASS || want[i] == CRITERION_UNSURE || want[i] == CRITERION_SIGNIFICANT;
        significant += want[i] == CRITERION_SIGNIFICANT;
        unmeasured += want[i] == CRITERION_UNMEASURED;
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
    const enum criterion_view_state FAILS = CRITERION_FAIL, UNSURE = CRITERION_UNSURE, SURE = CRITERION_SIGNIFICANT,
                                    PASS = CRITERION_PASS;
    /* bahdanau: everything far above zero; luong_general: two criteria met within the noise; multihead: the same two
     * and more points, at 2.8 times the baseline's training time */
    criteria_are(&run, 0, (enum criterion_view_state[]){SURE, SURE, SURE, SURE, PASS});
    criteria_are(&run, 1, (enum criterion_view_state[]){UNSURE, FAILS, FAILS, UNSURE, FAILS});
    criteria_are(&run, 2, (enum criterion_view_state[]){SURE, SURE, SURE, UNSURE, FAILS});
    struct criterion_list list;
    assert_ok(criteria_read(&run, json_at(run.verdict, 0), &list));
    assert_string_equal(list.at[0].name, "PR-AUC better");
    assert_string_equal(list.at[1].name, "P@1 % at least 5 points better");
    assert_string_equal(list.at[1].where, " on at least one gate");
    assert_string_equal(list.at[4].name, "training time at most 2× the baseline");
    assert_string_equal(list.at[4].where, "");
    assert_string_equal(list.at[0].brief, "long +0.027, short +0.016");
    assert_string_equal(list.at[1].brief, "long +14.4, short +8.6 points");
    assert_string_equal(list.at[1].detail, "long +14.4 points [+7.4, +21.4]; short +8.6 points [+1.6, +15.6]");
    assert_string_equal(list.at[3].brief, "long +0.28, short +0.17 %");
    assert_string_equal(list.at[3].note, "significant");
    assert_string_equal(list.at[4].brief, "1.60×; per window 1.50×");
    assert_string_equal(list.at[4].detail, "1.60× (160.0 s, baseline 100.0 s); per window 1.50×");
    assert_string_equal(list.at[4].note, "");
    run_view_close(&run);
}

/* One criterion from its two gates, as `row` of summary.json. */
static void read_row(const char *row, struct criterion_list *list, struct run_view *run) {
    char dir[1024], text[2048];
    join(dir, room, "row");
    assert_ok(dir_make(dir));
    snprintf(text, sizeof text,
             "{\"schema\": 6, \"strategies\": [], \"verdict\": [{\"candidate\": \"c\", \"baseline\": \"b\", "
             "\"criteria\": [%s]}]}",
             row);
    put_file(dir, GW_RUN_SUMMARY, text);
    assert_ok(run_view_open(dir, run));
    assert_ok(criteria_read(run, json_at(run->verdict, 0), list));
    assert_int_equal(list->n, 1);
}

/* A pass must not stand beside a gate that is surely worse without saying which is which. */
static void test_notes(void **state) {
    (void)state;
    static const char shape[] =
        "{\"id\": \"x\", \"metric\": \"precision_at_1\", \"bound\": \"%s\", \"need\": %s, \"on\": \"%s\", "
        "\"state\": \"%s\", \"significant\": %s, \"gates\": ["
        "{\"gate\": \"long\", \"state\": \"pass\", \"delta\": 0.06, \"lo\": null, \"significant\": false},"
        "{\"gate\": \"short\", \"state\": \"%s\", \"delta\": %s, \"lo\": -0.3, \"hi\": -0.1, \"significant\": %s}]}";
    static const struct {
        const char *bound, *need, *on, *state, *significant, *short_state, *short_delta, *short_sure;
        const char *name, *note, *detail;
    } c[] = {{"at_least", "0.05", "any", "pass", "false", "fail", "-0.2", "true", "P@1 % at least 5 points better",
              "long only, not significant; short significantly worse",
              "long +6.0 points; short -20.0 points [-30.0, -10.0] significantly worse"},
             {"more_than", "0.02", "each", "pass", "true", "pass", "0.2", "true", "P@1 % more than 2 points better",
              "significant", "long +6.0 points; short +20.0 points [-30.0, -10.0]"},
             {"more_than", "0", "any", "pass", "true", "not_measured", "null", "false", "P@1 % better",
              "long only, significant", "long +6.0 points; short undefined"},
             {"more_than", "0", "each", "fail", "false", "fail", "-0.2", "false", "P@1 % better", "",
              "long +6.0 points; short -20.0 points [-30.0, -10.0]"}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        char row[1200];
        struct run_view run;
        struct criterion_list list;
        snprintf(row, sizeof row, shape, c[i].bound, c[i].need, c[i].on, c[i].state, c[i].significant, c[i].short_state,
                 c[i].short_delta, c[i].short_sure);
        read_row(row, &list, &run);
        assert_string_equal(list.at[0].name, c[i].name);
        assert_string_equal(list.at[0].note, c[i].note);
        assert_string_equal(list.at[0].detail, c[i].detail);
        run_view_close(&run);
    }
}

static void test_training_time_unknown(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    struct criterion_list list;
    char dir[1024], path[1024];
    f.reused = true;
    open_run(&run, dir, "reused", &f);
    assert_ok(criteria_read(&run, json_at(run.verdict, 0), &list));
    assert_int_equal(list.at[4].state, CRITERION_UNMEASURED);
    assert_string_equal(list.at[4].detail, "fits were taken from an earlier run");
    assert_int_equal(list.n_passed, 4);
    run_view_close(&run);
    /* Another pair's time is not this one's. */
    put_file(dir, GW_RUN_JSON,
             "{\"schema\": 6, \"criteria\": [{\"id\": \"training_time\", \"candidate\": \"bahdanau\", \"baseline\": "
             "\"multihead\", \"state\": \"pass\"}, {\"id\": \"training_time\", \"candidate\": \"luong_general\", "
             "\"baseline\": \"lstm\", \"state\": \"fail\", \"ratio\": 2.5}]}");
    assert_ok(run_view_open(dir, &run));
    assert_ok(criteria_read(&run, json_at(run.verdict, 0), &list));
    assert_int_equal(list.at[4].state, CRITERION_UNMEASURED);
    assert_string_equal(list.at[4].detail, "no training times recorded");
    assert_ok(criteria_read(&run, json_at(run.verdict, 1), &list));
    assert_int_equal(list.at[4].state, CRITERION_FAIL);
    run_view_close(&run);
    join(path, dir, GW_RUN_JSON);
    assert_int_equal(unlink(path), 0);
    assert_ok(run_view_open(dir, &run));
    assert_ok(criteria_read(&run, json_at(run.verdict, 1), &list));
    assert_int_equal(list.at[4].state, CRITERION_UNMEASURED);
    run_view_close(&run);
}

static void test_confidence(void **state) {
    (void)state;
    static const struct {
        const char *json, *words;
    } c[] = {{"0.9", "90 % interval"},
             {"0.995", "99.5 % interval"},
             {"95", "interval"},
             {"\"0.9\"", "interval"},
             {"null", "interval"}};
    char dir[1024], text[200], words[32];
    join(dir, room, "confidence");
    assert_ok(dir_make(dir));
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct run_view run;
        snprintf(text, sizeof text, "{\"schema\": 6, \"strategies\": [], \"confidence\": %s}", c[i].json);
        put_file(dir, GW_RUN_SUMMARY, text);
        assert_ok(run_view_open(dir, &run));
        assert_string_equal(interval_words(&run, words), c[i].words);
        run_view_close(&run);
    }
}

/* ---- the conclusion ---------------------------------------------------------------------------------------------- */

static void test_conclusion(void **state) {
    (void)state;
#define AP(gate)  "{\"gate\": \"" gate "\", \"metric\": \"average_precision\"}"
#define PNL(gate) "{\"gate\": \"" gate "\", \"metric\": \"pnl_mean_at_1_1x\"}"
    static const struct {
        const char *seeds, *confidence, *better, *worse, *state, *simpler, *second, *says;
    } c[] = {
        {"1,2", "0.95", AP("long") "," PNL("short"), "", "better", "null", "fail",
         "c is significantly better than b at long PR-AUC, short PnL@1 % (at 95 %, corrected for all 8 comparisons). "
         "On "
         "point estimates it meets 1 of 2 criteria on results: P@5 % (long)."},
        {"1", "0.9", "", AP("short"), "worse", "\"better\"", "fail",
         "c is significantly WORSE than b at short PR-AUC (at 90 %, corrected for all 8 comparisons). On point "
         "estimates it meets 1 of 2 criteria on results: P@5 % (long). One seed only: repeat with "
         "--seeds 3 or more before believing it. They have the highest P@1 % of the gates with and without attention: "
         "the simpler one does better."},
        {"1,2", "0.9", AP("long"), AP("short"), "mixed", "\"behind\"", "fail",
         "Mixed: c is significantly better than b at long PR-AUC, but worse at short PR-AUC (at 90 %, corrected for "
         "all 8 comparisons). On point estimates it meets 1 of 2 criteria on results: P@5 % (long). They have the "
         "highest P@1 % of the gates with and without attention."},
        {"1,2", "0.9", "", "", "no_difference", "\"as_good\"", "fail",
         "No difference between c and b is significant (at 90 %, corrected for all 8 comparisons). On point estimates "
         "it "
         "meets 1 of 2 criteria on results: P@5 % (long). They have the highest P@1 % of the gates with and without "
         "attention: the simpler one does as well."},
        {"1,2", "null", "", "", "no_difference", "null", "fail",
         "No difference between c and b is significant (corrected for all 8 comparisons). On point estimates it meets "
         "1 of 2 "
         "criteria on results: P@5 % (long)."},
        {"1,2", "0.9", "", "", "not_measured", "null", "not_measured",
         "No difference between c and b has an interval: there are too few bars or positives. On point estimates it "
         "meets 1 of 1 criteria on results: P@5 % (long)."}};
    char dir[1024], text[3000], said[CONCLUSION_MAX];
    join(dir, room, "conclusion");
    assert_ok(dir_make(dir));
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct run_view run;
        snprintf(
            text, sizeof text,
            "{\"schema\": 6, \"strategies\": [], \"seeds\": [%s], \"confidence\": %s, \"verdict\": [{\"candidate\": "
            "\"c\", \"baseline\": \"b\", \"criteria\": [{\"on\": \"any\", \"metric\": "
            "\"precision_at_5\", \"state\": \"pass\", \"gates\": [{\"gate\": \"long\", \"state\": \"pass\", \"delta\": "
            "0.1}, "
            "{\"gate\": \"short\", \"state\": \"fail\", \"delta\": -0.1}]}, {\"on\": \"any\", "
            "\"state\": \"%s\"}, {\"on\": \"none\", \"state\": \"see_run\"}], \"conclusion\": {\"state\": \"%s\", "
            "\"better\": [%s], \"worse\": [%s], \"comparisons\": 8, \"simpler_gate\": %s}}]}",
            c[i].seeds, c[i].confidence, c[i].second, c[i].state, c[i].better, c[i].worse, c[i].simpler);
        put_file(dir, GW_RUN_SUMMARY, text);
        assert_ok(run_view_open(dir, &run));
        assert_ok(conclusion_words(&run, json_at(run.verdict, 0), said));
        assert_string_equal(said, c[i].says);
        run_view_close(&run);
    }
#undef AP
#undef PNL
}

/* A name longer than its place is cut between characters, or what is left of one is shown as '?'. */
static void test_long_names(void **state) {
    (void)state;
    char dir[1024], name[201] = "", text[1024], said[CONCLUSION_MAX];
    struct run_view run;
    for (int i = 0; i < 67; i++) strcat(name, "\u20ac"); /* 3 bytes each; 64 are 21 and a third */
    join(dir, room, "long-names");
    assert_ok(dir_make(dir));
    snprintf(text, sizeof text,
             "{\"schema\": 6, \"strategies\": [], \"verdict\": [{\"candidate\": \"%.198s\", \"baseline\": \"b\", "
             "\"conclusion\": {\"state\": \"no_difference\"}}]}",
             name);
    put_file(dir, GW_RUN_SUMMARY, text);
    assert_ok(run_view_open(dir, &run));
    assert_ok(conclusion_words(&run, json_at(run.verdict, 0), said));
    assert_true(utf8_valid(said, strlen(said), NULL));
    assert_non_null(strstr(said, "\u20ac? and b is significant"));
    run_view_close(&run);
}

/* ---- the whole run in plain words -------------------------------------------------------------------------------- */

static void test_finding(void **state) {
    (void)state;
#define NULL_FACTS(state)                                                                                              \
    "{\"state\": \"" state                                                                                             \
    "\", \"asked\": 4, \"found\": 1, \"strategy\": \"a\", \"gate\": \"long\", \"observed\": 0.3, "                     \
    "\"null_mean\": 0.1, \"p_holm\": 0.42}"
#define ATTENTION(state, simpler)                                                                                      \
    "{\"state\": \"" state "\", \"baseline\": \"b\", \"candidate\": \"a\", \"comparisons\": 8, \"p_value\": 0.039, "   \
    "\"simpler_gate\": " simpler "}"
#define TRADED(state, gain)                                                                                            \
    "{\"state\": \"" state "\", \"strategy\": \"a\", \"total_return\": " gain ", \"sd\": 0.021, \"seeds\": 2, "        \
    "\"seeds_gained\": 1, \"market_return\": 0.25}"
    static const struct {
        const char *null, *attention, *traded, *next, *says;
    } c[] = {
        {NULL_FACTS("nothing"), ATTENTION("no_difference", "null"), TRADED("lost", "-0.05"),
         "{\"id\": \"no_positives\", \"gate\": \"short\"}, {\"id\": \"more_seeds\"}, {\"id\": \"few_bars\", \"k\": 1, "
         "\"bars\": 7}",
         "No. There is nothing to be found: labels shifted in time, which no score can know, are ranked as well "
         "(lowest p of "
         "4 corrected: 0.42). Attention is not shown to be better or worse than b (corrected for 8 comparisons; best "
         "of "
         "attention p 0.04). Nothing traded made money after costs (best: a -5.00 % ±2.1; the market +25.0 %). That "
         "rests "
         "on 2 seeds and 3 trials on these data. What would help: the short gate has no positive at all (a lower "
         "min_move); more seeds, one cannot be told from luck; the best 1 % of a fold are 7 bars: a larger K or longer "
         "test slices."},
        {NULL_FACTS("something"), ATTENTION("better", "\"as_good\""), TRADED("beat_market", "0.5"),
         "{\"id\": \"more_epochs\", \"strategies\": 1}, {\"id\": \"coverage\", \"strategy\": \"a\", \"gate\": "
         "\"long\", "
         "\"asked\": 0.01, \"got\": 0.055}",
         "Yes. Attention is better than b, a most clearly (corrected for 8 comparisons; best of attention p 0.04); a "
         "gate "
         "without attention does as well. There is something to find: 1 of 4 gates rank better than labels shifted in "
         "time, surest a long (average precision 0.300, by chance 0.100). After costs a made +50.0 % ±2.1 in 1 of 2 "
         "seeds, "
         "more than the market's +25.0 %. That rests on 2 seeds and 3 trials on these data; the best Sharpe is more "
         "than "
         "the luck of so many with probability 0.63. What would help: more epochs, 1 contestant was perhaps cut short; "
         "a "
         "acted on 5.5 % of bars (long) where 1 % was asked, so thresholds drift: signals.threshold rolling."},
        {NULL_FACTS("nothing"), "{\"state\": \"not_asked\"}", TRADED("gained", "0.01"),
         "{\"id\": \"more_data\", \"half_width\": 0.22, \"need\": 0.05, \"times_the_bars\": 19.4}",
         "No. There is nothing to be found: labels shifted in time, which no score can know, are ranked as well "
         "(lowest p of "
         "4 corrected: 0.42). After costs a made +1.00 % ±2.1 in 1 of 2 seeds, less than the market's +25.0 %. That "
         "rests "
         "on 2 seeds and 3 trials on these data; the best Sharpe is more than the luck of so many with probability "
         "0.63. "
         "What would help: more data, P@1 % is known to ±22 points and 5 would take about 19 times the bars."},
        {NULL_FACTS("not_measured"), ATTENTION("not_measured", "null"), "{\"state\": \"nothing_traded\"}", "",
         "Nothing can be said. Attention cannot be compared with b: there are too few bars or positives. Nothing was "
         "traded. That rests on 2 seeds and 3 trials on these data."}};
    char dir[1024], text[3000], said[FINDING_MAX];
    join(dir, room, "finding");
    assert_ok(dir_make(dir));
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct run_view run;
        snprintf(text, sizeof text,
                 "{\"schema\": 6, \"strategies\": [], \"seeds\": [1, 2], \"selection\": {\"trials_here\": 3, "
                 "\"deflated_sharpe\": 0.63}, \"finding\": {\"null\": %s, \"attention\": %s, \"traded\": %s, \"next\": "
                 "[%s]}}",
                 c[i].null, c[i].attention, c[i].traded, c[i].next);
        put_file(dir, GW_RUN_SUMMARY, text);
        assert_ok(run_view_open(dir, &run));
        assert_ok(finding_words(&run, said, sizeof said));
        assert_string_equal(said, c[i].says);
        char brief[64]; /* too little room cuts, and never writes beyond */
        assert_ok(finding_words(&run, brief, sizeof brief));
        assert_true(strlen(brief) < sizeof brief && strncmp(brief, said, 40) == 0);
        run_view_close(&run);
    }
#undef NULL_FACTS
#undef ATTENTION
#undef TRADED
}

/* ---- files of another schema ------------------------------------------------------------------------------------- */

static const struct schema_case {
    const char *json, *says;
} schema_cases[] = {
    {"{\"schema\": 7, \"strategies\": []}",
     ": written by a newer gatewalk (schema 7; this one reads up to 6): update gatewalk or run it again"},
    {"{\"schema\": 1e300, \"strategies\": []}", ": written by a newer gatewalk (schema 1e+300;"},
    {"{\"schema\": 1, \"strategies\": []}",
     ": written by an older gatewalk (schema 1; this one reads 6): run it again"},
    {"{\"strategies\": []}", ": written by an older gatewalk (no schema number; this one reads 6): run it again"},
    {"{\"schema\": 2.5, \"strategies\": []}", ":1:12: schema must be a whole number from 1, found another"},
    {"{\"schema\": 0, \"strategies\": []}", ":1:12: schema must be a whole number from 1"},
    {"{\"schema\": \"2\", \"strategies\": []}", ":1:12: schema must be a whole number from 1, found a string"},
    {"{\"schema\": null, \"strategies\": []}", ":1:12: schema must be a whole number from 1, found null"},
    {"[]", ":1:1: expected an object, found an array"}};

static void test_schema(void **state) {
    (void)state;
    static const char *const file[] = {GW_RUN_SUMMARY, GW_RUN_JSON, GW_RUN_STUDY};
    struct fixture f = small();
    char dir[1024], want[1200];
    f.study = true;
    for (size_t i = 0; i < COUNT_OF(file); i++)
        for (size_t k = 0; k < COUNT_OF(schema_cases); k++) {
            struct run_view run;
            const struct study_view *study;
            open_run(&run, dir, "schema", &f);
            assert_ok(study_view_read(&run, &study));
            put_file(dir, file[i], schema_cases[k].json);
            snprintf(want, sizeof want, "%s/%s%s", dir, file[i], schema_cases[k].says);
            if (i == 2) {
                assert_fails(study_view_read(&run, &study), GW_ERR_DATA, want);
                run_view_close(&run);
                continue;
            }
            run_view_close(&run);
            assert_fails(run_view_open(dir, &run), GW_ERR_DATA, want);
        }
}

/* ---- every plot ------------------------------------------------------------------------------------------------- */

/* A plot that the made-up run gives nothing to show is one whose drawing no test ever sees. */
static void test_every_plot_has_something_to_show(void **state) {
    (void)state;
    struct fixture f = small();
    struct run_view run;
    char dir[1024];
    f.study = f.patterns = f.search = true;
    f.n_seeds = 1;
    f.bars_per_fold = 1000; /* days enough for a rolling window */
    open_run(&run, dir, "every-plot", &f);
    for (size_t i = 0; plot_at(i); i++) {
        struct plot_job job = {.run = &run, .plot = plot_at(i), .dir = room, .not_shown = ""};
        assert_ok(plot_at(i)->prepare(&job));
        if (job.n_pages == 0)
            fail_msg("plot %s has nothing to show of the made-up run (%s): write what it reads in "
                     "tests/reports/fixture.h",
                     plot_at(i)->name, job.skipped);
    }
    run_view_close(&run);
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
    fputs("{\"schema\": 6, \"stages\": [", to);
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
             "{\"schema\": 6, \"stages\": [1, {\"variants\": 3}, {\"name\": [], \"variants\": [null]}], \"final\": 7}");
    dots = plot_data(&run, &job, "study", "study-1.dots"); /* wrong types are missing values */
    assert_int_equal(job.n_pages, 1);
    mem_free(dots);
    put_file(dir, GW_RUN_STUDY, "{\"schema\": 6, \"stages\": []}");
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
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_training_time_unknown),
        cmocka_unit_test(test_confidence),
        cmocka_unit_test(test_conclusion),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_every_plot_has_something_to_show),
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
