/* Orders, fills and trades: what a strategy asks for and what the broker made of it. */
#ifndef GATEWALK_ORDER_H
#define GATEWALK_ORDER_H

#include "bars.h"
#include "param.h"

GW_BEGIN_DECLS

enum gw_side { GW_SIDE_LONG = 1, GW_SIDE_SHORT = -1 };

/* An order is queued at a bar's close and fills in the next bar of its symbol at the earliest:
 *  MARKET      at the open
 *  LIMIT       at limit_price when the price trades through it, at the open when the open is better
 *  STOP        at stop_price when the price reaches it, at the open when it gapped
 *  STOP_LIMIT  becomes a limit order at limit_price once stop_price was reached
 *  TRAILING    a stop that follows the best price seen since the order was put (or its entry filled)
 *  CLOSE       withdraws waiting entries of the symbol and sells what is held at the next open */
enum gw_order_kind {
    GW_ORDER_MARKET,
    GW_ORDER_LIMIT,
    GW_ORDER_STOP,
    GW_ORDER_STOP_LIMIT,
    GW_ORDER_TRAILING,
    GW_ORDER_CLOSE
};
extern const char *const gw_order_kind_name[6]; /* "market", "limit", "stop", "stop_limit", "trailing", "close" */

enum gw_time_in_force {
    GW_TIF_GTC,  /* until filled or cancelled */
    GW_TIF_DAY,  /* until the UTC day of its signal ends */
    GW_TIF_IOC,  /* what the first open that trades can fill; the rest is cancelled */
    GW_TIF_BARS, /* until the close of the good_bars-th bar after the signal bar */
};

/* Exits that hang on an entry (stop, target, trail, max_bars) become orders of their own when it fills; the first that
 * fills cancels the others. Their levels are fractions of the entry's average fill price; 0 = none. */
struct gw_order {
    uint32_t symbol; /* index into the market */
    enum gw_order_kind kind;
    enum gw_side side; /* of an entry; of a reduce-only order: LONG buys, SHORT sells. Not read for CLOSE */
    /* Of equity: market orders are sized at their fill, resting orders when put, at their price. Or `quantity`. */
    double size;
    double notional; /* or this much cash of the account, when > 0 */
    double quantity; /* units (contracts), when > 0; a reduce-only order of 0 closes all that is held */
    double limit_price, stop_price;
    double trail, trail_distance; /* TRAILING: distance from the extreme as a fraction of it, or in price (an ATR) */
    enum gw_time_in_force time_in_force;
    size_t good_bars;                       /* for GW_TIF_BARS */
    bool reduce_only;                       /* never opens nor turns a position; cancelled when the position is gone */
    uint64_t oco;                           /* id of a waiting order that the first fill of either cancels; 0 = none */
    double stop, target;                    /* 0.005 = half a percent from entry */
    double trail_stop, trail_stop_distance; /* a trailing stop behind the entry */
    size_t max_bars; /* exit at the close of the max_bars-th bar after the SIGNAL bar (its label's horizon); 0 = none */
    float probability; /* of the signal, for the record; NaN when there is none */
    int64_t signal_ns; /* close time of the bar that caused it; filled in by the replay */
};

enum gw_order_state { GW_ORDER_WAITING, GW_ORDER_FILLED, GW_ORDER_CANCELLED, GW_ORDER_EXPIRED, GW_ORDER_REJECTED };
extern const char *const gw_order_state_name[5];

/* Why an order ended. */
enum gw_order_reason {
    GW_REASON_NONE,
    GW_REASON_ASKED,          /* cancelled by its strategy */
    GW_REASON_CLOSE,          /* cancelled: a close order withdrew it */
    GW_REASON_REPLACED,       /* cancelled: another took its place */
    GW_REASON_OCO,            /* cancelled: the other one filled */
    GW_REASON_FLAT,           /* cancelled: the position it belonged to is gone */
    GW_REASON_NOTHING_HELD,   /* cancelled: a close order that found entries to withdraw and no position */
    GW_REASON_LIQUIDATED,     /* cancelled: the account was liquidated */
    GW_REASON_TIME_IN_FORCE,  /* expired */
    GW_REASON_HORIZON,        /* expired: its time exit passed before it could fill */
    GW_REASON_DATA_END,       /* expired: no bar follows */
    GW_REASON_POSITION,       /* rejected: a position stays or an entry waits */
    GW_REASON_NOTHING_CLOSES, /* rejected: nothing to close or reduce */
    GW_REASON_NO_EQUITY,      /* rejected */
    GW_REASON_TOO_SMALL,      /* rejected: below a lot or the least notional */
    GW_REASON_CASH,           /* rejected: a cash account cannot pay, or cannot go short */
    GW_REASON_MARGIN,         /* rejected: the initial margin is not there */
    GW_REASON_LIMIT,          /* rejected: positions, gross, net or symbol limit */
    GW_REASON_COOLDOWN,       /* rejected: too soon after a stop */
    GW_REASON_HALTED,         /* rejected: daily loss or drawdown stop */
    GW_REASON_NO_RATE,        /* rejected: what its quote currency is worth is not known yet */
    GW_N_REASONS
};
extern const char *const gw_order_reason_name[GW_N_REASONS];

