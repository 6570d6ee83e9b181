/* The folder of the import cache: where it is and whether, when it cannot be used, several processes in it, how large it grows. */
#include "cache_folder.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

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
static void ask_numpy(const char *path, bool columns, char *line, int size) {
    char command[2048];
    snprintf(command, sizeof command,
             "/usr/bin/python3 -c \"import sys, numpy as np; f = open(sys.argv[1], 'rb'); a = np.load(f); "
             "m = np.load(sys.argv[1], mmap_mode='r'); assert a.tobytes() == m.tobytes(); "
             "c = np.load(f) if %d else None; "
             "print(a.shape[0], *['%%s:%%s' %% (n, a.dtype[n].str) for n in a.dtype.names], "
             "a['open_ns'][-1], a['close'][7].hex(), '-' if c is None else c.shape[0], "
             "'-' if c is None else c[2][8].hex())\" '%s'",
             columns, path);
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
        ask_numpy(only_entry(), optional, line, sizeof line);
        /* Python's hex() prints all 13 digits. */
        int n = snprintf(want, sizeof want, "%d open_ns:<i8 open:<f8 high:<f8 low:<f8 close:<f8 volume:<f8 %lld %.13a ",
                         N_BARS, (long long)bars.bar[N_BARS - 1].open_ns, bars.bar[7].close);
        snprintf(want + n, sizeof want - (size_t)n, optional ? "3 %.13a" : "- -",
                 optional ? bars.taker_buy_base[8] : 0);
        assert_string_equal(line, want);
        gw_bars_free(&bars);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
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
