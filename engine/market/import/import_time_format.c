/* Times as `time_format` describes them, in the letters of strptime. Months are English whatever the locale. */
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

struct parts {
    int year, month, day, hour, minute, second, day_of_year;
    int64_t fraction_ns, offset_ns, unix_ns;
    bool afternoon, twelve, zoned, is_unix;
};

static bool digits(const char **at, const char *end, int most, int *value) {
    const char *begin = *at;
    *value = 0;
    while (*at < end && *at - begin < most && **at >= '0' && **at <= '9') *value = 10 * *value + *(*at)++ - '0';
    return *at > begin;
}

static bool letters(const char **at, const char *end) {
    const char *begin = *at;
    while (*at < end && ((**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z'))) ++*at;
    return *at > begin;
}

static bool month_name(const char **at, const char *end, int *month) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    *month = 0;
    if (end - *at < 3) return false;
    for (int m = 0; m < 12; m++)
        if (strncasecmp(*at, names + (size_t)3 * (size_t)m, 3) == 0) *month = m + 1;
    return *month && letters(at, end);
}

static bool fraction(const char **at, const char *end, int64_t unit_ns, int64_t *ns) {
    const char *begin = *at;
    for (*ns = 0; *at < end && **at >= '0' && **at <= '9'; ++*at)
        if (unit_ns > 1) *ns += (**at - '0') * (unit_ns /= 10);
    return *at > begin;
}

static bool unix_seconds(const char **at, const char *end, struct parts *p) {
    const char *begin = *at;
    int64_t seconds = 0;
    while (*at < end && *at - begin < 10 && **at >= '0' && **at <= '9') seconds = 10 * seconds + *(*at)++ - '0';
    p->is_unix = p->zoned = true;
    p->unix_ns = seconds * NS_PER_SECOND;
    return *at > begin && seconds < INT64_MAX / NS_PER_SECOND;
}

static bool zone(const char **at, const char *end, struct parts *p) {
    const char *wrong = import_zone_suffix(at, end, &p->offset_ns, &p->zoned);
    return !wrong && p->zoned;
}

static bool half_day(const char **at, const char *end, struct parts *p) {
    if (end - *at < 2 || ((*at)[1] | 0x20) != 'm') return false;
    char c = (char)(**at | 0x20);
    p->twelve = true;
    p->afternoon = c == 'p';
    *at += 2;
    return c == 'a' || c == 'p';
}

/* What one letter behind a '%' stands for. */
static bool take_letter(char letter, const char **at, const char *end, struct parts *p) {
    switch (letter) {
    case 'Y':
        return digits(at, end, 4, &p->year);
    case 'y':
        if (!digits(at, end, 2, &p->year)) return false;
        p->year += p->year < 69 ? 2000 : 1900;
        return true;
    case 'm':
        return digits(at, end, 2, &p->month);
    case 'd':
    case 'e':
        return digits(at, end, 2, &p->day);
    case 'j':
        return digits(at, end, 3, &p->day_of_year) && p->day_of_year > 0;
    case 'H':
    case 'I':
    case 'k':
    case 'l':
        return digits(at, end, 2, &p->hour);
    case 'M':
        return digits(at, end, 2, &p->minute);
    case 'S':
        return digits(at, end, 2, &p->second);
    case 'f':
        return fraction(at, end, NS_PER_SECOND, &p->fraction_ns);
    case 'p':
        return half_day(at, end, p);
    case 'b':
    case 'B':
    case 'h':
        return month_name(at, end, &p->month);
    case 'a':
    case 'A':
        return letters(at, end);
    case 'z':
    case 'Z':
        return zone(at, end, p);
    case 's':
        return unix_seconds(at, end, p);
    default:
        return false;
    }
}

/* Letters that stand for several others. */
static const char *whole(char letter) {
    return letter == 'F'   ? "%Y-%m-%d"
           : letter == 'T' ? "%H:%M:%S"
           : letter == 'R' ? "%H:%M"
           : letter == 'D' ? "%m/%d/%y"
                           : NULL;
}

static bool take_all(const char *format, const char **at, const char *end, struct parts *p) {
    for (; *format; format++) {
        if (*format == ' ') {
            while (*at < end && **at == ' ') ++*at;
            continue;
        }
        if (*format != '%') {
            if (*at == end || **at != *format) return false;
            ++*at;
            continue;
        }
        format++;
        if (*format == '-' && format[1]) format++; /* "%-d": as with zeros, which are not asked for anyway */
        if (whole(*format) ? !take_all(whole(*format), at, end, p) : !take_letter(*format, at, end, p)) return false;
    }
    return true;
}

int import_time_format_check(const char *format) {
    static const char known[] = "YymdejHIklMSfpbBhaAzZsFTRD";
    bool date = false;
    for (const char *c = format; (c = strchr(c, '%')); c++) {
        c += 1 + (c[1] == '-');
        if (!*c || !strchr(known, *c))
            FAIL(GW_ERR_CONFIG,
                 "time_format \"%.40s\": %%%c is not known here; letters are those of strptime: %%Y %%m "
                 "%%d %%H %%M %%S %%f %%b %%p %%z %%s",
                 format, *c ? *c : ' ');
        date = date || *c == 'd' || *c == 'e' || *c == 'j' || *c == 's' || *c == 'F' || *c == 'D';
    }
    if (!date)
        FAIL(GW_ERR_CONFIG, "time_format \"%.40s\" has no day; \"%%d.%%m.%%Y %%H:%%M\" is one, \"%%s\" unix time",
             format);
    return GW_OK;
}

const char *import_time_by_format(const char *format, struct field field, int64_t *time_ns, enum time_style *style) {
    struct parts p = {.year = 1970, .month = 1, .day = 1};
    const char *at = field.text, *end = field.text + field.length;
    if (!take_all(format, &at, end, &p) || at != end) return "does not fit time_format";
    if (p.twelve && (p.hour < 1 || p.hour > 12)) return "the hour must lie in 1 to 12 before AM and PM";
    if (p.twelve) p.hour = p.hour % 12 + 12 * p.afternoon;
    if (p.hour > 23 || p.minute > 59 || p.second > 59) return "the time of day must lie in 00:00:00 to 23:59:59";
    *style = p.zoned ? TIME_ZONED : TIME_CIVIL;
    *time_ns = p.unix_ns;
    if (!p.is_unix) {
        const char *wrong = import_date_value(p.year, p.month, p.day, time_ns);
        if (wrong) return wrong;
        if (p.day_of_year > 366) return "the day of the year must lie in 1 to 366";
        if (p.day_of_year) *time_ns = time_from_civil(p.year, 1, 1) + (p.day_of_year - 1) * 24 * NS_PER_HOUR;
        *time_ns += p.hour * NS_PER_HOUR + p.minute * NS_PER_MINUTE + p.second * NS_PER_SECOND - p.offset_ns;
    }
    *time_ns += p.fraction_ns;
    return NULL;
}