/* Everything known about one order; its id is its number in the list, from 1 on. */
struct gw_order_record {
    uint64_t id, parent; /* parent: the entry an exit hangs on; 0: put on its own */
    int64_t put_ns, end_ns;
    double price;                           /* limit or stop price; 0 for market orders */
    double quantity, filled, average_price; /* quantity 0: not known before its fill */
    uint32_t symbol;
    enum gw_order_kind kind;
    enum gw_side side; /* LONG buys, SHORT sells */
    enum gw_order_state state;
    enum gw_order_reason reason;
};

enum gw_exit_reason {
    GW_EXIT_NONE,
    GW_EXIT_STOP,
    GW_EXIT_TARGET,
    GW_EXIT_TIME,
    GW_EXIT_SIGNAL,
    GW_EXIT_END,
    GW_EXIT_TRAIL,
    GW_EXIT_LIQUIDATION,
    GW_N_EXITS
};
/* "", "stop", "target", "time", "signal", "end", "trail", "liquidation" */
extern const char *const gw_exit_reason_name[GW_N_EXITS];

/* One position from flat to flat. Several fills are one trade: prices are then averages. */
struct gw_trade {
    uint32_t symbol;
    enum gw_side side;
    enum gw_exit_reason reason;
    int64_t signal_ns, entry_ns, exit_ns;     /* fills: the bar's open time at its open, else its close time */
    double quantity, entry_price, exit_price; /* quantity > 0; prices after half-spread and slippage */
    double fees, slippage, funding;           /* in cash, >= 0 is a cost; slippage is already inside the prices */
    double pnl;                               /* cash, after all costs */
    double return_fraction;                   /* pnl / entry notional */
    double mae, mfe; /* worst and best excursion as fractions of entry price: mae <= 0 <= mfe */
    float probability;
    uint32_t bars_held;
    uint64_t entry_order, exit_order; /* ids of the first entry and the last exit; 0 for isolated trades */
    bool ambiguous;                   /* the intrabar rule decided the bar of its exit */
};

struct gw_cost_config {
    double taker_bps, maker_bps; /* fee per side; market and stop orders pay taker, targets pay maker */
    double half_spread_bps;
    double slippage_bps;        /* fixed part */
    double slippage_volatility; /* multiples of the previous bar's range/close, added to the fixed part */
    double funding_bps_per_day; /* of the mark; long pays, short receives when positive; pro rata of holding time */
    double borrow_bps_per_day;  /* of the mark; paid by shorts */
    double multiplier;          /* 0, 1, 2 …: scales all of the above */
};

extern const struct gw_param_table gw_cost_params; /* defaults and ranges of struct gw_cost_config */
int gw_cost_config_check(const struct gw_cost_config *costs) GW_MUST_USE;

/* What an account refuses; 0 = off. An entry beyond one of the first four is cut to it, or refused when nothing is left. */
struct gw_limits {
    size_t max_positions;                  /* symbols held at a time */
    double max_gross, max_net, max_symbol; /* notional as multiples of equity */
    size_t cooldown_bars;                  /* after an exit by stop, bars of the symbol without entries */
    double daily_loss;   /* fraction of the UTC day's first equity: everything is closed until the next day */
    double max_drawdown; /* fraction of the highest equity: everything is closed for good */
};

enum gw_intrabar { GW_INTRABAR_STOP_FIRST, GW_INTRABAR_TARGET_FIRST };

/* One trade on its own, as PnL@K counts it: signal at the close of bar t, entry at the open of t+1, exits
 * by bracket, time (bar t + max_bars) or end of data. Returns false when there is no next bar to enter (none that
 * trades before the time exit). Notional 1, so pnl equals return_fraction; probability is NaN.
 * Same fill rules as the broker (one implementation). return_fraction is what PnL@K averages. */
bool gw_trade_isolated(const struct gw_bars *bars, size_t t, enum gw_side side, double stop, double target,
                       size_t max_bars, const struct gw_cost_config *costs, enum gw_intrabar rule,
                       struct gw_trade *out);

/* How one entry is left. Fractions of its price; 0: none of it. */
struct gw_exits {
    double stop, target, trail, trail_distance; /* trail_distance: in price */
    size_t max_bars;
};
/* The same by any exits. */
bool gw_trade_isolated_by(const struct gw_bars *bars, size_t t, enum gw_side side, const struct gw_exits *exits,
                          const struct gw_cost_config *costs, enum gw_intrabar rule, struct gw_trade *out);

GW_END_DECLS

#endif
