/* Entries of the user's own in an experiment: read, refused where they are wrong, recorded, and told apart by every byte. */
#include "engine/base/base.h"
#include "engine/config/config_private.h"
#include "engine/results/run_key.h"
#include "strategies/own/script.h"
#include "walk/rundir.h"

static const char script_text[] = "local n = parameter('n', 3, 1, 9, 'bars')\n"
                                  "function on_bar(bar, history, score, position, orders)\n"
                                  "  if bar.index % (10 * n) == 0 then orders.buy{size = 0.5, max_bars = n} end\n"
                                  "end\n";

static void write_entry(const char *entry) {
    char text[3000];
    snprintf(
        text, sizeof text,
        "{\"name\":\"x\",\"data\":\"d.csv\",\"folds\":{\"train\":150,\"validation\":40,\"test\":60},\"strategies\":"
        "[\n%s]}",
        entry);
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
    scratch_write("experiment.json", text, strlen(text));
    scratch_write("own.lua", script_text, sizeof script_text - 1);
}

static void wrong_entries_are_refused_where_they_are_wrong(void **state) {
    (void)state;
    static const struct {
        const char *entry, *says;
        int column;
    } cases[] = {
        {"'rules'", "never enter: give \"enter_long\" or \"enter_short\"", 1},
        {"'script'", "needs \"script\"", 1},
        {"{'strategy':'rules'}", "never enter: give", 1},
        {"{'name':'a','exit_long':'true'}", "never enter", 1},
        {"{'enter_long':'true'}", "\"name\" is missing", 1},
        {"{'name':'a','enter_long':''}", "is empty", 26},
        {"{'name':'a','enter_long':7}", "column 1", 26},
        {"{'name':'a','enter_long':{}}", "must be a string", 26},
        {"{'name':'a','enter_long':'opn > 1'}", "enter_long: column 1: unknown name \"opn\"", 26},
        {"{'name':'a','enter_long':true,'stop':'pending'}", "stop: column 1", 38},
        {"{'name':'a','enter_long':true,'good_bars':3}", "market", 43},
        {"{'name':'a','enter_lon':true}", "did you mean \"enter_long\"", 13},
        {"{'name':'a','strategy':'gate','enter_long':true}", "belongs to rules", 31},
        {"{'name':'a','strategy':'gate','script':'own.lua'}", "belongs to script", 31},
        {"{'name':'a','enter_long':true,'script':'own.lua'}", "belongs to rules", 13},
        {"{'name':'a','enter_long':true,'parameters':{}}", "scripts and plugins", 31},
        {"{'name':'a','strategy':'gate','parameters':{}}", "scripts and plugins", 31},
        {"{'name':'a','script':'none.lua'}", "none.lua", -1},
        {"{'name':'a','script':7}", "script must be a string", 22},
        {"{'name':'a','script':'own.lua','parameters':{'m':1}}", "no parameter \"m\"", 46},
        {"{'name':'a','script':'own.lua','parameters':{'n':10}}", "between 1 and 9", 22},
        {"{'name':'a','script':'own.lua','parameters':{'n':'3'}}", "parameters.n must be a number", 50},
        {"{'name':'a','script':'own.lua','parameters':[]}", "must be an object", 45},
        {"{'name':'a','script':'own.lua','scores':'p.csv'}", "use", 32},
        {"{'name':'a','script':'own.lua','model':{}}", "asks for no scores", 32},
        {"{'name':'a','enter_long':true,'model':{}}", "no rule has p_long", 31},
        {"{'name':'a','enter_long':true,'trading':{'fast':3}}", "does nothing here", 42},
        {"{'name':'a','enter_long':true,'trading':{'max_steps':3}}", "max_steps", -1},
    };
    size_t n_wrong = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct experiment *e = NULL;
        char place[700] = "";
        write_entry(cases[i].entry);
        const int rc = experiment_load(scratch("experiment.json"), NULL, &e);
        if (cases[i].column > 0) snprintf(place, sizeof place, "%s:2:%d:", scratch("experiment.json"), cases[i].column);
        if (rc != GW_ERR_CONFIG || strncmp(gw_error_message(), place, strlen(place)) != 0 ||
            !strstr(gw_error_message(), cases[i].says))
            n_wrong++, print_error("%s: %d \"%s\", want %s %s\n", cases[i].entry, rc, rc < 0 ? gw_error_message() : "",
                                   place, cases[i].says);
    }
    assert_int_equal(n_wrong, 0);
}

