/* The expected rest of the training: finished fits are the sample, unfinished ones the population. */
#include "fit_estimate.h"

void fit_estimate_add(struct fit_estimate *estimate, size_t strategy, size_t most, double cost) {
    estimate->kind[strategy].most = most;
    estimate->kind[strategy].cost = cost;
    estimate->kind[strategy].n_left++;
}

void fit_estimate_epoch(struct fit_estimate *estimate, size_t strategy, double seconds) {
    struct fit_kind *kind = &estimate->kind[strategy];
    kind->running++;
    kind->seen++;
    kind->seconds += seconds;
}

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

/* Of all epochs seen. */
struct seen {
    double epochs, seconds, cost;
};
static struct seen all_seen(const struct fit_estimate *estimate) {
    struct seen seen = {0};
    for (size_t s = 0; s < MAX_STRATEGIES; s++) {
        const struct fit_kind *kind = &estimate->kind[s];
        seen.epochs += (double)kind->seen;
        seen.seconds += kind->seconds;
        seen.cost += (double)kind->seen * kind->cost;
    }
    return seen;
}

/* An epoch of this kind against the mean of those seen. */
static double weight_of(const struct fit_kind *kind, const struct seen *seen) {
    if (!(seen->seconds > 0)) return 1;
    double mean = seen->seconds / seen->epochs;
    if (kind->seen) return kind->seconds / (double)kind->seen / mean;
    return seen->cost > 0 ? kind->cost * seen->epochs / seen->cost : 1;
}

double fit_estimate_left(const struct fit_estimate *estimate) {
    double share = share_taken(estimate), left = 0;
    const struct seen seen = all_seen(estimate);
    for (size_t s = 0; s < MAX_STRATEGIES; s++) {
        const struct fit_kind *kind = &estimate->kind[s];
        if (kind->n_left == 0) continue;
        double mean = kind->n_done ? (double)kind->done / (double)kind->n_done : share * (double)kind->most;
        double rest = (double)kind->n_left * mean - (double)kind->running;
        if (rest < 1) rest = 1; /* what outlasts the mean is not over yet */
        left += rest * weight_of(kind, &seen);
    }
    return left;
}
