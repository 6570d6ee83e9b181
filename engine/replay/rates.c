/* What a symbol's quote currency is worth in that of the account: the last closed bar of another symbol says it. The
 * definition is gw_instrument's (gatewalk/replay.h). */
#include "broker.h"
#include "engine/base/base.h"

int desk_rate_open(struct desk *desk, const struct gw_market *market) {
    const size_t which = desk->instrument.rate_symbol;
    desk->rate = which ? 0 : 1;
    if (!which) return GW_OK;
    if (which > market->n_symbols || (which - 1 == desk->symbol && !desk->instrument.rate_inverse))
        FAIL(GW_ERR_CONFIG, "instrument %s: its rate must come from another of the %zu symbols", desk->bars->symbol,
             market->n_symbols);
    desk->rate_bars = &market->symbol[which - 1];
    return GW_OK;
}

/* A price of 0 or NaN is no price: the one before it stays. */
static double rate_of(const struct desk *desk, size_t i, double before) {
    const double close = desk->rate_bars->bar[i].close;
    if (!(close > 0) || isinf(close)) return before;
    return desk->instrument.rate_inverse ? 1 / close : close;
}

void desk_rate_to(struct desk *desk, int64_t now_ns) {
    const struct gw_bars *bars = desk->rate_bars;
    for (; desk->n_rates < bars->n && gw_bar_close_ns(bars, desk->n_rates) <= now_ns; ++desk->n_rates)
        desk->rate = rate_of(desk, desk->n_rates, desk->rate);
}

double desk_rate_before(const struct desk *desk, int64_t now_ns) {
    size_t n = desk->n_rates;
    if (n == 0 || gw_bar_close_ns(desk->rate_bars, n - 1) <= now_ns) return desk->rate;
    while (n > 0 && (gw_bar_close_ns(desk->rate_bars, n - 1) > now_ns || !(rate_of(desk, n - 1, 0) > 0))) --n;
    return n > 0 ? rate_of(desk, n - 1, 0) : desk->rate;
}

void broker_rates(struct broker *broker, int64_t now_ns) {
    for (size_t s = 0; s < broker->n_symbols; ++s) {
        struct desk *desk = &broker->desk[s];
        if (!desk->rate_bars) continue;
        desk_rate_to(desk, now_ns);
        gw_ledger_rate(&broker->result->ledger, desk->symbol, desk->rate);
    }
}
