/* What surrounds the program: odd but good files, hostile names, a full disk, streams that are closed or full, limits and pipes. */
#include <sched.h>
#include <sys/mount.h>
#include <zlib.h>

#include "engine/base/json.h"
#include "surroundings.h"

static bool any_temporary(const char *name) {
    char *tree = list_tree(work(name), false);
    bool found = strstr(tree, ".tmp") != NULL;
    free(tree);
    return found;
}

/* ---- odd but good data ---------------------------------------------------------------------------------- */

static char *plain_text(void) {
    size_t length;
    char *text = get_file(work("rw.csv"), &length);
    assert_non_null(text);
    return text;
}

/* Writes rw.csv with `before` in front and every line break replaced. */
static void put_variant(const char *name, const char *before, const char *line_break, const char *behind) {
    char *text = plain_text();
    FILE *to = fopen(work(name), "wb");
    assert_non_null(to);
    fputs(before, to);
    for (char *at = text; *at; at++) *at == '\n' ? fputs(line_break, to) : fputc(*at, to);
    fputs(behind, to);
    fclose(to);
    free(text);
}

static void put_quoted(const char *name) {
    char *text = plain_text();
    FILE *to = fopen(work(name), "wb");
    assert_non_null(to);
    fputc('"', to);
    for (char *at = text; *at; at++) {
        if (*at == ',')
            fputs("\",\"", to);
        else if (*at == '\n')
            fputs(at[1] ? "\"\n\"" : "\"\n", to);
        else
            fputc(*at, to);
    }
    fclose(to);
    free(text);
}

static void put_gzip(const char *name) {
    char *text = plain_text();
    gzFile to = gzopen(work(name), "wb");
    assert_non_null(to);
    assert_int_equal(gzwrite(to, text, (unsigned)strlen(text)), (int)strlen(text));
    assert_int_equal(gzclose(to), Z_OK);
    free(text);
}

static void accepts(const char *file) {
    struct run run;
    char named[256];
    snprintf(named, sizeof named, "RW=%s", file); /* else the file's name would be the symbol's */
    run_fine(&run, "run", "small.json", "--data", named, "--out", "o", "--no-report", "--quiet");
    assert_same_run("o");
    run_free(&run);
    remove_tree(work("o"));
    unlink(work(file));
}

static void test_good_variants(void **state) {
    (void)state;
    put_variant("v.csv", "", "\r\n", "");
    accepts("v.csv");
    put_variant("v.csv", "\xEF\xBB\xBF", "\n", "");
    accepts("v.csv");
    put_variant("v.csv", "\xEF\xBB\xBF", "\r\n", "\r\n\r\n");
    accepts("v.csv");
    put_variant("v.csv", "\n\n", "\n", "\n \n");
    accepts("v.csv");
    put_quoted("v.csv");
    accepts("v.csv");
    put_gzip("v.csv.gz");
    accepts("v.csv.gz");
    put_gzip("packed-under-a-wrong-name.csv");
    accepts("packed-under-a-wrong-name.csv");
}

static void test_experiment_with_bom_and_crlf(void **state) {
    (void)state;
    FILE *to = fopen(work("bom.json"), "wb");
    assert_non_null(to);
    fputs("\xEF\xBB\xBF", to);
    for (const char *at = small_experiment; *at; at++) *at == '\n' ? fputs("\r\n", to) : fputc(*at, to);
    fclose(to);
    struct run run;
    run_fine(&run, "run", "bom.json", "--out", "o", "--no-report", "--quiet");
    assert_same_run("o");
    run_free(&run);
}

/* ---- the cache of imported bars --------------------------------------------------------------------------- */

static void run_small(struct run *run) {
    remove_tree(work("o"));
    run_fine(run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    assert_same_run("o");
}

static void test_import_cache(void **state) {
    (void)state;
    char folder[2 * PATH_MAX];
    struct stat info;
    struct run run;
    assert_int_equal(stat(work("rw.csv"), &info), 0);
    assert_true(info.st_size > 1 << 16); /* smaller files are not cached */
    snprintf(folder, sizeof folder, "%s", work("cache"));
    setenv("GATEWALK_CACHE", folder, 1);
    for (int i = 0; i < 2; i++) { /* filled, then used */
        run_small(&run);
        assert_int_equal(run.n_err, 0);
        run_free(&run);
    }
    /* Every entry cut off: read anew, without a word. */
    DIR *dir = opendir(folder);
    size_t n = 0;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[300];
        snprintf(path, sizeof path, "cache/%.200s", entry->d_name);
        if (entry->d_name[0] == '.' || stat(work(path), &info) != 0 || !S_ISREG(info.st_mode)) continue;
        assert_int_equal(truncate(work(path), info.st_size / 2), 0);
        n++;
    }
    closedir(dir);
    assert_true(n > 0);
    run_small(&run);
    run_free(&run);
    /* A place that cannot be: one line of warning, the same results. */
    snprintf(folder, sizeof folder, "%s", work("rw.csv/cache"));
    setenv("GATEWALK_CACHE", folder, 1);
    run_small(&run);
    assert_int_equal(count_lines(run.err), 1);
    assert_non_null(strstr(run.err, "GATEWALK_CACHE"));
    run_free(&run);
    setenv("GATEWALK_CACHE", "off", 1);
    remove_tree(work("cache"));
}

