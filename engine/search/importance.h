/* Which keys of a space matter. */
#ifndef GATEWALK_SEARCH_IMPORTANCE_H
#define GATEWALK_SEARCH_IMPORTANCE_H

#include "engine/base/base.h"

/* share: [n_keys], of the variance of y over [0, 1]^n_keys, by each key alone; NAN when there are too few points. x: [n × n_keys].
 * GW_ERR_NOMEM. */
int key_importance(const double *x, const double *y, size_t n, size_t n_keys, uint64_t seed, double *share) GW_MUST_USE;

#endif
