/* Files as people have them: without volume, with times of all kinds, of several symbols, in folders and archives. What
 * pandas writes is tried at large by tests/market/frames.py. */
#include "engine/base/base.h"
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/scratch.h"
#include "engine/market/import/import_tz.h"
#include "engine/market/import/universe.h"
#include "gatewalk/import.h"

#define OHLC ",1,2,.5,1.5,10\n"

static struct gw_import_report report;

static struct gw_bars import_text(const char *name, const char *text, const struct gw_import_options *options) {
    struct gw_bars bars;
    scratch_write(name, text, strlen(text));
    assert_ok(gw_bars_import(scratch(name), options, &bars, &report));
    return bars;
}

static void assert_opens(const struct gw_bars *bars, size_t i, const char *time) {
    char text[40];
    assert_true(i < bars->n);
    assert_string_equal(time_format(bars->bar[i].open_ns, text), time);
}

static void assert_refused(const char *text, const struct gw_import_options *options, int code, const char *message) {
    struct gw_bars bars;
    scratch_write("refused.csv", text, strlen(text));
    assert_fails(gw_bars_import(scratch("refused.csv"), options, &bars, NULL), code, message);
    assert_null(bars.bar);
}

/* ---- zones --------------------------------------------------------------------------------------- */

static void zones_agree_with_python(void **state) {
    (void)state;
    struct table table;
    size_t column[5], n_two = 0, n_none = 0;
    static const char *const name[] = {"zone", "local", "n", "first", "second"};
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) skip();
    assert_ok(table_read("tests/golden/zones.csv", &table));
    for (size_t i = 0; i < 5; i++) assert_ok(table_column(&table, name[i], &column[i]));
    for (size_t row = 0; row < table.n_rows; row++) {
        char **cell = table.cell + row * table.n_columns;
        struct import_tz *tz;
        int64_t local_ns, utc_ns[2], want_ns;
        assert_ok(import_tz_open(cell[column[0]], &tz));
        assert_ok(time_parse(cell[column[1]], &local_ns));
        for (int again = 0; again < 2; again++) { /* with what the first time has left behind */
            size_t n = import_tz_to_utc(tz, local_ns, utc_ns);
            if ((double)n != table_number(&table, row, column[2]))
                fail_msg("%s %s: %zu moments", cell[column[0]], cell[column[1]], n);
            for (size_t i = 0; i < n; i++) {
                assert_ok(time_parse(cell[column[3 + i]], &want_ns));
                if (utc_ns[i] != want_ns) fail_msg("%s %s: another moment", cell[column[0]], cell[column[1]]);
            }
            n_two += n == 2;
            n_none += n == 0;
        }
        import_tz_close(tz);
    }
    assert_true(n_two > 40 && n_none > 40);
    table_free(&table);
}

static void zones_by_shift_and_what_is_none(void **state) {
    (void)state;
    struct gw_import_options options = {.timezone = "+05:30"};
    struct gw_bars bars = import_text(
        "shift.csv", "time,open,high,low,close,volume\n2021-03-01 05:30" OHLC "2021-03-01 06:30" OHLC, &options);
    assert_opens(&bars, 0, "2021-03-01T00:00:00Z");
    assert_string_equal(report.zone, "+05:30");
    assert_false(report.zone_is_guessed);
    gw_bars_free(&bars);
    static const char *const wrong[] = {
        "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "+99", "Europe", "x+y", ""};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        options.timezone = wrong[i];
        assert_refused("time,open,high,low,close,volume\n2021-03-01" OHLC "2021-03-02" OHLC, &options, GW_ERR_CONFIG,
                       "timezone");
    }
    if (access("/usr/share/zoneinfo/America/New_York", R_OK) != 0) skip();
    /* A broker's day ends at New York's close, in summer and in winter. */
    options.timezone = "America/New_York+7";
    bars = import_text("broker.csv",
                       "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
                       "2021.03.12\t00:00:00\t1\t2\t.5\t1.5\t10\t0\t1\n2021.03.16\t00:00:00\t1\t2\t.5\t1.5\t10\t0\t1\n",
                       &options);
    assert_opens(&bars, 0, "2021-03-11T22:00:00Z");
    assert_opens(&bars, 1, "2021-03-15T21:00:00Z");
    gw_bars_free(&bars);
}

