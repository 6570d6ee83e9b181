#include "isolated_asked.h"
#include "engine/base/base.h"

int asked_open(const struct prepared *p, const struct strategy_spec *spec, bool with_states, struct asked *out) {
    const struct gw_strategy_desc *desc = spec->desc;
    const size_t n = p->market.n_symbols,
                 size = desc->per_symbol_state_size ? desc->per_symbol_state_size : desc->state_size;
    *out = (struct asked){.desc = desc, .config = spec->trading, .stride = (size + 63) / 64 * 64};
    if (!with_states) return GW_OK;
    out->name = mem_calloc(n, sizeof *out->name);
    out->state = mem_calloc(n, out->stride + 64);
    if (!out->name || !out->state) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++) out->name[s] = p->market.symbol[s].symbol;
    const struct gw_strategy_setting setting = {n, out->name, p->market.symbol[0].interval_ns};
    for (size_t s = 0; s < n; s++) {
        if (desc->init) desc->init(asked_state(out, s), &out->config);
        out->n_opened = s + 1;
        if (desc->open) TRY(desc->open(asked_state(out, s), &out->config, &setting));
    }
    return GW_OK;
}

void asked_close(struct asked *a) {
    for (size_t s = 0; s < a->n_opened && a->desc->close; s++) a->desc->close(asked_state(a, s));
    mem_free(a->name);
    mem_free(a->state);
}

struct gw_bar_event asked_event(const struct prepared *p, uint32_t symbol, size_t t) {
    const struct gw_bars *bars = &p->market.symbol[symbol];
    return (struct gw_bar_event){
        .symbol = symbol,
        .close_ns = gw_bar_close_ns(bars, t),
        .history = {.last = &bars->bar[t],
                    .n = t + 1,
                    .quote_volume = bars->quote_volume ? &bars->quote_volume[t] : NULL,
                    .trade_count = bars->trade_count ? &bars->trade_count[t] : NULL,
                    .taker_buy_base = bars->taker_buy_base ? &bars->taker_buy_base[t] : NULL,
                    .column = bars->column,
                    .n_columns = bars->n_columns},
        .min_move = p->labels[symbol].min_move[t],
    };
}

bool strategy_leaves(const struct strategy_spec *spec) {
    return spec->desc->leave_values && spec->desc->leave_values(&spec->trading) > 0;
}
