/* Bad experiment files. Included by test_bad_input.c alone. */
#include "bad_cases.h"

static void make_json_folder(void) { mkdir(work("j.json"), 0700); }
static void make_json_empty(void) { put_bytes("j.json", "", 0); }
static void make_json_huge(void) {
    put_bytes("j.json", "", 0);
    if (truncate(work("j.json"), 20 << 20) != 0) abort();
}
static void make_json_nul(void) { put_bytes("j.json", "{\"name\":\0\"x\"}", 13); }
static void make_json_latin1(void) { put_text("j.json", "{\n  \"title\": \"Gr\xfc\xdf\x65\"}\n"); }
static void make_json_gz(void) { put_bytes("j.json", "\x1f\x8b\x08\0\0\0\0\0", 8); }

static void make_bomb(const char *open, const char *close, size_t n) {
    char *text = calloc(n, strlen(open) + strlen(close) + 1);
    if (!text) abort();
    char *to = text;
    for (size_t i = 0; i < n; i++) to = stpcpy(to, open);
    for (size_t i = 0; i < n; i++) to = stpcpy(to, close);
    put_text("j.json", text);
    free(text);
}
static void make_array_bomb(void) { make_bomb("[", "", 500000); }
static void make_object_bomb(void) { make_bomb("{\"a\":", "}", 2000); }

#define EDIT(title, from, to, ...)                                                                                     \
    {                                                                                                                  \
        .name = title, .args = RUN_JSON_FILE, .exit = 2, .find = from, .replace = to, .says = { __VA_ARGS__ }          \
    }
#define TEXT(title, text, ...)                                                                                         \
    {                                                                                                                  \
        .name = title, .args = RUN_JSON_FILE, .exit = 2, .json = text, .says = { __VA_ARGS__ }                         \
    }
#define STUDY(title, text, ...)                                                                                        \
    {                                                                                                                  \
        .name = title, .args = {"study", "j.json", "--out", "o"}, .exit = 2, .json = text, .says = { __VA_ARGS__ }     \
    }
#define FILE_MADE(title, maker, ...)                                                                                   \
    {                                                                                                                  \
        .name = title, .args = RUN_JSON_FILE, .exit = 2, .make = maker, .says = { __VA_ARGS__ }                        \
    }
#define SET(title, text, ...)                                                                                          \
    {                                                                                                                  \
        .name = title, .args = RUN_SET(text), .exit = 2, .says = { "--set " text, __VA_ARGS__ }                        \
    }

