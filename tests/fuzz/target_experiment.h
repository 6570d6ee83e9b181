/* Fuzz target: experiment_load with overrides. What loads must be written and load again to the same experiment. */
#ifndef GATEWALK_TEST_FUZZ_EXPERIMENT_H
#define GATEWALK_TEST_FUZZ_EXPERIMENT_H

#include "engine/base/base.h"
#include "engine/config/config.h"
#include "fuzz.h"

static const char *const fuzz_experiment_words[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-1",
    "1e308",
    "1.5",
    "\\u0000",
    "\\ud800",
    "\\\"",
    "\n",
    "//",
    "\"name\":",
    "\"title\":",
    "\"data\":",
    "\"file\":",
    "\"symbol\":",
    "\"interval\":",
    "\"format\":",
    "\"timerange\":",
    "\"20200101-\"",
    "\"-\"",
    "\"features\":",
    "\"rsi(14)\"",
    "\"rsi(14)@4h\"",
    "\"macd_hist(12,26,9)\"",
    "\"seeds\":",
    "\"labels\":",
    "\"folds\":",
    "\"train\":",
    "\"180d\"",
    "\"signals\":",
    "\"k\":",
    "[1,5,10]",
    "\"act_on\":",
    "\"model\":",
    "\"attention\":",
    "\"multihead\"",
    "\"bahdanau\"",
    "\"heads\":",
    "\"training\":",
    "\"loss\":",
    "\"self_paced_hard\"",
    "\"retrain\":",
    "\"lora\"",
    "\"trading\":",
    "\"fast\":",
    "\"verdict\":",
    "\"baseline\":",
    "\"strategies\":",
    "\"gate\"",
    "\"sma_cross\"",
    "\xEF\xBB\xBF",
    "\xFF",
    "\xE2\x80\xAE",
};

static const char fuzz_experiment_full[] =
    "{\"name\": \"full\", \"title\": \"t\", \"timerange\": \"20200101-20211231\",\n"
    " \"data\": [{\"file\": \"a.csv\", \"symbol\": \"A\", \"format\": \"plain\", \"interval\": \"15m\", \"repair\": "
    "true}, \"b.csv\"],\n"
    " \"features\": [\"log_return(1)\", \"rsi(14)@1h\", \"atr(14)\", \"macd_hist(12,26,9)\"], \"seeds\": [3, 1, 7],\n"
    " \"labels\": {\"horizon\": 5, \"ratio\": 2.5, \"min_move\": 0.002, \"min_move_atr\": 1.5, \"atr_length\": 7},\n"
    " \"scaler\": {\"kind\": \"robust\", \"clip\": 5},\n"
    " \"folds\": {\"mode\": \"expanding\", \"train\": \"180d\", \"validation\": 150, \"test\": \"12h\", \"step\": 100, "
    "\"embargo\": 3},\n"
    " \"signals\": {\"k\": [0.5, 5, 10], \"act_on\": 5, \"threshold\": \"rolling\", \"rolling_bars\": 50, \"pool\": "
    "\"each\"},\n"
    " \"model\": {\"lookback\": 16, \"hidden\": 8, \"layers\": 2, \"dropout\": 0.1}, \"training\": {\"epochs\": 2, "
    "\"retrain\": \"lora\"},\n"
    " \"trading\": {\"size\": 0.5, \"fast\": 5, \"slow\": 9, \"exit_on_opposite\": true}, \"costs\": {\"maker_bps\": "
    "-1},\n"
    " \"broker\": {\"intrabar\": \"target_first\", \"initial_cash\": 5}, \"verdict\": {\"baseline\": \"x\", "
    "\"confidence\": 0.9},\n"
    " \"strategies\": [{\"name\": \"x\", \"strategy\": \"gate\", \"model\": {\"attention\": \"none\"}}, "
    "\"buy_and_hold\",\n"
    "  {\"name\": \"y\", \"strategy\": \"gate\", \"model\": {\"attention\": \"luong_general\"}, \"training\": "
    "{\"loss\": \"focal\"}},\n"
    "  {\"strategy\": \"sma_cross\", \"trading\": {\"fast\": 3}}]}\n";

static size_t fuzz_experiment_setup(struct fuzz_input seed[MOST_SOUND]) {
    size_t n = 0;
    seed[n++] = fuzz_text(fuzz_experiment_full);
    seed[n++] = fuzz_text("{\"name\":\"m\",\"data\":\"a.csv\",\"folds\":{\"train\":9,\"validation\":9,\"test\":9},"
                          "\"strategies\":[\"gate\"]}");
    seed[n++] = fuzz_get("strategies/demo.json");
    return n;
}

