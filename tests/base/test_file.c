/* Reading, folders, and files that appear complete or not at all. */
#include "scratch.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "engine/base/base.h"

static void reads_whole_files(void **state) {
    (void)state;
    char *text;
    size_t length;
    scratch_write("plain", "one\0two\n", 8);
    assert_ok(file_read_all(scratch("plain"), 8, GW_ERR_DATA, &text, &length));
    assert_int_equal(length, 8);
    assert_memory_equal(text, "one\0two\n", 9); /* with the added NUL */
    mem_free(text);
    scratch_write("empty", "", 0);
    assert_ok(file_read_all(scratch("empty"), 0, GW_ERR_DATA, &text, &length));
    assert_int_equal(length, 0);
    assert_string_equal(text, "");
    mem_free(text);
    assert_ok(file_read_all("/proc/self/status", 1 << 20, GW_ERR_IO, &text, &length)); /* says it has size 0 */
    assert_true(length > 100 && strlen(text) == length);
    mem_free(text);
}

static void says_why_it_cannot_read(void **state) {
    (void)state;
    char *text;
    size_t length;
    scratch_write("plain", "12345678", 8);
    assert_fails(file_read_all(scratch("none"), 10, GW_ERR_CONFIG, &text, &length), GW_ERR_CONFIG, "No such file");
    assert_non_null(strstr(gw_error_message(), "/none: "));
    assert_fails(file_read_all(scratch_dir, 10, GW_ERR_DATA, &text, &length), GW_ERR_DATA, "is a folder");
    assert_fails(file_read_all(scratch("plain/x"), 10, GW_ERR_IO, &text, &length), GW_ERR_IO,
                 "is a file, not a folder");
    assert_fails(file_read_all(scratch("plain"), 7, GW_ERR_DATA, &text, &length), GW_ERR_DATA,
                 "too large: 8 bytes, at most 7");
    assert_fails(file_read_all("/dev/zero", 100000, GW_ERR_DATA, &text, &length), GW_ERR_DATA, "too large");
    if (geteuid() != 0) { /* root may read everything */
        assert_int_equal(chmod(scratch("plain"), 0), 0);
        assert_fails(file_read_all(scratch("plain"), 10, GW_ERR_IO, &text, &length), GW_ERR_IO, "Permission denied");
        assert_int_equal(chmod(scratch("plain"), 0600), 0);
    }
}

static void reads_pipes(void **state) {
    (void)state;
    int ends[2];
    char name[32], *text, *sent = mem_calloc(50000, 1);
    size_t length;
    assert_non_null(sent);
    for (size_t i = 0; i < 50000; i++) sent[i] = (char)('a' + i % 26);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], sent, 50000), 50000); /* fits the pipe's 64 KiB */
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    assert_ok(file_read_all(name, 50000, GW_ERR_DATA, &text, &length));
    assert_int_equal(length, 50000);
    assert_memory_equal(text, sent, 50000);
    close(ends[0]);
    mem_free(text);
    mem_free(sent);
}

static void makes_folders(void **state) {
    (void)state;
    scratch_write("file", "x", 1);
    assert_ok(dir_make(scratch("a/b/c")));
    assert_ok(dir_make(scratch("a/b/c")));
    assert_ok(dir_make(scratch("a//b/d/")));
    assert_true(file_exists(scratch("a/b/d")) && file_exists(scratch("a/b/c")));
    assert_false(file_exists(scratch("a/b/e")));
    assert_ok(dir_make("."));
    assert_ok(dir_make("/"));
    assert_fails(dir_make(scratch("file")), GW_ERR_IO, "file: is a file, a folder is needed");
    assert_fails(dir_make(scratch("file/sub")), GW_ERR_IO, "is a file, a folder is needed");
    assert_fails(dir_make(""), GW_ERR_IO, "needs a name");
    assert_fails(dir_make("/proc/self/none"), GW_ERR_IO, "cannot be made");
    char path[5000];
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_fails(dir_make(path), GW_ERR_IO, "longer than");
    path[300] = '\0';
    assert_fails(dir_make(path), GW_ERR_IO, "shorter path");
}

static void joins_paths(void **state) {
    (void)state;
    char out[12];
    static const char *const rows[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}, {"a", "b/c", "a/b/c"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_ok(path_join(out, sizeof out, rows[i][0], rows[i][1]));
        assert_string_equal(out, rows[i][2]);
    }
    assert_ok(path_join(out, sizeof out, "12345", "67890"));
    assert_fails(path_join(out, sizeof out, "12345", "678901"), GW_ERR_IO, "longer than 11 bytes");
}

