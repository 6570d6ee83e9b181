/* The audit finds nothing in the engine, and in every mistake that is planted into it the stage, the bar and the value. An
 * audit that cannot fail proves nothing. */
#include "test.h"

#include <math.h>
#include <sys/mman.h>

#include "engine/walk/outside.h"
#include "walk/fixture.h"

#include "leaks.h"

static const char one_symbol[] =
    "{'name':'audit','data':'none.csv',"
    "'features':['log_return(1)','rsi(6)','log_return(1)@1h','volume_z(8)','ma_gap(5)@30m','regime(2,2)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},"
    "'folds':{'train':160,'validation':60,'test':60},"
    "'signals':{'k':[5,20],'act_on':20,'rolling_bars':40},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4,'dropout':0.2},"
    "'training':{'epochs':2,'batch_size':64,'block':8,'learning_rate':0.01},"
    "'verdict':{'importance':false},"
    "'strategies':["
    "{'name':'none','strategy':'gate'},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'},'training':{'calibration':'platt','epochs':"
    "3}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead'},'training':{'epochs':1}},"
    "{'name':'stream','strategy':'gate','model':{'unroll':'stream','warm':16},'training':{'epochs':1}},"
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'},'training':{'calibration':'isotonic'}},"
    "{'name':'mean','strategy':'gate','ensemble_of':'bahdanau'},"
    "{'name':'rules','enter_long':'rsi(6) < 50 and close < ago(highest(high, 5), 1)','exit_long':'rsi(5)@30m > 50',"
    "'stop':'2 * atr(5)','limit':'close * 1.001'},"
    "{'name':'gru','strategy':'gate','model':{'encoder':'gru'},'training':{'epochs':1}},"
    "{'name':'tcn','strategy':'gate','model':{'encoder':'tcn'},'training':{'epochs':1}},"
    "{'name':'causal','strategy':'gate','model':{'encoder':'causal_transformer'},'training':{'epochs':1}},"
    "{'name':'weighed','strategy':'gate','ensemble_of':'none,gru,tcn','weights':'validation'},"
    "{'name':'script','script':'own.lua'},"
    "{'name':'cross','strategy':'sma_cross','trading':{'fast':3,'slow':9}},'buy_and_hold',"
    "{'name':'chance','strategy':'random_entry','trading':{'match':'cross'}}]}";

static const char two_symbols[] =
    "{'name':'audit2','data':'none.csv',"
    "'features':['log_return(1)','realised_vol(6)','rsi(3)@1h','range','volume_z(8)','regime(1,2,3)'],"
    "'labels':{'horizon':5,'ratio':1.2,'min_move_atr':1.5,'atr_length':6},'scaler':{'kind':'robust','clip':4},"
    "'folds':{'mode':'expanding','train':'30h','validation':'15h','test':'15h','step':'16h','embargo':2},"
    "'signals':{'k':[5,14],'act_on':14,'rolling_bars':50,'pool':'each','threshold':'rolling'},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4},"
    "'training':{'epochs':2,'batch_size':64,'block':8,'monitor':'average_precision','positive_fraction':0.4},"
    "'trading':{'size':0.4,'exit_on_opposite':true},'costs':{'slippage_volatility':0.1,'funding_bps_per_day':20},"
    "'verdict':{'importance':false},"
    "'strategies':["
    "{'name':'none','strategy':'gate','training':{'retrain':'warm'}},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'},"
    "'training':{'retrain':'lora','lora_rank':2,'optimizer':'adamw'}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead','causal_mask':true},"
    "'training':{'loss':'bce','pos_weight':2}},"
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'},'training':{'calibration':'platt'}},"
    "{'name':'patterns','strategy':'gate','model':{'encoder':'patterns','pattern_bars':6,'pattern_width':8,"
    "'pattern_heads':2,'pattern_layers':1,'latent':4,'categories':3,'contrastive':'nt_xent'},"
    "'training':{'retrain':'warm','positive_fraction':0}},"
    "{'name':'twin','strategy':'gate','model':{'encoder':'transformer','pattern_bars':6,'pattern_width':8,"
    "'pattern_heads':2,'pattern_layers':1,'latent':4},'training':{'epochs':1}},"
    "{'name':'script','script':'own.lua'},"
    "{'name':'cross','strategy':'sma_cross','trading':{'fast':4,'slow':11}}]}";

