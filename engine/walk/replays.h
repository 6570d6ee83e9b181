/* Every contestant's scores through the broker: where the results of a walk begin, and where they are released. */
#ifndef GATEWALK_WALK_REPLAYS_H
#define GATEWALK_WALK_REPLAYS_H

#include "engine/results/events.h"

/* `events`: NULL, or where all that happens is written. */
int results_replay(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   struct event_log *events, struct results *r) GW_MUST_USE;
void results_free(const struct experiment *e, struct results *r);

#endif
