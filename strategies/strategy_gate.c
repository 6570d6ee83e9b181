/* gate: acts on a model's two probabilities when they reach their causal thresholds.
 *
 * Flat and nothing waiting: long when p_long >= tau_long, short when p_short >= tau_short; when both fire, the one
 * further above its threshold; on a tie neither. Entries: at the market, or by a limit below (above) the close that is
 * good for limit_bars bars. Exits: target and stop as multiples of the label's min_move, a trailing stop, time at the
 * label's horizon, and, if asked for, the opposite gate (also when that side itself is not traded). */
#include <math.h>

#include "parts.h"
#include "strategies.h"

struct gate_params {
    double limit_offset, limit_atr;
    size_t limit_bars;
    double trail, trail_atr;
    size_t atr_length;
};
#define GATE(kind, field, ...) GW_##kind##_PARAM(struct gate_params, field, __VA_ARGS__)
static const struct gw_param params[] = {
    GATE(NUMBER, limit_offset, "fraction", 0, 0, .5, "gate: entry by a limit this far from the close; 0 = market"),
    GATE(NUMBER, limit_atr, "ATR", 0, 0, 100, "gate: added to limit_offset, in ATR"),
    GATE(SIZE, limit_bars, "bars", 3, 1, 1e6, "gate: how long a limit entry waits"),
    GATE(NUMBER, trail, "fraction", 0, 0, .99, "gate: trailing stop at this distance; 0 = none"),
    GATE(NUMBER, trail_atr, "ATR", 0, 0, 1000, "trailing stop at this distance; 0 = none"),
    GATE(SIZE, atr_length, "bars", 14, 1, 1e6, "bars whose mean true range is the ATR of stops and limits"),
};

/* +1, -1 or 0. Not-scored bars and missing thresholds are NaN and never fire. */
static int signal_of(const struct gw_score *score, bool use_long, bool use_short) {
    const bool is_long = use_long && score->p[GW_GATE_LONG] >= score->tau[GW_GATE_LONG];
    const bool is_short = use_short && score->p[GW_GATE_SHORT] >= score->tau[GW_GATE_SHORT];
    if (!is_long || !is_short) return is_long - is_short;
    const float above_long = score->p[GW_GATE_LONG] - score->tau[GW_GATE_LONG];
    const float above_short = score->p[GW_GATE_SHORT] - score->tau[GW_GATE_SHORT];
    return (above_long > above_short) - (above_short > above_long);
}

static void leave_on_opposite(const struct gw_bar_event *event, struct gw_order_sink *orders) {
    const int side = event->position.quantity > 0 ? 1 : -1;
    if (signal_of(event->score, true, true) == -side) close_position(event, orders);
}

/* Limit and trailing stop; false: there is no range to measure them by. */
static bool place(const struct gate_params *own, const struct gw_bar_event *event, struct gw_order *order) {
    const double close = event->history.last->close;
    double range = 0;
    if (own->limit_atr > 0 || own->trail_atr > 0) {
        range = mean_true_range(&event->history, own->atr_length);
        if (!(range > 0)) return false;
    }
    order->trail_stop = own->trail;
    order->trail_stop_distance = own->trail_atr * range;
    if (!(own->limit_offset > 0) && !(own->limit_atr > 0)) return true;
    order->kind = GW_ORDER_LIMIT;
    order->limit_price = close - (double)order->side * (own->limit_offset * close + own->limit_atr * range);
    order->time_in_force = GW_TIF_BARS;
    order->good_bars = own->limit_bars;
    return order->limit_price > 0;
}

static void on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    (void)state;
    const struct gate_params *own = gw_strategy_own(config);
    if (!event->score || event->position.pending) return;
    if (event->position.quantity != 0) {
        if (config->exit_on_opposite) leave_on_opposite(event, orders);
        return;
    }
    const int side = signal_of(event->score, config->trade_long, config->trade_short);
    if (!side) return;
    const bool bracketed = config->target_moves > 0 || config->stop_moves > 0;
    if (bracketed && !(event->min_move > 0 && isfinite(event->min_move))) return; /* no move to measure exits by */
    const double move = bracketed ? event->min_move : 0;
    struct gw_order order = {
        .symbol = event->symbol,
        .side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT,
        .stop = config->stop_moves * move,
        .target = config->target_moves * move,
        .max_bars = config->horizon,
        .probability = event->score->p[side > 0 ? GW_GATE_LONG : GW_GATE_SHORT],
    };
    if (place(own, event, &order) && entry_size(config, event, &order)) gw_order_put(orders, &order);
}

static bool exits(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                  enum gw_side side, struct gw_exits *out) {
    (void)state, (void)side;
    const struct gate_params *own = gw_strategy_own(config);
    *out = (struct gw_exits){.stop = config->stop_moves * event->min_move,
                             .target = config->target_moves * event->min_move,
                             .trail = own->trail,
                             .max_bars = config->horizon};
    if (!(own->trail_atr > 0)) return true;
    out->trail_distance = own->trail_atr * mean_true_range(&event->history, own->atr_length);
    return out->trail_distance > 0;
}

static size_t leave_values(const struct gw_strategy_config *config) { return config->exit_on_opposite; }

static void look(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                 double *value) {
    (void)state, (void)config;
    *value = event->score ? signal_of(event->score, true, true) : 0;
}

static bool leaves(const struct gw_strategy_config *config, const double *value,
                   const struct gw_position_view *position) {
    (void)config;
    return position->quantity > 0 ? *value < 0 : *value > 0;
}

const struct gw_strategy_desc strategy_gate = {
    .name = "gate",
    .help = "trade the gates of a model: market or limit entries; bracket, trailing, time and opposite-gate exits",
    .own = GW_PARAM_TABLE(params),
    .needs_model = true,
    .on_bar = on_bar,
    .exits = exits,
    .leave_values = leave_values,
    .look = look,
    .leaves = leaves,
};
