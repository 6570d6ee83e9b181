/* The base rate throughout. */
#include "schedule.h"

static double factor(double progress, const void *own) {
    (void)progress;
    (void)own;
    return 1;
}

const struct schedule_ops R(schedule_constant) = {
    .name = "constant",
    .help = "the base rate throughout",
    .factor = factor,
};
