/* The ledger: cash and positions, double entry, checked against replayed fills at every bar. */
#ifndef GATEWALK_LEDGER_H
#define GATEWALK_LEDGER_H

#include "order.h"

struct fill {
    int64_t time_ns;
    uint32_t symbol;
    double quantity; /* signed: + bought, - sold */
    double price;    /* effective, after spread and slippage */
    double fee;
};

struct ledger_position {
    double quantity, average_price, mark_price;
};

struct ledger {
    double initial_cash, cash;
    size_t n_symbols;
    struct ledger_position *position; /* [n_symbols] owned */
    double fees, funding, realised;
    struct fill *fill; /* journal, grows; owned */
    size_t n_fills, fill_capacity;
};

int ledger_init(struct ledger *ledger, size_t n_symbols, double initial_cash) MUST_USE;
int ledger_post(struct ledger *ledger, const struct fill *fill) MUST_USE;
void ledger_charge(struct ledger *ledger, double funding); /* cash out (+) or in (-) */
void ledger_mark(struct ledger *ledger, uint32_t symbol, double price);
double ledger_equity(const struct ledger *ledger);
double ledger_gross(const struct ledger *ledger); /* sum of |quantity| x mark: what is at stake */
/* Rebuilds cash and positions from the journal alone (and the sum of funding) and compares; then checks that cash
 * and positions at cost equal capital and results. ERR_INTERNAL when they differ by more than 1e-9 of the gross flow.
 */
int ledger_reconcile(const struct ledger *ledger) MUST_USE;
void ledger_free(struct ledger *ledger);

#endif
