/* The report of a made-up run: every page is drawn, nothing of the run's text is executed, nothing half-written stays. */
#include "engine/base/base.h"
#include "test.h"

#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "gatewalk/report.h"

enum { PNG_WIDTH = 1754, PNG_HEIGHT = 1240 };
static char room[64];       /* a directory of this program alone */
static char old_path[4096]; /* PATH as we found it */
static bool have_gnuplot;

/* ---- helpers -------------------------------------------------------------------------------------------- */

static void join(char out[1024], const char *dir, const char *name) { assert_ok(path_join(out, 1024, dir, name)); }

static void run_dir(char out[1024], const char *name, const struct fixture *fixture) {
    join(out, room, name);
    assert_ok(dir_make(out));
    fixture_write(out, fixture);
}

static bool is_there(const char *dir, const char *name) {
    char path[1024];
    join(path, dir, name);
    return file_exists(path);
}

static size_t entries(const char *dir, const char *suffix) {
    DIR *stream = opendir(dir);
    size_t n = 0;
    for (struct dirent *e; stream && (e = readdir(stream));) {
        size_t length = strlen(e->d_name), tail = strlen(suffix);
        n += e->d_name[0] != '.' && length >= tail && strcmp(e->d_name + length - tail, suffix) == 0;
    }
    if (stream) closedir(stream);
    return n;
}

static char *slurp(const char *dir, const char *name, size_t *length) {
    char path[1024], *text;
    join(path, dir, name);
    assert_ok(file_read_all(path, (size_t)64 << 20, GW_ERR_IO, &text, length));
    return text;
}

static unsigned big_endian(const unsigned char *at) {
    return (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3];
}

static void check_png(const char *dir, const char *name) {
    size_t length;
    char *bytes = slurp(dir, name, &length);
    assert_true(length > 5000);
    assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(big_endian((unsigned char *)bytes + 16), PNG_WIDTH);
    assert_int_equal(big_endian((unsigned char *)bytes + 20), PNG_HEIGHT);
    assert_memory_equal(bytes + length - 8, "IEND", 4);
    mem_free(bytes);
}

/* Pages of a cairo PDF: objects "/Type /Page" that are not "/Type /Pages". */
static size_t pdf_pages(const char *dir, const char *name) {
    size_t length, n = 0;
    char *bytes = slurp(dir, name, &length);
    assert_memory_equal(bytes, "%PDF-", 5);
    for (char *at = bytes; (at = memmem(at, length - (size_t)(at - bytes), "/Type /Page", 11)); at += 11)
        n += at[11] != 's';
    mem_free(bytes);
    return n;
}

static void write_tool(const char *dir, const char *body) {
    char path[1024];
    assert_ok(dir_make(dir));
    join(path, dir, "gnuplot");
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fprintf(to, "#!/bin/sh\n%s\n", body);
    fclose(to);
    assert_int_equal(chmod(path, 0755), 0);
}

/* A stand-in for gnuplot goes first in PATH. */
static void use_tool(const char *name, const char *body) {
    char dir[1024], path[sizeof dir + sizeof old_path];
    join(dir, room, name);
    write_tool(dir, body);
    snprintf(path, sizeof path, "%s:%s", dir, old_path);
    setenv("PATH", path, 1);
}

static int restore_path(void **state) {
    (void)state;
    setenv("PATH", old_path, 1);
    return 0;
}

#define NEEDS_GNUPLOT()                                                                                                \
    do {                                                                                                               \
        if (!have_gnuplot) {                                                                                           \
            print_message("skipped: gnuplot is not here\n");                                                           \
            skip();                                                                                                    \
        }                                                                                                              \
    } while (0)

static struct fixture small(void) {
    struct fixture f = fixture_rich;
    f.n_models = 2;
    f.n_others = 1;
    f.n_seeds = 2;
    f.n_folds = 3;
    f.bars_per_fold = 300;
    return f;
}

/* ---- drawing ---------------------------------------------------------------------------------------------- */

