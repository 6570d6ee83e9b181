/* Hidden Markov model whose states emit independent normals: Rabiner 1989, Proc. IEEE 77, eq. 18-54, scaled. */
#ifndef GATEWALK_GAUSSIAN_HMM_H
#define GATEWALK_GAUSSIAN_HMM_H

#include "gatewalk/feature.h"

enum { HMM_STATES_MAX = 8, HMM_DIMS_MAX = 4 };

/* k states, d numbers an observation. One block of hmm_numbers(k, d) doubles: step [k × k] (row: from, sums to 1), mean
 * [k × d], sd [k × d]. A sequence may begin in any state alike. */
struct hmm {
    size_t k, d;
    const double *step, *mean, *sd;
};
size_t hmm_numbers(size_t k, size_t d);
struct hmm hmm_view(size_t k, size_t d, const double *numbers);

/* Probability of every state after one more observation: p [k] is what it was before (all 0: nothing was observed yet) and
 * becomes what it is. What cannot be (no number) leaves only the step from one state to the next. */
void hmm_filter(const struct hmm *hmm, const double *x, double *p);

/* Baum-Welch from a start that is cut by `order`: observations in k equal parts by that number, states that last 20 bars. To the
 * maximum of the likelihood times one imagined step from every state to every other, so that nothing becomes impossible;
 * deviations not below a hundredth of all observations'. It ends when 100 rounds are over or one gains less than 1e-6 an
 * observation. States are in rising order of the mean of that number. *rounds, *log_likelihood (of the last round's beginning): may be NULL. */
int hmm_learn(size_t k, size_t d, size_t order, const struct gw_feature_slice *slice, size_t n_slices, double *numbers,
              size_t *rounds, double *log_likelihood) GW_MUST_USE;

#endif
