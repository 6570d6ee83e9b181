/* Strategies: fed one closed bar at a time, answer with orders. A strategy sees a `history` that ends at
 * now; there is no call that reaches a later bar. */
#ifndef GATEWALK_STRATEGY_H
#define GATEWALK_STRATEGY_H

#include "labels.h"
#include "order.h"
#include "param.h"

GW_BEGIN_DECLS

/* The past of one symbol up to and including the bar that just closed. */
struct gw_history {
    const struct gw_bar *last; /* the newest closed bar */
    size_t n;                  /* bars available, >= 1; gw_history_bar(h, 0) is the newest */
    /* The newest bar's in the optional columns, with the older ones before it; NULL: the source lacks it. */
    const double *quote_volume, *trade_count, *taker_buy_base;
    /* Columns that the experiment's features asked for: value[n - 1] is the newest bar's. */
    const struct gw_column *column;
    size_t n_columns;
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
    const struct gw_order_record *order; /* all orders so far, this strategy's and the exits that hang on them */
    size_t n_orders;                     /* order[id - 1] has that id */
    const signed char
        *follow; /* [n_follow] of an ensemble's members: 1 long, 0 flat, -1 short, once their market orders fill */
    size_t n_follow;
};

/* Where a strategy puts its orders during on_bar, for any symbol; signal_ns is stamped. An order that makes no sense
 * (side, size, levels, symbol) ends the replay with GW_ERR_INTERNAL. Whoever delivers the bars brings the sink. */
struct gw_order_sink {
    uint64_t (*put)(struct gw_order_sink *sink, const struct gw_order *order);
    bool (*cancel)(struct gw_order_sink *sink, uint64_t id);
    uint64_t (*replace)(struct gw_order_sink *sink, uint64_t id, const struct gw_order *order);
    void (*give_up)(struct gw_order_sink *sink, int rc);
};
/* The order's id; its state says what becomes of it, refusals too. */
static inline uint64_t gw_order_put(struct gw_order_sink *sink, const struct gw_order *order) {
    return sink->put(sink, order);
}
/* False: it does not wait (any more). */
static inline bool gw_order_cancel(struct gw_order_sink *sink, uint64_t id) { return sink->cancel(sink, id); }
/* Cancels one and puts another in its place, as an exit of the same entry if it was one; the new id. 0: it does not
 * wait any more, and nothing was put. */
static inline uint64_t gw_order_replace(struct gw_order_sink *sink, uint64_t id, const struct gw_order *order) {
    return sink->replace(sink, id, order);
}

/* A strategy that cannot go on: the replay ends with `rc` and the message that was set (error.h). */
static inline void gw_order_fail(struct gw_order_sink *sink, int rc) {
    if (sink->give_up) sink->give_up(sink, rc);
}

/* How much an entry is. */
enum gw_sizing {
    GW_SIZING_FRACTION,   /* `size` of equity */
    GW_SIZING_NOTIONAL,   /* a fixed amount */
    GW_SIZING_VOLATILITY, /* target volatility / realised volatility of equity, at most size_max */
    GW_SIZING_KELLY,      /* kelly_fraction x (p / stop - (1 - p) / target), at most size_max: p must be calibrated */
    GW_SIZING_PROBABILITY /* size x p / (2 tau), at most size: half of it at the threshold */
};
struct gw_sizing_params {
    double notional, target_volatility, kelly_fraction, size_max;
    size_t volatility_bars;
};

/* What every strategy has, resolved from the experiment, and the own structs of all of them: a strategy reads its own,
 * gw_strategy_own(config), and no other's. */
struct gw_strategy_config {
    double size;                     /* fraction of equity per trade before fees, default 1 */
    double target_moves, stop_moves; /* multiples of min_move: defaults 1 and 1/ratio; 0 = off */
    size_t horizon;                  /* time exit in bars; 0 = off */
    bool exit_on_opposite;           /* close when the other gate fires */
    bool trade_long, trade_short;
    enum gw_sizing sizing;
    struct gw_own_params sizing_own[GW_OWN_ROWS_MAX]; /* struct gw_sizing_params of each row */
    struct gw_limits limits;
    int strategy; /* row of strategies.def; -1: none yet */
    struct gw_own_params own[GW_OWN_ROWS_MAX];
    const void *program; /* of strategies whose rules, script or plugin a user wrote; NULL for all others. Not owned */
    uint64_t seed;       /* of random numbers: the contestant's */
};
static inline const void *gw_strategy_own(const struct gw_strategy_config *config) {
    return config->own[config->strategy].bytes;
}
extern const struct gw_param_table gw_strategy_params;
/* As in an experiment that gives nothing but one symbol: size 1, target_moves 1, stop_moves 0.5, horizon 24 … */
void gw_strategy_config_default(struct gw_strategy_config *config);
/* What gw_strategy_params leaves open: size 1/n_symbols, stop_moves 1/ratio (0 without a ratio), horizon the label's. */
void gw_strategy_config_resolve(struct gw_strategy_config *config, const struct gw_label_config *labels,
                                size_t n_symbols);