/* The wrapper keeps what gnuplot complains about and a copy of every script it was given. */
static void test_every_plot_is_drawn(void **state) {
    (void)state;
    NEEDS_GNUPLOT();
    struct fixture f = fixture_rich;
    f.bars_per_fold = 250;
    f.n_models = 4; /* the fourth has several heads */
    f.study = f.patterns = f.search = true;
    f.n_seeds = 2;
    char dir[1024], body[6000], plots[1024];
    run_dir(dir, "rich", &f);
    snprintf(body, sizeof body,
             "PATH='%s'; gnuplot \"$@\" 2>'%s/complaints'; rc=$?; cat '%s/complaints' >>'%s/all-complaints'; exit $rc",
             old_path, room, room, room);
    use_tool("wrapper", body);
    assert_ok(gw_report_render(dir, NULL));
    join(plots, dir, GW_RUN_PLOTS);
    for (size_t i = 0; i < gw_plot_count(); i++) {
        char name[100];
        snprintf(name, sizeof name, "%s.png", gw_plot_name(i));
        assert_true(name_is_safe(name));
        check_png(plots, name);
        assert_true(strlen(gw_plot_help(i)) > 10);
    }
    assert_null(gw_plot_name(gw_plot_count()));
    assert_int_equal(pdf_pages(dir, GW_RUN_REPORT), entries(plots, ".png"));
    size_t length;
    char *said = slurp(room, "all-complaints", &length);
    assert_string_equal(said, ""); /* no warning about empty files, missing fonts, bad ranges */
    mem_free(said);
}

/* The script as it stands among the sources. */
static char *source_of(const char *script, size_t *length) {
    static const char *const room_of[] = {"reports/plots", "reports/page"};
    for (size_t i = 0; i < COUNT_OF(room_of); i++)
        if (is_there(room_of[i], script)) return slurp(room_of[i], script, length);
    fail_msg("%s is nobody's source", script);
    return NULL;
}

/* Scripts are fixed text: gnuplot is given what the sources hold, byte for byte. */
static void check_script(const char *dir, const char *name) {
    size_t length, source_length;
    char *text = slurp(dir, name, &length), *source = source_of(name, &source_length);
    assert_int_equal(length, source_length);
    assert_memory_equal(text, source, length);
    mem_free(text);
    mem_free(source);
}

