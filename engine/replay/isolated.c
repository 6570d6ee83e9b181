/* One trade on its own: a desk without an account, so in the currency that its prices are quoted in. */
#include <string.h>

#include "desk.h"
#include "engine/base/base.h"

enum { SLOTS = 5 }; /* the entry, its stop, target, trailing stop and time exit */

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

bool gw_trade_isolated_by(const struct gw_bars *bars, size_t t, enum gw_side side, const struct gw_exits *exits,
                          const struct gw_cost_config *costs, enum gw_intrabar rule, struct gw_trade *out) {
    if (t >= bars->n) return false;
    const int64_t signal_ns = gw_bar_close_ns(bars, t);
    const size_t due = due_after(t + 1, exits->max_bars);
    size_t i = t + 1;
    while (i < bars->n && (!bar_trades(&bars->bar[i]) || bars->bar[i].open_ns < signal_ns)) ++i;
    if (i >= bars->n || i > due) return false; /* nothing to enter, or the horizon passed first */
    const struct gw_replay_config config = {.costs = *costs, .intrabar = rule};
    struct work slot[SLOTS];
    struct desk desk = {
        .bars = bars, .config = &config, .instrument = {.multiplier = 1}, .work = slot, .capacity = SLOTS};
    desk.charges = fabs(costs->funding_bps_per_day) > 0 || costs->borrow_bps_per_day > 0;
    entry_wait(&desk, &slot[0], side, exits, due, signal_ns);
    desk_band(&desk);
    /* The slots suffice and nobody keeps books, so no step can fail. */
    for (; i < bars->n; ++i) {
        if (desk_open(&desk, i) < 0) return false;
        if (!desk.holding) break;
        if (desk_range(&desk, i) < 0) return false;
        if (!desk.holding) break;
        desk_charge(&desk, gw_bar_close_ns(bars, i), bars->bar[i].close);
    }
    const struct moment last = {.bar = bars->n - 1, .ns = gw_bar_close_ns(bars, bars->n - 1), .inside = true};
    desk.doubt = false;
    if (desk.holding && desk_leave(&desk, GW_EXIT_END, bars->bar[last.bar].close, last) < 0) return false;
    *out = desk.held.trade;
    return true;
}
