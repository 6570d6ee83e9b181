/* The base rate throughout. */
#include "schedule.h"

static double factor(double progress, double power) {
    (void)progress;
    (void)power;
    return 1;
}

const struct schedule_ops R(schedule_constant) = {
    .name = "constant",
    .help = "the base rate throughout",
    .factor = factor,
};
