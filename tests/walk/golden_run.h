/* What the tests that pin whole runs share: markets, the C library's fingerprint, comparison with what was pinned.
 *
 * exp, log, log1p, pow, sin and cos come from the C library, whose last bits differ between releases and between
 * processors (glibc has variants with and without FMA). So numbers are compared with a tolerance everywhere, and bytes
 * where the library answers as the one did that the pins were made with. */
#ifndef GATEWALK_TEST_RUN_GOLDEN_RUN_H
#define GATEWALK_TEST_RUN_GOLDEN_RUN_H

#include <inttypes.h>

#include "gatewalk/synth.h"
#include "rundir.h"

static const double LOOSE = 1e-5, TIGHT = 1e-9;
enum { HASH_SIZE = 17 }; /* 16 digits and the end */

/* ---- data: prices have seven digits, so that the C library does not show in them ------------------------------- */

/* `hole`: every so many bars three are missing and one is without volume; 0: none. */
static inline void golden_market(const char *kind, size_t n_bars, uint64_t seed, const char *name, size_t hole) {
    struct gw_bars bars;
    struct gw_synth_options options = {.kind = kind, .difficulty = "easy", .n_bars = n_bars, .seed = seed};
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    size_t n = 0;
    for (size_t i = 0; i < bars.n; i++) {
        if (hole && i % hole < 3) continue;
        bars.bar[n] = bars.bar[i];
        if (hole && i % hole == hole / 2) bars.bar[n].volume = 0;
        n++;
    }
    bars.n = n;
    assert_ok(gw_bars_write_csv(&bars, scratch(name)));
    gw_bars_free(&bars);
}

/* Path of a file of the run `run` in the scratch folder. */
static inline const char *golden_made(const char *run, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%.100s/%.120s", run, name);
    return scratch(path);
}

/* ---- what this C library answers --------------------------------------------------------------------------------- */

static inline void golden_libm(char text[HASH_SIZE]) {
    uint64_t hash = 0;
    for (int i = 0; i < 4000; i++) {
        volatile double x = (i + 0.37) / 397; /* 0 … 10; volatile: asked at run time, not folded by the compiler */
        double answer[] = {exp(-x),       exp(x / 10), log(x), log1p(x), expm1(x / 50),
                           pow(0.999, x), pow(x, 2),   sin(x), cos(x)};
        hash = hash_bytes(answer, sizeof answer, hash);
    }
    snprintf(text, HASH_SIZE, "%016" PRIx64, hash);
}

/* Ends the test as skipped where bytes cannot be the same. */
static inline void golden_need_libm(const json_value *golden) {
    char text[HASH_SIZE];
    golden_libm(text);
    if (strcmp(text, json_string(json_get(golden, "libm"), "")) == 0) return;
    print_message("another C library (%s): bytes are not compared\n", text);
    skip();
}

static inline void golden_hash(const char *path, char text[HASH_SIZE]) {
    size_t n;
    char *bytes = rundir_read(path, &n);
    snprintf(text, HASH_SIZE, "%016" PRIx64, hash_bytes(bytes, n, 0));
    mem_free(bytes);
}

/* ---- comparison ------------------------------------------------------------------------------------------------------ */

static size_t n_differences;
static double worst; /* largest relative difference among those within tolerance */

static inline void differs(const char *where, const char *got, const char *want) {
    if (n_differences++ < 10) print_error("%s is %s, pinned %s\n", where, got, want);
}

static inline void expect_nothing(void) {
    size_t n = n_differences;
    n_differences = 0;
    if (n > 0) fail_msg("%zu values are not what they were", n);
    print_message("largest relative difference %.3g\n", worst);
}

static inline void compare_numbers(const char *where, double got, double want, double tolerance) {
    char a[32], b[32];
    double scale = fmax(fabs(want), 1e-9);
    if (!near(got, want, tolerance, 1e-9))
        differs(where, number_format(got, a), number_format(want, b));
    else if (got != want && fabs(got - want) / scale > worst)
        worst = fabs(got - want) / scale;
}

/* What is kept of a table: every row of `step`. The columns named in `loose` follow from float32 training. */
struct golden_table {
    const char *file, *golden, *loose;
    size_t step;
};

static inline void compare_cell(const struct golden_table *file, const struct table *t, size_t row, size_t c,
                                const char *want) {
    const char *got = t->cell[row * t->n_columns + c];
    char where[512], *end_got, *end_want;
    if (strcmp(got, want) == 0) return;
    snprintf(where, sizeof where, "%s:%zu: %s", file->file, row + 2, t->header[c]);
    double a = strtod(got, &end_got), b = strtod(want, &end_want);
    if (!*got || !*want || *end_got || *end_want)
        differs(where, got, want);
    else
        compare_numbers(where, a, b, strstr(file->loose, t->header[c]) ? LOOSE : TIGHT);
}

/* `made`: the file of this run, of which `n_rows` rows are expected. */
static inline void compare_table(const struct golden_table *file, const char *made, double n_rows) {
    struct table got, want;
    assert_ok(table_read(made, &got));
    assert_ok(table_read(file->golden, &want));
    assert_int_equal(got.n_columns, want.n_columns);
    assert_int_equal(got.n_rows, (size_t)n_rows);
    assert_int_equal(want.n_rows, (got.n_rows + file->step - 1) / file->step);
    for (size_t c = 0; c < want.n_columns; c++) assert_string_equal(got.header[c], want.header[c]);
    for (size_t row = 0; row < want.n_rows; row++)
        for (size_t c = 0; c < want.n_columns; c++)
            compare_cell(file, &got, row * file->step, c, want.cell[row * want.n_columns + c]);
    table_free(&got);
    table_free(&want);
}

/* ---- the program ------------------------------------------------------------------------------------------------------- */

/* Scratch folder for the runs of a test: models are written with fsync, which is free in memory. */
static inline int golden_scratch(void **state) {
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    return scratch_make(state);
}

/* With the argument --update or DIR instead of tests: runs in the scratch folder or in DIR, and pins what came of it. */
static inline int golden_make(const char *argument, void (*run)(void), int (*update)(void)) {
    void *state = NULL;
    bool renew = strcmp(argument, "--update") == 0;
    if (renew && golden_scratch(&state) != 0) return 1;
    if (!renew) snprintf(scratch_dir, sizeof scratch_dir, "%.500s", argument);
    int rc = dir_make(scratch_dir);
    if (rc == GW_OK) run();
    if (rc == GW_OK && renew) rc = update();
    if (rc != GW_OK) fprintf(stderr, "%s\n", gw_error_message());
    if (renew) scratch_remove(&state);
    return rc == GW_OK ? 0 : 1;
}

#endif
