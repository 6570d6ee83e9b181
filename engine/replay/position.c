/* What is held, from its first fill to its last, and what it pays meanwhile. */
#include "desk.h"
#include "engine/base/base.h"

#include <string.h>

#include "broker.h"
#include "costs.h"

/* ---- funding ------------------------------------------------------------------------------ */

void desk_charge(struct desk *desk, int64_t now_ns, double mark) {
    struct holding *held = &desk->held;
    /* A mark that is no price charges nothing; that time is owed at the next one. */
    if (!desk->charges || now_ns <= held->charged_ns || !(mark > 0)) return;
    const double notional = held->quantity * mark * desk->instrument.multiplier * desk_rate_at(desk, now_ns);
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

void holding_begin(struct desk *desk, const struct work *w, const struct fill *f) {
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

void holding_add(struct desk *desk, const struct work *w, const struct fill *f) {
    struct holding *held = &desk->held;
    struct gw_trade *t = &held->trade;
    const double before = held->quantity;
    /* One fill leaves its price as it is; more are averaged. */
    t->entry_price =
        before > 0 ? (before * t->entry_price + f->quantity * f->price) / (before + f->quantity) : f->price;
    held->entry_cost = before > 0
                           ? (before * held->entry_cost + f->quantity * (f->price * f->rate)) / (before + f->quantity)
                           : f->price * f->rate;
    held->quantity += f->quantity;
    t->quantity += f->quantity;
    held->entered_value += f->quantity * f->price * desk->instrument.multiplier * f->rate;
    if (w->due_bar < held->due_index) held->due_index = w->due_bar;
    t->fees += f->fee;
    t->slippage += f->quantity * fabs(f->price - f->raw) * desk->instrument.multiplier * f->rate;
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

bool holding_reduce(struct desk *desk, const struct work *w, const struct fill *f) {
    struct holding *held = &desk->held;
    struct gw_trade *t = &held->trade;
    const double side = t->side, multiplier = desk->instrument.multiplier;
    held_saw(held, f->raw);
    held->gross += side * f->quantity * (f->price * f->rate - held->entry_cost) * multiplier;
    t->slippage += f->quantity * fabs(f->raw - f->price) * multiplier * f->rate;
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
