/* The report as text against stored snapshots, and the small tools that set type: widths, wrapping, ranges, calendar ticks. */
#include <locale.h>

#include "gatewalk/report.h"
#include "reports/page/gnuplot.h"
#include "reports/plots/line_chart.h"
#include "reports/text/text_table.h"
#include "reports/words/metric_words.h"
#include "reports/words/sentences.h"
#include "room.h"

/* ---- snapshots ---------------------------------------------------------------------------------------------- */

/* GATEWALK_UPDATE_GOLDEN=1 rewrites the snapshots; the difference is then reviewed like code. */
static void compare_snapshot(const char *name, char *got, size_t length) {
    char path[1024], *want;
    size_t n;
    snprintf(path, sizeof path, "tests/reports/golden/%s", name);
    if (getenv("GATEWALK_UPDATE_GOLDEN")) {
        FILE *to = fopen(path, "w");
        assert_non_null(to);
        assert_int_equal(fwrite(got, 1, length, to), length);
        fclose(to);
    }
    assert_ok(file_read_all(path, (size_t)1 << 20, GW_ERR_IO, &want, &n));
    assert_string_equal(got, want);
    mem_free(want);
}

static void snapshot_text(const char *name, const struct fixture *f, size_t width) {
    char dir[1024], *text = NULL;
    size_t length = 0;
    run_dir(dir, name, f);
    FILE *to = open_memstream(&text, &length);
    assert_non_null(to);
    assert_ok(gw_report_text(dir, to, width));
    fclose(to);
    for (char *line = text; *line;) { /* nothing is wider than the terminal, nothing ends in spaces */
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = 0;
        if (text_columns(line) > width) fail_msg("%s: wider than %zu: %s", name, width, line);
        assert_false(end > line && end[-1] == ' ');
        *end = '\n';
        line = end + 1;
    }
    compare_snapshot(name, text, length);
    free(text);
}

static void test_text_80(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    snapshot_text("text-80.txt", &f, 80);
}

static void test_text_120(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    snapshot_text("text-120.txt", &f, 120);
}

static void test_text_undefined(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    f.undefined = f.no_trades = true;
    f.n_seeds = 1;
    f.title = "nothing \"defined\" \x1b[31mhere\nat all";
    snapshot_text("text-undefined.txt", &f, 100);
}

static void test_text_infinite(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    f.no_losses = true;
    snapshot_text("text-infinite.txt", &f, 120);
}

static void test_text_study(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    f.n_models = 2;
    f.study = f.reused = true;
    snapshot_text("text-study.txt", &f, 100);
}

static void test_compare(void **state) {
    (void)state;
    char a[1024], b[1024], *text = NULL;
    size_t length = 0;
    struct fixture f = fixture_small(3), g = fixture_small(3);
    g.name = "other-run";
    g.n_models = 1;
    run_dir(a, "compare-a", &f);
    run_dir(b, "compare-b", &g);
    static const struct {
        const char *snapshot;
        size_t width;
    } terminal[] = {{"compare.txt", 160}, {"compare-80.txt", 80}, {NULL, 100}, {NULL, 60}};
    for (size_t i = 0; i < COUNT_OF(terminal); i++) {
        FILE *to = open_memstream(&text, &length);
        assert_non_null(to);
        assert_ok(gw_report_compare((const char *const[]){a, b}, 2, to, terminal[i].width));
        fclose(to);
        if (terminal[i].snapshot) compare_snapshot(terminal[i].snapshot, text, length);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            if (text_columns(line) > terminal[i].width) fail_msg("wider than %zu: %s", terminal[i].width, line);
        free(text);
    }
    assert_fails(gw_report_compare((const char *const[]){a, room}, 2, stdout, 160), GW_ERR_DATA, "finished run");
}

/* ---- type --------------------------------------------------------------------------------------------------- */

static void test_text_safe(void **state) {
    (void)state;
    struct arena arena = {0};
    static const struct {
        const char *in, *out;
    } pair[] = {{"plain", "plain"},
                {"", ""},
                {"a\nb\tc\x7f", "a b c "},
                {"say \"hi\"", "say “hi”"},
                {"\\n \\\\", "∖n ∖∖"},
                {"é ≥ 東", "é ≥ 東"},
                {"\xff\xc3", "??"},
                {"\xc2\x9b[31m", " [31m"},
                {"`x` $(y) @z", "`x` $(y) @z"}};
    for (size_t i = 0; i < COUNT_OF(pair); i++) {
        char *safe = text_safe(&arena, pair[i].in);
        assert_non_null(safe);
        assert_string_equal(safe, pair[i].out);
    }
    arena_free(&arena);
}

