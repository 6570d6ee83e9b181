/* The ledger: cash and positions, double entry, checked against replayed fills at every bar. */
#ifndef GATEWALK_LEDGER_H
#define GATEWALK_LEDGER_H

#include "order.h"

GW_BEGIN_DECLS

struct gw_fill {
    int64_t time_ns;
    uint32_t symbol;
    double quantity; /* signed: + bought, - sold */
    double price;    /* effective, after spread and slippage */
    double fee;      /* in the account's currency, as all of the ledger but prices */
    double rate;     /* of the quote currency in that of the account, at this fill; 0 is 1 */
};

struct gw_ledger_position {
    double quantity, mark_price;
    double average_price; /* of what is held, each fill's price at its rate */
    double multiplier;    /* units a contract, by gw_ledger_contract; 1 from gw_ledger_init */
    double unit;          /* multiplier x the newest rate: value = quantity x mark x unit */
};

struct gw_ledger {
    double initial_cash, cash;
    size_t n_symbols;
    struct gw_ledger_position *position; /* [n_symbols] owned */
    uint32_t *held;                      /* [n_held] symbols with a position, rising; owned */
    size_t n_held;
    double fees, funding, interest, realised;
    struct gw_fill *fill; /* journal, grows; owned */
    size_t n_fills, fill_capacity;
};

int gw_ledger_init(struct gw_ledger *ledger, size_t n_symbols, double initial_cash) GW_MUST_USE;
/* Units a contract; the rate is 1. Before the first fill. */
void gw_ledger_contract(struct gw_ledger *ledger, uint32_t symbol, double multiplier);
/* What one of the symbol's quote currency is worth now; 0: not known yet. What is held is valued at it from here on. */
void gw_ledger_rate(struct gw_ledger *ledger, uint32_t symbol, double rate);
int gw_ledger_post(struct gw_ledger *ledger, const struct gw_fill *fill) GW_MUST_USE;
void gw_ledger_charge(struct gw_ledger *ledger, double funding);        /* cash out (+) or in (-) */
void gw_ledger_pay_interest(struct gw_ledger *ledger, double interest); /* cash in (+) or out (-) */
void gw_ledger_mark(struct gw_ledger *ledger, uint32_t symbol, double price);
double gw_ledger_equity(const struct gw_ledger *ledger);
double gw_ledger_gross(const struct gw_ledger *ledger); /* sum of |quantity| x mark: what is at stake */
/* Rebuilds cash and positions from the journal alone (and the sum of funding) and compares; then checks that cash
 * and positions at cost equal capital and results. GW_ERR_INTERNAL when they differ by more than 1e-9 of the gross flow.
 */
int gw_ledger_reconcile(const struct gw_ledger *ledger) GW_MUST_USE;
void gw_ledger_free(struct gw_ledger *ledger);

GW_END_DECLS

#endif
