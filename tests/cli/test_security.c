/* Whoever can write beside our files, or has a say in what we read, reaches no other file, no shell and no terminal through us:
 * titles, symbols, file names and notes that try, links and folders that are put in place of ours, and who may read what we
 * leave. */
#include "engine/base/base.h"
#include "program.h"
#include "run_tree.h"

static const char experiment[] =
    "{\"name\":\"x\",\"title\":\"%s\",\"data\":{\"file\":\"%s\",\"symbol\":\"%s\"},\"features\":[\"log_return(1)\"],"
    "\"labels\":{\"horizon\":4,\"ratio\":1.2,\"min_move\":0.002},\"folds\":{\"train\":100,\"validation\":40,\"test\":"
    "60},"
    "\"signals\":{\"k\":[5,20],\"act_on\":20},\"model\":{\"lookback\":4,\"hidden\":2,\"dense_units\":2},\"training\":{"
    "\"epochs\":%d,\"patience\":0,\"batch_size\":64,\"block\":4},\"verdict\":{\"bootstrap\":100,\"null_resamples\":5,"
    "\"random_entries\":20,"
    "\"confidence\":0.9},\"strategies\":[{\"name\":\"a\",\"strategy\":\"gate\",\"model\":{\"attention\":\"none\"}},"
    "\"buy_and_hold\"]}\n";

static void put_experiment(const char *name, const char *title, const char *file, const char *symbol, int epochs) {
    char text[4000];
    snprintf(text, sizeof text, experiment, title, file, symbol, epochs);
    put_text(name, text);
}

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    run_fine(&run, "synth", "random-walk", "--bars", "300", "--seed", "3", "--out", "rw.csv");
    run_free(&run);
    run_fine(&run, "synth", "random-walk", "--bars", "1200", "--seed", "3", "--out",
             "big.csv"); /* large enough to be cached */
    run_free(&run);
    put_experiment("x.json", "t", "rw.csv", "R", 1);
    return 0;
}

static int clean(void **state) {
    (void)state;
    static const char *const made[] = {"o", "p", "q", "runs", "cache"};
    for (size_t i = 0; i < COUNT_OF(made); i++) remove_tree(work(made[i]));
    for (size_t i = 0; i < COUNT_OF(made); i++) unlink(work(made[i]));
    return 0;
}

/* ---- text that tries ------------------------------------------------------------------------------------------- */

/* As JSON writes them. Each would make the file `pwned` where it is taken for code: by gnuplot, a shell, SQL, a terminal. */
static const char *const hostile[] = {
    "`touch pwned`",
    "$(touch pwned)",
    "'; system('touch pwned'); '",
    "\\\"; system \\\"touch pwned\\\"; \\\"",
    "\\n!touch pwned\\n",
    "x\\nsystem('touch pwned')",
    "{/=9 @x} _{a}^{b} %s%n%d \\\\n",
    "| touch pwned",
    "< touch pwned",
    "'); ATTACH 'pwned' AS p; CREATE TABLE p.x(y); --",
    "\\u001b]0;pwned\\u0007\\u001b[2J\\u009b31m",
    "<script>x</script><img src=x onerror=y>",
    "\\u202e\\u2066 evil \\u0000 end",
};

static void assert_no_pwned(const char *after) {
    char *all = list_tree(work_dir, false);
    if (strstr(all, "/pwned ")) fail_msg("%s: somebody made a file:\n%s", after, all);
    free(all);
}

/* Nothing but lines of text; what moves a cursor or turns writing round is no text. */
static void assert_tame(const struct run *run, const char *what) {
    const char *const text[] = {run->out, run->err};
    for (size_t i = 0; i < 2; i++) {
        for (const unsigned char *at = (const unsigned char *)text[i]; *at; at++)
            if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7F || (at[0] == 0xC2 && at[1] < 0xA0))
                fail_msg("%s: byte %02x reaches the terminal", what, *at);
        if (strstr(text[i], "\xE2\x80\xAE") || strstr(text[i], "\xE2\x81\xA6"))
            fail_msg("%s: a mark that turns writing round reaches the terminal", what);
    }
}

