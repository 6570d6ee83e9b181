/* How long a rank rests between two looks for messages (rest.h). */
#include "rest.h"

#include <math.h>
#include <time.h>

#include "engine/base/base.h"

/* A look is taken from rank 0's fits, a rank that waits for its answer fits nothing for half a nap on average: with gaps of g
 * seconds the sum of both, LOOK g / nap + nap / 2, is least at the root of 2 LOOK g. */
static const double LOOK = 15e-6, GAP_AT_FIRST = 0.05, SHORTEST = 2e-4, LONGEST = 0.02, SMOOTHING = 0.25;

void rest_begin(struct rest *rest) { *rest = (struct rest){.gap = GAP_AT_FIRST, .heard = clock_seconds()}; }

void rest_heard(struct rest *rest) {
    const double now = clock_seconds();
    rest->gap += SMOOTHING * (now - rest->heard - rest->gap);
    rest->heard = now;
}

double rest_seconds(const struct rest *rest) { return fmin(fmax(sqrt(2 * LOOK * rest->gap), SHORTEST), LONGEST); }

void rest_nap(const struct rest *rest) {
    nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * rest_seconds(rest))}, NULL);
}
