/* Rates of the event loop: sma_cross as it is, with brackets, with limit entries and trailing stops, and four symbols
 * merged. The strategy's orders are dressed on their way to the broker, so that all rows take the same decisions. */
#include <math.h>
#include <time.h>

#include "bench_private.h"
#include "engine/base/base.h"
#include "gatewalk/replay.h"
#include "strategies/own/rule.h"

enum dress { PLAIN, BRACKETS, LIMITS_AND_TRAILS };

/* One replay at a time. */
static struct {
    enum dress dress;
    const struct gw_strategy_desc *strategy;
    struct gw_strategy_config parameters;
    struct gw_order_sink *broker;
    double close;
} bench;

static uint64_t put_dressed(struct gw_order_sink *sink, const struct gw_order *order) {
    struct gw_order o = *order;
    (void)sink;
    if (o.kind == GW_ORDER_MARKET && bench.dress == BRACKETS) {
        o.stop = 0.01;
        o.target = 0.02;
    }
    if (o.kind == GW_ORDER_MARKET && bench.dress == LIMITS_AND_TRAILS) {
        o.kind = GW_ORDER_LIMIT;
        o.limit_price = bench.close * (1 - (double)o.side * 0.0005);
        o.trail_stop = 0.01;
    }
    return bench.broker->put(bench.broker, &o);
}

static void dressed_on_bar(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                           struct gw_order_sink *orders) {
    static struct gw_order_sink sink = {.put = put_dressed};
    (void)config;
    bench.broker = orders;
    bench.close = event->history.last->close;
    bench.strategy->on_bar(state, &bench.parameters, event, &sink);
}

/* A replay is one thread: what it takes of a core does not depend on who else is waiting for it. */
static double processor_seconds(void) {
    struct timespec now;
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0 ? (double)now.tv_sec + 1e-9 * (double)now.tv_nsec
                                                             : clock_seconds();
}

/* Bars of all symbols a second of processor time. */
static int replay_rate(const struct gw_market *market, enum dress dress, const struct bench_options *o, double *best) {
    bench.dress = dress;
    bench.strategy = gw_strategy_find("sma_cross");
    gw_strategy_config_default(&bench.parameters);
    bench.parameters.strategy = gw_strategy_row(bench.strategy);
    bench.parameters.size = 1 / (double)market->n_symbols;
    struct gw_strategy_desc dressed = *bench.strategy;
    dressed.on_bar = dressed_on_bar;
    struct gw_replay_config config = {
        .costs = {.taker_bps = 5, .multiplier = 1}, .initial_cash = 100000, .begin_ns = INT64_MIN, .end_ns = INT64_MAX};
    double begin = clock_seconds();
    *best = 0;
    do {
        struct gw_replay_result result;
        double start = processor_seconds();
        TRY(gw_replay_run(market, &config, dress == PLAIN ? bench.strategy : &dressed, &bench.parameters, NULL, NULL,
                          &result));
        *best = fmax(*best, (double)result.n_events / (processor_seconds() - start));
        gw_replay_result_free(&result);
    } while (clock_seconds() - begin < o->seconds);
    return GW_OK;
}

static int replay_row(size_t n_symbols, size_t n_bars, enum dress dress, const char *what,
                      const struct bench_options *o, struct bench_list *list) {
    enum { SYMBOLS_MAX = 4 };
    struct gw_bars bars[SYMBOLS_MAX] = {{.n = 0}};
    struct gw_market market = {.n_symbols = n_symbols, .symbol = bars};
    double rate = 0;
    char text[64];
    int rc = GW_OK;
    for (size_t s = 0; s < n_symbols && rc == GW_OK; s++) rc = bench_random_walk(n_bars, &bars[s]);
    if (rc == GW_OK) rc = replay_rate(&market, dress, o, &rate);
    for (size_t s = 0; s < n_symbols; s++) gw_bars_free(&bars[s]);
    TRY(rc);
    snprintf(text, sizeof text, "replay %s, %zu bars", what, n_bars);
    bench_add(list, text, "", rate, "bars/s", NAN);
    return interrupt_check();
}

