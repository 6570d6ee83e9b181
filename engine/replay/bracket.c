/* One position from entry to exit. The rules are stated in bracket.h. */
#include "bracket.h"

#include <math.h>
#include <string.h>

#include "costs.h"

const char *const gw_exit_reason_name[6] = {"", "stop", "target", "time", "signal", "end"};

void bracket_enter(struct bracket *b, const struct gw_bars *bars, size_t i, const struct gw_order *order,
                   size_t due_index, double notional, const struct gw_cost_config *costs) {
    const struct gw_bar *bar = &bars->bar[i];
    const double side = order->side;
    const double price = bar->open * (1 + side * cost_slip(costs, bars, i));
    struct gw_trade *t = &b->trade;
    memset(b, 0, sizeof *b); /* padding too: equal trades are equal bytes */
    t->symbol = order->symbol;
    t->side = order->side;
    t->signal_ns = order->signal_ns;
    t->entry_ns = bar->open_ns;
    t->quantity = notional / price;
    t->entry_price = price;
    t->fees = cost_fee(costs, t->quantity * price, false);
    t->slippage = t->quantity * fabs(price - bar->open);
    t->probability = order->probability;
    const double stop = order->stop > 0 ? price * (1 - side * order->stop) : -side * INFINITY;
    const double target = order->target > 0 ? price * (1 + side * order->target) : side * INFINITY;
    b->low_level = fmin(stop, target);
    b->high_level = fmax(stop, target);
    b->low = b->high = b->entry_raw = bar->open;
    b->entry_index = i;
    b->due_index = due_index;
}

/* Everything a trade records about its end. `raw` is the price before spread and slippage. */
static void leave(struct bracket *b, const struct gw_bars *bars, size_t i, enum gw_exit_reason reason, double raw,
                  int64_t exit_ns, const struct gw_cost_config *costs) {
    struct gw_trade *t = &b->trade;
    const double side = t->side;
    const bool maker = reason == GW_EXIT_TARGET;
    const double price = maker ? raw : raw * (1 - side * cost_slip(costs, bars, i));
    bracket_saw(b, raw);
    t->reason = reason;
    t->exit_ns = exit_ns;
    t->exit_price = price;
    t->slippage += t->quantity * fabs(raw - price);
    b->exit_fee = cost_fee(costs, t->quantity * price, maker);
    t->fees += b->exit_fee;
    const double notional = t->quantity * t->entry_price;
    t->funding = cost_funding(costs, t->side, notional, exit_ns - t->entry_ns);
    t->pnl = side * t->quantity * (price - t->entry_price) - t->fees - t->funding;
    t->return_fraction = t->pnl / notional;
    const double down = b->low / t->entry_price - 1, up = b->high / t->entry_price - 1;
    t->mae = fmin(0, t->side == GW_SIDE_LONG ? down : -up);
    t->mfe = fmax(0, t->side == GW_SIDE_LONG ? up : -down);
}

void bracket_exit_open(struct bracket *b, const struct gw_bars *bars, size_t i, enum gw_exit_reason reason,
                       const struct gw_cost_config *costs) {
    b->trade.bars_held = (uint32_t)(i - b->entry_index);
    leave(b, bars, i, reason, bars->bar[i].open, bars->bar[i].open_ns, costs);
}

static void exit_level(struct bracket *b, const struct gw_bars *bars, size_t i, enum gw_exit_reason reason, double raw,
                       const struct gw_cost_config *costs) {
    b->trade.bars_held = (uint32_t)(i - b->entry_index + 1);
    leave(b, bars, i, reason, raw, gw_bar_close_ns(bars, i), costs);
}

void bracket_exit_close(struct bracket *b, const struct gw_bars *bars, size_t i, enum gw_exit_reason reason,
                        const struct gw_cost_config *costs) {
    exit_level(b, bars, i, reason, bars->bar[i].close, costs);
}

bool bracket_open_touched(struct bracket *b, const struct gw_bars *bars, size_t i, const struct gw_cost_config *costs) {
    const struct gw_bar *bar = &bars->bar[i];
    if (!bar_trades(bar)) return false;
    const bool is_long = b->trade.side == GW_SIDE_LONG;
    const bool fell = bar->open <= b->low_level, rose = bar->open >= b->high_level;
    enum gw_exit_reason reason = GW_EXIT_NONE;
    if (i > b->due_index)
        reason = GW_EXIT_TIME;
    else if (is_long ? fell : rose)
        reason = GW_EXIT_STOP;
    else if (is_long ? rose : fell)
        reason = GW_EXIT_TARGET;
    if (reason == GW_EXIT_NONE) return false;
    bracket_exit_open(b, bars, i, reason, costs);
    return true;
}

bool bracket_range_touched(struct bracket *b, const struct gw_bars *bars, size_t i, enum gw_intrabar rule,
                           const struct gw_cost_config *costs) {
    const struct gw_bar *bar = &bars->bar[i];
    const bool is_long = b->trade.side == GW_SIDE_LONG;
    const bool fell = bar->low <= b->low_level, rose = bar->high >= b->high_level;
    bool stop = is_long ? fell : rose;
    const bool target = is_long ? rose : fell;
    if (stop && target) {
        b->trade.ambiguous = true;
        if (rule == GW_INTRABAR_TARGET_FIRST) stop = false;
    }
    bracket_saw(b, bar->open);
    if (stop || target) {
        const bool below = is_long == stop; /* a long's stop, a short's target */
        exit_level(b, bars, i, stop ? GW_EXIT_STOP : GW_EXIT_TARGET, below ? b->low_level : b->high_level, costs);
        return true;
    }
    bracket_saw(b, bar->low);
    bracket_saw(b, bar->high);
    if (i < b->due_index) return false;
    bracket_exit_close(b, bars, i, GW_EXIT_TIME, costs);
    return true;
}

bool gw_trade_isolated(const struct gw_bars *bars, size_t t, enum gw_side side, double stop, double target,
                       size_t max_bars, const struct gw_cost_config *costs, enum gw_intrabar rule,
                       struct gw_trade *out) {
    if (t >= bars->n) return false;
    const struct gw_order order = {.kind = GW_ORDER_OPEN,
                                   .side = side,
                                   .size = 1,
                                   .stop = stop,
                                   .target = target,
                                   .max_bars = max_bars,
                                   .probability = NAN,
                                   .signal_ns = gw_bar_close_ns(bars, t)};
    const size_t due = bracket_due(t + 1, max_bars);
    size_t i = t + 1;
    while (i < bars->n && (!bar_trades(&bars->bar[i]) || bars->bar[i].open_ns < order.signal_ns)) ++i;
    if (i >= bars->n || i > due) return false; /* nothing to enter, or the horizon passed first */
    struct bracket b;
    bracket_enter(&b, bars, i, &order, due, 1, costs);
    while (!bracket_open(&b, bars, i, costs) && !bracket_range(&b, bars, i, rule, costs)) {
        if (++i < bars->n) continue;
        bracket_exit_close(&b, bars, i - 1, GW_EXIT_END, costs);
        break;
    }
    *out = b.trade;
    return true;
}
