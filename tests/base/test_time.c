/* Dates against pandas, strictness of the reader, durations. */
#include "test.h"

#include <stdlib.h>

#include "engine/base/base.h"

static const char *cell(const struct table *table, size_t row, const char *name) {
    size_t column;
    assert_ok(table_column(table, name, &column));
    return table->cell[row * table->n_columns + column];
}

static int whole(const struct table *table, size_t row, const char *name) { return atoi(cell(table, row, name)); }

static void agrees_with_pandas(void **state) {
    (void)state;
    struct table table;
    assert_ok(table_read("tests/golden/base_time.csv", &table));
    assert_true(table.n_rows > 300);
    for (size_t row = 0; row < table.n_rows; row++) {
        int64_t time_ns = strtoll(cell(&table, row, "time_ns"), NULL, 10), back;
        int year, month, day, second, weekday;
        char text[40];
        assert_string_equal(time_format(time_ns, text), cell(&table, row, "iso"));
        time_to_civil(time_ns, &year, &month, &day, &second, &weekday);
        assert_int_equal(year, whole(&table, row, "year"));
        assert_int_equal(month, whole(&table, row, "month"));
        assert_int_equal(day, whole(&table, row, "day"));
        assert_int_equal(second, whole(&table, row, "second_of_day"));
        assert_int_equal(weekday, whole(&table, row, "weekday"));
        assert_ok(time_parse(text, &back));
        assert_true(back == time_ns);
    }
    table_free(&table);
}

static void reads_what_pandas_reads(void **state) {
    (void)state;
    struct table table;
    assert_ok(table_read("tests/golden/base_time_text.csv", &table));
    assert_true(table.n_rows > 200);
    for (size_t row = 0; row < table.n_rows; row++) {
        int64_t time_ns = 0;
        const char *text = cell(&table, row, "text");
        assert_ok(time_parse(text, &time_ns));
        if (time_ns != strtoll(cell(&table, row, "time_ns"), NULL, 10)) fail_msg("%s read wrongly", text);
    }
    table_free(&table);
}

static void every_day_round_trips(void **state) {
    (void)state;
    int64_t first = time_from_civil(1678, 1, 1), last = time_from_civil(2261, 12, 31), time_ns = first;
    int last_weekday = 5; /* 1677-12-31 was a Friday */
    for (; time_ns <= last; time_ns += NS_PER_DAY) {
        int year, month, day, second, weekday;
        time_to_civil(time_ns + NS_PER_DAY - 1, &year, &month, &day, &second, &weekday);
        assert_true(time_from_civil(year, month, day) == time_ns);
        assert_int_equal(second, 86399);
        assert_int_equal(weekday, (last_weekday + 1) % 7);
        last_weekday = weekday;
    }
    assert_int_equal(last / NS_PER_DAY - first / NS_PER_DAY + 1, 213301); /* by python's datetime */
    time_to_civil(0, NULL, NULL, NULL, NULL, NULL);                       /* nobody need take every part */
}

