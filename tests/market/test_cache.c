/* The cache of imported bars: the same bits and the same report, never stale, never in the way. */
#include "engine/base/base.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/scratch.h"
#include "gatewalk/bars.h"
#include "gatewalk/import.h"
#include "gatewalk/rng.h"

enum { N_BARS = 1000 };

/* ---- a folder of its own for every test ------------------------------------------------------- */

static char folder[600];

static int cache_make(void **state) {
    static int serial;
    (void)state;
    snprintf(folder, sizeof folder, "%s/cache%d/deep", scratch_dir, serial++);
    return setenv("GATEWALK_CACHE", folder, 1);
}

static const char *entry_path(const char *name) {
    static char path[2][1024];
    static int turn;
    char *to = path[turn++ % 2];
    snprintf(to, sizeof path[0], "%.600s/%.300s", folder, name);
    return to;
}

/* The entries' names, sorted by the order of the folder; returns how many files there are. */
static size_t entries(char name[][300], size_t most) {
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

static size_t n_entries(void) { return entries(NULL, 0); }

static const char *only_entry(void) {
    char name[1][300];
    assert_int_equal(entries(name, 1), 1);
    return entry_path(name[0]);
}

static char *read_file(const char *path, size_t *length) {
    char *text;
    assert_ok(file_read_all(path, 1 << 30, GW_ERR_DATA, &text, length));
    return text;
}

static void write_file(const char *path, const void *bytes, size_t length) {
    unlink(path); /* some file systems wait for the disk when a file is written over */
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

static void set_age(const char *path, time_t seconds) {
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* ---- sources ---------------------------------------------------------------------------------- */

/* A file with something of everything: optional columns with holes, a gap, off-grid bars, a duplicate, a bad row. */
static void write_source(const char *path, bool optional, bool damaged) {
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

static const char *source(void) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/ABC.csv", scratch_dir);
    return path;
}

static bool same_column(const double *a, const double *b, size_t n) {
    return a && b ? memcmp(a, b, n * sizeof *a) == 0 : !a && !b;
}

static void assert_same_bars(const struct gw_bars *a, const struct gw_bars *b) {
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
static bool import_hits(const char *path, struct gw_import_options options) {
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

/* ---- the same, and never stale ---------------------------------------------------------------- */

static void second_import_has_the_same_bits_and_report(void **state) {
    (void)state;
    for (int optional = 0; optional < 2; optional++)
        for (int damaged = 0; damaged < 2; damaged++) {
            struct gw_import_options options = {.repair = damaged};
            struct gw_bars bars;
            size_t before = n_entries();
            write_source(source(), optional, damaged);
            assert_false(import_hits(source(), options));
            assert_int_equal(n_entries(), before + 1);
            assert_true(import_hits(source(), options));
            assert_int_equal(n_entries(), before + 1);
            assert_ok(gw_bars_import(source(), &options, &bars, NULL)); /* a report is not needed */
            gw_bars_free(&bars);
        }
    struct gw_bars bars;
    struct gw_import_report report;
    struct gw_import_options repair = {.repair = true};
    assert_ok(gw_bars_import(source(), &repair, &bars, &report)); /* the last one: the report has something in it */
    assert_int_equal(report.n_duplicates, 1);
    assert_int_equal(report.n_bad_rows, 1);
    assert_int_equal(report.n_gaps, 3); /* the hour, the seven seconds, the row left out */
    assert_non_null(strstr(report.first_problem, "is negative"));
    gw_bars_free(&bars);
}

static void another_name_of_the_same_bytes(void **state) {
    (void)state;
    write_source(source(), true, false);
    write_source(scratch("XYZ.csv"), true, false);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    assert_false(import_hits(scratch("XYZ.csv"), (struct gw_import_options){0})); /* another symbol */
    assert_true(import_hits(scratch("XYZ.csv"), (struct gw_import_options){.symbol = "ABC"}));
}

static void any_changed_byte_is_a_miss(void **state) {
    (void)state;
    size_t length;
    write_source(source(), true, false);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    char *text = read_file(source(), &length);
    char *digit = strstr(text + length / 2, ".") + 1;
    *digit = *digit == '5' ? '6' : '5';
    struct stat status;
    assert_int_equal(stat(source(), &status), 0);
    write_file(source(), text, length); /* same length and same time */
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, source(), times, 0), 0);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    *digit = *digit == '5' ? '6' : '5';
    text[length - 1] = ' '; /* the line end */
    write_file(source(), text, length);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    write_file(source(), text, length - 1);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    text[length - 1] = '\n';
    write_file(source(), text, length); /* as it was: the first entry is still good, unless the digit differs */
    assert_int_equal(n_entries(), 4);
    mem_free(text);
}

static void any_changed_option_is_a_miss(void **state) {
    (void)state;
    const struct gw_import_options options[] = {
        {0},
        {.symbol = "OTHER"},
        {.format = "header"},
        {.interval_ns = NS_PER_MINUTE},
        {.from_ns = INT64_C(1600010000) * NS_PER_SECOND},
        {.to_ns = INT64_C(1600010000) * NS_PER_SECOND},
        {.repair = true},
        {.tolerant = true},
        {.repair = true, .tolerant = true},
    };
    write_source(source(), true, false);
    for (size_t i = 0; i < COUNT_OF(options); i++) assert_false(import_hits(source(), options[i]));
    assert_int_equal(n_entries(), COUNT_OF(options));
    for (size_t i = 0; i < COUNT_OF(options); i++) assert_true(import_hits(source(), options[i]));
    assert_true(import_hits(source(), (struct gw_import_options){.format = "auto"})); /* the same as none */
}

static void failures_are_not_kept(void **state) {
    (void)state;
    struct gw_bars bars;
    write_source(source(), true, true);
    for (int i = 0; i < 2; i++) {
        assert_fails(gw_bars_import(source(), NULL, &bars, NULL), GW_ERR_DATA, "ABC.csv:803:");
        assert_int_equal(n_entries(), 0);
    }
}

/* What this program makes of the fixtures, as one number. When it changes although the fixtures did not, entries
 * written before hold something else than an import would give now: raise IMPORT_CACHE_VERSION in
 * engine/market/import/import_cache.h, then change the number. */
static void results_change_only_with_the_version(void **state) {
    (void)state;
    static const char *const fixtures[] = {"ABCUSDT-15m.csv",
                                           "ABCUSD_60.csv",
                                           "ABC_USDT-5m.json",
                                           "binance-microseconds.csv",
                                           "binance-rest.json",
                                           "bitfinex.csv",
                                           "plain.csv",
                                           "cryptodatadownload.csv",
                                           "header-adjclose.csv",
                                           "header-artefacts.csv",
                                           "histdata.csv",
                                           "investing.csv",
                                           "header-nanoseconds.csv",
                                           "header-quoted.csv",
                                           "header-zone.csv",
                                           "lean-fx.csv",
                                           "lean.zip",
                                           "metatrader5-export.csv",
                                           "metatrader4.csv",
                                           "metatrader5.csv",
                                           "nasdaq.csv",
                                           "stooq.csv",
                                           "cryptodatadownload-raw.csv"};
    uint64_t hash = 0;
    for (size_t i = 0; i < COUNT_OF(fixtures); i++) {
        char path[256];
        struct gw_bars bars;
        struct gw_import_report report;
        struct gw_import_options options = {.no_cache = true, .tolerant = true};
        snprintf(path, sizeof path, "tests/market/fixtures/%s", fixtures[i]);
        assert_ok(gw_bars_import(path, &options, &bars, &report));
        hash = hash_bytes(&bars.fingerprint, sizeof bars.fingerprint, hash);
        hash = hash_bytes(&report, offsetof(struct gw_import_report, first_problem), hash);
        hash = hash_bytes(report.first_problem, strlen(report.first_problem), hash);
        gw_bars_free(&bars);
    }
    if (hash != UINT64_C(0x82cbded3f1b0aced)) fail_msg("the fixtures give 0x%016llx", (unsigned long long)hash);
}

/* ---- damage ----------------------------------------------------------------------------------- */

/* Puts these bytes in the entry's place: they must be ignored, and replaced by what was there. */
static void assert_ignored(const char *entry, const char *bytes, size_t length, const char *good, size_t good_length) {
    size_t now;
    write_file(entry, bytes, length);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    char *text = read_file(entry, &now);
    assert_int_equal(now, good_length);
    assert_memory_equal(text, good, good_length);
    mem_free(text);
}

static void damaged_entries_are_ignored_and_rewritten(void **state) {
    (void)state;
    for (int optional = 0; optional < 2; optional++) {
        size_t length, n_flips = 0;
        write_source(source(), optional, false);
        scratch_delete(folder);
        assert_false(import_hits(source(), (struct gw_import_options){0}));
        char entry[1024];
        strcpy(entry, only_entry());
        char *good = read_file(entry, &length), *bad = mem_calloc(length + 1, 1);
        assert_true(import_hits(source(), (struct gw_import_options){0}));
        /* One bit: all over the header and the record, here and there in the rows. */
        for (size_t at = 0; at < length; at += at < 320 ? 11 : at + 5200 > length ? 41 : 2000) {
            memcpy(bad, good, length);
            bad[at] ^= (char)(1 << at % 8);
            assert_ignored(entry, bad, length, good, length);
            n_flips++;
        }
        assert_true(n_flips > 100);
        const size_t cuts[] = {0, 1, 64, 300, length / 2, length - 9, length - 1};
        for (size_t i = 0; i < COUNT_OF(cuts); i++) assert_ignored(entry, good, cuts[i], good, length);
        memcpy(bad, good, length);
        assert_ignored(entry, bad, length + 1, good, length);
        memcpy(bad, good + 48, length - 48); /* the beginning is missing */
        assert_ignored(entry, bad, length - 48, good, length);
        mem_free(good);
        mem_free(bad);
    }
}

/* A good entry, but of something else. */
static void foreign_entries_are_ignored(void **state) {
    (void)state;
    size_t own_length, other_length;
    write_source(source(), true, false);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    char entry[1024];
    strcpy(entry, only_entry());
    char *own = read_file(entry, &own_length);
    assert_int_equal(unlink(entry), 0);
    assert_false(import_hits(source(), (struct gw_import_options){.tolerant = true}));
    char *other = read_file(only_entry(), &other_length);
    assert_int_equal(unlink(only_entry()), 0);
    assert_int_equal(own_length, other_length);
    assert_ignored(entry, other, other_length, own, own_length);
    mem_free(own);
    mem_free(other);
}

/* ---- where, and whether ----------------------------------------------------------------------- */

static void can_be_switched_off(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_options off = {.no_cache = true};
    write_source(source(), false, false);
    assert_ok(gw_bars_import(source(), &off, &bars, NULL));
    gw_bars_free(&bars);
    assert_false(file_exists(folder));
    char home[600];
    snprintf(home, sizeof home, "%s/nobody", scratch_dir);
    assert_int_equal(setenv("HOME", home, 1) + setenv("XDG_CACHE_HOME", home, 1), 0);
    assert_int_equal(setenv("GATEWALK_CACHE", "off", 1), 0);
    assert_ok(gw_bars_import(source(), NULL, &bars, NULL));
    gw_bars_free(&bars);
    assert_false(file_exists(home));
    assert_false(file_exists("off"));
}

static void small_files_are_not_kept(void **state) {
    (void)state;
    struct gw_bars bars;
    assert_ok(gw_bars_import("tests/market/fixtures/ABCUSDT-15m.csv", NULL, &bars, NULL));
    gw_bars_free(&bars);
    assert_int_equal(n_entries(), 0);
}

static void the_environment_names_the_folder(void **state) {
    (void)state;
    char home[600], shared[600];
    snprintf(home, sizeof home, "%s/home", scratch_dir);
    snprintf(shared, sizeof shared, "%s/shared", scratch_dir);
    write_source(source(), false, false);
    assert_int_equal(unsetenv("GATEWALK_CACHE") + setenv("HOME", home, 1) + setenv("XDG_CACHE_HOME", shared, 1), 0);
    snprintf(folder, sizeof folder, "%s/shared/gatewalk", scratch_dir);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    assert_true(import_hits(source(), (struct gw_import_options){0}));
    assert_int_equal(n_entries(), 1);
    assert_int_equal(setenv("XDG_CACHE_HOME", "relative", 1), 0); /* does not count */
    snprintf(folder, sizeof folder, "%s/home/.cache/gatewalk", scratch_dir);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    assert_true(import_hits(source(), (struct gw_import_options){0}));
    assert_int_equal(unsetenv("HOME"), 0);
    struct gw_bars bars;
    assert_ok(gw_bars_import(source(), NULL, &bars, NULL)); /* nowhere to keep it */
    gw_bars_free(&bars);
}

/* ---- folders that cannot be used --------------------------------------------------------------- */

/* Runs in a process of its own, as warnings are given once per process; returns the lines on its stderr. */
static int lines_of(void (*body)(void)) {
    const char *log = scratch("stderr.txt");
    size_t length;
    int status, n = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* must not outlive a killed test */
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) _exit(9);
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    char *text = read_file(log, &length);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_msg("the child ended with %d: %s", status, text);
    for (size_t i = 0; i < length; i++) n += text[i] == '\n';
    mem_free(text);
    return n;
}

/* In a child: no assertion of cmocka can be used. */
static void import_three_times(void) {
    for (int i = 0; i < 3; i++) {
        struct gw_bars bars;
        if (gw_bars_import(source(), NULL, &bars, NULL) != GW_OK || bars.n != N_BARS) _exit(1);
        gw_bars_free(&bars);
    }
}

static void import_with_a_full_disk(void) {
    struct rlimit limit = {4096, 4096}; /* no file may grow larger */
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
    import_three_times();
}

static void a_folder_that_cannot_be_written_costs_one_warning(void **state) {
    (void)state;
    write_source(source(), true, false);
    scratch_write("file", "x", 1);
    char below[700];
    snprintf(below, sizeof below, "%s/cache", scratch("file"));
    assert_int_equal(setenv("GATEWALK_CACHE", below, 1), 0);
    assert_int_equal(lines_of(import_three_times), 1);
    assert_int_equal(setenv("GATEWALK_CACHE", folder, 1), 0);
    assert_int_equal(lines_of(import_with_a_full_disk), 1);
    assert_int_equal(n_entries(), 0); /* and nothing half-written is left */
    assert_int_equal(lines_of(import_three_times), 0);
    assert_int_equal(n_entries(), 1);
    if (geteuid() == 0) return; /* nothing is forbidden to root */
    assert_int_equal(unlink(only_entry()) + chmod(folder, 0500), 0);
    assert_int_equal(lines_of(import_three_times), 1);
    assert_int_equal(chmod(folder, 0700), 0);
}

/* ---- several processes -------------------------------------------------------------------------- */

static void race(uint64_t fingerprint, unsigned seed) {
    for (unsigned i = 0; i < 40; i++) {
        struct gw_bars bars;
        char name[4][300];
        if (gw_bars_import(source(), NULL, &bars, NULL) != GW_OK || bars.fingerprint != fingerprint) _exit(1);
        gw_bars_free(&bars);
        size_t n = (i + seed) % 4 == 0 ? entries(name, 4) : 0; /* so that there is something to write again */
        for (size_t k = 0; k < n && k < 4; k++)
            if (!strstr(name[k], ".tmp")) unlink(entry_path(name[k]));
    }
    _exit(0);
}

static void processes_may_race(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_options off = {.no_cache = true};
    pid_t child[3];
    write_source(source(), true, false);
    assert_ok(gw_bars_import(source(), &off, &bars, NULL));
    fflush(NULL);
    for (unsigned i = 0; i < COUNT_OF(child); i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (child[i] == 0) race(bars.fingerprint, i);
    }
    for (unsigned i = 0; i < COUNT_OF(child); i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    gw_bars_free(&bars);
    (void)import_hits(source(), (struct gw_import_options){0});
    assert_true(import_hits(source(), (struct gw_import_options){0}));
    assert_int_equal(n_entries(), 1); /* no temporary file is left */
}

/* ---- size --------------------------------------------------------------------------------------- */

/* Files that only say they are large. */
static void make_large(const char *name, off_t size, time_t age) {
    const char *path = entry_path(name);
    write_file(path, "", 0);
    if (truncate(path, size) != 0) {
        print_message("the bound on the size is skipped: no sparse files here\n");
        skip();
    }
    set_age(path, age);
}

static bool in_folder(const char *name) { return file_exists(entry_path(name)); }

static void the_longest_unused_go_first(void **state) {
    (void)state;
    const off_t gib = (off_t)1 << 30;
    const char *const oldest = "A.npy-00000000000000000000000000000001.npy",
                      *const old = "B-00000000000000000000000000000002.npy",
                      *const young = "C-00000000000000000000000000000003.npy", *const foreign = "mine-12345.npy",
                      *const other = "D-00000000000000000000000000000004.npy.txt",
                      *const dead = "E-00000000000000000000000000000005.npy.77-1.tmp",
                      *const alive = "F-00000000000000000000000000000006.npy.78-1.tmp";
    write_source(source(), true, false);
    assert_ok(dir_make(folder));
    make_large(oldest, gib, 9000);
    make_large(old, gib, 8000);
    make_large(young, gib / 2, 10);
    make_large(foreign, 4 * gib, 10000);
    make_large(other, 4 * gib, 10000);
    make_large(dead, gib, 10000);
    make_large(alive, gib, 10);
    struct gw_bars bars;
    assert_ok(gw_bars_import(source(), NULL, &bars, NULL));
    gw_bars_free(&bars);
    assert_false(in_folder(oldest)); /* 2.5 GiB and the new one: the first to go is enough */
    assert_true(in_folder(old));
    assert_true(in_folder(young));
    assert_true(in_folder(foreign));
    assert_true(in_folder(other));
    assert_false(in_folder(dead));
    assert_true(in_folder(alive));
    assert_int_equal(n_entries(), 6);
}

/* ---- numpy --------------------------------------------------------------------------------------- */

static bool numpy_is_there(void) {
    return access("/usr/bin/python3", X_OK) == 0 && system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") == 0;
}

/* What numpy reads, as one line. */
static void ask_numpy(const char *path, char *line, int size) {
    char command[2048];
    snprintf(command, sizeof command,
             "/usr/bin/python3 -c \"import sys, numpy as np; a = np.load(sys.argv[1]); "
             "m = np.load(sys.argv[1], mmap_mode='r'); assert a.tobytes() == m.tobytes(); "
             "print(a.shape[0], *['%%s:%%s' %% (n, a.dtype[n].str) for n in a.dtype.names], "
             "a['open_ns'][-1], a['close'][7].hex(), "
             "a['taker_buy_base'][8].hex() if 'taker_buy_base' in a.dtype.names else '-')\" '%s'",
             path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, size, pipe));
    assert_int_equal(pclose(pipe), 0);
    line[strcspn(line, "\n")] = '\0';
}

static void numpy_opens_an_entry(void **state) {
    (void)state;
    if (!numpy_is_there()) {
        print_message("numpy on entries is skipped: /usr/bin/python3 has no numpy\n");
        skip();
    }
    for (int optional = 0; optional < 2; optional++) {
        struct gw_bars bars;
        char line[1024], want[1024];
        write_source(source(), optional, false);
        scratch_delete(folder);
        assert_ok(gw_bars_import(source(), NULL, &bars, NULL));
        ask_numpy(only_entry(), line, sizeof line);
        /* Python's hex() prints all 13 digits. */
        int n =
            snprintf(want, sizeof want, "%d open_ns:<i8 open:<f8 high:<f8 low:<f8 close:<f8 volume:<f8%s %lld %.13a ",
                     N_BARS, optional ? " quote_volume:<f8 trade_count:<f8 taker_buy_base:<f8" : "",
                     (long long)bars.bar[N_BARS - 1].open_ns, bars.bar[7].close);
        snprintf(want + n, sizeof want - (size_t)n, optional ? "%.13a" : "-", optional ? bars.taker_buy_base[8] : 0);
        assert_string_equal(line, want);
        gw_bars_free(&bars);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(second_import_has_the_same_bits_and_report, cache_make),
        cmocka_unit_test_setup(another_name_of_the_same_bytes, cache_make),
        cmocka_unit_test_setup(any_changed_byte_is_a_miss, cache_make),
        cmocka_unit_test_setup(any_changed_option_is_a_miss, cache_make),
        cmocka_unit_test_setup(failures_are_not_kept, cache_make),
        cmocka_unit_test_setup(results_change_only_with_the_version, cache_make),
        cmocka_unit_test_setup(damaged_entries_are_ignored_and_rewritten, cache_make),
        cmocka_unit_test_setup(foreign_entries_are_ignored, cache_make),
        cmocka_unit_test_setup(can_be_switched_off, cache_make),
        cmocka_unit_test_setup(small_files_are_not_kept, cache_make),
        cmocka_unit_test_setup(the_environment_names_the_folder, cache_make),
        cmocka_unit_test_setup(a_folder_that_cannot_be_written_costs_one_warning, cache_make),
        cmocka_unit_test_setup(processes_may_race, cache_make),
        cmocka_unit_test_setup(the_longest_unused_go_first, cache_make),
        cmocka_unit_test_setup(numpy_opens_an_entry, cache_make),
    };
    return cmocka_run_group_tests_name("cache", tests, scratch_make, scratch_remove);
}