static void test_fit_and_wrap(void **state) {
    (void)state;
    struct arena arena = {0};
    const char *long_text = "the quick brown fox jumps over the lazy dog again and again until the line is full";
    double whole = text_width(long_text, 10);
    assert_true(whole > 0.3 && whole < 0.6);
    assert_near(text_width(long_text, 20), 2 * whole, 1e-12, 1);
    assert_string_equal(text_fit(&arena, long_text, 10, whole * 1.001), long_text);
    for (size_t n = 1; n < strlen(long_text); n++) { /* each text fits into its own width */
        char *part = arena_strdup(&arena, long_text + n);
        assert_string_equal(text_fit(&arena, part, 9.5, text_width(part, 9.5)), part);
    }
    for (double part = 0.05; part < 1; part += 0.05) {
        char *fitted = text_fit(&arena, long_text, 10, whole * part);
        assert_true(text_width(fitted, 10) <= whole * part || strcmp(fitted, "…") == 0);
        assert_string_equal(fitted + strlen(fitted) - 3, "…");
    }
    const char *name = "multihead-8x16-causal-lora-r16-v2";
    char *short_name = text_fit(&arena, name, 10, text_width(name, 10) / 2);
    assert_true(text_width(short_name, 10) <= text_width(name, 10) / 2);
    assert_memory_equal(short_name, "multi", 5);
    assert_string_equal(short_name + strlen(short_name) - 2, "v2"); /* names keep their ends */
    char *line[8], joined[200] = "";
    size_t n;
    assert_ok(text_wrap(&arena, long_text, 10, whole / 3, 8, line, &n));
    assert_true(n == 4);
    for (size_t i = 0; i < n; i++) {
        assert_true(text_width(line[i], 10) <= whole / 3);
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", i ? " " : "", line[i]);
    }
    assert_string_equal(joined, long_text); /* no word is lost */
    assert_ok(text_wrap(&arena, long_text, 10, whole / 3, 2, line, &n));
    assert_int_equal(n, 2);
    assert_non_null(strstr(line[1], "…"));
    assert_ok(text_wrap(&arena, "unbreakableunbreakableunbreakable", 10, 0.02, 8, line, &n));
    assert_int_equal(n, 8);
    for (double width = 0.1; width < 0.3; width += 0.01) { /* a number and its percent sign stay together */
        assert_ok(text_wrap(&arena, "better at P@1 % and at P@5 % and at P@10 % of all bars", 10, width, 8, line, &n));
        for (size_t i = 0; i < n; i++) assert_true(line[i][0] != '%');
    }
    assert_ok(text_wrap(&arena, "", 10, 0.5, 8, line, &n));
    assert_int_equal(n, 0);
    arena_free(&arena);
}

static void test_ranges(void **state) {
    (void)state;
    static const struct {
        double lo, hi, want_lo, want_hi;
    } c[] = {{0, 1, 0, 1.1},    {0, 0.97, 0, 1.0},   {-0.3, 0.4, -0.4, 0.5},
             {0.02, 1, 0, 1.1}, {100, 137, 95, 140}, {-20, 0, -22.5, 0}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct gw_range r = range_round((struct gw_range){c[i].lo, c[i].hi});
        assert_true(r.lo <= c[i].lo && r.hi >= c[i].hi);
        assert_near(r.lo, c[i].want_lo, 1e-9, 1e-3);
        assert_near(r.hi, c[i].want_hi, 1e-9, 1e-3);
    }
    struct gw_range r = range_round(range_empty());
    assert_true(r.lo == 0 && r.hi == 1);
    r = range_round((struct gw_range){5, 5}); /* a constant lies inside its axis */
    assert_true(r.lo < 5 && r.hi > 5);
    r = range_round((struct gw_range){0, 0});
    assert_true(r.lo < 0 && r.hi > 0);
    r = range_empty();
    range_add(&r, NAN);
    range_add(&r, INFINITY);
    assert_false(r.lo <= r.hi);
}

