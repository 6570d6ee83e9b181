/* Does a longer history change today's features? */
#ifndef GATEWALK_AUDIT_HISTORY_H
#define GATEWALK_AUDIT_HISTORY_H

#include "poison.h"

enum { HISTORY_STEPS = 6 };
/* One feature, computed over the last `bars` bars alone and over all that came before, at some bars of the test slices. */
struct feature_history {
    double difference[HISTORY_STEPS]; /* the largest, in standard deviations of the feature over those bars */
    bool exact[HISTORY_STEPS];        /* the same bits everywhere */
    size_t n[HISTORY_STEPS];          /* bars compared */
};
struct history_check {
    size_t bars[HISTORY_STEPS];      /* what a history needs before its first value, and multiples of that */
    struct feature_history *feature; /* [n_features] owned */
    size_t n_features;
};
int history_check(const struct prepared *p, const double *learnt, struct history_check *out) GW_MUST_USE;
void history_free(struct history_check *check);

#endif
