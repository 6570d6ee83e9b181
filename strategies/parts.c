/* What strategies share: ranges, sizes, entries of either side. */
#include "parts.h"

#include <math.h>

#include "engine/base/base.h"

double mean_true_range(const struct gw_history *history, size_t n) {
    if (history->n <= n) return NAN;
    double sum = 0;
    for (size_t ago = n; ago-- > 0;) {
        const struct gw_bar *bar = gw_history_bar(history, ago), *before = bar - 1;
        sum += fmax(bar->high, before->close) - fmin(bar->low, before->close);
    }
    return sum / (double)n;
}

/* ---- sizing --------------------------------------------------------------------------------- */

/* Standard deviation of the newest log returns, per year of bars of this length; NaN without enough of them. */
static double yearly_volatility(const struct gw_bar_event *event, size_t n) {
    const struct gw_history *history = &event->history;
    if (n < 2 || history->n <= n) return NAN;
    double sum = 0, squares = 0;
    for (size_t ago = n; ago-- > 0;) {
        const struct gw_bar *bar = gw_history_bar(history, ago);
        const double r = log(bar->close / (bar - 1)->close);
        sum += r;
        squares += r * r;
    }
    const double variance = (squares - sum * sum / (double)n) / (double)(n - 1);
    const double per_year = 365.25 * (double)NS_PER_DAY / (double)(event->close_ns - history->last->open_ns);
    return sqrt(fmax(0, variance) * per_year);
}

/* Kelly for a bet that wins `target` with probability p and loses `stop` otherwise. */
static double kelly(double p, double stop, double target) {
    return stop > 0 && target > 0 ? p / stop - (1 - p) / target : 0;
}

bool entry_size(const struct gw_strategy_config *config, const struct gw_bar_event *event, struct gw_order *order) {
    const struct gw_sizing_params *own = (const void *)config->sizing_own[config->sizing].bytes;
    const double p = order->probability;
    order->size = config->size;
    switch (config->sizing) {
    case GW_SIZING_FRACTION:
        break;
    case GW_SIZING_NOTIONAL:
        order->notional = own->notional;
        break;
    case GW_SIZING_VOLATILITY:
        order->size = fmin(own->size_max, own->target_volatility / yearly_volatility(event, own->volatility_bars));
        break;
    case GW_SIZING_KELLY:
        order->size = fmin(own->size_max, own->kelly_fraction * kelly(p, order->stop, order->target));
        break;
    case GW_SIZING_PROBABILITY: {
        const float tau = event->score ? event->score->tau[order->side > 0 ? GW_GATE_LONG : GW_GATE_SHORT] : NAN;
        order->size = config->size * (tau > 0 ? fmin(1, p / (2 * (double)tau)) : 1);
        break;
    }
    }
    return (order->size > 0 && isfinite(order->size)) || order->notional > 0;
}

/* ---- entries and exits ---------------------------------------------------------------------- */

void close_position(const struct gw_bar_event *event, struct gw_order_sink *orders) {
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol, .kind = GW_ORDER_CLOSE});
}

void turn_to(const struct gw_strategy_config *config, const struct exit_params *exits, const struct gw_bar_event *event,
             int side, struct gw_order_sink *orders) {
    const double held = event->position.quantity;
    if (held * side > 0) return;
    if (held * side < 0 || event->position.pending) close_position(event, orders);
    if (!(side > 0 ? config->trade_long : config->trade_short)) return;
    struct gw_order order = {
        .symbol = event->symbol, .side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT, .probability = NAN};
    if (exits->stop_atr > 0 || exits->trail_atr > 0) {
        const double range = mean_true_range(&event->history, exits->atr_length);
        if (!(range > 0)) return; /* no range to measure exits by */
        order.stop = exits->stop_atr * range / event->history.last->close;
        order.trail_stop_distance = exits->trail_atr * range;
    }
    if (entry_size(config, event, &order)) gw_order_put(orders, &order);
}
