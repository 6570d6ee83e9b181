/* every: a long trade every so many bars, out again at the horizon. */
#include <math.h>

#include "strategies.h"

struct every_params {
    size_t pause;
};
static const struct gw_param params[] = {
    GW_SIZE_PARAM(struct every_params, pause, "bars", 48, 1, 1e6, "every: bars from one entry to the next"),
};

static void on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    const struct every_params *every = gw_strategy_own(config);
    (void)state;
    if (event->history.n % every->pause != 0 || event->position.pending || event->position.quantity != 0) return;
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                            .kind = GW_ORDER_MARKET,
                                            .side = GW_SIDE_LONG,
                                            .size = config->size,
                                            .max_bars = config->horizon ? config->horizon : 1,
                                            .probability = NAN});
}

const struct gw_strategy_desc strategy_every = {
    .name = "every",
    .help = "buy at fixed times, whatever the market does",
    .own = GW_PARAM_TABLE(params),
    .on_bar = on_bar,
};
