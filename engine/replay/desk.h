/* One symbol's desk: its working orders and its position, stepped bar by bar. The ONLY fill rules of gatewalk; the
 * broker and gw_trade_isolated both step a desk, so a trade has one outcome wherever it is counted.
 *
 * Rules
 *  - An order fills in bars that opened at or after its signal. A bar without volume fills nothing; orders, levels and
 *    the time exit wait. Unknown volume (NaN) counts as traded.
 *  - At the open, in this order: close orders; an overdue time exit; stops at or beyond their level; limits better than
 *    theirs; then entries: market, stop, limit. All at the open's price. The exits of an entry that fills there count
 *    at once.
 *  - Within the bar a stop fills at its level when the price reaches it, a limit at its price when the price trades
 *    through it; a bracket's target already when it is touched. `limit_touch` and `target_through` change that.
 *  - The range says how far the price went, not in which order. A bar is walked as open, one extreme, the other, close.
 *    Stop first: what is held meets its adverse extreme first. An entry inside the bar by limit comes after the
 *    favourable extreme, one by stop before both; target first turns all of it round. When stop and target (or what
 *    else the order of events decides) lie in one bar, the exit is marked ambiguous. Bars of a shorter interval
 *    (`detail`) are walked one by one instead.
 *  - A trailing stop follows the extremes the walk has reached, so never one that comes later in its bar.
 *  - Time exit: at the close of bar (signal bar + max_bars), after the range; if overdue, at the next open that trades.
 *  - Market, stop, time, signal and end fills pay taker fees and slip; limits that rest pay maker fees and do not.
 *  - `participation` of a bar's volume at most is filled in it; the rest waits: of a stop as a market order.
 *  - Times: the open time of the bar for fills at its open, else its close time (when it became known).
 *  - MAE/MFE follow the path that the fill assumes: bars held to their close count with their whole range, the bar of an
 *    exit inside it only with its open and the fill's level, the bar of an entry inside it from there on. */
#ifndef GATEWALK_REPLAY_DESK_H
#define GATEWALK_REPLAY_DESK_H

#include <math.h>

#include "gatewalk/replay.h"

/* A working order. */
struct work {
    uint64_t id, parent, oco; /* parent: the entry whose exit it is */
    int64_t live_ns;          /* fills in no bar that opened before */
    int64_t expire_ns;
    size_t expire_bar; /* ends at this bar's close */
    size_t due_bar;    /* entries: bar of the time exit; later they lapse */
    size_t tried;      /* 1 + bar of the last attempt to fill it */
    double size;       /* entries sized at their fill: fraction of equity */
    double left;       /* NaN: not sized yet; infinite: all that is held */
    double filled, average_price;
    double limit, stop, trail, trail_distance, extreme;
    struct gw_order attached; /* entries: stop, target, trail, probability, signal */
    int direction;            /* 1 buys, -1 sells */
    enum gw_order_kind kind;
    enum gw_exit_reason exit; /* what it does to a position; NONE: an entry */
    bool triggered, resting, immediate;
};

/* What is held, and the trade it is becoming. */
struct holding {
    double low, high; /* extreme raw prices since the entry */
    double quantity;  /* now */
    struct gw_trade trade;
    double entered_value, exited, exited_value, gross;
    double entry_cost;             /* average entry price, each fill's at its rate */
    size_t entry_index, due_index; /* due: bar of the time exit, SIZE_MAX without one */
    size_t inside_bar;             /* 1 + the bar it was entered inside of */
    int64_t charged_ns;            /* funding is charged up to here */
};

struct broker;

struct desk {
    /* Hot: looked at every bar. The price may move between the levels without anything to do. */
    double low_level, high_level;
    size_t due_index, expire_bar;
    int64_t expire_ns;
    size_t n_closed;
    bool holding, attention, trails, charges, active; /* attention: an order wants the next open */
    struct gw_position_view view;                     /* as the strategy sees it, but for bars_held */
    struct holding held;

    const struct gw_bars *bars, *detail;
    const struct gw_replay_config *config;
    struct gw_instrument instrument;
    const struct gw_bars
        *rate_bars;        /* their closes are its rate, or one over it; NULL: quoted in the account's currency */
    size_t n_rates;        /* of these bars have closed */
    double rate;           /* now, 1 without rate_bars; 0: not known yet */
    struct broker *broker; /* NULL: an isolated trade */
    uint32_t symbol;
    bool volume_known;
    bool doubt; /* the walk of this bar depends on the intrabar rule */
    size_t detail_at, funding_at;
    size_t last_stop; /* 1 + bar of the last exit by stop */
    double spent;     /* volume filled in bar spent_bar - 1 */
    size_t spent_bar;
    struct work *work; /* [n_work], by id */
    size_t n_work, capacity;
};

static const size_t NO_WORK = SIZE_MAX;

/* Does this bar fill anything? A price of 0 or NaN is no price. */
static inline bool bar_trades(const struct gw_bar *bar) { return !(bar->volume <= 0) && bar->open > 0; }

/* The bar of the time exit when the signal's bar is the newest of n_closed; SIZE_MAX without a time exit. */
static inline size_t due_after(size_t n_closed, size_t bars) {
    return bars && bars < SIZE_MAX - n_closed ? n_closed - 1 + bars : SIZE_MAX;
}

