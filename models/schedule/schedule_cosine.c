/* Half a cosine down to zero (Loshchilov & Hutter 2016), once or cycle by cycle with a restart from the peak; what stands at
 * the ends of the cycles can be kept and mixed (Huang et al. 2017, "Snapshot ensembles: train 1, get M for free"). */
#include <math.h>

#include "engine/base/base.h"
#include "schedule.h"

static const struct gw_choice snapshots[] = {
    [SNAPSHOTS_NONE] = {.name = "none", .help = "the weights of the best epoch alone"},
    [SNAPSHOTS_MEAN] = {.name = "mean", .help = "the mean of what the weights at the end of every cycle say"},
    [SNAPSHOTS_VALIDATION] = {.name = "validation",
                              .help = "the same, weighed: the likeliest mixture on the validation slice"},
};
static const struct gw_choices snapshots_choices = {.row = snapshots, .n = COUNT_OF(snapshots)};
static const struct gw_param own_params[] = {
    GW_SIZE_PARAM(struct cycle_params, cycles, "", 1, 1, CYCLES_MAX,
                  "of cosine, as long as each other: the rate begins again from its peak in each"),
    GW_CHOICE_PARAM(struct cycle_params, snapshots, &snapshots_choices, 0,
                    "the model is a mixture of the weights at the ends of the cycles"),
};

static double factor(double progress, const void *own) {
    (void)own;
    return .5 * (1 + cos(3.14159265358979323846 * progress));
}

const struct schedule_ops R(schedule_cosine) = {
    .name = "cosine",
    .help = "half a cosine down to zero, in each of `cycles`",
    .own = GW_PARAM_TABLE(own_params),
    .has_cycles = true,
    .factor = factor,
};
