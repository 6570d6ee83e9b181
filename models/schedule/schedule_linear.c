/* Straight down to zero. */
#include "schedule.h"

static double factor(double progress, const void *own) {
    (void)own;
    return 1 - progress;
}

const struct schedule_ops R(schedule_linear) = {
    .name = "linear",
    .help = "linearly down to zero",
    .factor = factor,
};
