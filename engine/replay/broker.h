/* The simulated broker: at most one position and one waiting order a symbol, one bracket (bracket.h) a position.
 *
 * GW_ORDER_OPEN is refused while the symbol has a position that nobody asked to close, or an open order that waits;
 * close and open put at the same bar are a reversal and fill at the same open. It lapses when its time exit
 * would have passed before a bar that trades. GW_ORDER_CLOSE also withdraws a waiting open order; it is refused when
 * there is nothing to close. Size is a fraction of equity at the fill, marked with what is known then. */
#ifndef GATEWALK_REPLAY_BROKER_H
#define GATEWALK_REPLAY_BROKER_H

#include "bracket.h"
#include "gatewalk/replay.h"

struct broker_slot {
    const struct gw_bars *bars;
    size_t n_closed; /* bars of this symbol that have closed; a signal belongs to the newest of them */
    bool holding, open_waiting, close_waiting;
    int64_t close_signal_ns;
    struct gw_order order;  /* while open_waiting */
    size_t due_index;       /* its time exit */
    struct bracket bracket; /* while holding */
    double funding_charged;
};

struct broker {
    const struct gw_replay_config *config;
    struct broker_slot *slot; /* [n_symbols] owned */
    size_t n_symbols;
    struct gw_replay_result *result; /* counts, trades and the ledger go here */
    size_t trade_capacity;
};

int broker_init(struct broker *broker, const struct gw_market *market, const struct gw_replay_config *config,
                struct gw_replay_result *result) GW_MUST_USE;
void broker_free(struct broker *broker);

/* Takes an order with its signal_ns set; GW_ERR_INTERNAL when the order makes no sense. */
int broker_queue(struct broker *broker, const struct gw_order *order) GW_MUST_USE;

/* The open of bar i of symbol s: waiting orders, gaps through a level, overdue time exits. */
int broker_open(struct broker *broker, size_t s, size_t i) GW_MUST_USE;
/* From open to close of the same bar: stop, target, time exit, funding; marks the ledger at the close. */
int broker_close(struct broker *broker, size_t s, size_t i) GW_MUST_USE;
/* After the last bar of a symbol: closes its position at that bar's close. Waiting orders never fill. */
int broker_end(struct broker *broker, size_t s, size_t i) GW_MUST_USE;

struct gw_position_view broker_view(const struct broker *broker, size_t s);

#endif