/* ---- hostile names ---------------------------------------------------------------------------------------- */

static void write_experiment_titled(const char *title) {
    struct json_document *document;
    assert_ok(json_parse("small", small_experiment, strlen(small_experiment), GW_ERR_CONFIG, &document));
    FILE *to = fopen(work("titled.json"), "w");
    assert_non_null(to);
    struct json_writer w = {.stream = to};
    const json_value *root = json_root(document);
    json_begin_object(&w, NULL);
    for (size_t i = 0; i < json_size(root); i++) {
        const json_value *value = json_at(root, i);
        if (strcmp(json_key(value), "title") == 0)
            json_put_string(&w, "title", title);
        else
            json_put_value(&w, json_key(value), value);
    }
    json_end_object(&w);
    assert_int_equal(fclose(to), 0);
    json_free(document);
}

static void assert_title_kept(const char *dir, const char *title) {
    char path[200];
    struct json_document *document;
    snprintf(path, sizeof path, "%.100s/summary.json", dir);
    assert_ok(json_load(work(path), GW_ERR_DATA, &document));
    assert_string_equal(json_string(json_get(json_root(document), "title"), "none"), title);
    json_free(document);
}

static void test_hostile_titles(void **state) {
    (void)state;
    static const char *const pattern[] = {
        "`touch %s/pwned`",
        "$(touch %s/pwned)",
        "'; system('touch %s/pwned'); set title 'x",
        "\" ; system \"touch %s/pwned\" #\\",
        "a\n!touch %s/pwned\nsystem(\"touch pwned\")\r",
        "< touch %s/pwned",
        "%%n%%s%%s @%s\\n{/Symbol a}_{b}^{c} \u202e\u00fc \xf0\x9f\x92\xa9",
        "| touch %s/pwned; \x1b[2J\x07",
    };
    bool draw = has_gnuplot();
    if (!draw) print_message("gnuplot is not installed: the titles are not drawn\n");
    for (size_t i = 0; i < COUNT_OF(pattern); i++) {
        char title[256];
        struct run run;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        int length = snprintf(title, sizeof title, pattern[i], work_dir);
#pragma GCC diagnostic pop
        assert_in_range(length, 1, 255);
        write_experiment_titled(title);
        run_fine(&run, "run", "titled.json", "--out", "o", "--no-report", "--quiet");
        for (const char *at = run.out; *at; at++)
            if ((unsigned char)*at < 0x20 && *at != '\n') fail_msg("control character %d on stdout", *at);
        run_free(&run);
        assert_title_kept("o", title);
        if (draw) {
            run_fine(&run, "report", "o", "--only", "summary");
            assert_true(is_there("o/plots/summary.png"));
            run_free(&run);
        }
        if (is_there("pwned")) fail_msg("the title was executed: %s", title);
        remove_tree(work("o"));
    }
}

static void test_hostile_paths(void **state) {
    (void)state;
    static const char named[] = "RW=a `touch pwned` $(touch pwned) '\";!#\n.csv", *file = named + 3,
                      out[] = "o/`touch pwned` $(touch pwned)'\"\n";
    struct run run;
    assert_int_equal(rename(work("rw.csv"), work(file)), 0);
    run_program(&run, "run", "small.json", "--data", named, "--out", out, "--no-report", "--quiet");
    assert_int_equal(rename(work(file), work("rw.csv")), 0);
    assert_int_equal(run.status, 0);
    run_free(&run);
    assert_same_run(out);
    if (has_gnuplot()) {
        run_fine(&run, "report", out, "--only", "summary");
        run_free(&run);
    }
    assert_false(is_there("pwned"));
}

/* ---- a full disk -------------------------------------------------------------------------------------------- */

/* In a mount namespace of our own, so that nothing stays mounted whatever happens. */
static bool mount_small(const char *options) {
    mkdir(work("disk"), 0700);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", work("disk"), "tmpfs", 0, options) == 0;
}

