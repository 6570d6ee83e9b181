/* Nothing is allocated per event: a replay of four times the bars asks for memory a few times more (lists that double), whatever
 * trades, and as often as orders and trades may be. */
#include "own/own.h"

#if defined(__SANITIZE_ADDRESS__)
static size_t refuse_at, refuse_seen; /* the sanitizer's allocator cannot be replaced */
#else
#include "faults/refuse.h"
#endif

enum { BARS = 12000, SYMBOLS = 2, FEW = 24 };

static struct gw_score score[SYMBOLS][BARS];
static double move[SYMBOLS][BARS];
static signed char held[BARS * 2];

static void make_market(struct gw_market *market) {
    struct gw_rng rng;
    own_market(market, SYMBOLS, BARS);
    gw_rng_key(&rng, 3, "allocations", 0, 0, 0);
    for (size_t s = 0; s < SYMBOLS; s++)
        for (size_t i = 0; i < BARS; i++) {
            for (int g = 0; g < GW_N_GATES; g++)
                score[s][i].p[g] = (float)gw_rng_uniform(&rng), score[s][i].tau[g] = .7F;
            move[s][i] = .01;
        }
    for (size_t i = 0; i < COUNT_OF(held); i++)
        held[i] = i > 1 && gw_rng_below(&rng, 5) ? held[i - 2] : (signed char)((int)gw_rng_below(&rng, 3) - 1);
}

/* What a replay of the first n bars asks the allocator for; how much it traded. */
static size_t asked(const struct gw_market *market, const struct gw_strategy_desc *strategy,
                    const struct gw_strategy_config *trading, size_t n, size_t *n_orders) {
    const struct gw_score *const scores[] = {score[0], score[1]};
    const double *const moves[] = {move[0], move[1]};
    const signed char *const follow[] = {held, held};
    struct gw_bars bars[SYMBOLS] = {market->symbol[0], market->symbol[1]};
    const struct gw_market part = {.n_symbols = SYMBOLS, .symbol = bars};
    struct gw_replay_config config;
    struct gw_strategy_config unused;
    struct gw_replay_result r;
    fixture_config(&config, &unused);
    config.check_ledger = false;
    config.max_entries = 4;
    config.participation = .1; /* orders wait, are filled in part, and take slots */
    config.follow = follow;
    config.n_follow = 2;
    for (size_t s = 0; s < SYMBOLS; s++) bars[s].n = n;
    refuse_at = SIZE_MAX; /* all are counted, none is refused */
    refuse_seen = 0;
    assert_ok(gw_replay_run(&part, &config, strategy, trading, scores, moves, &r));
    const size_t asked = refuse_seen;
    refuse_at = 0;
    assert_int_equal(r.n_events, n * SYMBOLS);
    *n_orders = r.n_records;
    gw_replay_result_free(&r);
    return asked;
}

static void grows_little(const struct gw_market *market, const struct gw_strategy_desc *strategy,
                         const struct gw_strategy_config *trading) {
    size_t few_orders, orders;
    const size_t few = asked(market, strategy, trading, BARS / 4, &few_orders),
                 many = asked(market, strategy, trading, BARS, &orders);
    if (many > few + FEW)
        fail_msg("%s: %zu bars took %zu allocations, %d took %zu", strategy->name, (size_t)BARS / 4, few, BARS, many);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(few > 3);
#endif
    if (strcmp(strategy->name, "buy_and_hold") != 0) assert_true(orders > few_orders + 100);
}

static void built_in_strategies(void **state) {
    (void)state;
    struct gw_market market;
    make_market(&market);
    for (size_t i = 0; i < gw_strategy_count(); i++) {
        const struct gw_strategy_desc *strategy = gw_strategy_at(i);
        struct gw_replay_config config;
        struct gw_strategy_config trading;
        fixture_config(&config, &trading);
        trading.strategy = (int)i;
        trading.size = .25;
        trading.exit_on_opposite = true;
        if (strcmp(strategy->name, "rules") == 0 || strcmp(strategy->name, "script") == 0 ||
            strcmp(strategy->name, "plugin") == 0)
            continue; /* below: they trade by what a user wrote */
        grows_little(&market, strategy, &trading);
        if (strcmp(strategy->name, "gate") != 0) continue;
        assert_ok(gw_strategy_config_set(&trading, "limit_offset", "0.002"));
        assert_ok(gw_strategy_config_set(&trading, "trail_atr", "1.5"));
        grows_little(&market, strategy, &trading);
    }
    fixture_free(&market);
}

static void programs(void **state) {
    (void)state;
    struct gw_market market;
    struct program *program[2] = {own_rules("rsi(14) < 45 and close > lowest(close, 20)",
                                            "rsi(14) > 55 or bars_held > 8", "2 * atr(14) / close")};
    make_market(&market);
    const int rc = own_read("local rsi = feature(\"rsi(14)\")\n"
                            "function on_bar(bar, history, score, position, orders)\n"
                            "  if position.pending then return end\n"
                            "  local r = rsi()\n"
                            "  if position.quantity == 0 and r and r < 45 then orders.buy{size = 0.25, stop = 0.02}\n"
                            "  elseif position.quantity > 0 and r > 55 then orders.close() end\n"
                            "end\n",
                            &program[1]);
    for (size_t i = 0; i < 2; i++) {
        struct gw_replay_config config;
        struct gw_strategy_config trading;
        if (i == 1 && rc < 0) {
            print_message("skip: no Lua here\n");
            break;
        }
        fixture_config(&config, &trading);
        trading.program = program[i];
        trading.strategy = gw_strategy_row(program[i]->desc);
        if (i == 1) assert_ok(gw_strategy_config_set(&trading, "max_steps", "100000"));
        trading.size = .25;
        if (i == 0) grows_little(&market, program[i]->desc, &trading);
        if (i == 0) continue;
        /* What a script makes of tables for its orders is its own; bars without an order take nothing. */
        size_t few_orders, orders;
        const size_t few = asked(&market, program[i]->desc, &trading, BARS / 4, &few_orders),
                     many = asked(&market, program[i]->desc, &trading, BARS, &orders);
        assert_true(orders > few_orders + 100 && many < few + 4 * (orders - few_orders) + FEW);
    }
    program_free(program[0]);
    if (rc == GW_OK) program_free(program[1]);
    fixture_free(&market);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(built_in_strategies), cmocka_unit_test(programs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
