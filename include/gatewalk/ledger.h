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
    double fee;
};

struct gw_ledger_position {
    double quantity, average_price, mark_price;
    double multiplier; /* units a contract: value = quantity x price x multiplier; 1 from gw_ledger_init */
};

struct gw_ledger {
    double initial_cash, cash;
    size_t n_symbols;
    struct gw_ledger_position *position; /* [n_symbols] owned */
    double fees, funding, interest, realised;
    struct gw_fill *fill; /* journal, grows; owned */
    size_t n_fills, fill_capacity;
};

int gw_ledger_init(struct gw_ledger *ledger, size_t n_symbols, double initial_cash) GW_MUST_USE;
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
