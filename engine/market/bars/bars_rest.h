/* Loops over all bars of a walk let what they have passed leave memory. */
#ifndef GATEWALK_MARKET_BARS_REST_H
#define GATEWALK_MARKET_BARS_REST_H

#include "gatewalk/bars.h"

/* What lies in files leaves memory until it is asked for: bars of the cache, and what is parked (mem_park). */
void market_rest(const struct gw_market *market);
/* Every so often, in a loop over rows. */
enum { REST_EVERY = 1 << 18 };
static inline void market_rest_at(const struct gw_market *market, size_t row) {
    if (row % REST_EVERY == REST_EVERY - 1) market_rest(market);
}

/* Are the bars that lie in the cache still those that were read there first? They are read again whenever they have rested, and
 * whoever writes into their file changes them in the middle of a walk. GW_ERR_IO names the symbol. */
int market_holds(const struct gw_market *market) GW_MUST_USE;

#endif
