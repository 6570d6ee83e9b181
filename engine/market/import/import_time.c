/* Times as markets write them: unix seconds, ms, µs or ns; dates in several orders with an optional time
 * of day and zone. One file must keep to one style. */
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

enum { FIRST_YEAR = 1678, LAST_YEAR = 2261 }; /* whole years that int64 ns can hold */

const char *import_style_name(enum time_style style) {
    static const char *const name[] = {"unset",
                                       "unix seconds",
                                       "unix milliseconds",
                                       "unix microseconds",
                                       "unix nanoseconds",
                                       "dates without a zone",
                                       "dates with a zone"};
    return name[style];
}

static bool is_digit(char c) { return (unsigned char)(c - '0') <= 9; }

/* Up to max digits; the number of digits read is stored. */
static int take_number(const char **at, const char *end, int max, int *n_digits) {
    int value = 0, n = 0;
    for (; n < max && *at < end && is_digit(**at); n++, ++*at) value = value * 10 + (**at - '0');
    *n_digits = n;
    return value;
}

static bool take(const char **at, const char *end, char c) {
    if (*at == end || **at != c) return false;
    ++*at;
    return true;
}

const char *import_date_value(int year, int month, int day, int64_t *ns) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < FIRST_YEAR || year > LAST_YEAR) return "the year must lie in 1678 to 2261";
    if (month < 1 || month > 12) return "the month must lie in 1 to 12";
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > days[month - 1] + (month == 2 && leap)) return "that month has no such day";
    *ns = time_from_civil(year, month, day);
    return NULL;
}

/* "Jun 19, 2021" */
static const char *month_name_date(const char **at, const char *end, int64_t *ns) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    int month = 0, digits_day, digits_year;
    if (end - *at < 3) return "a date is needed";
    for (int m = 0; m < 12; m++)
        if (strncasecmp(*at, names + (size_t)3 * (size_t)m, 3) == 0) month = m + 1;
    if (!month) return "a date such as 2020-01-31 or unix time is needed";
    while (*at < end && **at != ' ' && **at != '.' && !is_digit(**at)) ++*at; /* "June", "Sept" */
    while (take(at, end, '.') || take(at, end, ' ')) {
    }
    int day = take_number(at, end, 2, &digits_day);
    while (take(at, end, ',') || take(at, end, ' ')) {
    }
    int year = take_number(at, end, 4, &digits_year);
    if (digits_day == 0 || digits_year != 4) return "a date such as \"Jan 31, 2020\" is needed";
    return import_date_value(year, month, day, ns);
}

/* "31-Aug-2025", "31 Aug 2025": behind the day. */
static const char *named_month_behind(int day, const char **at, const char *end, int64_t *ns) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    int month = 0, digits;
    char separator = *(*at)++;
    for (int m = 0; m < 12 && end - *at >= 3; m++)
        if (strncasecmp(*at, names + (size_t)3 * (size_t)m, 3) == 0) month = m + 1;
    if (!month) return "a date such as 2020-01-31 or unix time is needed";
    while (*at < end && ((**at | 0x20) >= 'a' && (**at | 0x20) <= 'z')) ++*at;
    if (!take(at, end, separator)) return "a date such as 31-Jan-2020 is needed";
    int year = take_number(at, end, 4, &digits);
    if (digits != 4) return "a date such as 31-Jan-2020 is needed";
    return import_date_value(year, month, day, ns);
}

/* 2020-01-31, 2020/1/31, 2020.01.31, 20200131, 31-Jan-2020; 1/31/2020 and 31/1/2020 when the file has said which it is */
static const char *numeric_date(const char **at, const char *end, enum date_order order, int64_t *ns) {
    int n1, n2, n3;
    int first = take_number(at, end, 4, &n1);
    if (n1 == 4 && *at < end && is_digit(**at)) {
        int month = take_number(at, end, 2, &n2), day = take_number(at, end, 2, &n3);
        if (n2 != 2 || n3 != 2) return "a date reads 2020-01-31 or 20200131";
        return import_date_value(first, month, day, ns);
    }
    bool named = end - *at > 4 && (**at == '-' || **at == ' ') && ((*at)[1] | 0x20) >= 'a' && ((*at)[1] | 0x20) <= 'z';
    if (named && (n1 == 1 || n1 == 2)) return named_month_behind(first, at, end, ns);
    if (*at == end || !strchr("-/.", **at) || n1 == 0) return "a date such as 2020-01-31 or unix time is needed";
    char separator = *(*at)++;
    int second = take_number(at, end, 2, &n2);
    if (n2 == 0 || !take(at, end, separator)) return "a date reads 2020-01-31";
    int third = take_number(at, end, 4, &n3);
    if (n1 == 4 && (n3 == 1 || n3 == 2)) return import_date_value(first, second, third, ns);
    if (n1 > 2 || n3 != 4) return "a date reads 2020-01-31; others want a \"time_format\" such as %d.%m.%y";
    if (order == DATES_UNKNOWN)
        return "day and month cannot be told apart; say \"time_format\": \"%d.%m.%Y\" or write dates as 2020-01-31";
    return order == DATES_DAY_FIRST ? import_date_value(third, second, first, ns)
                                    : import_date_value(third, first, second, ns);
}

