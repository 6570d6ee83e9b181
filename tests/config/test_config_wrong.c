/* What an experiment file may not say: every mistake is pointed at by line and column and told how to mend. */
#include "experiment_text.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes_are_pointed_at),
        cmocka_unit_test(test_too_deep_too_large),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
