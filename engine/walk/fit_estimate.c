/* The expected rest of the training: finished fits are the sample, unfinished ones the population. */
#include "fit_estimate.h"

void fit_estimate_add(struct fit_estimate *estimate, size_t strategy, size_t most) {
    estimate->kind[strategy].most = most;
    estimate->kind[strategy].n_left++;
}

void fit_estimate_epoch(struct fit_estimate *estimate, size_t strategy) { estimate->kind[strategy].running++; }

void fit_estimate_finish(struct fit_estimate *estimate, size_t strategy, size_t epochs, size_t counted) {
    struct fit_kind *kind = &estimate->kind[strategy];
    kind->n_left--;
    kind->n_done++;
    kind->running -= counted;
    kind->done += epochs;
}

/* Mean share of the possible epochs that finished fits took, over all strategies; 1 when nothing is known. */
static double share_taken(const struct fit_estimate *estimate) {
    double taken = 0, possible = 0;
    for (size_t s = 0; s < MAX_STRATEGIES; s++) {
        const struct fit_kind *kind = &estimate->kind[s];
        taken += (double)kind->done;
        possible += (double)kind->n_done * (double)kind->most;
    }
    return possible > 0 ? taken / possible : 1;
}

double fit_estimate_left(const struct fit_estimate *estimate) {
    double share = share_taken(estimate), left = 0;
    for (size_t s = 0; s < MAX_STRATEGIES; s++) {
        const struct fit_kind *kind = &estimate->kind[s];
        if (kind->n_left == 0) continue;
        double mean = kind->n_done ? (double)kind->done / (double)kind->n_done : share * (double)kind->most;
        double rest = (double)kind->n_left * mean - (double)kind->running;
        left += rest > 1 ? rest : 1; /* what outlasts the mean is not over yet */
    }
    return left;
}
