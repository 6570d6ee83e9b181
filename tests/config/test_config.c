/* What an experiment file may say: every mistake is pointed at by line and column and told how to mend. */
#include "engine/base/base.h"
#include "engine/config/config_private.h"
#include "walk/rundir.h"

/* In the tables below ' stands for ". */
static void write_text(const char *name, const char *text) {
    char *json = mem_strdup(text);
    assert_non_null(json);
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    scratch_write(name, json, strlen(json));
    mem_free(json);
}

static int load(const char *text, const struct gw_config_override *override, struct experiment **e) {
    *e = NULL;
    write_text("experiment.json", text);
    return experiment_load(scratch("experiment.json"), override, e);
}

/* Everything an experiment needs, on line 1; the keys under test follow on line 2. */
#define BASE                                                                                                           \
    "{'name':'x','data':'d.csv','folds':{'train':900,'validation':90,'test':90},'strategies':['gate','buy_and_hold']"
#define STRATEGIES(list)                                                                                               \
    "{'name':'x','data':'d.csv','folds':{'train':900,'validation':90,'test':90},\n'strategies':" list "}"
#define FOLDS(object) "{'name':'x','data':'d.csv','strategies':['gate'],\n'folds':" object "}"
#define DATA(value)                                                                                                    \
    "{'name':'x','folds':{'train':900,'validation':90,'test':90},'strategies':['gate'],\n'data':" value "}"
#define NAMED(name)                                                                                                    \
    "{'data':'d.csv','folds':{'train':900,'validation':90,'test':90},'strategies':['gate'],\n'name':" name "}"

struct wrong {
    const char *text;  /* after BASE when it does not begin with { */
    const char *where; /* "2:5": line and column */
    const char *says;
};

