/* Orders in, fills out. What a fill costs and when a position ends is bracket.c's business; here positions and
 * orders meet the ledger. */
#include "broker.h"
#include "engine/base/base.h"

#include <math.h>

#include "costs.h"

int broker_init(struct broker *broker, const struct gw_market *market, const struct gw_replay_config *config,
                struct gw_replay_result *result) {
    *broker = (struct broker){.config = config, .n_symbols = market->n_symbols, .result = result};
    broker->slot = mem_calloc(market->n_symbols, sizeof *broker->slot);
    if (!broker->slot) return GW_ERR_NOMEM;
    for (size_t s = 0; s < market->n_symbols; ++s) broker->slot[s].bars = &market->symbol[s];
    return GW_OK;
}

void broker_free(struct broker *broker) {
    mem_free(broker->slot);
    broker->slot = NULL;
}

/* ---- orders ------------------------------------------------------------------------------- */

static int order_check(const struct broker *broker, const struct gw_order *order) {
    if (order->symbol >= broker->n_symbols)
        FAIL(GW_ERR_INTERNAL, "order for symbol %u, but the market has %zu", order->symbol, broker->n_symbols);
    if (order->kind == GW_ORDER_CLOSE) return GW_OK;
    if (order->side != GW_SIDE_LONG && order->side != GW_SIDE_SHORT)
        FAIL(GW_ERR_INTERNAL, "order with side %d; it must be SIDE_LONG or SIDE_SHORT", (int)order->side);
    if (!(order->size > 0) || !isfinite(order->size))
        FAIL(GW_ERR_INTERNAL, "order of size %g; it must be a positive fraction of equity", order->size);
    if (!(order->stop >= 0) || !(order->target >= 0) || !isfinite(order->stop) || !isfinite(order->target))
        FAIL(GW_ERR_INTERNAL, "order with stop %g and target %g; they must be fractions of the entry price, or 0",
             order->stop, order->target);
    return GW_OK;
}

static bool queue_close(struct broker_slot *slot, int64_t signal_ns) {
    const bool withdrawn = slot->open_waiting;
    slot->open_waiting = false;
    if (!slot->holding || slot->close_waiting) return withdrawn;
    slot->close_waiting = true;
    slot->close_signal_ns = signal_ns;
    return true;
}

static bool queue_open(struct broker_slot *slot, const struct gw_order *order) {
    if (slot->open_waiting || (slot->holding && !slot->close_waiting)) return false;
    slot->open_waiting = true;
    slot->order = *order;
    /* The horizon is counted from the symbol's newest closed bar, the one the signal was seen at. */
    slot->due_index = bracket_due(slot->n_closed, order->max_bars);
    return true;
}

int broker_queue(struct broker *broker, const struct gw_order *order) {
    TRY(order_check(broker, order));
    struct broker_slot *slot = &broker->slot[order->symbol];
    broker->result->n_orders++;
    const bool taken = order->kind == GW_ORDER_CLOSE ? queue_close(slot, order->signal_ns) : queue_open(slot, order);
    if (!taken) broker->result->n_rejected++;
    return GW_OK;
}

/* ---- fills -------------------------------------------------------------------------------- */