static const struct bad_case bad_config[] = {
    /* ---- not a JSON file at all */
    {.name = "config: missing file", .args = RUN_JSON_FILE, .exit = 2, .says = {"j.json: ", "No such file"}},
    FILE_MADE("config: a folder", make_json_folder, "j.json: ", "is a folder"),
    FILE_MADE("config: empty file", make_json_empty, "j.json:1:1: ", "empty"),
    TEXT("config: only white space", " \n\t\n^", "empty"),
    FILE_MADE("config: 20 MB", make_json_huge, "j.json: ", "too large"),
    FILE_MADE("config: gzip", make_json_gz, "j.json:1:", "UTF-8"),
    FILE_MADE("config: NUL byte", make_json_nul, "j.json:1:9: ", "zero byte"),
    FILE_MADE("config: a title in latin-1", make_json_latin1, "j.json:2:15: ", "UTF-8"),
    FILE_MADE("config: depth bomb of arrays", make_array_bomb, "j.json:1:65: ", "64 levels"),
    FILE_MADE("config: depth bomb of objects", make_object_bomb, "j.json:1:321: ", "64 levels"),
    TEXT("config: cut off", "{\"name\": \"x\"^", "} "),
    TEXT("config: comma too many", "{\"name\": \"x\",^}", "comma"),
    TEXT("config: something behind it", "{\"name\": \"x\"} ^x", "follows the end"),
    TEXT("config: a comment of another kind", "^# settings\n{}", ""),
    TEXT("config: single quotes", "{^'name': 'x'}", "quotes"),
    TEXT("config: a key twice", "{\"name\": \"x\", ^\"name\": \"y\"}", "\"name\" appears twice"),
    TEXT("config: an array", "^[]", "object", "an array"),
    TEXT("config: a string", "^\"x\"", "object", "a string"),
    TEXT("config: nothing in it", "^{}", "\"name\" is missing"),
    TEXT("config: no data", "^{\"name\": \"x\"}", "\"data\" is missing"),
    TEXT("config: no folds", "^{\"name\": \"x\", \"data\": \"rw.csv\"}", "folds.train is missing"),
    EDIT("config: no strategies", "\"seeds\": 1,\n  \"strategies\"", "\"seeds\": 1,\n  ^\"strategy\"",
         "unknown key \"strategy\"", "did you mean \"strategies\"?"),

    /* ---- numbers */
    EDIT("config: a number beyond doubles", "\"train\": 400", "\"train\": ^1e999", "too large"),
    EDIT("config: a number of 80 digits", "\"train\": 400",
         "\"train\": ^12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "63 characters"),
    EDIT("config: 1e18 bars", "\"train\": 400", "\"train\": ^1e18", "train is 1e+18", "between 1 and"),
    EDIT("config: window of zero", "\"train\": 400", "\"train\": ^0", "train is 0"),
    EDIT("config: window of 0d", "\"test\": 200", "\"test\": ^\"0d\"", "\"0d\" is not a duration"),
    EDIT("config: validation of zero", "\"validation\": 150", "\"validation\": ^0", "validation is 0"),
    EDIT("config: half a bar", "\"test\": 200", "\"test\": ^1.5", "whole number"),
    EDIT("config: lookback of zero", "\"lookback\": 16", "\"lookback\": ^0", "lookback is 0"),
    EDIT("config: horizon of zero", "\"horizon\": 5", "\"horizon\": ^0", "horizon is 0"),
    EDIT("config: NaN", "\"min_move\": 0.002", "\"min_move\": ^NaN", "not a JSON word"),
    EDIT("config: dropout of one", "\"hidden\": 8", "\"hidden\": 8, \"dropout\": ^1", "dropout is 1"),
    EDIT("config: cash of zero", "\"initial_cash\": 1000", "\"initial_cash\": ^0", "initial_cash is 0"),

    /* ---- K */
    EDIT("config: K of zero", "[1, 5, 10]", "[^0, 5]", "signals.k: each must be a number between"),
    EDIT("config: K beyond 100", "[1, 5, 10]", "[5, ^101]", "between 0.001 and 100"),
    EDIT("config: K descending", "[1, 5, 10]", "[10, ^5, 1]", "ascend"),
    EDIT("config: K twice", "[1, 5, 10]", "[5, ^5]", "ascend"),
    EDIT("config: too many K", "[1, 5, 10]", "^[1, 2, 3, 4, 5]", "1 to 4"),
    EDIT("config: K as text", "[1, 5, 10]", "[1, ^\"5\"]", "number"),
    EDIT("config: act_on not among K", "\"act_on\": 5", "\"act_on\": ^7", "act_on is 7", "1, 5, 10"),
    EDIT("config: act_on by default not among K", "[1, 5, 10], \"act_on\": 5", "^[2, 5]", "act_on is 1 by default",
         "2, 5"),
    EDIT("config: confidence beyond the replicates", "\"bootstrap\": 100,",
         "\"confidence\": ^0.995, \"bootstrap\": 100,", "verdict.confidence is 0.995", "at least 199 replicates",
         "verdict.bootstrap is 100"),
    EDIT("config: fewer replicates than the default confidence of .9999 needs", "\"bootstrap\": 100,",
         "\"bootstrap\": 9998, \"confidence\": ^0.9999,", "at least 10000 replicates"),

    /* ---- unknown keys at every level */
    EDIT("config: unknown key at the top", "\"verdict\":", "^\"verdickt\":", "\"verdickt\" in the experiment",
         "did you mean \"verdict\"?"),
    EDIT("config: unknown key at the top without a neighbour", "\"seeds\": 1", "^\"qqq\": 1", "unknown key \"qqq\"",
         "gatewalk list keys"),
    EDIT("config: unknown key in data", "\"symbol\": \"RW\"", "^\"symbl\": \"RW\"", "in data",
         "did you mean \"symbol\"?"),
    EDIT("config: unknown key in labels", "\"ratio\": 2", "^\"ration\": 2", "in labels", "did you mean \"ratio\"?"),
    EDIT("config: unknown key in scaler", "\"kind\": \"robust\"", "^\"kin\": \"robust\"", "in scaler",
         "did you mean \"kind\"?"),
    EDIT("config: unknown key in folds", "\"test\": 200", "^\"tset\": 200", "in folds", "did you mean \"test\"?"),
    EDIT("config: unknown key in signals", "\"act_on\": 5", "^\"acton\": 5", "in signals", "did you mean \"act_on\"?"),
    EDIT("config: unknown key in model", "\"hidden\": 8", "^\"hiden\": 8", "in model", "did you mean \"hidden\"?"),
    EDIT("config: unknown key in training", "\"epochs\": 2", "^\"epoch\": 2", "in training",
         "did you mean \"epochs\"?"),
    EDIT("config: unknown key in trading", "\"size\": 1", "^\"sise\": 1", "in trading", "did you mean \"size\"?"),
    EDIT("config: unknown key in costs", "\"taker_bps\": 1", "^\"taker_bp\": 1", "in costs",
         "did you mean \"taker_bps\"?"),
    EDIT("config: unknown key in broker", "\"initial_cash\"", "^\"inital_cash\"", "in broker",
         "did you mean \"initial_cash\"?"),
    EDIT("config: unknown key in verdict", "\"bootstrap\": 100", "^\"bootstap\": 100", "in verdict",
         "did you mean \"bootstrap\"?"),
    EDIT("config: unknown key in a strategy", "\"strategy\": \"gate\", \"model\"",
         "\"strategy\": \"gate\", ^\"modell\"", "in a strategy", "did you mean \"model\"?"),
    EDIT("config: unknown key in a strategy's model", "{\"attention\": \"bahdanau\"}", "{^\"atention\": \"bahdanau\"}",
         "in model", "did you mean \"attention\"?"),

    /* ---- wrong types */
    EDIT("config: number as text", "\"epochs\": 2", "\"epochs\": ^\"2\"",
         "epochs must be a whole number, not a string"),
    EDIT("config: true for a number", "\"epochs\": 2", "\"epochs\": ^true", "epochs must be a whole number"),
    EDIT("config: null for a number", "\"min_move\": 0.002", "\"min_move\": ^null",
         "min_move must be a number, not null"),
    EDIT("config: number for a word", "\"kind\": \"robust\"", "\"kind\": ^3", "kind must be a string, not a number"),
    EDIT("config: number for a switch", "\"hidden\": 8", "\"luong_combine\": ^1", "true or false"),
    EDIT("config: text for an object", "{\"taker_bps\": 1}", "^\"cheap\"", "costs must be an object"),
    EDIT("config: array for an object", "{\"size\": 1}", "^[]", "trading must be an object"),
    EDIT("config: object for a name", "\"name\": \"small\"", "\"name\": ^{}", "name must be a string"),
    EDIT("config: number for a title", "\"title\": \"a small one\"", "\"title\": ^7", "title must be a string"),
    EDIT("config: features as text", "[\"log_return(1)\", \"rsi(14)\", \"range\"]", "^\"rsi(14)\"",
         "features must be an array"),
    EDIT("config: a feature as number", "\"range\"]", "^14]", "a feature must be a string"),
    EDIT("config: no features", "[\"log_return(1)\", \"rsi(14)\", \"range\"]", "^[]", "1 to 256"),
    EDIT("config: seeds as text", "\"seeds\": 1", "\"seeds\": ^\"3\"", "seeds must be"),
    EDIT("config: a seed twice", "\"seeds\": 1", "\"seeds\": [1, 2, ^1]", "twice"),
    TEXT("config: strategies as text",
         "{\"name\": \"x\", \"data\": \"rw.csv\", \"folds\": {\"train\": 1, \"validation\": 1, \"test\": 1},\n "
         "\"strategies\": ^\"gate\"}",
         "strategies must be an array"),
    EDIT("config: a number as strategy", "\"buy_and_hold\"", "^5", "a name or an object"),
    EDIT("config: data as number", "[{\"file\": \"rw.csv\", \"symbol\": \"RW\"}]", "^5", "data must hold"),
    EDIT("config: data without file", "\"file\": \"rw.csv\", ", "", "a source needs a \"file\""),

    /* ---- names and words */
    EDIT("config: name with a path", "\"name\": \"small\"", "\"name\": ^\"../small\"", "name may hold only"),
    EDIT("config: name of 100 bytes", "\"name\": \"small\"",
         "\"name\": "
         "^\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
         "longer than 63"),
    EDIT("config: symbol with a path", "\"symbol\": \"RW\"", "\"symbol\": ^\"../RW\"", "symbol may hold only"),
    EDIT("config: duplicate strategy names", "\"name\": \"bahdanau\"", "\"name\": \"lstm\"",
         "two strategies are called \"lstm\""),
    EDIT("config: strategy name with a path", "\"name\": \"lstm\"", "\"name\": ^\"../lstm\"",
         "strategies.name may hold only"),
    EDIT("config: unknown strategy", "\"buy_and_hold\"", "^\"buy_and_hodl\"", "unknown strategy \"buy_and_hodl\"",
         "did you mean \"buy_and_hold\"?"),
    EDIT("config: strategy without strategy", "\"lstm\", \"strategy\": \"gate\"", "\"lstm\"", "needs \"strategy\""),
    EDIT("config: unknown attention", "\"attention\": \"bahdanau\"", "\"attention\": ^\"badhanau\"",
         "did you mean \"bahdanau\"?"),
    EDIT("config: unknown attention without a neighbour", "\"attention\": \"bahdanau\"", "\"attention\": ^\"xyz\"",
         "use one of none, bahdanau"),
    EDIT("config: unknown encoder", "\"hidden\": 8", "\"encoder\": ^\"lstn\"", "did you mean \"lstm\"?"),
    EDIT("config: unknown loss", "\"epochs\": 2", "\"loss\": ^\"focl\"", "did you mean \"focal\"?"),
    EDIT("config: unknown optimizer", "\"epochs\": 2", "\"optimizer\": ^\"adm\"", "did you mean \"adam\"?"),
    EDIT("config: unknown schedule", "\"epochs\": 2", "\"schedule\": ^\"cosin\"", "did you mean \"cosine\"?"),
    EDIT("config: unknown retraining", "\"epochs\": 2", "\"retrain\": ^\"wram\"", "did you mean \"warm\"?"),
    EDIT("config: unknown scaler", "\"kind\": \"robust\"", "\"kind\": ^\"robsut\"", "did you mean \"robust\"?"),
    EDIT("config: unknown fold mode", "\"train\": 400", "\"mode\": ^\"roling\", \"train\": 400",
         "did you mean \"rolling\"?"),
    EDIT("config: unknown threshold", "\"act_on\": 5", "\"act_on\": 5, \"threshold\": ^\"validaton\"",
         "did you mean \"validation\"?"),
    EDIT("config: unknown intrabar rule", "\"initial_cash\": 1000", "\"intrabar\": ^\"stop_frist\"",
         "did you mean \"stop_first\"?"),
    EDIT("config: unknown format", "\"symbol\": \"RW\"", "\"format\": ^\"binanse\"", "did you mean \"binance\"?"),
    EDIT("config: unknown feature", "\"range\"]", "^\"rangee\"]", "unknown feature", "did you mean \"range\"?"),
    EDIT("config: feature argument out of range", "\"rsi(14)\"", "^\"rsi(0)\"", "between 2 and 20000"),
    EDIT("config: feature not closed", "\"rsi(14)\"", "^\"rsi(14\"", "')'"),
    EDIT("config: a feature twice", "\"range\"]", "\"rsi(14)\"]", "given twice"),
    EDIT("config: feature interval that is no multiple", "\"range\"]", "\"range@7m\"]", "j.json: ", "not a multiple"),
    EDIT("config: unknown baseline", "\"baseline\": \"lstm\"", "\"baseline\": ^\"lsmt\"", "did you mean \"lstm\"?"),
    EDIT("config: baseline without a model", "\"baseline\": \"lstm\"", "\"baseline\": ^\"buy_and_hold\"", "no model"),
    EDIT("config: interval without unit", "\"symbol\": \"RW\"", "\"interval\": ^\"15\"", "duration"),
    EDIT("config: fast mean not faster", "\"buy_and_hold\"",
         "{\"strategy\": \"sma_cross\", \"trading\": {\"fast\": ^60, \"slow\": 50}}", "smaller than trading.slow (50)"),
    EDIT("config: time range backwards", "\"seeds\": 1", "\"seeds\": 1, \"timerange\": ^\"20200108-20200102\"",
         "ends before it begins"),
    EDIT("config: time range with a 13th month", "\"seeds\": 1", "\"seeds\": 1, \"timerange\": ^\"20201301-\"",
         "month"),

    /* ---- folds that cannot be */
    EDIT("config: training slice too short", "\"train\": 400", "\"train\": 3", "j.json: ", "no train sample",
         "lengthen"),
    EDIT("config: embargo eats a slice", "\"test\": 200", "\"test\": 200, \"embargo\": 300", "no validation sample",
         "embargo 300"),
    EDIT("config: folds longer than the data", "\"train\": 400", "\"train\": \"5000d\"", "5000d", "1200 bars"),

    /* ---- studies */
    STUDY("study: no experiment", "^{\"name\": \"s\"}", "\"experiment\" is missing"),
    STUDY("study: unknown key", "{\"experiment\": \"small.json\", ^\"stagess\": []}", "in the study",
          "did you mean \"stages\"?"),
    STUDY("study: unknown key in search", "{\"experiment\": \"small.json\", \"search\": {^\"epoch\": 2}}", "in search",
          "did you mean \"epochs\"?"),
    STUDY("study: search of zero epochs", "{\"experiment\": \"small.json\", \"search\": {\"epochs\": ^0}}",
          "search.epochs is 0; it must lie between 1 and 100000"),
    STUDY("study: no stages", "{\"experiment\": \"small.json\", \"stages\": ^[]}", "stages must be an array"),
    STUDY("study: stage without variants",
          "{\"experiment\": \"small.json\", \"stages\": [{\"name\": \"a\", \"variants\": ^[]}]}", "variants"),
    STUDY("study: unknown attention",
          "{\"experiment\": \"small.json\", \"stages\": [{\"name\": \"a\", \"variants\": [{\"name\": \"v\", \"model\": "
          "{\"attention\": ^\"badhanau\"}}]}]}",
          "did you mean \"bahdanau\"?"),
    {.name = "study: experiment missing",
     .args = {"study", "j.json", "--out", "o"},
     .exit = 2,
     .json = "{\"experiment\": \"gone.json\"}",
     .says = {"gone.json: ", "No such file"}},
    {.name = "study: an experiment",
     .args = {"study", "small.json", "--out", "o"},
     .exit = 2,
     .says = {"small.json:17:3: ", "gatewalk run small.json"}},
    TEXT("run: a study", "{\"name\": \"s\", ^\"experiment\": \"small.json\"}", "gatewalk study j.json"),

    /* ---- --set */
    SET("set: no equals sign", "training.epochs", "write key=value"),
    SET("set: no key", "=5", "write key=value"),
    SET("set: unknown section", "trainin.epochs=3", "did you mean \"training\"?"),
    SET("set: unknown key", "training.epoch=3", "did you mean \"epochs\"?"),
    SET("set: wrong type", "training.epochs=many", "whole number"),
    SET("set: out of range", "training.epochs=0", "epochs is 0"),
    {.name = "set: broken JSON",
     .args = RUN_SET("signals.k=[1,5"),
     .exit = 2,
     .says = {"--set signals.k: ", "] is missing"}},
    {.name = "set: element that is not there",
     .args = RUN_SET("strategies.9.name=x"),
     .exit = 2,
     .says = {"--set strategies.9.name: ", "0 to 2"}},
    {.name = "set: into a number",
     .args = RUN_SET("seeds.x=1"),
     .exit = 2,
     .says = {"--set seeds.x: ", "inside a number"}},
    {.name = "set: empty step",
     .args = RUN_SET("training..epochs=1"),
     .exit = 2,
     .says = {"--set training..epochs: ", "empty step"}},
    SET("set: unknown word", "model.attention=bahdanu", "did you mean \"bahdanau\"?"),
};