static void expect_text(const char *path, const char *want) {
    char *text;
    size_t length;
    assert_ok(file_read_all(path, 1 << 20, GW_ERR_IO, &text, &length));
    assert_string_equal(text, want);
    mem_free(text);
}

static void commits_whole(void **state) {
    (void)state;
    struct out_file file;
    scratch_write("target", "old", 3);
    int before = scratch_count();
    assert_ok(out_open(&file, scratch("target")));
    assert_int_equal(scratch_count(), before + 1); /* beside its target */
    fprintf(file.stream, "new text");
    fflush(file.stream);
    expect_text(scratch("target"), "old"); /* not before the commit */
    assert_ok(out_commit(&file));
    expect_text(scratch("target"), "new text");
    assert_int_equal(scratch_count(), before);
    out_abort(&file); /* harmless now */
    expect_text(scratch("target"), "new text");
    assert_fails(out_commit(&file), GW_ERR_INTERNAL, "without being open");
}

static void aborts_whole(void **state) {
    (void)state;
    struct out_file file = {0}, other;
    out_abort(&file);
    scratch_write("target", "old", 3);
    int before = scratch_count();
    assert_ok(out_open(&file, scratch("target")));
    assert_ok(out_open(&other, scratch("target"))); /* two writers of one target do not meet */
    assert_string_not_equal(file.temp, other.temp);
    fprintf(file.stream, "new");
    fprintf(other.stream, "other");
    out_abort(&file);
    out_abort(&file);
    expect_text(scratch("target"), "old");
    assert_ok(out_commit(&other));
    expect_text(scratch("target"), "other");
    assert_int_equal(scratch_count(), before);
}

static void says_why_it_cannot_write(void **state) {
    (void)state;
    struct out_file file;
    assert_fails(out_open(&file, scratch("none/x")), GW_ERR_IO, "make its folder first");
    assert_null(file.stream);
    assert_fails(out_open(&file, scratch_dir), GW_ERR_IO, "Is a directory");
    char path[2000];
    memset(path, 'p', sizeof path);
    path[1024] = '\0';
    assert_fails(out_open(&file, path), GW_ERR_IO, "longer than");
    path[300] = '\0';
    assert_fails(out_open(&file, path), GW_ERR_IO, "shorter name");
    out_abort(&file);
}

/* A full device: small output fails at the flush, large output long before it. */
static void reports_a_full_disk(void **state) {
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: there is no /dev/full here\n");
        skip();
    }
    struct out_file file;
    for (size_t n = 1; n <= 1000000; n *= 1000) {
        assert_ok(out_open(&file, "/dev/full"));
        assert_string_equal(file.temp, ""); /* devices are never replaced */
        for (size_t i = 0; i < n; i++) fputc('x', file.stream);
        assert_fails(out_commit(&file), GW_ERR_IO, "/dev/full: cannot be written");
    }
    scratch_write("target", "old", 3);
    int before = scratch_count();
    assert_ok(out_open(&file, scratch("target")));
    assert_non_null(freopen("/dev/full", "w", file.stream)); /* the disk fills under an open file */
    fprintf(file.stream, "new");
    assert_fails(out_commit(&file), GW_ERR_IO, "No space left on device; free some space");
    expect_text(scratch("target"), "old");
    assert_int_equal(scratch_count(), before);
}

/* The limit is for good, so a child takes it. */
static void leaves_nothing_behind_at_the_size_limit(void **state) {
    (void)state;
    scratch_write("limited", "old", 3);
    int before = scratch_count(), status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {1000, 1000};
        struct out_file file;
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || out_open(&file, scratch("limited")) != GW_OK) _exit(1);
        for (int i = 0; i < 100000; i++) fputc('x', file.stream);
        if (out_commit(&file) != GW_ERR_IO) _exit(2);
        _exit(strstr(gw_error_message(), "limited: cannot be written") ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    expect_text(scratch("limited"), "old");
    assert_int_equal(scratch_count(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_whole_files),   cmocka_unit_test(says_why_it_cannot_read),
        cmocka_unit_test(reads_pipes),         cmocka_unit_test(makes_folders),
        cmocka_unit_test(joins_paths),         cmocka_unit_test(commits_whole),
        cmocka_unit_test(aborts_whole),        cmocka_unit_test(says_why_it_cannot_write),
        cmocka_unit_test(reports_a_full_disk), cmocka_unit_test(leaves_nothing_behind_at_the_size_limit),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
