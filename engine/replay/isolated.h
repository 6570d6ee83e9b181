/* One trade on its own, which its strategy may leave as well. */
#ifndef GATEWALK_REPLAY_ISOLATED_H
#define GATEWALK_REPLAY_ISOLATED_H

#include "gatewalk/strategy.h"

/* Asked at each close at which the trade is held: whether it is closed, at the next open. */
struct leave_watch {
    int (*leaves)(void *who, size_t bar, const struct gw_position_view *position, bool *leave);
    void *who;
};

/* gw_trade_isolated_by() with a watch (NULL: nobody watches) and the bar in which the trade ended. */
struct isolated_trade {
    bool entered;
    size_t last_bar;
    struct gw_trade trade;
};
int trade_isolated(const struct gw_bars *bars, size_t t, enum gw_side side, const struct gw_exits *exits,
                   const struct gw_cost_config *costs, enum gw_intrabar rule, const struct leave_watch *watch,
                   struct isolated_trade *out) GW_MUST_USE;

#endif
