/* What report.html is made of: escapes, base64, hashes, shortened paths, and data that stay within their bounds. */
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"
#include "reports/html/chart.h"
#include "reports/html/html.h"
#include "reports/html/svg_path.h"
#include "test.h"

static char room[64];

/* What a writer leaves in a file; free it with mem_free. */
static char *written(void (*put)(struct out_file *out, const char *text, size_t length), const char *text,
                     size_t length) {
    char path[1024], *out;
    size_t n;
    struct out_file file;
    assert_ok(path_join(path, sizeof path, room, "piece"));
    assert_ok(out_open(&file, path));
    put(&file, text, length);
    assert_ok(out_commit(&file));
    assert_ok(file_read_all(path, 1 << 20, GW_ERR_IO, &out, &n));
    return out;
}

static void put_text(struct out_file *out, const char *text, size_t length) {
    (void)length;
    html_text(out, text);
}
static void put_base64(struct out_file *out, const char *text, size_t length) { html_base64(out, text, length); }

static void assert_written(void (*put)(struct out_file *out, const char *text, size_t length), const char *text,
                           const char *want) {
    char *got = written(put, text, strlen(text));
    assert_string_equal(got, want);
    mem_free(got);
}

static void test_escapes(void **state) {
    (void)state;
    assert_written(put_text, "", "");
    assert_written(put_text, "a<b>&\"'c", "a&#60;b&#62;&#38;&#34;&#39;c");
    assert_written(put_text, "</script>", "&#60;/script&#62;");
    assert_written(html_data, "{\"a\":\"</script><!--&\"}", "{\"a\":\"\\u003c/script\\u003e\\u003c!--\\u0026\"}");
    assert_written(html_data, "x\xE2\x80\xA8y\xE2\x80\xA9z\xE2\x80\xAA", "x\\u2028y\\u2029z\xE2\x80\xAA");
    assert_written(html_data, "\xE2\x80", "\xE2\x80");
}

/* The vectors of RFC 4648, and a length over several lines of the buffer. */
static void test_base64(void **state) {
    (void)state;
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) assert_written(put_base64, rows[i][0], rows[i][1]);
    char many[9001];
    memset(many, 0, sizeof many);
    char *got = written(put_base64, many, sizeof many);
    assert_int_equal(strlen(got), 4 * ((sizeof many + 2) / 3));
    assert_int_equal(strspn(got, "A"), strlen(got) - 2); /* 9001 zero bytes end in "AA==" */
    mem_free(got);
}

/* Of "abc", as FIPS 180-4 has it, in base64. */
static void test_hash(void **state) {
    (void)state;
    char hash[HTML_HASH_SIZE];
    html_hash((const char *const[]){"a", "bc"}, 2, hash);
    assert_string_equal(hash, "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='");
}

static void assert_path(const char *path, const char *want) {
    char quoted[1000], got[1000];
    snprintf(quoted, sizeof quoted, "%s'/>", path);
    const char *at = quoted;
    *path_shrink(got, &at) = '\0';
    assert_string_equal(got, want);
    assert_string_equal(at, "'/>");
}

static void test_paths(void **state) {
    (void)state;
    assert_path("M61.71,84.14 L1071.50,84.14  ", "M61.7,84.1l1009.8,0");
    assert_path("M10,20 L10.04,20 L10.08,20 L10.12,19.5 \n\t\tL9,19.5 Z",
                "M10,20 L10.04,20 L10.08,20 L10.12,19.5 \n\t\tL9,19.5 Z");
    assert_path("M10,20 L10.04,20 L10.08,20 L10.12,19.5 \n\t\tL9,19.5", "M10,20l.1,0,0-.5-1.1,0");
    assert_path("M0,0 L1,1 L2,0 z M5,5 L6,6", "M0,0l1,1,1-1zM5,5l1,1");
    assert_path("M-1,0 h2 M0,-1 v2", "M-1,0 h2 M0,-1 v2");
    assert_path("M1,2 L3", "M1,2 L3");
    assert_path("M1e9,2 L3,4", "M1e9,2 L3,4");
}

static size_t group_of(struct chart *chart, const char *strategy, const char *seed, const char *symbol) {
    size_t group;
    assert_ok(chart_group_of(chart, strategy, seed, symbol, &group));
    return group;
}