/* The hour that comes twice is two hours, upward and downward; the one that never was is refused. */
static void clocks_that_change(void **state) {
    (void)state;
    static const char *const rows[] = {"2021-10-31 01:00" OHLC, "2021-10-31 02:00" OHLC, "2021-10-31 02:00" OHLC,
                                       "2021-10-31 03:00" OHLC};
    static const char *const utc[] = {"2021-10-30T23:00:00Z", "2021-10-31T00:00:00Z", "2021-10-31T01:00:00Z",
                                      "2021-10-31T02:00:00Z"};
    struct gw_import_options options = {.timezone = "Europe/Berlin"};
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) skip();
    for (int down = 0; down < 2; down++) {
        char text[512] = "time,open,high,low,close,volume\n";
        for (size_t i = 0; i < 4; i++) strcat(text, rows[down ? 3 - i : i]);
        struct gw_bars bars = import_text("clocks.csv", text, &options);
        assert_int_equal(bars.n, 4);
        for (size_t i = 0; i < 4; i++) assert_opens(&bars, i, utc[i]);
        gw_bars_free(&bars);
    }
    assert_refused("time,open,high,low,close,volume\n2021-03-28 01:00" OHLC "2021-03-28 02:30" OHLC, &options,
                   GW_ERR_DATA, ":3:1: time \"2021-03-28 02:30\" was shown by no clock there: it was put forward");
}

/* ---- times ----------------------------------------------------------------------------------------- */

static void one_row_decides_day_and_month(void **state) {
    (void)state;
    struct gw_bars bars = import_text("day.csv",
                                      "Date;Open;High;Low;Close;Volume\n11.08.2025;1,5;2,5;0,5;1,5;10\n"
                                      "12.08.2025;1,5;2,5;0,5;1,5;10\n13.08.2025;1,5;2,5;0,5;1,5;10\n",
                                      NULL);
    assert_opens(&bars, 0, "2025-08-11T00:00:00Z");
    assert_true(bars.bar[2].high == 2.5);
    gw_bars_free(&bars);
    bars = import_text("month.csv", "date,open,high,low,close,volume\n8/11/2025" OHLC "8/12/2025" OHLC "8/13/2025" OHLC,
                       NULL);
    assert_opens(&bars, 0, "2025-08-11T00:00:00Z");
    gw_bars_free(&bars);
    const char *undecided = "date,open,high,low,close,volume\n1.2.2025" OHLC "2.2.2025" OHLC;
    assert_refused(undecided, NULL, GW_ERR_DATA, "say \"time_format\": \"%d.%m.%Y\"");
    bars = import_text("told.csv", undecided, &(struct gw_import_options){.time_format = "%d.%m.%Y"});
    assert_opens(&bars, 1, "2025-02-02T00:00:00Z");
    gw_bars_free(&bars);
    assert_refused("date,open,high,low,close,volume\n13.1.2025" OHLC "1.14.2025" OHLC, NULL, GW_ERR_DATA,
                   ":3:1: the day stands first here, the month on line 2");
}

