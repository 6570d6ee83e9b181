/* Strategies: fed one closed bar at a time, answer with orders. A strategy sees a `history` that ends at
 * now; there is no call that reaches a later bar. */
#ifndef GATEWALK_STRATEGY_H
#define GATEWALK_STRATEGY_H

#include "labels.h"
#include "order.h"

/* The past of one symbol up to and including the bar that just closed. */
struct history {
    const struct bar *last; /* the newest closed bar */
    size_t n;               /* bars available, >= 1; history_bar(h, 0) is the newest */
};
static inline const struct bar *history_bar(const struct history *h, size_t ago) {
    return ago < h->n ? h->last - ago : NULL;
}

/* The frozen model's probabilities at one bar and the causal thresholds in force. NaN p: not scored. */
struct score {
    float p[N_GATES];
    float tau[N_GATES];
};

/* A strategy's view of its own position in the event's symbol. */
struct position_view {
    double quantity; /* signed, 0 = flat */
    double entry_price;
    size_t bars_held;
    bool pending; /* an order of this symbol waits for its fill */
};

struct bar_event {
    uint32_t symbol;
    int64_t close_ns; /* now */
    struct history history;
    const struct score *score; /* NULL for strategies without a model */
    double min_move;           /* label rule's move at this bar (fraction); NaN when unknown */
    struct position_view position;
};

/* Where a strategy puts its orders during on_bar, for any symbol; signal_ns is stamped. An order that makes no sense
 * (side, size, levels, symbol) ends the replay with ERR_INTERNAL. */
struct order_sink;
void order_put(struct order_sink *sink, const struct order *order);

/* Parameters, resolved from the experiment; every strategy reads what it declares. */
struct strategy_config {
    double size;                     /* fraction of equity per trade, default 1 */
    double target_moves, stop_moves; /* multiples of min_move: defaults 1 and 1/ratio; 0 = off */
    size_t horizon;                  /* time exit in bars; 0 = off */
    bool exit_on_opposite;           /* close when the other gate fires */
    bool trade_long, trade_short;
    size_t fast, slow; /* sma_cross: bars of the two means, fast < slow */
};
/* size 1, target_moves 1, stop_moves 0.5, horizon 24, both sides, no opposite exit, fast 20, slow 50. */
void strategy_config_default(struct strategy_config *config);

struct strategy_desc {
    const char *name, *help;
    bool needs_model; /* consumes gate scores */
    size_t state_size;
    void (*init)(void *state, const struct strategy_config *config); /* state is zeroed */
    void (*on_bar)(void *state, const struct strategy_config *config, const struct bar_event *event,
                   struct order_sink *orders);
    size_t per_symbol_state_size; /* one state per symbol when non-zero, handed to on_bar instead */
    int (*check)(const struct strategy_config *config); /* the parameters it reads; NULL: nothing beyond the common */
};
size_t strategy_count(void);
const struct strategy_desc *strategy_at(size_t i);
const struct strategy_desc *strategy_find(const char *name); /* NULL when unknown */
/* ERR_CONFIG; the line begins with the parameter's name. */
int strategy_config_check(const struct strategy_desc *strategy, const struct strategy_config *config) MUST_USE;

#endif
