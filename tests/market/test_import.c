/* The import beyond its formats: options, repair, numbers against strtod, and the way back from CSV. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "base/scratch.h"
#include "engine/market/import/import_private.h"
#include "gatewalk/import.h"
#include "gatewalk/rng.h"
#include "gatewalk/synth.h"

#define FIXTURES "tests/market/fixtures/"

/* ---- options -------------------------------------------------------------------------------- */

static void options_choose_symbol_interval_and_range(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_options options = {.symbol = "MINE", .interval_ns = 5 * NS_PER_MINUTE};
    assert_ok(gw_bars_import(FIXTURES "ABCUSDT-15m.csv", &options, &bars, NULL));
    assert_string_equal(bars.symbol, "MINE");
    assert_int_equal(bars.interval_ns, 5 * NS_PER_MINUTE);
    gw_bars_free(&bars);
    options = (struct gw_import_options){0};
    assert_ok(time_parse("2021-03-01 00:15", &options.from_ns));
    assert_ok(time_parse("2021-03-01 00:45", &options.to_ns));
    assert_ok(gw_bars_import(FIXTURES "ABCUSDT-15m.csv", &options, &bars, NULL));
    assert_int_equal(bars.n, 2);
    assert_true(bars.bar[0].open == 101 && bars.bar[1].open == 100.5);
    assert_true(bars.trade_count[0] == 30 && bars.trade_count[1] == 0);
    gw_bars_free(&bars);
    options.from_ns = options.to_ns;
    options.to_ns += NS_PER_MINUTE;
    assert_fails(gw_bars_import(FIXTURES "ABCUSDT-15m.csv", &options, &bars, NULL), GW_ERR_DATA,
                 "no bars in the asked time");
    options = (struct gw_import_options){.interval_ns = 7 * NS_PER_MINUTE};
    assert_fails(gw_bars_import(FIXTURES "ABCUSDT-15m.csv", &options, &bars, NULL), GW_ERR_DATA, "15m apart");
    options = (struct gw_import_options){.symbol = "../evil"};
    assert_fails(gw_bars_import(FIXTURES "ABCUSDT-15m.csv", &options, &bars, NULL), GW_ERR_CONFIG, "../evil");
    options = (struct gw_import_options){.format = "binanse"};
    assert_fails(gw_bars_import(FIXTURES "ABCUSDT-15m.csv", &options, &bars, NULL), GW_ERR_CONFIG, "\"binance\"");
}

static void repair_is_reported(void **state) {
    (void)state;
    static const char text[] = "time,open,high,low,close,volume\n"
                               "2021-03-01 00:00,1,2,0.5,1.5,10\n"
                               "2021-03-01 00:02,1,2,0.5,1.75,10\n" /* line 3: in front of line 5 */
                               "2021-03-01 00:00,1,2,0.5,1.5,10\n"  /* line 4: the same as line 2 */
                               "2021-03-01 00:01,1,2,0.5,1.6,10\n"
                               "2021-03-01 00:03,1,2,0.5,1.8,10\n"
                               "2021-03-01 00:04,1,2,0.5"; /* cut off */
    struct gw_bars bars;
    struct gw_import_report report;
    struct gw_import_options options = {.repair = true};
    scratch_write("repair.csv", text, sizeof text - 1);
    assert_ok(gw_bars_import(scratch("repair.csv"), &options, &bars, &report));
    assert_int_equal(bars.n, 4);
    for (size_t i = 1; i < 4; i++) assert_int_equal(bars.bar[i].open_ns - bars.bar[i - 1].open_ns, NS_PER_MINUTE);
    assert_true(bars.bar[1].close == 1.6 && bars.bar[2].close == 1.75);
    assert_int_equal(report.n_rows, 6);
    assert_int_equal(report.n_bars, 4);
    assert_int_equal(report.n_duplicates, 1);
    assert_int_equal(report.first_duplicate_line, 4);
    assert_int_equal(report.n_backward, 1);
    assert_int_equal(report.first_backward_line, 4);
    assert_int_equal(report.n_bad_rows, 1);
    assert_int_equal(report.first_bad_line, 7);
    assert_non_null(strstr(report.first_problem, "7:25: 4 columns instead of 6"));
    gw_bars_free(&bars);
}

