/* Gaussian processes (Rasmussen & Williams 2006): what a search knows of its objective between the trials. The covariance is
 *   k(x, x') = signal · (1 + a + a² / 3) e^-a,   a² = 5 Σ_key (Δ_key / length_key)²      (Matérn 5/2)
 * with Δ the difference of a number in [0, 1], of a choice 1 where the two are not the same; `noise` is added where x is x'. */
#ifndef GATEWALK_SEARCH_GP_H
#define GATEWALK_SEARCH_GP_H

#include "engine/base/base.h"
#include "space.h"

struct gp_scales {
    double length[SPACE_MAX]; /* of each key */
    double signal, noise;     /* variances */
};
/* Of a gradient: by the logarithms of the lengths, then of signal and noise. */
enum { GP_SCALES_MAX = SPACE_MAX + 2 };

struct gp {
    size_t n, room, n_keys;
    bool choice[SPACE_MAX];
    double *x; /* [n × n_keys]; of a choice its number */
    double *y; /* [n] */
    struct gp_scales at;
    double *lower; /* [n × n] of (K + noise I) = L L' */
    double *alpha; /* [n] (K + noise I)^-1 y */
};

/* Room for so many observations; none is there yet. */
int gp_make(size_t room, size_t n_keys, const bool *choice, struct gp *out) GW_MUST_USE;
void gp_free(struct gp *gp);
void gp_add(struct gp *gp, const double *x, double y);
/* What follows from the observations under these scales. False: the matrix is not positive definite in this precision. */
bool gp_settle(struct gp *gp, const struct gp_scales *scales);
/* Of the latent value, without noise; scratch: [n]. */
void gp_predict(const struct gp *gp, const double *x, double *scratch, double *mean, double *variance);
/* The logarithm of the marginal likelihood; gradient: [n_keys + 2] or NULL, then scratch: [n × n]. */
double gp_log_likelihood(const struct gp *gp, double *gradient, double *scratch);
/* Settles on the scales of the largest marginal likelihood times weak priors; y has mean 0 and variance 1. *known false: the
 * matrix is not positive definite under any. */
int gp_learn(struct gp *gp, bool *known) GW_MUST_USE;

#endif
