/* Fuzz target: the text report and the comparison of a run directory whose files were changed. */
#ifndef GATEWALK_TEST_FUZZ_REPORT_H
#define GATEWALK_TEST_FUZZ_REPORT_H

#include "engine/base/base.h"
#include "engine/walk/walk.h"
#include "fuzz.h"
#include "gatewalk/report.h"
#include "gatewalk/synth.h"

static const char *const fuzz_report_words[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e308",
    "\"strategies\":",
    "\"gates\":",
    "\"long\":",
    "\"mean\":",
    "\"sd\":",
    "\"portfolio\":",
    "\"verdict\":",
    "\"criteria\":",
    "\"state\":",
    "\"schema\":",
    "\"ks\":",
    "\"seeds\":",
    "\"symbols\":",
    "\"baseline\":",
    "\"conclusion\":",
    "\"training_time\":",
    "%n%s",
    "\\u001b[2J",
    "\\n",
    "\xF0\x9F\x92\xA9",
    "average_precision",
    "precision_at_1",
};

static const char fuzz_report_experiment[] =
    "{\"name\": \"r\", \"data\": \"r.csv\", \"features\": [\"log_return(1)\", \"range\"],\n"
    " \"labels\": {\"horizon\": 5, \"min_move\": 0.002}, \"folds\": {\"train\": 200, \"validation\": 100, \"test\": "
    "150},\n"
    " \"model\": {\"lookback\": 8, \"hidden\": 4, \"attention_units\": 4, \"dense_units\": 4}, \"training\": "
    "{\"epochs\": 1},\n"
    " \"verdict\": {\"bootstrap\": 100, \"null_resamples\": 10, \"random_entries\": 20, \"gradients\": 2}, \"seeds\": "
    "2,\n"
    " \"strategies\": [\"gate\", {\"name\": \"b\", \"strategy\": \"gate\", \"model\": {\"attention\": \"bahdanau\"}}, "
    "{\"name\": \"d\", \"strategy\": \"gate\", \"model\": {\"attention\": \"luong_dot\", \"decoder\": \"path\", "
    "\"decoder_steps\": 2}}, \"sma_cross\"]}\n";

static FILE *fuzz_nowhere;
static struct fuzz_input fuzz_run_json, fuzz_summary;

/* A finished run in fuzz_path("run"), of which all targets of run directories take their sound files. */
static void fuzz_make_run(void) {
    struct gw_synth_options synth = {.kind = "random-walk", .difficulty = "default", .n_bars = 700, .seed = 2};
    struct gw_synth_truth truth = {0};
    struct gw_bars bars = {0};
    struct experiment *experiment;
    char dir[1024], out[400];
    progress_quiet(true);
    if (gw_synth_generate(&synth, &bars, &truth) < 0 || gw_bars_write_csv(&bars, fuzz_path("r.csv")) < 0)
        fuzz_die(gw_error_message());
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    fuzz_put(fuzz_path("r.json"), fuzz_report_experiment, strlen(fuzz_report_experiment));
    snprintf(out, sizeof out, "%s", fuzz_path("run"));
    struct gw_run_options options = {.out_dir = out, .jobs = 1};
    if (experiment_load(fuzz_path("r.json"), NULL, &experiment) < 0 || run_experiment(experiment, &options, dir) < 0)
        fuzz_die(gw_error_message());
    experiment_free(experiment);
}

/* File i of a target's list, behind its letter; cut at a line's end, so that inputs stay short. */
static inline struct fuzz_input fuzz_cut_seed(const struct fuzz_input *sound, size_t i, size_t most) {
    size_t n = sound->n < most ? sound->n : most;
    while (n < sound->n && n > 1 && sound->bytes[n - 1] != '\n') n--;
    struct fuzz_input seed = {malloc(n + 2), n + 1};
    if (!seed.bytes) fuzz_die("memory");
    seed.bytes[0] = (char)('A' + i);
    memcpy(seed.bytes + 1, sound->bytes, n);
    return seed;
}

static size_t fuzz_report_setup(struct fuzz_input seed[MOST_SOUND]) {
    fuzz_nowhere = fopen("/dev/null", "w");
    if (!fuzz_nowhere) fuzz_die("/dev/null");
    fuzz_make_run();
    fuzz_summary = fuzz_get(fuzz_path("run/" GW_RUN_SUMMARY));
    fuzz_run_json = fuzz_get(fuzz_path("run/" GW_RUN_JSON));
    seed[0] = fuzz_get(fuzz_path("run/" GW_RUN_SUMMARY));
    seed[1] = fuzz_get(fuzz_path("run/" GW_RUN_SUMMARY));
    seed[2] = fuzz_get(fuzz_path("run/" GW_RUN_JSON));
    return 3;
}

static const char *fuzz_report_check(const char *bytes, size_t n, struct fuzz_random *random) {
    char dir[400];
    snprintf(dir, sizeof dir, "%s", fuzz_path("run"));
    bool as_run = fuzz_one_in(random, 4);
    fuzz_put(fuzz_path("run/" GW_RUN_SUMMARY), as_run ? fuzz_summary.bytes : bytes, as_run ? fuzz_summary.n : n);
    fuzz_put(fuzz_path("run/" GW_RUN_JSON), as_run ? bytes : fuzz_run_json.bytes, as_run ? n : fuzz_run_json.n);
    int rc;
    if (fuzz_one_in(random, 3)) {
        const char *const both[] = {dir, dir};
        rc = gw_report_compare(both, 2, fuzz_nowhere, 80);
    } else
        rc = gw_report_text(dir, fuzz_nowhere, 40 + fuzz_below(random, 200));
    fuzz_accepted += rc == GW_OK;
    if (rc == GW_OK) return NULL;
    if (rc != GW_ERR_DATA) return "neither success nor ERR_DATA";
    if (strncmp(gw_error_message(), dir, strlen(dir)) != 0) return "the message does not begin with the file";
    return fuzz_judge_message(rc);
}

static void fuzz_report_teardown(void) {
    fclose(fuzz_nowhere);
    free(fuzz_summary.bytes);
    free(fuzz_run_json.bytes);
}

static const struct fuzz_target fuzz_report = {
    .name = "report",
    .setup = fuzz_report_setup,
    .check = fuzz_report_check,
    .teardown = fuzz_report_teardown,
    .words = fuzz_report_words,
    .n_words = COUNT_OF(fuzz_report_words),
    .json = true,
    .slow_seconds = 5,
};

#endif
