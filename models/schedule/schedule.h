/* Learning-rate schedules: the share of the base rate as training goes on. */
#ifndef GATEWALK_MODELS_SCHEDULE_H
#define GATEWALK_MODELS_SCHEDULE_H

#include "models/network/real.h"

struct schedule_ops {
    const char *name, *help;
    double (*factor)(double progress, double power); /* progress 0 (first update after warm-up) to 1 (end) */
};

#define SCHEDULE(symbol) extern const struct schedule_ops R(symbol);
#include "schedule.def"
#undef SCHEDULE

const struct schedule_ops *R(schedule_find)(const char *name);
/* Rate of update `number` (from 0) of `total`: linear warm-up over the first `warmup` updates, then the schedule. */
double R(schedule_rate)(const struct schedule_ops *ops, double base, double number, double warmup, double total,
                        double power);

#endif
