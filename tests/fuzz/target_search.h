/* Fuzz target: search_load, over an experiment that is sound. */
#ifndef GATEWALK_TEST_FUZZ_SEARCH_H
#define GATEWALK_TEST_FUZZ_SEARCH_H

#include "engine/base/base.h"
#include "engine/search/search_private.h"
#include "fuzz.h"

static const char *const fuzz_search_words[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e308",
    "5e-324",
    "\"search\":",
    "\"strategy\":",
    "\"grid\"",
    "\"random\"",
    "\"sobol\"",
    "\"tpe\"",
    "\"asha\"",
    "\"halving\"",
    "\"trials\":",
    "\"contestant\":",
    "\"none\"",
    "\"seeds\":",
    "\"folds\":",
    "\"space\":",
    "\"objective\":",
    "\"precision_at_1\"",
    "\"average_precision\"",
    "{\"max\":\"sharpe\"}",
    "{\"min\":\"parameters\"}",
    "\"log\":",
    "\"float\":",
    "\"int\":",
    "\"log_int\":",
    "\"when\":",
    "\"choice\":",
    "\"points\":",
    "\"model.hidden\":",
    "\"model.lookback\":",
    "\"training.learning_rate\":",
    "\"strategies.0.model.hidden\":",
    "\"labels.horizon\":",
    "\"features\":",
    "\"e.json\"",
    "\xFF",
    "\\u0000",
};

static size_t fuzz_search_setup(struct fuzz_input seed[MOST_SOUND]) {
    static const char experiment[] = "{\"name\":\"e\",\"data\":\"a.csv\",\"folds\":{\"train\":90,\"validation\":30,"
                                     "\"test\":30},\"model\":{\"hidden\":4},"
                                     "\"seeds\":2,\"strategies\":[{\"name\":\"none\",\"strategy\":\"gate\"}]}";
    fuzz_put(fuzz_path("e.json"), experiment, strlen(experiment));
    static const char *const sound[] = {
        "{\"name\":\"s\",\"experiment\":\"e.json\",\"search\":{\"strategy\":\"grid\",\"contestant\":\"none\"},"
        "\"space\":{\"training.learning_rate\":{\"log\":[0.01,0.1],\"points\":2},\"model.lookback\":{\"choice\":[2,4]}}"
        "}",
        "{\"name\":\"s\",\"title\":\"t\",\"experiment\":\"e.json\",\"search\":{\"strategy\":\"tpe\",\"trials\":20,"
        "\"seeds\":1,\"folds\":2,\"reference\":4,\"objective\":[\"precision_at_1\",{\"min\":\"parameters\"}]},"
        "\"space\":{\"model.hidden\":{\"log_int\":[4,64]},\"training.loss\":{\"choice\":[\"bce\",\"focal\"]},"
        "\"training.focal_gamma\":{\"float\":[0.5,4],\"when\":{\"training.loss\":\"focal\"}}}}",
        "{\"name\":\"s\",\"experiment\":\"e.json\",\"search\":{\"strategy\":\"halving\",\"trials\":9},"
        "\"space\":{\"model.dropout\":{\"float\":[0,0.5]},\"model.lookback\":{\"int\":[2,9],\"points\":3}}}",
    };
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(sound); i++) seed[n++] = fuzz_text(sound[i]);
    return n;
}

static const char *fuzz_search_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *path = fuzz_path("search.json");
    struct search *search = NULL;
    (void)random;
    fuzz_put(path, bytes, n);
    int rc = search_load(path, NULL, &search);
    if (rc == GW_OK) {
        fuzz_accepted++;
        const char *complaint = search->space.n == 0 || search->n_objectives == 0 ? "a search of nothing" : NULL;
        search_free(search);
        return complaint;
    }
    if (rc != GW_ERR_CONFIG && rc != GW_ERR_USAGE) return "neither success nor ERR_CONFIG nor ERR_USAGE";
    return fuzz_judge_message(rc);
}

static const struct fuzz_target fuzz_search = {
    .name = "search",
    .setup = fuzz_search_setup,
    .check = fuzz_search_check,
    .words = fuzz_search_words,
    .n_words = COUNT_OF(fuzz_search_words),
    .json = true,
    .slow_seconds = 5,
};

#endif
