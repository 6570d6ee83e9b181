/* What becomes of orders: their records, and fills and trades that meet the ledger. */
#include "broker.h"
#include "engine/base/base.h"
#include "ledger_private.h"

#include <string.h>

struct gw_order_record *broker_record(const struct broker *broker, uint64_t id) {
    return id && id <= broker->result->n_records ? &broker->result->order[id - 1] : NULL;
}

static void tell(const struct broker *broker, const struct gw_order_record *record) {
    if (broker->notify) broker->notify(broker->who, record);
}

static void show(const struct broker *broker, const struct gw_order_record *record) {
    const struct gw_replay_watch *watch = broker->config->watch;
    if (watch && watch->order) watch->order(watch->who, record);
}

static int records_grow(struct broker *broker, size_t capacity) {
    struct gw_order_record *grown = mem_realloc(broker->result->order, capacity, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    broker->result->order = grown;
    broker->record_capacity = capacity;
    return GW_OK;
}

static int trades_grow(struct broker *broker, size_t capacity) {
    struct gw_trade *grown = mem_realloc(broker->result->trade, capacity, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    broker->result->trade = grown;
    broker->trade_capacity = capacity;
    return GW_OK;
}

int broker_reserve(struct broker *broker, size_t n_bars) {
    enum { LEAST = 256, MOST = 1 << 18 };
    const size_t n = n_bars / 8 < LEAST ? LEAST : n_bars / 8 > MOST ? MOST : n_bars / 8;
    TRY(records_grow(broker, n));
    TRY(trades_grow(broker, n / 2));
    return ledger_reserve(&broker->result->ledger, n);
}

/* A new record; its padding is zero, so that equal orders are equal bytes. */
static int record_add(struct broker *broker, struct gw_order_record **out) {
    struct gw_replay_result *result = broker->result;
    if (result->n_records == broker->record_capacity) TRY(records_grow(broker, 2 * broker->record_capacity));
    *out = memset(&result->order[result->n_records++], 0, sizeof **out);
    (*out)->id = result->n_records;
    return GW_OK;
}

int broker_number(struct broker *broker, struct desk *desk, struct work *w, int64_t now_ns) {
    struct gw_order_record *record;
    TRY(record_add(broker, &record));
    w->id = record->id;
    record->parent = w->parent;
    record->put_ns = now_ns;
    record->price = work_is_market(w) ? 0 : work_level(w);
    record->quantity = isfinite(w->left) ? w->left : 0;
    record->symbol = desk->symbol;
    record->kind = w->kind;
    record->side = w->direction > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT;
    show(broker, record);
    tell(broker, record);
    return GW_OK;
}

void broker_changed(struct broker *broker, const struct work *w) {
    struct gw_order_record *record = broker_record(broker, w->id);
    if (!work_is_market(w)) record->price = work_level(w);
    if (isfinite(w->left)) record->quantity = w->left + w->filled;
}

void broker_ended(struct broker *broker, const struct desk *desk, const struct work *w, enum gw_order_state state,
                  enum gw_order_reason reason, int64_t now_ns) {
    (void)desk;
    struct gw_order_record *record = broker_record(broker, w->id);
    record->state = state;
    record->reason = reason;
    record->end_ns = now_ns;
    if (!record->parent && (state == GW_ORDER_REJECTED || reason == GW_REASON_HORIZON)) broker->result->n_rejected++;
    show(broker, record);
    tell(broker, record);
}

/* ---- fills -------------------------------------------------------------------------------- */

double broker_equity(const struct broker *broker) { return gw_ledger_equity(&broker->result->ledger); }

void broker_charged(struct broker *broker, double funding) { gw_ledger_charge(&broker->result->ledger, funding); }

void broker_doubted(struct broker *broker) { broker->result->n_ambiguous_bars++; }

int broker_filled(struct broker *broker, const struct desk *desk, const struct work *w, const struct fill *f) {
    struct gw_order_record *record = broker_record(broker, w->id);
    record->filled = w->filled;
    record->average_price = w->average_price;
    record->quantity = w->filled + (isfinite(w->left) ? w->left : 0);
    broker->result->turnover +=
        f->quantity * f->price * f->rate * desk->instrument.multiplier / broker->config->initial_cash;
    struct gw_ledger *ledger = &broker->result->ledger;
    const struct gw_fill fill = {.time_ns = f->at.ns,
                                 .symbol = desk->symbol,
                                 .quantity = w->direction * f->quantity,
                                 .price = f->price,
                                 .fee = f->fee,
                                 .rate = f->rate};
    const struct gw_replay_watch *watch = broker->config->watch;
    TRY(gw_ledger_post(ledger, &fill));
    if (watch && watch->fill) watch->fill(watch->who, record, &fill);
    gw_ledger_mark(ledger, desk->symbol, f->raw);
    if (w->left > 0) tell(broker, record); /* a whole fill is told when the order ends */
    return broker->config->check_ledger ? gw_ledger_reconcile(ledger) : GW_OK;
}

int broker_traded(struct broker *broker, const struct gw_trade *trade) {
    struct gw_replay_result *result = broker->result;
    if (result->n_trades == broker->trade_capacity) TRY(trades_grow(broker, 2 * broker->trade_capacity));
    result->trade[result->n_trades++] = *trade;
    result->slippage += trade->slippage;
    if (trade->ambiguous) result->n_ambiguous++;
    return GW_OK;
}
