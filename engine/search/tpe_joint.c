/* The same idea with one density of all keys together, so that values which are good only beside each other are found: about
 * each trial a product of kernels (Falkner, Klein & Hutter 2018; `multivariate` of Optuna, Akiba et al. 2019). */
#include "tpe.h"

#include <math.h>

#include "engine/base/base.h"

/* Widths as shares of a key's range: the rule of Scott (1992), WIDTH · n^(-1 / (keys + 4)), but not below NARROWEST of what
 * as many kernels side by side would have. */
static const double WIDTH = 0.15, NARROWEST = 0.5;

static double width_of(const struct tpe_known *k, size_t n) {
    const double scott = WIDTH * pow(n ? (double)n : 1, -1 / ((double)k->view->space->n + 4));
    return fmax(scott, NARROWEST / fmin(100, (double)n + 2));
}

/* One key's part of the kernel about a trial that had `seen`, of n; NAN: it had none, or it is the one kernel that is about no
 * trial: any value is as likely. A choice that was seen has n parts of n + 1, the rest is shared by all. */
static double kernel(const struct dimension *dim, double seen, double width, size_t n, double u) {
    if (dim->kind == SPACE_CHOICE) {
        const double share = 1 / (double)dim->n_choices;
        if (isnan(seen)) return share;
        return (share + (dimension_choice(dim, seen) == dimension_choice(dim, u) ? (double)n : 0)) / ((double)n + 1);
    }
    const size_t levels = dimension_levels(dim);
    const double low = levels ? floor(u * (double)levels) / (double)levels : 0;
    if (isnan(seen)) return levels ? 1 / (double)levels : 1;
    return levels ? cut_mass(seen, width, low, low + 1 / (double)levels) : cut_density(seen, width, u);
}

/* What the i-th best had; NAN behind the last of its kind. */
static double seen_of(const struct tpe_known *k, size_t i, size_t end, size_t d) {
    return i < end ? k->view->evaluation[k->index[i]].point.u[d] : (double)NAN;
}

double joint_density(const struct tpe_known *k, bool good, const struct point *at) {
    const struct space *space = k->view->space;
    const size_t begin = good ? 0 : k->n_good, end = good ? k->n_good : k->n, n = end - begin;
    const double width = width_of(k, n);
    double sum = 0;
    for (size_t i = begin; i <= end; i++) {
        double product = 1;
        for (size_t d = 0; d < space->n; d++)
            if (!isnan(at->u[d])) product *= kernel(&space->dim[d], seen_of(k, i, end, d), width, n, at->u[d]);
        sum += product;
    }
    return sum / ((double)n + 1);
}

static double draw_key(const struct dimension *dim, double seen, double width, size_t n, struct gw_rng *rng) {
    if (dim->kind != SPACE_CHOICE) return isnan(seen) ? gw_rng_uniform(rng) : cut_draw(seen, width, rng);
    const bool same = !isnan(seen) && gw_rng_uniform(rng) * ((double)n + 1) < (double)n;
    const size_t c = same ? dimension_choice(dim, seen) : (size_t)gw_rng_below(rng, dim->n_choices);
    return ((double)c + 0.5) / (double)dim->n_choices;
}

void joint_draw(const struct tpe_known *k, struct gw_rng *rng, struct point *out) {
    const struct space *space = k->view->space;
    const size_t i = (size_t)gw_rng_below(rng, k->n_good + 1);
    const double width = width_of(k, k->n_good);
    *out = (struct point){0};
    for (size_t d = 0; d < space->n; d++) { /* parents stand before their children */
        out->u[d] = NAN;
        if (space_has(space, out, d))
            out->u[d] = draw_key(&space->dim[d], seen_of(k, i, k->n_good, d), width, k->n_good, rng);
    }
}

void joint_propose(const struct tpe_known *k, size_t candidates, struct gw_rng *rng, struct point *out) {
    double most = -1;
    for (size_t i = 0; i < candidates; i++) {
        struct point drawn;
        joint_draw(k, rng, &drawn);
        const double ratio = joint_density(k, true, &drawn) / joint_density(k, false, &drawn);
        if (ratio > most) most = ratio, *out = drawn;
    }
    space_settle(k->view->space, out);
}
