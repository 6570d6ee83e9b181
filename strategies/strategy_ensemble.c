/* ensemble: trades what several other contestants hold, by vote or on average. Each of them keeps its own account, with its own
 * exits and costs, and is followed by what it holds at a bar's close once its market orders have filled: long 1, flat 0, short -1.
 *
 *   mean  the mean of these, so a position grows and shrinks with the agreement: size x |mean|
 *   vote  the side that more members hold than the other, if at least `quorum` of all members hold it
 *   all   the side that all members hold
 *   any   the side that any member holds while none holds the other
 *
 * It acts when that changes, by market orders at the next open, and so never later than its members' own market orders. What ends
 * its position otherwise (a limit of the account) is not undone before the members change their mind. */
#include <math.h>

#include "engine/base/base.h"
#include "parts.h"
#include "strategies.h"

enum rule { RULE_MEAN, RULE_VOTE, RULE_ALL, RULE_ANY };
static const struct gw_choice rule_rows[] = {
    [RULE_MEAN] = {.name = "mean", .help = "size by the mean of the members' sides"},
    [RULE_VOTE] = {.name = "vote", .help = "the side that more members hold, if a quorum does"},
    [RULE_ALL] = {.name = "all", .help = "the side that all members hold"},
    [RULE_ANY] = {.name = "any", .help = "the side that any member holds and none opposes"},
};
static const struct gw_choices rules = {.row = rule_rows, .n = COUNT_OF(rule_rows)};

struct ensemble_params {
    enum rule rule;
    double quorum;
};
static const struct gw_param params[] = {
    GW_CHOICE_PARAM(struct ensemble_params, rule, &rules, 0, "ensemble: how the members' positions become one"),
    GW_NUMBER_PARAM(struct ensemble_params, quorum, "of members", .5, 0, 1,
                    "ensemble, vote: at least this share of the members holds the side"),
};

struct state {
    double target; /* acted on last: of the full size, signed */
};

static double wanted(const struct ensemble_params *own, const signed char *side, size_t n) {
    double longs = 0, shorts = 0;
    for (size_t i = 0; i < n; ++i) {
        longs += side[i] > 0;
        shorts += side[i] < 0;
    }
    const double all = (double)n, most = fmax(longs, shorts), ahead = (longs > shorts) - (shorts > longs);
    switch (own->rule) {
    case RULE_MEAN:
        return (longs - shorts) / all;
    case RULE_VOTE:
        return most >= own->quorum * all ? ahead : 0;
    case RULE_ALL:
        return most >= all ? ahead : 0;
    default:
        return longs > 0 && shorts > 0 ? 0 : ahead;
    }
}

static void add(const struct gw_strategy_config *config, const struct gw_bar_event *event, double by,
                struct gw_order_sink *orders) {
    struct gw_order order = {
        .symbol = event->symbol, .side = by > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT, .probability = NAN};
    if (!entry_size(config, event, &order)) return;
    order.size *= fabs(by);
    order.notional *= fabs(by);
    gw_order_put(orders, &order);
}

static void reduce(const struct gw_bar_event *event, double by, struct gw_order_sink *orders) {
    const double held = event->position.quantity;
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                            .kind = GW_ORDER_MARKET,
                                            .side = held > 0 ? GW_SIDE_SHORT : GW_SIDE_LONG,
                                            .quantity = fabs(held) * by,
                                            .reduce_only = true,
                                            .probability = NAN});
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct state *state = memory;
    if (!event->n_follow) return;
    double target = wanted(gw_strategy_own(config), event->follow, event->n_follow);
    if (!(target > 0 ? config->trade_long : config->trade_short)) target = 0;
    const double before = state->target, held = event->position.quantity;
    if (target == before) return;
    state->target = target;
    if (target * before > 0 && held * target > 0 && !event->position.pending) {
        if (fabs(target) > fabs(before))
            add(config, event, target - before, orders);
        else
            reduce(event, 1 - target / before, orders);
        return;
    }
    if (held != 0 || event->position.pending) close_position(event, orders);
    if (target != 0) add(config, event, target, orders);
}

const struct gw_strategy_desc strategy_ensemble = {
    .name = "ensemble",
    .help = "follows several earlier contestants (\"members\"): by vote, or by the mean of what they hold",
    .own = GW_PARAM_TABLE(params),
    .on_bar = on_bar,
    .per_symbol_state_size = sizeof(struct state),
};