/* ---- strategies of the user's own ------------------------------------------------------------------------------- */

/* sma_cross once more, as rules and as a script. */
static int make_rules(struct program **out) {
    struct rule_text text = {.text = {[RULE_ENTER_LONG] = "crosses_above(ma_gap(20), ma_gap(50))",
                                      [RULE_ENTER_SHORT] = "crosses_below(ma_gap(20), ma_gap(50))",
                                      [RULE_STOP] = "0.01",
                                      [RULE_TARGET] = "0.02"}};
    enum rule which;
    return program_of_rules(&text, &which, out);
}

static int make_script(struct program **out) {
    static const char text[] = "local fast, slow, last, n = 0, 0, 0, 0\n"
                               "function on_bar(bar, history, score, position, orders)\n"
                               "  fast = fast + bar.close - (history.close(20) or 0)\n"
                               "  slow = slow + bar.close - (history.close(50) or 0)\n"
                               "  n = n + 1\n"
                               "  if n < 50 then return end\n"
                               "  local side = fast * 50 > slow * 20 and 1 or -1\n"
                               "  if side ~= last and position.quantity * side <= 0 then\n"
                               "    if position.quantity ~= 0 then orders.close() end\n"
                               "    if side > 0 then orders.buy{size = 1, stop = 0.01, target = 0.02}\n"
                               "    else orders.sell{size = 1, stop = 0.01, target = 0.02} end\n"
                               "  end\n"
                               "  last = side\n"
                               "end\n";
    const char *bad;
    return program_of_script_text(text, sizeof text - 1, "bench.lua", NULL, 0, &bad, out);
}

static int own_rate(const struct gw_market *market, const struct program *program, const struct bench_options *o,
                    double *best) {
    struct gw_strategy_config trading;
    gw_strategy_config_default(&trading);
    trading.strategy = gw_strategy_row(program->desc);
    trading.program = program;
    struct gw_replay_config config = {
        .costs = {.taker_bps = 5, .multiplier = 1}, .initial_cash = 100000, .begin_ns = INT64_MIN, .end_ns = INT64_MAX};
    const double begin = clock_seconds();
    *best = 0;
    do {
        struct gw_replay_result result;
        const double start = processor_seconds();
        TRY(gw_replay_run(market, &config, program->desc, &trading, NULL, NULL, &result));
        *best = fmax(*best, (double)result.n_events / (processor_seconds() - start));
        gw_replay_result_free(&result);
    } while (clock_seconds() - begin < o->seconds);
    return GW_OK;
}

static int own_row(int (*make)(struct program **), size_t n_bars, const char *what, const struct bench_options *o,
                   struct bench_list *list) {
    struct gw_bars bars = {.n = 0};
    struct gw_market market = {.n_symbols = 1, .symbol = &bars};
    struct program *program = NULL;
    double rate = 0;
    char text[64];
    int rc = bench_random_walk(n_bars, &bars);
    if (rc == GW_OK) rc = make(&program);
    if (rc == GW_OK) rc = own_rate(&market, program, o, &rate);
    program_free(program);
    gw_bars_free(&bars);
    TRY(rc);
    snprintf(text, sizeof text, "replay %s, %zu bars", what, n_bars);
    bench_add(list, text, "", rate, "bars/s", NAN);
    return interrupt_check();
}

int bench_run_replay(const struct bench_options *o, struct bench_list *list) {
    static const size_t sizes[] = {10000, 100000, 1000000, 10000000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) TRY(replay_row(1, sizes[i], PLAIN, "sma_cross", o, list));
    TRY(replay_row(1, 1000000, BRACKETS, "with brackets", o, list));
    TRY(replay_row(1, 1000000, LIMITS_AND_TRAILS, "with limits and trails", o, list));
    TRY(replay_row(4, 1000000, PLAIN, "of four symbols", o, list));
    TRY(own_row(make_rules, 1000000, "rules", o, list));
    const int rc = own_row(make_script, 1000000, "Lua script", o, list);
    if (rc != GW_ERR_TOOL) return rc;
    message("note: %s", gw_error_message()); /* no Lua here: no row of it */
    return GW_OK;
}
