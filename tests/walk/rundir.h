/* Run directories of a small experiment on CSV files in the scratch folder: made, compared byte by byte, read back. */
#ifndef GATEWALK_TEST_RUN_RUNDIR_H
#define GATEWALK_TEST_RUN_RUNDIR_H

#include "engine/audit/verify.h"
#include "fixture.h"

/* Three symbols of one market: the second starts later and has holes, the third begins inside the first test slice. */
static inline void rundir_data(void) {
    struct gw_bars bars;
    fixture_walk(&bars, "EARLY", 480, 31, 0, 0);
    assert_ok(gw_bars_write_csv(&bars, scratch("EARLY.csv")));
    gw_bars_free(&bars);
    fixture_walk(&bars, "LATE", 330, 32, 60, 0.05);
    assert_ok(gw_bars_write_csv(&bars, scratch("LATE.csv")));
    gw_bars_free(&bars);
    fixture_walk(&bars, "NEW", 240, 33, 225, 0);
    assert_ok(gw_bars_write_csv(&bars, scratch("NEW.csv")));
    gw_bars_free(&bars);
}

/* Models are written with fsync, which costs nothing on a file system in memory. */
static inline int rundir_setup(void **state) {
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    if (scratch_make(state) != 0) return -1;
    rundir_data();
    return 0;
}

/* Runs `e` into the scratch folder's `name`. */
static inline int rundir_run(const struct experiment *e, const char *name, size_t jobs) {
    char dir[1024], out[700];
    snprintf(out, sizeof out, "%.500s/%s", scratch_dir, name);
    return run_experiment(e, &(struct gw_run_options){.out_dir = out, .force = true, .jobs = jobs}, dir);
}

/* Recomputed from its own files it is the same, and nothing of that stays in memory. */
static inline void rundir_verify(const char *dir) {
    struct verify_report report;
    const size_t live = mem_live_bytes();
    assert_ok(verify_run(dir, &(struct verify_options){0}, &report));
    assert_true(report.n > 5);
    for (size_t i = 0; i < report.n; i++)
        if (!report.file[i].same) fail_msg("%s: %s differs", dir, report.file[i].name);
    verify_report_free(&report);
    assert_int_equal(mem_live_bytes(), live);
}

static inline char *rundir_read(const char *path, size_t *length) {
    char *text = NULL;
    assert_ok(file_read_all(path, 1 << 26, GW_ERR_DATA, &text, length));
    return text;
}

static inline int rundir_names(const char *dir, char name[256][128]) {
    int n = 0;
    DIR *stream = opendir(dir);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] == '.') continue;
        assert_true(n < 256);
        snprintf(name[n++], 128, "%.127s", entry->d_name);
    }
    closedir(stream);
    return n;
}

/* Every file but run.json, in both directions. Returns how many files there were. */
static inline int rundir_compare(const char *a, const char *b) {
    char name[256][128], other[256][128];
    int n = rundir_names(a, name), m = rundir_names(b, other), files = 0;
    if (n != m) fail_msg("%s has %d entries, %s has %d", a, n, b, m);
    for (int i = 0; i < n; i++) {
        char x[1200], y[1200];
        struct stat info;
        snprintf(x, sizeof x, "%.1000s/%.127s", a, name[i]);
        snprintf(y, sizeof y, "%.1000s/%.127s", b, name[i]);
        if (strcmp(name[i], GW_RUN_JSON) == 0) continue;
        if (stat(x, &info) == 0 && S_ISDIR(info.st_mode)) {
            files += rundir_compare(x, y);
            continue;
        }
        size_t u, v;
        if (!file_exists(y)) fail_msg("%s is missing", y);
        char *left = rundir_read(x, &u), *right = rundir_read(y, &v);
        if (u != v || memcmp(left, right, u) != 0) fail_msg("%s and %s differ", x, y);
        mem_free(left);
        mem_free(right);
        files++;
    }
    return files;
}

#endif