static void test_metric_words(void **state) {
    (void)state;
    static const struct {
        const char *key, *brief, *spoken, *full, *unit;
        double scale;
    } c[] = {
        {"average_precision", "AP", "PR-AUC", "average precision", "", 1},
        {"precision_at_5", "P@5%", "P@5 %", "precision @ 5 %", " points", 100},
        {"precision_at_0.5", "P@0.5%", "P@0.5 %", "precision @ 0.5 %", " points", 100},
        {"pnl_mean_at_1_1x", "PnL@1%", "PnL@1 %", "PnL @ 1 %", " %", 100},
        {"pnl_mean_at_1_2x", "pnl_mean_at_1_2x", "pnl_mean_at_1_2x", "pnl_mean_at_1_2x", "", 1},
        {"average_precision_at_5", "average_precision_at_5", "average_precision_at_5", "average_precision_at_5", "", 1},
        {"a\"b\\\n\u00e9", "a?b????", "a?b????", "a?b????", "", 1}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct metric_words words = metric_words(c[i].key);
        assert_string_equal(words.brief, c[i].brief);
        assert_string_equal(words.spoken, c[i].spoken);
        assert_string_equal(words.full, c[i].full);
        assert_string_equal(words.unit, c[i].unit);
        assert_true(words.scale == c[i].scale);
    }
}

/* The ticks of a page's calendar axis as one line of text. */
static void axis(const char *from, const char *to, double width, char out[600]) {
    struct run_view run = {0};
    struct plot_job job = {.run = &run, .plot = plot_at(0), .dir = room};
    struct page page = {.job = &job, .prefix = "axis"};
    assert_ok(page_time_axis(&page, seconds_of(from), seconds_of(to), width));
    assert_ok(page_end(&page));
    char path[1024], *text;
    size_t n;
    join(path, room, "axis.ticks");
    assert_ok(file_read_all(path, 10000, GW_ERR_IO, &text, &n));
    out[0] = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char label[40] = "-", iso[40]; /* "-": a mark without a label */
        long long seconds;
        assert_true(sscanf(line, "%lld\t\"%39[^\"]\"", &seconds, label) >= 1);
        time_format(seconds * NS_PER_SECOND, iso);
        if (label[0] == '2') assert_memory_equal(iso, label, strlen(label)); /* the label says where the tick stands */
        snprintf(out + strlen(out), 600 - strlen(out), "%s ", label);
    }
    mem_free(text);
}

static void test_calendar_ticks(void **state) {
    (void)state;
    char ticks[600];
    axis("2021-01-15", "2021-06-10", 0.87, ticks);
    assert_string_equal(ticks, "2021-02 2021-03 2021-04 2021-05 2021-06 ");
    axis("2017-03-01", "2024-02-01", 0.36, ticks);
    assert_string_equal(ticks, "2018 2019 2020 2021 2022 2023 - "); /* 2024 would reach past the axis */
    axis("2021-03-01", "2021-03-29", 0.36, ticks);
    assert_string_equal(ticks, "2021-03-08 2021-03-22 "); /* Mondays */
    axis("2021-03-01T00:00:00Z", "2021-03-01T12:00:00Z", 0.36, ticks);
    assert_string_equal(ticks, "01 Mar 00:00 01 Mar 06:00 - ");
    axis("1950-01-01", "1971-01-01", 0.36, ticks);
    assert_non_null(strstr(ticks, "1960 ")); /* before 1970 months count backwards */
    axis("2021-03-05", "2021-03-05", 0.36, ticks);
    assert_true(strlen(ticks) > 5);
}

/* ---- gnuplot's keeper ---------------------------------------------------------------------------------------------- */

