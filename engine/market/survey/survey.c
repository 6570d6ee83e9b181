/* Gaps, splits, flat stretches and spikes of bars. */
#include "survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

char *duration_words(int64_t ns, char text[48]) {
    static const struct {
        int64_t ns;
        const char *name;
    } unit[] = {
        {24 * NS_PER_HOUR, "days"}, {NS_PER_HOUR, "h"}, {NS_PER_MINUTE, "min"}, {NS_PER_SECOND, "s"}, {1000000, "ms"}};
    for (size_t i = 0; i + 1 < COUNT_OF(unit); i++) {
        if (ns < unit[i].ns) continue;
        int64_t whole = ns / unit[i].ns, rest = ns % unit[i].ns / unit[i + 1].ns;
        const char *name = i == 0 && whole == 1 ? "day" : unit[i].name;
        if (rest)
            snprintf(text, 48, "%lld %s %lld %s", (long long)whole, name, (long long)rest, unit[i + 1].name);
        else
            snprintf(text, 48, "%lld %s", (long long)whole, name);
        return text;
    }
    return duration_format(ns, text);
}

static void note(struct survey_event *list, size_t n, int64_t time_ns, double size) {
    if (n < SURVEY_SHOWN) list[n] = (struct survey_event){time_ns, size};
}

/* ---- gaps --------------------------------------------------------------------------------------------- */

/* What is missing of one gap. A day of which nothing is there was a holiday; the rest of a gap is one inside a session. */
static void count_gap(const struct gw_bars *bars, const struct calendar *calendar, size_t i, struct survey *out) {
    int64_t from = bars->bar[i - 1].open_ns, to = bars->bar[i].open_ns, interval = bars->interval_ns;
    int64_t first_day = calendar_day(calendar, from), last_day = calendar_day(calendar, to), counted = first_day;
    size_t missing = 0;
    bool partial = bars->interval_ns < 24 * NS_PER_HOUR;
    for (int64_t t = from + interval; t + interval / 2 < to; t += interval) {
        if (!calendar_is_open(calendar, t)) continue;
        int64_t day = calendar_day(calendar, t);
        bool whole_day = calendar->kind != CALENDAR_ALWAYS && (!partial || (day > first_day && day < last_day));
        if (!whole_day)
            missing++;
        else if (day != counted)
            out->n_closed_days++;
        if (whole_day) counted = day;
    }
    if (!missing) return;
    out->n_gaps++;
    out->n_missing += missing;
    int64_t length = (int64_t)missing * interval;
    if (length <= out->longest_ns) return;
    out->longest_ns = length;
    out->longest_after_ns = from;
}

/* Decades without a bar would be walked slot by slot. */
static const int64_t GAP_SLOTS_MAX = 5000000;

static void count_gaps(const struct gw_bars *bars, const struct calendar *calendar, struct survey *out) {
    int64_t walked = 0;
    for (size_t i = 0; i < bars->n; i++) {
        out->n_outside += !calendar_is_open(calendar, bars->bar[i].open_ns);
        if (i == 0) continue;
        int64_t slots = (bars->bar[i].open_ns - bars->bar[i - 1].open_ns) / bars->interval_ns;
        if (slots <= 1 || (walked += slots) > GAP_SLOTS_MAX) continue;
        count_gap(bars, calendar, i, out);
    }
}

/* ---- prices ------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the moves that are any: a market that stands still most of the time has a median of 0. */
static int median_move(const struct gw_bars *bars, double *out) {
    double *move = mem_calloc(bars->n + 1, sizeof *move);
    size_t n = 0;
    *out = 0;
    if (!move) return GW_ERR_NOMEM;
    for (size_t i = 1; i < bars->n; i++) {
        double size = fabs(log(bars->bar[i].close / bars->bar[i - 1].close));
        if (size > 0) move[n++] = size;
    }
    qsort(move, n, sizeof *move, compare_doubles);
    if (n) *out = move[n / 2];
    mem_free(move);
    return GW_OK;
}

/* "2 for 1", "3 for 2": the nearest usual ratio within 4 %, 0 for none. */
static double split_ratio(double jump) {
    static const double usual[] = {1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100};
    double size = jump < 1 ? 1 / jump : jump;
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        if (fabs(size / usual[i] - 1) < .04) return jump < 1 ? usual[i] : 1 / usual[i];
    return 0;
}

/* A jump between bars that stays, of a usual ratio and far beyond what this market does. */
static void find_splits(const struct gw_bars *bars, struct survey *out) {
    for (size_t i = 1; i + 1 < bars->n; i++) {
        double jump = bars->bar[i].open / bars->bar[i - 1].close, ratio = split_ratio(jump);
        if (ratio == 0 || fabs(log(jump)) < 15 * out->bar_move) continue;
        double after = bars->bar[i + 1].close / bars->bar[i].open;
        if (fabs(log(after)) > .3 * fabs(log(jump))) continue;
        note(out->split, out->n_splits++, bars->bar[i].open_ns, ratio);
    }
}

/* A price far off that the next bar takes back, or a wick as long: 30 times the usual move. */
static void find_spikes(const struct gw_bars *bars, struct survey *out) {
    if (out->bar_move == 0) return;
    double far_off = fmax(30 * out->bar_move, .01);
    for (size_t i = 1; i + 1 < bars->n; i++) {
        const struct gw_bar *b = &bars->bar[i];
        double before = bars->bar[i - 1].close, there = log(b->close / before),
               back = log(bars->bar[i + 1].close / b->close);
        double top = fmax(b->open, b->close), bottom = fmin(b->open, b->close);
        bool returns = fabs(there) > far_off && fabs(there + back) < .2 * fabs(there);
        double wick = fmax(log(b->high / top), log(bottom / b->low));
        if (!returns && wick < far_off) continue;
        note(out->spike, out->n_spikes++, b->open_ns, returns ? exp(there) - 1 : exp(wick) - 1);
    }
}

/* Bars without any move, one after the other at one price. The longest are kept. */
static void keep_flat(struct survey *out, int64_t time_ns, size_t n) {
    out->n_flat_runs++;
    out->n_flat_bars += n;
    size_t at = SURVEY_SHOWN;
    while (at > 0 && out->flat[at - 1].size < (double)n) at--;
    if (at == SURVEY_SHOWN) return;
    memmove(out->flat + at + 1, out->flat + at, (SURVEY_SHOWN - at - 1) * sizeof *out->flat);
    out->flat[at] = (struct survey_event){time_ns, (double)n};
}

static void find_flat(const struct gw_bars *bars, struct survey *out) {
    enum { SHORTEST = 10 };
    size_t n = 0;
    for (size_t i = 0; i <= bars->n; i++) {
        const struct gw_bar *b = &bars->bar[i];
        bool flat = i < bars->n && b->high == b->low && (n == 0 || b->close == b[-1].close);
        if (flat) {
            n++;
            continue;
        }
        if (n >= SHORTEST) keep_flat(out, bars->bar[i - n].open_ns, n);
        n = i < bars->n && b->high == b->low;
    }
}

int survey_take(const struct gw_bars *bars, const struct calendar *calendar, struct survey *out) {
    *out = (struct survey){0};
    if (bars->n == 0) return GW_OK;
    count_gaps(bars, calendar, out);
    TRY(median_move(bars, &out->bar_move));
    find_splits(bars, out);
    find_spikes(bars, out);
    find_flat(bars, out);
    return GW_OK;
}
