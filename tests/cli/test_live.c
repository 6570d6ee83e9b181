/* While it works: Ctrl-C and continuing, progress in a log and on a terminal. */
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>

#include "engine/base/json.h"
#include "program.h"
#include "run_tree.h"

/* Long enough to be interrupted in the middle, and for a few lines of progress. */
#define LONG_RUN "--no-report", "--set", "training.epochs=120", "--set", "training.patience=0", "--jobs", "1"

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    put_small_experiment();
    return 0;
}

static int forget_output(void **state) {
    (void)state;
    remove_tree(work("o"));
    remove_tree(work("p"));
    return 0;
}

static double number_in(const char *file, const char *object, const char *key) {
    struct json_document *document;
    assert_ok(json_load(work(file), GW_ERR_DATA, &document));
    double value = json_number(json_get(json_get(json_root(document), object), key), NAN);
    json_free(document);
    return value;
}

static void assert_status(const char *file, const char *status) {
    struct json_document *document;
    assert_ok(json_load(work(file), GW_ERR_DATA, &document));
    assert_string_equal(json_string(json_get(json_root(document), "status"), ""), status);
    json_free(document);
}

/* ---- Ctrl-C ------------------------------------------------------------------------------------------------ */

static void interrupt(const char *dir, struct run *run, struct how *how) {
    char models[64];
    const char *const args[MAX_ARGS] = {"run", "small.json", "--force", "--out", dir, LONG_RUN};
    snprintf(models, sizeof models, "%.50s/models", dir);
    how->interrupt_when = models;
    how->interrupt_suffix = ".safetensors";
    run_how(run, how, args);
    how->interrupt_when = NULL;
}

static void test_interrupt_and_continue(void **state) {
    (void)state;
    struct how how = {0};
    struct run run;
    interrupt("o", &run, &how);
    if (run.status != 1) fail_msg("exit %d: %s", run.status, run.err);
    assert_true(how.interrupted_after > 0 && how.interrupted_after < 5);
    assert_int_equal(run.n_out, 0);
    assert_non_null(strstr(last_line(run.err), "gatewalk: interrupted: "));
    assert_non_null(strstr(last_line(run.err), "of 6 fits are kept; run the same command again to continue"));
    unsigned kept;
    assert_int_equal(sscanf(last_line(run.err), "gatewalk: interrupted: %u of", &kept), 1);
    assert_non_null(strstr(run.err, "stopping at the next safe point"));
    run_free(&run);
    assert_status("o/run.json", "running");
    assert_false(is_there("o/summary.json"));
    char *tree = list_tree(work("o"), false);
    assert_null(strstr(tree, ".tmp"));
    free(tree);
    run_program(&run, "report", "o", "--text");
    assert_int_equal(run.status, 3);
    assert_non_null(strstr(run.err, "run is not finished"));
    run_free(&run);
    /* The same command finishes with the bytes of a run that nobody disturbed, and does not fit again what was there. */
    run_fine(&run, "run", "small.json", "--out", "o", LONG_RUN);
    run_free(&run);
    assert_status("o/run.json", "finished");
    double reused = number_in("o/run.json", "fits", "reused");
    assert_true(reused >= 1 && reused < 6 && reused == kept);
    run_fine(&run, "run", "small.json", "--out", "p", LONG_RUN);
    assert_true(number_in("p/run.json", "fits", "reused") == 0);
    run_free(&run);
    assert_same_runs("o", "p");
}

/* An interrupted run in the directory of a finished one must not show the old numbers as its own. */
static void test_interrupt_over_a_finished_run(void **state) {
    (void)state;
    struct how how = {0};
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    remove_tree(work("o/models"));
    interrupt("o", &run, &how);
    assert_int_equal(run.status, 1);
    run_free(&run);
    run_program(&run, "report", "o", "--text");
    assert_int_equal(run.status, 3);
    assert_int_equal(run.n_out, 0);
    run_free(&run);
    run_program(&run, "compare", "o");
    assert_int_equal(run.status, 3);
    run_free(&run);
}

/* ---- progress ------------------------------------------------------------------------------------------------- */

/* Before anything is begun, behind what the run is warned of. */
static void expect_expected(const char *text, const char *work) {
    const char *expected = strstr(text, "expected: "), *begun = strstr(text, work);
    assert_true(expected && begun && expected < begun);
    assert_true(expected == text || expected[-1] == '\n');
}

static void test_progress_in_a_log(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report");
    for (const char *at = run.err; *at; at++)
        if ((unsigned char)*at < 0x20 && *at != '\n') fail_msg("control character %d in the log: %s", *at, run.err);
    /* 2 strategies, 3 folds, 2 epochs. */
    expect_expected(run.err, "\ntraining ");
    assert_non_null(strstr(run.err, "\ntraining 12/12 epochs 100% | took 00:0"));
    assert_int_equal(strncmp(last_line(run.err), "verdict 100/100 replicates 100% | took 00:0", 43), 0);
    assert_null(strstr(run.out, "epoch 0")); /* progress is no result */
    run_free(&run);
}

static void test_quiet(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    assert_int_equal(run.n_err, 0);
    assert_true(run.n_out > 0);
    run_free(&run);
}