static int trade_append(struct broker *broker, const struct gw_trade *trade) {
    struct gw_replay_result *result = broker->result;
    if (result->n_trades == broker->trade_capacity) {
        const size_t capacity = broker->trade_capacity ? 2 * broker->trade_capacity : 256;
        struct gw_trade *grown = mem_realloc(result->trade, capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        result->trade = grown;
        broker->trade_capacity = capacity;
    }
    result->trade[result->n_trades++] = *trade;
    return GW_OK;
}

static int post(struct broker *broker, size_t s, int64_t time_ns, double quantity, double price, double fee) {
    broker->result->turnover += fabs(quantity) * price / broker->config->initial_cash;
    return gw_ledger_post(
        &broker->result->ledger,
        &(struct gw_fill){.time_ns = time_ns, .symbol = (uint32_t)s, .quantity = quantity, .price = price, .fee = fee});
}

/* The bracket has closed: its exit goes to the ledger, its trade to the list. */
static int settle(struct broker *broker, size_t s) {
    struct broker_slot *slot = &broker->slot[s];
    const struct gw_trade *trade = &slot->bracket.trade;
    slot->holding = slot->close_waiting = false;
    TRY(post(broker, s, trade->exit_ns, -(double)trade->side * trade->quantity, trade->exit_price,
             slot->bracket.exit_fee));
    gw_ledger_charge(&broker->result->ledger, trade->funding - slot->funding_charged);
    broker->result->slippage += trade->slippage;
    if (trade->ambiguous) broker->result->n_ambiguous++;
    return trade_append(broker, trade);
}

/* Fills the waiting open order at the open of bar i, unless it has lapsed or there is no equity left. */
static int enter(struct broker *broker, size_t s, size_t i) {
    struct broker_slot *slot = &broker->slot[s];
    struct gw_ledger *ledger = &broker->result->ledger;
    const double notional = slot->order.size * gw_ledger_equity(ledger);
    slot->open_waiting = false;
    if (i > slot->due_index || !(notional > 0)) {
        broker->result->n_rejected++;
        return GW_OK;
    }
    struct bracket *bracket = &slot->bracket;
    bracket_enter(bracket, slot->bars, i, &slot->order, slot->due_index, notional, &broker->config->costs);
    slot->holding = true;
    slot->funding_charged = 0;
    const struct gw_trade *trade = &bracket->trade;
    TRY(post(broker, s, trade->entry_ns, (double)trade->side * trade->quantity, trade->entry_price, trade->fees));
    gw_ledger_mark(ledger, (uint32_t)s, bracket->entry_raw);
    return bracket_open(bracket, slot->bars, i, &broker->config->costs) ? settle(broker, s) : GW_OK;
}

int broker_open(struct broker *broker, size_t s, size_t i) {
    struct broker_slot *slot = &broker->slot[s];
    if (!slot->holding && !slot->open_waiting) return GW_OK;
    const struct gw_bar *bar = &slot->bars->bar[i];
    if (!bar_trades(bar)) return GW_OK;
    /* Off-grid bars may overlap: a bar that opened before the decision was made cannot fill it. */
    if (slot->holding) {
        if (slot->close_waiting && slot->close_signal_ns <= bar->open_ns) {
            bracket_exit_open(&slot->bracket, slot->bars, i, GW_EXIT_SIGNAL, &broker->config->costs);
            TRY(settle(broker, s));
        } else if (bracket_open(&slot->bracket, slot->bars, i, &broker->config->costs)) {
            TRY(settle(broker, s));
        }
    }
    if (slot->open_waiting && !slot->holding && slot->order.signal_ns <= bar->open_ns) return enter(broker, s, i);
    return GW_OK;
}

int broker_close(struct broker *broker, size_t s, size_t i) {
    struct broker_slot *slot = &broker->slot[s];
    struct gw_ledger *ledger = &broker->result->ledger;
    slot->n_closed = i + 1;
    if (slot->holding) {
        const struct gw_cost_config *costs = &broker->config->costs;
        if (bracket_range(&slot->bracket, slot->bars, i, broker->config->intrabar, costs)) {
            TRY(settle(broker, s));
        } else {
            /* What is owed so far less what was charged: the sum is exact whatever the bars' spacing. */
            const struct gw_trade *trade = &slot->bracket.trade;
            const double owed = cost_funding(costs, trade->side, trade->quantity * trade->entry_price,
                                             gw_bar_close_ns(slot->bars, i) - trade->entry_ns);
            gw_ledger_charge(ledger, owed - slot->funding_charged);
            slot->funding_charged = owed;
        }
    }
    gw_ledger_mark(ledger, (uint32_t)s, slot->bars->bar[i].close);
    return GW_OK;
}

int broker_end(struct broker *broker, size_t s, size_t i) {
    struct broker_slot *slot = &broker->slot[s];
    if (!slot->holding) return GW_OK;
    bracket_exit_close(&slot->bracket, slot->bars, i, GW_EXIT_END, &broker->config->costs);
    return settle(broker, s);
}

struct gw_position_view broker_view(const struct broker *broker, size_t s) {
    const struct broker_slot *slot = &broker->slot[s];
    struct gw_position_view view = {.pending = slot->open_waiting || slot->close_waiting};
    if (!slot->holding) return view;
    const struct gw_trade *trade = &slot->bracket.trade;
    view.quantity = (double)trade->side * trade->quantity;
    view.entry_price = trade->entry_price;
    view.bars_held = slot->n_closed - slot->bracket.entry_index;
    return view;
}
