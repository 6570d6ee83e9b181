/* Orders in: taken, sized, refused, cancelled, replaced. What fills when is the desks' business; what comes of it is recorded
 * in records.c. */
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
    gw_ledger_contract(&broker->result->ledger, desk->symbol, desk->instrument.multiplier);
    TRY(desk_rate_open(desk, market));
    broker->rated |= desk->rate_bars != NULL;
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

/* ---- orders ------------------------------------------------------------------------------- */

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
        w->left = desk_lots(desk, notional / price / (desk->instrument.multiplier * desk->rate));
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
    TRY(broker_check(broker, order));
    broker->result->n_orders++;
    return take(broker, order, NULL, id);
}

static struct desk *find(const struct broker *broker, uint64_t id, size_t *at) {
    const struct gw_order_record *record = broker_record(broker, id);
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
    TRY(broker_check(broker, &put));
    if (desk->symbol != order->symbol)
        FAIL(GW_ERR_INTERNAL, "order %llu is of symbol %u and cannot be replaced by one of symbol %u",
             (unsigned long long)id, desk->symbol, order->symbol);
    const struct work old = desk->work[k];
    desk_remove(desk, k, GW_ORDER_CANCELLED, GW_REASON_REPLACED, order->signal_ns);
    broker->result->n_orders++;
    return take(broker, &put, &old, new_id);
}

/* ---- bars --------------------------------------------------------------------------------- */

int broker_end(struct broker *broker, size_t s, size_t i) {
    struct desk *desk = &broker->desk[s];
    const struct moment at = {.bar = i, .ns = gw_bar_close_ns(desk->bars, i), .inside = true, .unlimited = true};
    desk->doubt = false;
    if (desk->holding) TRY(desk_leave(desk, GW_EXIT_END, desk->bars->bar[i].close, at));
    while (desk->n_work) desk_remove(desk, desk->n_work - 1, GW_ORDER_EXPIRED, GW_REASON_DATA_END, at.ns);
    desk_band(desk);
    return GW_OK;
}
