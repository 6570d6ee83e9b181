/* When a market is open, what is missing meanwhile, and what looks wrong: on bars made to show it. */
#include "engine/base/base.h"
#include "test.h"

#include <unistd.h>

#include "engine/market/survey/survey.h"

enum { MOST = 40000 };
static const int64_t DAY = 24 * NS_PER_HOUR;
static struct gw_bar bar[MOST];
static struct gw_bars bars;

/* Bars of 5 minutes, or of a day, from Monday 2021-01-04 on, wherever the calendar is open. */
static void make_bars(int64_t interval_ns, int64_t days, const char *hours) {
    struct calendar calendar;
    uint64_t x = 88172645463325252ull;
    double price = 100;
    assert_ok(calendar_parse(hours, interval_ns, &calendar));
    bars = (struct gw_bars){.interval_ns = interval_ns, .bar = bar};
    int64_t begin = time_from_civil(2021, 1, 4);
    for (int64_t t = begin; t < begin + days * DAY && bars.n < MOST; t += interval_ns) {
        if (!calendar_is_open(&calendar, t)) continue;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        double open = price;
        price *= 1 + 1e-3 * ((double)(x >> 11) / 0x1p53 - .5);
        bar[bars.n++] = (struct gw_bar){t, open, fmax(open, price) * 1.0001, fmin(open, price) * .9999, price, 1};
    }
    calendar_free(&calendar);
}

static void take_out(size_t at, size_t n) {
    memmove(bar + at, bar + at + n, (bars.n - at - n) * sizeof *bar);
    bars.n -= n;
}

static struct survey look(enum calendar_kind kind, const char *words) {
    struct calendar calendar;
    struct survey survey;
    char text[160];
    assert_ok(calendar_infer(&bars, &calendar));
    calendar_words(&calendar, text);
    assert_string_equal(text, words);
    assert_int_equal(calendar.kind, kind);
    assert_ok(survey_take(&bars, &calendar, &survey));
    calendar_free(&calendar);
    return survey;
}

static void hours_are_found(void **state) {
    (void)state;
    if (access("/usr/share/zoneinfo/America/New_York", R_OK) != 0) skip();
    make_bars(5 * NS_PER_MINUTE, 120, "24x7");
    take_out(1000, 7);
    struct survey s = look(CALENDAR_ALWAYS, "around the clock, every day");
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(s.n_missing, 7);
    assert_true(s.longest_ns == 35 * NS_PER_MINUTE);
    assert_true(s.longest_after_ns == bar[999].open_ns);

    /* Over the change of the clocks in March: nothing is missing, and holidays are days, not bars. */
    make_bars(5 * NS_PER_MINUTE, 200, "09:30-16:00@America/New_York");
    s = look(CALENDAR_SESSIONS, "Monday to Friday, 09:30 to 16:00 (America/New_York)");
    assert_int_equal(s.n_missing + s.n_closed_days + s.n_outside, 0);
    take_out(78 * 40, 78);     /* a whole session */
    take_out(78 * 60 + 10, 3); /* in the midst of one */
    s = look(CALENDAR_SESSIONS, "Monday to Friday, 09:30 to 16:00 (America/New_York)");
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(s.n_missing, 3);
    assert_int_equal(s.n_closed_days, 1);

    make_bars(NS_PER_HOUR, 300, "fx");
    s = look(CALENDAR_FX, "Sunday 17:00 to Friday 17:00 (America/New_York)");
    assert_int_equal(s.n_missing + s.n_outside, 0);

    make_bars(DAY, 400, "weekdays");
    take_out(30, 1);
    s = look(CALENDAR_WEEKDAYS, "Monday to Friday");
    assert_int_equal(s.n_missing, 0);
    assert_int_equal(s.n_closed_days, 1);

    make_bars(5 * NS_PER_MINUTE, 5, "24x7");
    look(CALENDAR_UNKNOWN, "not known: too little data to tell");
}

static void hours_are_given(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "always", "9-17", "16:00-09:30@UTC", "09:30-16:00", "24:30-25:00@UTC"};
    struct calendar calendar;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_fails(calendar_parse(wrong[i], NS_PER_HOUR, &calendar), GW_ERR_USAGE, "calendar");
    assert_fails(calendar_parse("09:30-16:00@Nowhere", NS_PER_HOUR, &calendar), GW_ERR_CONFIG, "timezone \"Nowhere\"");
    assert_ok(calendar_parse("08:00-10:00@+02:00", NS_PER_HOUR, &calendar));
    int64_t monday = time_from_civil(2021, 1, 4);
    assert_false(calendar_is_open(&calendar, monday + 5 * NS_PER_HOUR));
    assert_true(calendar_is_open(&calendar, monday + 6 * NS_PER_HOUR));
    assert_true(calendar_is_open(&calendar, monday + 7 * NS_PER_HOUR));
    assert_false(calendar_is_open(&calendar, monday + 8 * NS_PER_HOUR));
    assert_false(calendar_is_open(&calendar, monday - DAY + 6 * NS_PER_HOUR));
    calendar_free(&calendar);
}

static void wrong_prices_are_found(void **state) {
    (void)state;
    make_bars(NS_PER_HOUR, 100, "24x7");
    struct survey s = look(CALENDAR_ALWAYS, "around the clock, every day");
    assert_int_equal(s.n_splits + s.n_spikes + s.n_flat_runs, 0);
    for (size_t i = 500; i < bars.n; i++) bar[i].open /= 2, bar[i].high /= 2, bar[i].low /= 2, bar[i].close /= 2;
    bar[900].high *= 1.5;
    bar[1200].close *= .8, bar[1200].low *= .8; /* taken back by the next bar */
    for (size_t i = 1500; i < 1520; i++)
        bar[i] = (struct gw_bar){bar[i].open_ns, bar[1499].close, bar[1499].close, bar[1499].close, bar[1499].close, 0};
    s = look(CALENDAR_ALWAYS, "around the clock, every day");
    assert_int_equal(s.n_splits, 1);
    assert_true(s.split[0].time_ns == bar[500].open_ns && s.split[0].size == 2);
    assert_int_equal(s.n_spikes, 2);
    assert_true(s.spike[0].time_ns == bar[900].open_ns && fabs(s.spike[0].size - .5) < .01);
    assert_true(s.spike[1].time_ns == bar[1200].open_ns && fabs(s.spike[1].size + .2) < .01);
    assert_int_equal(s.n_flat_runs, 1);
    assert_int_equal(s.n_flat_bars, 20);
    assert_true(s.flat[0].time_ns == bar[1500].open_ns && s.flat[0].size == 20);
}

static void durations_in_words(void **state) {
    (void)state;
    static const struct {
        int64_t ns;
        const char *words;
    } cases[] = {{15 * NS_PER_MINUTE, "15 min"},
                 {121394789000000, "1 day 9 h"},
                 {DAY, "1 day"},
                 {90 * NS_PER_SECOND, "1 min 30 s"},
                 {NS_PER_HOUR, "1 h"},
                 {3 * DAY, "3 days"},
                 {250000000, "250ms"}};
    char text[48];
    for (size_t i = 0; i < COUNT_OF(cases); i++) assert_string_equal(duration_words(cases[i].ns, text), cases[i].words);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_are_found),
        cmocka_unit_test(hours_are_given),
        cmocka_unit_test(wrong_prices_are_found),
        cmocka_unit_test(durations_in_words),
    };
    return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