#define TAME(...)                                                                                                      \
    do {                                                                                                               \
        struct run run_;                                                                                               \
        run_program(&run_, __VA_ARGS__);                                                                               \
        if (run_.status != 0) fail_msg("%s: exit %d: %s", hostile[i], run_.status, run_.err);                          \
        assert_tame(&run_, hostile[i]);                                                                                \
        run_free(&run_);                                                                                               \
    } while (0)

static void test_titles_are_text(void **state) {
    (void)state;
    if (!has_gnuplot()) print_message("no gnuplot: pictures with hostile titles are skipped\n");
    setenv("GATEWALK_STORE", work("ledger.sqlite"), 1);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        struct run run;
        put_experiment("h.json", hostile[i], "rw.csv", "R", 1);
        run_program(&run, "run", "h.json", "--out", "o", "--force", "--no-report", "--quiet");
        assert_tame(&run, hostile[i]);
        bool taken = run.status == 0;
        if (!taken && run.status != 2) fail_msg("%s: exit %d: %s", hostile[i], run.status, run.err);
        run_free(&run);
        assert_no_pwned(hostile[i]);
        if (!taken) continue;
        if (has_gnuplot()) TAME("report", "o", "--only", "summary");
        TAME("report", "o", "--text");
        TAME("compare", "o", "o");
        TAME("runs");
        assert_no_pwned(hostile[i]);
    }
    setenv("GATEWALK_STORE", "off", 1);
}

/* What people write into the ledger comes back as they wrote it, and does nothing there. */
static void test_notes_and_tags_are_text(void **state) {
    (void)state;
    struct run run;
    setenv("GATEWALK_STORE", work("ledger.sqlite"), 1);
    run_fine(&run, "run", "x.json", "--out", "o", "--force", "--no-report", "--quiet");
    run_free(&run);
    static const char *const word[] = {"'); DROP TABLE runs; --", "\" OR 1=1", "\x1b[2J\x07", "$(touch pwned)", "%n%s"};
    for (size_t i = 0; i < COUNT_OF(word); i++) {
        run_program(&run, "runs", "note", "1", word[i]);
        assert_tame(&run, word[i]);
        assert_in_range(run.status, 0, 2);
        run_free(&run);
        run_program(&run, "runs", "tag", "1", word[i]);
        assert_tame(&run, word[i]);
        run_free(&run);
        run_program(&run, "runs", "--tag", word[i], "--data", word[i]);
        assert_tame(&run, word[i]);
        run_free(&run);
        run_fine(&run, "runs", "show", "1");
        assert_tame(&run, word[i]);
        run_free(&run);
    }
    static const char *const query[] = {"ATTACH 'pwned' AS p",
                                        "DELETE FROM runs",
                                        "SELECT writefile('pwned', 'x')",
                                        "SELECT load_extension('./pwned')",
                                        "PRAGMA journal_mode=DELETE",
                                        "SELECT 1; DROP TABLE runs",
                                        "WITH x AS (SELECT 1) INSERT INTO tags VALUES (1, 'x')",
                                        "VACUUM INTO 'pwned'"};
    for (size_t i = 0; i < COUNT_OF(query); i++) {
        run_program(&run, "runs", "--sql", query[i]);
        if (run.status == 0) fail_msg("taken: %s", query[i]);
        run_free(&run);
        assert_no_pwned(query[i]);
    }
    run_fine(&run, "runs");
    assert_non_null(strstr(run.out, "x"));
    run_free(&run);
    setenv("GATEWALK_STORE", "off", 1);
}

