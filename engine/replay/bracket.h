/* The life of one position, bar by bar: the ONLY fill rules of gatewalk. The broker and gw_trade_isolated both
 * step a bracket, so a trade has one outcome wherever it is counted.
 *
 * Rules
 *  - Entry is a market order at a bar's open. Levels are fractions of the entry price after costs.
 *  - At the open of every bar, the entry bar included: an overdue time exit fills; else an open at or beyond the
 *    stop fills at the open; else an open at or beyond the target fills at the open (better than the target).
 *  - Within the bar, the entry bar included: the stop fills at its level, the target at its level. When both lie
 *    in the bar's range the order of events is unknown: `rule` decides and the trade is marked ambiguous.
 *  - Time exit: at the close of bar (signal bar + max_bars), after the range was checked; the same horizon that
 *    the signal's label looks at.
 *  - A bar without volume fills nothing. Orders, levels and the time exit wait; an overdue time exit fills at the
 *    open of the next bar that trades. Unknown volume (NaN) counts as traded.
 *  - Market, stop, time, signal and end exits pay taker fees and slip; targets are resting limit orders: maker
 *    fee, no spread, no slippage.
 *  - Exit time: the open time of the bar for fills at its open, else its close time (when it became known).
 *  - MAE/MFE follow the path that the fill assumes: bars held to their close count with their whole range, the
 *    exit bar of a stop or target only with its open and the fill's level. */
#ifndef GATEWALK_REPLAY_BRACKET_H
#define GATEWALK_REPLAY_BRACKET_H

#include "gatewalk/order.h"

struct bracket {
    struct gw_trade trade; /* complete once an exit function has returned true */
    /* Where the price must not get to: a long's stop below and target above, a short's the other way round;
     * infinite when there is none. */
    double low_level, high_level;
    size_t entry_index, due_index; /* due: bar of the time exit, SIZE_MAX without one */
    double low, high;              /* extreme raw prices since the entry */
    double entry_raw;              /* entry price before spread and slippage */
    double exit_fee;               /* part of trade.fees */
};

/* Does this bar fill anything? A price of 0 or NaN is no price. */
static inline bool bar_trades(const struct gw_bar *bar) { return !(bar->volume <= 0) && bar->open > 0; }

/* The bar of the time exit when the signal's bar is the newest of n_closed; SIZE_MAX without a time exit. */
static inline size_t bracket_due(size_t n_closed, size_t max_bars) {
    return max_bars && max_bars < SIZE_MAX - n_closed ? n_closed - 1 + max_bars : SIZE_MAX;
}

/* Enters `notional` of cash at the open of bar i, which must trade. */
void bracket_enter(struct bracket *bracket, const struct gw_bars *bars, size_t i, const struct gw_order *order,
                   size_t due_index, double notional, const struct gw_cost_config *costs);

/* What happens at the open of bar i. True: the position is closed. Most bars touch nothing; that is settled inline. */
bool bracket_open_touched(struct bracket *bracket, const struct gw_bars *bars, size_t i,
                          const struct gw_cost_config *costs);
static inline bool bracket_open(struct bracket *bracket, const struct gw_bars *bars, size_t i,
                                const struct gw_cost_config *costs) {
    const double open = bars->bar[i].open;
    if (open > bracket->low_level && open < bracket->high_level && i <= bracket->due_index) return false;
    return bracket_open_touched(bracket, bars, i, costs);
}

/* What happens between the open and the close of bar i. True: the position is closed. */
bool bracket_range_touched(struct bracket *bracket, const struct gw_bars *bars, size_t i, enum gw_intrabar rule,
                           const struct gw_cost_config *costs);
static inline void bracket_saw(struct bracket *bracket, double price) {
    bracket->low = price < bracket->low ? price : bracket->low;
    bracket->high = price > bracket->high ? price : bracket->high;
}
static inline bool bracket_range(struct bracket *bracket, const struct gw_bars *bars, size_t i, enum gw_intrabar rule,
                                 const struct gw_cost_config *costs) {
    const struct gw_bar *bar = &bars->bar[i];
    if (!bar_trades(bar)) return false;
    if (!(bar->low > bracket->low_level && bar->high < bracket->high_level && i < bracket->due_index))
        return bracket_range_touched(bracket, bars, i, rule, costs);
    bracket_saw(bracket, bar->open);
    bracket_saw(bracket, bar->low);
    bracket_saw(bracket, bar->high);
    return false;
}

/* Market exits that the bracket does not decide itself: at the open of bar i (GW_EXIT_SIGNAL), at its close (GW_EXIT_END). */
void bracket_exit_open(struct bracket *bracket, const struct gw_bars *bars, size_t i, enum gw_exit_reason reason,
                       const struct gw_cost_config *costs);
void bracket_exit_close(struct bracket *bracket, const struct gw_bars *bars, size_t i, enum gw_exit_reason reason,
                        const struct gw_cost_config *costs);

#endif
