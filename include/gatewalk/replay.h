/* The event loop: merges the symbols' bars by close time and walks them once, in this order per bar:
 *   1. orders pending for the symbol fill at the bar's OPEN (gap through a level exits at the open)
 *   2. intrabar exits (stop / target) on the bar's range; then time exits at its close
 *   3. the ledger is marked at the close
 *   4. the strategy sees the closed bar and queues orders
 * The open is an event of its own, in time order with the closes of all symbols, so that a fill is sized by what was
 * known then. A decision at the close of t fills at the open of t+1 at the earliest. A bar with zero volume fills
 * nothing: orders wait; exits wait. Ties in close time go by symbol order. */
#ifndef GATEWALK_REPLAY_H
#define GATEWALK_REPLAY_H

#include "ledger.h"
#include "strategy.h"

GW_BEGIN_DECLS

struct gw_replay_config {
    struct gw_cost_config costs;
    enum gw_intrabar intrabar;
    double initial_cash;      /* default 100000 */
    int64_t begin_ns, end_ns; /* bars with begin <= close < end are delivered; history reaches back; 0,0: all */
    bool check_ledger;        /* reconcile at every bar (tests); always once at the end */
};

struct gw_equity_point {
    int64_t time_ns;               /* close time; one point per distinct time */
    double equity, cash, exposure; /* exposure: gross notional / equity */
};

struct gw_replay_result {
    struct gw_trade *trade; /* owned */
    size_t n_trades;
    struct gw_equity_point *equity; /* owned */
    size_t n_equity;
    size_t n_events; /* bars delivered */
    /* rejected: an open order while a position stays or an order waits, a close of nothing, and open orders that
     * lapsed (their time exit passed before a bar that trades, or no equity was left) */
    size_t n_orders, n_rejected;
    size_t n_ambiguous; /* exits decided by the intrabar rule */
    double turnover;    /* traded notional / initial cash */
    double fees, slippage, funding;
    struct gw_ledger ledger; /* final state with journal */
};

/* No costs (multiplier 1), stop first, 100000 of cash, all bars. */
void gw_replay_config_default(struct gw_replay_config *config);

/* scores: [n_symbols] arrays of [bars.n] struct gw_score, or NULL. min_move: [n_symbols] arrays or NULL. A position
 * open at its symbol's last bar in the window is closed at that close with reason "end". Reads nothing but its
 * arguments, so equal arguments give equal bytes. On failure `out` is empty. */
int gw_replay_run(const struct gw_market *market, const struct gw_replay_config *config,
                  const struct gw_strategy_desc *strategy, const struct gw_strategy_config *parameters,
                  const struct gw_score *const *scores, const double *const *min_move,
                  struct gw_replay_result *out) GW_MUST_USE;
void gw_replay_result_free(struct gw_replay_result *result);

GW_END_DECLS

#endif
