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

/* ---- funding ------------------------------------------------------------------------------ */

void desk_charge(struct desk *desk, int64_t now_ns, double mark) {
    struct holding *held = &desk->held;
    /* A mark that is no price charges nothing; that time is owed at the next one. */
    if (!desk->charges || now_ns <= held->charged_ns || !(mark > 0)) return;
    const double notional = held->quantity * mark * desk->instrument.multiplier;
    const struct gw_funding *schedule = desk->config->funding ? &desk->config->funding[desk->symbol] : NULL;
    const struct gw_cost_config *costs = &desk->config->costs;
    double owed;
    if (schedule && schedule->n > 0) {
        owed = cost_borrow(costs, held->trade.side, notional, now_ns - held->charged_ns);
        while (desk->funding_at < schedule->n && schedule->event[desk->funding_at].time_ns <= held->charged_ns)
            desk->funding_at++;
        for (; desk->funding_at < schedule->n && schedule->event[desk->funding_at].time_ns <= now_ns;
             desk->funding_at++)
            owed += (double)held->trade.side * notional * schedule->event[desk->funding_at].rate * costs->multiplier;
    } else {
        owed = cost_funding(costs, held->trade.side, notional, now_ns - held->charged_ns);
    }
    held->charged_ns = now_ns;
    held->trade.funding += owed;
    if (desk->broker) broker_charged(desk->broker, owed);
}

/* ---- the position ------------------------------------------------------------------------- */

struct fill {
    double quantity, raw, price, fee;
    struct moment at;
};

static void held_begin(struct desk *desk, const struct work *w, const struct fill *f) {
    struct holding *held = &desk->held;
    struct gw_trade *t = &held->trade;
    memset(held, 0, sizeof *held); /* padding too: equal trades are equal bytes */
    t->symbol = desk->symbol;
    t->side = w->direction > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT;
    t->signal_ns = w->attached.signal_ns;
    t->entry_ns = f->at.ns;
    t->probability = w->attached.probability;
    t->entry_order = w->id;
    held->low = held->high = f->raw;
    held->entry_index = f->at.bar;
    held->inside_bar = f->at.inside ? f->at.bar + 1 : 0;
    held->due_index = w->due_bar;
    held->charged_ns = f->at.ns;
    desk->holding = true;
}

static void held_add(struct desk *desk, const struct work *w, const struct fill *f) {
    struct holding *held = &desk->held;
    struct gw_trade *t = &held->trade;
    const double before = held->quantity;
    /* One fill leaves its price as it is; more are averaged. */
    t->entry_price =
        before > 0 ? (before * t->entry_price + f->quantity * f->price) / (before + f->quantity) : f->price;
    held->quantity += f->quantity;
    t->quantity += f->quantity;
    held->entered_value += f->quantity * f->price * desk->instrument.multiplier;
    if (w->due_bar < held->due_index) held->due_index = w->due_bar;
    t->fees += f->fee;
    t->slippage += f->quantity * fabs(f->price - f->raw) * desk->instrument.multiplier;
    held_saw(held, f->raw);
}

static void trade_finish(struct desk *desk, const struct fill *f, enum gw_exit_reason reason, double exit_price) {
    struct holding *held = &desk->held;
    struct gw_trade *t = &held->trade;
    t->reason = reason;
    t->exit_ns = f->at.ns;
    t->exit_price = exit_price;
    t->bars_held = (uint32_t)(f->at.bar - held->entry_index + (f->at.inside ? 1 : 0));
    t->ambiguous = f->at.inside && desk->doubt;
    t->pnl = held->gross - t->fees - t->funding;
    t->return_fraction = t->pnl / held->entered_value;
    const double down = held->low / t->entry_price - 1, up = held->high / t->entry_price - 1;
    t->mae = fmin(0, t->side == GW_SIDE_LONG ? down : -up);
    t->mfe = fmax(0, t->side == GW_SIDE_LONG ? up : -down);
    if (reason == GW_EXIT_STOP || reason == GW_EXIT_TRAIL) desk->last_stop = f->at.bar + 1;
    desk->holding = false;
}

/* True: nothing is left of the position. */
static bool held_reduce(struct desk *desk, const struct work *w, const struct fill *f) {
    struct holding *held = &desk->held;
    struct gw_trade *t = &held->trade;
    const double side = t->side, multiplier = desk->instrument.multiplier;
    held_saw(held, f->raw);
    held->gross += side * f->quantity * (f->price - t->entry_price) * multiplier;
    t->slippage += f->quantity * fabs(f->raw - f->price) * multiplier;
    t->fees += f->fee;
    const double exit_price = /* one fill leaves its price as it is; more are averaged */
        held->exited > 0 ? (held->exited_value + f->quantity * f->price) / (held->exited + f->quantity) : f->price;
    held->exited_value += f->quantity * f->price;
    held->exited += f->quantity;
    held->quantity -= f->quantity;
    t->exit_order = w->id;
    if (held->quantity > 0) return false;
    trade_finish(desk, f, w->exit, exit_price);
    return true;
}

/* ---- the exits of an entry ---------------------------------------------------------------- */

