/* Orders in, fills out. What fills when is the desks' business; here orders are taken and numbered, and fills meet the
 * ledger. */
#include "broker.h"
#include "engine/base/base.h"

#include <string.h>

static bool volume_is_known(const struct gw_bars *bars) {
    for (size_t i = 0; i < bars->n; ++i)
        if (bars->bar[i].volume > 0) return true;
    return false;
}

static int desk_init(struct broker *broker, const struct gw_market *market, size_t s) {
    const struct gw_replay_config *config = broker->config;
    struct desk *desk = &broker->desk[s];
    desk->bars = &market->symbol[s];
    desk->config = config;
    desk->broker = broker;
    desk->symbol = (uint32_t)s;
    if (config->instrument) desk->instrument = config->instrument[s];
    if (desk->instrument.multiplier == 0) desk->instrument.multiplier = 1;
    if (!(desk->instrument.multiplier > 0) || desk->instrument.tick < 0 || desk->instrument.lot < 0)
        FAIL(GW_ERR_CONFIG, "instrument %s: multiplier must be positive, tick and lot 0 or more", desk->bars->symbol);
    broker->result->ledger.position[s].multiplier = desk->instrument.multiplier;
    if (config->detail) {
        if (config->detail->n_symbols != market->n_symbols)
            FAIL(GW_ERR_CONFIG, "detail: %zu symbols, but the market has %zu", config->detail->n_symbols,
                 market->n_symbols);
        const struct gw_bars *detail = &config->detail->symbol[s];
        if (detail->n && desk->bars->interval_ns % detail->interval_ns)
            FAIL(GW_ERR_CONFIG, "detail: the interval of %s does not divide that of its bars", desk->bars->symbol);
        if (detail->n) desk->detail = detail;
    }
    desk->volume_known = config->participation > 0 && volume_is_known(desk->bars);
    const struct gw_cost_config *costs = &config->costs;
    desk->charges = fabs(costs->funding_bps_per_day) > 0 || costs->borrow_bps_per_day > 0 ||
                    (config->funding && config->funding[s].n > 0);
    desk_band(desk);
    return GW_OK;
}

int broker_init(struct broker *broker, const struct gw_market *market, const struct gw_replay_config *config,
                struct gw_replay_result *result) {
    *broker = (struct broker){.config = config, .n_symbols = market->n_symbols, .result = result};
    broker->desk = mem_calloc(market->n_symbols, sizeof *broker->desk);
    if (!broker->desk) return GW_ERR_NOMEM;
    TRY(account_check(config));
    for (size_t s = 0; s < market->n_symbols; ++s) TRY(desk_init(broker, market, s));
    account_open(broker);
    return GW_OK;
}

void broker_free(struct broker *broker) {
    for (size_t s = 0; broker->desk && s < broker->n_symbols; ++s) mem_free(broker->desk[s].work);
    mem_free(broker->desk);
    broker->desk = NULL;
}

/* ---- records ------------------------------------------------------------------------------ */

static struct gw_order_record *record_of(const struct broker *broker, uint64_t id) {
    return id && id <= broker->result->n_records ? &broker->result->order[id - 1] : NULL;
}

static void tell(const struct broker *broker, const struct gw_order_record *record) {
    if (broker->notify) broker->notify(broker->who, record);
}

