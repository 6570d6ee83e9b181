/* The densities of tree-structured Parzen estimators (Bergstra, Bardenet, Bengio & Kegl 2011). */
#ifndef GATEWALK_SEARCH_TPE_H
#define GATEWALK_SEARCH_TPE_H

#include "engine/base/base.h"
#include "gatewalk/rng.h"

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

#endif
