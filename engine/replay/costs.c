/* What trading costs, per fill and per day held. Every figure is in basis points of notional; `multiplier`
 * scales the lot, so that 0 is a market without costs and 2 the stress case. */
#include "costs.h"
#include "engine/base/base.h"

#include <math.h>

static const double BPS = 1e-4;
/* A wild bar times slippage_volatility must not turn a price negative. */
static const double SLIP_MAX = 0.5;

double cost_slip(const struct gw_cost_config *costs, const struct gw_bars *bars, size_t i) {
    double fraction = (costs->half_spread_bps + costs->slippage_bps) * BPS;
    if (costs->slippage_volatility > 0 && i > 0) {
        /* The previous bar's range: the filling bar's own is not known at its open. */
        const struct gw_bar *before = &bars->bar[i - 1];
        if (before->close > 0 && before->high > before->low)
            fraction += costs->slippage_volatility * (before->high - before->low) / before->close;
    }
    fraction *= costs->multiplier;
    return fraction < SLIP_MAX ? fraction : SLIP_MAX;
}

double cost_fee(const struct gw_cost_config *costs, double notional, bool maker) {
    return notional * ((maker ? costs->maker_bps : costs->taker_bps) * BPS * costs->multiplier);
}

static double per_day(const struct gw_cost_config *costs, double bps, double notional, int64_t held_ns) {
    if (!(fabs(bps) > 0)) return 0;
    return notional * (bps * BPS * costs->multiplier) * ((double)held_ns * (1.0 / (double)NS_PER_DAY));
}

double cost_funding(const struct gw_cost_config *costs, enum gw_side side, double notional, int64_t held_ns) {
    return per_day(costs,
                   side == GW_SIDE_LONG ? costs->funding_bps_per_day
                                        : costs->borrow_bps_per_day - costs->funding_bps_per_day,
                   notional, held_ns);
}

double cost_borrow(const struct gw_cost_config *costs, enum gw_side side, double notional, int64_t held_ns) {
    return side == GW_SIDE_LONG ? 0 : per_day(costs, costs->borrow_bps_per_day, notional, held_ns);
}

#define COST(field, ...) GW_NUMBER_PARAM(struct gw_cost_config, field, __VA_ARGS__)
static const struct gw_param rows[] = {
    COST(taker_bps, "bps", 5, 0, 1000, "fee of market and stop fills"),
    COST(maker_bps, "bps", 2, -100, 1000, "fee of target fills; negative is a rebate"),
    COST(half_spread_bps, "bps", .5, 0, 1000, "half the quoted spread"),
    COST(slippage_bps, "bps", 1, 0, 1000, "fixed slippage"),
    COST(slippage_volatility, "bar ranges", 0, 0, 10, "multiples of the previous bar's range added to it"),
    COST(funding_bps_per_day, "bps per day", 0, -1000, 1000, "paid by longs, received by shorts"),
    COST(borrow_bps_per_day, "bps per day", 0, 0, 1000, "paid by shorts"),
    COST(multiplier, "", 1, 0, 100, "scales all costs of the traded result"),
};
const struct gw_param_table gw_cost_params = GW_PARAM_TABLE(rows);

int gw_cost_config_check(const struct gw_cost_config *costs) { return gw_param_check(&gw_cost_params, "costs", costs); }