enum { COLUMNS = 72, SCREEN = 1 << 20 };

/* Runs with stderr (and stdout too, when `both`) on a terminal of COLUMNS columns; what appears there goes to `screen`. */
static int run_on_terminal(const char *const *args, bool both, char *screen) {
    int terminal, far;
    size_t used = 0;
    struct winsize size = {.ws_row = 24, .ws_col = COLUMNS};
    char out[2 * PATH_MAX];
    snprintf(out, sizeof out, "%s/out", base_dir);
    assert_int_equal(openpty(&terminal, &far, NULL, NULL, &size), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* must not outlive a killed test */
        char *argv[MAX_ARGS + 2] = {program_path};
        for (size_t i = 0; args[i]; i++) argv[i + 1] = (char *)(uintptr_t)args[i];
        int file = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (chdir(work_dir) < 0 || dup2(both ? far : file, 1) < 0 || dup2(far, 2) < 0) _exit(126);
        close(terminal);
        execv(program_path, argv);
        _exit(127);
    }
    close(far);
    double end = now_seconds() + TIMEOUT_SECONDS;
    while (used < SCREEN - 1 && now_seconds() < end) {
        struct pollfd wait = {.fd = terminal, .events = POLLIN};
        if (poll(&wait, 1, 100) <= 0) continue;
        ssize_t got = read(terminal, screen + used, SCREEN - 1 - used);
        if (got <= 0) break; /* the last holder has closed it */
        used += (size_t)got;
    }
    screen[used] = '\0';
    close(terminal);
    int status = await(pid, &(struct how){.seconds = 10});
    return status;
}

static size_t columns_of(const char *text, size_t length) {
    size_t n = 0;
    for (size_t i = 0; i < length; i++) n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

static void test_progress_on_a_terminal(void **state) {
    (void)state;
    static char screen[SCREEN];
    static const char erase[] = "\r\033[K";
    static const char *const args[MAX_ARGS] = {"run", "small.json", "--out", "o", LONG_RUN};
    char out[2 * PATH_MAX];
    size_t n_live = 0, n_out;
    assert_int_equal(run_on_terminal(args, false, screen), 0);
    /* One line that is drawn again and again, each time within the width; nothing scrolls before the end. */
    expect_expected(screen, "\ntraining ");
    char *live = strstr(screen, "\r\ntraining 0/720 epochs 0%");
    const char *ended = strstr(screen, "| took 00:"); /* the end of the line is no live one */
    assert_true(live && ended && live < ended);
    for (char *at = live; (at = strstr(at, erase)); n_live++) {
        at += strlen(erase);
        char *next = strstr(at, erase);
        if (!next || next > ended) break;
        if (columns_of(at, (size_t)(next - at)) > COLUMNS)
            fail_msg("wider than %d columns: %.*s", COLUMNS, (int)(next - at), at);
        if (memchr(at, '\n', (size_t)(next - at))) fail_msg("the live line scrolled: %.*s", (int)(next - at), at);
    }
    assert_true(n_live >= 3);
    /* The last one stays, whole. */
    assert_non_null(strstr(screen, "training 720/720 epochs 100% | took 00:"));
    assert_non_null(strstr(screen, "verdict 100/100 replicates 100% | took 00:"));
    assert_int_equal(count_lines(strstr(screen, "expected: ")), 3); /* that, and how both ended */
    /* Results come undisturbed. */
    snprintf(out, sizeof out, "%s/out", base_dir);
    char *result = get_file(out, &n_out);
    assert_true(result && n_out > 500);
    for (size_t i = 0; i < n_out; i++)
        if ((unsigned char)result[i] < 0x20 && result[i] != '\n') fail_msg("control character %d on stdout", result[i]);
    free(result);
}

static void test_results_fit_the_terminal(void **state) {
    (void)state;
    static char screen[SCREEN];
    static const char *const args[MAX_ARGS] = {"run", "small.json", "--out", "o", "--no-report", "--quiet"};
    assert_int_equal(run_on_terminal(args, true, screen), 0);
    assert_non_null(strstr(screen, "long gate"));
    for (char *line = strtok(screen, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        if (columns_of(line, strlen(line)) > COLUMNS) fail_msg("wider than %d columns: %s", COLUMNS, line);
        for (const char *at = line; *at; at++)
            if ((unsigned char)*at < 0x20) fail_msg("control character %d in: %s", *at, line);
    }
}

/* An error on a terminal is a line of its own, also when a live line stands there. */
static void test_error_on_a_terminal(void **state) {
    (void)state;
    static char screen[SCREEN];
    static const char *const args[MAX_ARGS] = {"run", "small.json", "--out", "o", "--set", "training.epochs=none"};
    assert_int_equal(run_on_terminal(args, true, screen), 2);
    assert_string_equal(
        screen, "gatewalk: --set training.epochs=none: training.epochs must be a whole number, not a string\r\n");
}

#define TEST(name) cmocka_unit_test_teardown(name, forget_output)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_interrupt_and_continue), TEST(test_interrupt_over_a_finished_run),
        TEST(test_progress_in_a_log),      TEST(test_quiet),
        TEST(test_progress_on_a_terminal), TEST(test_results_fit_the_terminal),
        TEST(test_error_on_a_terminal),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
