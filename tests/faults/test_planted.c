/* What a command makes below the folder that it was given: who may read it, and what comes of a link that somebody planted in the place of
 * one of its files or folders, whoever knew what it would be called. */
#include "trial.h"

enum { LINKS_OF_A_ROW = 4 };
/* Those that make a folder; FAULTS_ONLY's way of naming. */
static const char chosen_rows[] = "patterns|null|search|merge|report|audit, of a run|study";

static size_t name_length(const char *line) { return strcspn(line, " \n"); }

/* The user's own folder and the places that he names himself may be links; what lies below may not. */
static bool is_below_a_folder(const char *line) {
    static const char own[] = "/reports/out/tiny.null/"; /* where what nobody names goes */
    const size_t n = name_length(line), folder = strncmp(line, "/reports", 8) == 0 ? strlen(own) : 2;
    return n > folder && memchr(line + folder - 1, '/', n - folder) && strncmp(line, "/tmp/", 5) != 0 &&
           strncmp(line, "/cache", 6) != 0;
}

static void path_of_line(const char *line, char path[2 * PATH_MAX]) {
    snprintf(path, 2 * PATH_MAX, "%.4000s%.*s", work_dir, (int)name_length(line), line);
}

/* Everything of it by its owner, to be read by all; copies of data that others may not be allowed to read by its owner alone. */
static void test_modes(void **state) {
    (void)state;
    size_t n_files = 0, n_folders = 0;
    for (size_t row = 0; row < N_ROWS; row++) {
        struct run run;
        if (!known[row].after) continue;
        begin_with(row);
        plan_nothing();
        run_row(&run, row);
        assert_int_equal(run.status, 0);
        run_free(&run);
        for (const char *at = known[row].after; *at; at += strcspn(at, "\n"), at += *at == '\n') {
            char path[2 * PATH_MAX];
            struct stat info;
            if (has_name(known[row].before, at) || strncmp(at, "/cache", 6) == 0) continue;
            path_of_line(at, path);
            if (lstat(path, &info) != 0) fail_msg("%s: no %s", rows[row].name, path);
            const mode_t want = S_ISDIR(info.st_mode) ? 0755 : 0644;
            if ((info.st_mode & 07777) != want) fail_msg("%s: %s: %o", rows[row].name, path, info.st_mode & 07777);
            *(S_ISDIR(info.st_mode) ? &n_folders : &n_files) += 1;
        }
    }
    assert_true(n_files > 50 && n_folders > 5);
}

static void must_be_untouched(size_t row, const char *at) {
    size_t n;
    char *text = get_file(work("victim/file"), &n), *all = list_tree(work("victim"), false);
    if (!text || strcmp(text, "somebody's own work") != 0)
        fail_msg("%s: through %.*s somebody's file was written", rows[row].name, (int)name_length(at), at);
    if (strcspn(all, "\n") + 1 < strlen(all))
        fail_msg("%s: through %.*s a file was made:\n%s", rows[row].name, (int)name_length(at), at, all);
    free(text);
    free(all);
}

/* A link to somebody's file or folder where the command will make its own. */
static void plant(size_t row, const char *at, size_t *n_refused) {
    char path[2 * PATH_MAX], folder[2 * PATH_MAX];
    struct run run;
    struct stat info;
    path_of_line(at, path);
    const bool is_folder = lstat(path, &info) == 0 && S_ISDIR(info.st_mode); /* as the run before this one left it */
    begin_with(row);
    mkdir(work("victim"), 0700);
    put_text("victim/file", "somebody's own work");
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    for (char *slash = folder + strlen(work_dir) + 1; (slash = strchr(slash, '/')); *slash++ = '/')
        *slash = '\0', mkdir(folder, 0755);
    mkdir(folder, 0755);
    unlink(path);
    if (symlink(work(is_folder ? "victim" : "victim/file"), path) != 0) fail_msg("%s: %s", path, strerror(errno));
    plan_nothing();
    run_row(&run, row);
    must_be_untouched(row, at);
    if (run.status < 0 || run.status > 3) fail_msg("%s with a link at %s: exit %d", rows[row].name, path, run.status);
    if (run.status != 0 && strncmp(last_line(run.err), "gatewalk: ", 10) != 0)
        fail_msg("%s with a link at %s: \"%s\"", rows[row].name, path, run.err);
    *n_refused += run.status != 0;
    run_free(&run);
}

static void leave_as_after(size_t row) {
    struct run run;
    begin_with(row);
    plan_nothing();
    run_row(&run, row);
    run_free(&run);
}

static void test_links_are_not_followed(void **state) {
    (void)state;
    size_t n = 0, n_refused = 0;
    for (size_t row = 0; row < N_ROWS; row++) {
        const char *made[400];
        size_t n_made = 0;
        if (!known[row].after) continue;
        for (const char *at = known[row].after; *at; at += strcspn(at, "\n"), at += *at == '\n')
            if (n_made < COUNT_OF(made) && is_below_a_folder(at) && !has_name(known[row].before, at))
                made[n_made++] = at;
        for (size_t i = 0; i < LINKS_OF_A_ROW && i < n_made; i++, n++) {
            leave_as_after(row);
            plant(row, made[i * (n_made - 1) / (LINKS_OF_A_ROW - 1)], &n_refused);
        }
    }
    assert_true(n > 15 && n_refused > 0);
}

static int setup(void **state) {
    umask(022);
    setenv("PLANTED_ONLY", chosen_rows, 0);
    return trial_setup_of("PLANTED_ONLY", state);
}

int main(void) {
#if defined(__SANITIZE_ADDRESS__)
    print_message("skip: the sanitizer wants to come first itself\n");
    return print_message("[  PASSED  ] 0 test(s).\n[  SKIPPED ] 2 test(s)\n"), 0;
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_modes), cmocka_unit_test(test_links_are_not_followed)};
    return cmocka_run_group_tests(tests, setup, trial_teardown);
}
