/* One run directory: two processes that want it at once, one that was killed in it, and what an earlier run left. */
#include "engine/base/base.h"
#include "program.h"
#include "run_tree.h"

#define ENDLESS "--set", "training.epochs=100000", "--set", "training.patience=0", "--jobs", "1", "--quiet"

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    put_small_experiment();
    put_text("study.json", "{\"name\": \"st\", \"experiment\": \"small.json\", \"stages\": [{\"name\": \"units\", "
                           "\"variants\": [{\"name\": \"b\", \"model\": {\"attention\": \"bahdanau\"}}]}]}");
    run_fine(&run, "run", "small.json", "--out", "done", "--no-report", "--quiet");
    run_free(&run);
    return 0;
}

static int forget_output(void **state) {
    (void)state;
    remove_tree(work("o"));
    remove_tree(work("p"));
    return 0;
}

/* run.json marks the folder first; when it says "running" the training begins. */
static bool has_come(const char *name) {
    char *text = strstr(name, "run.json") ? get_file(work(name), NULL) : NULL;
    bool running = text && strstr(text, "\"status\": \"running\"");
    free(text);
    return strstr(name, "run.json") ? running : is_there(name);
}

static void await_file(const char *name) {
    for (double begun = now_seconds(); !has_come(name);) {
        if (now_seconds() - begun > TIMEOUT_SECONDS) fail_msg("%s does not appear", name);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static pid_t start_endless(const char *command, const char *file, const char *dir, const char *sign) {
    const char *const args[MAX_ARGS] = {command, file, "--out", dir, ENDLESS};
    pid_t pid = start(args, &(struct how){0}, work("../out of the first"), work("../err of the first"));
    assert_true(pid > 0);
    await_file(sign);
    return pid;
}

static void kill_hard(pid_t pid) {
    int status;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* ---- two at once ------------------------------------------------------------------------------------------- */

/* The second is turned away with one line that names the first, and touches nothing. */
static void assert_turned_away(const char *const *args, pid_t holder) {
    char *before = list_tree(work("o"), true), says[100];
    struct run run;
    snprintf(says, sizeof says, "gatewalk: o: is in use by another gatewalk (process %d); ", (int)holder);
    run_how(&run, &(struct how){.seconds = 20}, args);
    if (run.status != 1 || run.n_out || count_lines(run.err) != 1) fail_msg("exit %d: %s", run.status, run.err);
    /* The process is told where the kernel's list of locks can be read. */
    if (strncmp(run.err, says, strlen(says)) != 0 && !strstr(run.err, "gatewalk: o: is in use by another gatewalk; "))
        fail_msg("does not say \"%s\": %s", says, run.err);
    run_free(&run);
    char *after = list_tree(work("o"), true);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void test_second_run_is_turned_away(void **state) {
    (void)state;
    static const char *const again[][MAX_ARGS] = {
        {"run", "small.json", "--out", "o", "--no-report"},
        {"run", "small.json", "--out", "o", "--set", "seeds=2"},
        {"run", "small.json", "--out", "./o/../o/", "--data", "no such file.csv"}, /* before it reads any data */
        {"study", "study.json", "--out", "o", "--no-report"},
    };
    pid_t first = start_endless("run", "small.json", "o", "o/run.json");
    struct run run;
    for (size_t i = 0; i < COUNT_OF(again); i++)
        if (i != 2) assert_turned_away(again[i], first);
    run_how(&run, &(struct how){0}, again[2]);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "is in use by another gatewalk"));
    run_free(&run);
    run_fine(&run, "run", "small.json", "--out", "p", "--no-report", "--quiet"); /* elsewhere is fine */
    run_free(&run);
    assert_same_runs("p", "done");
    /* Killed, it leaves no lock behind. */
    kill_hard(first);
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    char *tree = list_tree(work("o"), false), *kept = list_tree(work("done"), false);
    assert_int_equal(count_lines(tree), count_lines(kept));
    free(tree);
    free(kept);
    assert_same_runs("o", "done");
}

static void test_second_study_is_turned_away(void **state) {
    (void)state;
    static const char *const study[MAX_ARGS] = {"study", "study.json", "--out", "o", "--no-report"},
                             *const run_args[MAX_ARGS] = {"run", "small.json", "--out", "o", "--no-report"};
    pid_t first = start_endless("study", "study.json", "o", "o/stages/units/models");
    assert_turned_away(study, first);
    assert_turned_away(run_args, first);
    kill_hard(first);
    struct run run;
    run_fine(&run, "study", "study.json", "--out", "o", "--force", "--no-report", "--quiet");
    run_free(&run);
    assert_true(is_there("o/study.json") && is_there("o/summary.json"));
}

/* A program that a test started dies with the test, whatever kills that. */
static void test_children_die_with_the_test(void **state) {
    (void)state;
    int status, ends[2];
    pid_t child = 0;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* the orphan becomes ours */
    assert_int_equal(pipe(ends), 0);
    pid_t test = fork();
    assert_true(test >= 0);
    if (test == 0) {
        pid_t pid = start_endless("run", "small.json", "o", "o/run.json");
        if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(ends[0], &child, sizeof child), sizeof child);
    kill_hard(test);
    double begun = now_seconds();
    pid_t got = 0;
    while (got == 0 && now_seconds() - begun < 5) got = waitpid(child, &status, WNOHANG);
    if (got == 0) kill_hard(child);
    assert_int_equal(got, child);
    assert_true(WIFSIGNALED(status));
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    close(ends[0]);
    close(ends[1]);
}

/* ---- what an earlier run left --------------------------------------------------------------------------------- */

static const char *const drawn[] = {
    "o/report.pdf",       "o/report.html", "o/plots/equity.png", "o/plots/equity-2.png", "o/plots/attention_lag.png",
    "o/plots/summary.pdf"};
static const char *const foreign[] = {"o/plots/equity-old.png", "o/plots/mine.png", "o/plots/equity.png.txt"};

static void put_earlier_report(void) {
    mkdir(work("o/plots"), 0700);
    for (size_t i = 0; i < COUNT_OF(drawn); i++) put_text(drawn[i], "drawn of earlier results");
    for (size_t i = 0; i < COUNT_OF(foreign); i++) put_text(foreign[i], "somebody's own");
}
static void assert_report_is(bool there) {
    for (size_t i = 0; i < COUNT_OF(drawn); i++)
        if (is_there(drawn[i]) != there) fail_msg("%s %s", drawn[i], there ? "is gone" : "is still there");
    for (size_t i = 0; i < COUNT_OF(foreign); i++) assert_true(is_there(foreign[i]));
}

static void test_no_report_of_other_results_stays(void **state) {
    (void)state;
    static const char *const refused[][MAX_ARGS] = {
        {"run", "small.json", "--out", "o", "--no-report", "--set", "training.epochs=no"},
        {"run", "small.json", "--out", "o", "--no-report", "--data", "small.json"},
        {"study", "study.json", "--out", "o", "--no-report", "--data", "small.json"},
    };
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    put_earlier_report();
    for (size_t i = 0; i < COUNT_OF(refused); i++) { /* what does not begin changes nothing */
        run_how(&run, &(struct how){0}, refused[i]);
        assert_true(run.status == 2 || run.status == 3);
        run_free(&run);
        assert_report_is(true);
        assert_same_runs("o", "done");
    }
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet", "--set", "training.epochs=1",
             "--force");
    run_free(&run);
    assert_report_is(false);
    for (size_t i = 0; i < COUNT_OF(foreign); i++) unlink(work(foreign[i]));
    run_fine(&run, "run", "small.json", "--out", "o", "--force", "--no-report", "--quiet");
    run_free(&run);
    assert_false(is_there("o/plots"));
}

/* ---- what is read stays ------------------------------------------------------------------------------------------ */

static void test_nothing_that_is_read_is_written_over(void **state) {
    (void)state;
    static const char *const over[][MAX_ARGS] = {
        {"features", "small.json", "--out", "small.npy"}, /* small.json would hold its names */
        {"features", "small.json", "--out", "rw.csv"},
        {"features", "small.json", "--out", "rw.npy"},
        {"score", "done", "rw.csv", "--strategy", "bahdanau", "--out", "./rw.csv"},
        {"init", "rw.csv", "--out", "rw.csv", "--force"},
    };
    static const char *const read[] = {"small.json", "rw.csv"};
    size_t n[COUNT_OF(read)];
    char *text[COUNT_OF(read)];
    for (size_t i = 0; i < COUNT_OF(read); i++) text[i] = get_file(work(read[i]), &n[i]);
    for (size_t c = 0; c < COUNT_OF(over); c++) {
        struct run run;
        run_how(&run, &(struct how){0}, over[c]);
        if (run.status != 2 || !strstr(run.err, "would be written over"))
            fail_msg("%s ends with %d: %s", over[c][0], run.status, run.err);
        run_free(&run);
    }
    assert_false(is_there("small.npy") || is_there("rw.npy"));
    for (size_t i = 0; i < COUNT_OF(read); i++) {
        size_t now;
        char *same = get_file(work(read[i]), &now);
        assert_int_equal(now, n[i]);
        assert_memory_equal(same, text[i], now);
        free(same);
        free(text[i]);
    }
}

/* ---- folders of others ------------------------------------------------------------------------------------------ */

static void put_victims(void) {
    static const char *const name[] = {"o/report.pdf", "o/plots/equity.png", "o/summary.json", "o/scores.csv"};
    mkdir(work("o"), 0700);
    mkdir(work("o/plots"), 0700);
    for (size_t i = 0; i < COUNT_OF(name); i++) put_text(name[i], "somebody's own work");
}

/* Exit 2, one line that says all of `says`, and not a byte of the folder changed. */
static void assert_refused(const char *command, const char *experiment, const char *says) {
    const char *const args[MAX_ARGS] = {command, experiment, "--out", "o", "--no-report"};
    char *before = list_tree(work("."), true);
    struct run run;
    run_how(&run, &(struct how){0}, args);
    char *after = list_tree(work("."), true);
    if (run.status != 2 || count_lines(run.err) != 1 || !strstr(run.err, says))
        fail_msg("exit %d, not \"%s\": %s", run.status, says, run.err);
    if (strcmp(before, after) != 0) fail_msg("files before:\n%s\nand after:\n%s", before, after);
    free(before);
    free(after);
    run_free(&run);
}

static void test_folders_of_others_are_left_alone(void **state) {
    (void)state;
    static const char *const folder[] = {"models", "stages", "run.json", NULL};
    static const char *const file[] = {"",
                                       "my own notes",
                                       "[]",
                                       "{}",
                                       "{\"status\": \"finished\", \"build\": {\"version\": \"1\"}}",
                                       "{\"schema\": 2}",
                                       "{\"schema\": \"2\", \"status\": \"finished\", \"build\": {\"version\": \"1\"}}",
                                       "{\"schema\": 1000, \"status\": \"finished\", \"build\": {\"version\": \"1\"}}",
                                       "{\"schema\": 1.5, \"status\": \"finished\", \"build\": {\"version\": \"1\"}}"};
    for (size_t i = 0; i < COUNT_OF(folder); i++) {
        char name[40];
        put_victims();
        snprintf(name, sizeof name, "o/%s", folder[i] ? folder[i] : ".");
        mkdir(work(name), 0700);
        assert_refused("run", "small.json", "o is not empty and holds no gatewalk run");
        assert_refused("study", "study.json", "give another --out");
        remove_tree(work("o"));
    }
    for (size_t i = 0; i < COUNT_OF(file); i++) {
        put_victims();
        put_text("o/run.json", file[i]);
        assert_refused("run", "small.json", "o is not empty and holds no gatewalk run");
        remove_tree(work("o"));
    }
}

/* Somebody who can write into a run's folder cannot make the next run write or delete elsewhere. */
static void test_planted_links_are_not_followed(void **state) {
    (void)state;
    static const char *const link[] = {"o/plots", "o/models", "o/stages", "o/models/lstm-s1-f1.safetensors",
                                       "o/scores.csv"};
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    mkdir(work("p"), 0700);
    put_text("p/equity.png", "somebody's own work");
    put_text("p/report.pdf", "somebody's own work");
    for (size_t i = 0; i < COUNT_OF(link); i++) {
        bool moved = rename(work(link[i]), work("aside")) == 0;
        assert_int_equal(symlink(work("p"), work(link[i])), 0);
        assert_refused("run", "small.json", "is a symbolic link");
        assert_refused("study", "study.json", "is a symbolic link");
        unlink(work(link[i]));
        if (moved) assert_int_equal(rename(work("aside"), work(link[i])), 0);
    }
    assert_int_equal(mkfifo(work("o/trades"), 0600), 0);
    assert_refused("run", "small.json", "o/trades: is no file");
    unlink(work("o/trades"));
    /* `report` alone draws into it, too. */
    assert_int_equal(symlink(work("p"), work("o/plots")), 0);
    char *before = list_tree(work("p"), true);
    const char *const args[MAX_ARGS] = {"report", "o"};
    run_how(&run, &(struct how){0}, args);
    char *after = list_tree(work("p"), true);
    assert_string_equal(before, after);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "o/plots: is a symbolic link"));
    free(before);
    free(after);
    run_free(&run);
}

