/* In every mistake that is planted into the engine the audit finds the stage, the bar and the value. An audit that cannot fail
 * proves nothing. */
#include "test.h"

#include <math.h>

#include "audit_fixture.h"
#include "leaks.h"

struct planted {
    const char *name;
    struct audit_hooks hooks;
    void (*on_bar)(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders);
    enum audit_stage stage; /* the first that differs */
    const char *value;      /* what the finding begins with */
    bool at_cut;            /* the bar that differs is the last one that was known */
};
static const struct planted planted[] = {
    {"a feature reads the next bar", {.inputs = leak_next_bar}, NULL, STAGE_FEATURES, "log_return(1)", true},
    {"an hourly feature reads the open hour",
     {.inputs = leak_open_interval},
     NULL,
     STAGE_FEATURES,
     "log_return(1)@1h",
     false},
    {"a feature is centred over the whole history",
     {.inputs = leak_whole_history_mean},
     NULL,
     STAGE_FEATURES,
     "rsi(6)",
     false},
    {"an outside column is joined before it was known",
     {.inputs = leak_early_column},
     NULL,
     STAGE_FEATURES,
     "volume_z(8)",
     false},
    {"the label is a feature", {.inputs = leak_label_as_feature}, NULL, STAGE_FEATURES, "ma_gap(5)@30m", false},
    {"gaps are filled from behind", {.inputs = leak_filled_backwards}, NULL, STAGE_FEATURES, "log_return(1)", true},
    {"labels are shifted by a bar", {.inputs = leak_labels_shifted}, NULL, STAGE_LABELS, "label_", false},
    {"min_move comes from the future", {.inputs = leak_move_ahead}, NULL, STAGE_MIN_MOVE, "min_move", false},
    {"no purge before validation", {.inputs = leak_no_purge}, NULL, STAGE_FOLDS, "", false},
    {"no purge before test", {.inputs = leak_no_purge_before_test}, NULL, STAGE_FOLDS, "", false},
    {"training goes on into validation", {.inputs = leak_train_on_validation}, NULL, STAGE_FOLDS, "", false},
    {"folds are cut by a later price", {.inputs = leak_chosen_folds}, NULL, STAGE_PLAN, "first sample of test", false},
    {"a fitted feature learns from the whole file",
     {.fold_data = leak_fitted_on_all},
     NULL,
     STAGE_FITTED,
     "learnt by regime(2,2,1)",
     false},
    {"a fitted feature is smoothed", {.fold_data = leak_smoothed}, NULL, STAGE_FITTED, "regime(2,2,1)", true},
    {"a fitted feature is smoothed within its training slice",
     {.fold_data = leak_smoothed_in_training},
     NULL,
     STAGE_FITTED,
     "regime(2,2,1)",
     true},
    {"the scaler sees the test slice", {.fold_data = leak_scaler}, NULL, STAGE_SCALER, "center of ", false},
    {"training stops by the test slice", {.fit = leak_stops_on_test}, NULL, STAGE_WEIGHTS, "lstm0.W[0,0]", false},
    {"training on the test slice", {.fit = leak_trains_on_test}, NULL, STAGE_WEIGHTS, "lstm0.W[0,0]", false},
    {"random numbers are keyed by all data", {.fit = leak_seeded_by_data}, NULL, STAGE_WEIGHTS, "lstm0.W[0,0]", false},
    {"tau comes from test probabilities", {.applied = leak_tau_from_test}, NULL, STAGE_THRESHOLD, "tau_", false},
    {"probabilities are calibrated on the test slice",
     {.applied = leak_calibrated_on_test},
     NULL,
     STAGE_PROBABILITY,
     "p_long",
     false},
    {"probabilities are ranks within the test slice",
     {.applied = leak_ranked_on_test},
     NULL,
     STAGE_PROBABILITY,
     "p_long",
     false},
    {"windows end one bar late", {.applied = leak_window_ahead}, NULL, STAGE_PROBABILITY, "p_", true},
    {"scores arrive one bar early", {.replayed = leak_early_scores}, NULL, STAGE_SCORES, "p_", true},
    {"a strategy peeks at the next bar", {0}, leak_peek_one, STAGE_ORDERS, "", true},
    {"a strategy peeks at the bar after the next", {0}, leak_peek_two, STAGE_ORDERS, "", false},
    {"a strategy looks ahead through a kept pointer", {0}, leak_kept_pointer, STAGE_ORDERS, "", true},
    {"equity is scaled by its own end", {.replayed = leak_scaled_equity}, NULL, STAGE_EQUITY, "equity", false},
};

