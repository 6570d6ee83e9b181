/* What contestants hold, or are about to, at every close: what an ensemble of them follows. */
#ifndef GATEWALK_WALK_STANCES_H
#define GATEWALK_WALK_STANCES_H

#include "engine/results/results.h"

/* Of one replay: 1 long, 0 flat, -1 short, once the market orders that wait at the close have filled. */
struct stances {
    signed char **symbol; /* [n_symbols][bars.n] owned */
    size_t n_symbols;
};
void stances_free(struct stances *stances);

struct stance_watch {
    struct gw_replay_watch watch;       /* hand this to the replay */
    const struct gw_replay_watch *next; /* is told too; NULL: nobody */
    struct stances *out;
    struct stance_symbol *at; /* [n_symbols] owned */
};
/* Begins to record into `out`, which it fills with 0. stance_watch_end() follows in any case. */
int stance_watch_begin(struct stance_watch *watch, const struct gw_market *market, const struct gw_replay_watch *next,
                       struct stances *out) GW_MUST_USE;
void stance_watch_end(struct stance_watch *watch);

/* Those of an ensemble's members side by side: [n_symbols][bars.n × n]. Released like stances. */
int stances_join(const struct gw_market *market, const struct stances *const *member, size_t n,
                 struct stances *out) GW_MUST_USE;

#endif
