/* Gaussian random walk: nothing in it can be predicted. The null model against which labels, metrics and
 * leakage checks are held. */
#include <math.h>

#include "synth.h"

static int fill(const struct gw_synth_options *options, struct gw_bars *out, struct gw_synth_truth *truth) {
    double sd = options->volatility > 0 ? options->volatility : 0.002;
    struct gw_rng rng;
    (void)truth;
    gw_rng_key(&rng, options->seed, "synth random-walk", 0, 0, 0);
    for (size_t i = 0; i < out->n; i++) {
        struct synth_step step = {.log_return = sd * gw_rng_normal(&rng) - sd * sd / 2}; /* price is a martingale */
        step.reach_up = 0.5 * sd * fabs(gw_rng_normal(&rng));
        step.reach_down = 0.5 * sd * fabs(gw_rng_normal(&rng));
        step.volume = 100 * exp(0.5 * gw_rng_normal(&rng));
        synth_put(out, i, &step);
    }
    return GW_OK;
}

const struct synth_kind synth_kind_random_walk = {
    .name = "random-walk",
    .help = "gaussian log-returns, 0.2 % a bar",
    .fill = fill,
};
