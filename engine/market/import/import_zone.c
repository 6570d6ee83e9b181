/* Local time of the few zones that data vendors write without saying so. */
#include "engine/base/base.h"
#include "import_private.h"

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

int64_t import_zone_to_utc(enum import_zone zone, int64_t local_ns) {
    switch (zone) {
    case ZONE_EST:
        return local_ns + 5 * NS_PER_HOUR;
    case ZONE_NEW_YORK:
        return local_ns + (new_york_daylight(local_ns) ? 4 : 5) * NS_PER_HOUR;
    case ZONE_UTC:
        break;
    }
    return local_ns;
}
