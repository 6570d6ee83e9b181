/* When a market is open: what its bars say, or what somebody says of it. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/import/import_tz.h"
#include "survey.h"

static const int64_t WEEK_NS = 7 * NS_PER_DAY;
static const int64_t SUNDAY_NS = 3 * NS_PER_DAY; /* 1970-01-04 was the first one */

static int64_t floor_mod(int64_t a, int64_t b) {
    int64_t r = a % b;
    return r < 0 ? r + b : r;
}

static int64_t floor_div(int64_t a, int64_t b) { return (a - floor_mod(a, b)) / b; }

static int64_t local_of(const struct calendar *calendar, int64_t utc_ns) {
    return utc_ns + import_tz_offset_ns(calendar->tz, utc_ns);
}

static size_t slot_of(const struct calendar *calendar, int64_t utc_ns) {
    return (size_t)(floor_mod(local_of(calendar, utc_ns) - SUNDAY_NS, WEEK_NS) / calendar->slot_ns);
}

int64_t calendar_day(const struct calendar *calendar, int64_t time_ns) {
    return floor_div(local_of(calendar, time_ns), NS_PER_DAY);
}

bool calendar_is_open(const struct calendar *calendar, int64_t open_ns) {
    return calendar->open[slot_of(calendar, open_ns)];
}

void calendar_free(struct calendar *calendar) {
    import_tz_close(calendar->tz);
    calendar->tz = NULL;
}

static void choose_slots(struct calendar *calendar, int64_t interval_ns) {
    calendar->slot_ns = interval_ns < NS_PER_MINUTE ? NS_PER_MINUTE
                        : interval_ns > NS_PER_DAY  ? NS_PER_DAY
                                                    : interval_ns;
    while (WEEK_NS % calendar->slot_ns) calendar->slot_ns -= NS_PER_MINUTE; /* 7m: no whole number of it is a week */
    if (calendar->slot_ns < NS_PER_MINUTE) calendar->slot_ns = NS_PER_MINUTE;
    calendar->n_slots = (size_t)(WEEK_NS / calendar->slot_ns);
}

/* ---- from bars ---------------------------------------------------------------------------------------- */

struct occupancy {
    uint32_t count[CALENDAR_SLOTS_MAX];
    double level;  /* what a busy slot has */
    double untidy; /* mean of p(1 - p) over the slots, p being the share of `level` */
};

