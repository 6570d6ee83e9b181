/* Fuzz target: `init` over bars that begin as the input says and go on soundly, so that there are enough for an experiment. What it
 * writes must load again, whatever the symbols are called. */
#ifndef GATEWALK_TEST_FUZZ_INIT_H
#define GATEWALK_TEST_FUZZ_INIT_H

#include <getopt.h>

#include "engine/base/base.h"
#include "engine/cli/cli.h"
#include "engine/config/config.h"
#include "fuzz.h"

static const char *const fuzz_init_words[] = {
    "time,open,high,low,close,volume\n",
    "timestamp;open;high;low;close;volume\n",
    "symbol",
    "taker_buy_base",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\"",
    "1600000000,1,2,1,2,3\n",
    "1599990000000,1,2,1,2,3\n",
    "2020-09-13 12:00:00,1,2,1,2,3\n",
    "// \n",
    "*/",
    "\\",
    "../x",
    "x\"y",
    "\xFF",
    "nan",
    "-1",
    "0",
    "1e308",
    "1e-308",
    "Europe/Berlin",
    "09:30",
};

enum { FUZZ_INIT_BARS = 1100 };
static char fuzz_init_rows[FUZZ_INIT_BARS * 64];
static FILE *fuzz_init_nowhere;

static size_t fuzz_init_setup(struct fuzz_input seed[MOST_SOUND]) {
    static const char *const sound[] = {
        "time,open,high,low,close,volume\n",
        "time,open,high,low,close,volume\n1599996400,100,101,99,100,5\n1599998200,100,102,99,101,5\n",
        "timestamp,open,high,low,close,volume\r\n",
    };
    struct fuzz_random random = {7};
    char *to = fuzz_init_rows;
    double price = 100;
    for (int i = 0; i < FUZZ_INIT_BARS; i++) {
        double next = price * (1 + 0.0001 * ((double)fuzz_below(&random, 200) - 100));
        to += sprintf(to, "%d,%.4f,%.4f,%.4f,%.4f,%d\n", 1600000000 + 1800 * i, price, 1.003 * fmax(price, next),
                      0.997 * fmin(price, next), next, 10 + i % 7);
        price = next;
    }
    fuzz_init_nowhere = fopen("/dev/null", "w");
    if (!fuzz_init_nowhere) fuzz_die("/dev/null");
    for (size_t i = 0; i < COUNT_OF(sound); i++) seed[i] = fuzz_text(sound[i]);
    return COUNT_OF(sound);
}

static int fuzz_init_run(void) {
    char name[] = "init", file[400], out[] = "--out", to[400], force[] = "--force", quiet[] = "--quiet";
    snprintf(file, sizeof file, "%s", fuzz_path("b.csv"));
    snprintf(to, sizeof to, "%s", fuzz_path("begin.json"));
    char *argv[] = {name, file, out, to, force, quiet, NULL};
    FILE *real = stdout;
    stdout = fuzz_init_nowhere;
    optind = 0; /* getopt begins anew */
    int rc = command_init.run(COUNT_OF(argv) - 1, argv);
    stdout = real;
    return rc;
}

static const char *fuzz_init_check(const char *bytes, size_t n, struct fuzz_random *random) {
    (void)random;
    const char *to = fuzz_path("begin.json");
    char *whole = malloc(n + sizeof fuzz_init_rows);
    struct experiment *experiment;
    if (!whole) fuzz_die("memory");
    memcpy(whole, bytes, n);
    strcpy(whole + n, fuzz_init_rows);
    fuzz_put(fuzz_path("b.csv"), whole, n + strlen(fuzz_init_rows));
    free(whole);
    unlink(to);
    int rc = fuzz_init_run();
    if (rc == GW_ERR_INTERNAL || rc == GW_ERR_CONFIG || rc == GW_ERR_IO) return "an unexpected kind of error";
    if (rc < 0) return access(to, F_OK) == 0 ? "it fails and leaves an experiment" : fuzz_judge_message(rc);
    fuzz_accepted++;
    if (experiment_load(to, NULL, &experiment) < 0) return "what it wrote does not load";
    experiment_free(experiment);
    return NULL;
}

static void fuzz_init_teardown(void) { fclose(fuzz_init_nowhere); }

static const struct fuzz_target fuzz_init = {
    .name = "init",
    .setup = fuzz_init_setup,
    .check = fuzz_init_check,
    .teardown = fuzz_init_teardown,
    .words = fuzz_init_words,
    .n_words = COUNT_OF(fuzz_init_words),
    .slow_seconds = 10,
};

#endif
