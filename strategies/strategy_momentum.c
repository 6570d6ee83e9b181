/* momentum: the sign of the return over momentum_bars is the side to be on; within +-momentum_min of zero, no side. */
#include <math.h>

#include "engine/base/base.h"
#include "parts.h"
#include "strategies.h"

struct momentum_params {
    struct exit_params exits;
    size_t momentum_bars;
    double momentum_min;
};
static const struct gw_param params[] = {
    EXIT_PARAMS(struct momentum_params, exits),
    GW_SIZE_PARAM(struct momentum_params, momentum_bars, "bars", 96, 1, 1e6, "momentum: length of the return"),
    GW_NUMBER_PARAM(struct momentum_params, momentum_min, "fraction", 0, 0, 10, "momentum: smaller returns are none"),
};

struct state {
    int side; /* last decided */
};

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct state *state = memory;
    const struct momentum_params *own = gw_strategy_own(config);
    if (event->history.n <= own->momentum_bars) return;
    const double change = event->history.last->close / (event->history.last - own->momentum_bars)->close - 1;
    const int side = (change > own->momentum_min) - (change < -own->momentum_min);
    if (side == state->side) return; /* also after a stop: it waits for the next change */
    state->side = side;
    if (side)
        turn_to(config, &own->exits, event, side, orders);
    else if (event->position.quantity != 0 || event->position.pending)
        close_position(event, orders);
}

const struct gw_strategy_desc strategy_momentum = {
    .name = "momentum",
    .help = "on the side of the return over the last bars",
    .own = GW_PARAM_TABLE(params),
    .on_bar = on_bar,
    .per_symbol_state_size = sizeof(struct state),
};
