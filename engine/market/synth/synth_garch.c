/* GARCH(1,1) with Student-t innovations (Bollerslev 1986, 1987):
 *
 *   r_t = s_t z_t,   s²_{t+1} = omega + alpha r²_t + beta s²_t,   z_t ~ t(df) scaled to variance 1
 *
 * Direction cannot be predicted, size can: volatility clusters and tails are fat, as in real returns. Labels
 * then come in bunches, so this is the null model for prevalence drift and calibration. */
#include <math.h>

#include "engine/base/base.h"
#include "synth.h"

static const double ALPHA = 0.08, BETA = 0.90;
static const double VARIANCE_CAP = 100; /* times the long-run variance: fat tails would run away otherwise */

/* Gamma(shape >= 1, 1) by Marsaglia and Tsang (2000). */
static double gamma_variate(struct gw_rng *rng, double shape) {
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = gw_rng_normal(rng), v = 1 + c * x, u = gw_rng_uniform(rng);
        if (v <= 0) continue;
        v = v * v * v;
        if (log(1 - u) < 0.5 * x * x + d - d * v + d * log(v)) return d * v; /* 1-u: never log 0 */
    }
}

/* Variance 1. Chi-square(df) is twice Gamma(df/2). */
static double innovation(struct gw_rng *rng, double df) {
    double z = gw_rng_normal(rng);
    return isinf(df) ? z : z * sqrt((df - 2) / (2 * gamma_variate(rng, df / 2)));
}

static int fill(const struct gw_synth_options *options, struct gw_bars *out, struct gw_synth_truth *truth) {
    double sd = options->volatility > 0 ? options->volatility : 0.002;
    double df = options->tail_df == 0 ? 5 : options->tail_df;
    double long_run = sd * sd, variance = long_run;
    struct gw_rng rng;
    (void)truth;
    if (!(df > 2)) FAIL(GW_ERR_USAGE, "%g degrees of freedom: Student's t needs more than 2 to have a variance", df);
    gw_rng_key(&rng, options->seed, "synth garch", 0, 0, 0);
    for (size_t i = 0; i < out->n; i++) {
        double now = sqrt(variance), r = now * innovation(&rng, df);
        struct synth_step step = {.log_return = r - variance / 2};
        step.reach_up = 0.5 * now * fabs(gw_rng_normal(&rng));
        step.reach_down = 0.5 * now * fabs(gw_rng_normal(&rng));
        step.volume = 100 * (now / sd) * exp(0.4 * gw_rng_normal(&rng));
        synth_put(out, i, &step);
        variance = fmin(long_run * (1 - ALPHA - BETA) + ALPHA * r * r + BETA * variance, VARIANCE_CAP * long_run);
    }
    return GW_OK;
}

const struct synth_kind synth_kind_garch = {
    .name = "garch",
    .help = "GARCH(1,1) with Student-t innovations: clustered volatility, fat tails",
    .fill = fill,
};
