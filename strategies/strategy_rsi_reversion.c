/* rsi_reversion: buys weakness and sells strength. Wilder's relative strength index (New Concepts in Technical Trading
 * Systems, 1978) below `oversold` opens a long, above `overbought` a short; back at `neutral` it is closed.
 *
 * The averages of gains and losses begin with the plain mean of the first rsi_length changes that the history holds
 * when the strategy first sees it, and are smoothed by Wilder's rule from there. */
#include <math.h>

#include "engine/base/base.h"
#include "parts.h"
#include "strategies.h"

struct rsi_params {
    struct exit_params exits;
    size_t rsi_length;
    double oversold, overbought, neutral;
};
#define RSI(kind, field, ...) GW_##kind##_PARAM(struct rsi_params, field, __VA_ARGS__)
static const struct gw_param params[] = {
    EXIT_PARAMS(struct rsi_params, exits),
    RSI(SIZE, rsi_length, "bars", 14, 2, 1e6, "rsi_reversion: length of Wilder's averages"),
    RSI(NUMBER, oversold, "RSI", 30, 0, 100, "rsi_reversion: a long is opened below"),
    RSI(NUMBER, overbought, "RSI", 70, 0, 100, "rsi_reversion: a short is opened above"),
    RSI(NUMBER, neutral, "RSI", 50, 0, 100, "rsi_reversion: positions are closed here"),
};

struct state {
    double gain, loss; /* smoothed */
    bool begun;
};

static void begin(struct state *state, const struct gw_history *history, size_t n) {
    state->begun = true;
    for (size_t ago = n; ago-- > 0;) {
        const struct gw_bar *bar = gw_history_bar(history, ago);
        const double change = bar->close - (bar - 1)->close;
        state->gain += fmax(change, 0) / (double)n;
        state->loss += fmax(-change, 0) / (double)n;
    }
}

static void update(struct state *state, const struct gw_bar *last, size_t n) {
    const double change = last->close - (last - 1)->close, keep = (double)(n - 1);
    state->gain = (state->gain * keep + fmax(change, 0)) / (double)n;
    state->loss = (state->loss * keep + fmax(-change, 0)) / (double)n;
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct state *state = memory;
    const struct rsi_params *own = gw_strategy_own(config);
    if (event->history.n <= own->rsi_length) return;
    if (state->begun)
        update(state, event->history.last, own->rsi_length);
    else
        begin(state, &event->history, own->rsi_length);
    const double sum = state->gain + state->loss;
    if (!(sum > 0)) return;
    const double rsi = 100 * state->gain / sum, held = event->position.quantity;
    if (rsi < own->oversold)
        turn_to(config, &own->exits, event, 1, orders);
    else if (rsi > own->overbought)
        turn_to(config, &own->exits, event, -1, orders);
    else if ((held > 0 && rsi >= own->neutral) || (held < 0 && rsi <= own->neutral))
        close_position(event, orders);
}

static int check(const void *memory, const char *key[GW_STRATEGY_KEYS_MAX]) {
    const struct rsi_params *own = memory;
    if (own->oversold <= own->neutral && own->neutral <= own->overbought) return GW_OK;
    key[0] = "oversold", key[1] = "neutral", key[2] = "overbought";
    FAIL(GW_ERR_CONFIG, "trading.oversold (%g), neutral (%g) and overbought (%g) must not fall", own->oversold,
         own->neutral, own->overbought);
}

const struct gw_strategy_desc strategy_rsi_reversion = {
    .name = "rsi_reversion",
    .help = "buys below an RSI, sells above another, closes in the middle",
    .own = GW_PARAM_TABLE(params),
    .on_bar = on_bar,
    .per_symbol_state_size = sizeof(struct state),
    .check = check,
};
