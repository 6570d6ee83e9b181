/* Every import format on a small file of its own: columns, order, times, zones, numbers. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "gatewalk/import.h"

#define FIXTURES "tests/market/fixtures/"

struct expected_bar {
    const char *time;
    double open, high, low, close, volume;
};

// clang-format off
static const struct format_case {
    const char *file, *format, *symbol, *interval;
    size_t n, n_gaps, n_missing;
    bool newest_first;
    struct expected_bar first, last;
} format_cases[] = {
    {"ABCUSDT-15m.csv", "binance", "ABCUSDT", "15m", 4, 1, 1, false,
     {"2021-03-01T00:00:00Z", 100.1, 101.5, 99.9, 101, 12.5},
     {"2021-03-01T01:00:00Z", 101.75, 103.00000001, 101.7, 102.99, 20.12345678}},
    {"binance-microseconds.csv", "binance", "binance-microseconds", "15m", 4, 1, 1, false,
     {"2021-03-01T00:00:00Z", 100.1, 101.5, 99.9, 101, 12.5},
     {"2021-03-01T01:00:00Z", 101.75, 103.00000001, 101.7, 102.99, 20.12345678}},
    {"ABCUSD_60.csv", "kraken", "ABCUSD", "1h", 3, 1, 1, false,
     {"2021-03-01T00:00:00Z", 100.1, 101.5, 99.9, 101, 12.5},
     {"2021-03-01T03:00:00Z", 100.5, 102, 100.5, 101.75, 0.25}},
    {"bitfinex.csv", "bitfinex", "bitfinex", "1m", 3, 1, 1, false,
     {"2021-03-01T00:00:00Z", 200, 210, 185.5, 190, 5.125},
     {"2021-03-01T00:03:00Z", 205, 207, 200.25, 201, 16.75}},
    {"plain.csv", "plain", "plain", "1h", 3, 0, 0, false,
     {"2021-03-01T00:00:00Z", 100.1, 101.5, 99.9, 101, 12.5},
     {"2021-03-01T02:00:00Z", 100.5, 102, 100.5, 101.75, 3}},
    {"ABC_USDT-5m.json", "freqtrade-json", "ABC_USDT", "5m", 3, 0, 0, false,
     {"2021-03-01T00:00:00Z", 0.0016, 0.0017, 0.0015, 0.00165, 108.5},
     {"2021-03-01T00:10:00Z", 0.00161, 0.0018, 0.00161, 0.0018, 0}},
    {"binance-rest.json", "freqtrade-json", "binance-rest", "1h", 2, 0, 0, false,
     {"2021-03-01T00:00:00Z", 100.1, 101.5, 99.9, 101, 12.5},
     {"2021-03-01T01:00:00Z", 101, 101.2, 100.4, 100.5, 8}},
    {"metatrader4.csv", "metatrader4", "metatrader4", "1h", 3, 0, 0, false,
     {"2020-03-02T17:00:00Z", 1.2001, 1.2031, 1.199, 1.2025, 500},
     {"2020-03-02T19:00:00Z", 1.2012, 1.2013, 1.2, 1.2001, 125}},
    {"metatrader5.csv", "metatrader5", "metatrader5", "15m", 3, 0, 0, false,
     {"2020-03-02T06:15:00Z", 1.2001, 1.2011, 1.1991, 1.2005, 481},
     {"2020-03-02T06:45:00Z", 1.2002, 1.2012, 1.2, 1.2000500000000001, 425}},
    {"metatrader5-export.csv", "header", "metatrader5-export", "5m", 2, 0, 0, false,
     {"2021-03-01T00:00:00Z", 1.2, 1.21, 1.19, 1.205, 100},
     {"2021-03-01T00:05:00Z", 1.205, 1.22, 1.2, 1.21, 90}},
    /* Standard time all year: 16:13 is 21:13 UTC in winter and in summer. */
    {"histdata.csv", "histdata", "histdata", "1m", 4, 1, 175679, false,
     {"2020-03-02T21:13:00Z", 2000, 2000.75, 1999.5, 2000.5, 0},
     {"2020-07-02T21:15:00Z", 2100.75, 2101.25, 2100, 2100.25, 4}},
    {"stooq.csv", "stooq", "stooq", "1d", 4, 1, 84432, false,
     {"1789-05-01T00:00:00Z", 0.61, 0.61, 0.61, 0.61, 0},
     {"2020-07-04T00:00:00Z", 4040, 4060.5, 4030.25, 4050, 1300000500}},
    {"investing.csv", "investing", "investing", "1d", 3, 0, 0, true,
     {"2021-06-18T00:00:00Z", 35000.5, 36000.5, 34000.5, 35750.5, 0},
     {"2021-06-20T00:00:00Z", 35600, 36100.3, 34900.5, 35500.5, 105760}},
    {"cryptodatadownload.csv", "cryptodatadownload", "cryptodatadownload", "1h", 3, 1, 1, true,
     {"2021-02-28T21:00:00Z", 99, 101.25, 98.5, 101, 13},
     {"2021-03-01T00:00:00Z", 100.5, 102.5, 99.5, 101.25, 32.5}},
    {"cryptodatadownload-raw.csv", "cryptodatadownload", "cryptodatadownload-raw", "1m", 3, 0, 0, true,
     {"2021-03-01T00:00:00Z", 99, 101.25, 98.5, 101, 13},
     {"2021-03-01T00:02:00Z", 100.5, 102.5, 99.5, 101.25, 32.5}},
    {"nasdaq.csv", "nasdaq", "nasdaq", "1d", 3, 1, 11, true,
     {"2020-12-09T00:00:00Z", 34.5, 37.25, 34.25, 35.75, 2000000},
     {"2020-12-22T00:00:00Z", 53.5, 53.75, 51.25, 51.5, 6000000}},
    {"nasdaq-new.csv", "nasdaq", "nasdaq-new", "1d", 2, 0, 0, true,
     {"2020-12-21T00:00:00Z", 52.5, 54.5, 52, 53.5, 4000000},
     {"2020-12-22T00:00:00Z", 53.5, 53.75, 51.25, 51.5, 6000000}},
    /* New York: 9:00 is 14:00 UTC on Friday; after the clocks changed on Sunday it is 13:00 UTC. */
    {"lean.zip", "lean", "lean", "1h", 3, 1, 69, false,
     {"2021-03-12T14:00:00Z", 389.74, 390, 389, 389.5, 1000},
     {"2021-03-15T13:00:00Z", 389, 389.99, 388.5, 389.99, 500}},
    /* Currencies: UTC. The week ended at 22:00 on Friday and, the clocks having changed, began at 21:00 on Sunday. */
    {"lean-fx.csv", "lean", "lean-fx", "1h", 3, 1, 47, false,
     {"2021-03-12T21:00:00Z", 1.195, 1.196, 1.194, 1.1955, 0},
     {"2021-03-14T22:00:00Z", 1.1955, 1.1965, 1.1945, 1.195, 0}},
    {"yfinance.csv", "yfinance", "SPY", "1d", 3, 0, 0, false,
     {"2021-03-01T00:00:00Z", 385.25, 390, 380.35, 389.5, 105348800},
     {"2021-03-03T00:00:00Z", 385.5, 386.75, 381.25, 381.5, 119940200}},
    {"records.json", "json", "records", "1h", 3, 0, 0, false,
     {"2021-03-01T00:00:00Z", 100.1, 101.5, 99.9, 101, 12.5},
     {"2021-03-01T02:00:00Z", 100.5, 102, 100.5, 101.75, 3}},
    {"header-quoted.csv", "header", "header-quoted", "15m", 3, 0, 0, false,
     {"2021-03-01T00:00:00Z", 100.1, 101.5, 99.9, 101, 12.5},
     {"2021-03-01T00:30:00Z", 100.5, 102, 100.5, 101.75, 0.5}},
    /* The hour that comes twice when clocks go back is two hours. */
    {"header-zone.csv", "header", "header-zone", "1h", 5, 0, 0, false,
     {"2021-10-30T20:00:00Z", 1, 2, 0.5, 1.5, 10},
     {"2021-10-31T00:00:00Z", 1.25, 2, 1, 1.5, 12}},
    {"header-german.csv", "header", "header-german", "1h", 3, 0, 0, false,
     {"2021-03-16T00:00:00Z", 1.19, 1.196, 1.1895, 1.1955, 120},
     {"2021-03-16T02:00:00Z", 1.1945, 1.197, 1.194, 1.1965, 80}},
    {"header-adjclose.csv", "header", "header-adjclose", "1d", 3, 0, 0, false,
     {"2000-01-03T00:00:00Z", 1400.25, 1478, 1399.359985, 1455.219971, 9e8},
     {"2000-01-05T00:00:00Z", 1399.420044, 1413.27002, 1377.680054, 1402.109985, 1.1e9}},
    {"header-adjclose.csv.gz", "header", "header-adjclose", "1d", 3, 0, 0, false,
     {"2000-01-03T00:00:00Z", 1400.25, 1478, 1399.359985, 1455.219971, 9e8},
     {"2000-01-05T00:00:00Z", 1399.420044, 1413.27002, 1377.680054, 1402.109985, 1.1e9}},
    {"header-nanoseconds.csv", "header", "header-nanoseconds", "1m", 2, 0, 0, false,
     {"2021-03-01T00:00:00Z", 1, 2, 0.5, 1.5, 10},
     {"2021-03-01T00:01:00Z", 1.5, 2, 1, 1.5, 10}},
    /* Artefacts of float arithmetic put the open above the high by 1e-16 and the low below by as little. */
    {"header-artefacts.csv", "header", "header-artefacts", "1h", 2, 0, 0, false,
     {"2012-11-16T05:00:00Z", 120583.99999999999, 120584, 120453, 120500, 1000},
     {"2012-11-16T06:00:00Z", 120500, 120600, 120499.99999999999, 120500, 1200}},
};
// clang-format on

