/* The audit finds nothing in the engine: whatever the symbols, folds, thresholds, attentions, columns and second sequences. */
#include "test.h"

#include <math.h>
#include <sys/mman.h>

#include "audit_fixture.h"

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

static void test_decoders(void **state) {
    (void)state;
    char text[8192];
    check_clean(decoder_text(text), market_one, 20, 3, 0);
}

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
        cmocka_unit_test(test_one_symbol),       cmocka_unit_test(test_two_symbols),
        cmocka_unit_test(test_a_newcomer),       cmocka_unit_test(test_thresholds_and_pools),
        cmocka_unit_test(test_columns),          cmocka_unit_test(test_copies_leave_the_mapping),
        cmocka_unit_test(test_second_sequences), cmocka_unit_test(test_every_attention),
        cmocka_unit_test(test_decoders),         cmocka_unit_test(test_history),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