/* Names that a shell, an option parser or a pipe would understand otherwise. */
static void test_names_of_files_are_names(void **state) {
    (void)state;
    static const char *const name[] = {"`touch pwned`.csv", "$(touch pwned).csv", "| touch pwned", "; touch pwned;.csv",
                                       "a\"b'c.csv",        "x\ny.csv",           "\x1b[2J.csv",   "%s%n.csv"};
    size_t n;
    char *bars = get_file(work("rw.csv"), &n);
    assert_non_null(bars);
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        struct run run;
        put_bytes(name[i], bars, n);
        run_program(&run, "inspect", name[i]);
        assert_tame(&run, name[i]);
        if (run.status != 0 && run.status != 3) fail_msg("%s: exit %d: %s", name[i], run.status, run.err);
        run_free(&run);
        run_program(&run, "run", "x.json", "--data", name[i], "--out", "o", "--force", "--no-report", "--quiet");
        assert_tame(&run, name[i]);
        run_free(&run);
        run_program(&run, "run", "x.json", "--out", name[i], "--quiet", has_gnuplot() ? NULL : "--no-report");
        assert_tame(&run, name[i]);
        run_free(&run);
        unlink(work(name[i]));
        remove_tree(work(name[i]));
        assert_no_pwned(name[i]);
    }
    free(bars);
}

/* A symbol and a contestant's name go into names of files: what is no plain word is refused before anything is done. */
static void test_symbols_stay_words(void **state) {
    (void)state;
    static const char *const symbol[] = {"../p", "a/b", "..", "`x`", "a b", "\\u001b[2J", "-rf;x", "$(x)"};
    for (size_t i = 0; i < COUNT_OF(symbol); i++) {
        struct run run;
        put_experiment("h.json", "t", "rw.csv", symbol[i], 1);
        run_program(&run, "run", "h.json", "--out", "o", "--no-report", "--quiet");
        if (run.status != 2) fail_msg("%s: exit %d: %s", symbol[i], run.status, run.err);
        assert_tame(&run, symbol[i]);
        assert_false(is_there("o"));
        run_free(&run);
    }
}

/* ---- in place of ours -------------------------------------------------------------------------------------------- */