static const char own_script[] =
    "local rsi = feature('rsi(4)@30m')\n"
    "function on_bar(bar, history, score, position, orders)\n"
    "  if position.pending then return end\n"
    "  if position.quantity == 0 and rsi() < 60 and history.close(3) and bar.close < history.highest(4) then\n"
    "    orders.buy{size = 0.4, stop = 0.01, max_bars = 1 + math.floor(random() * 9)}\n"
    "  elseif position.quantity > 0 and rsi() > 55 then orders.close() end\n"
    "end\n";

static void market_one(struct gw_market *market) {
    market->n_symbols = 1;
    market->symbol = mem_calloc(1, sizeof *market->symbol);
    fixture_walk(&market->symbol[0], "ONE", 560, 11, 0, 0.01);
}

/* The second symbol starts later, ends earlier and has holes. */
static void market_two(struct gw_market *market) {
    market->n_symbols = 2;
    market->symbol = mem_calloc(2, sizeof *market->symbol);
    fixture_walk(&market->symbol[0], "EARLY", 490, 21, 0, 0);
    fixture_walk(&market->symbol[1], "LATE", 330, 22, 70, 0.08);
}

/* The second symbol starts long after the first fold's training slice: most cuts know no bar of it. */
static void market_newcomer(struct gw_market *market) {
    market->n_symbols = 2;
    market->symbol = mem_calloc(2, sizeof *market->symbol);
    fixture_walk(&market->symbol[0], "EARLY", 490, 21, 0, 0);
    fixture_walk(&market->symbol[1], "NEW", 240, 22, 250, 0);
}

static struct prepared *prepared_of(const struct experiment *e, void (*make)(struct gw_market *)) {
    struct prepared *p = mem_calloc(1, sizeof *p);
    assert_non_null(p);
    make(&p->market);
    if (p->market.n_symbols == 2) { /* the first is quoted in what the second prices, so that rates are poisoned too */
        assert_non_null(p->instrument = mem_calloc(2, sizeof *p->instrument));
        p->instrument[0].rate_symbol = 2;
    }
    assert_ok(prepare_inputs(e, p));
    assert_ok(outside_prepare(e, p));
    return p;
}

/* ---- nothing where nothing is ------------------------------------------------------------------------------------------ */

static void check_clean(const char *text, void (*make)(struct gw_market *), size_t n_cuts, size_t n_refits,
                        unsigned left_out) {
    scratch_write("own.lua", own_script, sizeof own_script - 1);
    struct experiment *e = fixture_experiment(text);
    struct prepared *p = prepared_of(e, make);
    struct audit_options options = {.n_cuts = n_cuts, .n_refits = n_refits, .jobs = 2, .models = ""};
    struct audit_report report;
    assert_ok(audit_experiment(e, p, &options, &report));
    enum audit_stage stage = audit_first(&report.found);
    const struct audit_difference *d = &report.found.first[stage < N_STAGES ? stage : 0];
    if (stage < N_STAGES)
        fail_msg("%s: %s of %s %s fold %zu: %.17g, %.17g", stage_id[stage], d->value, d->strategy, d->symbol, d->fold,
                 d->clean, d->dirty);
    assert_true(report.n_cuts >= n_cuts * 9 / 10);
    assert_int_equal(report.n_markets, 3 * report.n_cuts + 2 * report.n_refits);
    for (stage = 0; stage < N_STAGES; stage++)
        if (report.found.n_compared[stage] == 0 && !(left_out >> stage & 1))
            fail_msg("%s was not looked at", stage_id[stage]);
    audit_report_free(&report);
    prepared_free(p);
    experiment_free(e);
}

static void test_one_symbol(void **state) {
    (void)state;
    check_clean(one_symbol, market_one, 50, 9, 0); /* every fold's fit again */
}

static void test_two_symbols(void **state) {
    (void)state;
    check_clean(two_symbols, market_two, 50, 9, 0);
}

static void test_a_newcomer(void **state) {
    (void)state;
    check_clean(two_symbols, market_newcomer, 12, 2, 0);
}

