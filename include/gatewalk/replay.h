/* The event loop: merges the symbols' bars by close time and walks them once, in this order per bar:
 *   1. orders waiting for the symbol fill at the bar's OPEN (gap through a level fills at the open)
 *   2. what the bar's range reaches, in the order of the intrabar rule or of finer bars; then time exits at its close
 *   3. funding is charged and the ledger is marked at the close
 *   4. the strategy sees the closed bar and queues orders
 * The open is an event of its own, in time order with the closes of all symbols, so that a fill is sized by what was
 * known then. A decision at the close of t fills at the open of t+1 at the earliest. A bar with zero volume fills
 * nothing: orders wait; exits wait. Ties in close time go by symbol order. engine/replay/desk.h states every rule. */
#ifndef GATEWALK_REPLAY_H
#define GATEWALK_REPLAY_H

#include "ledger.h"
#include "strategy.h"

GW_BEGIN_DECLS

/* What is traded. Zeros: any price, any quantity, one unit a contract, quoted in the account's currency.
 *
 * With `rate_symbol` it is quoted in another, worth R of the account's at time t: the close of that symbol's last bar that
 * had closed by t, or 1 / close when `rate_inverse`; so it never looks ahead, and holds until the next bar. Every fill is
 * converted at its time (a fill within a bar: that bar's close), marks, margin, funding and borrow at theirs: a position
 * makes q x (p1 x R1 - p0 x R0) x multiplier. Equity, cash, fees, slippage, pnl, notionals of orders and return_fraction are
 * the account's; prices, levels, mae, mfe, ticks, min_notional the instrument's. Before the first R no entry is taken. */
struct gw_instrument {
    double tick, lot, min_notional;
    double multiplier;  /* units a contract; 0 is 1 */
    size_t rate_symbol; /* 1 + its index in the market; 0: quoted in the account's currency */
    bool rate_inverse;
};

/* Funding as an exchange charges it: at these times, `rate` of the position at the mark, from longs to shorts. */
struct gw_funding_event {
    int64_t time_ns;
    double rate;
};
struct gw_funding {
    const struct gw_funding_event *event; /* in time order */
    size_t n;                             /* 0: pro rata, by costs.funding_bps_per_day */
};

enum gw_account {
    GW_ACCOUNT_FREE,  /* buys and sells short whatever is asked */
    GW_ACCOUNT_CASH,  /* no shorts, and what is bought is paid for; a larger entry is cut to what cash allows */
    GW_ACCOUNT_MARGIN /* entries are cut to equity / initial_margin; liquidated below the maintenance margin */
};

struct gw_replay_result;
/* Told of a replay while it runs, in the order in which things happen; changes nothing of it. Every call gets `who`; any of them
 * may be NULL. */
struct gw_replay_watch {
    void *who;
    void (*bar)(void *who, const struct gw_bar_event *event);      /* closed, before the strategy sees it */
    void (*order)(void *who, const struct gw_order_record *order); /* was put, or has ended */
    void (*fill)(void *who, const struct gw_order_record *order, const struct gw_fill *fill);
    void (*instant)(void *who, const struct gw_replay_result *so_far); /* all closes of one time are over */
};

/* Zeros are the defaults, but for costs.multiplier and initial_cash. */
struct gw_replay_config {
    struct gw_cost_config costs;
    enum gw_intrabar intrabar;
    double initial_cash;            /* default 100000 */
    int64_t begin_ns, end_ns;       /* bars with begin <= close < end are delivered; history reaches back; 0,0: all */
    bool check_ledger;              /* reconcile at every bar (tests); always once at the end */
    double participation;           /* at most this share of a bar's volume is filled in it; 0: all that is asked */
    bool limit_touch;               /* limits fill when touched; else the price must trade through them */
    bool target_through;            /* a bracket's target too wants the price through it; else a touch is enough */
    size_t max_entries;             /* entries a symbol, waiting and held; 0 is 1 */
    const struct gw_market *detail; /* the same symbols in bars of a shorter interval, or NULL */
    const struct gw_instrument *instrument; /* [n_symbols] or NULL */
    const struct gw_funding *funding;       /* [n_symbols] or NULL */
    enum gw_account account;
    double initial_margin, maintenance_margin;       /* fractions of notional */
    double liquidation_fee_bps;                      /* on top of the taker fee */
    double interest_bps_per_year, loan_bps_per_year; /* earned by cash, paid on what is borrowed */
    struct gw_limits limits;
    const signed char *const *follow; /* [n_symbols] arrays of [bars.n × n_follow] for gw_bar_event.follow, or NULL */
    size_t n_follow;
    const struct gw_replay_watch *watch; /* NULL: nobody watches */
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
    size_t n_ambiguous;            /* trades whose exit was decided by the intrabar rule */
    size_t n_ambiguous_bars;       /* bars in which the order of events mattered to what was held */
    struct gw_order_record *order; /* every order of strategy and broker, by id from 1 on; owned */
    size_t n_records;
    double turnover; /* traded notional / initial cash */
    double fees, slippage, funding, interest;
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
