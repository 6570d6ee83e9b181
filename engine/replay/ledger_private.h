/* The ledger for the rooms that keep it. */
#ifndef GATEWALK_REPLAY_LEDGER_PRIVATE_H
#define GATEWALK_REPLAY_LEDGER_PRIVATE_H

#include <math.h>

#include "gatewalk/ledger.h"

/* Room for so many fills; at least as many as there are. */
int ledger_reserve(struct gw_ledger *ledger, size_t capacity) GW_MUST_USE;

/* Equity; *gross: the sum of |quantity| x mark. Of what is held alone, in the order of the symbols. */
static inline double ledger_value(const struct gw_ledger *ledger, double *gross) {
    double equity = ledger->cash, sum = 0;
    for (size_t h = 0; h < ledger->n_held; ++h) {
        const struct gw_ledger_position *p = &ledger->position[ledger->held[h]];
        equity += p->quantity * p->mark_price * p->unit;
        sum += fabs(p->quantity) * p->mark_price * p->unit;
    }
    *gross = sum;
    return equity;
}

#endif
