/* What bars are like, for people who are about to use them: when the market is open, what is missing while it is, and what
 * looks wrong. Facts and guesses; nothing here changes a bar. */
#ifndef GATEWALK_MARKET_SURVEY_H
#define GATEWALK_MARKET_SURVEY_H

#include "gatewalk/bars.h"

/* ---- when the market is open ------------------------------------------------------------------------ */

enum calendar_kind { CALENDAR_ALWAYS, CALENDAR_FX, CALENDAR_WEEKDAYS, CALENDAR_SESSIONS, CALENDAR_UNKNOWN };
enum { CALENDAR_SLOTS_MAX = 7 * 24 * 60 };

/* Slots of a week, from Sunday 00:00 on the zone's clock. */
struct calendar {
    enum calendar_kind kind;
    char zone[64];
    struct import_tz *tz; /* owned */
    int64_t slot_ns;      /* a minute at the shortest, a day at the longest */
    size_t n_slots;
    bool open[CALENDAR_SLOTS_MAX];
    bool given;
};

/* From the bars themselves: a slot is open when bars open in it in most of the weeks. The zone is the one on whose clock the
 * week is the most regular. */
int calendar_infer(const struct gw_bars *bars, struct calendar *out) GW_MUST_USE;
/* "24x7", "fx", "weekdays", or "09:30-16:00@America/New_York": GW_ERR_USAGE. */
int calendar_parse(const char *text, int64_t interval_ns, struct calendar *out) GW_MUST_USE;
void calendar_free(struct calendar *calendar);
/* "Monday to Friday 09:30 to 16:00 (America/New_York)" */
void calendar_words(const struct calendar *calendar, char text[160]);
bool calendar_is_open(const struct calendar *calendar, int64_t open_ns);
/* The zone's day that a moment lies in, counted from 1970. */
int64_t calendar_day(const struct calendar *calendar, int64_t time_ns);

/* ---- what is missing, what looks wrong --------------------------------------------------------------- */

enum { SURVEY_SHOWN = 5 };
struct survey_event {
    int64_t time_ns;
    double size; /* a ratio, or how many */
};
struct survey {
    size_t n_gaps, n_missing;             /* inside sessions */
    int64_t longest_ns, longest_after_ns; /* of such a gap */
    size_t n_closed_days;                 /* days with sessions and without any bar: holidays */
    size_t n_outside;                     /* bars outside the sessions */
    size_t n_splits, n_spikes, n_flat_runs, n_flat_bars;
    struct survey_event split[SURVEY_SHOWN], spike[SURVEY_SHOWN],
        flat[SURVEY_SHOWN]; /* the first, the longest flat runs */
    double bar_move;        /* median of |ln(close / close before)| */
};
int survey_take(const struct gw_bars *bars, const struct calendar *calendar, struct survey *out) GW_MUST_USE;

/* "33 h 43 min" */
char *duration_words(int64_t ns, char text[48]);

#endif
