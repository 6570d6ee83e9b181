/* (1 - progress)^power down to zero. */
#include <math.h>

#include "schedule.h"

static double factor(double progress, double power) { return pow(1 - progress, power); }

const struct schedule_ops R(schedule_polynomial) = {
    .name = "polynomial",
    .help = "(1 - progress)^schedule_power down to zero",
    .factor = factor,
};
