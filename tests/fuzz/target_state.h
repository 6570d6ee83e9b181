/* Fuzz target: the state that `gatewalk signal` keeps. What loads must go on with a bar. */
#ifndef GATEWALK_TEST_FUZZ_STATE_H
#define GATEWALK_TEST_FUZZ_STATE_H

#include <math.h>

#include "engine/live/live.h"
#include "target_model.h"
#include "target_report.h"

static const char *const fuzz_state_words[] = {
    "\"dtype\":",
    "\"F64\"",
    "\"F32\"",
    "\"shape\":",
    "\"data_offsets\":",
    "[0,0]",
    "[1]",
    "[]",
    "__metadata__",
    "\"hash\":",
    "live.key",
    "\"live\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    "9007199254740993",
    "-1",
    "1e308",
};

static struct live *fuzz_live;
static struct gw_bars fuzz_live_bars;

static struct bar_line fuzz_live_line(size_t t) {
    return (struct bar_line){
        .bar = fuzz_live_bars.bar[t], .quote_volume = NAN, .trade_count = NAN, .taker_buy_base = NAN};
}

static void fuzz_live_open(void) {
    char dir[400];
    snprintf(dir, sizeof dir, "%s", fuzz_path("run"));
    if (live_open(dir, &(struct live_choice){.strategy = "b"}, &fuzz_live) < 0) fuzz_die(gw_error_message());
}

static size_t fuzz_state_setup(struct fuzz_input seed[MOST_SOUND]) {
    char file[500];
    size_t symbol;
    fuzz_make_run();
    snprintf(file, sizeof file, "%s", fuzz_path("r.csv"));
    fuzz_live_open();
    if (live_import(fuzz_live, file, &fuzz_live_bars, &symbol) < 0) fuzz_die(gw_error_message());
    for (size_t t = 0; t < 60; t++) {
        struct live_signal signal;
        struct bar_line line = fuzz_live_line(t);
        if (live_push(fuzz_live, &line, &signal) < 0 || live_save(fuzz_live, fuzz_path("seed.state")) < 0)
            fuzz_die(gw_error_message());
        if (t == 3) seed[0] = fuzz_get(fuzz_path("seed.state"));
    }
    seed[1] = fuzz_get(fuzz_path("seed.state"));
    live_close(fuzz_live);
    return 2;
}

static const char *fuzz_state_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *path = fuzz_path("x.state");
    char *copy = malloc(n + 1);
    if (!copy) fuzz_die("memory");
    memcpy(copy, bytes, n);
    if (!fuzz_one_in(random, 3)) fuzz_mend_length(copy, n);
    if (!fuzz_one_in(random, 3)) fuzz_mend_hash(copy, n);
    fuzz_put(path, copy, n);
    free(copy);
    struct live_signal signal;
    fuzz_live_open();
    int rc = live_load(fuzz_live, path), pushed = GW_OK;
    if (rc == GW_OK) {
        fuzz_accepted++;
        struct bar_line line = fuzz_live_line(fuzz_live_bars.n - 1);
        pushed = live_push(fuzz_live, &line, &signal);
    }
    live_close(fuzz_live);
    if (rc == GW_OK) return pushed == GW_OK || pushed == GW_ERR_DATA ? NULL : "a loaded state takes no bar";
    if (rc != GW_ERR_DATA && rc != GW_ERR_NOMEM) return "neither success nor ERR_DATA";
    return fuzz_judge_message(rc);
}

static void fuzz_state_teardown(void) { gw_bars_free(&fuzz_live_bars); }

static const struct fuzz_target fuzz_state = {
    .name = "state",
    .setup = fuzz_state_setup,
    .check = fuzz_state_check,
    .teardown = fuzz_state_teardown,
    .words = fuzz_state_words,
    .n_words = COUNT_OF(fuzz_state_words),
    .json = true,
    .text_end = fuzz_header_end,
    .slow_seconds = 10,
};

#endif
