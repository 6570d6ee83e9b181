/* Arithmetic of trading costs: pure functions of the configuration and the bars. One place, so that the
 * broker and isolated trades cannot disagree. */
#ifndef GATEWALK_REPLAY_COSTS_H
#define GATEWALK_REPLAY_COSTS_H

#include "gatewalk/order.h"

/* Fraction by which a market or stop fill in bar i is worse than the raw price: half-spread + fixed slippage +
 * slippage_volatility x (high - low)/close of bar i-1, times the multiplier; within [0, 0.5]. */
double cost_slip(const struct gw_cost_config *costs, const struct gw_bars *bars, size_t i);

/* Cash fee of one fill. maker: a resting limit order (a target); otherwise taker. */
double cost_fee(const struct gw_cost_config *costs, double notional, bool maker);

/* Cash paid (+) or received (-) for holding `notional` for held_ns: funding by longs, received by shorts;
 * borrow by shorts. */
double cost_funding(const struct gw_cost_config *costs, enum gw_side side, double notional, int64_t held_ns);

/* Borrow alone, where funding follows a schedule. */
double cost_borrow(const struct gw_cost_config *costs, enum gw_side side, double notional, int64_t held_ns);

#endif