static const struct wrong wrongs[] = {
    /* unknown keys, at every level, with the nearest one */
    {"'titel':'t'", "2:1", "unknown key \"titel\" in the experiment; did you mean \"title\"?"},
    {"'xylophone':1", "2:1", "unknown key \"xylophone\" in the experiment; `gatewalk list keys` shows all"},
    {"'labels':{'horizn':3}", "2:11", "unknown key \"horizn\" in labels; did you mean \"horizon\"?"},
    {"'scaler':{'knid':'none'}", "2:11", "did you mean \"kind\"?"},
    {FOLDS("{'trian':9}"), "2:10", "unknown key \"trian\" in folds; did you mean \"train\"?"},
    {"'signals':{'treshold':'fixed'}", "2:12", "did you mean \"threshold\"?"},
    {"'model':{'hiden':8}", "2:10", "did you mean \"hidden\"?"},
    {"'training':{'epoch':8}", "2:13", "did you mean \"epochs\"?"},
    {"'trading':{'sise':1}", "2:12", "did you mean \"size\"?"},
    {"'costs':{'taker_bp':1}", "2:10", "did you mean \"taker_bps\"?"},
    {"'broker':{'cash':1}", "2:11", "unknown key \"cash\" in broker"},
    {"'verdict':{'bootstap':99}", "2:12", "did you mean \"bootstrap\"?"},
    /* currencies */
    {DATA("{'file':'d.csv','quote':'a/b'}"), "2:32", "data.quote"},
    {DATA("{'file':'d.csv','quote':'BTC','rate':'X'}"), "2:32", "the account has no currency"},
    {DATA("{'file':'d.csv','rate':'X'}"), "2:31", "say which as \"quote\""},
    {DATA("['e.csv',{'file':'d.csv','quote':'BTC'}],'broker':{'account_currency':'USD'}"), "2:41",
     "data.quote is \"BTC\" and the account's currency \"USD\"; give \"rate\""},
    {DATA("{'file':'d.csv','quote':'USD','rate':'X'},'broker':{'account_currency':'USD'}"), "2:45", "is not needed"},
    {DATA("{'fiel':'d.csv'}"), "2:9", "unknown key \"fiel\" in data; did you mean \"file\"?"},
    {STRATEGIES("[{'strategy':'gate','modle':{}}]"), "2:34",
     "unknown key \"modle\" in a strategy; did you mean \"model\"?"},
    {STRATEGIES("[{'strategy':'gate','model':{'head':2}}]"), "2:43", "did you mean \"heads\"?"},
    {STRATEGIES("[{'strategy':'gate','labels':{}}]"), "2:34", "unknown key \"labels\" in a strategy"},
    /* wrong types, numbers as strings among them */
    {"'labels':3", "2:10", "labels must be an object { … }, not a number"},
    {"'labels':{'horizon':'24'}", "2:21", "horizon must be a whole number, not a string"},
    {"'labels':{'horizon':2.5}", "2:21", "horizon must be a whole number"},
    {"'labels':{'min_move':'1%'}", "2:22", "min_move must be a number, not a string"},
    {"'training':{'learning_rate':null}", "2:29", "learning_rate must be a number, not null"},
    {"'model':{'luong_combine':1}", "2:26", "luong_combine must be true or false, not a number"},
    {"'scaler':{'kind':5}", "2:18", "kind must be a string, not a number"},
    {"'signals':{'k':5}", "2:16", "k must be an array of 1 to 4 numbers"},
    {"'signals':{'k':[1,'5']}", "2:19", "signals.k: each must be a number between 0.001 and 100"},
    {"'seeds':'3'", "2:9", "seeds must be how many (1 to 64) or an array of whole numbers"},
    {"'features':'rsi(14)'", "2:12", "features must be an array"},
    {"'features':[14]", "2:13", "a feature must be a string"},
    {"'timerange':20200101", "2:13", "timerange must be a string"},
    {"'title':7", "2:9", "title must be a string, not a number"},
    {NAMED("7"), "2:8", "name must be a string, not a number"},
    {FOLDS("[1,2]"), "2:9", "folds"},
    {FOLDS("{'train':true,'validation':9,'test':9}"), "2:18", "train must be a number of bars or a duration"},
    {DATA("3"), "2:8", "data must hold file names or objects"},
    {DATA("{'file':3}"), "2:16", "file must be a string, not a number"},
    {DATA("{'file':'d.csv','repair':'yes'}"), "2:33", "repair must be true or false"},
    {STRATEGIES("'gate'"), "2:14", "strategies must be an array"},
    {STRATEGIES("[5]"), "2:15", "a strategy must be a name or an object, not a number"},
    {STRATEGIES("[{'strategy':'gate','name':5}]"), "2:41", "name must be a string"},
    {STRATEGIES("[{'strategy':'gate','model':[]}]"), "2:42", "model must be an object"},
    /* out of range */
    {"'labels':{'horizon':0}", "2:21", "horizon is 0; it must lie between 1 and 100000"},
    {"'labels':{'horizon':-3}", "2:21", "horizon is -3; it must lie between 1 and 100000"},
    {"'labels':{'horizon':1e300}", "2:21", "it must lie between 1 and 100000"},
    {"'labels':{'min_move':1.5}", "2:22", "min_move is 1.5; it must lie between 0 and 1"},
    {"'model':{'dropout':1}", "2:20", "dropout is 1; it must lie between 0 and 0.95"},
    {"'model':{'lookback':0}", "2:21", "lookback is 0"},
    {"'training':{'epochs':0}", "2:22", "epochs is 0"},
    {"'training':{'batch_size':1e9}", "2:26", "batch_size is 1000000000"},
    {"'costs':{'taker_bps':-1}", "2:22", "taker_bps is -1"},
    {"'verdict':{'confidence':95}", "2:25", "confidence is 95"},
    {"'signals':{'k':[0]}", "2:17", "between 0.001 and 100"},
    {"'signals':{'k':[101]}", "2:17", "between 0.001 and 100"},
    {"'signals':{'k':[]}", "2:16", "array of 1 to 4 numbers"},
    {"'signals':{'k':[1,2,3,4,5]}", "2:16", "array of 1 to 4 numbers"},
    {"'signals':{'k':[5,1]}", "2:19", "the numbers must ascend"},
    {"'signals':{'k':[5,5]}", "2:19", "the numbers must ascend"},
    {"'signals':{'k':[1,5],'act_on':10}", "2:31", "signals.act_on is 10, which is not in signals.k"},
    {"'seeds':0", "2:9", "seeds must be how many (1 to 64)"},
    {"'seeds':65", "2:9", "seeds must be how many (1 to 64)"},
    {"'seeds':[]", "2:9", "seeds must hold 1 to 64 numbers"},
    {"'seeds':[1,-1]", "2:12", "whole numbers"},
    {"'seeds':[1.5]", "2:10", "whole numbers"},
    {"'seeds':[4,4]", "2:12", "4 stands there twice"},
    {FOLDS("{'train':0,'validation':9,'test':9}"), "2:18", "train is 0"},
    {FOLDS("{'train':9,'validation':9,'test':0}"), "2:42", "test is 0"},
    {FOLDS("{'train':9,'validation':-9,'test':9}"), "2:33", "validation is -9"},
    {FOLDS("{'train':'0d','validation':9,'test':9}"), "2:18", "\"0d\" is not a duration"},
    {FOLDS("{'train':'180x','validation':9,'test':9}"), "2:18", "\"180x\" is not a duration"},
    {FOLDS("{'train':9.5,'validation':9,'test':9}"), "2:18", "train must be a whole number"},
    /* keys that do not go together: the one that the file gives */
    {STRATEGIES("['sma_cross'],'trading':{'fast':50,'slow':20}"), "2:46",
     "strategy \"sma_cross\": trading.fast (50 bars) must be smaller than trading.slow (20)"},
    {STRATEGIES("[{'strategy':'sma_cross','trading':{'slow':20}}]"), "2:57", "trading.fast (20 bars) must be smaller"},
    {STRATEGIES("[{'strategy':'gate','model':{'attention':'dual_stage','layers':2}}]"), "2:77",
     "strategy \"gate\": model.layers: attention \"dual_stage\" works on one layer"},
    {"'model':{'encoder':'logistic','attention':'bahdanau'}", "2:43",
     "model.attention: encoder \"logistic\" has no states to attend to"},
    {"'model':{'attention':'multihead','unroll':'stream','position':'learned'}", "2:63",
     "model.position: \"learned\" counts within a window"},
    {"'model':{'attention':'linear','unroll':'stream'}", "2:40",
     "model.unroll: attention \"linear\" cannot stream: its sums begin with the window"},
    {"'model':{'encoder':'gru','attention':'bahdanau'}", "2:38",
     "model.attention: encoder \"gru\" has no states to attend to"},
    {"'model':{'encoder':'tcn','unroll':'stream'}", "2:35",
     "model.unroll: encoder \"tcn\" cannot stream: its convolutions begin with the window"},
    {"'model':{'encoder':'causal_transformer','encoder_width':9}", "2:57",
     "model.encoder_width: 9 is no multiple of model.encoder_heads (2)"},
    {"'model':{'encoder':'causal_transformer','lookback':600}", "2:52",
     "model.lookback: 600; encoder \"causal_transformer\" keeps lookback² weights"},
    {STRATEGIES("[{'strategy':'gate','training':{'epochs':3}}],'training':{'warmup_epochs':9}"), "2:88",
     "training.warmup_epochs: 9 is more than training.epochs (3)"},
    {"'training':{'batch_size':16}", "2:26", "training.block: 32 is more than training.batch_size (16)"},
    {"'model':{'encoder':'logistic'},'training':{'retrain':'lora'}", "2:54",
     "training.lora_on: \"all\" names no matrix"},
    /* keys of a row that is not chosen, in a strategy's own entry */
    {STRATEGIES("[{'strategy':'gate','trading':{'fast':5}}]"), "2:45",
     "trading.fast does nothing here: it belongs to sma_cross, but strategy is \"gate\""},
    {STRATEGIES("[{'strategy':'gate','model':{'heads':2}}]"), "2:43",
     "model.heads does nothing here: it belongs to multihead and linear, but attention is \"none\""},
    {STRATEGIES("[{'strategy':'gate','model':{'attention_units':8}}],'model':{'attention':'multihead'}"), "2:43",
     "it belongs to bahdanau, luong_concat and dual_stage, but attention is \"multihead\""},
    {STRATEGIES("[{'strategy':'gate','training':{'loss':'focal','pos_weight':2}}]"), "2:61",
     "it belongs to bce, self_paced_hard and self_paced_linear, but loss is \"focal\""},
    {STRATEGIES("[{'strategy':'gate','training':{'lora_rank':4}}]"), "2:46", "belongs to lora, but retrain is"},
    {STRATEGIES("[{'strategy':'gate','model':{'encoder':'logistic','forget_init':'one'}}]"), "2:64",
     "belongs to lstm, but encoder is \"logistic\""},
    /* words */
    {"'scaler':{'kind':'standart'}", "2:18", "kind: unknown value \"standart\"; did you mean \"standard\"?"},
    {"'scaler':{'kind':'xyz'}", "2:18", "use one of standard, robust, none"},
    {"'model':{'attention':'bahdanu'}", "2:22", "did you mean \"bahdanau\"?"},
    {"'training':{'loss':'bec'}", "2:20", "loss: unknown value \"bec\"; did you mean \"bce\"?"},
    {"'signals':{'pool':'any'}", "2:19", "pool: unknown value \"any\""},
    {"'broker':{'intrabar':'stop'}", "2:22", "intrabar: unknown value \"stop\""},
    {"'features':['rsy(14)']", "2:13", "\"rsy(14)\": unknown feature; did you mean \"rsi\"?"},
    {"'features':['range','rsi(0)']", "2:21",
     "n (length of Wilder's averages: weight 1/n) is 0; it must lie between 2 and 20000"},
    {"'features':['rsi(14)','rsi( 14 )']", "2:12", "given twice (entries 1 and 2"},
    {"'features':[]", "2:12", "features must be an array of 1 to 256 names"},
    /* what must be there, and only once */
    {"{'data':'d.csv'}", "1:1", "\"name\" is missing"},
    {NAMED("''"), "2:8", "name may hold only letters"},
    {NAMED("'../up'"), "2:8", "name may hold only letters"},
    {NAMED("'-rf'"), "2:8", "must start with a letter or digit"},
    {NAMED("'0123456789012345678901234567890123456789012345678901234567890123456789'"), "2:8", "longer than 63 bytes"},
    {"{'name':'x','strategies':['gate'],'folds':{'train':9,'validation':9,'test':9}}", "1:1", "\"data\" is missing"},
    {"{'name':'x','data':'d.csv','strategies':['gate']}", "1:1", "folds.train is missing"},
    {FOLDS("{'train':9,'test':9}"), "2:9", "folds.validation is missing"},
    {"{'name':'x','data':'d.csv','folds':{'train':9,'validation':9,'test':9}}", "1:1", "\"strategies\" is missing"},
    {DATA("[]"), "2:8", "data must name 1 to 4096 files"},
    {DATA("{}"), "2:8", "a source needs a \"file\""},
    {DATA("''"), "2:8", "a source needs a \"file\""},
    {DATA("{'file':'d.csv','interval':'15 minutes'}"), "2:35", "data.interval: \"15 minutes\" is not a duration"},
    {DATA("{'file':'d.csv','symbol':'a/b'}"), "2:33", "symbol may hold only letters"},
    {STRATEGIES("[]"), "2:14", "strategies must be an array of 1 to 32 contestants"},
    {STRATEGIES("['gat']"), "2:15", "unknown strategy \"gat\"; did you mean \"gate\"?"},
    {STRATEGIES("['scalping']"), "2:15", "unknown strategy \"scalping\"; `gatewalk list strategies` shows all"},
    {STRATEGIES("[{'name':'a'}]"), "2:15", "a strategy needs \"strategy\""},
    {STRATEGIES("['gate','gate']"), "2:22", "two strategies are called \"gate\""},
    {STRATEGIES("[{'name':'a','strategy':'gate'},{'name':'a','strategy':'buy_and_hold'}]"), "2:46", "two strategies"},
    {STRATEGIES("[{'name':'a b','strategy':'gate'}]"), "2:23", "strategies.name may hold only letters"},
    {STRATEGIES("[{'name':'a/../../b','strategy':'gate'}]"), "2:23", "strategies.name may hold only letters"},
    {"'verdict':{'baseline':'nobody'}", "2:23", "verdict.baseline \"nobody\" is not one of the strategies"},
    {"'verdict':{'baseline':'buy_and_hold'}", "2:23", "has no model to compare with"},
    /* time */
    {"'timerange':'2020'", "2:13", "write 20200101-20221231"},
    {"'timerange':'20210101-20200101'", "2:13", "ends before it begins"},
    {"'timerange':'20201301-'", "2:13", "timerange"},
    {"'timerange':'20200101-2020-12-31 10:00'", "2:13", "whole days"},
    /* not JSON at all */
    {"", "1:1", "the text is empty"},
    {"[1]", "1:1", "an experiment must be an object { … }, not an array"},
    {"'seeds':3,", "2:11", "a comma must not stand before }"},
    {"'seeds':3 'title':'t'", "2:11", "a comma or } was expected"},
    {"'seeds':NaN", "2:9", "not a JSON word"},
    {"'seeds':03", "2:9", "must not begin with a zero"},
    {"'seeds':3,'seeds':4", "2:11", "the key \"seeds\" appears twice"},
    {"'labels':{'horizon':3,'horizon':4}", "2:23", "the key \"horizon\" appears twice"},
    {"'title':'a\\u0000z'", "2:11", "\\u0000 is not allowed"},
    {"'title':'\\ud800'", "2:10", "half of a surrogate pair"},
    {"'title':'a\x01z'", "2:11", "a control character must be written as"},
    {"'title':'a\xff\xfez'", "2:11", "not valid UTF-8"},
};

