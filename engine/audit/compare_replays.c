/* Orders, trades, fills and equity of two replays. */
#include "compare.h"

#include <string.h>

static struct audit_place place_of(const struct prepared *p, const char *strategy, uint32_t symbol, int64_t time_ns) {
    return (struct audit_place){time_ns, p->market.symbol[symbol].symbol, strategy, 0};
}

/* What was asked for, then what became of it. */
static void compare_orders(struct audit *audit, const struct prepared *p, const char *strategy,
                           const struct gw_replay_result *a, const struct gw_replay_result *b) {
    size_t n = a->n_records < b->n_records ? a->n_records : b->n_records;
    for (size_t i = 0; i < n; i++) {
        const struct gw_order_record *x = &a->order[i], *y = &b->order[i];
        struct audit_place place = place_of(p, strategy, x->symbol, x->put_ns < y->put_ns ? x->put_ns : y->put_ns);
        audit_value(audit, STAGE_ORDERS, &place, "time of order", (double)x->put_ns, (double)y->put_ns);
        audit_value(audit, STAGE_ORDERS, &place, "symbol of order", x->symbol, y->symbol);
        audit_value(audit, STAGE_ORDERS, &place, "kind of order", x->kind, y->kind);
        audit_value(audit, STAGE_ORDERS, &place, "side of order", x->side, y->side);
        audit_value(audit, STAGE_ORDERS, &place, "price of order", x->price, y->price);
        audit_value(audit, STAGE_ORDERS, &place, "quantity of order", x->quantity, y->quantity);
        audit_value(audit, STAGE_ORDERS, &place, "filled of order", x->filled, y->filled);
        audit_value(audit, STAGE_ORDERS, &place, "state of order", x->state, y->state);
    }
    if (a->n_records == b->n_records) return;
    const struct gw_order_record *more = a->n_records > n ? &a->order[n] : &b->order[n];
    struct audit_place place = place_of(p, strategy, more->symbol, more->put_ns);
    audit_note(audit, STAGE_ORDERS, &place, (double)a->n_records, (double)b->n_records, "orders so far");
}

static void compare_trades(struct audit *audit, const struct prepared *p, const char *strategy,
                           const struct gw_replay_result *a, const struct gw_replay_result *b) {
    size_t n = a->n_trades < b->n_trades ? a->n_trades : b->n_trades;
    for (size_t i = 0; i < n; i++) {
        const struct gw_trade *x = &a->trade[i], *y = &b->trade[i];
        struct audit_place place = place_of(p, strategy, x->symbol, x->exit_ns);
        audit_value(audit, STAGE_TRADES, &place, "side of trade", x->side, y->side);
        audit_value(audit, STAGE_TRADES, &place, "entry time", (double)x->entry_ns, (double)y->entry_ns);
        audit_value(audit, STAGE_TRADES, &place, "exit time", (double)x->exit_ns, (double)y->exit_ns);
        audit_value(audit, STAGE_TRADES, &place, "quantity", x->quantity, y->quantity);
        audit_value(audit, STAGE_TRADES, &place, "entry price", x->entry_price, y->entry_price);
        audit_value(audit, STAGE_TRADES, &place, "exit price", x->exit_price, y->exit_price);
        audit_value(audit, STAGE_TRADES, &place, "pnl", x->pnl, y->pnl);
        audit_value(audit, STAGE_TRADES, &place, "mae", x->mae, y->mae);
        audit_value(audit, STAGE_TRADES, &place, "mfe", x->mfe, y->mfe);
    }
    struct audit_place end = {.time_ns = audit->cut_ns, .strategy = strategy};
    audit_value(audit, STAGE_TRADES, &end, "trades so far", (double)a->n_trades, (double)b->n_trades);
}

static void compare_fills(struct audit *audit, const struct prepared *p, const char *strategy,
                          const struct gw_ledger *a, const struct gw_ledger *b) {
    size_t n = a->n_fills < b->n_fills ? a->n_fills : b->n_fills;
    for (size_t i = 0; i < n; i++) {
        const struct gw_fill *x = &a->fill[i], *y = &b->fill[i];
        struct audit_place place = place_of(p, strategy, x->symbol, x->time_ns);
        audit_value(audit, STAGE_FILLS, &place, "time of fill", (double)x->time_ns, (double)y->time_ns);
        audit_value(audit, STAGE_FILLS, &place, "quantity of fill", x->quantity, y->quantity);
        audit_value(audit, STAGE_FILLS, &place, "price of fill", x->price, y->price);
        audit_value(audit, STAGE_FILLS, &place, "fee of fill", x->fee, y->fee);
    }
    struct audit_place end = {.time_ns = audit->cut_ns, .strategy = strategy};
    audit_value(audit, STAGE_FILLS, &end, "fills so far", (double)a->n_fills, (double)b->n_fills);
}

void compare_equity(struct audit *audit, const char *strategy, const struct gw_replay_result *a,
                    const struct gw_replay_result *b) {
    for (size_t i = 0; i < a->n_equity && a->equity[i].time_ns <= audit->cut_ns; i++) {
        const struct gw_equity_point *x = &a->equity[i], *y = &b->equity[i];
        struct audit_place place = {.time_ns = x->time_ns, .strategy = strategy};
        if (i >= b->n_equity) {
            audit_note(audit, STAGE_EQUITY, &place, (double)a->n_equity, (double)b->n_equity, "points of equity");
            return;
        }
        audit_value(audit, STAGE_EQUITY, &place, "equity", x->equity, y->equity);
        audit_value(audit, STAGE_EQUITY, &place, "cash", x->cash, y->cash);
        audit_value(audit, STAGE_EQUITY, &place, "exposure", x->exposure, y->exposure);
    }
}

void compare_replay(struct audit *audit, const struct prepared *p, const char *strategy,
                    const struct gw_replay_result *a, const struct gw_replay_result *b) {
    compare_orders(audit, p, strategy, a, b);
    compare_trades(audit, p, strategy, a, b);
    compare_fills(audit, p, strategy, &a->ledger, &b->ledger);
    compare_equity(audit, strategy, a, b);
}
