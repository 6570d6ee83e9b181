/* A plugin that looks ahead: it keeps a pointer to the newest bar and reads the one behind it. */
#include <gatewalk/plugin.h>

#include <math.h>

struct state {
    const struct gw_bar *kept;
};

static const char *on_bar(void *memory, const struct gw_plugin_setting *setting, const struct gw_plugin_bar *bar,
                          struct gw_order_sink *orders) {
    struct state *state = memory;
    const struct gw_bar_event *event = bar->event;
    if (!state->kept) state->kept = event->history.last - (event->history.n - 1);
    const double next = state->kept[event->history.n].close; /* the bar that has not closed yet */
    if (event->position.quantity == 0 && next > event->history.last->close)
        gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                                .side = GW_SIDE_LONG,
                                                .size = setting->size,
                                                .max_bars = 1,
                                                .probability = NAN});
    return NULL;
}

GW_PLUGIN_EXPORT = {
    .abi = GW_PLUGIN_ABI + WRONG_ABI, GW_PLUGIN_SIZES, .state_size = sizeof(struct state), .on_bar = on_bar};
