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

#endif
