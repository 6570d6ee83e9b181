/* Fuzz target: one table or array of a run directory, from which every plot prepares what gnuplot is to read. The first byte
 * of an input says which file the rest is. */
#ifndef GATEWALK_TEST_FUZZ_TABLES_H
#define GATEWALK_TEST_FUZZ_TABLES_H

#include "target_report.h"

static const char *const fuzz_tables_words[] = {
    ",",
    "\n",
    "\r\n",
    "\"",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "1e-320",
    "-1",
    "0",
    "`x`",
    "$(x)",
    "@x",
    "\\n",
    "{/*9 x}",
    "long",
    "short",
    "pr",
    "lstm",
    "b",
    "9999-12-31T00:00:00Z",
    "0000",
    "\x93NUMPY",
    "'<f4'",
    "'<f8'",
    "\xFF",
    "\x1b[2J",
    "%s%n",
};

static const char *const fuzz_tables_file[] = {
    GW_RUN_FOLDS,           GW_RUN_SCORES,         GW_RUN_TRADES,           GW_RUN_ORDERS,
    GW_RUN_EQUITY,          GW_RUN_TRAINING,       GW_RUN_CURVES,           GW_RUN_ATTENTION,
    GW_RUN_ATTENTION_INDEX, GW_RUN_ATTENTION_MEAN, GW_RUN_SIGNALS,          GW_RUN_IMPORTANCE,
    GW_RUN_BREAKDOWN,       GW_RUN_BARS,           GW_RUN_GRADIENTS,        GW_RUN_GRADIENTS_INDEX,
    GW_RUN_GRADIENTS_MEAN,  GW_RUN_EQUITY_BANDS,   GW_RUN_FORECAST_SIGNALS,
};
enum { FUZZ_TABLES = COUNT_OF(fuzz_tables_file), FUZZ_TABLE_SHOWN = 20000 };
static struct fuzz_input fuzz_tables_sound[FUZZ_TABLES];

static const char *fuzz_tables_path(size_t i) {
    char name[64];
    snprintf(name, sizeof name, "run/%s", fuzz_tables_file[i]);
    return fuzz_path(name);
}

/* It is looked for, and never called: nothing is drawn. */
static void fuzz_no_gnuplot(void) {
    static const char nothing[] = "#!/bin/true\n";
    fuzz_put(fuzz_path("gnuplot"), nothing, strlen(nothing));
    if (chmod(fuzz_path("gnuplot"), 0700) != 0) fuzz_die("chmod");
    setenv("PATH", fuzz_dir, 1);
    setenv("TMPDIR", fuzz_dir, 1);
}

static size_t fuzz_tables_setup(struct fuzz_input seed[MOST_SOUND]) {
    fuzz_make_run();
    fuzz_no_gnuplot();
    for (size_t i = 0; i < FUZZ_TABLES; i++) {
        fuzz_tables_sound[i] = fuzz_get(fuzz_tables_path(i));
        seed[i] = fuzz_cut_seed(&fuzz_tables_sound[i], i, FUZZ_TABLE_SHOWN);
    }
    return FUZZ_TABLES;
}

static const char *fuzz_tables_check(const char *bytes, size_t n, struct fuzz_random *random) {
    char dir[400];
    const struct gw_report_options options = {.pdf = false, .png = false};
    (void)random;
    if (n == 0) return NULL;
    size_t i = (unsigned char)(bytes[0] - 'A') % FUZZ_TABLES;
    snprintf(dir, sizeof dir, "%s", fuzz_path("run"));
    fuzz_put(fuzz_tables_path(i), bytes + 1, n - 1);
    int rc = gw_report_render(dir, &options);
    fuzz_put(fuzz_tables_path(i), fuzz_tables_sound[i].bytes, fuzz_tables_sound[i].n);
    fuzz_accepted += rc == GW_OK;
    if (rc == GW_OK) return NULL;
    if (rc != GW_ERR_DATA && rc != GW_ERR_NOMEM) return "neither success nor ERR_DATA";
    return fuzz_judge_message(rc);
}

static void fuzz_tables_teardown(void) {
    for (size_t i = 0; i < FUZZ_TABLES; i++) free(fuzz_tables_sound[i].bytes);
}

static const struct fuzz_target fuzz_tables = {
    .name = "tables",
    .setup = fuzz_tables_setup,
    .check = fuzz_tables_check,
    .teardown = fuzz_tables_teardown,
    .words = fuzz_tables_words,
    .n_words = COUNT_OF(fuzz_tables_words),
    .slow_seconds = 10,
};

#endif
