/* Calendar and clock. UTC only; the proleptic Gregorian calendar; int64 nanoseconds since 1970. */
#include <string.h>
#include <time.h>

#include "core.h"

enum { DAYS_PER_ERA = 146097, FIRST_YEAR = 1678, LAST_YEAR = 2261 }; /* whole years that int64 ns can hold */

/* Days since 1970-01-01. Years are counted from March, so that the leap day ends one; an era is the 400
 * years after which the calendar repeats. */
static int64_t days_from_civil(int64_t year, int month, int day) {
    if (month <= 2) year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - 719468; /* 0000-03-01 to 1970-01-01 */
}

int64_t time_from_civil(int year, int month, int day) { return days_from_civil(year, month, day) * NS_PER_DAY; }

static int64_t floor_divide(int64_t value, int64_t by) { return value / by - (value % by < 0); }

/* Not value - floor_divide() * by: that product overflows within a day of the earliest time. */
static int64_t floor_remainder(int64_t value, int64_t by) { return value % by + (value % by < 0 ? by : 0); }

void time_to_civil(int64_t time_ns, int *year, int *month, int *day, int *second_of_day, int *weekday) {
    int64_t days = floor_divide(time_ns, NS_PER_DAY);
    int64_t shifted = days + 719468;
    int64_t era = floor_divide(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int m = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    if (year) *year = (int)(year_of_era + era * 400 + (m <= 2));
    if (month) *month = m;
    if (day) *day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    if (second_of_day) *second_of_day = (int)(floor_remainder(time_ns, NS_PER_DAY) / NS_PER_SECOND);
    if (weekday) *weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

char *time_format(int64_t time_ns, char buffer[40]) {
    int year, month, day, second;
    time_to_civil(time_ns, &year, &month, &day, &second, NULL);
    int used = snprintf(buffer, 40, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, second / 3600, second / 60 % 60,
                        second % 60);
    int64_t fraction = floor_remainder(time_ns, NS_PER_SECOND);
    if (fraction) {
        int digits = 9;
        for (; digits > 3 && fraction % 1000 == 0; digits -= 3) fraction /= 1000;
        used += snprintf(buffer + used, (size_t)(40 - used), ".%0*d", digits, (int)fraction);
    }
    snprintf(buffer + used, (size_t)(40 - used), "Z");
    return buffer;
}

/* Exactly `n` digits at *at, which moves behind them; -1 when they are not there. */
static int digits(const char **at, int n) {
    int value = 0;
    for (int i = 0; i < n; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    *at += n;
    return value;
}

static bool skip(const char **at, char c) {
    if (**at != c) return false;
    ++*at;
    return true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* The parts return what is wrong, NULL when all is well. */
static const char *parse_date(const char **at, int64_t *time_ns) {
    int year = digits(at, 4);
    bool dashes = year >= 0 && skip(at, '-');
    int month = year < 0 ? -1 : digits(at, 2);
    if (month < 0 || (dashes && !skip(at, '-'))) return "a date reads 2020-01-31 or 20200131";
    int day = digits(at, 2);
    if (day < 0) return "a date reads 2020-01-31 or 20200131";
    if (year < FIRST_YEAR || year > LAST_YEAR) return "the year must lie in 1678 to 2261";
    if (month < 1 || month > 12) return "the month must lie in 01 to 12";
    if (day < 1 || day > days_in_month(year, month)) return "that month has no such day";
    *time_ns = time_from_civil(year, month, day);
    return NULL;
}

static const char *parse_clock(const char **at, int64_t *time_ns) {
    int hour = digits(at, 2);
    int minute = hour >= 0 && skip(at, ':') ? digits(at, 2) : -1;
    if (minute < 0) return "a time of day reads 23:59, 23:59:59 or 23:59:59.123";
    if (hour > 23 || minute > 59) return "the time of day must lie in 00:00 to 23:59";
    *time_ns += hour * NS_PER_HOUR + minute * NS_PER_MINUTE;
    if (!skip(at, ':')) return NULL;
    int second = digits(at, 2);
    if (second < 0 || second > 59) return "the seconds must lie in 00 to 59";
    *time_ns += second * NS_PER_SECOND;
    if (!skip(at, '.')) return NULL;
    int64_t unit = NS_PER_SECOND;
    for (int digit; unit > 1 && (digit = digits(at, 1)) >= 0;) {
        unit /= 10;
        *time_ns += digit * unit;
    }
    return unit == NS_PER_SECOND ? "digits must follow the decimal point" : NULL;
}

static const char *parse_zone(const char **at, int64_t *time_ns) {
    if (skip(at, 'Z')) return NULL;
    int sign = **at == '+' ? 1 : **at == '-' ? -1 : 0;
    if (sign == 0) return NULL;
    ++*at;
    int hour = digits(at, 2);
    int minute = hour >= 0 && skip(at, ':') ? digits(at, 2) : -1;
    if (minute < 0 || hour > 23 || minute > 59) return "a zone reads Z, +02:00 or -05:30";
    *time_ns -= sign * (hour * NS_PER_HOUR + minute * NS_PER_MINUTE);
    return NULL;
}

int time_parse(const char *text, int64_t *time_ns) {
    const char *at = text;
    int64_t value = 0;
    const char *wrong = parse_date(&at, &value);
    if (!wrong && (*at == 'T' || *at == ' ')) {
        at++;
        wrong = parse_clock(&at, &value);
        if (!wrong) wrong = parse_zone(&at, &value);
    }
    if (!wrong && *at) wrong = "something follows the date that is no time of day";
    if (wrong) FAIL(GW_ERR_DATA, "\"%.40s\" is not a time: %s", text, wrong);
    *time_ns = value;
    return GW_OK;
}

double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
