/* A plugin that looks ahead: it keeps a pointer to the newest bar and reads the one behind it; with BY_COLUMN the value of a column
 * from outside at that bar. With HONEST it looks at the newest value alone. */
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
#if BY_COLUMN
    if (event->history.n_columns == 0) return "col(flow) is not there";
    const double *flow = event->history.column[0].value;
    const int up = (HONEST ? (double)bar->feature[0] : flow[event->history.n]) > 0;
#else
    const int up =
        state->kept[event->history.n].close > event->history.last->close; /* the bar that has not closed yet */
#endif
    if (event->position.quantity == 0 && up)
        gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                                .side = GW_SIDE_LONG,
                                                .size = setting->size,
                                                .max_bars = 1,
                                                .probability = NAN});
    return NULL;
}

#if BY_COLUMN
static const char *const features[] = {"col(flow)"};
#endif
GW_PLUGIN_EXPORT = {.abi = GW_PLUGIN_ABI + WRONG_ABI,
                    GW_PLUGIN_SIZES,
#if BY_COLUMN
                    .feature = features,
                    .n_features = 1,
#endif
                    .state_size = sizeof(struct state),
                    .on_bar = on_bar};