static void test_thresholds_and_pools(void **state) {
    (void)state;
    static const char *const signals[] = {"'threshold':'rolling','rolling_bars':40,'k':[20],'act_on':20",
                                          "'threshold':'fixed','fixed_long':0.3,'fixed_short':0.3,'k':[20],'act_on':20",
                                          "'pool':'cross_section','k':[20],'act_on':20"};
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        char text[4096];
        const char *from = strstr(two_symbols, "'signals':{"), *to = strchr(from, '}');
        snprintf(text, sizeof text, "%.*s'signals':{%s%s", (int)(from - two_symbols), two_symbols, signals[i], to);
        check_clean(text, market_two, 10, 0, 1u << STAGE_TRAINING | 1u << STAGE_WEIGHTS | 1u << STAGE_LOG);
    }
}

enum { /* stages that need a model */
       ONLY_TRADING = 1u << STAGE_TRAINING | 1u << STAGE_WEIGHTS | 1u << STAGE_LOG | 1u << STAGE_THRESHOLD |
                      1u << STAGE_PROBABILITY | 1u << STAGE_ATTENTION | 1u << STAGE_SCORES | 1u << STAGE_ISOLATED
};

/* A column of one's own is poisoned like the bars. */
static void market_column(struct gw_market *market) {
    market_one(market);
    struct gw_bars *bars = &market->symbol[0];
    double *flow = mem_calloc(bars->n, sizeof *flow);
    assert_non_null(flow);
    for (size_t t = 0; t < bars->n; t++) flow[t] = bars->bar[t].close * (double)(t % 17);
    assert_ok(gw_bars_add_column(bars, "flow", flow));
    mem_free(flow);
}

static void test_columns(void **state) {
    (void)state;
    char text[8192];
    struct gw_market clean, dirty;
    const char *at = strstr(one_symbol, "'rsi(6)'");
    snprintf(text, sizeof text, "%.*s'col(flow)','col_z(flow,8)',%s", (int)(at - one_symbol), one_symbol, at);
    check_clean(text, market_column, 9, 1, 0);
    /* Rules and scripts look at it as well, whether or not a model does. */
    static const char script[] =
        "local flow, z = feature('col(flow)'), feature('col_z(flow,9)')\n"
        "function on_bar(bar, history, score, position, orders)\n"
        "  if position.quantity == 0 and not position.pending and flow() > 800 and z() > -1 then\n"
        "    orders.buy{max_bars = 3} end\nend\n";
    at = strstr(one_symbol, "'strategies':[");
    scratch_write("column.lua", script, sizeof script - 1);
    snprintf(text, sizeof text,
             "%.*s'strategies':[{'name':'rule','enter_long':'col_change(flow,2) > 0 and ago(col(flow), 1) > 400',"
             "'exit_long':'bars_held >= 2'},{'name':'script','script':'column.lua'}]}",
             (int)(at - one_symbol), one_symbol);
    check_clean(text, market_column, 9, 0, ONLY_TRADING);
    market_column(&clean);
    for (int poison = POISON_NAN; poison < N_POISONS; poison++) {
        size_t changed = 0, cut = 300;
        assert_ok(poison_market(&clean, gw_bar_close_ns(&clean.symbol[0], cut - 1), (enum poison)poison, &dirty));
        const double *a = gw_bars_column(&clean.symbol[0], "flow"), *b = gw_bars_column(&dirty.symbol[0], "flow");
        assert_memory_equal(a, b, cut * sizeof *a);
        for (size_t t = cut; t < clean.symbol[0].n; t++) changed += memcmp(&a[t], &b[t], sizeof *a) != 0;
        assert_true(changed > (clean.symbol[0].n - cut) / 2);
        gw_market_free(&dirty);
    }
    gw_market_free(&clean);
}

/* Bars of the cache lie in a mapping that the copies leave alone. */
static void test_copies_leave_the_mapping(void **state) {
    (void)state;
    struct gw_market clean, dirty;
    market_one(&clean);
    struct gw_bars *bars = &clean.symbol[0];
    const size_t size = bars->n * sizeof *bars->bar;
    bars->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(bars->map != MAP_FAILED);
    bars->map_size = size;
    memcpy(bars->map, bars->bar, size);
    mem_free(bars->bar);
    bars->bar = bars->map;
    for (int poison = POISON_NAN; poison < N_POISONS; poison++) {
        assert_ok(poison_market(&clean, INT64_MIN, (enum poison)poison, &dirty));
        gw_market_free(&dirty);
        assert_true(isfinite(bars->bar[bars->n - 1].close));
    }
    gw_market_free(&clean);
}

