/* The known facts of real files. They are not part of the project: GATEWALK_DATA names their folder, and
 * without it these tests are skipped. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "gatewalk/import.h"

static const char *real_file(const char *name) {
    static char path[1024];
    const char *folder = getenv("GATEWALK_DATA");
    if (!folder) {
        print_message("real files not checked: GATEWALK_DATA is not set\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!file_exists(path)) {
        print_message("real files not checked: %s is not in GATEWALK_DATA\n", name);
        skip();
    }
    return path;
}

static void real_binance_facts(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_report report;
    char time[40];
    assert_ok(gw_bars_import(real_file("binance-spot-15m/BTCUSDT-15m.csv.gz"), NULL, &bars, &report));
    assert_string_equal(report.format, "binance");
    assert_int_equal(bars.n, 222910);
    assert_int_equal(report.n_gaps, 32);
    assert_int_equal(report.n_missing_bars, 562);
    assert_near((double)report.longest_gap_ns / (double)NS_PER_HOUR, 33.7, 1e-3, 1);
    assert_int_equal(report.n_off_grid, 81);
    assert_string_equal(time_format(report.first_off_grid_ns, time), "2018-02-09T09:58:14.789Z");
    assert_int_equal(report.n_zero_volume, 60);
    assert_int_equal(report.n_ohlc_violations + report.n_duplicates + report.n_backward + report.n_bad_rows, 0);
    size_t highest = 0;
    for (size_t i = 0; i < bars.n; i++)
        if (bars.bar[i].high > bars.bar[highest].high) highest = i;
    assert_true(bars.bar[highest].high == 69000);
    assert_string_equal(time_format(bars.bar[highest].open_ns, time), "2021-11-10T14:15:00Z");
    gw_bars_free(&bars);
}

static void real_cut_off_file(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_report report;
    struct gw_import_options repair = {.repair = true};
    const char *path = real_file("binance-spot-1m-cut/ETHUSDT-1m-2019-04.csv.gz");
    assert_fails(gw_bars_import(path, NULL, &bars, NULL), GW_ERR_DATA, ".csv.gz:8372:100: 8 columns instead of 12");
    assert_ok(gw_bars_import(path, &repair, &bars, &report));
    assert_int_equal(bars.n, 8371);
    assert_int_equal(report.n_bad_rows, 1);
    assert_int_equal(report.first_bad_line, 8372);
    gw_bars_free(&bars);
}

static void real_other_files(void **state) {
    (void)state;
    static const struct {
        const char *file, *format, *interval;
        size_t n;
        double high; /* of all bars */
    } cases[] = {
        {"kraken-1h/XBTUSD_60.csv.gz", "kraken", "1h", 70253, 68991},
        {"bitfinex-1m/BTCUSD-2018.csv.gz", "bitfinex", "1m", 520499, 17252},
        {"freqtrade-json/UNITTEST_BTC-8m.json.gz", "freqtrade-json", "1m", 13681, 0.00367794},
        {"fx-h1/GBPUSDh1.csv.gz", "header", "1h", 57600, 171898},
        {"lean/hour/spy.zip", "lean", "1h", 40832, 398.12},
        {"npm/sp500-2000.csv", "header", "1d", 5105, 3393.52002},
        {"quirks/cryptodatadownload-Binance_BTCUSDT_minute-2019.csv.gz", "cryptodatadownload", "1m", 15000, 10475.54},
        {"quirks/israel-tz-offset-BTCUSDT_1h.csv.gz", "header", "1h", 31973, 73881.4},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gw_bars bars;
        struct gw_import_report report;
        char interval[40];
        double high = 0;
        assert_ok(gw_bars_import(real_file(cases[i].file), NULL, &bars, &report));
        print_message("%s\n", cases[i].file);
        assert_string_equal(report.format, cases[i].format);
        assert_string_equal(duration_format(bars.interval_ns, interval), cases[i].interval);
        assert_int_equal(bars.n, cases[i].n);
        for (size_t k = 0; k < bars.n; k++) high = fmax(high, bars.bar[k].high);
        assert_near(high, cases[i].high, 1e-15, 1e-9);
        gw_bars_free(&bars);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_binance_facts),
        cmocka_unit_test(real_cut_off_file),
        cmocka_unit_test(real_other_files),
    };
    return cmocka_run_group_tests_name("import_real", tests, NULL, NULL);
}