static void refuses_bad_times(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "a date reads"},
        {"yesterday", "a date reads"},
        {"2020", "a date reads"},
        {"2020-1-01", "a date reads"},
        {"2020-01", "a date reads"},
        {"2020-0101", "a date reads"},
        {"202001-01", "a date reads"},
        {"20-01-2020", "a date reads"},
        {" 2020-01-01", "a date reads"},
        {"+020-01-01", "a date reads"},
        {"2020-00-01", "month"},
        {"2020-13-01", "month"},
        {"2020-01-00", "no such day"},
        {"2020-01-32", "no such day"},
        {"2020-04-31", "no such day"},
        {"2019-02-29", "no such day"},
        {"1900-02-29", "no such day"},
        {"2100-02-29", "no such day"},
        {"1677-12-31", "year"},
        {"2262-01-01", "year"},
        {"0000-01-01", "year"},
        {"9999-12-31", "year"},
        {"2020-01-01 ", "time of day"},
        {"2020-01-01T", "time of day"},
        {"2020-01-01 1:00", "time of day"},
        {"2020-01-01 10", "time of day"},
        {"2020-01-01 10:0", "time of day"},
        {"2020-01-01 24:00", "00:00 to 23:59"},
        {"2020-01-01 10:60", "00:00 to 23:59"},
        {"2020-01-01 10:00:60", "seconds"},
        {"2020-01-01 10:00:5", "seconds"},
        {"2020-01-01 10:00:", "seconds"},
        {"2020-01-01 10:00:00.", "decimal point"},
        {"2020-01-01 10:00:00.1234567891", "follows"},
        {"2020-01-01 10:00+2", "zone"},
        {"2020-01-01 10:00+02", "zone"},
        {"2020-01-01 10:00+24:00", "zone"},
        {"2020-01-01 10:00-02:60", "zone"},
        {"2020-01-01 10:00ZZ", "follows"},
        {"2020-01-01 10:00 Z", "follows"},
        {"2020-01-01Z", "follows"},
        {"2020-01-01x", "follows"},
        {"202001011", "follows"},
        {"2020-01-01 10:00\n", "follows"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t untouched = 42;
        assert_fails(time_parse(rows[i].text, &untouched), GW_ERR_DATA, rows[i].says);
        assert_int_equal(untouched, 42);
    }
    int64_t edge; /* zones may carry a time over the edge of the year, never over the edge of the type */
    assert_ok(time_parse("1678-01-01 00:00+23:59", &edge));
    assert_true(edge < time_from_civil(1678, 1, 1));
    assert_ok(time_parse("2261-12-31 23:59:59.999999999-23:59", &edge));
    assert_true(edge > time_from_civil(2261, 12, 31));
}

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
        const char *shortest;
    } rows[] = {
        {"15m", 15 * NS_PER_MINUTE, "15m"},
        {"4h", 4 * NS_PER_HOUR, "4h"},
        {"1d", NS_PER_DAY, "1d"},
        {"2w", 14 * NS_PER_DAY, "2w"},
        {"90s", 90 * NS_PER_SECOND, "90s"},
        {"60s", NS_PER_MINUTE, "1m"},
        {"24h", NS_PER_DAY, "1d"},
        {"7d", 7 * NS_PER_DAY, "1w"},
        {"180d", 180 * NS_PER_DAY, "180d"},
        {"1440m", NS_PER_DAY, "1d"},
        {"250ms", NS_PER_SECOND / 4, "250ms"},
        {"007m", 7 * NS_PER_MINUTE, "7m"},
        {"3us", 3000, "3us"},
        {"9223372036854775807ns", INT64_MAX, "9223372036854775807ns"},
        {"15250w", 15250 * 7 * NS_PER_DAY, "15250w"},
    };
    char text[40];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ns = 0;
        assert_ok(duration_parse(rows[i].text, &ns));
        assert_true(ns == rows[i].ns);
        assert_string_equal(duration_format(ns, text), rows[i].shortest);
    }
    assert_string_equal(duration_format(0, text), "0s");
    assert_string_equal(duration_format(-15 * NS_PER_MINUTE, text), "-15m");
    assert_string_equal(duration_format(INT64_MIN, text), "-9223372036854775808ns");
    static const char *const bad[] = {"",     "m",    "15",   "15 m", "1.5h", "-1d", "1M",
                                      "15mm", "15m ", " 15m", "1y",   "0x5m", "+5m", "1h30m"};
    int64_t ns;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_fails(duration_parse(bad[i], &ns), GW_ERR_CONFIG, "not a duration");
    assert_fails(duration_parse("0m", &ns), GW_ERR_CONFIG, "longer than nothing");
    assert_fails(duration_parse("15251w", &ns), GW_ERR_CONFIG, "292 years");
    assert_fails(duration_parse("99999999999999999999s", &ns), GW_ERR_CONFIG, "292 years");
    assert_fails(duration_parse("18446744073709551617ns", &ns), GW_ERR_CONFIG, "292 years"); /* 2^64 + 1 */
}

static void the_clock_goes_forward(void **state) {
    (void)state;
    double last = clock_seconds();
    for (int i = 0; i < 1000; i++) {
        double now = clock_seconds();
        assert_true(now >= last);
        last = now;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_pandas),
        cmocka_unit_test(reads_what_pandas_reads),
        cmocka_unit_test(every_day_round_trips),
        cmocka_unit_test(refuses_bad_times),
        cmocka_unit_test(durations),
        cmocka_unit_test(the_clock_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
