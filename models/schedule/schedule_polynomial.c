/* (1 - progress)^power down to zero. */
#include <math.h>

#include "schedule.h"

struct polynomial_params {
    double schedule_power;
};
static const struct gw_param own_params[] = {
    GW_NUMBER_PARAM(struct polynomial_params, schedule_power, "", 2, .01, 20, "exponent of polynomial"),
};

static double factor(double progress, const void *own) {
    const struct polynomial_params *polynomial = own;
    return pow(1 - progress, polynomial->schedule_power);
}

const struct schedule_ops R(schedule_polynomial) = {
    .name = "polynomial",
    .help = "(1 - progress)^schedule_power down to zero",
    .own = GW_PARAM_TABLE(own_params),
    .factor = factor,
};