/* What a killed run leaves goes with the next one, and nothing else does. */
static void test_leftovers_of_killed_runs_are_swept(void **state) {
    (void)state;
    static const char *const ours[] = {"o/scores.csv.999999-3.tmp", "o/models/lstm-s1-f1.safetensors.999999-12.tmp",
                                       "o/run.json.999999-0.tmp", "o/plots/equity.png.999999-7.tmp"};
    static const char *const theirs[] = {"o/notes.tmp", "o/a.1-.tmp",       "o/a.-1.tmp",
                                         "o/.12-3.tmp", "o/a.12-3.tmp.txt", "o/a.1x-3.tmp"};
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    mkdir(work("o/plots"), 0700);
    for (size_t i = 0; i < COUNT_OF(ours); i++) put_text(ours[i], "half a file");
    for (size_t i = 0; i < COUNT_OF(theirs); i++) put_text(theirs[i], "somebody's own work");
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (is_there(ours[i])) fail_msg("%s is still there", ours[i]);
    for (size_t i = 0; i < COUNT_OF(theirs); i++)
        if (!is_there(theirs[i])) fail_msg("%s is gone", theirs[i]);
}

/* Killed at its very first write, it can be started again. */
static void test_a_claim_that_was_killed_is_claimed_again(void **state) {
    (void)state;
    struct run run;
    mkdir(work("o"), 0700);
    put_text("o/run.json.999999-0.tmp", "{\"sche");
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    assert_same_runs("o", "done");
    assert_false(is_there("o/run.json.999999-0.tmp"));
}

static void test_modes(void **state) {
    (void)state;
    struct run run;
    struct stat info;
    mode_t mask = umask(0);
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    umask(mask);
    run_free(&run);
    assert_int_equal(stat(work("o/scores.csv"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0644);
    assert_int_equal(stat(work("o/models"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0755);
}

/* A study's path belongs to its own results only. */
static void test_no_path_of_another_study_stays(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "study", "study.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    assert_true(is_there("o/study.json"));
    put_earlier_report();
    run_fine(&run, "run", "small.json", "--out", "o", "--force", "--no-report", "--quiet");
    run_free(&run);
    assert_false(is_there("o/study.json"));
    assert_report_is(false);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget_output)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_second_run_is_turned_away),
        TEST(test_second_study_is_turned_away),
        TEST(test_children_die_with_the_test),
        TEST(test_no_report_of_other_results_stays),
        TEST(test_no_path_of_another_study_stays),
        TEST(test_nothing_that_is_read_is_written_over),
        TEST(test_folders_of_others_are_left_alone),
        TEST(test_planted_links_are_not_followed),
        TEST(test_leftovers_of_killed_runs_are_swept),
        TEST(test_a_claim_that_was_killed_is_claimed_again),
        TEST(test_modes),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
