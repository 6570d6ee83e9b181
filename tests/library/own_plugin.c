/* A plugin: long while the mean close of `fast` bars is above that of `slow` bars and the RSI is not too high.
 *
 *   cc -std=c17 -O2 -fPIC -shared $(pkg-config --cflags gatewalk) own_plugin.c -o own_plugin.so */
#include <gatewalk/plugin.h>

#include <math.h>

enum { FAST, SLOW, RSI_MAX };
static const struct gw_plugin_param params[] = {
    [FAST] = {.name = "fast", .help = "bars of the fast mean", .initial = 20, .low = 1, .high = 500, .whole = true},
    [SLOW] = {.name = "slow", .help = "bars of the slow mean", .initial = 50, .low = 2, .high = 1000, .whole = true},
    [RSI_MAX] = {.name = "rsi_max", .help = "no entry above", .initial = 101, .low = 0, .high = 101},
};
static const char *const features[] = {"rsi(14)"};

struct state {
    int side; /* of the fast mean, +1 above the slow one */
};

static double mean_close(const struct gw_history *history, size_t n) {
    double sum = 0;
    for (size_t ago = n; ago-- > 0;) sum += gw_history_bar(history, ago)->close;
    return sum / (double)n;
}

static const char *on_bar(void *memory, const struct gw_plugin_setting *setting, const struct gw_plugin_bar *bar,
                          struct gw_order_sink *orders) {
    struct state *state = memory;
    const struct gw_bar_event *event = bar->event;
    const size_t fast = (size_t)setting->parameter[FAST], slow = (size_t)setting->parameter[SLOW];
    if (fast >= slow) return "parameter fast must be less than slow";
    if (event->history.n < slow) return NULL;
    const int side = mean_close(&event->history, fast) > mean_close(&event->history, slow) ? 1 : -1;
    const int before = state->side;
    state->side = side;
    if (!before || side == before) return NULL;
    if (side < 0 && event->position.quantity > 0)
        gw_order_put(orders, &(struct gw_order){.symbol = event->symbol, .kind = GW_ORDER_CLOSE});
    if (side > 0 && event->position.quantity == 0 && bar->feature[0] <= (float)setting->parameter[RSI_MAX])
        gw_order_put(
            orders,
            &(struct gw_order){
                .symbol = event->symbol, .side = GW_SIDE_LONG, .size = setting->size, .stop = 0.1, .probability = NAN});
    return NULL;
}

GW_PLUGIN_EXPORT = {
    .abi = GW_PLUGIN_ABI,
    GW_PLUGIN_SIZES,
    .help = "two means of the close, long only",
    .param = params,
    .n_params = sizeof params / sizeof params[0],
    .feature = features,
    .n_features = 1,
    .state_size = sizeof(struct state),
    .on_bar = on_bar,
};
