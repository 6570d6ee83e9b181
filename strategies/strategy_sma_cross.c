/* sma_cross: the mean close of `fast` bars against that of `slow` bars. When the fast mean crosses above, shorts are
 * closed and a long is opened; when it crosses below, the reverse. No stops: a position lasts until the next cross.
 *
 * The means differ only when they are more than 1e-12 of the slow one apart; within that band the last relation
 * stands, so that a flat market does not trade on rounding. Running sums make a bar O(1); they are summed anew at
 * every slow-th bar of the history, so their error does not grow. */
#include <math.h>

#include "engine/base/base.h"
#include "strategies.h"

static const double BAND = 1e-12;

struct sma_params {
    size_t fast, slow;
};
static const struct gw_param params[] = {
    GW_SIZE_PARAM(struct sma_params, fast, "bars", 20, 1, 1e6, "sma_cross: length of the fast mean; less than slow"),
    GW_SIZE_PARAM(struct sma_params, slow, "bars", 50, 2, 1e6, "sma_cross: length of the slow mean"),
};

struct state {
    double fast_sum, slow_sum;
    double n_fast, n_slow; /* bars of each mean */
    size_t bars_left;      /* until the sums are made anew */
    int relation;          /* +1 fast above slow, -1 below, 0 not known yet */
};

static double sum_closes(const struct gw_bar *last, size_t n) {
    double sum = 0;
    for (size_t ago = n; ago-- > 0;) sum += (last - ago)->close;
    return sum;
}

/* Out of line, so that a bar without it saves no registers. */
static __attribute__((noinline)) void sum_anew(struct state *state, const struct sma_params *sma,
                                               const struct gw_history *history) {
    state->fast_sum = sum_closes(history->last, sma->fast);
    state->slow_sum = sum_closes(history->last, sma->slow);
    state->n_fast = (double)sma->fast;
    state->n_slow = (double)sma->slow;
    state->bars_left = sma->slow - 1 - history->n % sma->slow;
}

static __attribute__((noinline)) void trade_cross(const struct gw_strategy_config *config,
                                                  const struct gw_bar_event *event, int side,
                                                  struct gw_order_sink *orders) {
    const double held = event->position.quantity;
    if (held * side < 0 || event->position.pending)
        gw_order_put(orders, &(struct gw_order){.symbol = event->symbol, .kind = GW_ORDER_CLOSE});
    if (held * side > 0 || !(side > 0 ? config->trade_long : config->trade_short)) return;
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                            .kind = GW_ORDER_MARKET,
                                            .side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT,
                                            .size = config->size,
                                            .probability = NAN});
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct state *state = memory;
    const struct sma_params *sma = gw_strategy_own(config);
    if (event->history.n < sma->slow) return;
    if (state->bars_left) {
        const struct gw_bar *last = event->history.last;
        state->bars_left--;
        state->fast_sum += last->close - (last - sma->fast)->close;
        state->slow_sum += last->close - (last - sma->slow)->close;
    } else {
        sum_anew(state, sma, &event->history);
    }
    /* Both means times fast x slow: no division on the way of every bar. */
    const double fast = state->fast_sum * state->n_slow, slow = state->slow_sum * state->n_fast, band = BAND * slow;
    const int before = state->relation;
    const int now = fast > slow + band ? 1 : fast < slow - band ? -1 : before;
    if (now == before) return;
    state->relation = now;
    if (before) trade_cross(config, event, now, orders);
}

static int check(const void *own, const char *key[GW_STRATEGY_KEYS_MAX]) {
    const struct sma_params *sma = own;
    if (sma->fast < sma->slow) return GW_OK;
    key[0] = "fast";
    key[1] = "slow";
    FAIL(GW_ERR_CONFIG, "trading.fast (%zu bars) must be smaller than trading.slow (%zu)", sma->fast, sma->slow);
}

const struct gw_strategy_desc strategy_sma_cross = {
    .name = "sma_cross",
    .help = "cross of two moving averages of the close, always by market orders",
    .own = GW_PARAM_TABLE(params),
    .on_bar = on_bar,
    .per_symbol_state_size = sizeof(struct state),
    .check = check,
};