/* "3:30 PM" */
static const char *half_day(const char **at, const char *end, int *hour) {
    const char *c = *at;
    while (c < end && *c == ' ') c++;
    bool named = end - c >= 2 && (c[1] | 0x20) == 'm' && ((*c | 0x20) == 'a' || (*c | 0x20) == 'p');
    if (!named) return NULL;
    if (*hour < 1 || *hour > 12) return "the hour must lie in 1 to 12 before AM and PM";
    *hour = *hour % 12 + ((*c | 0x20) == 'p' ? 12 : 0);
    *at = c + 2;
    return NULL;
}

static const char *clock_value(const char **at, const char *end, int64_t *ns) {
    int n_hour, n_minute, n_second = 0, second = 0;
    int hour = take_number(at, end, 2, &n_hour);
    bool colons = take(at, end, ':');
    int minute = take_number(at, end, 2, &n_minute);
    if (n_hour == 0 || n_minute != 2) return "a time of day reads 23:59 or 23:59:59.123";
    if (colons ? take(at, end, ':') : *at < end && is_digit(**at)) {
        second = take_number(at, end, 2, &n_second);
        if (n_second != 2) return "the seconds need two digits";
    }
    const char *wrong = half_day(at, end, &hour);
    if (wrong) return wrong;
    if (hour > 23 || minute > 59 || second > 59) return "the time of day must lie in 00:00:00 to 23:59:59";
    *ns = hour * NS_PER_HOUR + minute * NS_PER_MINUTE + second * NS_PER_SECOND;
    if (n_second == 0 || !take(at, end, '.')) return NULL;
    int64_t unit = NS_PER_SECOND;
    if (*at == end || !is_digit(**at)) return "digits must follow the decimal point";
    for (; *at < end && is_digit(**at); ++*at) {
        if (unit > 1) *ns += (**at - '0') * (unit /= 10);
    }
    return NULL;
}

/* Z, UTC, GMT, +02, +0200, +02:00; *zoned says whether there was one. */
const char *import_zone_suffix(const char **at, const char *end, int64_t *ns, bool *zoned) {
    while (take(at, end, ' ')) {
    }
    if (*at == end) return NULL;
    *zoned = true;
    if (take(at, end, 'Z')) return NULL;
    bool named = end - *at >= 3 && (strncmp(*at, "UTC", 3) == 0 || strncmp(*at, "GMT", 3) == 0);
    if (named) *at += 3;
    if (named && *at == end) return NULL;
    int sign = *at < end && **at == '+' ? 1 : *at < end && **at == '-' ? -1 : 0;
    if (!sign) return "something follows the time that is no zone";
    ++*at;
    int n_hour, n_minute = 0, minute = 0;
    int hour = take_number(at, end, 2, &n_hour);
    bool colon = take(at, end, ':');
    if (colon || *at < end) minute = take_number(at, end, 2, &n_minute);
    if (n_hour != 2 || (n_minute != 2 && (colon || n_minute)) || hour > 15 || minute > 59)
        return "a zone reads Z or +02:00";
    *ns = sign * (hour * NS_PER_HOUR + minute * NS_PER_MINUTE);
    return NULL;
}

static const char *civil_parse(struct import_reader *reader, struct field field, int64_t *time_ns,
                               enum time_style *style) {
    const char *at = field.text, *end = field.text + field.length;
    int64_t date = 0, clock = 0, offset = 0;
    bool zoned = false;
    size_t key = sizeof reader->last_date.text;
    if (field.length >= key && memcmp(field.text, reader->last_date.text, key) == 0) {
        date = reader->last_date.ns;
        at += key;
    } else {
        const char *wrong =
            is_digit(*at) ? numeric_date(&at, end, reader->date_order, &date) : month_name_date(&at, end, &date);
        if (wrong) return wrong;
        if ((size_t)(at - field.text) == key) {
            memcpy(reader->last_date.text, field.text, key);
            reader->last_date.ns = date;
        }
    }
    if (at < end) {
        bool compact = at - field.text == 8 && end - at == 6 && is_digit(*at); /* 20200131235959 */
        if (!compact && *at != 'T' && *at != 't' && *at != ' ')
            return "something follows the date that is no time of day";
        if (!compact) at++;
        if (at < end && *at == ' ') return "one blank may part date and time";
        const char *wrong = clock_value(&at, end, &clock);
        if (!wrong) wrong = import_zone_suffix(&at, end, &offset, &zoned);
        if (!wrong && at < end) wrong = "something follows the time";
        if (wrong) return wrong;
    }
    *style = zoned ? TIME_ZONED : TIME_CIVIL;
    *time_ns = date + clock - offset;
    return NULL;
}

/* Magnitude tells the unit: each is good from April 1970 to the year 2286. Years before 1970 in seconds
 * are negative and small. */
