/* Local time to UTC: of the zone that was named, or of the few that data vendors write without saying so. */
#include "engine/base/base.h"
#include "import_private.h"
#include "import_tz.h"

/* Day of the month of the nth Sunday. */
static int nth_sunday(int year, int month, int nth) {
    int weekday;
    time_to_civil(time_from_civil(year, month, 1), NULL, NULL, NULL, NULL, &weekday);
    return 1 + (7 - weekday) % 7 + 7 * (nth - 1);
}

static int last_sunday(int year, int month, int days) {
    int weekday;
    time_to_civil(time_from_civil(year, month, days), NULL, NULL, NULL, NULL, &weekday);
    return days - weekday;
}

/* Daylight saving in the United States since 1967: Energy Policy Act of 2005 (second Sunday of March to first
 * of November), before that from April (first Sunday from 1987, last before) to the last of October. The
 * clock changes at 2:00; the hour that comes twice in autumn is taken as the first one. */
static bool new_york_daylight(int64_t local_ns) {
    int year;
    time_to_civil(local_ns, &year, NULL, NULL, NULL, NULL);
    if (year < 1967) return false;
    int64_t begin, end;
    if (year >= 2007) {
        begin = time_from_civil(year, 3, nth_sunday(year, 3, 2));
        end = time_from_civil(year, 11, nth_sunday(year, 11, 1));
    } else {
        begin = time_from_civil(year, 4, year >= 1987 ? nth_sunday(year, 4, 1) : last_sunday(year, 4, 30));
        end = time_from_civil(year, 10, last_sunday(year, 10, 31));
    }
    return local_ns >= begin + 2 * NS_PER_HOUR && local_ns < end + 2 * NS_PER_HOUR;
}

static int64_t vendor_zone_to_utc(enum import_zone zone, int64_t local_ns) {
    switch (zone) {
    case ZONE_EST:
        return local_ns + 5 * NS_PER_HOUR;
    case ZONE_NEW_YORK:
        return local_ns + (new_york_daylight(local_ns) ? 4 : 5) * NS_PER_HOUR;
    case ZONE_UTC:
    case ZONE_BROKER: /* whichever it is, nobody has said */
        break;
    }
    return local_ns;
}

/* The two bars of a symbol that were read last; their number. */
static size_t last_two(const struct import_rows *rows, uint16_t symbol, int64_t time_ns[2]) {
    size_t n = 0;
    for (size_t i = rows->n; i-- > 0 && n < 2;)
        if (!rows->symbol || rows->symbol[i] == symbol) time_ns[n++] = rows->bar[i].open_ns;
    return n;
}

/* When clocks are put back an hour comes twice. Rows follow one another, upward or downward, so those before tell which of
 * the two it is. */
static int64_t choose(const struct import_rows *rows, uint16_t symbol, const int64_t utc_ns[2]) {
    int64_t before[2];
    size_t n = last_two(rows, symbol, before);
    if (n == 2 && before[0] < before[1]) return utc_ns[1] < before[0] ? utc_ns[1] : utc_ns[0];
    return n == 0 || utc_ns[0] > before[0] ? utc_ns[0] : utc_ns[1];
}

bool import_to_utc(const struct import_reader *reader, uint16_t symbol, int64_t *time_ns) {
    int64_t utc_ns[2];
    if (!reader->tz) {
        *time_ns = vendor_zone_to_utc(reader->layout.zone, *time_ns);
        return true;
    }
    size_t n = import_tz_to_utc(reader->tz, *time_ns, utc_ns);
    if (n == 0) return false;
    *time_ns = n == 1 ? utc_ns[0] : choose(&reader->rows, symbol, utc_ns);
    return true;
}