static void test_timeout(void **state) {
    (void)state;
    char tool[1024];
    struct scratch scratch;
    put_file(room, "sleeper", "#!/bin/sh\nexec sleep 60\n");
    join(tool, room, "sleeper");
    char command[1100];
    snprintf(command, sizeof command, "chmod 755 '%s'", tool);
    assert_int_equal(system(command), 0);
    assert_ok(scratch_open(&scratch));
    double start = clock_seconds();
    assert_fails(gnuplot_run(tool, &scratch, "x.gp", 0.3), GW_ERR_TOOL, "did not finish within");
    assert_true(clock_seconds() - start < 20);
    assert_fails(gnuplot_run("/nonexistent/gnuplot", &scratch, "x.gp", 5), GW_ERR_TOOL, "cannot be executed");
    assert_fails(gnuplot_run(tool, &scratch, "x; rm", 5), GW_ERR_INTERNAL, "script name");
    char dir[sizeof scratch.dir];
    strcpy(dir, scratch.dir);
    put_file(dir, "left-behind", "x");
    scratch_close(&scratch);
    assert_int_not_equal(access(dir, F_OK), 0);
    scratch_close(&scratch);
}

static void test_hostile_summary(void **state) {
    (void)state;
    static const char *const bad[] = {"[]", "3", "{\"strategies\":", ""};
    char dir[1024];
    struct run_view run;
    join(dir, room, "broken-summary");
    assert_ok(dir_make(dir));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        put_file(dir, GW_RUN_SUMMARY, bad[i]);
        assert_fails(run_view_open(dir, &run), GW_ERR_DATA, "summary.json");
    }
    /* Wrong types everywhere are read as missing values, never as a crash. */
    put_file(
        dir, GW_RUN_SUMMARY,
        "{\"schema\": 6, \"name\": 3, \"title\": [], \"symbols\": {}, \"ks\": \"x\", \"seeds\": 1, \"prevalence\": 7, "
        "\"n_bars\": \"many\","
        " \"strategies\": [1, {\"name\": null, \"gates\": []}, {\"name\": \"a\", \"gates\": {\"long\": 3, "
        "\"short\": {\"mean\": []}},"
        " \"portfolio\": \"x\"}], \"verdict\": [4, {\"gates\": 1, \"criteria\": {}, \"conclusion\": 1},"
        " {\"criteria\": [3, {\"state\": \"pass\", \"gates\": [1, {\"gate\": \"long\"}]}, {\"state\": \"see_run\"}],"
        " \"conclusion\": {\"better\": [1, {}], \"worse\": 2, \"state\": [], \"simpler_gate\": \"better\"}}]}");
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    assert_non_null(to);
    assert_ok(gw_report_text(dir, to, 80));
    fclose(to);
    assert_non_null(strstr(text, "—"));
    free(text);
}

/* Whose PnL@K ends trades by the label, and of which gates: said by name, and nothing when there is none. */
static void test_isolated_words(void **state) {
    (void)state;
    static const char text[] = "{\"a\": {\"isolated_exits\": \"own\"}, \"b\": {\"isolated_exits\": \"label\"}}";
    struct json_document *document;
    assert_ok(json_parse("gates", text, strlen(text), GW_ERR_DATA, &document));
    const json_value *own = json_get(json_root(document), "a"), *label = json_get(json_root(document), "b");
    struct strategy_view strategy[] = {{.label = "all", .gate = {label, label}},
                                       {.label = "own", .gate = {own, own}},
                                       {.label = "low", .gate = {own, label}},
                                       {.label = "none"}};
    struct run_view run = {.strategy = strategy, .n_strategies = COUNT_OF(strategy)};
    char said[256];
    isolated_words(&run, said, sizeof said);
    assert_string_equal(
        said, "PnL@K ends trades by the label's bracket and horizon, not by exits of their own: all, low (short).");
    isolated_words(&run, said, 80); /* what does not fit is left out whole */
    assert_string_equal(said, "");
    strategy[0].gate[0] = strategy[0].gate[1] = strategy[2].gate[1] = own;
    isolated_words(&run, said, sizeof said);
    assert_string_equal(said, "");
    json_free(document);
}

int main(void) {
    if (!room_open()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isolated_words), cmocka_unit_test(test_text_80),
        cmocka_unit_test(test_text_120),       cmocka_unit_test(test_text_undefined),
        cmocka_unit_test(test_text_study),     cmocka_unit_test(test_text_infinite),
        cmocka_unit_test(test_compare),        cmocka_unit_test(test_text_safe),
        cmocka_unit_test(test_fit_and_wrap),   cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_metric_words),   cmocka_unit_test(test_calendar_ticks),
        cmocka_unit_test(test_timeout),        cmocka_unit_test(test_hostile_summary),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return room_remove() ? failed : 1;
}