/* Whatever stands in the table of attentions. */
static void test_every_attention(void **state) {
    (void)state;
    char text[8192];
    const char *name;
    int used = snprintf(text, sizeof text, "%.*s'strategies':[", (int)(strstr(one_symbol, "'strategies'") - one_symbol),
                        one_symbol);
    for (size_t i = 0; (name = gw_model_option_name("attention", i)); i++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "%s{'name':'%s','strategy':'gate','model':{'attention':'%s'%s}}", i ? "," : "", name, name,
                         strncmp(name, "luong", 5) == 0 ? ",'luong_combine':true" : "");
    snprintf(text + used, sizeof text - (size_t)used, "]}");
    check_clean(text, market_one, 12, 2, 0);
}

/* Second sequences: a longer interval, another symbol that starts earlier, both; nobody knows a bar of theirs before its
 * close. */
static void test_second_sequences(void **state) {
    (void)state;
    static const char *const contestants[] = {
        "'strategies':[{'name':'none','strategy':'gate'},"
        "{'name':'hours','strategy':'gate','model':{'cross':{'interval':'1h','lookback':6,'units':3}}},"
        "{'name':'halves','strategy':'gate','model':{'attention':'bahdanau','cross':{'interval':'30m','lookback':4}}}]"
        "}",
        "'strategies':[{'name':'leader','strategy':'gate','model':{'cross':{'symbol':'LATE','lookback':6}}},"
        "{'name':'both','strategy':'gate','model':{'cross':{'symbol':'EARLY','interval':'1h','lookback':5}}}]}",
    };
    for (int two = 0; two < 2; two++) {
        const char *of = two ? two_symbols : one_symbol;
        char text[4096];
        snprintf(text, sizeof text, "%.*s%s", (int)(strstr(of, "'strategies'") - of), of, contestants[two]);
        check_clean(text, two ? market_two : market_one, 20, 2, 0);
    }
}

/* Decoders: paths are what labels are, and no part of a score. */
static char *decoder_text(char text[8192]) {
    snprintf(text, 8192,
             "%.*s'strategies':["
             "{'name':'told','strategy':'gate','model':{'attention':'bahdanau','decoder':'path','decoder_steps':3}},"
             "{'name':'free','strategy':'gate','model':{'attention':'luong_general','luong_combine':true,"
             "'decoder':'path','decoder_steps':2,'decoder_teacher':'none'},'training':{'retrain':'warm'}}]}",
             (int)(strstr(one_symbol, "'strategies'") - one_symbol), one_symbol);
    return text;
}

static void test_decoders(void **state) {
    (void)state;
    char text[8192];
    check_clean(decoder_text(text), market_one, 20, 3, 0);
}

/* ---- planted leaks -------------------------------------------------------------------------------------------------------- */

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

/* ---- history ------------------------------------------------------------------------------------------------------------------ */

static void test_history(void **state) {
    (void)state;
    scratch_write("own.lua", own_script, sizeof own_script - 1);
    struct experiment *e = fixture_experiment(one_symbol);
    struct prepared *p = prepared_of(e, market_one);
    struct history_check check;
    assert_ok(history_check(p, NULL, &check));
    assert_true(check.feature[0].exact[0] && check.feature[0].n[0] > 10 &&
                check.feature[0].difference[0] == 0); /* log_return */
    assert_true(check.feature[3].exact[0]);           /* volume_z */
    assert_false(check.feature[1].exact[0]);          /* rsi */
    assert_true(check.feature[1].difference[0] > 0.01 && check.feature[1].difference[3] < 1e-3);
    history_free(&check);
    prepared_free(p);
    experiment_free(e);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_symbol),
        cmocka_unit_test(test_two_symbols),
        cmocka_unit_test(test_a_newcomer),
        cmocka_unit_test(test_thresholds_and_pools),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_copies_leave_the_mapping),
        cmocka_unit_test(test_second_sequences),
        cmocka_unit_test(test_every_attention),
        cmocka_unit_test(test_decoders),
        cmocka_unit_test(test_leaks_of_paths_are_caught),
        cmocka_unit_test(test_leaks_are_caught),
        cmocka_unit_test(test_leaks_of_ones_own_are_caught),
        cmocka_unit_test(test_the_double_is_honest),
        cmocka_unit_test(test_history),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
