/* The simulated broker: takes orders, keeps their records, and brings the fills of the desks (desk.h) to the ledger.
 *
 * At most config.max_entries entries a symbol, waiting and held, are taken; more are rejected. A close order does not
 * count what it closes: close and entry put at the same bar are a reversal and fill at the same open. An entry lapses
 * when its time exit would have passed before it could fill. Market orders are sized by what is known at their fill,
 * resting ones by what is known when they are put. */
#ifndef GATEWALK_REPLAY_BROKER_H
#define GATEWALK_REPLAY_BROKER_H

#include "desk.h"

struct broker {
    const struct gw_replay_config *config;
    struct desk *desk; /* [n_symbols] owned */
    size_t n_symbols;
    struct gw_replay_result *result; /* counts, trades, orders and the ledger go here */
    size_t trade_capacity, record_capacity;
    /* Told of every change of an order; NULL: nobody. */
    void (*notify)(void *who, const struct gw_order_record *record);
    void *who;
    /* What the limits remember (account.c). */
    bool guarded;            /* any account rule or limit is on */
    bool watched;            /* account_instant() has something to do: interest, liquidation or halts */
    bool halted;             /* for good */
    int64_t halted_day, day; /* no entries on this day; the day of the newest equity */
    double day_equity, peak;
    int64_t interest_ns;
    bool rated; /* a symbol is quoted in another currency than the account's */
};

int broker_init(struct broker *broker, const struct gw_market *market, const struct gw_replay_config *config,
                struct gw_replay_result *result) GW_MUST_USE;
void broker_free(struct broker *broker);
/* Room for what so many bars may come to. What stays empty is never touched; lists that grow are copied. */
int broker_reserve(struct broker *broker, size_t n_bars) GW_MUST_USE;

/* GW_ERR_INTERNAL when the order makes no sense (order_check.c). */
int broker_check(const struct broker *broker, const struct gw_order *order) GW_MUST_USE;
/* NULL: no order has that id. */
struct gw_order_record *broker_record(const struct broker *broker, uint64_t id);
/* Takes an order with its signal_ns set; GW_ERR_INTERNAL when the order makes no sense. */
int broker_queue(struct broker *broker, const struct gw_order *order, uint64_t *id) GW_MUST_USE;
bool broker_cancel(struct broker *broker, uint64_t id, int64_t now_ns);
/* *new_id 0: order `id` did not wait. */
int broker_replace(struct broker *broker, uint64_t id, const struct gw_order *order, uint64_t *new_id) GW_MUST_USE;

/* From open to close of the same bar: range, time exit, funding; marks the ledger at the close. */
static inline GW_MUST_USE int broker_close(struct desk *desk, struct gw_ledger_position *position,
                                           const struct gw_bar *bar, size_t i, int64_t close_ns) {
    desk->n_closed = i + 1;
    if (desk->active) {
        const int rc = desk_range(desk, bar, i);
        if (rc < 0) return rc;
        if (desk->charges && desk->holding) desk_charge(desk, close_ns, bar->close);
        if (close_ns >= desk->expire_ns || i >= desk->expire_bar) desk_expire(desk, i, close_ns);
    }
    position->mark_price = bar->close;
    return GW_OK;
}
/* After the last bar of a symbol: closes its position at that bar's close; what waits expires. */
int broker_end(struct broker *broker, size_t s, size_t i) GW_MUST_USE;

/* What is held and whether anything waits. */
static inline void broker_look(const struct desk *desk, struct gw_position_view *view) {
    *view = desk->view;
    if (desk->holding) view->bars_held = desk->n_closed - desk->held.entry_index;
}

/* ---- what a desk tells ---- */
double broker_equity(const struct broker *broker);
/* Rates and what they value as they are known at now_ns. */
void broker_rates(struct broker *broker, int64_t now_ns);
/* `price` in the account's currency: NONE, and *quantity cut to what account and limits allow; or the reason of the refusal. */
enum gw_order_reason broker_admit(struct broker *broker, const struct desk *desk, const struct work *w, double price,
                                  double *quantity);
int broker_number(struct broker *broker, struct desk *desk, struct work *w, int64_t now_ns) GW_MUST_USE; /* a record */
void broker_changed(struct broker *broker, const struct work *w); /* its price or quantity */
int broker_filled(struct broker *broker, const struct desk *desk, const struct work *w,
                  const struct fill *f) GW_MUST_USE;
void broker_ended(struct broker *broker, const struct desk *desk, const struct work *w, enum gw_order_state state,
                  enum gw_order_reason reason, int64_t now_ns);
int broker_traded(struct broker *broker, const struct gw_trade *trade) GW_MUST_USE;
void broker_charged(struct broker *broker, double funding);
void broker_doubted(struct broker *broker);

/* ---- the account (account.c) ---- */
int account_check(const struct gw_replay_config *config) GW_MUST_USE;
void account_open(struct broker *broker);
/* NONE, or why no entry of this symbol is taken now. */
enum gw_order_reason account_takes(const struct broker *broker, const struct desk *desk, int64_t now_ns);
/* After the closes of one instant: interest, liquidation, daily loss and drawdown stops. */
int account_instant(struct broker *broker, int64_t now_ns) GW_MUST_USE;

#endif