static void right_entries_are_read(void **state) {
    (void)state;
    struct experiment *e = NULL;
    write_entry("{'name':'a','enter_long':'p_long > tau_long','stop':0.01,'model':{'attention':'none'}},"
                "{'name':'b','enter_short':true,'exit_short':'bars_held > 3','trading':{'size':0.5}},"
                "{'name':'c','script':'own.lua','parameters':{'n':4},'trading':{'max_steps':5000}},"
                "{'name':'d','strategy':'script','script':'own.lua'}");
    assert_ok(experiment_load(scratch("experiment.json"), NULL, &e));
    assert_true(strategy_trains(&e->strategy[0]) && !strategy_trains(&e->strategy[1]));
    assert_string_equal(strategy_program(&e->strategy[0])->rule_text->text[RULE_STOP], "0.01");
    assert_near(strategy_program(&e->strategy[2])->param[0].value, 4, 0, 1);
    assert_near(strategy_program(&e->strategy[3])->param[0].value, 3, 0, 1);
    assert_true(strategy_program(&e->strategy[2])->hash != strategy_program(&e->strategy[3])->hash);
    experiment_free(e);
}

/* ---- a run ---------------------------------------------------------------------------------------------------------- */

static void run_own(const char *text, size_t length, bool force, int want) {
    char dir[1024];
    struct experiment *e = NULL;
    scratch_write("own.lua", text, length);
    assert_ok(experiment_load(scratch("experiment.json"), NULL, &e));
    const int rc =
        run_experiment(e, &(struct gw_run_options){.out_dir = scratch("run"), .force = force, .jobs = 1}, dir);
    if (rc != want) fail_msg("%d, want %d: %s", rc, want, gw_error_message());
    experiment_free(e);
}

static void a_script_is_recorded_and_another_one_is_another_run(void **state) {
    (void)state;
    struct gw_bars bars;
    struct experiment *of_run = NULL;
    char kernels[32], other[sizeof script_text + 1];
    size_t n;
    setenv("GATEWALK_STORE", "off", 1);
    fixture_walk(&bars, "D", 400, 3, 0, 0);
    assert_ok(gw_bars_write_csv(&bars, scratch("d.csv")));
    gw_bars_free(&bars);
    write_entry("{'name':'mine','script':'own.lua','parameters':{'n':2}},{'name':'r','enter_long':'close > open'}");
    run_own(script_text, sizeof script_text - 1, false, GW_OK);
    char *copy = rundir_read(scratch("run/mine.lua"), &n);
    assert_true(n == sizeof script_text - 1 && memcmp(copy, script_text, n) == 0);
    mem_free(copy);
    char *trades = rundir_read(scratch("run/trades.csv"), &n);
    assert_non_null(strstr(trades, "mine,"));
    run_own(script_text, sizeof script_text - 1, false, GW_OK); /* the same again */
    char *again = rundir_read(scratch("run/trades.csv"), &n);
    assert_string_equal(trades, again);
    mem_free(again);
    /* One byte more, of a comment's worth: another run. */
    snprintf(other, sizeof other, "%s ", script_text);
    run_own(other, strlen(other), false, GW_ERR_USAGE);
    /* The record is an experiment by itself: the copy is what is read, with its parameters. */
    assert_ok(experiment_of_run(scratch("run"), &of_run, kernels));
    assert_int_equal(of_run->n_programs, 2);
    assert_string_equal(strategy_program(&of_run->strategy[0])->text, script_text);
    assert_near(strategy_program(&of_run->strategy[0])->param[0].value, 2, 0, 1);
    assert_string_equal(strategy_program(&of_run->strategy[1])->rule_text->text[RULE_ENTER_LONG], "close > open");
    experiment_free(of_run);
    run_own(other, strlen(other), true, GW_OK);
    again = rundir_read(scratch("run/trades.csv"), &n);
    assert_string_equal(trades, again);
    mem_free(again);
    mem_free(trades);
}

static int setup(void **state) { return lua_api_load() < 0 ? -1 : scratch_make(state); }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_entries_are_refused_where_they_are_wrong),
        cmocka_unit_test(right_entries_are_read),
        cmocka_unit_test(a_script_is_recorded_and_another_one_is_another_run),
    };
    return cmocka_run_group_tests(tests, setup, scratch_remove);
}
