/* The event loop. Every symbol has a cursor at its next bar, and every bar is two events:
 *
 *   open  (open time)            1 waiting orders fill, gaps through a level exit                   desk_open
 *   close (open time + interval) 2 stop, target, time exit in the bar's range; 3 mark at the close  broker_close
 *                                4 the strategy sees the closed bar and queues orders               deliver
 *                                5 after a symbol's last bar its position is closed                 broker_end
 *
 * Time runs forward over both kinds; at one instant closes come before opens (a decision at the close of t can
 * fill at an open at that same instant, never at an earlier one) and symbols go in config order. So whatever the
 * intervals and gaps, a fill is sized with prices that were known when it happened. One equity point per instant
 * at which bars close.
 *
 * Cost: O(symbols) per distinct instant, so O(1) per bar for symbols on one clock. Nothing is allocated per event
 * but the growth of the trade list, the journal and the equity curve. */
#include "gatewalk/replay.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

#include "broker.h"

struct cursor {
    int64_t next_ns; /* of the next event; INT64_MAX when the symbol is done */
    size_t bar, end;
    bool opened; /* the bar's open is over: the next event is its close */
};

struct broker_sink {
    struct gw_order_sink base; /* first: what a strategy sees of it */
    struct broker *broker;
    int64_t now_ns;
    int rc; /* the first failure, looked at after on_bar */
};

struct replay {
    const struct gw_market *market;
    const struct gw_replay_config *config;
    const struct gw_strategy_desc *strategy;
    struct gw_strategy_config parameters;
    const struct gw_score *const *scores;
    const double *const *min_move;
    struct gw_replay_result *result;
    struct broker broker;
    struct broker_sink sink;
    struct cursor *cursor; /* [n_symbols] */
    unsigned char *state;  /* the strategy's: one block, or one a symbol */
    size_t state_stride;   /* bytes from one symbol's state to the next; 0: shared */
    size_t n_states;       /* that were opened */
    const char **name;     /* [n_symbols] */
    size_t equity_capacity;
};

static uint64_t put_order(struct gw_order_sink *base, const struct gw_order *order) {
    struct broker_sink *sink = (struct broker_sink *)base;
    struct gw_order stamped = *order;
    uint64_t id = 0;
    stamped.signal_ns = sink->now_ns;
    const int rc = broker_queue(sink->broker, &stamped, &id);
    if (rc < 0 && sink->rc >= 0) sink->rc = rc;
    return id;
}

static bool cancel_order(struct gw_order_sink *base, uint64_t id) {
    struct broker_sink *sink = (struct broker_sink *)base;
    return broker_cancel(sink->broker, id, sink->now_ns);
}

static uint64_t replace_order(struct gw_order_sink *base, uint64_t id, const struct gw_order *order) {
    struct broker_sink *sink = (struct broker_sink *)base;
    struct gw_order stamped = *order;
    uint64_t new_id = 0;
    stamped.signal_ns = sink->now_ns;
    const int rc = broker_replace(sink->broker, id, &stamped, &new_id);
    if (rc < 0 && sink->rc >= 0) sink->rc = rc;
    return new_id;
}

/* What the strategy says counts more than what its last order came to. */
static void fail_replay(struct gw_order_sink *base, int rc) { ((struct broker_sink *)base)->rc = rc; }

static void tell_strategy(void *who, const struct gw_order_record *record) {
    struct replay *r = who;
    r->strategy->on_order(r->state + record->symbol * r->state_stride, &r->parameters, record);
}

/* ---- events ------------------------------------------------------------------------------- */

static int deliver(struct replay *r, size_t s, size_t i, int64_t now_ns) {
    const struct gw_bars *bars = &r->market->symbol[s];
    const struct gw_bar_event event = {
        .symbol = (uint32_t)s,
        .close_ns = now_ns,
        .history = {.last = &bars->bar[i],
                    .n = i + 1,
                    .quote_volume = bars->quote_volume ? &bars->quote_volume[i] : NULL,
                    .trade_count = bars->trade_count ? &bars->trade_count[i] : NULL,
                    .taker_buy_base = bars->taker_buy_base ? &bars->taker_buy_base[i] : NULL,
                    .column = bars->column,
                    .n_columns = bars->n_columns},
        .score = r->scores && r->scores[s] ? &r->scores[s][i] : NULL,
        .min_move = r->min_move && r->min_move[s] ? r->min_move[s][i] : NAN,
        .position = broker_view(&r->broker, s),
        .order = r->result->order,
        .n_orders = r->result->n_records,
    };
    r->sink.now_ns = now_ns;
    r->strategy->on_bar(r->state + s * r->state_stride, &r->parameters, &event, &r->sink.base);
    return r->sink.rc;
}

