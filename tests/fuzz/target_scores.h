/* Fuzz target: files of scores from outside, as CSV, JSON lines and arrays, joined to the bars of a small market. */
#ifndef GATEWALK_TEST_FUZZ_SCORES_H
#define GATEWALK_TEST_FUZZ_SCORES_H

#include <math.h>

#include "engine/base/base.h"
#include "engine/walk/outside.h"
#include "fuzz.h"
#include "gatewalk/synth.h"

static const char *const fuzz_scores_words[] = {
    ",",
    ";",
    "\t",
    "\"",
    "\n",
    "\r\n",
    "time",
    "open_time",
    "symbol",
    "p_long",
    "p_short",
    "p_long_1",
    "seed",
    "fold",
    "trained_until",
    "action",
    "buy",
    "sell",
    "hold",
    "confidence",
    "tau_long",
    "strategy",
    "nan",
    "inf",
    "1e999",
    "-1",
    "0.5",
    "2020-01-01T00:00:00Z",
    "1577836800",
    "1577836800000",
    "{",
    "}",
    "\"p_long\":",
    "\"time\":",
    "null",
    "[",
    "]",
    "\x93NUMPY",
    "'descr': '<f4'",
    "'<f8'",
    "(200, 2)",
    "\xEF\xBB\xBF",
};

static struct experiment *fuzz_scores_of[3]; /* by the file's name */
static struct prepared *fuzz_scores_market;
static const char *const fuzz_scores_file[3] = {"scores.csv", "scores.jsonl", "scores.npy"};

static struct fuzz_input fuzz_scores_text(const struct gw_bars *bars, bool json) {
    char *text = NULL, time[40];
    size_t n;
    FILE *to = open_memstream(&text, &n);
    if (!to) fuzz_die("memory");
    if (!json) fprintf(to, "open_time,symbol,p_long,p_short,seed,fold,tau_long\n");
    for (size_t t = 100; t < bars->n; t += 3) {
        time_format(bars->bar[t].open_ns, time);
        double p = (double)(t % 97) / 97;
        if (json)
            fprintf(to, "{\"open_time\":\"%s\",\"action\":\"%s\",\"confidence\":%g}\n", time, t % 2 ? "buy" : "sell",
                    p);
        else
            fprintf(to, "%s,R,%g,%g,%d,,0.9\n", time, p, 1 - p, t % 2 ? 1 : 2);
    }
    fclose(to);
    return (struct fuzz_input){text, n};
}

static struct fuzz_input fuzz_scores_array(const struct gw_bars *bars) {
    size_t shape[2] = {bars->n, 2};
    float *value = calloc(2 * bars->n, sizeof *value);
    if (!value) fuzz_die("memory");
    for (size_t i = 0; i < 2 * bars->n; i++) value[i] = i < 100 ? NAN : (float)(i % 89) / 89;
    if (npy_write(fuzz_path("seed.npy"), "<f4", sizeof *value, shape, 2, value) < 0) fuzz_die(gw_error_message());
    free(value);
    return fuzz_get(fuzz_path("seed.npy"));
}

static size_t fuzz_scores_setup(struct fuzz_input seed[MOST_SOUND]) {
    struct gw_synth_options synth = {.kind = "random-walk", .difficulty = "default", .n_bars = 260, .seed = 2};
    struct gw_synth_truth truth = {0};
    struct gw_bars bars = {0};
    progress_quiet(true);
    if (gw_synth_generate(&synth, &bars, &truth) < 0 || gw_bars_write_csv(&bars, fuzz_path("r.csv")) < 0)
        fuzz_die(gw_error_message());
    for (size_t i = 0; i < COUNT_OF(fuzz_scores_file); i++) {
        char text[600];
        snprintf(
            text, sizeof text,
            "{\"name\":\"o\",\"data\":{\"file\":\"r.csv\",\"symbol\":\"R\"},\"features\":[\"range\"],\"labels\":{"
            "\"horizon\":4},\"folds\":{\"train\":80,\"validation\":40,\"test\":50},\"seeds\":[1,2],\"strategies\":[{"
            "\"name\":\"m\",\"strategy\":\"gate\",\"scores\":\"%s\"}]}",
            fuzz_scores_file[i]);
        fuzz_put(fuzz_path("o.json"), text, strlen(text));
        fuzz_put(fuzz_path(fuzz_scores_file[i]), "", 0);
        if (experiment_load(fuzz_path("o.json"), NULL, &fuzz_scores_of[i]) < 0) fuzz_die(gw_error_message());
    }
    if (prepare(fuzz_scores_of[0], &fuzz_scores_market) < 0) fuzz_die(gw_error_message());
    seed[0] = fuzz_scores_text(&bars, false);
    seed[1] = fuzz_scores_text(&bars, true);
    seed[2] = fuzz_scores_array(&bars);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    return 3;
}

static const char *fuzz_judge_scores(const struct outside *o) {
    const struct outside_account *a = &o->account;
    if (a->test_scored > a->test_bars || a->validation_scored > a->validation_bars) return "more scored than there is";
    for (size_t i = 0; i < o->fits.n; i++)
        for (size_t t = 0; t < o->fits.fit[i].n_test * GW_N_GATES; t++)
            if (isinf(o->fits.fit[i].probability[t])) return "an infinite score";
    return NULL;
}

/* Arrays begin with a byte that no text does, records of JSON with a brace. */
static size_t fuzz_scores_kind(const char *bytes, size_t n) {
    return n && (unsigned char)bytes[0] == 0x93 ? 2 : n && bytes[0] == '{' ? 1 : 0;
}

static const char *fuzz_scores_check(const char *bytes, size_t n, struct fuzz_random *random) {
    (void)random;
    size_t kind = fuzz_scores_kind(bytes, n);
    struct prepared *p = fuzz_scores_market;
    fuzz_put(fuzz_path(fuzz_scores_file[kind]), bytes, n);
    int rc = outside_prepare(fuzz_scores_of[kind], p);
    const char *complaint = rc == GW_OK ? fuzz_judge_scores(p->outside[0]) : NULL;
    arena_free(&p->outside_memory);
    p->outside = NULL;
    p->n_outside = 0;
    fuzz_accepted += rc == GW_OK;
    if (rc == GW_OK) return complaint;
    if (rc != GW_ERR_DATA && rc != GW_ERR_CONFIG) return "neither success nor ERR_DATA nor ERR_CONFIG";
    return fuzz_judge_message(rc);
}

static void fuzz_scores_teardown(void) {
    prepared_free(fuzz_scores_market);
    for (size_t i = 0; i < COUNT_OF(fuzz_scores_of); i++) experiment_free(fuzz_scores_of[i]);
}

static const struct fuzz_target fuzz_scores = {
    .name = "scores",
    .setup = fuzz_scores_setup,
    .check = fuzz_scores_check,
    .teardown = fuzz_scores_teardown,
    .words = fuzz_scores_words,
    .n_words = COUNT_OF(fuzz_scores_words),
    .slow_seconds = 5,
};

#endif
