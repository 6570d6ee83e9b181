/* What an experiment file may say, what stands in for what it does not say, and what the command line changes. */
#include "experiment_text.h"

/* A title is anybody's text: it is kept byte by byte and never becomes a name or a command. */
static void test_hostile_titles_are_kept(void **state) {
    (void)state;
    static const char *const title[][2] = {
        {"`rm -rf ~`; $(reboot)", "`rm -rf ~`; $(reboot)"},
        {"< /etc/passwd | sh > x", "< /etc/passwd | sh > x"},
        {"a\\nset output\\r\\tb", "a\nset output\r\tb"},
        {"%s%n%d \\\\ \\/ {/Symbol a}_^@", "%s%n%d \\ / {/Symbol a}_^@"},
        {"\\u00e9 \\ud83d\\ude00 \xe4\xb8\xad\xe6\x96\x87", "\xc3\xa9 \xf0\x9f\x98\x80 \xe4\xb8\xad\xe6\x96\x87"},
        {"\xe2\x80\xae"
         "desrever",
         "\xe2\x80\xae"
         "desrever"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(title); i++) {
        char text[1024];
        struct experiment *e;
        snprintf(text, sizeof text, BASE ",'title':'%s'}", title[i][0]);
        assert_ok(load(text, NULL, &e));
        assert_string_equal(e->title, title[i][1]);
        assert_string_equal(e->name, "x");
        experiment_free(e);
    }
}

static void test_byte_order_mark_and_defaults(void **state) {
    (void)state;
    struct experiment *e;
    assert_ok(load("\xef\xbb\xbf" BASE "}", NULL, &e));
    assert_string_equal(e->title, "x");
    assert_int_equal(e->labels.horizon, 24);
    assert_int_equal(e->n_seeds, 1);
    assert_true(e->strategy[0].trading.stop_moves == 0.5); /* 1 / ratio */
    assert_int_equal(e->strategy[0].trading.horizon, 24);  /* the label's */
    assert_string_equal(e->verdict.baseline, "gate");
    assert_int_equal(e->strategy[0].model.n_features, e->n_features);
    assert_true(e->from_ns == 0 && e->to_ns == 0);
    experiment_free(e);
    assert_ok(load(BASE ",'labels':{'ratio':4,'horizon':7},'trading':{'stop_moves':0}}", NULL, &e));
    assert_true(e->strategy[0].trading.stop_moves == 0); /* given */
    assert_int_equal(e->strategy[0].trading.horizon, 7);
    experiment_free(e);
    assert_ok(load(STRATEGIES("[{'strategy':'gate','name':'a','model':{'hidden':9}},{'strategy':'gate','name':'b'}],"
                              "'model':{'hidden':5,'lookback':11}"),
                   NULL, &e));
    assert_int_equal(e->strategy[0].model.hidden, 9);
    assert_int_equal(e->strategy[1].model.hidden, 5);
    assert_int_equal(e->strategy[0].model.lookback, 11);
    experiment_free(e);
}

static void test_data_paths_belong_to_the_file(void **state) {
    (void)state;
    struct experiment *e;
    assert_ok(load(DATA("['a.csv',{'file':'/b.csv','symbol':'B','interval':'4h','repair':true}]"), NULL, &e));
    assert_string_equal(e->data[0].file, scratch("a.csv"));
    assert_string_equal(e->data[1].file, "/b.csv");
    assert_string_equal(e->data[1].symbol, "B");
    assert_true(e->data[1].interval_ns == 4 * NS_PER_HOUR && e->data[1].repair);
    experiment_free(e);
}

/* ---- the command line's changes --------------------------------------------------------------------------------------- */

static bool shown_true(const struct gw_param_table *table, const void *base, const char *name) {
    struct gw_param_key key;
    char text[GW_PARAM_SHOWN];
    assert_true(gw_param_find(table, name, &key));
    return strcmp(gw_param_show(key.param, gw_param_base_const(&key, base), text), "true") == 0;
}

static void test_set(void **state) {
    (void)state;
    struct experiment *e;
    static const char *const good[] = {
        "training.epochs=7",        "folds.train=180d",         "folds.test=\"36h\"",   "signals.k=[2, 4]",
        "signals.act_on=4",         "model.attention=bahdanau", "title=a=b=c",          "seeds=[5,6]",
        "model.luong_combine=true", "strategies.0=sma_cross",   "costs.maker_bps=-0.5", "labels.horizon=6"};
    const struct gw_config_override all = {.set = good, .n_set = COUNT_OF(good)};
    assert_ok(load(BASE "}", &all, &e));
    assert_int_equal(e->common.train.epochs, 7);
    assert_true(e->folds.train.ns == 180 * NS_PER_DAY && e->folds.train.bars == 0);
    assert_true(e->folds.test.ns == 36 * NS_PER_HOUR);
    assert_true(e->signals.n_k == 2 && e->signals.k[1] == 4 && e->signals.act_on == 4);
    assert_string_equal(gw_param_word(&gw_model_params, &e->common.model, "attention"), "bahdanau");
    assert_string_equal(e->title, "a=b=c");
    assert_true(e->n_seeds == 2 && e->seed[1] == 6 && shown_true(&gw_model_params, &e->common.model, "luong_combine"));
    assert_string_equal(e->strategy[0].name, "sma_cross");
    assert_true(e->common.costs.maker_bps == -0.5);
    experiment_free(e);

    static const struct {
        const char *set;
        int code;
        const char *says;
    } bad[] = {
        {"training.epochs", GW_ERR_USAGE, "--set training.epochs: write key=value"},
        {"=5", GW_ERR_USAGE, "write key=value"},
        {"training..epochs=5", GW_ERR_USAGE, "empty step"},
        {"labels={\"horizon\":", GW_ERR_USAGE, "--set labels"},
        {"strategies.7.name=a", GW_ERR_USAGE, "must be an element from 0 to 1"},
        {"name.first=a", GW_ERR_USAGE, "lies inside a string"},
        {"training.epochs=many", GW_ERR_CONFIG,
         "--set training.epochs=many: training.epochs must be a whole number, not a string"},
        {"training.epochs=0", GW_ERR_CONFIG, "--set training.epochs=0: training.epochs is 0"},
        {"training.epohcs=3", GW_ERR_CONFIG,
         "--set training.epohcs=3: unknown key \"epohcs\" in training; did you mean"},
        {"trainig.epochs=3", GW_ERR_CONFIG, "did you mean \"training\"?"},
        {"model.attention=bahdanu", GW_ERR_CONFIG, "did you mean \"bahdanau\"?"},
        {"name=../x", GW_ERR_CONFIG, "--set name=../x: name may hold only letters"},
        {"strategies.0.model.hidden=8", GW_ERR_USAGE, "lies inside a string"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct gw_config_override one = {.set = &bad[i].set, .n_set = 1};
        assert_fails(load(BASE "}", &one, &e), bad[i].code, bad[i].says);
    }
}

static void test_seeds_strategies_data(void **state) {
    (void)state;
    struct experiment *e;
    assert_ok(load(BASE ",'seeds':[9]}", &(struct gw_config_override){.n_seeds = 3}, &e));
    assert_true(e->n_seeds == 3 && e->seed[0] == 1 && e->seed[2] == 3);
    experiment_free(e);

    const char *text = STRATEGIES("[{'name':'a','strategy':'gate'},{'name':'b','strategy':'gate',"
                                  "'model':{'attention':'bahdanau'}},'buy_and_hold'],'verdict':{'baseline':'a'}");
    assert_ok(load(text, &(struct gw_config_override){.strategies = "buy_and_hold,a"}, &e));
    assert_int_equal(e->n_strategies, 2);
    assert_string_equal(e->strategy[0].name, "a"); /* the file's order */
    assert_string_equal(e->strategy[1].name, "buy_and_hold");
    assert_string_equal(e->verdict.baseline, "a");
    experiment_free(e);
    assert_ok(load(text, &(struct gw_config_override){.strategies = "b"}, &e)); /* the baseline went: none is left */
    assert_string_equal(e->verdict.baseline, "");
    experiment_free(e);
    assert_fails(load(text, &(struct gw_config_override){.strategies = "bb"}, &e), GW_ERR_USAGE, "no strategy \"bb\"");
    assert_fails(load(text, &(struct gw_config_override){.strategies = "buy_and_hodl"}, &e), GW_ERR_USAGE,
                 "did you mean \"buy_and_hold\"?");
    assert_fails(load(text, &(struct gw_config_override){.strategies = ""}, &e), GW_ERR_USAGE, "no name given");
    assert_fails(load(text, &(struct gw_config_override){.strategies = "a,,b"}, &e), GW_ERR_USAGE, "no strategy \"\"");

    assert_ok(
        load(DATA("{'file':'d.csv','symbol':'S','interval':'1h'}"), &(struct gw_config_override){.data = "z.csv"}, &e));
    assert_string_equal(e->data[0].file, "z.csv"); /* as the shell gave it, not beside the experiment */
    assert_string_equal(e->data[0].symbol, "");    /* another file is another symbol */
    assert_true(e->data[0].interval_ns == NS_PER_HOUR);
    experiment_free(e);
    assert_ok(load("{'name':'x','folds':{'train':9,'validation':9,'test':9},'strategies':['gate']}",
                   &(struct gw_config_override){.data = "z.csv"}, &e));
    assert_int_equal(e->data[0].format, 0); /* auto */
    experiment_free(e);
    assert_fails(load(DATA("['a.csv','b.csv']"), &(struct gw_config_override){.data = "z.csv"}, &e), GW_ERR_USAGE,
                 "--data replaces a single file");
}

static void test_timerange(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int from[3], to[3]; /* year 0: open */
    } good[] = {
        {"20200101-20221231", {2020, 1, 1}, {2023, 1, 1}},
        {"2020-01-01-2022-12-31", {2020, 1, 1}, {2023, 1, 1}},
        {"20200229-", {2020, 2, 29}, {0}},
        {"-20200228", {0}, {2020, 2, 29}},
        {"20200101-20200101", {2020, 1, 1}, {2020, 1, 2}},
        {"-", {0}, {0}},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct experiment *e;
        assert_ok(load(BASE "}", &(struct gw_config_override){.timerange = good[i].text}, &e));
        const int *f = good[i].from, *t = good[i].to;
        assert_true(e->from_ns == (f[0] ? time_from_civil(f[0], f[1], f[2]) : INT64_MIN));
        assert_true(e->to_ns == (t[0] ? time_from_civil(t[0], t[1], t[2]) : INT64_MAX));
        experiment_free(e);
    }
    static const char *const bad[] = {
        "",          "20200101",          "2020-01-01",  "20200101_20200202",         "20200230-", "20200202-20200101",
        "tomorrow-", "20200101-tomorrow", "2020-01-01-", "20200101-20200202-20200303"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct experiment *e;
        assert_fails(load(BASE "}", &(struct gw_config_override){.timerange = bad[i]}, &e), GW_ERR_CONFIG, "timerange");
    }
}

/* ---- round trip --------------------------------------------------------------------------------------------------------- */

static void write_resolved(const struct experiment *e, const char *name) {
    struct out_file file;
    assert_ok(out_open(&file, scratch(name)));
    struct json_writer w = {.stream = file.stream};
    experiment_write(e, &w, NULL);
    fputc('\n', file.stream);
    assert_ok(out_commit(&file));
}

static void compare_sections(const struct experiment *a, const struct experiment *b) {
    for (size_t s = 0; s < config_n_sections; s++)
        for (struct gw_param_key key = {0}; gw_param_next(config_section[s].table, &key);) {
            char x[GW_PARAM_SHOWN], y[GW_PARAM_SHOWN];
            gw_param_show(key.param, gw_param_base_const(&key, (const char *)a + config_section[s].offset), x);
            gw_param_show(key.param, gw_param_base_const(&key, (const char *)b + config_section[s].offset), y);
            if (strcmp(x, y) != 0) fail_msg("%s.%s is lost: %s, %s", config_section[s].name, key.param->name, x, y);
        }
}

/* What run.json records is an experiment, and the same one. */
static void test_resolved_experiment_loads_again(void **state) {
    (void)state;
    static const char *const text[] = {
        BASE "}",
        BASE ",'timerange':'20200101-20221231','seeds':[9,8,7],'title':'a \\\"title\\\" \\n \\u00e9',"
             "'signals':{'k':[0.5,2.5],'act_on':2.5,'threshold':'rolling','rolling_bars':77,'pool':'each'},"
             "'labels':{'ratio':3,'horizon':11,'min_move_atr':1.25},'scaler':{'kind':'robust','clip':4.5},"
             "'trading':{'size':0.25,'target_moves':1.7,'stop_moves':0.9,'horizon':5,'trade_short':false},"
             "'model':{'hidden':48,'dropout':0.1},'training':{'epochs':3,'learning_rate':0.000123,'retrain':'warm'},"
             "'costs':{'maker_bps':-0.3,'multiplier':2},'broker':{'intrabar':'target_first','initial_cash':5e4},"
             "'verdict':{'bootstrap':111,'confidence':0.9,'importance':false,'block':7}}",
        "{'name':'y','data':[{'file':'/d.csv','symbol':'S','interval':'90m','repair':true},'/"
        "e.csv'],'timerange':'-20211231',"
        "'folds':{'mode':'expanding','train':'180d','validation':'2w','test':'36h','step':'3d','embargo':12},"
        "'features':['rsi(9)@1h','range','macd_hist(12,26,9)'],'strategies':["
        "{'name':'a','strategy':'gate','model':{'attention':'multihead','heads':2,'key_dim':16},'training':{'epochs':9}"
        "},"
        "{'name':'b','strategy':'gate','trading':{'exit_on_opposite':true,'stop_moves':0}},"
        "{'name':'c','strategy':'sma_cross','trading':{'fast':5,'slow':9}}],'verdict':{'baseline':'b'}}",
    };
    for (size_t i = 0; i < COUNT_OF(text); i++) {
        struct experiment *e, *again;
        size_t n, m;
        char *json = mem_strdup(text[i]), *at;
        if ((at = strstr(json, "d.csv")) && at[-1] == '\'') *at = '/'; /* a path of its own place: absolute */
        assert_ok(load(json, NULL, &e));
        mem_free(json);
        write_resolved(e, "resolved.json");
        assert_ok(experiment_load(scratch("resolved.json"), NULL, &again));
        compare_sections(e, again);
        assert_true(e->from_ns == again->from_ns && e->to_ns == again->to_ns);
        assert_int_equal(e->n_seeds, again->n_seeds);
        assert_memory_equal(e->seed, again->seed, e->n_seeds * sizeof *e->seed);
        assert_string_equal(e->title, again->title);
        assert_int_equal(e->n_data, again->n_data);
        for (size_t d = 0; d < e->n_data; d++) assert_memory_equal(&e->data[d], &again->data[d], sizeof e->data[d]);
        assert_int_equal(e->n_strategies, again->n_strategies);
        for (size_t s = 0; s < e->n_strategies; s++) {
            assert_ptr_equal(e->strategy[s].desc, again->strategy[s].desc);
            assert_memory_equal(&e->strategy[s].trading, &again->strategy[s].trading, sizeof e->strategy[s].trading);
        }
        write_resolved(again, "again.json");
        char *x = rundir_read(scratch("resolved.json"), &n), *y = rundir_read(scratch("again.json"), &m);
        assert_int_equal(n, m);
        assert_memory_equal(x, y, n);
        mem_free(x);
        mem_free(y);
        experiment_free(e);
        experiment_free(again);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_titles_are_kept),         cmocka_unit_test(test_byte_order_mark_and_defaults),
        cmocka_unit_test(test_data_paths_belong_to_the_file),   cmocka_unit_test(test_set),
        cmocka_unit_test(test_seeds_strategies_data),           cmocka_unit_test(test_timerange),
        cmocka_unit_test(test_resolved_experiment_loads_again),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
