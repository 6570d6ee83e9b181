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

double cost_funding(const struct gw_cost_config *costs, enum gw_side side, double notional, int64_t held_ns) {
    double bps_per_day =
        side == GW_SIDE_LONG ? costs->funding_bps_per_day : costs->borrow_bps_per_day - costs->funding_bps_per_day;
    if (!(fabs(bps_per_day) > 0)) return 0;
    return notional * (bps_per_day * BPS * costs->multiplier) * ((double)held_ns * (1.0 / (double)NS_PER_DAY));
}

int gw_cost_config_check(const struct gw_cost_config *costs) {
    const struct {
        const char *name;
        double value;
        bool may_be_negative; /* rebates and received funding */
    } field[] = {
        {"taker_bps", costs->taker_bps, true},
        {"maker_bps", costs->maker_bps, true},
        {"half_spread_bps", costs->half_spread_bps, false},
        {"slippage_bps", costs->slippage_bps, false},
        {"slippage_volatility", costs->slippage_volatility, false},
        {"funding_bps_per_day", costs->funding_bps_per_day, true},
        {"borrow_bps_per_day", costs->borrow_bps_per_day, false},
        {"multiplier", costs->multiplier, false},
    };
    for (size_t i = 0; i < COUNT_OF(field); ++i) {
        if (!isfinite(field[i].value)) FAIL(GW_ERR_CONFIG, "costs.%s: must be a finite number", field[i].name);
        if (field[i].value < 0 && !field[i].may_be_negative)
            FAIL(GW_ERR_CONFIG, "costs.%s: %g is negative; give 0 or more", field[i].name, field[i].value);
    }
    return GW_OK;
}