static int compare_counts(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int occupy(const struct gw_bars *bars, const struct calendar *calendar, struct occupancy *out) {
    uint32_t *sorted = mem_calloc(calendar->n_slots, sizeof *sorted);
    if (!sorted) return GW_ERR_NOMEM;
    memset(out, 0, sizeof *out);
    size_t n = 0;
    for (size_t i = 0; i < bars->n; i++) out->count[slot_of(calendar, bars->bar[i].open_ns)]++;
    for (size_t i = 0; i < calendar->n_slots; i++)
        if (out->count[i]) sorted[n++] = out->count[i];
    qsort(sorted, n, sizeof *sorted, compare_counts);
    out->level = n ? sorted[n / 2] : 1;
    for (size_t i = 0; i < calendar->n_slots; i++) {
        double p = out->count[i] / out->level;
        if (p < 1) out->untidy += p * (1 - p) / (double)calendar->n_slots;
    }
    mem_free(sorted);
    return GW_OK;
}

static size_t count_open(const struct calendar *calendar, size_t first, size_t n) {
    size_t open = 0;
    for (size_t i = first; i < first + n; i++) open += calendar->open[i];
    return open;
}

static void name_kind(struct calendar *calendar) {
    size_t day = calendar->n_slots / 7, open = count_open(calendar, 0, calendar->n_slots);
    bool weekend = count_open(calendar, 6 * day, day) > day / 2 || count_open(calendar, 0, day) > day / 2;
    double share = (double)open / (double)calendar->n_slots;
    calendar->kind = CALENDAR_SESSIONS;
    if (share > .98)
        calendar->kind = CALENDAR_ALWAYS;
    else if (calendar->slot_ns == NS_PER_DAY)
        calendar->kind = weekend ? CALENDAR_SESSIONS : CALENDAR_WEEKDAYS;
    else if (share > .66 && share < .76 && count_open(calendar, 6 * day, day) == 0)
        calendar->kind = CALENDAR_FX;
}

static int set_zone(struct calendar *calendar, const char *zone) {
    struct import_tz *tz;
    TRY(import_tz_open(zone, &tz));
    import_tz_close(calendar->tz);
    calendar->tz = tz;
    snprintf(calendar->zone, sizeof calendar->zone, "%s", zone);
    return GW_OK;
}

static int infer_zone(const struct gw_bars *bars, struct calendar *out, struct occupancy *best) {
    static const char *const zones[] = {"America/New_York", "Europe/Berlin", "Europe/London", "Asia/Tokyo"};
    struct calendar *other = mem_calloc(1, sizeof *other);
    struct occupancy *tried = mem_calloc(1, sizeof *tried);
    int rc = other && tried ? occupy(bars, out, best) : GW_ERR_NOMEM;
    for (size_t i = 0; i < COUNT_OF(zones) && rc == GW_OK && out->slot_ns < NS_PER_DAY; i++) {
        *other = *out;
        other->tz = NULL;
        if (set_zone(other, zones[i]) < 0) continue; /* no such zones here: UTC it is */
        rc = occupy(bars, other, tried);
        if (rc == GW_OK && tried->untidy < .8 * best->untidy) {
            *best = *tried;
            rc = set_zone(out, zones[i]);
        }
        calendar_free(other);
        if (rc == GW_OK) rc = interrupt_check();
    }
    mem_free(other);
    mem_free(tried);
    return rc;
}

int calendar_infer(const struct gw_bars *bars, struct calendar *out) {
    *out = (struct calendar){.kind = CALENDAR_UNKNOWN};
    choose_slots(out, bars->interval_ns);
    TRY(set_zone(out, "UTC"));
    struct occupancy *found = mem_calloc(1, sizeof *found);
    int rc = found ? infer_zone(bars, out, found) : GW_ERR_NOMEM;
    bool long_enough = bars->n && bars->bar[bars->n - 1].open_ns - bars->bar[0].open_ns >= 2 * WEEK_NS;
    if (rc == GW_OK && long_enough && bars->interval_ns <= NS_PER_DAY) {
        for (size_t i = 0; i < out->n_slots; i++) out->open[i] = found->count[i] >= .5 * found->level;
        name_kind(out);
    } else {
        for (size_t i = 0; i < out->n_slots; i++) out->open[i] = true;
    }
    mem_free(found);
    if (rc < 0) calendar_free(out);
    return rc;
}

/* ---- from words ---------------------------------------------------------------------------------------- */

static void open_between(struct calendar *calendar, size_t day, int64_t from_ns, int64_t to_ns) {
    for (int64_t at = 0; at < NS_PER_DAY; at += calendar->slot_ns)
        if (at >= from_ns && at < to_ns)
            calendar->open[(size_t)(((int64_t)day * NS_PER_DAY + at) / calendar->slot_ns)] = true;
}

static bool parse_hours(const char *text, int64_t *from_ns, int64_t *to_ns, const char **zone) {
    int h1, m1, h2, m2, n = 0;
    if (sscanf(text, "%2d:%2d-%2d:%2d@%n", &h1, &m1, &h2, &m2, &n) != 4 || n == 0) return false;
    if (h1 < 0 || h1 > 23 || h2 < 0 || h2 > 24 || m1 < 0 || m1 > 59 || m2 < 0 || m2 > 59) return false;
    *from_ns = h1 * NS_PER_HOUR + m1 * NS_PER_MINUTE;
    *to_ns = h2 * NS_PER_HOUR + m2 * NS_PER_MINUTE;
    *zone = text + n;
    return *from_ns < *to_ns;
}

int calendar_parse(const char *text, int64_t interval_ns, struct calendar *out) {
    int64_t from_ns = 0, to_ns = NS_PER_DAY;
    const char *zone = "UTC";
    *out = (struct calendar){.given = true};
    choose_slots(out, interval_ns);
    if (strcmp(text, "24x7") == 0) {
        out->kind = CALENDAR_ALWAYS;
    } else if (strcmp(text, "weekdays") == 0) {
        out->kind = CALENDAR_WEEKDAYS;
    } else if (strcmp(text, "fx") == 0) {
        out->kind = CALENDAR_FX;
        zone = "America/New_York";
    } else if (parse_hours(text, &from_ns, &to_ns, &zone)) {
        out->kind = CALENDAR_SESSIONS;
    } else {
        FAIL(GW_ERR_USAGE,
             "calendar \"%.40s\" is none; give 24x7, fx, weekdays, or hours and their zone as in "
             "09:30-16:00@America/New_York",
             text);
    }
    TRY(set_zone(out, zone));
    for (size_t day = 0; day < 7; day++) {
        bool weekday = day >= 1 && day <= 5;
        if (out->kind == CALENDAR_ALWAYS || (weekday && out->kind != CALENDAR_FX))
            open_between(out, day, from_ns, to_ns);
        if (out->kind != CALENDAR_FX) continue; /* Sunday 17:00 to Friday 17:00 in New York */
        if (day <= 5) open_between(out, day, day == 0 ? 17 * NS_PER_HOUR : 0, day == 5 ? 17 * NS_PER_HOUR : NS_PER_DAY);
    }
    return GW_OK;
}

/* ---- in words ------------------------------------------------------------------------------------------ */

static void clock_words(int64_t ns, char text[8]) {
    snprintf(text, 8, "%02d:%02d", (int)(ns / NS_PER_HOUR % 100), (int)(ns / NS_PER_MINUTE % 60));
}

/* First and last slot of a week's day that is open; false: none is. */
static bool day_hours(const struct calendar *calendar, size_t day, size_t *first, size_t *last) {
    size_t n = calendar->n_slots / 7;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (!calendar->open[day * n + i]) continue;
        if (!any) *first = i;
        *last = i;
        any = true;
    }
    return any;
}

