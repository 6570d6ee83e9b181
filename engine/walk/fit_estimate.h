/* How much training is still to come. Fits end early, most of them long before `training.epochs`; how early, those that
 * have finished tell: the ones of the same strategy where there are any, else all others by their share of the most. An
 * epoch of one strategy takes a multiple of another's: how long, the epochs that were seen tell, else its cost. */
#ifndef GATEWALK_RUN_FIT_ESTIMATE_H
#define GATEWALK_RUN_FIT_ESTIMATE_H

#include "engine/config/config.h"

struct fit_estimate {
    struct fit_kind {
        size_t most;           /* epochs a fit takes at most */
        size_t n_left, n_done; /* fits */
        size_t running, done;  /* epochs of unfinished and of finished fits */
        double cost;           /* of an epoch, in a unit that all strategies share */
        double seconds;        /* that the epochs took which were seen */
        size_t seen;
    } kind[MAX_STRATEGIES];
};
void fit_estimate_add(struct fit_estimate *estimate, size_t strategy, size_t most,
                      double cost);                                                      /* one more fit to do */
void fit_estimate_epoch(struct fit_estimate *estimate, size_t strategy, double seconds); /* a fit has gone on */
/* A fit has finished; `counted` of its epochs were reported one by one (none of a stored one's). */
void fit_estimate_finish(struct fit_estimate *estimate, size_t strategy, size_t epochs, size_t counted);
/* In epochs as long as those that were seen are in the mean. */
double fit_estimate_left(const struct fit_estimate *estimate);

#endif
