/* What a fill does: to the order, to the position and the trade it is part of, to the orders that hang on it. */
#include "desk.h"
#include "engine/base/base.h"

#include <string.h>

#include "broker.h"
#include "costs.h"

static const double DUST = 1e-12; /* of what was entered: nothing is left */

double desk_lots(const struct desk *desk, double quantity) {
    const double lot = desk->instrument.lot;
    return lot > 0 ? floor(quantity / lot * (1 + DUST)) * lot : quantity;
}

/* What may still be filled in this bar. */
static double room(const struct desk *desk, struct moment at) {
    const double share = desk->config->participation, volume = desk->bars->bar[at.bar].volume;
    if (!(share > 0) || at.unlimited || !desk->volume_known || isnan(volume)) return INFINITY;
    const double spent = desk->spent_bar == at.bar + 1 ? desk->spent : 0;
    return desk_lots(desk, fmax(0, share * volume - spent));
}

/* ---- what a fill ends --------------------------------------------------------------------- */

static bool reduces(const struct work *w, const void *unused) {
    (void)unused;
    return w->exit != GW_EXIT_NONE;
}

static bool of_same_entry(const struct work *w, const void *parent) {
    return w->parent && w->parent == *(const uint64_t *)parent;
}

/* An entry of which a part has filled goes with its position. */
static bool begun(const struct work *w, const void *unused) {
    (void)unused;
    return w->exit == GW_EXIT_NONE && w->filled > 0;
}

static void siblings_reduce(struct desk *desk, uint64_t id, uint64_t parent, const struct fill *f) {
    for (size_t c = desk->n_work; parent && c-- > 0;) {
        struct work *w = &desk->work[c];
        if (w->parent != parent || w->id == id || w->exit == GW_EXIT_NONE) continue;
        w->left -= f->quantity;
        if (!(w->left > DUST * f->quantity)) desk_remove(desk, c, GW_ORDER_CANCELLED, GW_REASON_OCO, f->at.ns);
    }
}

static void oco_cancel(struct desk *desk, uint64_t id, uint64_t oco, int64_t now_ns) {
    for (size_t c = desk->n_work; c-- > 0;) {
        const struct work *w = &desk->work[c];
        if (w->id != id && ((oco && (w->id == oco || w->oco == oco)) || (id && w->oco == id)))
            desk_remove(desk, c, GW_ORDER_CANCELLED, GW_REASON_OCO, now_ns);
    }
}

/* ---- fills -------------------------------------------------------------------------------- */

static double fill_price(const struct desk *desk, const struct work *w, double raw, bool maker, size_t bar) {
    const double direction = w->direction;
    const double price = maker ? raw : raw * (1 + direction * cost_slip(&desk->config->costs, desk->bars, bar));
    if (!work_is_limit(w)) return price;
    return direction > 0 ? fmin(price, w->limit) : fmax(price, w->limit);
}

/* How much of an entry may fill at this price; it may end here instead. */
static enum gw_order_reason entry_quantity(struct desk *desk, struct work *w, double price, double rate,
                                           double *quantity) {
    if (isnan(w->left)) {
        const double capital = desk->broker ? broker_equity(desk->broker) : 1;
        const double notional = w->attached.notional > 0 ? w->attached.notional : w->size * capital;
        if (!(notional > 0)) return GW_REASON_NO_EQUITY;
        w->left = desk_lots(desk, notional / price / (desk->instrument.multiplier * rate));
    }
    *quantity = w->left;
    if (desk->broker) {
        const enum gw_order_reason reason = broker_admit(desk->broker, desk, w, price * rate, quantity);
        if (reason != GW_REASON_NONE) return reason;
        w->left = *quantity; /* what was cut off is not asked for again */
    }
    const bool too_small = /* in the quote currency, as the exchange states it */
        w->filled == 0 && *quantity * price * desk->instrument.multiplier < desk->instrument.min_notional;
    return *quantity > 0 && !too_small ? GW_REASON_NONE : GW_REASON_TOO_SMALL;
}

