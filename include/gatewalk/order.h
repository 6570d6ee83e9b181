/* Orders, fills and trades: what a strategy asks for and what the broker made of it. */
#ifndef GATEWALK_ORDER_H
#define GATEWALK_ORDER_H

#include "bars.h"
#include "param.h"

GW_BEGIN_DECLS

enum gw_side { GW_SIDE_LONG = 1, GW_SIDE_SHORT = -1 };
enum gw_order_kind { GW_ORDER_OPEN, GW_ORDER_CLOSE };

/* A market order, queued at a bar's close, filled at the next bar's open of its symbol at the earliest.
 * Bracket levels are fractions of the entry fill price (0 = none). GW_ORDER_CLOSE closes the symbol's position and
 * withdraws an open order that waits; close then open at one bar is a reversal and fills at one open. */
struct gw_order {
    uint32_t symbol; /* index into the market */
    enum gw_order_kind kind;
    enum gw_side side;   /* for GW_ORDER_OPEN */
    double size;         /* fraction of equity at the fill, > 0; for GW_ORDER_OPEN */
    double stop, target; /* 0.005 = half a percent from entry; 0 = none */
    size_t max_bars; /* exit at the close of the max_bars-th bar after the SIGNAL bar (its label's horizon); 0 = none */
    float probability; /* of the signal, for the record; NaN when there is none */
    int64_t signal_ns; /* close time of the bar that caused it; filled in by the replay */
};

enum gw_exit_reason { GW_EXIT_NONE, GW_EXIT_STOP, GW_EXIT_TARGET, GW_EXIT_TIME, GW_EXIT_SIGNAL, GW_EXIT_END };
extern const char *const gw_exit_reason_name[6]; /* "", "stop", "target", "time", "signal", "end" */

struct gw_trade {
    uint32_t symbol;
    enum gw_side side;
    enum gw_exit_reason reason;
    int64_t signal_ns, entry_ns, exit_ns;     /* entry: open time of the filling bar; exit: open or close time */
    double quantity, entry_price, exit_price; /* quantity > 0; prices after half-spread and slippage */
    double fees, slippage, funding;           /* in cash, >= 0 is a cost; slippage is already inside the prices */
    double pnl;                               /* cash, after all costs */
    double return_fraction;                   /* pnl / entry notional */
    double mae, mfe; /* worst and best excursion as fractions of entry price: mae <= 0 <= mfe */
    float probability;
    uint32_t bars_held;
    bool ambiguous; /* stop and target lay in one bar */
};

struct gw_cost_config {
    double taker_bps, maker_bps; /* fee per side; market and stop orders pay taker, targets pay maker */
    double half_spread_bps;
    double slippage_bps;        /* fixed part */
    double slippage_volatility; /* multiples of the previous bar's range/close, added to the fixed part */
    double funding_bps_per_day; /* long pays, short receives when positive; pro rata of holding time */
    double borrow_bps_per_day;  /* paid by shorts */
    double multiplier;          /* 0, 1, 2 …: scales all of the above */
};

extern const struct gw_param_table gw_cost_params; /* defaults and ranges of struct gw_cost_config */
int gw_cost_config_check(const struct gw_cost_config *costs) GW_MUST_USE;

enum gw_intrabar { GW_INTRABAR_STOP_FIRST, GW_INTRABAR_TARGET_FIRST };

/* One trade on its own, as PnL@K counts it: signal at the close of bar t, entry at the open of t+1, exits
 * by bracket, time (bar t + max_bars) or end of data. Returns false when there is no next bar to enter (none that
 * trades before the time exit). Notional 1, so pnl equals return_fraction; probability is NaN.
 * Same fill rules as the broker (one implementation). return_fraction is what PnL@K averages. */
bool gw_trade_isolated(const struct gw_bars *bars, size_t t, enum gw_side side, double stop, double target,
                       size_t max_bars, const struct gw_cost_config *costs, enum gw_intrabar rule,
                       struct gw_trade *out);

GW_END_DECLS

#endif