static void check_bar(const char *file, const struct gw_bar *got, const struct expected_bar *want) {
    int64_t time_ns;
    assert_ok(time_parse(want->time, &time_ns));
    if (got->open_ns != time_ns || got->open != want->open || got->high != want->high || got->low != want->low ||
        got->close != want->close || got->volume != want->volume) {
        char time[40];
        fail_msg("%s: got %s %.17g %.17g %.17g %.17g %.17g, want %s %.17g %.17g %.17g %.17g %.17g", file,
                 time_format(got->open_ns, time), got->open, got->high, got->low, got->close, got->volume, want->time,
                 want->open, want->high, want->low, want->close, want->volume);
    }
}

static void every_format_reads_its_file(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(format_cases); i++) {
        const struct format_case *c = &format_cases[i];
        char path[256], interval[40];
        struct gw_bars bars;
        struct gw_import_report report;
        snprintf(path, sizeof path, FIXTURES "%s", c->file);
        assert_ok(gw_bars_import(path, NULL, &bars, &report));
        print_message("%s\n", c->file);
        assert_string_equal(report.format, c->format);
        assert_string_equal(bars.symbol, c->symbol);
        assert_string_equal(duration_format(bars.interval_ns, interval), c->interval);
        assert_int_equal(bars.n, c->n);
        assert_int_equal(report.n_rows, c->n);
        assert_int_equal(report.n_gaps, c->n_gaps);
        assert_int_equal(report.n_missing_bars, c->n_missing);
        assert_int_equal(report.newest_first, c->newest_first);
        check_bar(c->file, &bars.bar[0], &c->first);
        check_bar(c->file, &bars.bar[c->n - 1], &c->last);
        gw_bars_free(&bars);
        /* Naming the format must give the same bits as finding it. */
        struct gw_bars named;
        struct gw_import_options options = {.format = c->format};
        assert_ok(gw_bars_import(path, &options, &named, NULL));
        assert_int_equal(named.n, c->n);
        check_bar(c->file, &named.bar[c->n - 1], &c->last);
        gw_bars_free(&named);
    }
}

