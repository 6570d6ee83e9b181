/* random_entry: the fair null of a strategy. Flat, it enters with probability entry_rate a bar, long with long_share,
 * and leaves after holding_bars. With "match": "name" these three follow from the trades of that contestant, which must
 * stand before it: as many trades are expected, held as long, on the same sides, at moments that know nothing.
 *
 * Draws are keyed by (random_seed, symbol, bar), so a bar's decision does not depend on the ones before it. */
#include <math.h>

#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "parts.h"
#include "strategies.h"

struct random_params {
    char match[24];
    double entry_rate, long_share;
    size_t holding_bars, random_seed;
};
static const struct gw_param params[] = {
    GW_TEXT_PARAM(struct random_params, match, GW_PARAM_TEXT,
                  "random_entry: an earlier contestant whose number of trades, sides and holding time it takes"),
    GW_NUMBER_PARAM(struct random_params, entry_rate, "per bar", .01, 0, 1, "random_entry: probability to enter"),
    GW_NUMBER_PARAM(struct random_params, long_share, "fraction", .5, 0, 1, "random_entry: probability of a long"),
    GW_SIZE_PARAM(struct random_params, holding_bars, "bars", 24, 1, 1e6, "random_entry: time exit"),
    GW_SIZE_PARAM(struct random_params, random_seed, "", 1, 0, 1e9, "random_entry: seed of the draws"),
};

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    (void)memory;
    const struct random_params *own = gw_strategy_own(config);
    if (event->position.quantity != 0 || event->position.pending) return;
    struct gw_rng rng;
    gw_rng_key(&rng, own->random_seed, "random_entry", event->symbol, event->history.n, 0);
    if (gw_rng_uniform(&rng) >= own->entry_rate) return;
    const bool is_long = gw_rng_uniform(&rng) < own->long_share;
    if (!(is_long ? config->trade_long : config->trade_short)) return;
    struct gw_order order = {.symbol = event->symbol,
                             .side = is_long ? GW_SIDE_LONG : GW_SIDE_SHORT,
                             .max_bars = own->holding_bars,
                             .probability = NAN};
    if (entry_size(config, event, &order)) gw_order_put(orders, &order);
}

static const char *matches(const void *memory) { return ((const struct random_params *)memory)->match; }

static void match(void *memory, const struct gw_trade *trade, size_t n_trades, size_t n_bars) {
    struct random_params *own = memory;
    double held = 0, n_long = 0;
    for (size_t i = 0; i < n_trades; ++i) {
        held += trade[i].bars_held;
        n_long += trade[i].side == GW_SIDE_LONG;
    }
    own->entry_rate = 0;
    if (!n_trades) return;
    own->holding_bars = (size_t)fmax(1, round(held / (double)n_trades));
    own->long_share = n_long / (double)n_trades;
    const double flat = (double)n_bars - (double)(n_trades * own->holding_bars);
    own->entry_rate = flat > (double)n_trades ? (double)n_trades / flat : 1;
}

const struct gw_strategy_desc strategy_random_entry = {
    .name = "random_entry",
    .help = "enters at random, as often and as long as another contestant: its null",
    .own = GW_PARAM_TABLE(params),
    .on_bar = on_bar,
    .matches = matches,
    .match = match,
};