static int exit_add(struct desk *desk, const struct work *entry, enum gw_exit_reason exit, enum gw_order_kind kind,
                    double level, const struct fill *f, struct work **out) {
    const struct work parent = *entry; /* adding may move the slots */
    struct work *w;
    TRY(desk_add(desk, &w));
    w->parent = parent.id;
    w->exit = exit;
    w->kind = kind;
    w->direction = -parent.direction;
    w->left = f->quantity;
    w->live_ns = INT64_MIN;
    w->resting = true;
    w->attached.probability = NAN;
    if (kind == GW_ORDER_LIMIT)
        w->limit = level;
    else
        w->stop = level;
    if (out) *out = w;
    return GW_OK;
}

static double target_level(const struct desk *desk, const struct gw_order *o, double price, double side) {
    const double tick = desk->instrument.tick, level = price * (1 + side * o->target);
    if (!(tick > 0)) return level;
    return (side > 0 ? ceil(level / tick - 1e-9) : floor(level / tick + 1e-9)) * tick;
}

static int exits_create(struct desk *desk, size_t k, const struct fill *f) {
    const struct gw_order o = desk->work[k].attached;
    const double side = desk->work[k].direction, price = desk->work[k].average_price;
    const uint64_t parent = desk->work[k].id;
    struct work *w = NULL;
    if (o.stop > 0) {
        const double level = tick_beyond(desk, price * (1 - side * o.stop), -desk->work[k].direction);
        TRY(exit_add(desk, &desk->work[k], GW_EXIT_STOP, GW_ORDER_STOP, level, f, NULL));
    }
    if (o.target > 0)
        TRY(exit_add(desk, &desk->work[k], GW_EXIT_TARGET, GW_ORDER_LIMIT, target_level(desk, &o, price, side), f,
                     NULL));
    if (o.trail_stop > 0 || o.trail_stop_distance > 0) {
        TRY(exit_add(desk, &desk->work[k], GW_EXIT_TRAIL, GW_ORDER_TRAILING, 0, f, &w));
        w->extreme = f->raw;
        w->trail = o.trail_stop;
        w->trail_distance = o.trail_stop_distance;
        w->stop = trail_level(desk, w, w->extreme);
    }
    for (size_t c = 0; desk->broker && c < desk->n_work; ++c)
        if (desk->work[c].parent == parent && !desk->work[c].id)
            TRY(broker_number(desk->broker, desk, &desk->work[c], f->at.ns));
    return GW_OK;
}

/* A further fill of the same entry: its exits cover it too, from the new average price. */
static int exits_extend(struct desk *desk, size_t k, const struct fill *f) {
    const struct work *entry = &desk->work[k];
    const double side = entry->direction, price = entry->average_price;
    bool any = false;
    for (size_t c = 0; c < desk->n_work; ++c) {
        struct work *w = &desk->work[c];
        if (w->parent != entry->id || w->exit == GW_EXIT_NONE) continue;
        any = true;
        w->left += f->quantity;
        if (w->exit == GW_EXIT_STOP)
            w->stop = tick_beyond(desk, price * (1 - side * entry->attached.stop), w->direction);
        if (w->exit == GW_EXIT_TARGET) w->limit = target_level(desk, &entry->attached, price, side);
        if (desk->broker) broker_changed(desk->broker, w);
    }
    return any ? GW_OK : exits_create(desk, k, f);
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
static enum gw_order_reason entry_quantity(struct desk *desk, struct work *w, double price, double *quantity) {
    if (isnan(w->left)) {
        const double capital = desk->broker ? broker_equity(desk->broker) : 1;
        const double notional = w->attached.notional > 0 ? w->attached.notional : w->size * capital;
        if (!(notional > 0)) return GW_REASON_NO_EQUITY;
        w->left = desk_lots(desk, notional / price / desk->instrument.multiplier);
    }
    *quantity = w->left;
    if (desk->broker) {
        const enum gw_order_reason reason = broker_admit(desk->broker, desk, w, price, quantity);
        if (reason != GW_REASON_NONE) return reason;
        w->left = *quantity; /* what was cut off is not asked for again */
    }
    const bool too_small =
        w->filled == 0 && *quantity * price * desk->instrument.multiplier < desk->instrument.min_notional;
    return *quantity > 0 && !too_small ? GW_REASON_NONE : GW_REASON_TOO_SMALL;
}

static int position_change(struct desk *desk, size_t k, const struct fill *f) {
    struct work *w = &desk->work[k];
    const uint64_t id = w->id, parent = w->parent, oco = w->oco;
    const bool entry = w->exit == GW_EXIT_NONE;
    bool flat = false;
    if (entry) {
        if (!desk->holding) held_begin(desk, w, f);
        held_add(desk, w, f);
        TRY(w->filled > f->quantity ? exits_extend(desk, k, f) : exits_create(desk, k, f));
    } else {
        flat = held_reduce(desk, w, f);
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
    struct fill f = {.raw = raw, .price = fill_price(desk, w, raw, maker, at.bar), .at = at};
    if (entry) {
        const enum gw_order_reason refused = entry_quantity(desk, w, f.price, &f.quantity);
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
    const double value = f.quantity * f.price * desk->instrument.multiplier;
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
    if (desk->broker) TRY(broker_filled(desk->broker, desk, w, f.quantity, f.price, raw, f.fee, at.ns));
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