void calendar_words(const struct calendar *calendar, char text[160]) {
    static const char *const name[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    size_t first = 0, last = 0, begin = 7, end = 0, low = SIZE_MAX, high = 0;
    char from[8], to[8];
    for (size_t day = 0; day < 7; day++) {
        if (!day_hours(calendar, day, &first, &last)) continue;
        if (begin == 7) begin = day;
        end = day;
        if (first < low) low = first;
        if (last > high) high = last;
    }
    switch (calendar->kind) {
    case CALENDAR_ALWAYS:
        strcpy(text, "around the clock, every day");
        return;
    case CALENDAR_WEEKDAYS:
        strcpy(text, "Monday to Friday");
        return;
    case CALENDAR_UNKNOWN:
        strcpy(text, "not known: too little data to tell");
        return;
    default:
        break;
    }
    if (begin == 7) {
        strcpy(text, "never open");
        return;
    }
    if (calendar->slot_ns == NS_PER_DAY) {
        snprintf(text, 160, "%s to %s", name[begin], name[end]);
        return;
    }
    if (calendar->kind == CALENDAR_FX) {
        day_hours(calendar, begin, &low, &last);
        day_hours(calendar, end, &first, &high);
    }
    clock_words((int64_t)low * calendar->slot_ns, from);
    clock_words((int64_t)(high + 1) * calendar->slot_ns, to);
    bool fx = calendar->kind == CALENDAR_FX;
    snprintf(text, 160, fx ? "%s %s to %s %s (%s)" : "%s to %s, %s to %s (%s)", name[begin], fx ? from : name[end],
             fx ? name[end] : from, to, calendar->zone);
}
