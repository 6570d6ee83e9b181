/* The tables of optimisers and schedules, and the warm-up in front of every schedule. */
#include "optimizer.h"
#include "engine/base/base.h"

#include <string.h>

#include "models/schedule/schedule.h"

static const struct R(optimizer_ops) *const optimizers[] = {
#define OPTIMIZER(symbol) &R(symbol),
#include "optimizer.def"
#undef OPTIMIZER
};

static const struct schedule_ops *const schedules[] = {
#define SCHEDULE(symbol) &R(symbol),
#include "models/schedule/schedule.def"
#undef SCHEDULE
};

_Static_assert(COUNT_OF(optimizers) <= GW_OWN_ROWS_MAX && COUNT_OF(schedules) <= GW_OWN_ROWS_MAX,
               "room for own parameters");

const struct R(optimizer_ops) *R(optimizer_at)(size_t row) {
    return row < COUNT_OF(optimizers) ? optimizers[row] : NULL;
}

const struct schedule_ops *R(schedule_at)(size_t row) { return row < COUNT_OF(schedules) ? schedules[row] : NULL; }

struct cycle_params R(schedule_cycles)(const struct gw_train_config *config) {
    struct cycle_params cycles = {.cycles = 1};
    const struct schedule_ops *ops = R(schedule_at)((size_t)config->schedule);
    if (ops && ops->has_cycles) memcpy(&cycles, config->schedule_own[config->schedule].bytes, sizeof cycles);
    return cycles;
}

double R(schedule_rate)(const struct schedule_ops *ops, double base, double number, double warmup, double total,
                        const void *own) {
    if (number < warmup) return base * (number + 1) / (warmup + 1);
    double left = total - warmup;
    double progress = left > 0 ? (number - warmup) / left : 0;
    return base * ops->factor(progress < 1 ? progress : 1, own);
}