/* One key from text: GW_ERR_CONFIG names it. */
int gw_strategy_config_set(struct gw_strategy_config *config, const char *key, const char *value) GW_MUST_USE;

/* What a replay is over. */
struct gw_strategy_setting {
    size_t n_symbols;
    const char *const *symbol; /* [n_symbols] names; they live as long as the replay */
    int64_t interval_ns;
};

enum { GW_STRATEGY_KEYS_MAX = 3, GW_LEAVE_VALUES_MAX = 256 };
struct gw_strategy_desc {
    const char *name, *help;
    struct gw_param_table own; /* its parameters, in a struct of its own */
    bool needs_model;          /* consumes gate scores */
    size_t state_size;
    void (*init)(void *state, const struct gw_strategy_config *config); /* state is zeroed */
    /* For what is more than bytes, or may fail: after init, before the first bar, once a state. `close` follows in any case,
     * also when open failed half-way. NULL: nothing to do. */
    int (*open)(void *state, const struct gw_strategy_config *config, const struct gw_strategy_setting *setting);
    void (*close)(void *state);
    void (*on_bar)(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders);
    /* An order was put, filled in part, or ended. `state` as in on_bar, of the order's symbol. NULL: not interested. */
    void (*on_order)(void *state, const struct gw_strategy_config *config, const struct gw_order_record *order);
    /* A null of another contestant: whose (NULL or "": nobody's), and what it takes from that one's trades over n_bars
     * bars of all symbols. NULL: most strategies. */
    const char *(*matches)(const void *own);
    void (*match)(void *own, const struct gw_trade *trade, size_t n_trades, size_t n_bars);
    /* How an entry of this side would be left if it were made at this bar, whatever the signal says: what PnL@K judges scores by.
     * Called bar by bar on a state of its own; the event has no scores and no position. False: not known. Then, and if NULL, the
     * stop, target and horizon of `config` count. */
    bool (*exits)(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                  enum gw_side side, struct gw_exits *out);
    /* What it closes a position by at a close, beside the exits of its entry (an opposite gate, a rule): PnL@K leaves its trades so
     * too. `leave_values`: how many numbers of a bar that rests on with this config, at most GW_LEAVE_VALUES_MAX; 0: it closes
     * nothing so. `look` writes them down, bar by bar on a state of its own; the event has scores and no position. `leaves`
     * judges by them a position that was opened alone. NULL, all three: it closes nothing, or nobody can say without a replay. */
    size_t (*leave_values)(const struct gw_strategy_config *config);
    void (*look)(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event, double *value);
    bool (*leaves)(const struct gw_strategy_config *config, const double *value,
                   const struct gw_position_view *position);
    size_t per_symbol_state_size; /* one state per symbol when non-zero, handed to on_bar instead */
    /* Its own parameters together; each was checked against its range already. GW_ERR_CONFIG, the line names them,
     * and `key` gets the names of those that do not go together. NULL: nothing to check. */
    int (*check)(const void *own, const char *key[GW_STRATEGY_KEYS_MAX]);
};
size_t gw_strategy_count(void);
const struct gw_strategy_desc *gw_strategy_at(size_t i);
const struct gw_strategy_desc *gw_strategy_find(const char *name); /* NULL when unknown */
int gw_strategy_row(const struct gw_strategy_desc *strategy);      /* of strategies.def; -1: not in it */
/* GW_ERR_CONFIG; the line names the parameters. `key`: as of strategy_desc.check, or NULL. */
int gw_strategy_config_check(const struct gw_strategy_desc *strategy, const struct gw_strategy_config *config,
                             const char *key[GW_STRATEGY_KEYS_MAX]) GW_MUST_USE;

GW_END_DECLS

#endif