static int bar_opens(struct replay *r, size_t s) {
    struct cursor *c = &r->cursor[s];
    c->opened = true;
    c->next_ns = gw_bar_close_ns(&r->market->symbol[s], c->bar);
    return r->broker.desk[s].active ? desk_open(&r->broker.desk[s], c->bar) : GW_OK;
}

static int bar_closes(struct replay *r, size_t s, int64_t now_ns) {
    struct cursor *c = &r->cursor[s];
    const size_t i = c->bar++;
    TRY(broker_close(&r->broker, s, i));
    TRY(deliver(r, s, i, now_ns));
    if (c->bar == c->end) TRY(broker_end(&r->broker, s, i));
    c->opened = false;
    c->next_ns = c->bar < c->end ? r->market->symbol[s].bar[c->bar].open_ns : INT64_MAX;
    r->result->n_events++;
    return r->config->check_ledger ? gw_ledger_reconcile(&r->result->ledger) : GW_OK;
}

static int equity_grow(struct replay *r, size_t capacity) {
    struct gw_equity_point *grown = mem_realloc(r->result->equity, capacity, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    r->result->equity = grown;
    r->equity_capacity = capacity;
    return GW_OK;
}

static int equity_record(struct replay *r, int64_t now_ns) {
    struct gw_replay_result *result = r->result;
    if (r->broker.watched) TRY(account_instant(&r->broker, now_ns));
    if (result->n_equity == r->equity_capacity) TRY(equity_grow(r, 2 * r->equity_capacity));
    const double equity = gw_ledger_equity(&result->ledger), gross = gw_ledger_gross(&result->ledger);
    result->equity[result->n_equity++] = (struct gw_equity_point){
        .time_ns = now_ns,
        .equity = equity,
        .cash = result->ledger.cash,
        .exposure = gross > 0 ? gross / equity : 0,
    };
    return GW_OK;
}

static bool next_instant(const struct replay *r, int64_t *now_ns) {
    *now_ns = INT64_MAX;
    for (size_t s = 0; s < r->market->n_symbols; ++s)
        if (r->cursor[s].next_ns < *now_ns) *now_ns = r->cursor[s].next_ns;
    return *now_ns < INT64_MAX;
}

/* One symbol alone: its opens and closes alternate, and there is nobody to wait for. */
static int event_loop_of_one(struct replay *r) {
    const struct cursor *c = &r->cursor[0];
    while (c->bar < c->end) {
        TRY(bar_opens(r, 0));
        const int64_t now_ns = c->next_ns;
        TRY(bar_closes(r, 0, now_ns));
        TRY(equity_record(r, now_ns));
    }
    return GW_OK;
}

static int event_loop(struct replay *r) {
    const size_t n_symbols = r->market->n_symbols;
    int64_t now_ns;
    if (n_symbols == 1) return event_loop_of_one(r);
    while (next_instant(r, &now_ns)) {
        const size_t before = r->result->n_events;
        for (size_t s = 0; s < n_symbols; ++s)
            if (r->cursor[s].opened && r->cursor[s].next_ns == now_ns) TRY(bar_closes(r, s, now_ns));
        if (r->result->n_events > before) TRY(equity_record(r, now_ns));
        for (size_t s = 0; s < n_symbols; ++s)
            if (!r->cursor[s].opened && r->cursor[s].next_ns <= now_ns) TRY(bar_opens(r, s));
    }
    return GW_OK;
}

/* ---- before and after --------------------------------------------------------------------- */

/* First bar whose close is at or after time_ns. */
static size_t first_closing_from(const struct gw_bars *bars, int64_t time_ns) {
    size_t low = 0, high = bars->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (gw_bar_close_ns(bars, middle) < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int cursors_open(struct replay *r) {
    const struct gw_replay_config *config = r->config;
    const bool all = config->begin_ns == 0 && config->end_ns == 0;
    r->cursor = mem_calloc(r->market->n_symbols, sizeof *r->cursor);
    if (!r->cursor) return GW_ERR_NOMEM;
    size_t longest = 1;
    for (size_t s = 0; s < r->market->n_symbols; ++s) {
        const struct gw_bars *bars = &r->market->symbol[s];
        struct cursor *c = &r->cursor[s];
        c->bar = all ? 0 : first_closing_from(bars, config->begin_ns);
        c->end = all ? bars->n : first_closing_from(bars, config->end_ns);
        c->next_ns = c->bar < c->end ? bars->bar[c->bar].open_ns : INT64_MAX;
        r->broker.desk[s].n_closed = c->bar;
        if (c->bar < c->end && c->end - c->bar > longest) longest = c->end - c->bar;
    }
    return equity_grow(r, longest);
}

static int states_open(struct replay *r) {
    const struct gw_strategy_desc *strategy = r->strategy;
    const bool per_symbol = strategy->per_symbol_state_size > 0;
    const size_t size = per_symbol ? strategy->per_symbol_state_size : strategy->state_size;
    const size_t count = per_symbol ? r->market->n_symbols : 1;
    const size_t stride = (size + 63) / 64 * 64; /* keeps every state aligned */
    r->state = mem_calloc(count, stride ? stride : 64);
    if (!r->state) return GW_ERR_NOMEM;
    r->state_stride = per_symbol ? stride : 0;
    for (size_t s = 0; s < count && strategy->init; ++s) strategy->init(r->state + s * stride, &r->parameters);
    if (!strategy->open) return GW_OK;
    r->name = mem_calloc(r->market->n_symbols, sizeof *r->name);
    if (!r->name) return GW_ERR_NOMEM;
    for (size_t s = 0; s < r->market->n_symbols; ++s) r->name[s] = r->market->symbol[s].symbol;
    const struct gw_strategy_setting setting = {r->market->n_symbols, r->name, r->market->symbol[0].interval_ns};
    for (size_t s = 0; s < count; ++s) {
        r->n_states = s + 1;
        TRY(strategy->open(r->state + s * stride, &r->parameters, &setting));
    }
    return GW_OK;
}

static void states_close(struct replay *r) {
    for (size_t s = 0; s < r->n_states && r->strategy->close; ++s) r->strategy->close(r->state + s * r->state_stride);
    mem_free(r->name);
    mem_free(r->state);
}

void gw_replay_config_default(struct gw_replay_config *config) {
    *config = (struct gw_replay_config){
        .costs = {.multiplier = 1}, .intrabar = GW_INTRABAR_STOP_FIRST, .initial_cash = 100000};
}

static int arguments_check(const struct replay *r) {
    if (!r->market->n_symbols) FAIL(GW_ERR_DATA, "replay: the market has no symbols");
    if (r->config->begin_ns > r->config->end_ns) FAIL(GW_ERR_CONFIG, "replay: the window ends before it begins");
    if (r->strategy->needs_model && !r->scores)
        FAIL(GW_ERR_CONFIG, "strategy %s: needs a model's scores; give the strategy a model", r->strategy->name);
    TRY(gw_cost_config_check(&r->config->costs));
    return gw_strategy_config_check(r->strategy, &r->parameters, NULL);
}

static int run(struct replay *r) {
    TRY(arguments_check(r));
    TRY(gw_ledger_init(&r->result->ledger, r->market->n_symbols, r->config->initial_cash));
    TRY(broker_init(&r->broker, r->market, r->config, r->result));
    r->sink = (struct broker_sink){.base = {put_order, cancel_order, replace_order, fail_replay}, .broker = &r->broker};
    if (r->strategy->on_order) {
        r->broker.notify = tell_strategy;
        r->broker.who = r;
    }
    TRY(cursors_open(r));
    TRY(states_open(r));
    TRY(event_loop(r));
    r->result->fees = r->result->ledger.fees;
    r->result->funding = r->result->ledger.funding;
    r->result->interest = r->result->ledger.interest;
    return gw_ledger_reconcile(&r->result->ledger);
}

int gw_replay_run(const struct gw_market *market, const struct gw_replay_config *config,
                  const struct gw_strategy_desc *strategy, const struct gw_strategy_config *parameters,
                  const struct gw_score *const *scores, const double *const *min_move, struct gw_replay_result *out) {
    memset(out, 0, sizeof *out);
    struct replay r = {.market = market,
                       .config = config,
                       .strategy = strategy,
                       .parameters = *parameters,
                       .scores = scores,
                       .min_move = min_move,
                       .result = out};
    const int row = gw_strategy_row(strategy);
    r.parameters.strategy = row >= 0 ? row : 0;
    const int rc = run(&r);
    mem_free(r.cursor);
    states_close(&r);
    broker_free(&r.broker);
    if (rc < 0) gw_replay_result_free(out);
    return rc;
}

void gw_replay_result_free(struct gw_replay_result *result) {
    mem_free(result->trade);
    mem_free(result->equity);
    mem_free(result->order);
    gw_ledger_free(&result->ledger);
    memset(result, 0, sizeof *result);
}