/* The resolved experiment as text; free() it. */
static char *fuzz_resolved(const struct experiment *experiment) {
    char *text = NULL;
    size_t n;
    FILE *stream = open_memstream(&text, &n);
    if (!stream) fuzz_die("memory");
    struct json_writer w = {.stream = stream};
    experiment_write(experiment, &w, NULL);
    fclose(stream);
    return text;
}

static const char *fuzz_reload(const struct experiment *experiment) {
    static char why[1400];
    const char *path = fuzz_path("again.json");
    struct experiment *again;
    char *first = fuzz_resolved(experiment), *second = NULL;
    fuzz_put(path, first, strlen(first));
    why[0] = '\0';
    if (experiment_load(path, NULL, &again) < 0) {
        snprintf(why, sizeof why, "the resolved experiment does not load: %s", gw_error_message());
    } else {
        second = fuzz_resolved(again);
        /* Files are named relative to the experiment: the second time they begin with our folder. */
        if (strlen(second) < strlen(first)) snprintf(why, sizeof why, "the resolved experiment loses something");
        const char *a = strstr(first, "\"features\""), *b = strstr(second, "\"features\"");
        if (!a || !b || strcmp(a, b) != 0) snprintf(why, sizeof why, "the resolved experiment loads to another one");
        experiment_free(again);
    }
    free(first);
    free(second);
    return why[0] ? why : NULL;
}

/* Words of --set, some of them changed. */
static void fuzz_override(struct gw_config_override *override, const char *set[3], char text[3][200],
                          struct fuzz_random *random) {
    static const char *const sound[] = {
        "training.epochs=3",   "signals.k=[1,2]", "strategies.0.name=z",  "model.attention=bahdanau",
        "data.file=c.csv",     "data=d.csv",      "folds.test=5d",        "seeds=[1,2,3]",
        "timerange=20200101-", "verdict.block=7", "features=[\"range\"]", "strategies.1.model.hidden=4"};
    static const char *const narrow[] = {"x", "x,y", "gate", ",", "", "buy_and_hold,x", "lstm"};
    static const char *const range[] = {"20200101-20200201", "-",        "2020-01-01-2020-02-01", "x",
                                        "20209999-",         "-20200101"};
    if (!fuzz_one_in(random, 3)) return;
    override->n_set = fuzz_below(random, 4);
    for (size_t i = 0; i < override->n_set; i++) {
        snprintf(text[i], 200, "%s", sound[fuzz_below(random, COUNT_OF(sound))]);
        size_t n = strlen(text[i]);
        for (size_t c = fuzz_below(random, 4); c > 1; c--)
            text[i][fuzz_below(random, n)] = (char)(1 + fuzz_below(random, 255));
        if (fuzz_one_in(random, 4))
            snprintf(text[i] + fuzz_below(random, n), 100, "%s",
                     fuzz_experiment_words[fuzz_below(random, COUNT_OF(fuzz_experiment_words))]);
        set[i] = text[i];
    }
    override->set = set;
    if (fuzz_one_in(random, 4)) override->strategies = narrow[fuzz_below(random, COUNT_OF(narrow))];
    if (fuzz_one_in(random, 4)) override->timerange = range[fuzz_below(random, COUNT_OF(range))];
    if (fuzz_one_in(random, 4)) override->data = "other.csv";
    if (fuzz_one_in(random, 8)) override->n_seeds = 1 + fuzz_below(random, MAX_SEEDS);
}

static const char *fuzz_experiment_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *path = fuzz_path("x.json"), *set[3];
    char text[3][200];
    struct gw_config_override override = {0};
    struct experiment *experiment = NULL;
    fuzz_override(&override, set, text, random);
    fuzz_put(path, bytes, n);
    int rc = experiment_load(path, &override, &experiment);
    if (rc == GW_OK) {
        fuzz_accepted++;
        const char *complaint = fuzz_reload(experiment);
        experiment_free(experiment);
        return complaint;
    }
    const char *line = gw_error_message();
    if (rc != GW_ERR_CONFIG && rc != GW_ERR_USAGE) return "neither success nor ERR_CONFIG nor ERR_USAGE";
    if (strncmp(line, path, strlen(path)) != 0 && strncmp(line, "--", 2) != 0 &&
        strncmp(line, "timerange: ", 11) != 0) {
        static char why[1200];
        snprintf(why, sizeof why, "the message names no place: %s", line);
        return why;
    }
    return fuzz_judge_message(rc);
}

static const struct fuzz_target fuzz_experiment = {
    .name = "experiment",
    .setup = fuzz_experiment_setup,
    .check = fuzz_experiment_check,
    .words = fuzz_experiment_words,
    .n_words = COUNT_OF(fuzz_experiment_words),
    .json = true,
    .slow_seconds = 5,
};

#endif
