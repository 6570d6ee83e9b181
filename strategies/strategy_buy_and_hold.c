/* buy_and_hold: buys every symbol at the open after its first bar, `size` of equity each, and keeps it to the end.
 * With several symbols a size of 1/n_symbols keeps it without leverage. */
#include <math.h>

#include "strategies.h"

struct state {
    bool bought;
};

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct state *state = memory;
    if (state->bought) return;
    state->bought = true;
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                            .kind = GW_ORDER_MARKET,
                                            .side = GW_SIDE_LONG,
                                            .size = config->size,
                                            .probability = NAN});
}

const struct gw_strategy_desc strategy_buy_and_hold = {
    .name = "buy_and_hold",
    .help = "buy at the first open and hold: the market's own return",
    .on_bar = on_bar,
    .per_symbol_state_size = sizeof(struct state),
};
