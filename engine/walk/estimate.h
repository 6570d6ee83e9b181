/* How long a walk will take, said before its first fit: what is measured on this machine in a moment, times what there is
 * to do. */
#ifndef GATEWALK_WALK_ESTIMATE_H
#define GATEWALK_WALK_ESTIMATE_H

#include "fits.h"

/* Seconds on one thread. Fits stop early, so theirs are the most they take. */
struct estimate {
    double fits, verdict;
    size_t n_fits, n_stored; /* of all fits; of those a model lies there already */
    size_t n_unknown;        /* of fits whose first windows are no training at all: they are not counted */
    size_t n_pairs;          /* contestants that are compared with the baseline */
};

/* Measures a few batches of every contestant and a few replicates, some tenths of a second, and multiplies. Nothing of it
 * is kept: the walk's own fits begin anew. each: [fits->n] seconds of every fit, or NULL. */
int estimate_make(const struct experiment *experiment, const struct prepared *prepared, const struct fit_list *fits,
                  struct estimate *out, double *each) GW_MUST_USE;
/* As people say it: "40 s", "3 min", "2 h 10 min", "3 days 4 h". */
const char *estimate_span(double seconds, char out[48]);
/* One line about it: "expected: up to about …". */
void estimate_text(const struct experiment *experiment, const struct estimate *estimate, size_t n_threads,
                   char out[512]);

#endif
