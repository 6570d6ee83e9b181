/* A cache of imported bars of its own for every test, and a file to import. */
#ifndef GATEWALK_TEST_CACHE_FOLDER_H
#define GATEWALK_TEST_CACHE_FOLDER_H

#include "engine/base/base.h"
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "base/scratch.h"
#include "gatewalk/bars.h"
#include "gatewalk/import.h"
#include "gatewalk/rng.h"

enum { N_BARS = 1000 };

static char folder[600];

static inline int cache_make(void **state) {
    static int serial;
    (void)state;
    snprintf(folder, sizeof folder, "%s/cache%d/deep", scratch_dir, serial++);
    return setenv("GATEWALK_CACHE", folder, 1);
}

static inline const char *entry_path(const char *name) {
    static char path[2][1024];
    static int turn;
    char *to = path[turn++ % 2];
    snprintf(to, sizeof path[0], "%.600s/%.300s", folder, name);
    return to;
}

/* The entries' names, sorted by the order of the folder; returns how many files there are. */
static inline size_t entries(char name[][300], size_t most) {
    size_t n = 0;
    DIR *dir = opendir(folder);
    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        if (n < most) snprintf(name[n], 300, "%s", entry->d_name);
        n++;
    }
    closedir(dir);
    return n;
}

static inline size_t n_entries(void) { return entries(NULL, 0); }

static inline const char *only_entry(void) {
    char name[1][300];
    assert_int_equal(entries(name, 1), 1);
    return entry_path(name[0]);
}

static char *read_file(const char *path, size_t *length) {
    char *text;
    assert_ok(file_read_all(path, 1 << 30, GW_ERR_DATA, &text, length));
    return text;
}

static inline void write_file(const char *path, const void *bytes, size_t length) {
    unlink(path); /* some file systems wait for the disk when a file is written over */
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

static inline void set_age(const char *path, time_t seconds) {
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A file with something of everything: optional columns with holes, a gap, off-grid bars, a duplicate, a bad row. */
static inline void write_source(const char *path, bool optional, bool damaged) {
    struct gw_rng rng;
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    gw_rng_key(&rng, 17, "cache", 0, 0, 0);
    fprintf(stream, "time,open,high,low,close,volume%s\n", optional ? ",quote_volume,trade_count,taker_buy_base" : "");
    for (int i = 0; i < N_BARS; i++) {
        int64_t at = 1600000000 + 60 * i + (i > 300 ? 3600 : 0) + (i > 400 && i < 500 ? 7 : 0);
        double open = 100 + 10 * gw_rng_uniform(&rng), close = 100 + 10 * gw_rng_uniform(&rng);
        int n_times = damaged && i == 555 ? 2 : 1;
        for (int k = 0; k < n_times; k++) {
            fprintf(stream, "%lld,%.17g,%.17g,%.17g,%.17g,%.17g", (long long)at, open, fmax(open, close) + 1,
                    fmin(open, close) - 1, damaged && i == 800 ? -close : close, i % 50 ? open / 3 : 0);
            if (optional && i % 7)
                fprintf(stream, ",%.17g,%d,%.17g\n", open * close, i, close / 7);
            else
                fputs(optional ? ",,,\n" : "\n", stream);
        }
    }
    fclose(stream);
}

static inline const char *source(void) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/ABC.csv", scratch_dir);
    return path;
}

static inline bool same_column(const double *a, const double *b, size_t n) {
    return a && b ? memcmp(a, b, n * sizeof *a) == 0 : !a && !b;
}

static inline void assert_same_bars(const struct gw_bars *a, const struct gw_bars *b) {
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->symbol, b->symbol, sizeof a->symbol);
    assert_int_equal(a->interval_ns, b->interval_ns);
    assert_memory_equal(a->bar, b->bar, a->n * sizeof *a->bar);
    assert_true(same_column(a->quote_volume, b->quote_volume, a->n));
    assert_true(same_column(a->trade_count, b->trade_count, a->n));
    assert_true(same_column(a->taker_buy_base, b->taker_buy_base, a->n));
    assert_true(a->fingerprint == b->fingerprint);
}

/* Imports with the cache and without; both must agree. True when the cache answered: an entry that was there before
 * was used and not written anew. */
static inline bool import_hits(const char *path, struct gw_import_options options) {
    struct gw_bars plain, cached;
    struct gw_import_report plain_report, cached_report;
    char name[32][300];
    struct stat before[32], after;
    size_t n = entries(name, 32);
    assert_true(n <= 32);
    for (size_t i = 0; i < n; i++) {
        set_age(entry_path(name[i]), 1000);
        assert_int_equal(stat(entry_path(name[i]), &before[i]), 0);
    }
    assert_ok(gw_bars_import(path, &options, &cached, &cached_report));
    bool hit = false;
    for (size_t i = 0; i < n; i++)
        hit |= stat(entry_path(name[i]), &after) == 0 && after.st_ino == before[i].st_ino &&
               after.st_mtim.tv_sec > before[i].st_mtim.tv_sec;
    options.no_cache = true;
    assert_ok(gw_bars_import(path, &options, &plain, &plain_report));
    assert_same_bars(&cached, &plain);
    assert_memory_equal(&cached_report, &plain_report, sizeof plain_report);
    gw_bars_free(&plain);
    gw_bars_free(&cached);
    return hit;
}

#endif