/* More bars and seeds than a page that is sent by mail may hold. */
static void test_bounds(void **state) {
    (void)state;
    enum { BARS = 250000, ROOM = 12 << 20 };
    struct fixture f = fixture_rich;
    f.n_models = 5;
    f.n_seeds = 2;
    char dir[1024], a[40], b[40];
    assert_ok(path_join(dir, sizeof dir, room, "large"));
    assert_ok(dir_make(dir));
    fixture_write(dir, &f);
    FILE *bars = fx_open(dir, GW_RUN_BARS, "time,open_time,symbol,open,high,low,close,volume\n");
    for (size_t i = 0; i < BARS; i++)
        fprintf(bars, "%s,%s,BTCUSDT,%zu,%zu,%zu,%zu,1\n", fx_time((double)i + 1, a), fx_time((double)i, b), i + 2,
                i + 3, i + 1, i + 2);
    fclose(bars);
    FILE *scores = fx_open(dir, GW_RUN_SCORES,
                           "time,open_time,symbol,strategy,seed,fold,p_long,p_short,label_long,label_short,tau_long,"
                           "tau_short\n");
    for (size_t seed = 1; seed <= 2; seed++)
        fprintf(scores, "%s,%s,BTCUSDT,lstm,%zu,1,0.25,0.5,1,0,0.3,\n", fx_time(BARS, a), fx_time(BARS - 1, b), seed);
    fclose(scores);
    struct run_view *run = mem_calloc(1, sizeof *run);
    struct chart chart;
    assert_non_null(run);
    assert_ok(run_view_open(dir, run));
    assert_ok(chart_build(&chart, run));
    const struct chart_axis *axis = &chart.axis[0];
    assert_true(axis->n > 150000 && axis->n * (21 + 8 * f.n_models) <= ROOM);
    assert_true(axis->price[CHART_CLOSE][axis->n - 1] == (float)(BARS + 1)); /* the newest stay */
    assert_true(axis->price[CHART_LOW][0] == (float)(BARS - axis->n + 1));
    assert_non_null(strstr(chart.note, "the last"));
    assert_non_null(strstr(chart.note, "of 250000 bars"));
    assert_non_null(strstr(chart.note, "further seeds are left out"));
    const struct chart_group *first = &chart.group[group_of(&chart, "lstm", "1", "BTCUSDT")];
    const struct chart_group *second = &chart.group[group_of(&chart, "lstm", "2", "BTCUSDT")];
    assert_true(first->p[0] && first->p[0][axis->n - 1] == 0.25F && isnan(first->p[0][0]));
    assert_null(second->p[0]);
    assert_true(first->n_tau == 1 && first->tau[0][0] == 0.3F && isnan(first->tau[1][0]));
    assert_int_equal(axis->label[axis->n - 1], LABEL_LONG_KNOWN | LABEL_LONG | LABEL_SHORT_KNOWN);
    assert_int_equal(group_of(&chart, "nobody", "1", "BTCUSDT"), SIZE_MAX);
    chart_free(&chart);
    run_view_close(run);
    mem_free(run);
}

enum { UNIVERSE = 300, EACH = 1000, LONG_ONE = 2500 };

/* "ETHUSDT" of the summary becomes the names of a universe. */
static void name_universe(const char *dir) {
    char path[1024], *text, *found;
    size_t n;
    assert_ok(path_join(path, sizeof path, dir, GW_RUN_SUMMARY));
    assert_ok(file_read_all(path, 1 << 24, GW_ERR_DATA, &text, &n));
    found = strstr(text, "\"ETHUSDT\"");
    assert_non_null(found);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fwrite(text, 1, (size_t)(found - text), to);
    for (int s = 0; s < UNIVERSE; s++) fprintf(to, "%s\"U%03d\"", s ? "," : "", s);
    fputs(found + strlen("\"ETHUSDT\""), to);
    assert_int_equal(fclose(to), 0);
    mem_free(text);
}

