/* breakout: Donchian's channel. A close above the highest high of the breakout_bars bars before it opens a long, one
 * below their lowest low a short; a close beyond the other side of the channel of exit_bars closes it. */
#include <math.h>

#include "engine/base/base.h"
#include "parts.h"
#include "strategies.h"

struct breakout_params {
    struct exit_params exits;
    size_t breakout_bars, exit_bars;
};
static const struct gw_param params[] = {
    EXIT_PARAMS(struct breakout_params, exits),
    GW_SIZE_PARAM(struct breakout_params, breakout_bars, "bars", 20, 1, 1e6, "breakout: channel of the entries"),
    GW_SIZE_PARAM(struct breakout_params, exit_bars, "bars", 10, 1, 1e6, "breakout: channel of the exits"),
};

/* 1: the close is above all n bars before it, -1: below all, 0: neither. */
static int beyond(const struct gw_history *history, size_t n) {
    const double close = history->last->close;
    bool above = true, below = true;
    for (size_t ago = 1; ago <= n && (above || below); ++ago) {
        const struct gw_bar *bar = history->last - ago;
        above &= close > bar->high;
        below &= close < bar->low;
    }
    return above - below;
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    (void)memory;
    const struct breakout_params *own = gw_strategy_own(config);
    const size_t longest = own->breakout_bars > own->exit_bars ? own->breakout_bars : own->exit_bars;
    if (event->history.n <= longest) return;
    const double held = event->position.quantity;
    const int side = beyond(&event->history, own->breakout_bars);
    if (side)
        turn_to(config, &own->exits, event, side, orders);
    else if (held != 0 && beyond(&event->history, own->exit_bars) * held < 0)
        close_position(event, orders);
}

const struct gw_strategy_desc strategy_breakout = {
    .name = "breakout",
    .help = "Donchian channel: follows closes beyond it",
    .own = GW_PARAM_TABLE(params),
    .on_bar = on_bar,
};
