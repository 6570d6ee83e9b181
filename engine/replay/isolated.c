/* One trade on its own: a desk without an account, so in the currency that its prices are quoted in. */
#include <string.h>

#include "desk.h"
#include "engine/base/base.h"
#include "isolated.h"

enum { SLOTS = 6 }; /* the entry, its stop, target, trailing stop and time exit, an order to close */

static void entry_wait(struct desk *desk, struct work *w, enum gw_side side, const struct gw_exits *exits, size_t due,
                       int64_t signal_ns) {
    memset(w, 0, sizeof *w);
    w->id = 1;
    w->live_ns = signal_ns;
    w->expire_ns = INT64_MAX;
    w->expire_bar = SIZE_MAX;
    w->due_bar = due;
    w->size = 1;
    w->left = NAN;
    w->direction = side;
    w->attached = (struct gw_order){.side = side,
                                    .size = 1,
                                    .stop = exits->stop,
                                    .target = exits->target,
                                    .trail_stop = exits->trail,
                                    .trail_stop_distance = exits->trail_distance,
                                    .probability = NAN,
                                    .signal_ns = signal_ns};
    desk->n_work = 1;
}

bool gw_trade_isolated(const struct gw_bars *bars, size_t t, enum gw_side side, double stop, double target,
                       size_t max_bars, const struct gw_cost_config *costs, enum gw_intrabar rule,
                       struct gw_trade *out) {
    const struct gw_exits exits = {.stop = stop, .target = target, .max_bars = max_bars};
    return gw_trade_isolated_by(bars, t, side, &exits, costs, rule, out);
}

/* A close order works from the next open on, as a strategy's does. */
static int watch_close(struct desk *desk, size_t i, const struct leave_watch *watch) {
    const struct gw_position_view view = {.quantity = (double)desk->held.trade.side * desk->held.quantity,
                                          .entry_price = desk->held.trade.entry_price,
                                          .bars_held = i + 1 - desk->held.entry_index};
    bool leave = false;
    struct work *w;
    if (!watch || desk_closing(desk)) return GW_OK;
    TRY(watch->leaves(watch->who, i, &view, &leave));
    if (!leave) return GW_OK;
    TRY(desk_add(desk, &w));
    w->kind = GW_ORDER_CLOSE;
    w->exit = GW_EXIT_SIGNAL;
    w->direction = -(int)desk->held.trade.side;
    w->left = INFINITY;
    w->live_ns = gw_bar_close_ns(desk->bars, i);
    w->attached.probability = NAN;
    desk_band(desk);
    return GW_OK;
}

int trade_isolated(const struct gw_bars *bars, size_t t, enum gw_side side, const struct gw_exits *exits,
                   const struct gw_cost_config *costs, enum gw_intrabar rule, const struct leave_watch *watch,
                   struct isolated_trade *out) {
    out->entered = false;
    if (t >= bars->n) return GW_OK;
    const int64_t signal_ns = gw_bar_close_ns(bars, t);
    const size_t due = due_after(t + 1, exits->max_bars);
    size_t i = t + 1;
    while (i < bars->n && (!bar_trades(&bars->bar[i]) || bars->bar[i].open_ns < signal_ns)) ++i;
    if (i >= bars->n || i > due) return GW_OK; /* nothing to enter, or the horizon passed first */
    const struct gw_replay_config config = {.costs = *costs, .intrabar = rule};
    struct work slot[SLOTS];
    struct desk desk = {
        .bars = bars, .config = &config, .instrument = {.multiplier = 1}, .work = slot, .capacity = SLOTS};
    desk.charges = fabs(costs->funding_bps_per_day) > 0 || costs->borrow_bps_per_day > 0;
    entry_wait(&desk, &slot[0], side, exits, due, signal_ns);
    desk_band(&desk);
    for (; i < bars->n; ++i) {
        TRY(desk_open(&desk, &bars->bar[i], i));
        if (!desk.holding) break;
        TRY(desk_range(&desk, &bars->bar[i], i));
        if (!desk.holding) break;
        desk_charge(&desk, gw_bar_close_ns(bars, i), bars->bar[i].close);
        TRY(watch_close(&desk, i, watch));
    }
    const struct moment last = {.bar = bars->n - 1, .ns = gw_bar_close_ns(bars, bars->n - 1), .inside = true};
    desk.doubt = false;
    if (desk.holding) TRY(desk_leave(&desk, GW_EXIT_END, bars->bar[last.bar].close, last));
    out->entered = true;
    out->last_bar = i < bars->n ? i : bars->n - 1;
    out->trade = desk.held.trade;
    return GW_OK;
}

bool gw_trade_isolated_by(const struct gw_bars *bars, size_t t, enum gw_side side, const struct gw_exits *exits,
                          const struct gw_cost_config *costs, enum gw_intrabar rule, struct gw_trade *out) {
    struct isolated_trade one;
    /* The slots suffice and nobody keeps books or watches, so no step can fail. */
    if (trade_isolated(bars, t, side, exits, costs, rule, NULL, &one) < 0 || !one.entered) return false;
    *out = one.trade;
    return true;
}