/* The folder that a run works in is moved away, and a link to somebody's own, which has the same parts, takes its place. */
static void swap_while_it_runs(const char *moved, const char *link_to, const char *link) {
    struct run run;
    const char *const args[MAX_ARGS] = {"run", "long.json", "--out", "o", "--no-report", "--quiet"};
    char out[2 * PATH_MAX], err[2 * PATH_MAX];
    snprintf(out, sizeof out, "%s/swap.out", base_dir);
    snprintf(err, sizeof err, "%s/swap.err", base_dir);
    put_experiment("long.json", "t", "rw.csv", "R", 3000);
    mkdir(work("p"), 0700);
    mkdir(work("p/models"), 0700);
    put_text("p/scores.csv", "somebody's own work");
    put_text("p/models/a-s1-f001.safetensors", "somebody's own work");
    char *before = list_tree(work("p"), true);
    pid_t pid = start(args, &(struct how){0}, out, err);
    for (double begun = now_seconds(); now_seconds() - begun < 30;) {
        char *text = get_file(work("o/run.json"), NULL);
        bool running = text && strstr(text, "\"status\": \"running\"");
        free(text);
        if (running) break;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(rename(work(link), work(moved)), 0);
    assert_int_equal(symlink(work(link_to), work(link)), 0);
    run.status = await(pid, &(struct how){.seconds = 60});
    run.err = get_file(err, NULL);
    assert_non_null(run.err);
    char *after = list_tree(work("p"), true);
    assert_string_equal(before, after);
    if (run.status != 1) fail_msg("exit %d: %s", run.status, run.err);
    if (!strstr(run.err, "no longer the folder") && !strstr(run.err, "symbolic link")) fail_msg("%s", run.err);
    free(before);
    free(after);
    free(run.err);
    unlink(work(link));
}

static void test_a_folder_put_in_the_place_of_ours(void **state) {
    (void)state;
    swap_while_it_runs("q", "p", "o");
}
static void test_models_put_in_the_place_of_ours(void **state) {
    (void)state;
    swap_while_it_runs("q", "p/models", "o/models");
}

/* A ledger that nobody named is not looked for through a link, and none is made where one leads. */
static void test_a_link_in_place_of_the_ledger(void **state) {
    (void)state;
    static const char *const beside[] = {"runs/trials.sqlite-wal", "runs/trials.sqlite-shm"};
    struct run run;
    unsetenv("GATEWALK_STORE");
    mkdir(work("runs"), 0700);
    put_text("p", "");
    assert_int_equal(symlink(work("p"), work("runs/trials.sqlite")), 0);
    run_fine(&run, "run", "x.json", "--out", "runs/o", "--no-report", "--quiet");
    assert_non_null(strstr(run.err, "trials.sqlite: is a symbolic link"));
    assert_non_null(strstr(run.err, "is not recorded"));
    run_free(&run);
    size_t n;
    free(get_file(work("p"), &n));
    assert_int_equal(n, 0);
    /* Nor do its companions lead anywhere. */
    unlink(work("runs/trials.sqlite"));
    for (size_t i = 0; i < COUNT_OF(beside); i++) assert_int_equal(symlink(work("q"), work(beside[i])), 0);
    run_fine(&run, "run", "x.json", "--out", "runs/o", "--no-report", "--quiet");
    assert_false(is_there("q"));
    run_free(&run);
    setenv("GATEWALK_STORE", "off", 1);
}

/* An entry of the cache that is a link is neither read through nor written through. */
static void test_links_in_the_cache(void **state) {
    (void)state;
    struct run run;
    char own[PATH_MAX + 100], *entry = NULL;
    snprintf(own, sizeof own, "%.4000s/cache", work_dir);
    setenv("GATEWALK_CACHE", own, 1);
    run_fine(&run, "inspect", "big.csv");
    char *golden = strdup(run.out);
    run_free(&run);
    DIR *dir = opendir(own);
    assert_non_null(dir);
    for (struct dirent *at; (at = readdir(dir));)
        if (strstr(at->d_name, ".npy")) entry = strdup(at->d_name);
    closedir(dir);
    assert_non_null(entry);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "cache/%.300s", entry);
    assert_int_equal(rename(work(path), work("p")), 0);
    size_t n, m;
    char *before = get_file(work("p"), &n);
    assert_int_equal(symlink(work("p"), work(path)), 0);
    run_fine(&run, "inspect", "big.csv");
    assert_string_equal(run.out, golden);
    run_free(&run);
    char *after = get_file(work("p"), &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    struct stat info;
    assert_int_equal(lstat(work(path), &info), 0);
    assert_true(S_ISREG(info.st_mode)); /* its own file has taken the link's place */
    setenv("GATEWALK_CACHE", "off", 1);
    free(before);
    free(after);
    free(golden);
    free(entry);
}

/* ---- who may read it ----------------------------------------------------------------------------------------------- */

static mode_t mode_of(const char *name) {
    struct stat info;
    if (lstat(work(name), &info) != 0) fail_msg("no %s", name);
    return info.st_mode & 07777;
}

/* Nobody ever writes into them: whoever waited would wait for good. */
static void test_pipes_in_the_place_of_files(void **state) {
    (void)state;
    static const char *const file[] = {"run.json",   "summary.json", "folds.csv",  "trades.csv",
                                       "orders.csv", "equity.csv",   "scores.csv", "models/a-s1-f001.safetensors"};
    static const char *const command[][MAX_ARGS] = {
        {"report", "o", "--text"},
        {"report", "o", "--json"},
        {"plan", "o"},
        {"replay", "o", "--at", "2020-01-03", "--quiet"},
        {"verify", "o", "--quiet"},
        {"score", "o", "rw.csv", "--strategy", "a", "--fold", "1", "--out", "s.csv"},
        {"compare", "o", "o"},
        {"merge", "o", "--quiet", "--no-report", "--out", "p"},
        {"run", "x.json", "--quiet", "--no-report", "--out", "o"},
    };
    size_t n_refused = 0;
    struct run run;
    run_fine(&run, "run", "x.json", "--quiet", "--no-report", "--out", "o");
    run_free(&run);
    for (size_t i = 0; i < COUNT_OF(file); i++)
        for (size_t c = 0; c < COUNT_OF(command); c++) {
            char path[2 * PATH_MAX], aside[2 * PATH_MAX];
            snprintf(path, sizeof path, "%.4000s/o/%s", work_dir, file[i]);
            snprintf(aside, sizeof aside, "%.4000s/aside", work_dir);
            if (rename(path, aside) != 0) fail_msg("%s is not there", file[i]);
            assert_int_equal(mkfifo(path, 0600), 0);
            run_how(&run, &(struct how){.seconds = 20}, command[c]);
            if (run.status < 0) fail_msg("%s %s waits for a pipe at %s", command[c][0], command[c][1], file[i]);
            if (run.status > 0 && strstr(run.err, "is a pipe")) n_refused++;
            run_free(&run);
            remove_tree(work("p"));
            unlink(path);
            assert_int_equal(rename(aside, path), 0);
        }
    assert_true(n_refused > COUNT_OF(command));
}

static void test_modes(void **state) {
    (void)state;
    char own[PATH_MAX + 100];
    static const mode_t mask[] = {022, 077};
    for (size_t i = 0; i < COUNT_OF(mask); i++) {
        struct run run;
        mode_t old = umask(mask[i]);
        clean(NULL);
        snprintf(own, sizeof own, "%.4000s/cache", work_dir);
        setenv("GATEWALK_CACHE", own, 1);
        setenv("GATEWALK_STORE", work("runs/ledger.sqlite"), 1);
        mkdir(work("runs"), 0700);
        run_fine(&run, "run", "x.json", "--out", "o", "--no-report", "--quiet");
        run_free(&run);
        run_fine(&run, "inspect", "big.csv");
        run_free(&run);
        umask(old);
        static const char *const file[] = {"o/run.json", "o/summary.json", "o/scores.csv",
                                           "o/models/a-s1-f001.safetensors", "runs/ledger.sqlite"};
        static const char *const folder[] = {"o", "o/models"};
        for (size_t f = 0; f < COUNT_OF(file); f++)
            if (mode_of(file[f]) != (0644 & ~mask[i])) fail_msg("%s: %o", file[f], mode_of(file[f]));
        for (size_t f = 0; f < COUNT_OF(folder); f++)
            if (mode_of(folder[f]) != (0755 & ~mask[i])) fail_msg("%s: %o", folder[f], mode_of(folder[f]));
        assert_int_equal(mode_of("cache"), 0700); /* copies of data that others may not be allowed to read */
        setenv("GATEWALK_CACHE", "off", 1);
        setenv("GATEWALK_STORE", "off", 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_titles_are_text, clean),
        cmocka_unit_test_teardown(test_notes_and_tags_are_text, clean),
        cmocka_unit_test_teardown(test_names_of_files_are_names, clean),
        cmocka_unit_test_teardown(test_symbols_stay_words, clean),
        cmocka_unit_test_teardown(test_a_folder_put_in_the_place_of_ours, clean),
        cmocka_unit_test_teardown(test_models_put_in_the_place_of_ours, clean),
        cmocka_unit_test_teardown(test_a_link_in_place_of_the_ledger, clean),
        cmocka_unit_test_teardown(test_links_in_the_cache, clean),
        cmocka_unit_test_teardown(test_pipes_in_the_place_of_files, clean),
        cmocka_unit_test_teardown(test_modes, clean),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
