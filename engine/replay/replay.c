/* The event loop. Every symbol has a cursor at its next bar, and every bar is two events:
 *
 *   open  (open time)            1 waiting orders fill, gaps through a level exit                   desk_open
 *   close (open time + interval) 2 stop, target, time exit in the bar's range; 3 mark at the close  broker_close
 *                                4 the strategy sees the closed bar and queues orders               deliver
 *                                5 after a symbol's last bar its position is closed                 broker_end
 *
 * Time runs forward over both kinds; at one instant closes come before opens (a decision at the close of t can
 * fill at an open at that same instant, never at an earlier one), rates of quote currencies move before both (rates.c)
 * and symbols go in config order. So whatever the
 * intervals and gaps, a fill is sized with prices that were known when it happened. One equity point per instant
 * at which bars close.
 *
 * Cost: O(1) per bar for symbols on one clock; an instant looks at one time for every 64 symbols, and at what is held. Nothing is allocated per event
 * but the growth of the trade list, the journal and the equity curve. */
#include "gatewalk/replay.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

#include "replay_private.h"

static void tell_strategy(void *who, const struct gw_order_record *record) {
    struct replay *r = who;
    r->strategy->on_order(r->state + record->symbol * r->state_stride, &r->parameters, record);
}

/* ---- events ------------------------------------------------------------------------------- */

/* Inlined into both loops: of one symbol all that is looked up is then constant. */
#define HOT static inline __attribute__((always_inline))

/* What only some bars have. */
static void deliver_more(struct replay *r, size_t s, size_t i) {
    const struct gw_bars *bars = &r->market->symbol[s];
    struct gw_bar_event *event = &r->event[s];
    event->history.quote_volume = bars->quote_volume ? &bars->quote_volume[i] : NULL;
    event->history.trade_count = bars->trade_count ? &bars->trade_count[i] : NULL;
    event->history.taker_buy_base = bars->taker_buy_base ? &bars->taker_buy_base[i] : NULL;
    event->follow = r->config->follow ? &r->config->follow[s][i * r->config->n_follow] : NULL;
    if (r->scores && r->scores[s]) event->score = &r->scores[s][i];
    if (r->min_move && r->min_move[s]) event->min_move = r->min_move[s][i];
}

/* Of the event only what changes from bar to bar is written again. */
HOT int deliver(struct replay *r, const struct cursor *c, const struct desk *desk, size_t s, size_t i, int64_t now_ns) {
    struct gw_bar_event *event = &r->event[s];
    event->close_ns = now_ns;
    event->history.last = &c->bars[i];
    event->history.n = i + 1;
    if (c->more) deliver_more(r, s, i);
    broker_look(desk, &event->position);
    event->order = r->result->order;
    event->n_orders = r->result->n_records;
    const struct gw_replay_watch *watch = r->config->watch;
    if (watch && watch->bar) watch->bar(watch->who, event);
    r->sink.now_ns = now_ns;
    r->strategy->on_bar(r->state + s * r->state_stride, &r->parameters, event, &r->sink.base);
    return r->sink.rc;
}

HOT int bar_closes(struct replay *r, const struct cursor *c, size_t s, size_t i, int64_t now_ns) {
    struct desk *desk = &r->broker.desk[s];
    TRY(broker_close(desk, c->position, &c->bars[i], i, now_ns));
    TRY(deliver(r, c, desk, s, i, now_ns));
    if (i + 1 == c->end) TRY(broker_end(&r->broker, s, i));
    r->result->n_events++;
    return r->config->check_ledger ? gw_ledger_reconcile(&r->result->ledger) : GW_OK;
}

HOT int equity_record(struct replay *r, int64_t now_ns) {
    struct gw_replay_result *result = r->result;
    if (r->broker.watched) TRY(account_instant(&r->broker, now_ns));
    if (result->n_equity == r->equity_capacity) TRY(replay_equity_grow(r, 2 * r->equity_capacity));
    double gross;
    const double equity = ledger_value(&result->ledger, &gross);
    result->equity[result->n_equity++] = (struct gw_equity_point){
        .time_ns = now_ns,
        .equity = equity,
        .cash = result->ledger.cash,
        .exposure = gross > 0 ? gross / equity : 0,
    };
    const struct gw_replay_watch *watch = r->config->watch;
    if (watch && watch->instant) watch->instant(watch->who, result);
    return GW_OK;
}