/* Of an experiment with a decoder. */
static const struct planted planted_paths[] = {
    {"a path goes on beyond the label's horizon", {.inputs = leak_longer_paths}, NULL, STAGE_LABELS, "path_", false},
    {"a decoder is taught by later paths",
     {.fold_data = leak_later_paths},
     NULL,
     STAGE_TRAINING,
     "lstm0.W[0,0]",
     false},
    {"a decoder is told what came while it scores",
     {.applied = leak_told_while_scoring},
     NULL,
     STAGE_PROBABILITY,
     "p_",
     false},
};

/* Of an experiment with columns, rules, scripts and scores of its own. */
static const struct {
    const char *who; /* the contestant */
    struct planted leak;
} planted_own[] = {
    {"bahdanau",
     {"an own column is a bar early", {.inputs = leak_column_a_bar_early}, NULL, STAGE_FEATURES, "col(flow)", true}},
    {"mine", {"a file's scores are a bar early", {.replayed = leak_early_scores}, NULL, STAGE_SCORES, "p_", true}},
    {"mine",
     {"a file's threshold knows all scores", {.replayed = leak_tau_of_all_scores}, NULL, STAGE_SCORES, "tau_", false}},
    {"rule", {"a rule is given the bar after", {0}, leak_given_the_bar_after, STAGE_ORDERS, "", true}},
    {"flow", {"a rule is given the column after", {0}, leak_given_the_bar_after, STAGE_ORDERS, "", true}},
    {"script", {"a script is given the bar after", {0}, leak_given_the_bar_after, STAGE_ORDERS, "", true}},
};

static bool is_caught(const struct planted *leak, const struct audit_report *report) {
    enum audit_stage stage = audit_first(&report->found);
    if (stage == N_STAGES) {
        print_error("not caught: %s\n", leak->name);
        return false;
    }
    const struct audit_difference *d = &report->found.first[stage];
    bool placed = stage == STAGE_FOLDS || stage == STAGE_TRAINING || stage == STAGE_WEIGHTS || stage == STAGE_LOG ||
                  d->time_ns != INT64_MIN;
    bool fits = !leak->at_cut || d->time_ns == d->cut_ns;
    if (stage == leak->stage && strncmp(d->value, leak->value, strlen(leak->value)) == 0 && placed && fits) return true;
    print_error("%s: found first in %s, %s of %s fold %zu, cut %lld bar %lld (%g, %g)\n", leak->name, stage_id[stage],
                d->value, d->strategy, d->fold, (long long)d->cut_ns, (long long)d->time_ns, d->clean, d->dirty);
    return false;
}

/* The engine's own strategy, its on_bar exchanged. */
static void plant_on_bar(const struct planted *leak, struct strategy_spec *spec, struct gw_strategy_desc *desc) {
    given_ahead = spec->desc;
    *desc = *spec->desc;
    desc->on_bar = leak->on_bar;
    spec->desc = desc;
    if (leak->on_bar == leak_given_the_bar_after) return; /* which takes its state along */
    desc->per_symbol_state_size = 0;
    desc->state_size = sizeof(struct kept);
}

/* who: the only contestant. */
static void audit_leak(const struct experiment *e, const char *who, void (*make)(struct gw_market *),
                       const struct planted *leak, struct audit_report *report) {
    struct experiment *own = mem_calloc(1, sizeof *own);
    struct gw_strategy_desc desc;
    struct audit_options options = {.n_cuts = 16, .n_refits = 3, .jobs = 1, .models = "", .hooks = &leak->hooks};
    size_t which = 0;
    assert_non_null(own);
    *own = *e;
    while (strcmp(e->strategy[which].name, who) != 0) assert_true(++which < e->n_strategies);
    own->strategy[0] = e->strategy[which];
    own->n_strategies = 1;
    struct prepared *p = prepared_of(own, make);
    if (leak->on_bar) plant_on_bar(leak, &own->strategy[0], &desc);
    assert_ok(audit_experiment(own, p, &options, report));
    mem_free(own);
    prepared_free(p);
}

/* The last bars of a market are left alone, for there is nothing behind them. */
static void find_peek_end(void (*make)(struct gw_market *)) {
    struct gw_market market;
    make(&market);
    peek_end_ns = gw_bar_close_ns(&market.symbol[0], market.symbol[0].n - 3);
    gw_market_free(&market);
}

static bool catches(const struct experiment *e, const char *who, void (*make)(struct gw_market *),
                    const struct planted *leak) {
    struct audit_report report;
    audit_leak(e, who, make, leak, &report);
    const bool caught = is_caught(leak, &report);
    audit_report_free(&report);
    return caught;
}