/* ---- orders (book.c) ---- */
static inline bool work_is_limit(const struct work *w) {
    return w->kind == GW_ORDER_LIMIT || (w->kind == GW_ORDER_STOP_LIMIT && w->triggered);
}
static inline bool work_is_market(const struct work *w) {
    return w->kind == GW_ORDER_MARKET || w->kind == GW_ORDER_CLOSE || (w->triggered && w->kind != GW_ORDER_STOP_LIMIT);
}
static inline double work_level(const struct work *w) { return work_is_limit(w) ? w->limit : w->stop; }
/* Reached by a falling price: a buyer's limit, a seller's stop. */
static inline bool work_below(const struct work *w) { return work_is_limit(w) == (w->direction > 0); }
bool work_reached(const struct desk *desk, const struct work *w, double price);

/* Room for one more; its slot, zeroed but for the neutral values, is *out until the next call. */
int desk_add(struct desk *desk, struct work **out) GW_MUST_USE;
void desk_remove(struct desk *desk, size_t k, enum gw_order_state state, enum gw_order_reason reason, int64_t now_ns);
/* Every order for which `which` holds. */
void desk_remove_all(struct desk *desk, bool (*which)(const struct work *, const void *), const void *with,
                     enum gw_order_state state, enum gw_order_reason reason, int64_t now_ns);
void desk_band(struct desk *desk); /* after any change of orders or position */
bool desk_entry_waits(const struct desk *desk);
bool desk_closing(const struct desk *desk); /* a close order works */
bool work_is_entry(const struct work *w, const void *unused);
/* Where a trailing order stands when this is the extreme it follows. */
double trail_level(const struct desk *desk, const struct work *w, double extreme);
/* A stop on the grid of ticks, no nearer than asked. */
double tick_beyond(const struct desk *desk, double price, int direction);

/* ---- fills (fill.c) ---- */
struct moment {
    size_t bar;
    int64_t ns;
    bool inside; /* not at the bar's open */
    bool unlimited;
};
struct fill {
    double quantity, raw, price, fee; /* the fee in the account's currency, prices in that of the symbol */
    double rate;
    struct moment at;
};
int desk_fill(struct desk *desk, size_t k, double raw, bool maker, struct moment at) GW_MUST_USE;
/* Closes what is held at `raw` by an order of the broker's own. */
int desk_leave(struct desk *desk, enum gw_exit_reason reason, double raw, struct moment at) GW_MUST_USE;
void desk_charge(struct desk *desk, int64_t now_ns, double mark); /* funding and borrow up to now */
double desk_lots(const struct desk *desk, double quantity);
static inline void held_saw(struct holding *held, double price) {
    held->low = price < held->low ? price : held->low;
    held->high = price > held->high ? price : held->high;
}

/* ---- the quote currency (rates.c) ---- */
int desk_rate_open(struct desk *desk, const struct gw_market *market) GW_MUST_USE;
void desk_rate_to(struct desk *desk, int64_t now_ns); /* time runs on to now_ns */
double desk_rate_before(const struct desk *desk, int64_t now_ns);
/* At now_ns, which may lie before the instant that the replay stands at: inside a bar that is walked by finer ones. */
static inline double desk_rate_at(const struct desk *desk, int64_t now_ns) {
    return desk->rate_bars ? desk_rate_before(desk, now_ns) : 1;
}

/* ---- what is held (position.c) ---- */
void holding_begin(struct desk *desk, const struct work *w, const struct fill *f);
void holding_add(struct desk *desk, const struct work *w, const struct fill *f);
/* True: nothing is left of the position. */
bool holding_reduce(struct desk *desk, const struct work *w, const struct fill *f);

/* ---- its exits (exits.c) ---- */
int desk_create_exits(struct desk *desk, size_t k, const struct fill *f) GW_MUST_USE;
/* A further fill of the same entry: its exits cover it too, from the new average price. */
int desk_extend_exits(struct desk *desk, size_t k, const struct fill *f) GW_MUST_USE;

/* ---- steps (steps.c, walk.c) ---- */
bool work_may(const struct desk *desk, const struct work *w, size_t i);
int work_rank(const struct work *w); /* who goes first at one price */
int desk_fill_all(struct desk *desk, double price, struct moment at) GW_MUST_USE;
int desk_leave_by_time(struct desk *desk, double price, struct moment at) GW_MUST_USE;
void desk_follow(struct desk *desk, double price); /* trailing stops move with the price that was reached */
int desk_open_touched(struct desk *desk, size_t i) GW_MUST_USE;
int desk_range_touched(struct desk *desk, size_t i) GW_MUST_USE;
void desk_expire(struct desk *desk, size_t i, int64_t now_ns);

/* The open of bar i. Most bars touch nothing; that is settled inline. */
static inline int desk_open(struct desk *desk, const struct gw_bar *bar, size_t i) {
    if (!desk->attention && bar->open > desk->low_level && bar->open < desk->high_level && i <= desk->due_index &&
        bar->open_ns < desk->expire_ns)
        return GW_OK;
    return desk_open_touched(desk, i);
}

/* From open to close of bar i: the walk, the time exit. */
static inline int desk_range(struct desk *desk, const struct gw_bar *bar, size_t i) {
    if (!bar_trades(bar)) return GW_OK;
    if (!(bar->low > desk->low_level && bar->high < desk->high_level && i < desk->due_index) || desk->trails)
        return desk_range_touched(desk, i);
    if (!desk->holding) return GW_OK;
    held_saw(&desk->held, bar->open);
    held_saw(&desk->held, bar->low);
    held_saw(&desk->held, bar->high);
    return GW_OK;
}

#endif