/* One symbol alone: its opens and closes alternate, and there is nobody to wait for. */
static int event_loop_of_one(struct replay *r) {
    const struct cursor c = r->cursor[0];
    struct desk *desk = r->broker.desk;
    for (size_t i = c.bar; i < c.end; ++i) {
        if (desk->active) TRY(desk_open(desk, &c.bars[i], i));
        const int64_t now_ns = c.bars[i].open_ns + c.interval_ns;
        TRY(bar_closes(r, &c, 0, i, now_ns));
        TRY(equity_record(r, now_ns));
    }
    return GW_OK;
}

static int64_t next_instant(const struct replay *r) {
    int64_t now_ns = INT64_MAX;
    for (size_t b = 0; b < r->n_blocks; ++b)
        if (r->soonest_ns[b] < now_ns) now_ns = r->soonest_ns[b];
    return now_ns;
}

/* All closes of block b that are due now. The bar after next is on its way to the cache when its turn comes. */
static int block_closes(struct replay *r, size_t b, int64_t now_ns) {
    const size_t end = b * BLOCK + BLOCK < r->market->n_symbols ? b * BLOCK + BLOCK : r->market->n_symbols;
    for (size_t s = b * BLOCK; s < end; ++s) {
        struct cursor *c = &r->cursor[s];
        if (r->next_ns[s] != now_ns || !c->opened) continue;
        const size_t i = c->bar++;
        if (i + 2 < c->end) __builtin_prefetch(&c->bars[i + 2]);
        TRY(bar_closes(r, c, s, i, now_ns));
        c->opened = false;
        r->next_ns[s] = c->bar < c->end ? c->bars[c->bar].open_ns : INT64_MAX;
    }
    return GW_OK;
}

/* Its opens; then when it is next looked at. */
static int block_opens(struct replay *r, size_t b, int64_t now_ns) {
    const size_t end = b * BLOCK + BLOCK < r->market->n_symbols ? b * BLOCK + BLOCK : r->market->n_symbols;
    int64_t soonest_ns = INT64_MAX;
    for (size_t s = b * BLOCK; s < end; ++s) {
        if (r->next_ns[s] <= now_ns) {
            struct cursor *c = &r->cursor[s];
            struct desk *desk = &r->broker.desk[s];
            c->opened = true;
            r->next_ns[s] = c->bars[c->bar].open_ns + c->interval_ns;
            if (desk->active) TRY(desk_open(desk, &c->bars[c->bar], c->bar));
        }
        if (r->next_ns[s] < soonest_ns) soonest_ns = r->next_ns[s];
    }
    r->soonest_ns[b] = soonest_ns;
    return GW_OK;
}

static int event_loop(struct replay *r) {
    if (r->market->n_symbols == 1 && !r->broker.rated) return event_loop_of_one(r);
    for (int64_t now_ns; (now_ns = next_instant(r)) < INT64_MAX;) {
        const size_t before = r->result->n_events;
        if (r->broker.rated) broker_rates(&r->broker, now_ns);
        for (size_t b = 0; b < r->n_blocks; ++b)
            if (r->soonest_ns[b] <= now_ns) TRY(block_closes(r, b, now_ns));
        if (r->result->n_events > before) TRY(equity_record(r, now_ns));
        for (size_t b = 0; b < r->n_blocks; ++b)
            if (r->soonest_ns[b] <= now_ns) TRY(block_opens(r, b, now_ns));
    }
    return GW_OK;
}

/* ---- before and after --------------------------------------------------------------------- */

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
    broker_sink_open(&r->sink, &r->broker);
    if (r->strategy->on_order) {
        r->broker.notify = tell_strategy;
        r->broker.who = r;
    }
    TRY(replay_cursors_open(r));
    TRY(replay_states_open(r));
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
    mem_free(r.next_ns);
    mem_free(r.soonest_ns);
    mem_free(r.event);
    replay_states_close(&r);
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