static void test_leaks_are_caught(void **state) {
    (void)state;
    size_t missed = 0;
    scratch_write("own.lua", own_script, sizeof own_script - 1);
    struct experiment *e = fixture_experiment(one_symbol);
    find_peek_end(market_one);
    for (size_t i = 0; i < COUNT_OF(planted); i++) missed += !catches(e, e->strategy[0].name, market_one, &planted[i]);
    assert_int_equal(missed, 0);
    experiment_free(e);
}

static void test_leaks_of_paths_are_caught(void **state) {
    (void)state;
    char text[8192];
    size_t missed = 0;
    struct experiment *e = fixture_experiment(decoder_text(text));
    for (size_t i = 0; i < COUNT_OF(planted_paths); i++)
        missed += !catches(e, e->strategy[0].name, market_one, &planted_paths[i]);
    assert_int_equal(missed, 0);
    experiment_free(e);
}

/* A file of scores for every bar from the first test bar on. */
static void write_scores(void (*make)(struct gw_market *), const char *file) {
    struct gw_market market;
    struct gw_rng rng;
    make(&market);
    const struct gw_bars *bars = &market.symbol[0];
    char *text = mem_calloc(bars->n + 1, 64);
    size_t used = (size_t)sprintf(text, "time,p_long,p_short\n");
    gw_rng_key(&rng, 5, "a user's scores", 0, 0, 0);
    for (size_t t = 250; t < bars->n; t++)
        used += (size_t)sprintf(text + used, "%lld,%.6f,%.6f\n", (long long)(gw_bar_close_ns(bars, t) / NS_PER_SECOND),
                                gw_rng_uniform(&rng), gw_rng_uniform(&rng));
    scratch_write(file, text, used);
    mem_free(text);
    gw_market_free(&market);
}

/* What a user brings along, clean and then with something planted. */
static void test_leaks_of_ones_own_are_caught(void **state) {
    (void)state;
    static const char script[] =
        "local flow = feature('col(flow)')\n"
        "function on_bar(bar, history, score, position, orders)\n"
        "  if position.quantity == 0 and not position.pending and history.close(0) > history.close(1) then\n"
        "    orders.buy{max_bars = 3} end\nend\n";
    char text[8192];
    const char *features = strstr(one_symbol, "'log_return(1)'"), *strategies = strstr(one_symbol, "'strategies':[");
    scratch_write("column.lua", script, sizeof script - 1);
    write_scores(market_column, "mine.csv");
    snprintf(text, sizeof text,
             "%.*s'col(flow)','col_z(flow,8)',%.*s'strategies':[{'name':'bahdanau','strategy':'gate','model':{'"
             "attention':'bahdanau'}},"
             "{'name':'mine','strategy':'gate','scores':'mine.csv'},"
             "{'name':'rule','enter_long':'close > ago(close, 1)','exit_long':'bars_held >= 2'},"
             "{'name':'flow','enter_long':'col(flow) > ago(col(flow), 1)','exit_long':'bars_held >= 2'},"
             "{'name':'script','script':'column.lua'}]}",
             (int)(features - one_symbol), one_symbol, (int)(strategies - features), features);
    check_clean(text, market_column, 12, 1, 0);
    struct experiment *e = fixture_experiment(text);
    size_t missed = 0;
    find_peek_end(market_column);
    for (size_t i = 0; i < COUNT_OF(planted_own); i++)
        missed += !catches(e, planted_own[i].who, market_column, &planted_own[i].leak);
    assert_int_equal(missed, 0);
    experiment_free(e);
}

/* The double that leaks go through is the engine when it has none: what is found above is the leak. */
static void test_the_double_is_honest(void **state) {
    (void)state;
    static const struct planted honest = {.name = "none", .hooks = {.fit = honest_fit}};
    scratch_write("own.lua", own_script, sizeof own_script - 1);
    struct experiment *e = fixture_experiment(one_symbol);
    struct audit_report report;
    audit_leak(e, e->strategy[0].name, market_one, &honest, &report);
    assert_int_equal(audit_first(&report.found), N_STAGES);
    assert_true(report.found.n_compared[STAGE_WEIGHTS] > 0);
    audit_report_free(&report);
    experiment_free(e);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaks_are_caught),
        cmocka_unit_test(test_leaks_of_paths_are_caught),
        cmocka_unit_test(test_leaks_of_ones_own_are_caught),
        cmocka_unit_test(test_the_double_is_honest),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
