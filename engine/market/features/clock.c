/* Where a bar stands in the day and in the week, as points on a circle so that 23:45 is next to 00:00.
 * Taken from the OPEN time in UTC: the day a bar belongs to. */
#include "engine/base/base.h"
#include "feature_parts.h"

static const double two_pi = 6.283185307179586476925286766559;

/* Remainder that is never negative, also for times before 1970. */
static int64_t wrap(int64_t value, int64_t period) {
    int64_t rest = value % period;
    return rest < 0 ? rest + period : rest;
}

static double day_angle(const struct gw_feature_input *in) {
    return two_pi * ((double)wrap(in->bar->open_ns, NS_PER_DAY) / (double)NS_PER_DAY);
}

/* Whole days: the time of day is told by hour_*. Monday is 0; 1970-01-01 was a Thursday. */
static double week_angle(const struct gw_feature_input *in) {
    int64_t in_week = wrap(in->bar->open_ns, 7 * NS_PER_DAY);
    int64_t weekday = (in_week / NS_PER_DAY + 3) % 7;
    return two_pi * ((double)weekday / 7);
}

static double hour_sin_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    return sin(day_angle(in));
}
static double hour_cos_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    return cos(day_angle(in));
}
static double weekday_sin_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    return sin(week_angle(in));
}
static double weekday_cos_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    return cos(week_angle(in));
}

/* Whole days since the first of January, of a year of 365.25. */
static double year_angle(const struct gw_feature_input *in) {
    int year;
    time_to_civil(in->bar->open_ns, &year, NULL, NULL, NULL, NULL);
    int64_t since = in->bar->open_ns - time_from_civil(year, 1, 1);
    return two_pi * ((double)(since / NS_PER_DAY) / 365.25);
}
static double yearday_sin_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    return sin(year_angle(in));
}
static double yearday_cos_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)state, (void)own;
    return cos(year_angle(in));
}

const struct gw_feature_desc feature_hour_sin = {
    .name = "hour_sin",
    .help = "sin(2 pi * time of day / 24 h) of the bar's open, UTC",
    .source = "Fisher 1993, Statistical Analysis of Circular Data",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = hour_sin_push,
};
const struct gw_feature_desc feature_hour_cos = {
    .name = "hour_cos",
    .help = "cos(2 pi * time of day / 24 h) of the bar's open, UTC",
    .source = "Fisher 1993, Statistical Analysis of Circular Data",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = hour_cos_push,
};
const struct gw_feature_desc feature_weekday_sin = {
    .name = "weekday_sin",
    .help = "sin(2 pi * weekday / 7) of the bar's open, Monday = 0, UTC",
    .source = "Fisher 1993, Statistical Analysis of Circular Data",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = weekday_sin_push,
};
const struct gw_feature_desc feature_weekday_cos = {
    .name = "weekday_cos",
    .help = "cos(2 pi * weekday / 7) of the bar's open, Monday = 0, UTC",
    .source = "Fisher 1993, Statistical Analysis of Circular Data",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = weekday_cos_push,
};

const struct gw_feature_desc feature_yearday_sin = {
    .name = "yearday_sin",
    .help = "sin(2 pi * days since 1 January / 365.25) of the bar's open, UTC",
    .source = "Fisher 1993, Statistical Analysis of Circular Data",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = yearday_sin_push,
};
const struct gw_feature_desc feature_yearday_cos = {
    .name = "yearday_cos",
    .help = "cos(2 pi * days since 1 January / 365.25) of the bar's open, UTC",
    .source = "Fisher 1993, Statistical Analysis of Circular Data",
    .warmup = warmup_none,
    .state_size = state_none,
    .push = yearday_cos_push,
};
