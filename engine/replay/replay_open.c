/* What stands before the first event of a replay: cursors, room, the strategy's states. */
#include <math.h>

#include "engine/base/base.h"
#include "replay_private.h"

int replay_equity_grow(struct replay *r, size_t capacity) {
    struct gw_equity_point *grown = mem_realloc(r->result->equity, capacity, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    r->result->equity = grown;
    r->equity_capacity = capacity;
    return GW_OK;
}

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

int replay_cursors_open(struct replay *r) {
    const struct gw_replay_config *config = r->config;
    const bool all = config->begin_ns == 0 && config->end_ns == 0;
    const size_t n_symbols = r->market->n_symbols;
    size_t longest = 1, n_bars = 0;
    r->n_blocks = (n_symbols + BLOCK - 1) / BLOCK;
    r->cursor = mem_calloc(n_symbols, sizeof *r->cursor);
    r->next_ns = mem_calloc(n_symbols, sizeof *r->next_ns);
    r->soonest_ns = mem_calloc(r->n_blocks, sizeof *r->soonest_ns);
    r->event = mem_calloc(n_symbols, sizeof *r->event);
    if (!r->cursor || !r->next_ns || !r->soonest_ns || !r->event) return GW_ERR_NOMEM;
    for (size_t b = 0; b < r->n_blocks; ++b) r->soonest_ns[b] = INT64_MAX;
    for (size_t s = 0; s < n_symbols; ++s) {
        const struct gw_bars *bars = &r->market->symbol[s];
        struct cursor *c = &r->cursor[s];
        c->bars = bars->bar;
        c->interval_ns = bars->interval_ns;
        c->position = &r->result->ledger.position[s];
        c->bar = all ? 0 : first_closing_from(bars, config->begin_ns);
        c->end = all ? bars->n : first_closing_from(bars, config->end_ns);
        r->next_ns[s] = c->bar < c->end ? bars->bar[c->bar].open_ns : INT64_MAX;
        if (r->next_ns[s] < r->soonest_ns[s / BLOCK]) r->soonest_ns[s / BLOCK] = r->next_ns[s];
        r->broker.desk[s].n_closed = c->bar;
        c->more = bars->quote_volume || bars->trade_count || bars->taker_buy_base || config->follow ||
                  (r->scores && r->scores[s]) || (r->min_move && r->min_move[s]);
        r->event[s] = (struct gw_bar_event){.symbol = (uint32_t)s,
                                            .history = {.column = bars->column, .n_columns = bars->n_columns},
                                            .min_move = NAN,
                                            .n_follow = config->follow ? config->n_follow : 0};
        if (c->bar >= c->end) continue;
        n_bars += c->end - c->bar;
        if (c->end - c->bar > longest) longest = c->end - c->bar;
    }
    TRY(broker_reserve(&r->broker, n_bars));
    return replay_equity_grow(r, longest);
}

int replay_states_open(struct replay *r) {
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

void replay_states_close(struct replay *r) {
    for (size_t s = 0; s < r->n_states && r->strategy->close; ++s) r->strategy->close(r->state + s * r->state_stride);
    mem_free(r->name);
    mem_free(r->state);
}