static int position_change(struct desk *desk, size_t k, const struct fill *f) {
    struct work *w = &desk->work[k];
    const uint64_t id = w->id, parent = w->parent, oco = w->oco;
    const bool entry = w->exit == GW_EXIT_NONE;
    bool flat = false;
    if (entry) {
        if (!desk->holding) holding_begin(desk, w, f);
        holding_add(desk, w, f);
        TRY(w->filled > f->quantity ? desk_extend_exits(desk, k, f) : desk_create_exits(desk, k, f));
    } else {
        flat = holding_reduce(desk, w, f);
    }
    w = &desk->work[k];
    const bool done = !(w->left > DUST * w->filled) || (isinf(w->left) && flat);
    if (done) desk_remove(desk, k, GW_ORDER_FILLED, GW_REASON_NONE, f->at.ns);
    if (oco || entry) oco_cancel(desk, id, oco, f->at.ns);
    if (!flat) {
        siblings_reduce(desk, id, parent, f);
        return GW_OK;
    }
    desk_remove_all(desk, of_same_entry, &parent, GW_ORDER_CANCELLED, GW_REASON_OCO, f->at.ns);
    desk_remove_all(desk, reduces, NULL, GW_ORDER_CANCELLED, GW_REASON_FLAT, f->at.ns);
    desk_remove_all(desk, begun, NULL, GW_ORDER_CANCELLED, GW_REASON_FLAT, f->at.ns);
    return desk->broker ? broker_traded(desk->broker, &desk->held.trade) : GW_OK;
}

int desk_fill(struct desk *desk, size_t k, double raw, bool maker, struct moment at) {
    struct work *w = &desk->work[k];
    w->tried = at.bar + 1;
    const bool entry = w->exit == GW_EXIT_NONE;
    struct fill f = {
        .raw = raw, .price = fill_price(desk, w, raw, maker, at.bar), .rate = desk_rate_at(desk, at.ns), .at = at};
    if (entry) {
        const enum gw_order_reason refused = entry_quantity(desk, w, f.price, f.rate, &f.quantity);
        if (refused != GW_REASON_NONE) {
            desk_remove(desk, k, GW_ORDER_REJECTED, refused, at.ns);
            return GW_OK;
        }
    } else {
        f.quantity = fmin(w->left, desk->held.quantity);
    }
    f.quantity = fmin(f.quantity, room(desk, at));
    if (!(f.quantity > 0)) return GW_OK;
    /* What rounding would leave behind goes too. */
    if (!entry && desk->held.quantity - f.quantity <= DUST * desk->held.trade.quantity)
        f.quantity = desk->held.quantity;
    const double value = f.quantity * f.price * desk->instrument.multiplier * f.rate;
    f.fee = cost_fee(&desk->config->costs, value, maker);
    if (w->exit == GW_EXIT_LIQUIDATION) f.fee += value * desk->config->liquidation_fee_bps * 1e-4;
    if (desk->holding) desk_charge(desk, at.ns, raw);
    if (desk->spent_bar != at.bar + 1) desk->spent = 0;
    desk->spent_bar = at.bar + 1;
    desk->spent += f.quantity;
    /* One fill leaves its price as it is; more are averaged. */
    w->average_price =
        w->filled > 0 ? (w->filled * w->average_price + f.quantity * f.price) / (w->filled + f.quantity) : f.price;
    w->filled += f.quantity;
    w->left -= f.quantity; /* infinite stays infinite */
    if (desk->broker) TRY(broker_filled(desk->broker, desk, w, &f));
    TRY(position_change(desk, k, &f));
    return GW_OK;
}

int desk_leave(struct desk *desk, enum gw_exit_reason reason, double raw, struct moment at) {
    struct work *w;
    TRY(desk_add(desk, &w));
    w->exit = reason;
    w->kind = GW_ORDER_MARKET;
    w->direction = -(int)desk->held.trade.side;
    w->left = desk->held.quantity;
    w->live_ns = at.ns;
    w->attached.probability = NAN;
    if (desk->broker) TRY(broker_number(desk->broker, desk, w, at.ns));
    return desk_fill(desk, desk->n_work - 1, raw, false, at);
}