static const char *unix_scale(int64_t value, int64_t *scale, enum time_style *style) {
    int64_t size = value < 0 ? -value : value;
    if (size < INT64_C(10000000000)) {
        *scale = NS_PER_SECOND, *style = TIME_SECONDS;
        if (size > INT64_MAX / NS_PER_SECOND) return "lies beyond the year 2262";
    } else if (size < INT64_C(10000000000000)) {
        *scale = 1000000, *style = TIME_MILLIS;
    } else if (size < INT64_C(10000000000000000)) {
        *scale = 1000, *style = TIME_MICROS;
    } else {
        *scale = 1, *style = TIME_NANOS;
    }
    return size > INT64_MAX / *scale ? "lies beyond the year 2262" : NULL;
}

/* "1609459200", "1609459200.0", "1609459200.5"; 1: not of this form. */
static const char *unix_parse(struct field field, int64_t *time_ns, enum time_style *style, bool *other) {
    const char *at = field.text, *end = field.text + field.length;
    bool negative = take(&at, end, '-');
    const char *digits = at;
    int64_t value = 0, scale, fraction = 0;
    for (; at < end && is_digit(*at); at++) {
        if (at - digits >= 19) return "has too many digits for a time";
        if (value > (INT64_MAX - 9) / 10) return "lies beyond the year 2262";
        value = value * 10 + (*at - '0');
    }
    *other = at == digits || (at < end && *at != '.');
    if (*other) return NULL;
    const char *wrong = unix_scale(value, &scale, style);
    if (wrong) return wrong;
    if (take(&at, end, '.')) {
        if (at == end) return "digits must follow the decimal point";
        for (int64_t unit = scale; at < end && is_digit(*at); at++)
            if (unit > 1) fraction += (*at - '0') * (unit /= 10);
    }
    if (at < end) {
        *other = true;
        return NULL;
    }
    if (value == INT64_MAX / scale && fraction) return "lies beyond the year 2262";
    *time_ns = negative ? -(value * scale + fraction) : value * scale + fraction;
    return NULL;
}

/* 8 or 14 digits that make a date are one: as unix time they would lie in 1970. */
static bool digits_are_date(struct field field) {
    if (field.length != 8 && field.length != 14) return false;
    for (size_t i = 0; i < field.length; i++)
        if (!is_digit(field.text[i])) return false;
    const char *at = field.text;
    int64_t ns;
    return field.text[0] <= '2' && !numeric_date(&at, at + 8, DATES_UNKNOWN, &ns);
}

const char *import_time_parse(struct import_reader *reader, struct field field, int64_t *time_ns,
                              enum time_style *style) {
    if (field.length == 0) return "is empty";
    if (field.length >= IMPORT_FIELD_MAX) return "is too long for a time";
    if (reader->options.time_format) return import_time_by_format(reader->options.time_format, field, time_ns, style);
    if (!digits_are_date(field)) {
        bool other;
        const char *wrong = unix_parse(field, time_ns, style, &other);
        if (wrong || !other) return wrong;
    }
    return civil_parse(reader, field, time_ns, style);
}

/* -1 when there are no two digits. */
static int two_digits(const char *c) {
    return is_digit(c[0]) && is_digit(c[1]) ? 10 * (c[0] - '0') + (c[1] - '0') : -1;
}

/* Behind a date that is known. */
static bool take_clock(const char **at, int64_t *ns, enum time_style *style) {
    const char *c = *at;
    *style = TIME_CIVIL;
    if (*c != 'T' && *c != ' ') return true; /* a date alone, if the field ends here */
    int hour = two_digits(c + 1), minute = two_digits(c + 4), second = 0;
    bool seconds = c[6] == ':';
    if (seconds) second = two_digits(c + 7);
    if (hour < 0 || hour > 23 || c[3] != ':' || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    c += seconds ? 9 : 6;
    if (*c == 'Z') *style = TIME_ZONED;
    *at = c + (*c == 'Z');
    *ns += (hour * 60 + minute) * NS_PER_MINUTE + second * NS_PER_SECOND;
    return true;
}

bool import_time_take(const struct import_reader *reader, const char **at, int64_t *time_ns, enum time_style *style) {
    const char *c = *at;
    size_t key = sizeof reader->last_date.text;
    uint64_t value = 0;
    int64_t scale;
    if (reader->end - c < 24 || reader->options.time_format) return false; /* nothing below looks farther */
    if (memcmp(c, reader->last_date.text, key) == 0) {
        *at += key;
        *time_ns = reader->last_date.ns;
        return take_clock(at, time_ns, style);
    }
    while (c - *at < 19 && is_digit(*c)) value = value * 10 + (uint64_t)(*c++ - '0');
    ptrdiff_t n = c - *at;
    if (n == 0 || n == 8 || n == 14 || value > INT64_MAX - 100) return false; /* perhaps a date; perhaps too large */
    if (unix_scale((int64_t)value, &scale, style)) return false;
    *time_ns = (int64_t)value * scale;
    *at = c;
    return true;
}

const char *import_clock_parse(struct field field, int64_t *ns) {
    const char *at = field.text, *end = field.text + field.length;
    const char *wrong = clock_value(&at, end, ns);
    return !wrong && at < end ? "something follows the time of day" : wrong;
}
