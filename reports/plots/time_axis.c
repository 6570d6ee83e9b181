/* Tick marks of a calendar axis: whole years, months, days or hours, never more than fit side by side. */
#include <math.h>

#include "engine/base/base.h"
#include "plot.h"

enum { HOUR = 3600, DAY = 86400 };
struct step {
    enum { STEP_SECONDS, STEP_MONTHS } unit;
    int size;
    const char *format; /* of the label: Y year, M month number, N month name, D day, H hour and minute */
    double label_pt;    /* room that a label wants */
};
static const struct step steps[] = {
    {STEP_SECONDS, HOUR, "D N H", 78},
    {STEP_SECONDS, 3 * HOUR, "D N H", 78},
    {STEP_SECONDS, 6 * HOUR, "D N H", 78},
    {STEP_SECONDS, 12 * HOUR, "D N H", 78},
    {STEP_SECONDS, DAY, "Y-M-D", 66},
    {STEP_SECONDS, 2 * DAY, "Y-M-D", 66},
    {STEP_SECONDS, 7 * DAY, "Y-M-D", 66},
    {STEP_SECONDS, 14 * DAY, "Y-M-D", 66},
    {STEP_MONTHS, 1, "Y-M", 50},
    {STEP_MONTHS, 2, "Y-M", 50},
    {STEP_MONTHS, 3, "Y-M", 50},
    {STEP_MONTHS, 6, "Y-M", 50},
    {STEP_MONTHS, 12, "Y", 36},
    {STEP_MONTHS, 24, "Y", 36},
    {STEP_MONTHS, 60, "Y", 36},
    {STEP_MONTHS, 120, "Y", 36},
};

static double step_seconds(const struct step *step) {
    return step->unit == STEP_SECONDS ? step->size : step->size * 30.44 * DAY;
}

static void label(char out[32], const char *format, int64_t seconds) {
    static const char *const month_name[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year, month, day, second_of_day, weekday;
    time_to_civil(seconds * NS_PER_SECOND, &year, &month, &day, &second_of_day, &weekday);
    size_t used = 0;
    for (const char *f = format; *f && used < 20; f++) {
        size_t room = 32 - used;
        int n = *f == 'Y'   ? snprintf(out + used, room, "%04d", year)
                : *f == 'M' ? snprintf(out + used, room, "%02d", month)
                : *f == 'N' ? snprintf(out + used, room, "%s", month_name[(month + 11) % 12])
                : *f == 'D' ? snprintf(out + used, room, "%02d", day)
                : *f == 'H' ? snprintf(out + used, room, "%02d:%02d", second_of_day / HOUR, second_of_day / 60 % 60)
                            : snprintf(out + used, room, "%c", *f);
        used += (size_t)n;
    }
}

/* Ticks are counted in steps since 1970, whole weeks from its first Monday. */
static int64_t tick_at(const struct step *step, int64_t index) {
    if (step->unit == STEP_SECONDS) return index * step->size + (step->size % (7 * DAY) == 0 ? 4 * DAY : 0);
    int64_t months = index * step->size;
    int64_t year = 1970 + (months >= 0 ? months / 12 : -((11 - months) / 12));
    return time_from_civil((int)year, (int)(months - (year - 1970) * 12) + 1, 1) / NS_PER_SECOND;
}

int page_time_axis(struct page *page, double from, double to, double width) {
    FILE *stream;
    TRY(page_file(page, "ticks", &stream));
    if (!(to > from)) to = from + DAY; /* one point still needs an axis */
    page_set(page, "time_from", from);
    page_set(page, "time_to", to);
    const struct step *step = &steps[COUNT_OF(steps) - 1];
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        double fit = width * PAGE_WIDTH_PT / (steps[i].label_pt * 1.15);
        if ((to - from) / step_seconds(&steps[i]) > fit) continue;
        step = &steps[i];
        break;
    }
    int64_t index = (int64_t)floor(from / step_seconds(step)) - 2;
    size_t written = 0;
    for (int64_t at; (at = tick_at(step, index)) <= (int64_t)to; index++) {
        char text[32];
        if ((double)at < from) continue;
        label(text, step->format, at);
        /* a label at the very end would reach past the page's margin: the mark alone says as much */
        if ((to - (double)at) / (to - from) * width * PAGE_WIDTH_PT < 0.42 * step->label_pt && written) text[0] = 0;
        fprintf(stream, "%lld\t\"%s\"\n", (long long)at, text);
        written++;
    }
    if (written == 0) { /* a span without a round date: name its beginning */
        char text[32];
        label(text, "Y-M-D", (int64_t)from);
        fprintf(stream, "%.0f\t\"%s\"\n", from, text);
    }
    return GW_OK;
}