static void time_formats(void **state) {
    (void)state;
    static const struct {
        const char *format, *text, *utc;
    } good[] = {
        {"%Y%m%d%H%M", "202503041530", "2025-03-04T15:30:00Z"},
        {"%d-%b-%y %I:%M %p", "04-Mar-25 03:30 PM", "2025-03-04T15:30:00Z"},
        {"%a %d %B %Y %H:%M:%S.%f", "Tue 4 March 2025 15:30:00.250", "2025-03-04T15:30:00.250Z"},
        {"%Y-%j", "2025-063", "2025-03-04T00:00:00Z"},
        {"%F %T %z", "2025-03-04 15:30:00 +0200", "2025-03-04T13:30:00Z"},
        {"%s", "60", "1970-01-01T00:01:00Z"},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        char text[256];
        struct gw_import_options options = {.time_format = good[i].format, .interval_ns = NS_PER_HOUR};
        snprintf(text, sizeof text, "time,open,high,low,close,volume\n%s" OHLC, good[i].text);
        struct gw_bars bars = import_text("format.csv", text, &options);
        assert_opens(&bars, 0, good[i].utc);
        gw_bars_free(&bars);
    }
    static const char *const bad[] = {"%Q", "%H:%M", "%Y-%m", "%"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_refused("time,open,high,low,close,volume\n1" OHLC, &(struct gw_import_options){.time_format = bad[i]},
                       GW_ERR_CONFIG, "time_format");
    assert_refused("time,open,high,low,close,volume\n2021-03-01" OHLC,
                   &(struct gw_import_options){.time_format = "%d.%m.%Y"}, GW_ERR_DATA,
                   ":2:1: time \"2021-03-01\" is no time; does not fit time_format");
    assert_refused("Date,open,high,low,close,volume\n43831" OHLC "43832" OHLC, NULL, GW_ERR_DATA,
                   ":2:1: time \"43831\" looks like a day number of a spreadsheet");
}

/* ---- what is missing --------------------------------------------------------------------------------- */

static void volume_may_be_missing_or_empty(void **state) {
    (void)state;
    char text[256];
    struct gw_bars bars =
        import_text("none.csv", "time,open,high,low,close\n2021-03-01,1,2,.5,1.5\n2021-03-02,1,2,.5,1.5\n", NULL);
    assert_true(bars.bar[1].volume == 0);
    assert_false(report.has_volume);
    assert_true(gw_import_remark(&report, 0, text) && strstr(text, "no volume column"));
    gw_bars_free(&bars);
    bars = import_text("holes.csv",
                       "time,open,high,low,close,volume\n2021-03-01,1,2,.5,1.5,\n2021-03-02,1,2,.5,1.5,nan\n"
                       "2021-03-03,1,2,.5,1.5,3\n2021-03-04,,,,,\n2021-03-05,1,2,.5,1.5,3\n",
                       NULL);
    assert_int_equal(bars.n, 4);
    assert_int_equal(report.n_empty_volume, 2);
    assert_int_equal(report.n_empty_rows, 1);
    assert_int_equal(report.n_missing_bars, 1);
    assert_true(gw_import_remark(&report, 0, text) && strstr(text, "2 of 5 rows"));
    assert_true(gw_import_remark(&report, 1, text) && strstr(text, "no prices"));
    assert_false(gw_import_remark(&report, 2, text));
    gw_bars_free(&bars);
    bars = import_text("index.csv",
                       ",Open,High,Low,Close,Volume,MA\n2021-03-01"
                       ",1,2,.5,1.5,10,\n2021-03-02,1,2,.5,1.5,10,3\n",
                       NULL);
    assert_opens(&bars, 1, "2021-03-02T00:00:00Z");
    assert_string_equal(report.columns_used, "column 1, Open, High, Low, Close, Volume");
    assert_string_equal(report.columns_ignored, "MA");
    gw_bars_free(&bars);
    assert_refused(",open,high,low,close,volume\n0" OHLC "1" OHLC, NULL, GW_ERR_DATA, "no time column");
}

/* ---- several symbols --------------------------------------------------------------------------------- */

#define STACKED                                                                                                        \
    "date,ticker,open,high,low,close,volume\n"                                                                         \
    "2021-03-01,AAA,1,2,.5,1.5,10\n2021-03-01,B/C,3,4,2.5,3.5,10\n"                                                    \
    "2021-03-02,AAA,1,2,.5,1.5,11\n2021-03-02,B/C,3,4,2.5,3.5,11\n2021-03-03,AAA,1,2,.5,1.5,12\n"

static void stacked_symbols_stay_apart(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_import_report *reports;
    for (int repair = 0; repair < 2; repair++) {
        struct gw_import_options options = {.repair = repair};
        scratch_write("stacked.csv", STACKED, sizeof STACKED - 1);
        assert_ok(gw_market_import(scratch("stacked.csv"), &options, &market, &reports));
        assert_int_equal(market.n_symbols, 2);
        assert_string_equal(market.symbol[0].symbol, "AAA");
        assert_string_equal(market.symbol[1].symbol, "B_C");
        assert_int_equal(market.symbol[0].n, 3);
        assert_int_equal(market.symbol[1].n, 2);
        assert_true(market.symbol[0].bar[2].volume == 12 && market.symbol[1].bar[1].open == 3);
        assert_int_equal(reports[0].n_duplicates + reports[1].n_duplicates, 0);
        gw_import_reports_free(reports);
        gw_market_free(&market);
    }
    struct gw_bars bars = import_text("stacked.csv", STACKED, &(struct gw_import_options){.symbol = "B_C"});
    assert_int_equal(bars.n, 2);
    gw_bars_free(&bars);
    assert_refused(STACKED, NULL, GW_ERR_DATA, "holds 2 symbols; name the one that is meant: AAA, B_C");
    assert_refused(STACKED, &(struct gw_import_options){.symbol = "CCC"}, GW_ERR_DATA,
                   "holds no symbol \"CCC\", but AAA, B_C");
    char name[4][GW_SYMBOL_MAX];
    size_t n;
    assert_ok(gw_import_symbols(scratch("stacked.csv"), NULL, name, 4, &n));
    assert_int_equal(n, 2);
    assert_string_equal(name[1], "B_C");
}

static void wide_frames_have_a_symbol_a_ticker(void **state) {
    (void)state;
    struct gw_market market;
    const char *text =
        "Ticker,A,A,A,A,A,B,B,B,B,B\nPrice,Open,High,Low,Close,Volume,Open,High,Low,Close,Volume\nDate,,,,,,,,,,\n"
        "2021-03-01,1,2,.5,1.5,10,,,,,\n2021-03-02,1,2,.5,1.5,10,3,4,2,3.5,7\n2021-03-03,1,2,.5,1.5,10,3,4,2,3.5,8\n";
    scratch_write("wide.csv", text, strlen(text));
    assert_ok(gw_market_import(scratch("wide.csv"), NULL, &market, NULL));
    assert_int_equal(market.n_symbols, 2);
    assert_int_equal(market.symbol[0].n, 3);
    assert_int_equal(market.symbol[1].n, 2);
    assert_opens(&market.symbol[1], 0, "2021-03-02T00:00:00Z");
    assert_true(market.symbol[1].bar[1].volume == 8);
    gw_market_free(&market);
    text = "Price,Open,High,Low,Close,Volume\nTicker,A,A,A,A,A\nDate,,,,,\n2021-03-01,1,2,.5,1.5,10\n2021-03-02,1,2,.5,"
           "x,10\n";
    assert_refused(text, NULL, GW_ERR_DATA, ":5:19: close \"x\" is no number");
}

/* ---- a universe ----------------------------------------------------------------------------------------- */

/* Every symbol's own file or pattern, so that none is read for another. */
static void universe_knows_whose_files(void **state) {
    (void)state;
    static const char *const file[][2] = {{"u/AAA-2021.csv", "2021-03-01" OHLC "2021-03-02" OHLC},
                                          {"u/AAA-2022.csv", "2022-03-01" OHLC "2022-03-02" OHLC},
                                          {"u/B.csv", "2021-03-01" OHLC "2021-03-02" OHLC},
                                          {"u/CC-2021.csv", "2021-03-01" OHLC "2021-03-02" OHLC},
                                          {"u/CC-2022.csv", "2022-03-01" OHLC "2022-03-02" OHLC},
                                          {"u/CCX.csv", "2021-03-01" OHLC "2021-03-02" OHLC}};
    static const char *const want[][2] = {{"AAA", "AAA-202*.csv"}, {"B", "B.csv"}, {"CC", "CC-202*.csv"},
                                          {"CCX", "CCX.csv"},      {"AAA", ""},    {"B_C", ""}};
    const struct gw_import_options options = {.tolerant = true};
    struct universe all;
    char text[512], path[1024];
    assert_int_equal(mkdir(scratch("u"), 0755), 0);
    for (size_t i = 0; i < COUNT_OF(file); i++) {
        snprintf(text, sizeof text, "time,open,high,low,close,volume\n%s", file[i][1]);
        scratch_write(file[i][0], text, strlen(text));
    }
    assert_ok(universe_list(scratch("u"), &options, &all));
    assert_int_equal(all.n, 4);
    for (size_t i = 0; i < all.n; i++) {
        struct gw_bars bars;
        snprintf(path, sizeof path, "%s/%s", scratch("u"), want[i][1]);
        assert_string_equal(all.symbol[i].symbol, want[i][0]);
        assert_string_equal(all.symbol[i].file, path);
        assert_ok(gw_bars_import(all.symbol[i].file, NULL, &bars, NULL));
        assert_string_equal(bars.symbol, want[i][0]);
        assert_int_equal(bars.n, want[i][1][strlen(want[i][0])] == '-' ? 4 : 2);
        gw_bars_free(&bars);
    }
    universe_free(&all);
    /* One file for all of them: the whole path it is. */
    scratch_write("u/stacked.csv", STACKED, sizeof STACKED - 1);
    assert_ok(universe_list(scratch("u/stacked.csv"), &options, &all));
    assert_int_equal(all.n, 2);
    for (size_t i = 0; i < all.n; i++) {
        assert_string_equal(all.symbol[i].symbol, want[4 + i][0]);
        assert_string_equal(all.symbol[i].file, want[4 + i][1]);
    }
    universe_free(&all);
    /* A pattern that would take in another symbol's file narrows nothing. */
    snprintf(text, sizeof text, "date,ticker,open,high,low,close\n2021-03-01,E,1,2,.5,1.5\n2021-03-02,E,1,2,.5,1.5\n");
    scratch_write("u/AAA-2023.csv", text, strlen(text));
    assert_int_equal(unlink(scratch("u/stacked.csv")), 0);
    assert_ok(universe_list(scratch("u"), &options, &all));
    assert_int_equal(all.n, 5);
    assert_string_equal(all.symbol[0].symbol, "AAA");
    assert_string_equal(all.symbol[0].file, "");
    universe_free(&all);
}

/* ---- several files ------------------------------------------------------------------------------------- */

static void folders_patterns_and_archives(void **state) {
    (void)state;
    static const char head[] = "time,open,high,low,close,volume\n";
    static const char *const file[][2] = {
        {"d/AAA-2021-02.csv", "2021-02-27" OHLC "2021-02-28" OHLC},
        {"d/AAA-2021-03.csv", "2021-03-01" OHLC}, /* one bar tells no interval alone */
        {"d/BBB.csv", "2021-03-01" OHLC "2021-03-02" OHLC}};
    struct gw_market market;
    struct gw_bars bars;
    char text[512], pattern[512];
    assert_int_equal(mkdir(scratch("d"), 0755), 0);
    scratch_write("d/README.md", "no bars", 7);
    for (size_t i = 0; i < COUNT_OF(file); i++) {
        snprintf(text, sizeof text, "%s%s", head, file[i][1]);
        scratch_write(file[i][0], text, strlen(text));
    }
    assert_ok(gw_market_import(scratch("d"), NULL, &market, NULL));
    assert_int_equal(market.n_symbols, 2);
    assert_string_equal(market.symbol[0].symbol, "AAA");
    assert_int_equal(market.symbol[0].n, 3);
    gw_market_free(&market);
    snprintf(pattern, sizeof pattern, "%s", scratch("d/AAA*"));
    struct gw_import_options options = {.symbol = "MINE"};
    assert_ok(time_parse("2021-02-28", &options.from_ns));
    assert_ok(gw_bars_import(pattern, &options, &bars, &report));
    assert_string_equal(bars.symbol, "MINE");
    assert_int_equal(bars.n, 2);
    assert_int_equal(report.n_parts, 2);
    gw_bars_free(&bars);
    /* A bar that two files hold. */
    snprintf(text, sizeof text, "%s%s", head, "2021-02-28" OHLC "2021-03-01" OHLC);
    scratch_write("d/AAA-2021-03.csv", text, strlen(text));
    assert_fails(gw_bars_import(pattern, NULL, &bars, NULL), GW_ERR_DATA,
                 "two files hold a bar of AAA at 2021-02-28T00:00:00Z, the same");
    assert_ok(gw_bars_import(pattern, &(struct gw_import_options){.repair = true}, &bars, NULL));
    assert_int_equal(bars.n, 3);
    gw_bars_free(&bars);
    snprintf(text, sizeof text, "%s%s", head, "2021-02-28,1,2,.5,1.6,10\n2021-03-01" OHLC);
    scratch_write("d/AAA-2021-03.csv", text, strlen(text));
    assert_fails(gw_bars_import(pattern, &(struct gw_import_options){.repair = true}, &bars, NULL), GW_ERR_DATA,
                 "with other values; only you can know which one is right");
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void json_of_many_shapes(void **state) {
    (void)state;
    static const char *const good[] = {
        "{\"time\":1614556800,\"open\":1,\"high\":2,\"low\":0.5,\"close\":1.5}\n{\"time\":1614560400,\"open\":1,"
        "\"high\":2,\"low\":0.5,"
        "\"close\":1.5}\n",
        "{\"s\":\"ok\",\"t\":[1614556800,1614560400],\"o\":[1,1],\"h\":[2,2],\"l\":[0.5,0.5],\"c\":[1.5,1.5],\"v\":[1,"
        "2]}",
        "{\"open\":{\"1614556800000\":1,\"1614560400000\":1},\"high\":{\"1614556800000\":2,\"1614560400000\":2},"
        "\"low\":"
        "{\"1614556800000\":0.5,\"1614560400000\":0.5},\"close\":{\"1614556800000\":1.5,\"1614560400000\":1.5}}",
        "{\"columns\":[\"close\",\"open\",\"high\",\"low\"],\"index\":[1614556800000,1614560400000],\"data\":[[1.5,1,2,"
        "0.5],"
        "[1.5,1,2,0.5]]}",
        "{\"Meta Data\":{\"a\":1},\"Time Series (60min)\":{\"2021-03-01 00:00:00\":{\"1. open\":\"1\",\"2. "
        "high\":\"2\",\"3. low\":"
        "\"0.5\",\"4. close\":\"1.5\"},\"2021-03-01 01:00:00\":{\"1. open\":\"1\",\"2. high\":\"2\",\"3. "
        "low\":\"0.5\",\"4. close\":"
        "\"1.5\"}}}",
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct gw_bars bars = import_text("shape.json", good[i], NULL);
        assert_string_equal(report.format, "json");
        assert_int_equal(bars.n, 2);
        assert_opens(&bars, 1, "2021-03-01T01:00:00Z");
        assert_true(bars.bar[1].open == 1 && bars.bar[1].high == 2 && bars.bar[1].low == 0.5 &&
                    bars.bar[1].close == 1.5);
        gw_bars_free(&bars);
    }
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"[{\"time\":1614556800,\n\"open\":1,\"high\":2,\"low\":3,\"close\":1.5}]",
         ":2:17: high \"2\" lies below the low 3"},
        {"[{\"time\":1614556800,\"open\":1,\"high\":2,\"low\":\"x\",\"close\":1.5}]", ":1:46: low \"x\" is no number"},
        {"[{\"open\":1,\"high\":2,\"low\":1,\"close\":1.5}]", "have no \"time\""},
        {"[{\"time\":1,\"open\":1", "a ',' or the closing bracket is expected|the file ends in the middle"},
        {"{\"a\":{\"b\":1}}", "no known layout of bars in this JSON"},
        {"{\"t\":[1614556800],\"o\":[1,1],\"h\":[2],\"l\":[1],\"c\":[1]}", "columns of different lengths"},
        {"[{\"a\":", "a value is expected"},
        {"[{\"a\"", "a ':' is expected"},
        {"[{\"a", "a quote is not closed"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct gw_bars bars;
        scratch_write("bad.json", bad[i].text, strlen(bad[i].text));
        assert_int_equal(gw_bars_import(scratch("bad.json"), NULL, &bars, NULL), GW_ERR_DATA);
        const char *bar = strchr(bad[i].message, '|');
        if (!bar && !strstr(gw_error_message(), bad[i].message)) fail_msg("%zu: %s", i, gw_error_message());
        if (bar && !strstr(gw_error_message(), bar + 1)) fail_msg("%zu: %s", i, gw_error_message());
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_agree_with_python),
        cmocka_unit_test(zones_by_shift_and_what_is_none),
        cmocka_unit_test(clocks_that_change),
        cmocka_unit_test(one_row_decides_day_and_month),
        cmocka_unit_test(time_formats),
        cmocka_unit_test(volume_may_be_missing_or_empty),
        cmocka_unit_test(stacked_symbols_stay_apart),
        cmocka_unit_test(universe_knows_whose_files),
        cmocka_unit_test(wide_frames_have_a_symbol_a_ticker),
        cmocka_unit_test(folders_patterns_and_archives),
        cmocka_unit_test(json_of_many_shapes),
    };
    return cmocka_run_group_tests_name("import_any", tests, scratch_make, scratch_remove);
}
