/* Does an order make sense at all? */
#include "broker.h"
#include "engine/base/base.h"

static bool distance_given(double fraction, double price) {
    return fraction >= 0 && price >= 0 && fraction < 1 && isfinite(price) && (fraction > 0 || price > 0);
}

static int levels_check(const struct gw_order *o) {
    const bool limit = o->kind == GW_ORDER_LIMIT || o->kind == GW_ORDER_STOP_LIMIT;
    const bool stop = o->kind == GW_ORDER_STOP || o->kind == GW_ORDER_STOP_LIMIT;
    if (limit && (!(o->limit_price > 0) || !isfinite(o->limit_price)))
        FAIL(GW_ERR_INTERNAL, "%s order with limit price %g; it must be a price", gw_order_kind_name[o->kind],
             o->limit_price);
    if (stop && (!(o->stop_price > 0) || !isfinite(o->stop_price)))
        FAIL(GW_ERR_INTERNAL, "%s order with stop price %g; it must be a price", gw_order_kind_name[o->kind],
             o->stop_price);
    if (o->kind == GW_ORDER_TRAILING && !distance_given(o->trail, o->trail_distance))
        FAIL(GW_ERR_INTERNAL, "trailing order at %g and %g; give a fraction below 1 or a distance in price", o->trail,
             o->trail_distance);
    const bool follows = o->trail_stop != 0 || o->trail_stop_distance != 0;
    if (follows && !distance_given(o->trail_stop, o->trail_stop_distance))
        FAIL(GW_ERR_INTERNAL, "order with a trailing stop at %g and %g; give a fraction below 1 or a distance in price",
             o->trail_stop, o->trail_stop_distance);
    if (!(o->stop >= 0) || !(o->target >= 0) || !isfinite(o->stop) || !isfinite(o->target))
        FAIL(GW_ERR_INTERNAL, "order with stop %g and target %g; they must be fractions of the entry price, or 0",
             o->stop, o->target);
    return GW_OK;
}

int broker_check(const struct broker *broker, const struct gw_order *o) {
    if (o->symbol >= broker->n_symbols)
        FAIL(GW_ERR_INTERNAL, "order for symbol %u, but the market has %zu", o->symbol, broker->n_symbols);
    if ((unsigned)o->kind > GW_ORDER_CLOSE || (unsigned)o->time_in_force > GW_TIF_BARS)
        FAIL(GW_ERR_INTERNAL, "order of an unknown kind (%d) or time in force (%d)", (int)o->kind,
             (int)o->time_in_force);
    if (o->kind == GW_ORDER_CLOSE) return GW_OK;
    if (o->side != GW_SIDE_LONG && o->side != GW_SIDE_SHORT)
        FAIL(GW_ERR_INTERNAL, "order with side %d; it must be SIDE_LONG or SIDE_SHORT", (int)o->side);
    if (!(o->quantity >= 0) || !isfinite(o->quantity))
        FAIL(GW_ERR_INTERNAL, "order of %g units; give 0 or more", o->quantity);
    if (!(o->notional >= 0) || !isfinite(o->notional))
        FAIL(GW_ERR_INTERNAL, "order for %g of cash; give 0 or more", o->notional);
    if (!o->reduce_only && !(o->quantity > 0) && !(o->notional > 0) && (!(o->size > 0) || !isfinite(o->size)))
        FAIL(GW_ERR_INTERNAL, "order of size %g; it must be a positive fraction of equity", o->size);
    if (o->time_in_force == GW_TIF_BARS && !o->good_bars) FAIL(GW_ERR_INTERNAL, "order good for 0 bars");
    return levels_check(o);
}