static void test_mistakes_are_pointed_at(void **state) {
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < COUNT_OF(wrongs); i++) {
        const struct wrong *wrong = &wrongs[i];
        char text[1024], place[1200];
        struct experiment *e;
        bool whole = !*wrong->text || strchr("{[", *wrong->text);
        snprintf(text, sizeof text, "%s%s%s", whole ? "" : BASE ",\n", wrong->text, whole ? "" : "}");
        int rc = load(text, NULL, &e);
        snprintf(place, sizeof place, "%s:%s:", scratch("experiment.json"), wrong->where);
        bool right = rc == GW_ERR_CONFIG && strncmp(gw_error_message(), place, strlen(place)) == 0 &&
                     strstr(gw_error_message(), wrong->says);
        if (rc == GW_OK) experiment_free(e);
        if (right) continue;
        print_error("%s\n    want %s: %s\n    got  %d %s\n", wrong->text, wrong->where, wrong->says, rc,
                    rc == GW_OK ? "accepted" : gw_error_message() + strlen(scratch("experiment.json")));
        failed++;
    }
    assert_int_equal(failed, 0);
    assert_true(COUNT_OF(wrongs) >= 40);
}

/* ---- things that are no mistakes --------------------------------------------------------------------------------- */

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

static void test_too_deep_too_large(void **state) {
    (void)state;
    struct experiment *e;
    enum { DEEP = 100000 };
    char *text = mem_calloc(2 * DEEP + 200, 1);
    assert_non_null(text);
    strcpy(text, BASE ",'title':");
    size_t begin = strlen(text);
    memset(text + begin, '[', DEEP);
    memset(text + begin + DEEP, ']', DEEP);
    text[begin + 2 * DEEP] = '}';
    assert_fails(load(text, NULL, &e), GW_ERR_CONFIG, "64");
    memset(text + begin, ' ', 2 * DEEP);
    text[begin] = text[begin + 2 * DEEP - 1] = '\'';
    assert_fails(load(text, NULL, &e), GW_ERR_CONFIG, "title is longer than 255 bytes");
    mem_free(text);
    assert_fails(experiment_load(scratch("absent.json"), NULL, &e), GW_ERR_CONFIG, "absent.json");
    assert_fails(experiment_load(scratch_dir, NULL, &e), GW_ERR_CONFIG, "folder");
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
        cmocka_unit_test(test_mistakes_are_pointed_at),
        cmocka_unit_test(test_hostile_titles_are_kept),
        cmocka_unit_test(test_too_deep_too_large),
        cmocka_unit_test(test_byte_order_mark_and_defaults),
        cmocka_unit_test(test_data_paths_belong_to_the_file),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_seeds_strategies_data),
        cmocka_unit_test(test_timerange),
        cmocka_unit_test(test_resolved_experiment_loads_again),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