static void fill_universe(const char *dir) {
    char a[40], b[40];
    FILE *bars = fx_open(dir, GW_RUN_BARS, "time,open_time,symbol,open,high,low,close,volume\n");
    FILE *by = fx_open(dir, GW_RUN_BREAKDOWN,
                       "strategy,seed,by,group,trades,wins,gains,losses,pnl,mean_return,fees,slippage,funding,"
                       "bars_held,ambiguous,equity_return\n");
    for (int s = 0; s < UNIVERSE; s++) {
        for (int i = 0; i < (s == 7 ? LONG_ONE : EACH); i++)
            fprintf(bars, "%s,%s,U%03d,%d,%d,%d,%d,1\n", fx_time(i + 1, a), fx_time(i, b), s, i + 2, i + 3, i + 1,
                    i + 2);
        fprintf(by, "lstm,1,symbol,U%03d,9,4,1,1,%d,0.1,0,0,0,9,0,\n", s, s); /* the later the better */
    }
    fclose(bars);
    fclose(by);
    FILE *trades =
        fx_open(dir, GW_RUN_TRADES,
                "strategy,seed,symbol,side,signal_time,entry_time,exit_time,entry_price,exit_price,quantity,"
                "fees,slippage,funding,pnl,return,mae,mfe,bars_held,reason,probability,ambiguous,entry_order,"
                "exit_order\n");
    for (int s = 0; s < UNIVERSE; s += 150)
        fprintf(trades, "lstm,1,U%03d,long,%s,%s,%s,5,6,1,0,0,0,1,0.2,0,0.2,3,target,0.5,0,1,2\n", s, fx_time(4, a),
                fx_time(5, a), fx_time(8, b));
    fclose(trades);
}

/* Of a universe the symbols that brought most and least are drawn, the others' trades are there all the same. */
static void test_universe(void **state) {
    (void)state;
    struct fixture f = fixture_rich;
    char dir[1024];
    struct chart chart;
    size_t drawn = 0;
    f.n_models = 5;
    assert_ok(path_join(dir, sizeof dir, room, "universe"));
    assert_ok(dir_make(dir));
    fixture_write(dir, &f);
    name_universe(dir);
    fill_universe(dir);
    struct run_view *run = mem_calloc(1, sizeof *run);
    assert_non_null(run);
    assert_ok(run_view_open(dir, run));
    assert_ok(chart_build(&chart, run));
    assert_int_equal(chart.n_axes, UNIVERSE + 1);
    for (size_t i = 0; i < chart.n_axes; i++) drawn += chart.axis[i].n > 0;
    assert_true(drawn > 150 && drawn < 250);
    for (size_t s = 0; s < UNIVERSE; s++) {
        const struct chart_axis *axis = &chart.axis[s + 1];
        if (s < drawn / 2 - 2 || s > UNIVERSE - drawn / 2 + 2)
            assert_int_equal(axis->n, s == 7 ? 2000 : EACH);
        else if (s > drawn / 2 + 2 && s < UNIVERSE - drawn / 2 - 2)
            assert_int_equal(axis->n, 0);
    }
    assert_true(chart.axis[8].price[CHART_LOW][1999] == (float)LONG_ONE); /* the newest stay */
    assert_non_null(strstr(chart.note, "of 300 symbols, those whose trades brought most and least"));
    assert_int_equal(chart.trades.n, 2);
    assert_int_equal(chart.group[chart.trades.group[1]].symbol, 151); /* is not drawn */
    assert_int_equal(chart.axis[151].n, 0);
    chart_free(&chart);
    run_view_close(run);
    mem_free(run);
}

static void test_names_have_numbers(void **state) {
    (void)state;
    enum { NAMES = 5000 };
    struct arena arena = {0};
    struct name_index index = {.arena = &arena};
    size_t number;
    char name[32];
    assert_int_equal(name_index_find(&index, ""), SIZE_MAX);
    for (int twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < NAMES; i++) {
            snprintf(name, sizeof name, "%zu", i * 7919 % NAMES);
            assert_ok(name_index_add(&index, name, &number));
            assert_int_equal(number, i);
        }
    assert_int_equal(index.n, NAMES);
    assert_int_equal(name_index_find(&index, "0"), 0);
    assert_int_equal(name_index_find(&index, "5000"), SIZE_MAX);
    name_index_free(&index);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_universe),
        cmocka_unit_test(test_names_have_numbers),
    };
    snprintf(room, sizeof room, "%s/gatewalk-html-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(room)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", room);
    return system(command) != 0 ? 1 : failed;
}
