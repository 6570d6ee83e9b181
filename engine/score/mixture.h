/* How much each of several opinions counts. */
#ifndef GATEWALK_SCORE_MIXTURE_H
#define GATEWALK_SCORE_MIXTURE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { MIXTURE_MAX = 2048 };

/* What an opinion p said of what came about. One that was sure and wrong once is not out for good. */
static inline double mixture_likelihood(double p, bool came) { return fmax(came ? p : 1 - p, 1e-6); }

/* Weights [n], not negative and with the sum 1, under which the mixture Σ w_i p_i makes the labels likeliest: rows [n_rows × n]
 * hold what each member says of what came about, p or 1 - p, above 0; n at most MIXTURE_MAX. Without rows all weigh the same.
 * Expectation maximisation (Dempster et al. 1977) in longer steps while they climb, to the one maximum there is. */
void mixture_weights(const double *likelihood, size_t n_rows, size_t n, double *weight);

#endif
