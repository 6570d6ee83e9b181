/* The scales of a Gaussian process: the marginal likelihood climbed by BFGS in their logarithms, from a few starts. With as few
 * trials as a search has it is flat or has a second top far away, so that weak priors say what is usual. */
#include <math.h>
#include <string.h>

#include "gp.h"

/* Normal in the logarithm: where, and how wide. y has variance 1. */
struct prior {
    double middle, width;
};
static const struct prior LENGTH = {-0.5, 1}, SIGNAL = {0, 1}, NOISE = {-4.6, 1.5};

static struct prior prior_of(const struct gp *gp, size_t i) {
    return i < gp->n_keys ? LENGTH : i == gp->n_keys ? SIGNAL : NOISE;
}

static struct gp_scales scales_of(const struct gp *gp, const double *at) {
    struct gp_scales out;
    for (size_t d = 0; d < gp->n_keys; d++) out.length[d] = exp(at[d]);
    out.signal = exp(at[gp->n_keys]);
    out.noise = exp(at[gp->n_keys + 1]);
    return out;
}

/* What is to be small, with its gradient; INFINITY where the matrix has no root. */
static double loss(struct gp *gp, const double *at, double *gradient, double *scratch) {
    const struct gp_scales scales = scales_of(gp, at);
    const size_t n = gp->n_keys + 2;
    for (size_t i = 0; i < n; i++)
        if (!(fabs(at[i]) < 20)) return INFINITY;
    if (!gp_settle(gp, &scales)) return INFINITY;
    double value = -gp_log_likelihood(gp, gradient, scratch);
    for (size_t i = 0; i < n; i++) {
        const struct prior prior = prior_of(gp, i);
        const double z = (at[i] - prior.middle) / prior.width;
        value += 0.5 * z * z;
        gradient[i] = -gradient[i] + z / prior.width;
    }
    return value;
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

struct climb {
    size_t n;
    double at[GP_SCALES_MAX], gradient[GP_SCALES_MAX], value;
    double inverse[GP_SCALES_MAX][GP_SCALES_MAX]; /* of the Hessian, as far as it is known */
};

static void forget_curvature(struct climb *c) {
    memset(c->inverse, 0, sizeof c->inverse);
    for (size_t i = 0; i < c->n; i++) c->inverse[i][i] = 1;
}

/* Broyden, Fletcher, Goldfarb & Shanno 1970. */
static void learn_curvature(struct climb *c, const double *step, const double *turn) {
    double hy[GP_SCALES_MAX];
    const double sy = dot(step, turn, c->n);
    if (!(sy > 1e-12)) return;
    for (size_t i = 0; i < c->n; i++) hy[i] = dot(c->inverse[i], turn, c->n);
    const double scale = (1 + dot(turn, hy, c->n) / sy) / sy;
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < c->n; j++)
            c->inverse[i][j] += scale * step[i] * step[j] - (hy[i] * step[j] + step[i] * hy[j]) / sy;
}

/* One step downhill, halved until it is one. False: there is none. */
static bool advance(struct gp *gp, struct climb *c, double *scratch) {
    double way[GP_SCALES_MAX], longest = 0;
    for (size_t i = 0; i < c->n; i++) way[i] = -dot(c->inverse[i], c->gradient, c->n);
    double slope = dot(way, c->gradient, c->n);
    if (!(slope < 0)) {
        forget_curvature(c);
        for (size_t i = 0; i < c->n; i++) way[i] = -c->gradient[i];
        slope = dot(way, c->gradient, c->n);
    }
    for (size_t i = 0; i < c->n; i++) longest = fmax(longest, fabs(way[i]));
    for (double part = fmin(1, 1.5 / fmax(longest, 1e-12)); part > 1e-6; part /= 2) {
        double at[GP_SCALES_MAX], gradient[GP_SCALES_MAX], step[GP_SCALES_MAX], turn[GP_SCALES_MAX];
        for (size_t i = 0; i < c->n; i++) at[i] = c->at[i] + (step[i] = part * way[i]);
        const double value = loss(gp, at, gradient, scratch);
        if (!(value <= c->value + 1e-4 * part * slope)) continue;
        const bool over = c->value - value < 1e-7;
        for (size_t i = 0; i < c->n; i++) turn[i] = gradient[i] - c->gradient[i];
        memcpy(c->at, at, sizeof at);
        memcpy(c->gradient, gradient, sizeof gradient);
        c->value = value;
        learn_curvature(c, step, turn);
        return !over;
    }
    return false;
}

int gp_learn(struct gp *gp, bool *known) {
    enum { STEPS = 60 };
    static const double begin[][2] = {{-0.5, -4.6}, {-1.5, -4.6}, {0.5, -2}}; /* lengths, noise */
    double *scratch = mem_calloc(gp->n * gp->n, sizeof *scratch);
    struct climb best = {.value = INFINITY};
    if (!scratch) return GW_ERR_NOMEM;
    for (size_t s = 0; s < COUNT_OF(begin); s++) {
        struct climb c = {.n = gp->n_keys + 2};
        for (size_t d = 0; d < gp->n_keys; d++) c.at[d] = begin[s][0];
        c.at[gp->n_keys + 1] = begin[s][1];
        forget_curvature(&c);
        c.value = loss(gp, c.at, c.gradient, scratch);
        for (int step = 0; step < STEPS && isfinite(c.value) && advance(gp, &c, scratch); step++) {
        }
        if (c.value < best.value) best = c;
    }
    mem_free(scratch);
    *known = isfinite(best.value);
    if (!*known) return GW_OK;
    const struct gp_scales scales = scales_of(gp, best.at);
    *known = gp_settle(gp, &scales);
    return GW_OK;
}
