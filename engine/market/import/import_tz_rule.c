/* A zone's rule for the years to come. */
#include "import_tz_rule.h"

#include <string.h>

#include "engine/base/base.h"

static const int64_t DAY_S = 86400;

/* ---- reading it --------------------------------------------------------------------------------- */

static bool take_name(const char **at, const char *end) {
    const char *begin = *at;
    if (begin < end && *begin == '<') {
        const char *stop = memchr(begin, '>', (size_t)(end - begin));
        if (!stop) return false;
        *at = stop + 1;
        return true;
    }
    while (*at < end && ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))) ++*at;
    return *at - begin >= 3;
}

static bool take_digits(const char **at, const char *end, int *value) {
    const char *begin = *at;
    *value = 0;
    while (*at < end && *at - begin < 3 && **at >= '0' && **at <= '9') *value = 10 * *value + *(*at)++ - '0';
    return *at > begin;
}

static bool take(const char **at, const char *end, char c) {
    if (*at == end || **at != c) return false;
    ++*at;
    return true;
}

/* [+-]h[:m[:s]] */
static bool take_time(const char **at, const char *end, int32_t *seconds) {
    int hours, minutes = 0, rest = 0;
    bool negative = take(at, end, '-');
    if (!negative) take(at, end, '+');
    if (!take_digits(at, end, &hours)) return false;
    if (take(at, end, ':') && !take_digits(at, end, &minutes)) return false;
    if (minutes && take(at, end, ':') && !take_digits(at, end, &rest)) return false;
    if (hours > 167 || minutes > 59 || rest > 59) return false;
    *seconds = (negative ? -1 : 1) * (3600 * hours + 60 * minutes + rest);
    return true;
}

static bool take_change(const char **at, const char *end, struct tz_change *out) {
    if (!take(at, end, ',')) return false;
    out->time_s = 7200;
    out->kind = 'D';
    if (take(at, end, 'M')) {
        out->kind = 'M';
        bool good = take_digits(at, end, &out->month) && take(at, end, '.') && take_digits(at, end, &out->week) &&
                    take(at, end, '.') && take_digits(at, end, &out->day);
        if (!good || out->month < 1 || out->month > 12 || out->week < 1 || out->week > 5 || out->day > 6) return false;
    } else {
        if (take(at, end, 'J')) out->kind = 'J';
        if (!take_digits(at, end, &out->day) || out->day > 365) return false;
    }
    return !take(at, end, '/') || take_time(at, end, &out->time_s);
}

bool tz_rule_parse(const char *text, const char *end, struct tz_rule *out) {
    *out = (struct tz_rule){0};
    if (!take_name(&text, end) || !take_time(&text, end, &out->standard_s)) return false;
    out->standard_s = -out->standard_s; /* POSIX counts westward */
    if (text == end) return true;
    if (!take_name(&text, end)) return false;
    out->has_summer = true;
    out->summer_s = out->standard_s + 3600;
    if (text < end && *text != ',') {
        if (!take_time(&text, end, &out->summer_s)) return false;
        out->summer_s = -out->summer_s;
    }
    return take_change(&text, end, &out->to_summer) && take_change(&text, end, &out->to_standard) && text == end;
}

/* ---- using it ----------------------------------------------------------------------------------- */

static int64_t civil_s(int year, int month, int day) { return time_from_civil(year, month, day) / NS_PER_SECOND; }

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

/* Local seconds at which the change comes in a year. */
static int64_t change_s(const struct tz_change *change, int year) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t first = civil_s(year, 1, 1);
    if (change->kind == 'D') return first + change->day * DAY_S + change->time_s;
    if (change->kind == 'J')
        return first + (change->day - 1 + (is_leap(year) && change->day > 59)) * DAY_S + change->time_s;
    int weekday, length = days[change->month - 1] + (change->month == 2 && is_leap(year));
    time_to_civil(time_from_civil(year, change->month, 1), NULL, NULL, NULL, NULL, &weekday);
    int day = 1 + (change->day - weekday + 7) % 7 + 7 * (change->week - 1);
    while (day > length) day -= 7; /* week 5 is the last one */
    return civil_s(year, change->month, day) + change->time_s;
}

int32_t tz_rule_offset(const struct tz_rule *rule, int64_t utc_s, int64_t *begin_s, int64_t *end_s) {
    int year;
    *begin_s = INT64_MIN / 4, *end_s = INT64_MAX / 4;
    int32_t offset = rule->standard_s;
    if (!rule->has_summer) return offset;
    time_to_civil((utc_s + rule->standard_s) * NS_PER_SECOND, &year, NULL, NULL, NULL, NULL);
    /* The latest change at or before this moment says what holds. */
    for (int y = year - 1; y <= year + 1; y++) {
        const int64_t at[] = {change_s(&rule->to_summer, y) - rule->standard_s,
                              change_s(&rule->to_standard, y) - rule->summer_s};
        for (int k = 0; k < 2; k++) {
            if (at[k] <= utc_s && at[k] > *begin_s) {
                *begin_s = at[k];
                offset = k == 0 ? rule->summer_s : rule->standard_s;
            }
            if (at[k] > utc_s && at[k] < *end_s) *end_s = at[k];
        }
    }
    return offset;
}