static void test_full_disk(void **state) {
    (void)state;
    struct run run;
    if (!mount_small("size=48k")) {
        print_message("skip: mounting a small tmpfs is not permitted here, so no full disk\n");
        skip();
    }
    run_program(&run, "run", "small.json", "--out", "disk/o", "--no-report", "--quiet");
    assert_line(&run, 1, "No space left on device; free some space");
    assert_int_equal(run.n_out, 0);
    assert_false(any_temporary("disk"));
    run_free(&run);
    run_program(&run, "report", "disk/o", "--text");
    assert_line(&run, 3, "run is not finished");
    run_free(&run);
    run_program(&run, "synth", "garch", "--bars", "5000", "--out", "disk/x.csv");
    assert_line(&run, 1, "disk/x.csv: cannot be written: No space left on device; free some space");
    assert_false(is_there("disk/x.csv"));
    assert_false(any_temporary("disk"));
    run_free(&run);
    /* The same command again, after the advice was followed. */
    assert_int_equal(mount("tmpfs", work("disk"), "tmpfs", MS_REMOUNT, "size=8m"), 0);
    run_fine(&run, "run", "small.json", "--out", "disk/o", "--no-report", "--quiet");
    assert_same_run("disk/o");
    run_free(&run);
    umount(work("disk"));
}

/* ---- streams ------------------------------------------------------------------------------------------------ */

static void test_full_stdout(void **state) {
    (void)state;
    static const char *const commands[][MAX_ARGS] = {
        {"--help"},
        {"--version"},
        {"list", "keys"},
        {"list", "features"},
        {"run", "--help"},
        {"inspect", "rw.csv"},
        {"inspect", "rw.csv", "--json"},
        {"folds", "small.json"},
        {"report", "done", "--text"},
        {"compare", "done"},
        {"synth", "garch", "--bars", "10", "--out", "x.csv"},
    };
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        struct run run;
        struct how how = {.out_file = "/dev/full"};
        run_how(&run, &how, commands[i]);
        assert_line(&run, 1, "cannot write");
        run_free(&run);
    }
    unlink(work("x.csv"));
}

static void test_run_with_closed_streams(void **state) {
    (void)state;
    static const char *const args[MAX_ARGS] = {"run", "small.json", "--out", "o", "--no-report"};
    struct run run;
    struct how no_out = {.close_out = true}, neither = {.close_out = true, .close_err = true},
               no_err = {.close_err = true};
    run_how(&run, &no_out, args);
    assert_line(&run, 1, "cannot write to standard output");
    assert_same_run("o");
    run_free(&run);
    remove_tree(work("o"));
    run_how(&run, &neither, args);
    assert_int_equal(run.status, 1);
    assert_same_run("o");
    run_free(&run);
    remove_tree(work("o"));
    run_how(&run, &no_err, args);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "results: o"));
    assert_same_run("o");
    run_free(&run);
}

/* ---- gnuplot -------------------------------------------------------------------------------------------------- */

/* A limit of the file's size is an error like a full disk, not a signal that kills. */
static void test_file_size_limit(void **state) {
    (void)state;
    char command[3 * PATH_MAX];
    snprintf(command, sizeof command,
             "cd '%s' && ulimit -f 8 && '%s' synth random-walk --bars 5000 --out big.csv 2>limit.err", work_dir,
             program_path);
    int status = system(command);
    char *said = get_file(work("limit.err"), NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_non_null(said);
    if (!strstr(said, "big.csv: cannot be written: File too large")) fail_msg("says: %s", said);
    free(said);
    unlink(work("limit.err"));
    char *left = list_tree(work_dir, false);
    assert_null(strstr(left, "big.csv"));
    free(left);
}

/* A pipe that nobody writes into: the first Ctrl-C ends the wait. */
static void test_waiting_for_a_pipe(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(mkfifo(work("pipe.csv"), 0600), 0);
    const char *const args[MAX_ARGS] = {"inspect", "pipe.csv"};
    pid_t pid = start(args, &(struct how){0}, work("../out"), work("../err"));
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    kill(pid, SIGINT);
    struct how how = {.seconds = 5};
    run.status = await(pid, &how);
    unlink(work("pipe.csv"));
    assert_int_equal(run.status, 1);
}

/* A million replicates are worked through for many seconds: the first Ctrl-C ends them, too. */
static void test_interrupted_verdict(void **state) {
    (void)state;
    const char *const args[MAX_ARGS] = {"run",         "small.json", "--out", "o", "--set", "verdict.bootstrap=1000000",
                                        "--no-report", "--quiet"};
    pid_t pid = start(args, &(struct how){0}, work("../out"), work("../err"));
    double begun = now_seconds();
    while (!is_there("o/models/bahdanau-s1-f003.safetensors") && now_seconds() - begun < 20)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    kill(pid, SIGINT);
    begun = now_seconds();
    assert_int_equal(await(pid, &(struct how){0}), 1);
    double seconds = now_seconds() - begun;
    if (seconds > 1) fail_msg("ended after %.1f s", seconds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_good_variants),       TEST(test_experiment_with_bom_and_crlf),
        TEST(test_import_cache),        TEST(test_hostile_titles),
        TEST(test_hostile_paths),       TEST(test_full_disk),
        TEST(test_full_stdout),         TEST(test_run_with_closed_streams),
        TEST(test_file_size_limit),     TEST(test_waiting_for_a_pipe),
        TEST(test_interrupted_verdict),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
