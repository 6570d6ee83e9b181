/* What a contestant's trades brought by symbol, side, exit reason, month, hour and fold, and what its account returned in each
 * month and fold. A trade belongs to the month in which it ended, to the hour at which it was entered, to the fold that gave
 * its signal. */
#ifndef GATEWALK_RESULTS_BREAKDOWN_H
#define GATEWALK_RESULTS_BREAKDOWN_H

#include "results.h"

enum breakdown_by { BY_SYMBOL, BY_SIDE, BY_REASON, BY_MONTH, BY_HOUR, BY_FOLD, N_BREAKDOWNS };
extern const char *const breakdown_by_name[N_BREAKDOWNS];

/* Sums over the trades of a group. Equity: of the last point before the group's first, and of its last. */
struct breakdown_group {
    int64_t key;
    size_t n, wins, ambiguous, n_points;
    double gains, losses, returns, fees, slippage, funding, bars_held, before, after;
    double equity_returns; /* breakdown_pool(): sum over the seeds that were in the group */
    size_t n_equity_returns;
};
struct breakdown {
    struct breakdown_group *group; /* [n] owned, by key */
    size_t n, capacity;
};

/* Of one seed. The breakdown may hold another one's groups; they go, their room stays. */
int breakdown_make(const struct experiment *e, const struct prepared *p, const struct gw_replay_result *replay,
                   enum breakdown_by by, struct breakdown *out) GW_MUST_USE;
/* Of all seeds of a contestant together: sums over them. */
int breakdown_pool(const struct experiment *e, const struct prepared *p, const struct strategy_result *result,
                   enum breakdown_by by, struct breakdown *out) GW_MUST_USE;
void breakdown_free(struct breakdown *breakdown);

/* Of the account over the group's points; NAN: the group has none, or began with nothing. */
double breakdown_equity_return(const struct breakdown_group *group);
/* "BTCUSDT", "long", "stop", "2024-03", "09", "4"; "none": no fold's test slice gave the signal. */
const char *breakdown_group_name(const struct prepared *p, enum breakdown_by by, int64_t key, char text[32]);

#endif
