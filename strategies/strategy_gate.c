/* gate: acts on a model's two probabilities when they reach their causal thresholds.
 *
 * Flat and nothing waiting: long when p_long >= tau_long, short when p_short >= tau_short; when both fire, the one
 * further above its threshold; on a tie neither. Exits: target and stop as multiples of the label's min_move, time
 * at the label's horizon, and, if asked for, the opposite gate (also when that side itself is not traded). */
#include <math.h>

#include "strategies.h"

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
    if (signal_of(event->score, true, true) != -side) return;
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol, .kind = GW_ORDER_CLOSE});
}

static void on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    (void)state;
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
    gw_order_put(orders, &(struct gw_order){
                             .symbol = event->symbol,
                             .kind = GW_ORDER_MARKET,
                             .side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT,
                             .size = config->size,
                             .stop = config->stop_moves * move,
                             .target = config->target_moves * move,
                             .max_bars = config->horizon,
                             .probability = event->score->p[side > 0 ? GW_GATE_LONG : GW_GATE_SHORT],
                         });
}

const struct gw_strategy_desc strategy_gate = {
    .name = "gate",
    .help = "trade the gates of a model: bracket, time and opposite-gate exits",
    .needs_model = true,
    .on_bar = on_bar,
};
