/* Fuzz target: study_load, over an experiment that is sound. */
#ifndef GATEWALK_TEST_FUZZ_STUDY_H
#define GATEWALK_TEST_FUZZ_STUDY_H

#include "engine/base/base.h"
#include "engine/study/study_private.h"
#include "fuzz.h"

static const char *const fuzz_study_words[] = {
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
    "\"name\":",
    "\"x\"",
    "\"stages\":",
    "\"carry\":",
    "\"final\":",
    "\"search\":",
    "\"seeds\":",
    "\"folds\":",
    "\"epochs\":",
    "\"variants\":",
    "\"model\":",
    "\"attention\":",
    "\"multihead\"",
    "\"training\":",
    "\"loss\":",
    "\"focal\"",
    "\"extra\":",
    "\"experiment\":",
    "\"e.json\"",
    "\"../e.json\"",
    "\xFF",
    "\xE2\x80\xAE",
    "\\u0000",
};

static size_t fuzz_study_setup(struct fuzz_input seed[MOST_SOUND]) {
    static const char experiment[] = "{\"name\":\"e\",\"data\":\"a.csv\",\"folds\":{\"train\":90,\"validation\":30,"
                                     "\"test\":30},\"model\":{\"hidden\":4},"
                                     "\"seeds\":2,\"strategies\":[\"gate\"]}";
    size_t n = 0;
    fuzz_put(fuzz_path("e.json"), experiment, strlen(experiment));
    seed[n++] = fuzz_text(
        "{\"name\":\"s\",\"title\":\"t\",\"experiment\":\"e.json\",\"search\":{\"seeds\":1,\"folds\":1,\"epochs\":1},"
        "\"stages\":[{\"name\":\"loss\",\"carry\":true,\"variants\":[{\"name\":\"bce\"},{\"name\":\"focal\","
        "\"training\":"
        "{\"loss\":\"focal\"}}]},{\"name\":\"attention\",\"final\":true,\"variants\":[{\"name\":\"dot\",\"model\":"
        "{\"attention\":\"luong_dot\"}}]}],\"extra\":[{\"name\":\"wide\",\"strategy\":\"gate\",\"model\":{\"hidden\":8}"
        "}]}");
    seed[n++] =
        fuzz_text("{\"name\":\"m\",\"experiment\":\"e.json\",\"stages\":[{\"name\":\"a\",\"variants\":[{\"name\":"
                  "\"b\"}]}]}");
    return n;
}

static const char *fuzz_study_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *path = fuzz_path("study.json");
    struct study *study = NULL;
    (void)random;
    fuzz_put(path, bytes, n);
    int rc = study_load(path, NULL, &study);
    if (rc == GW_OK) {
        fuzz_accepted++;
        const char *complaint = study->n_stages == 0 || study->n_stages > MAX_STAGES ? "a study of no stage" : NULL;
        study_free(study);
        return complaint;
    }
    if (rc != GW_ERR_CONFIG && rc != GW_ERR_USAGE) return "neither success nor ERR_CONFIG nor ERR_USAGE";
    return fuzz_judge_message(rc);
}

static const struct fuzz_target fuzz_study = {
    .name = "study",
    .setup = fuzz_study_setup,
    .check = fuzz_study_check,
    .words = fuzz_study_words,
    .n_words = COUNT_OF(fuzz_study_words),
    .json = true,
    .slow_seconds = 5,
};

#endif
