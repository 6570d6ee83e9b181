/* Learning-rate schedules: the share of the base rate as training goes on. */
#ifndef GATEWALK_MODELS_SCHEDULE_H
#define GATEWALK_MODELS_SCHEDULE_H

#include "gatewalk/model.h"
#include "gatewalk/param.h"
#include "models/network/real.h"

/* Of schedules that begin again from the peak. */
enum { CYCLES_MAX = 32 };
enum snapshots { SNAPSHOTS_NONE, SNAPSHOTS_MEAN, SNAPSHOTS_VALIDATION };
struct cycle_params {
    size_t cycles;
    enum snapshots snapshots; /* what becomes of the weights at the ends of the cycles */
};

struct schedule_ops {
    const char *name, *help;
    struct gw_param_table own;
    bool has_cycles;                                    /* its own parameters begin with struct cycle_params */
    double (*factor)(double progress, const void *own); /* progress 0 (first update after warm-up) to 1 (end) */
};

#define SCHEDULE(symbol) extern const struct schedule_ops R(symbol);
#include "schedule.def"
#undef SCHEDULE

const struct schedule_ops *R(schedule_at)(size_t row); /* NULL past the end */
/* Rate of update `number` (from 0) of `total`: linear warm-up over the first `warmup` updates, then the schedule. */
double R(schedule_rate)(const struct schedule_ops *ops, double base, double number, double warmup, double total,
                        const void *own);
/* One cycle without snapshots where the schedule has none. */
struct cycle_params R(schedule_cycles)(const struct gw_train_config *config);

#endif