static void every_format_has_a_fixture(void **state) {
    (void)state;
    for (size_t f = 0; f < gw_import_format_count(); f++) {
        size_t n = 0;
        for (size_t i = 0; i < COUNT_OF(format_cases); i++)
            n += strcmp(format_cases[i].format, gw_import_format_name(f)) == 0;
        if (n == 0)
            fail_msg("format %s has no fixture: put a file of it into " FIXTURES
                     " and its bars into format_cases in " __FILE__,
                     gw_import_format_name(f));
        assert_true(strlen(gw_import_format_help(f)) > 10);
    }
}

static void optional_columns_are_kept(void **state) {
    (void)state;
    struct gw_bars bars;
    assert_ok(gw_bars_import(FIXTURES "ABCUSDT-15m.csv", NULL, &bars, NULL));
    assert_true(bars.quote_volume[3] == 2061.11111111);
    assert_true(bars.trade_count[3] == 77);
    assert_true(bars.taker_buy_base[3] == 11);
    gw_bars_free(&bars);
    assert_ok(gw_bars_import(FIXTURES "header-quoted.csv", NULL, &bars, NULL));
    assert_true(bars.quote_volume[1] == 806);
    assert_true(bars.taker_buy_base[0] == 7.25);
    assert_true(isnan(bars.taker_buy_base[1])); /* an empty optional field is a hole, not an error */
    gw_bars_free(&bars);
    assert_ok(gw_bars_import(FIXTURES "plain.csv", NULL, &bars, NULL));
    assert_null(bars.quote_volume);
    assert_null(bars.trade_count);
    assert_null(bars.taker_buy_base);
    gw_bars_free(&bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_reads_its_file),
        cmocka_unit_test(every_format_has_a_fixture),
        cmocka_unit_test(optional_columns_are_kept),
    };
    return cmocka_run_group_tests_name("import_formats", tests, NULL, NULL);
}