/* What varies before a script runs: numbers, and in report.set names of our own files. Returns the number of lines. */
static size_t check_numbers(const char *dir, const char *name) {
    regex_t line;
    assert_int_equal(regcomp(&line,
                             strcmp(name, "report.set") == 0
                                 ? "^(array [a-z_]+\\[[0-9]+\\]|[a-z_]+(\\[[0-9]+\\])? = ([0-9.]+|'[A-Za-z0-9_.-]+'))$"
                                 : "^(array [a-z_]+\\[[0-9]+\\]|[a-z_0-9]+(\\[[0-9]+\\])? = (NaN|[-+0-9.e]+))$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    size_t length, n = 0;
    char *text = slurp(dir, name, &length), *rest = NULL;
    assert_int_equal(strlen(text), length);
    for (char *at = strtok_r(text, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest), n++)
        if (regexec(&line, at, 0, NULL, 0) != 0) fail_msg("%s holds more than numbers: %s", name, at);
    regfree(&line);
    mem_free(text);
    return n;
}

static bool holds(const char *dir, const char *name, const char *words) {
    size_t length;
    char *text = slurp(dir, name, &length);
    bool found = strstr(text, words) != NULL;
    mem_free(text);
    return found;
}

/* Each of these would run something if any text reached a command line of gnuplot or a shell. */
static void test_hostile_text_is_only_text(void **state) {
    (void)state;
    NEEDS_GNUPLOT();
    char dir[1024], title[2048], body[6000], copies[1024];
    struct fixture f = small();
    snprintf(
        title, sizeof title,
        "ZQX \" ' `touch %s/hit1` $(touch %s/hit2)\nsystem('touch %s/hit3')\n< touch %s/hit4\n"
        "| touch %s/hit5 @ZQX %%s %%n {/Bold x}_a^b \\n \\ # ; ! touch %s/hit6\n!touch %s/hit7\ttab \x01\x7f \xff\xfe",
        room, room, room, room, room, room, room);
    f.title = title;
    f.name = title;
    run_dir(dir, "hostile", &f);
    join(copies, room, "scripts");
    assert_ok(dir_make(copies));
    snprintf(body, sizeof body, "cp *.* '%s'; PATH='%s'; exec gnuplot \"$@\"", copies, old_path);
    use_tool("copier", body);
    assert_ok(gw_report_render(dir, &(struct gw_report_options){.pdf = true}));
    for (int i = 1; i <= 7; i++) {
        char name[16];
        snprintf(name, sizeof name, "hit%d", i);
        assert_false(is_there(room, name));
        assert_false(is_there(dir, name));
    }
    DIR *stream = opendir(copies);
    assert_non_null(stream);
    size_t scripts = 0, numbers = 0, texts = 0;
    for (struct dirent *e; (e = readdir(stream));) {
        const char *kind = strrchr(e->d_name, '.');
        if (e->d_name[0] == '.' || !kind) continue;
        if (strcmp(kind, ".gp") == 0) {
            check_script(copies, e->d_name);
            scripts++;
        } else if (strcmp(kind, ".set") == 0) {
            numbers += check_numbers(copies, e->d_name);
        } else {
            texts += holds(copies, e->d_name, "ZQX");
        }
    }
    closedir(stream);
    assert_true(scripts > gw_plot_count());
    assert_true(numbers > 100);
    assert_true(texts >= entries(copies, ".set") - 1); /* every page shows the title: it came in as data */
}

static void assert_same_file(const char *a, const char *b, const char *name) {
    size_t n_a, n_b;
    char *in_a = slurp(a, name, &n_a), *in_b = slurp(b, name, &n_b);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(in_a, in_b, n_a);
    mem_free(in_a);
    mem_free(in_b);
}

/* All pages as PDF, and as PNG those of which every kind of drawing is one. */
static void test_same_run_same_bytes(void **state) {
    (void)state;
    NEEDS_GNUPLOT();
    static const char *const picture[] = {"summary", "equity", "attention_signals"};
    char dir[2][1024], name[64];
    struct fixture f = small();
    for (size_t i = 0; i < 2; i++) {
        run_dir(dir[i], i == 0 ? "same-a" : "same-b", &f);
        if (i == 1) sleep(1); /* a time stamp would differ now */
        assert_ok(gw_report_render(dir[i], &(struct gw_report_options){.pdf = true}));
        for (size_t k = 0; k < COUNT_OF(picture); k++)
            assert_ok(gw_report_render(dir[i], &(struct gw_report_options){.only = picture[k], .png = true}));
    }
    assert_same_file(dir[0], dir[1], GW_RUN_REPORT);
    for (size_t k = 0; k < COUNT_OF(picture); k++) {
        snprintf(name, sizeof name, "plots/%s.png", picture[k]);
        assert_same_file(dir[0], dir[1], name);
    }
}

/* Pages to one PDF, or each to a PNG; runs of other strategies, markets and lengths share them. */
static void test_runs_side_by_side(void **state) {
    (void)state;
    NEEDS_GNUPLOT();
    char a[1024], b[1024], c[1024], picture[1024];
    struct fixture f = small(), g = small(), poor = small();
    g.name = "other `touch executed` \"run\"";
    g.n_models = 0;
    poor.empty_tables = poor.no_verdict = true;
    run_dir(a, "side-a", &f);
    run_dir(b, "side-b", &g);
    run_dir(c, "side-c", &poor);
    const char *const dir[] = {a, b, c};
    join(picture, room, "sides.pdf");
    assert_ok(gw_report_compare_pages(dir, 3, picture));
    assert_int_equal(pdf_pages(room, "sides.pdf"), 2);
    join(picture, room, "sides.png");
    assert_ok(gw_report_compare_pages(dir, 3, picture));
    check_png(room, "sides.png");
    check_png(room, "sides-2.png");
    assert_ok(gw_report_compare_pages(dir + 2, 1, picture)); /* without a single account */
    join(picture, room, "sides.txt");
    assert_fails(gw_report_compare_pages(dir, 3, picture), GW_ERR_USAGE, "ends in .png or .pdf");
    const char *const missing[] = {a, "/no/such/run"};
    join(picture, room, "none.pdf");
    assert_fails(gw_report_compare_pages(missing, 2, picture), GW_ERR_DATA, "finished run");
    assert_false(is_there(room, "none.pdf"));
}

static void test_poor_runs_are_drawn(void **state) {
    (void)state;
    NEEDS_GNUPLOT();
    struct {
        const char *name;
        size_t pages;
        const char *missing[4];
        struct fixture f;
    } poor[] = {
        {"one-fold-one-seed", 26, {"attention_heads", "study"}, small()},
        {"no-trades", 14, {"trades", "attention_signals", "breakdown", "symbols"}, small()},
        {"undefined", 19, {"precision_recall", "training", "calibration", "precision_at_k"}, small()},
        {"constant", 26, {NULL}, small()},
        {"empty-tables", 6, {"equity", "returns", "drawdowns", "rolling"}, small()},
        {"one-model", 17, {"verdict", "attention_lag"}, small()},
        {"rules-only", 8, {"precision_recall", "folds", "training", "verdict"}, small()},
        {"no-run-json", 27, {"attention_heads"}, small()},
    };
    poor[0].f.n_seeds = poor[0].f.n_folds = 1;
    poor[1].f.no_trades = true;
    poor[2].f.undefined = true;
    poor[3].f.constant_scores = true;
    poor[4].f.empty_tables = true;
    poor[5].f.n_models = 1;
    poor[5].f.n_others = 0;
    poor[6].f.n_models = 0;
    poor[6].f.n_others = 2;
    poor[7].f.no_run_json = poor[7].f.study = true;
    for (size_t i = 0; i < COUNT_OF(poor); i++) {
        char dir[1024], plots[1024], name[100];
        run_dir(dir, poor[i].name, &poor[i].f);
        assert_ok(gw_report_render(dir, &(struct gw_report_options){.pdf = true}));
        size_t pages = pdf_pages(dir, GW_RUN_REPORT);
        if (pages != poor[i].pages) fail_msg("%s: %zu pages, not %zu", poor[i].name, pages, poor[i].pages);
        join(plots, dir, GW_RUN_PLOTS);
        for (size_t j = 0; j < COUNT_OF(poor[i].missing) && poor[i].missing[j]; j++) {
            const struct gw_report_options one = {.only = poor[i].missing[j], .pdf = true};
            assert_ok(gw_report_render(dir, &one)); /* nothing to show is a note, not a failure */
            snprintf(name, sizeof name, "%s.pdf", one.only);
            if (is_there(plots, name)) fail_msg("%s: %s should have been left out", poor[i].name, name);
        }
    }
}

static void test_only_one_plot(void **state) {
    (void)state;
    NEEDS_GNUPLOT();
    char dir[1024], plots[1024];
    struct fixture f = small();
    run_dir(dir, "only", &f);
    assert_ok(gw_report_render(dir, &(struct gw_report_options){.only = "folds", .png = true, .pdf = true}));
    join(plots, dir, GW_RUN_PLOTS);
    check_png(plots, "folds.png");
    assert_int_equal(entries(plots, ".png"), 1);
    assert_int_equal(pdf_pages(plots, "folds.pdf"), 1);
    assert_false(is_there(dir, GW_RUN_REPORT)); /* the whole report is not replaced by one page */
}

/* A second rendering removes the pictures that the run no longer has. */
static void test_stale_pictures_go(void **state) {
    (void)state;
    NEEDS_GNUPLOT();
    char dir[1024], plots[1024];
    struct fixture f = small();
    run_dir(dir, "stale", &f);
    assert_ok(gw_report_render(dir, &(struct gw_report_options){.only = "trades", .png = true}));
    join(plots, dir, GW_RUN_PLOTS);
    assert_true(is_there(plots, "trades.png"));
    f.no_trades = true;
    fixture_write(dir, &f);
    assert_ok(gw_report_render(dir, &(struct gw_report_options){.only = "trades", .png = true}));
    assert_false(is_there(plots, "trades.png"));
}

/* ---- failures ------------------------------------------------------------------------------------------------ */

static void test_gnuplot_missing(void **state) {
    (void)state;
    char dir[1024];
    struct fixture f = small();
    run_dir(dir, "missing", &f);
    setenv("PATH", "", 1);
    assert_fails(gw_report_render(dir, NULL), GW_ERR_TOOL, "apt install gnuplot-nox");
    assert_non_null(strstr(gw_error_message(), "gatewalk report "));
    unsetenv("PATH");
    assert_fails(gw_report_render(dir, NULL), GW_ERR_TOOL, "not installed");
    assert_false(is_there(dir, GW_RUN_REPORT));
}

static void test_failing_gnuplot_leaves_nothing(void **state) {
    (void)state;
    char dir[1024], path[1024];
    struct fixture f = small();
    run_dir(dir, "failing", &f);
    join(path, dir, GW_RUN_REPORT);
    FILE *old = fopen(path, "w");
    assert_non_null(old);
    fputs("an older report", old);
    fclose(old);
    use_tool("failing-tool",
             "echo '\"summary.gp\" line 3: boom' >&2; echo half >report.pdf; echo half >summary.png; exit 1");
    assert_fails(gw_report_render(dir, NULL), GW_ERR_TOOL, "line 3: boom");
    size_t length;
    char *kept = slurp(dir, GW_RUN_REPORT, &length);
    assert_string_equal(kept, "an older report");
    mem_free(kept);
    join(path, dir, GW_RUN_PLOTS);
    assert_int_equal(entries(path, ".png"), 0);
}

static void test_broken_picture_is_refused(void **state) {
    (void)state;
    char dir[1024];
    struct fixture f = small();
    run_dir(dir, "broken", &f);
    use_tool("broken-tool",
             "for i in 1 2 3 4 5 6 7 8; do echo 'not a pdf, whatever it says' >>report.pdf; done; exit 0");
    assert_fails(gw_report_render(dir, &(struct gw_report_options){.pdf = true}), GW_ERR_TOOL, "broken report.pdf");
    assert_false(is_there(dir, GW_RUN_REPORT));
    use_tool("silent-tool", "exit 0");
    assert_fails(gw_report_render(dir, &(struct gw_report_options){.pdf = true}), GW_ERR_TOOL, "report.pdf");
    use_tool("killed-tool", "kill -9 $$");
    assert_fails(gw_report_render(dir, &(struct gw_report_options){.pdf = true}), GW_ERR_TOOL, "signal 9");
}

static void test_bad_arguments(void **state) {
    (void)state;
    char dir[1024];
    struct fixture f = small();
    run_dir(dir, "arguments", &f);
    assert_fails(gw_report_render(dir, &(struct gw_report_options){.only = "equty", .png = true}), GW_ERR_USAGE,
                 "\"equity\"");
    use_tool("unused-tool", "exit 0");
    assert_fails(gw_report_render(room, NULL), GW_ERR_DATA, "finished run");
    assert_fails(gw_report_text("/nonexistent-run", stdout, 80), GW_ERR_DATA, "/nonexistent-run");
}

static void test_no_temporary_directory_stays(void **state) {
    (void)state;
    char temporary[1024];
    join(temporary, room, "tmp");
    assert_int_equal(entries(temporary, ""), 0);
}

int main(int argc, char **argv) {
    if (argc == 2) { /* make a run to look at: test_report DIR */
        if (dir_make(argv[1]) < 0) return 1;
        fixture_write(argv[1], &fixture_rich);
        return 0;
    }
    snprintf(room, sizeof room, "/tmp/gatewalk-test-report-XXXXXX");
    if (!mkdtemp(room)) return 1;
    char temporary[1024], command[1024];
    snprintf(temporary, sizeof temporary, "%s/tmp", room);
    if (dir_make(temporary) < 0) return 1;
    setenv("TMPDIR", temporary, 1);
    snprintf(old_path, sizeof old_path, "%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    have_gnuplot = system("gnuplot --version >/dev/null 2>&1") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_every_plot_is_drawn, restore_path),
        cmocka_unit_test_teardown(test_hostile_text_is_only_text, restore_path),
        cmocka_unit_test(test_same_run_same_bytes),
        cmocka_unit_test(test_runs_side_by_side),
        cmocka_unit_test(test_poor_runs_are_drawn),
        cmocka_unit_test(test_only_one_plot),
        cmocka_unit_test(test_stale_pictures_go),
        cmocka_unit_test_teardown(test_gnuplot_missing, restore_path),
        cmocka_unit_test_teardown(test_failing_gnuplot_leaves_nothing, restore_path),
        cmocka_unit_test_teardown(test_broken_picture_is_refused, restore_path),
        cmocka_unit_test_teardown(test_bad_arguments, restore_path),
        cmocka_unit_test(test_no_temporary_directory_stays),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf '%s'", room);
    if (system(command) != 0) return 1;
    return failed;
}