static void tolerant_collects_what_would_be_errors(void **state) {
    (void)state;
    static const char text[] = "time,open,high,low,close,volume\n"
                               "1614556800,1,2,0.5,1.5,10\n"
                               "1614556860,1,2,0.5,2.5,10\n"    /* close above high */
                               "1614556880000,1,2,0.5,1.5,10\n" /* ms */
                               "1614556920,1,2,0.5,1.5,10\n"
                               "1614556800,1,2,0.5,1.25,10\n"    /* another row for line 2's time */
                               "1614556980,1,0.25,0.5,1.25,10\n" /* high below low */
                               "1614556980,1,nan,0.5,1.25,10\n"
                               "1614557040,1,2,0.5,1.25,10\n";
    struct gw_bars bars;
    struct gw_import_report report;
    struct gw_import_options options = {.tolerant = true};
    scratch_write("tolerant.csv", text, sizeof text - 1);
    assert_ok(gw_bars_import(scratch("tolerant.csv"), &options, &bars, &report));
    assert_int_equal(report.n_rows, 8);
    assert_int_equal(report.n_bars, 3);
    assert_int_equal(report.n_ohlc_violations, 2);
    assert_int_equal(report.first_violation_line, 3);
    assert_int_equal(report.n_bad_rows, 4);
    assert_int_equal(report.n_duplicates, 1);
    assert_int_equal(report.n_conflicts, 1);
    assert_int_equal(report.n_mixed_units, 0); /* only a repair converts */
    assert_int_equal(report.n_backward, 1);
    assert_int_equal(report.n_gaps, 0);
    assert_int_equal(report.interval_ns, 2 * NS_PER_MINUTE);
    assert_true(bars.bar[0].close == 1.5); /* the first row of a time is kept */
    gw_bars_free(&bars);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void reads_as(const char *text, double want) {
    double value;
    assert_true(number_parse((struct field){text, strlen(text)}, &value));
    if (memcmp(&value, &want, sizeof want) != 0)
        fail_msg("\"%s\" was read as %.17g, strtod says %.17g", text, value, want);
}

static void numbers_equal_strtod(void **state) {
    (void)state;
    static const char *const special[] = {"0",
                                          "0.0",
                                          "00012.5",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "9007199254740993.0",
                                          "900719925474099.3",
                                          "123456789012.12345678",
                                          "99999999999.99999999",
                                          "0.1",
                                          "0.30000000000000004",
                                          "1e22",
                                          "1e23",
                                          "1E-7",
                                          "2.2250738585072011e-308",
                                          "4.9e-324",
                                          "1.7976931348623157e308",
                                          "18446744073709551615",
                                          ".5",
                                          "5.",
                                          "+7",
                                          "0.000000000000000000000000000000000000001",
                                          "1.00000000000000011102230246251565404236316680908203125",
                                          "1.00000000000000011102230246251565404236316680908203124",
                                          "123456.7890000000000000000000000000",
                                          "0.00000001",
                                          "8.98846567431158e307",
                                          "1e-22",
                                          "1e-23",
                                          "4503599627370496.5",
                                          "4503599627370497.5"};
    for (size_t i = 0; i < COUNT_OF(special); i++) reads_as(special[i], strtod(special[i], NULL));
}

/* Many random decimals at once: one file, volumes compared with strtod's. */
static void random_numbers_equal_strtod(void **state) {
    (void)state;
    enum { N = 100000 };
    struct gw_rng rng;
    struct gw_bars bars;
    struct gw_import_options options = {.interval_ns = NS_PER_SECOND};
    char(*text)[40] = calloc(N, sizeof *text);
    FILE *stream = fopen(scratch("numbers.csv"), "w");
    assert_non_null(text);
    assert_non_null(stream);
    gw_rng_key(&rng, 7, "numbers", 0, 0, 0);
    fputs("time,open,high,low,close,volume\n", stream);
    for (int i = 0; i < N; i++) {
        uint64_t digits = gw_rng_next(&rng) >> gw_rng_below(&rng, 63);
        size_t places = gw_rng_below(&rng, 12);
        switch (gw_rng_below(&rng, 3)) {
        case 0:
            snprintf(text[i], sizeof *text, "%llu", (unsigned long long)digits);
            break;
        case 1: {
            char plain[32];
            size_t n = (size_t)snprintf(plain, sizeof plain, "%020llu", (unsigned long long)digits);
            snprintf(text[i], sizeof *text, "%.*s.%s", (int)(n - places), plain, plain + n - places);
            break;
        }
        default:
            snprintf(text[i], sizeof *text, "%llue%d", (unsigned long long)digits, (int)gw_rng_below(&rng, 40) - 30);
        }
        fprintf(stream, "%d,1,2,1,2,%s\n", i, text[i]);
    }
    fclose(stream);
    assert_ok(gw_bars_import(scratch("numbers.csv"), &options, &bars, NULL));
    assert_int_equal(bars.n, N);
    for (int i = 0; i < N; i++) {
        double want = strtod(text[i], NULL);
        if (bars.bar[i].volume != want)
            fail_msg("\"%s\" was read as %.17g, strtod says %.17g", text[i], bars.bar[i].volume, want);
    }
    gw_bars_free(&bars);
    free(text);
}

/* ---- round trip ------------------------------------------------------------------------------ */

static void written_bars_read_back_to_the_same_bits(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "garch", .n_bars = 5000, .seed = 11};
    struct gw_import_options symbol = {.symbol = "garch"};
    struct gw_bars bars, back;
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    bars.quote_volume = mem_calloc(bars.n, sizeof(double));
    bars.taker_buy_base = mem_calloc(bars.n, sizeof(double));
    for (size_t i = 0; i < bars.n; i++) {
        bars.bar[i].volume /= 3; /* needs all digits */
        bars.quote_volume[i] = i % 7 ? 1e-9 * (double)i / 7 : NAN;
        bars.taker_buy_base[i] = 1e17 / (double)(i + 1);
    }
    bars.bar[17].open_ns += 123456789; /* off the grid */
    gw_bars_fingerprint(&bars);
    assert_ok(gw_bars_write_csv(&bars, scratch("back.csv")));
    assert_ok(gw_bars_import(scratch("back.csv"), &symbol, &back, NULL));
    assert_int_equal(back.n, bars.n);
    assert_memory_equal(back.bar, bars.bar, bars.n * sizeof *bars.bar);
    assert_true(back.fingerprint == bars.fingerprint);
    back.bar[4999].close += 1e-9;
    gw_bars_fingerprint(&back);
    assert_true(back.fingerprint != bars.fingerprint);
    gw_bars_free(&bars);
    gw_bars_free(&back);
}

