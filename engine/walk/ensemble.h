/* Whose probabilities an ensemble averages, and how much each of them counts. */
#ifndef GATEWALK_WALK_ENSEMBLE_H
#define GATEWALK_WALK_ENSEMBLE_H

#include "fits.h"

struct ensemble {
    struct ensemble_member {
        size_t strategy, seed;
    } * member; /* [n] owned */
    size_t n;
    float *weight; /* [folds × gates × n] owned, not negative, sum 1 for each fold and gate; NULL: the plain mean */
};
/* Weights of the validation slices are learned from the fits' probabilities there and the labels there, of nothing else. */
int ensemble_make(const struct experiment *experiment, const struct prepared *prepared, const struct fit_list *fits,
                  size_t strategy, struct ensemble *out) GW_MUST_USE;
void ensemble_free(struct ensemble *ensemble);

/* Weights [n] under which the mixture Σ w_i p_i makes the labels likeliest: rows [n_rows × n] hold what each member says of
 * what came about, p or 1 - p. Expectation maximisation (Dempster et al. 1977) in longer steps while they climb, to the one
 * maximum there is. */
void ensemble_mixture(const double *likelihood, size_t n_rows, size_t n, double *weight);

#endif
