/* What the reports make of the facts of a run: the success test and the conclusion in words, and files of another schema. */
#include "reports/data/study_view.h"
#include "reports/words/criteria.h"
#include "reports/words/sentences.h"
#include "room.h"

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
    struct fixture f = fixture_small(4);
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
    struct fixture f = fixture_small(4);
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
#define DIFFERENCE(gate, metric, p)                                                                                    \
    "{\"candidate\": \"a\", \"gate\": \"" gate "\", \"metric\": \"" metric "\", \"p_holm\": " p ", \"null_p\": 0.4}"
    /* Every p another one: whichever statement is made must carry its own. */
#define ATTENTION(state, as_null, simpler)                                                                             \
    "{\"state\": \"" state "\", \"baseline\": \"b\", \"comparisons\": 8, \"as_null\": " as_null                        \
    ", \"surest_better\": " DIFFERENCE("long", "precision_at_1", "0.0504") ", \"surest_worse\": " DIFFERENCE(          \
        "short", "pnl_mean_at_1_1x",                                                                                   \
        "0.0002") ", \"surest_as_null\": " DIFFERENCE("long", "average_precision",                                     \
                                                      "0.012") ", \"surest\": " DIFFERENCE("short", "precision_at_5",  \
                                                                                           "0.59") ", "                \
                                                                                                   "\"simpler_gate\":" \
                                                                                                   " " simpler         \
                                                                                                   ", \"control\": "   \
                                                                                                   "\"pool\", "        \
                                                                                                   "\"control_p_"      \
                                                                                                   "holm\": 0.77}"
#define TRADED(state, gain)                                                                                            \
    "{\"state\": \"" state "\", \"strategy\": \"a\", \"total_return\": " gain ", \"sd\": 0.021, \"seeds\": 2, "        \
    "\"seeds_gained\": 1, \"market_return\": 0.25}"
    static const struct {
        const char *null, *attention, *traded, *next, *says;
    } c[] = {
        {NULL_FACTS("nothing"), ATTENTION("no_difference", "0", "null"), TRADED("lost", "-0.05"),
         "{\"id\": \"no_positives\", \"gate\": \"short\"}, {\"id\": \"more_seeds\"}, {\"id\": \"few_bars\", \"k\": 1, "
         "\"bars\": 7}",
         "No. There is nothing to be found: labels shifted in time, which no score can know, are ranked as well "
         "(least of 4, corrected: p 0.42). Attention is not shown to be better or worse than b (least of its "
         "differences: p 0.59, corrected for 8 comparisons). Nothing traded made money after costs (best: a -5.00 % "
         "±2.1; the market +25.0 %). That "
         "rests "
         "on 2 seeds and 3 trials on these data. What would help: the short gate has no positive at all (a lower "
         "min_move); more seeds, one cannot be told from luck; the best 1 % of a fold are 7 bars: a larger K or longer "
         "test slices."},
        {NULL_FACTS("something"), ATTENTION("better", "0", "\"as_good\""), TRADED("beat_market", "0.5"),
         "{\"id\": \"more_epochs\", \"strategies\": 1}, {\"id\": \"coverage\", \"strategy\": \"a\", \"gate\": "
         "\"long\", "
         "\"asked\": 0.01, \"got\": 0.055}",
         "Yes. Attention is better than b (surest: a long P@1 %, p 0.0504, corrected for 8 comparisons); pool, without "
         "attention, does as well (least of their differences: p 0.77). There is something to find: 1 of 4 gates rank "
         "better than labels shifted in "
         "time, surest a long (average precision 0.300, by chance 0.100; p 0.42, corrected). After costs a made +50.0 "
         "% ±2.1 in 1 of 2 "
         "seeds, "
         "more than the market's +25.0 %. That rests on 2 seeds and 3 trials on these data; the best Sharpe is more "
         "than "
         "the luck of so many with probability 0.63. What would help: more epochs, 1 contestant was perhaps cut short; "
         "a "
         "acted on 5.5 % of bars (long) where 1 % was asked, so thresholds drift: signals.threshold rolling."},
        {NULL_FACTS("nothing"), "{\"state\": \"not_asked\"}", TRADED("gained", "0.01"),
         "{\"id\": \"coverage\", \"strategy\": \"a\", \"gate\": \"short\", \"asked\": 0.05, \"got\": 0.3, "
         "\"rolling\": true}, {\"id\": \"more_data\", \"half_width\": 0.22, \"need\": 0.05, \"times_the_bars\": 19.4}",
         "No. There is nothing to be found: labels shifted in time, which no score can know, are ranked as well "
         "(least of 4, corrected: p 0.42). After costs a made +1.00 % ±2.1 in 1 of 2 seeds, less than the market's "
         "+25.0 %. That "
         "rests "
         "on 2 seeds and 3 trials on these data; the best Sharpe is more than the luck of so many with probability "
         "0.63. "
         "What would help: a acted on 30.0 % of bars (short) where 5 % was asked, so thresholds drift: a shorter "
         "signals.rolling_bars; more data, P@1 % is known to ±22 points and 5 would take about 19 times the bars."},
        {NULL_FACTS("not_measured"), ATTENTION("worse", "0", "\"better\""), "{\"state\": \"nothing_traded\"}",
         "{\"id\": \"more_nulls\", \"resamples\": 50, \"needed\": 79}",
         "No. Attention is worse than b (surest: a short PnL@1 %, p < 0.001, corrected for 8 comparisons); pool, "
         "without attention, does better (p 0.77). Nothing was traded. That rests on 2 seeds and 3 trials on these "
         "data. What "
         "would help: verdict.null_resamples 79, as 50 cannot tell so many gates from luck."},
        {NULL_FACTS("not_measured"), ATTENTION("mixed", "0", "\"behind\""), "{\"state\": \"nothing_traded\"}", "",
         "Mixed. Attention is better than b in some ways and worse in others (surest better: a long P@1 %, p 0.0504; "
         "surest worse: a short PnL@1 %, p < 0.001, corrected for 8 comparisons). Nothing was traded. That rests on 2 "
         "seeds and 3 trials on these data."},
        {NULL_FACTS("not_measured"), ATTENTION("no_difference", "2", "null"), "{\"state\": \"nothing_traded\"}", "",
         "No. Attention is not shown to be better or worse than b (corrected for 8 comparisons); 2 differences for the "
         "better (surest: a long PR-AUC, p 0.012) do not count, as the scores are no better than labels shifted in "
         "time (p 0.40). Nothing was traded. That rests on 2 seeds and 3 trials on these data."},
        {NULL_FACTS("not_measured"), ATTENTION("not_measured", "0", "null"), "{\"state\": \"nothing_traded\"}", "",
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
#undef DIFFERENCE
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
    struct fixture f = fixture_small(4);
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

int main(void) {
    if (!room_open()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_training_time_unknown),
        cmocka_unit_test(test_confidence),
        cmocka_unit_test(test_conclusion),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_schema),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return room_remove() ? failed : 1;
}