/* The same rows, plain and through libcsv, must give the same bits. */
static void quoted_and_plain_reading_agree(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "random-walk", .n_bars = 2000, .seed = 5};
    struct gw_import_options symbol = {.symbol = "x"};
    struct gw_bars bars, plain, quoted;
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    assert_ok(gw_bars_write_csv(&bars, scratch("plain.csv")));
    FILE *in = fopen(scratch("plain.csv"), "r"), *out = fopen(scratch("quoted.csv"), "w");
    assert_non_null(in);
    assert_non_null(out);
    for (int c; (c = fgetc(in)) != EOF;) {
        if (c == ',')
            fputs("\" , \"", out);
        else if (c == '\n')
            fputs("\"\r\n", out);
        else {
            if (ftell(out) == 0 || ftell(in) < 0) fputc('"', out);
            fputc(c, out);
        }
        if (c == '\n') {
            c = fgetc(in);
            if (c != EOF) ungetc(c, in), fputc('"', out);
        }
    }
    fclose(in);
    fclose(out);
    assert_ok(gw_bars_import(scratch("plain.csv"), &symbol, &plain, NULL));
    assert_ok(gw_bars_import(scratch("quoted.csv"), &symbol, &quoted, NULL));
    assert_true(plain.fingerprint == quoted.fingerprint);
    assert_int_equal(plain.n, 2000);
    gw_bars_free(&bars);
    gw_bars_free(&plain);
    gw_bars_free(&quoted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_choose_symbol_interval_and_range),
        cmocka_unit_test(repair_is_reported),
        cmocka_unit_test(tolerant_collects_what_would_be_errors),
        cmocka_unit_test(numbers_equal_strtod),
        cmocka_unit_test(random_numbers_equal_strtod),
        cmocka_unit_test(written_bars_read_back_to_the_same_bits),
        cmocka_unit_test(quoted_and_plain_reading_agree),
    };
    return cmocka_run_group_tests_name("import", tests, scratch_make, scratch_remove);
}