/* A new record; its padding is zero, so that equal orders are equal bytes. */
static int record_add(struct broker *broker, struct gw_order_record **out) {
    struct gw_replay_result *result = broker->result;
    if (result->n_records == broker->record_capacity) {
        const size_t capacity = broker->record_capacity ? 2 * broker->record_capacity : 256;
        struct gw_order_record *grown = mem_realloc(result->order, capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        result->order = grown;
        broker->record_capacity = capacity;
    }
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
    tell(broker, record);
    return GW_OK;
}

void broker_changed(struct broker *broker, const struct work *w) {
    struct gw_order_record *record = record_of(broker, w->id);
    if (!work_is_market(w)) record->price = work_level(w);
    if (isfinite(w->left)) record->quantity = w->left + w->filled;
}

void broker_ended(struct broker *broker, const struct desk *desk, const struct work *w, enum gw_order_state state,
                  enum gw_order_reason reason, int64_t now_ns) {
    (void)desk;
    struct gw_order_record *record = record_of(broker, w->id);
    record->state = state;
    record->reason = reason;
    record->end_ns = now_ns;
    if (!record->parent && (state == GW_ORDER_REJECTED || reason == GW_REASON_HORIZON)) broker->result->n_rejected++;
    tell(broker, record);
}

/* ---- orders ------------------------------------------------------------------------------- */

static bool distance_given(double fraction, double price) {
    return fraction >= 0 && price >= 0 && fraction < 1 && isfinite(price) && (fraction > 0 || price > 0);
}

static int levels_check(const struct gw_order *o) {
    const bool limit = o->kind == GW_ORDER_LIMIT || o->kind == GW_ORDER_STOP_LIMIT;
    const bool stop = o->kind == GW_ORDER_STOP || o->kind == GW_ORDER_STOP_LIMIT;
    if (limit && (!(o->limit_price > 0) || !isfinite(o->limit_price)))
        FAIL(GW_ERR_INTERNAL, "%s order with limit price %g; it must be a price", gw_order_kind_name[o->kind],
             o->limit_price);
    if (stop && (!(o->stop_price > 0) || !isfinite(o->stop_price)))
        FAIL(GW_ERR_INTERNAL, "%s order with stop price %g; it must be a price", gw_order_kind_name[o->kind],
             o->stop_price);
    if (o->kind == GW_ORDER_TRAILING && !distance_given(o->trail, o->trail_distance))
        FAIL(GW_ERR_INTERNAL, "trailing order at %g and %g; give a fraction below 1 or a distance in price", o->trail,
             o->trail_distance);
    const bool follows = o->trail_stop != 0 || o->trail_stop_distance != 0;
    if (follows && !distance_given(o->trail_stop, o->trail_stop_distance))
        FAIL(GW_ERR_INTERNAL, "order with a trailing stop at %g and %g; give a fraction below 1 or a distance in price",
             o->trail_stop, o->trail_stop_distance);
    if (!(o->stop >= 0) || !(o->target >= 0) || !isfinite(o->stop) || !isfinite(o->target))
        FAIL(GW_ERR_INTERNAL, "order with stop %g and target %g; they must be fractions of the entry price, or 0",
             o->stop, o->target);
    return GW_OK;
}

static int order_check(const struct broker *broker, const struct gw_order *o) {
    if (o->symbol >= broker->n_symbols)
        FAIL(GW_ERR_INTERNAL, "order for symbol %u, but the market has %zu", o->symbol, broker->n_symbols);
    if ((unsigned)o->kind > GW_ORDER_CLOSE || (unsigned)o->time_in_force > GW_TIF_BARS)
        FAIL(GW_ERR_INTERNAL, "order of an unknown kind (%d) or time in force (%d)", (int)o->kind,
             (int)o->time_in_force);
    if (o->kind == GW_ORDER_CLOSE) return GW_OK;
    if (o->side != GW_SIDE_LONG && o->side != GW_SIDE_SHORT)
        FAIL(GW_ERR_INTERNAL, "order with side %d; it must be SIDE_LONG or SIDE_SHORT", (int)o->side);
    if (!(o->quantity >= 0) || !isfinite(o->quantity))
        FAIL(GW_ERR_INTERNAL, "order of %g units; give 0 or more", o->quantity);
    if (!(o->notional >= 0) || !isfinite(o->notional))
        FAIL(GW_ERR_INTERNAL, "order for %g of cash; give 0 or more", o->notional);
    if (!o->reduce_only && !(o->quantity > 0) && !(o->notional > 0) && (!(o->size > 0) || !isfinite(o->size)))
        FAIL(GW_ERR_INTERNAL, "order of size %g; it must be a positive fraction of equity", o->size);
    if (o->time_in_force == GW_TIF_BARS && !o->good_bars) FAIL(GW_ERR_INTERNAL, "order good for 0 bars");
    return levels_check(o);
}

static int64_t day_after(int64_t now_ns) {
    const int64_t day = now_ns / NS_PER_DAY - (now_ns % NS_PER_DAY < 0);
    return (day + 1) * NS_PER_DAY;
}

static enum gw_exit_reason exit_of(const struct gw_order *o) {
    if (o->kind == GW_ORDER_CLOSE) return GW_EXIT_SIGNAL;
    if (!o->reduce_only) return GW_EXIT_NONE;
    if (o->kind == GW_ORDER_MARKET) return GW_EXIT_SIGNAL;
    if (o->kind == GW_ORDER_TRAILING) return GW_EXIT_TRAIL;
    return o->kind == GW_ORDER_LIMIT ? GW_EXIT_TARGET : GW_EXIT_STOP;
}

static double to_tick(const struct desk *desk, double price, int direction) {
    const double tick = desk->instrument.tick; /* a limit on the grid, no worse than asked */
    if (!(tick > 0)) return price;
    return (direction > 0 ? floor(price / tick + 1e-9) : ceil(price / tick - 1e-9)) * tick;
}

static void work_fill_in(const struct desk *desk, const struct gw_order *o, struct work *w) {
    w->attached = *o;
    w->kind = o->kind;
    w->exit = exit_of(o);
    w->oco = o->oco;
    w->direction = o->side;
    if (o->kind == GW_ORDER_CLOSE) w->direction = -(int)desk->held.trade.side;
    w->live_ns = o->signal_ns;
    w->size = o->size;
    w->limit = to_tick(desk, o->limit_price, w->direction);
    w->stop = tick_beyond(desk, o->stop_price, w->direction);
    w->immediate = o->time_in_force == GW_TIF_IOC;
    if (o->time_in_force == GW_TIF_DAY) w->expire_ns = day_after(o->signal_ns);
    if (o->time_in_force == GW_TIF_BARS) w->expire_bar = due_after(desk->n_closed, o->good_bars);
    /* The horizon is counted from the symbol's newest closed bar, the one the signal was seen at. */
    if (w->exit == GW_EXIT_NONE) w->due_bar = due_after(desk->n_closed, o->max_bars);
    if (o->kind == GW_ORDER_TRAILING) {
        w->trail = o->trail;
        w->trail_distance = o->trail_distance;
        w->extreme = desk->n_closed ? desk->bars->bar[desk->n_closed - 1].close : desk->bars->bar[0].open;
        w->stop = trail_level(desk, w, w->extreme);
    }
}

static enum gw_order_reason size_now(const struct broker *broker, const struct desk *desk, struct work *w) {
    const double given = w->attached.quantity;
    if (w->exit != GW_EXIT_NONE) {
        w->left = given > 0 ? desk_lots(desk, given) : INFINITY;
        return w->left > 0 ? GW_REASON_NONE : GW_REASON_TOO_SMALL;
    }
    if (given > 0)
        w->left = desk_lots(desk, given);
    else if (w->kind == GW_ORDER_MARKET)
        w->left = NAN; /* at its fill */
    else {
        const double notional = w->attached.notional > 0 ? w->attached.notional : w->size * broker_equity(broker);
        if (!(notional > 0)) return GW_REASON_NO_EQUITY;
        const double price = w->kind == GW_ORDER_LIMIT || w->kind == GW_ORDER_STOP_LIMIT ? w->limit : w->stop;
        w->left = desk_lots(desk, notional / price / desk->instrument.multiplier);
    }
    return isnan(w->left) || w->left > 0 ? GW_REASON_NONE : GW_REASON_TOO_SMALL;
}

static enum gw_order_reason may_enter(const struct broker *broker, const struct desk *desk, const struct work *w) {
    const size_t most = broker->config->max_entries ? broker->config->max_entries : 1;
    const bool held = desk->holding && !desk_closing(desk);
    size_t n = held;
    for (size_t k = 0; k + 1 < desk->n_work; ++k) { /* the newest is the one that asks */
        const struct work *other = &desk->work[k];
        n += other->exit == GW_EXIT_NONE && !(other->filled > 0) && !(w->oco && other->id == w->oco);
    }
    if (n >= most || (held && w->direction != (int)desk->held.trade.side)) return GW_REASON_POSITION;
    return account_takes(broker, desk, w->attached.signal_ns);
}

/* Withdraws the waiting entries; true when there were any. */
static bool withdraw(struct desk *desk, int64_t now_ns) {
    const size_t before = desk->n_work;
    desk_remove_all(desk, work_is_entry, NULL, GW_ORDER_CANCELLED, GW_REASON_CLOSE, now_ns);
    return desk->n_work < before;
}

static int take(struct broker *broker, const struct gw_order *order, const struct work *in_place_of, uint64_t *id) {
    struct desk *desk = &broker->desk[order->symbol];
    const int64_t now_ns = order->signal_ns;
    struct work *w;
    enum gw_order_reason refused = GW_REASON_NONE;
    enum gw_order_state state = GW_ORDER_REJECTED;
    const bool closing = desk_closing(desk);
    const bool withdrew = order->kind == GW_ORDER_CLOSE && withdraw(desk, now_ns);
    TRY(desk_add(desk, &w));
    work_fill_in(desk, order, w);
    if (in_place_of) {
        w->parent = in_place_of->parent;
        w->exit = in_place_of->parent ? exit_of(order) : w->exit;
    }
    refused = size_now(broker, desk, w);
    if (in_place_of && in_place_of->exit != GW_EXIT_NONE && !(order->quantity > 0)) w->left = in_place_of->left;
    TRY(broker_number(broker, desk, w, now_ns));
    *id = w->id;
    if (order->kind == GW_ORDER_CLOSE) {
        if (!desk->holding || closing) refused = withdrew ? GW_REASON_NOTHING_HELD : GW_REASON_NOTHING_CLOSES;
        if (withdrew) state = GW_ORDER_CANCELLED;
    } else if (w->exit != GW_EXIT_NONE) {
        size_t entries = 0;
        for (size_t k = 0; k < desk->n_work; ++k) entries += work_is_entry(&desk->work[k], NULL);
        if (!desk->holding && !entries) refused = GW_REASON_NOTHING_CLOSES;
    } else if (refused == GW_REASON_NONE) {
        refused = may_enter(broker, desk, w);
    }
    if (refused != GW_REASON_NONE) desk_remove(desk, desk->n_work - 1, state, refused, now_ns);
    desk_band(desk);
    return GW_OK;
}

int broker_queue(struct broker *broker, const struct gw_order *order, uint64_t *id) {
    TRY(order_check(broker, order));
    broker->result->n_orders++;
    return take(broker, order, NULL, id);
}

static struct desk *find(const struct broker *broker, uint64_t id, size_t *at) {
    const struct gw_order_record *record = record_of(broker, id);
    if (!record || record->state != GW_ORDER_WAITING) return NULL;
    struct desk *desk = &broker->desk[record->symbol];
    for (*at = 0; *at < desk->n_work; ++*at)
        if (desk->work[*at].id == id) return desk;
    return NULL;
}

bool broker_cancel(struct broker *broker, uint64_t id, int64_t now_ns) {
    size_t k;
    struct desk *desk = find(broker, id, &k);
    if (!desk) return false;
    desk_remove(desk, k, GW_ORDER_CANCELLED, GW_REASON_ASKED, now_ns);
    desk_band(desk);
    return true;
}

int broker_replace(struct broker *broker, uint64_t id, const struct gw_order *order, uint64_t *new_id) {
    size_t k;
    *new_id = 0;
    struct desk *desk = find(broker, id, &k);
    if (!desk) return GW_OK;
    struct gw_order put = *order;
    put.reduce_only |= desk->work[k].exit != GW_EXIT_NONE;
    TRY(order_check(broker, &put));
    if (desk->symbol != order->symbol)
        FAIL(GW_ERR_INTERNAL, "order %llu is of symbol %u and cannot be replaced by one of symbol %u",
             (unsigned long long)id, desk->symbol, order->symbol);
    const struct work old = desk->work[k];
    desk_remove(desk, k, GW_ORDER_CANCELLED, GW_REASON_REPLACED, order->signal_ns);
    broker->result->n_orders++;
    return take(broker, &put, &old, new_id);
}

/* ---- fills -------------------------------------------------------------------------------- */

double broker_equity(const struct broker *broker) { return gw_ledger_equity(&broker->result->ledger); }

void broker_charged(struct broker *broker, double funding) { gw_ledger_charge(&broker->result->ledger, funding); }

void broker_doubted(struct broker *broker) { broker->result->n_ambiguous_bars++; }

int broker_filled(struct broker *broker, const struct desk *desk, const struct work *w, double quantity, double price,
                  double raw, double fee, int64_t now_ns) {
    struct gw_order_record *record = record_of(broker, w->id);
    record->filled = w->filled;
    record->average_price = w->average_price;
    record->quantity = w->filled + (isfinite(w->left) ? w->left : 0);
    broker->result->turnover += quantity * price * desk->instrument.multiplier / broker->config->initial_cash;
    struct gw_ledger *ledger = &broker->result->ledger;
    TRY(gw_ledger_post(ledger, &(struct gw_fill){.time_ns = now_ns,
                                                 .symbol = desk->symbol,
                                                 .quantity = w->direction * quantity,
                                                 .price = price,
                                                 .fee = fee}));
    gw_ledger_mark(ledger, desk->symbol, raw);
    if (w->left > 0) tell(broker, record); /* a whole fill is told when the order ends */
    return broker->config->check_ledger ? gw_ledger_reconcile(ledger) : GW_OK;
}

int broker_traded(struct broker *broker, const struct gw_trade *trade) {
    struct gw_replay_result *result = broker->result;
    if (result->n_trades == broker->trade_capacity) {
        const size_t capacity = broker->trade_capacity ? 2 * broker->trade_capacity : 256;
        struct gw_trade *grown = mem_realloc(result->trade, capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        result->trade = grown;
        broker->trade_capacity = capacity;
    }
    result->trade[result->n_trades++] = *trade;
    result->slippage += trade->slippage;
    if (trade->ambiguous) result->n_ambiguous++;
    return GW_OK;
}

int broker_close_active(struct broker *broker, struct desk *desk, size_t i) {
    (void)broker;
    const int64_t close_ns = gw_bar_close_ns(desk->bars, i);
    TRY(desk_range(desk, i));
    if (desk->holding) desk_charge(desk, close_ns, desk->bars->bar[i].close);
    if (close_ns >= desk->expire_ns || i >= desk->expire_bar) desk_expire(desk, i, close_ns);
    return GW_OK;
}

int broker_end(struct broker *broker, size_t s, size_t i) {
    struct desk *desk = &broker->desk[s];
    const struct moment at = {.bar = i, .ns = gw_bar_close_ns(desk->bars, i), .inside = true, .unlimited = true};
    desk->doubt = false;
    if (desk->holding) TRY(desk_leave(desk, GW_EXIT_END, desk->bars->bar[i].close, at));
    while (desk->n_work) desk_remove(desk, desk->n_work - 1, GW_ORDER_EXPIRED, GW_REASON_DATA_END, at.ns);
    desk_band(desk);
    return GW_OK;
}
