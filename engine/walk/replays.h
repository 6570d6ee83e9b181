/* Every contestant's scores through the broker: where the results of a walk begin, and where they are released. */
#ifndef GATEWALK_WALK_REPLAYS_H
#define GATEWALK_WALK_REPLAYS_H

#include "engine/results/events.h"

/* `events`: NULL, or where all that happens is written. */
int results_replay(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   struct event_log *events, struct results *r) GW_MUST_USE;
/* What traded results rest on: other fills, other costs, luck (traded_bounds). After results_replay; for a run alone, because it
 * replays every contestant many times. */
int results_bounds(const struct experiment *e, const struct prepared *p, struct results *r,
                   size_t n_threads) GW_MUST_USE;
void results_free(const struct experiment *e, struct results *r);

/* ---- shared by the replays ---- */

struct gw_replay_config replay_settings(const struct experiment *e, const struct prepared *p,
                                        const struct strategy_spec *spec, bool optimistic);
/* A watch that lets bars rest behind a long replay, and tells another (NULL: nobody); that other one for a short replay. */
struct resting {
    struct gw_replay_watch watch;
    const struct gw_replay_watch *told;
    const struct prepared *p;
    size_t n;
};
const struct gw_replay_watch *resting_watch(const struct prepared *prepared, const struct gw_replay_watch *told,
                                            struct resting *out);
/* How contestant s trades: a null takes number, sides and length of its trades from the first seed of the one it is to match. */
int replay_trading(const struct experiment *e, const struct results *r, size_t s,
                   struct gw_strategy_config *trading) GW_MUST_USE;
/* Scores by symbol and bar; free them whatever comes back. */
int replay_scores_make(const struct prepared *p, const struct score_set *set, const struct contestant_scores *from,
                       struct gw_score ***out) GW_MUST_USE;
void replay_scores_free(const struct prepared *p, struct gw_score **by_symbol);

#endif
