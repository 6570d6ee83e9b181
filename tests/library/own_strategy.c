/* A strategy of one's own, outside gatewalk's tree: buy after k bars down, leave after k bars up, over synthetic bars.
 * Prints what the library measures of it and checks what must hold of any replay. */
#include <gatewalk/error.h>
#include <gatewalk/metrics.h>
#include <gatewalk/replay.h>
#include <gatewalk/synth.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that the library uses inside must be free for others. */
int table_read(void) { return 1; }
int json_parse(void) { return 2; }

enum { IN_A_ROW = 3 };

struct state {
    size_t down, up;
};

static void init(void *state, const struct gw_strategy_config *config) {
    (void)config;
    *(struct state *)state = (struct state){0, 0};
}

static void on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct state *s = state;
    const struct gw_bar *now = gw_history_bar(&event->history, 0), *before = gw_history_bar(&event->history, 1);
    if (!before) return;
    s->down = now->close < before->close ? s->down + 1 : 0;
    s->up = now->close > before->close ? s->up + 1 : 0;
    if (event->position.pending) return;
    if (event->position.quantity == 0 && s->down >= IN_A_ROW)
        gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                                .kind = GW_ORDER_MARKET,
                                                .side = GW_SIDE_LONG,
                                                .size = config->size,
                                                .probability = NAN});
    if (event->position.quantity > 0 && s->up >= IN_A_ROW)
        gw_order_put(orders, &(struct gw_order){.symbol = event->symbol, .kind = GW_ORDER_CLOSE, .probability = NAN});
}

static const struct gw_strategy_desc dip_buyer = {
    .name = "dip_buyer",
    .help = "buys after three bars down, leaves after three up",
    .state_size = sizeof(struct state),
    .init = init,
    .on_bar = on_bar,
};

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "own_strategy: %s\n", what);
    exit(1);
}
static void fine(int rc) { require(rc == GW_OK, gw_error_message()); }

int main(void) {
    struct gw_bars bars;
    struct gw_synth_truth truth;
    fine(
        gw_synth_generate(&(struct gw_synth_options){.kind = "random-walk", .n_bars = 5000, .seed = 7}, &bars, &truth));
    /* Bars of one's own come from an array of records; here the same ones again. */
    struct gw_bars own;
    fine(gw_bars_create("MINE", bars.interval_ns, bars.bar, bars.n, &own));
    require(own.n == bars.n && memcmp(own.bar, bars.bar, bars.n * sizeof *bars.bar) == 0, "bars changed on the way");

    struct gw_market market = {.n_symbols = 1, .symbol = &own};
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    struct gw_replay_result result;
    gw_replay_config_default(&config);
    gw_strategy_config_default(&parameters);
    config.check_ledger = true;
    config.costs.taker_bps = 2;
    fine(gw_replay_run(&market, &config, &dip_buyer, &parameters, NULL, NULL, &result));

    double pnl = 0;
    for (size_t i = 0; i < result.n_trades; i++) pnl += result.trade[i].pnl;
    double last = result.equity[result.n_equity - 1].equity;
    require(result.n_trades > 50, "hardly any trade");
    require(result.n_events == own.n, "not every bar was delivered");
    require(result.fees > 0, "trading was free");
    require(fabs(config.initial_cash + pnl - last) < 1e-9 * config.initial_cash, "trades and equity disagree");

    struct gw_portfolio_input input = {.equity = result.equity,
                                       .n_equity = result.n_equity,
                                       .trade = result.trade,
                                       .n_trades = result.n_trades,
                                       .initial_cash = config.initial_cash,
                                       .turnover = result.turnover,
                                       .periods_per_year = 365 * 24 * 4};
    bool seen = false;
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++) {
        const struct gw_portfolio_metric_desc *metric = gw_portfolio_metric_at(i);
        double value = metric->compute(&input);
        printf("%-22s %12.6g %s\n", metric->name, value, metric->unit);
        if (strcmp(metric->name, "total_return") != 0) continue;
        seen = true;
        require(fabs(value - (last / config.initial_cash - 1)) < 1e-12, "total_return is not the equity's");
    }
    require(seen, "total_return is not measured");
    gw_replay_result_free(&result);
    gw_bars_free(&own);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    return table_read() + json_parse() == 3 ? 0 : 1;
}
