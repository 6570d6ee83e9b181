/* Strategies: fed one closed bar at a time, answer with orders. A strategy sees a `history` that ends at
 * now; there is no call that reaches a later bar. */
#ifndef GATEWALK_STRATEGY_H
#define GATEWALK_STRATEGY_H

#include "labels.h"
#include "order.h"

/* The past of one symbol up to and including the bar that just closed. */
struct gw_history {
    const struct gw_bar *last; /* the newest closed bar */
    size_t n;                  /* bars available, >= 1; gw_history_bar(h, 0) is the newest */
};
static inline const struct gw_bar *gw_history_bar(const struct gw_history *h, size_t ago) {
    return ago < h->n ? h->last - ago : NULL;
}

/* The frozen model's probabilities at one bar and the causal thresholds in force. NaN p: not scored. */
struct gw_score {
    float p[GW_N_GATES];
    float tau[GW_N_GATES];
};

/* A strategy's view of its own position in the event's symbol. */
struct gw_position_view {
    double quantity; /* signed, 0 = flat */
    double entry_price;
    size_t bars_held;
    bool pending; /* an order of this symbol waits for its fill */
};

struct gw_bar_event {
    uint32_t symbol;
    int64_t close_ns; /* now */
    struct gw_history history;
    const struct gw_score *score; /* NULL for strategies without a model */
    double min_move;              /* label rule's move at this bar (fraction); NaN when unknown */
    struct gw_position_view position;
};

/* Where a strategy puts its orders during on_bar, for any symbol; signal_ns is stamped. An order that makes no sense
 * (side, size, levels, symbol) ends the replay with GW_ERR_INTERNAL. Whoever delivers the bars brings the sink. */
struct gw_order_sink {
    void (*put)(struct gw_order_sink *sink, const struct gw_order *order);
};
static inline void gw_order_put(struct gw_order_sink *sink, const struct gw_order *order) { sink->put(sink, order); }

/* Parameters, resolved from the experiment; every strategy reads what it declares. */
struct gw_strategy_config {
    double size;                     /* fraction of equity per trade, default 1 */
    double target_moves, stop_moves; /* multiples of min_move: defaults 1 and 1/ratio; 0 = off */
    size_t horizon;                  /* time exit in bars; 0 = off */
    bool exit_on_opposite;           /* close when the other gate fires */
    bool trade_long, trade_short;
    size_t fast, slow; /* sma_cross: bars of the two means, fast < slow */
};
/* size 1, target_moves 1, stop_moves 0.5, horizon 24, both sides, no opposite exit, fast 20, slow 50. */
void gw_strategy_config_default(struct gw_strategy_config *config);

struct gw_strategy_desc {
    const char *name, *help;
    bool needs_model; /* consumes gate scores */
    size_t state_size;
    void (*init)(void *state, const struct gw_strategy_config *config); /* state is zeroed */
    void (*on_bar)(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders);
    size_t per_symbol_state_size; /* one state per symbol when non-zero, handed to on_bar instead */
    int (*check)(
        const struct gw_strategy_config *config); /* the parameters it reads; NULL: nothing beyond the common */
};
size_t gw_strategy_count(void);
const struct gw_strategy_desc *gw_strategy_at(size_t i);
const struct gw_strategy_desc *gw_strategy_find(const char *name); /* NULL when unknown */
/* GW_ERR_CONFIG; the line begins with the parameter's name. */
int gw_strategy_config_check(const struct gw_strategy_desc *strategy,
                             const struct gw_strategy_config *config) GW_MUST_USE;

#endif
