/* The densities of tree-structured Parzen estimators (Bergstra, Bardenet, Bengio & Kegl 2011). */
#ifndef GATEWALK_SEARCH_TPE_H
#define GATEWALK_SEARCH_TPE_H

#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "searcher.h"

/* A Gaussian cut to [0, 1]; its mean lies there. */
double cut_density(double mean, double width, double at);
double cut_mass(double mean, double width, double low, double high); /* of an interval */
double cut_draw(double mean, double width, struct gw_rng *rng);

/* Of numbers in [0, 1]: a Gaussian about each that was seen, as wide as the farther of its neighbours (the bounds count as
 * such) is away but not below 1 / min(100, n + 1), and one of width 1 about the middle; each cut to [0, 1], all of one weight. */
struct parzen {
    size_t n;             /* the middle's among them, the last */
    double *mean, *width; /* [n] */
};
int parzen_make(const double *seen, size_t n, struct parzen *out) GW_MUST_USE;
void parzen_free(struct parzen *parzen);
double parzen_density(const struct parzen *parzen, double at);
double parzen_mass(const struct parzen *parzen, double low, double high); /* of an interval */
double parzen_draw(const struct parzen *parzen, struct gw_rng *rng);

/* What is known, best first; the first n_good are good. */
struct tpe_known {
    const struct search_view *view;
    size_t *index, n, n_good;
    double *seen; /* [n] room for values */
};
/* One density of all keys, of the good or of the others: a kernel about each trial and one that is the same everywhere. Keys that
 * a point has not do not count. */
double joint_density(const struct tpe_known *known, bool good, const struct point *at);
void joint_draw(const struct tpe_known *known, struct gw_rng *rng, struct point *out); /* of the good; not settled */
/* Of so many drawn from the good the one that the others are least like. */
void joint_propose(const struct tpe_known *known, size_t candidates, struct gw_rng *rng, struct point *out);

#endif
