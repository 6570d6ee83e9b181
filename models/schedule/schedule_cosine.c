/* Half a cosine down to zero (Loshchilov & Hutter 2016, without restarts). */
#include <math.h>

#include "schedule.h"

static double factor(double progress, const void *own) {
    (void)own;
    return .5 * (1 + cos(3.14159265358979323846 * progress));
}

const struct schedule_ops R(schedule_cosine) = {
    .name = "cosine",
    .help = "half a cosine down to zero",
    .factor = factor,
};
