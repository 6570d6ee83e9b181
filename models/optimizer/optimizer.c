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

const struct R(optimizer_ops) *R(optimizer_find)(const char *name) {
    for (size_t i = 0; i < COUNT_OF(optimizers); i++)
        if (strcmp(optimizers[i]->name, name) == 0) return optimizers[i];
    return NULL;
}

const struct schedule_ops *R(schedule_find)(const char *name) {
    for (size_t i = 0; i < COUNT_OF(schedules); i++)
        if (strcmp(schedules[i]->name, name) == 0) return schedules[i];
    return NULL;
}

double R(schedule_rate)(const struct schedule_ops *ops, double base, double number, double warmup, double total,
                        double power) {
    if (number < warmup) return base * (number + 1) / (warmup + 1);
    double left = total - warmup;
    double progress = left > 0 ? (number - warmup) / left : 0;
    return base * ops->factor(progress < 1 ? progress : 1, power);
}
