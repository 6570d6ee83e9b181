/* Every kind of order through gaps, partial fills, empty bars and times in force: fixtures answered by an independent
 * simulator (tests/golden/make_orders.py), then what a strategy can do with its orders, by hand. */
#include "engine/base/base.h"
#include "fixture.h"

/* ---- the fixtures ------------------------------------------------------------------------------ */

enum { FIXTURE_BARS = 8, FIXTURE_ORDERS = 4, FIXTURE_ENDS = 16, FIXTURE_TRADES = 4 };

struct ending {
    unsigned long long id;
    char kind[16], state[16], why[24];
    double filled, average;
};

struct order_fixture {
    char name[160];
    int stop_first, dear, limit_touch, target_through;
    double participation, worth;
    struct gw_bar bar[FIXTURE_BARS];
    struct scripted step[FIXTURE_ORDERS];
    struct ending end[FIXTURE_ENDS];
    struct gw_trade trade[FIXTURE_TRADES];
    size_t n_bars, n_steps, n_ends, n_trades;
};

static int index_of(const char *word, const char *const *name, int n) {
    for (int i = 0; i < n; ++i)
        if (strcmp(word, name[i]) == 0) return i;
    fail_msg("unknown word %s", word);
    return 0;
}

static void read_bar(const char *line, struct order_fixture *f) {
    struct gw_bar *bar = &f->bar[f->n_bars++];
    long long seconds;
    assert_true(f->n_bars <= FIXTURE_BARS);
    assert_int_equal(sscanf(line, "bar %lld %lf %lf %lf %lf %lf", &seconds, &bar->open, &bar->high, &bar->low,
                            &bar->close, &bar->volume),
                     6);
    bar->open_ns = seconds * NS_PER_SECOND;
}

static void read_order(const char *line, struct order_fixture *f) {
    static const char *const tif[] = {"gtc", "day", "ioc", "bars"};
    struct scripted *step = &f->step[f->n_steps++];
    struct gw_order *o = &step->order;
    char kind[16], until[8];
    int side, reduce;
    assert_true(f->n_steps <= FIXTURE_ORDERS);
    assert_int_equal(sscanf(line, "order %zu %15s %d %d %lf %lf %lf %lf %7s %lf %lf %lf %lf %zu", &step->bar, kind,
                            &side, &reduce, &o->limit_price, &o->stop_price, &o->trail, &o->trail_distance, until,
                            &o->stop, &o->target, &o->trail_stop, &o->trail_stop_distance, &o->max_bars),
                     14);
    o->kind = (enum gw_order_kind)index_of(kind, gw_order_kind_name, 6);
    o->side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT;
    o->reduce_only = reduce != 0;
    o->quantity = reduce ? 0 : 1000;
    o->time_in_force = (enum gw_time_in_force)index_of(until, tif, 4);
    o->good_bars = 2;
    o->probability = NAN;
}

static void read_ending(const char *line, struct order_fixture *f) {
    struct ending *e = &f->end[f->n_ends++];
    assert_true(f->n_ends <= FIXTURE_ENDS);
    assert_int_equal(
        sscanf(line, "ends %llu %15s %15s %23s %lf %lf", &e->id, e->kind, e->state, e->why, &e->filled, &e->average),
        6);
}

static void read_trade(const char *line, struct order_fixture *f) {
    struct gw_trade *t = &f->trade[f->n_trades++];
    char reason[16];
    int side;
    long long entry, exit;
    assert_true(f->n_trades <= FIXTURE_TRADES);
    assert_int_equal(sscanf(line, "trade %d %15s %lld %lld %u %lf %lf %lf %lf %lf %lf %lf %lf %lf", &side, reason,
                            &entry, &exit, &t->bars_held, &t->quantity, &t->entry_price, &t->exit_price, &t->fees,
                            &t->slippage, &t->funding, &t->pnl, &t->mae, &t->mfe),
                     14);
    t->side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT;
    t->reason = (enum gw_exit_reason)index_of(reason, gw_exit_reason_name, GW_N_EXITS);
    t->entry_ns = entry * NS_PER_SECOND;
    t->exit_ns = exit * NS_PER_SECOND;
}

static bool expect(const struct order_fixture *f, const char *what, double got, double want, double scale) {
    if (near(got, want, 1e-10, scale)) return true;
    print_error("%s: %s is %.15g, want %.15g\n", f->name, what, got, want);
    return false;
}

static bool same_word(const struct order_fixture *f, size_t id, const char *what, const char *got, const char *want) {
    if (strcmp(got, want) == 0) return true;
    print_error("%s: order %zu: %s %s, want %s\n", f->name, id, what, got, want);
    return false;
}

static bool check_orders(const struct order_fixture *f, const struct gw_replay_result *r) {
    bool right = expect(f, "orders", (double)r->n_records, (double)f->n_ends, 1);
    for (size_t i = 0; right && i < f->n_ends; ++i) {
        const struct ending *e = &f->end[i];
        const struct gw_order_record *o = &r->order[i];
        right &= o->id == e->id && o->id == i + 1;
        right &= same_word(f, i + 1, "kind", gw_order_kind_name[o->kind], e->kind);
        right &= same_word(f, i + 1, "state", gw_order_state_name[o->state], e->state);
        right &= same_word(f, i + 1, "reason", gw_order_reason_name[o->reason], strcmp(e->why, "-") ? e->why : "");
        right &= expect(f, "filled", o->filled, e->filled, 1);
        right &= expect(f, "average price", o->average_price, e->average, 1);
        right &= o->end_ns >= o->put_ns;
    }
    return right;
}

static bool check_trades(const struct order_fixture *f, const struct gw_replay_result *r) {
    bool right = expect(f, "trades", (double)r->n_trades, (double)f->n_trades, 1);
    for (size_t i = 0; right && i < f->n_trades; ++i) {
        const struct gw_trade *got = &r->trade[i], *want = &f->trade[i];
        right &= same_word(f, i, "trade", gw_exit_reason_name[got->reason], gw_exit_reason_name[want->reason]);
        right &= expect(f, "side", got->side, want->side, 1);
        right &= expect(f, "entry time", (double)got->entry_ns, (double)want->entry_ns, 1);
        right &= expect(f, "exit time", (double)got->exit_ns, (double)want->exit_ns, 1);
        right &= expect(f, "bars held", got->bars_held, want->bars_held, 1);
        right &= expect(f, "quantity", got->quantity, want->quantity, 1);
        right &= expect(f, "entry price", got->entry_price, want->entry_price, 1);
        right &= expect(f, "exit price", got->exit_price, want->exit_price, 1);
        right &= expect(f, "fees", got->fees, want->fees, 1);
        right &= expect(f, "slippage", got->slippage, want->slippage, 1);
        right &= expect(f, "funding", got->funding, want->funding, 1);
        right &= expect(f, "pnl", got->pnl, want->pnl, 1);
        right &= expect(f, "mae", got->mae, want->mae, 1);
        right &= expect(f, "mfe", got->mfe, want->mfe, 1);
        right &= got->entry_order > 0 && got->exit_order > got->entry_order && got->exit_order <= r->n_records;
    }
    return right;
}

static bool fixture_holds(struct order_fixture *f) {
    struct gw_bars bars = {.interval_ns = NS_PER_MINUTE, .n = f->n_bars, .bar = f->bar};
    const struct gw_market market = {.n_symbols = 1, .symbol = &bars};
    struct gw_replay_config config;
    struct gw_strategy_config parameters;
    fixture_config(&config, &parameters);
    config.intrabar = f->stop_first ? GW_INTRABAR_STOP_FIRST : GW_INTRABAR_TARGET_FIRST;
    config.participation = f->participation;
    config.limit_touch = f->limit_touch != 0;
    config.target_through = f->target_through != 0;
    if (f->dear)
        config.costs = (struct gw_cost_config){.taker_bps = 6,
                                               .maker_bps = 1.5,
                                               .half_spread_bps = 1,
                                               .slippage_bps = 2,
                                               .slippage_volatility = .02,
                                               .funding_bps_per_day = 300,
                                               .borrow_bps_per_day = 150,
                                               .multiplier = 1};
    script.step = f->step;
    script.n = f->n_steps;
    struct gw_replay_result r;
    assert_ok(gw_replay_run(&market, &config, &script_strategy, &parameters, NULL, NULL, &r));
    bool right = check_orders(f, &r);
    right &= check_trades(f, &r);
    right &= expect(f, "worth", r.equity[r.n_equity - 1].equity, f->worth, 1);
    gw_replay_result_free(&r);
    return right;
}

static void fixtures_hold(void **state) {
    (void)state;
    static struct order_fixture f;
    FILE *file = fopen("tests/golden/replay_fixtures.txt", "r");
    assert_non_null(file);
    char line[512];
    size_t n = 0, wrong = 0;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "fixture ", 8) == 0) {
            memset(&f, 0, sizeof f);
            assert_int_equal(sscanf(line, "fixture %159s %d %lf %d %d %d", f.name, &f.stop_first, &f.participation,
                                    &f.dear, &f.limit_touch, &f.target_through),
                             6);
        } else if (strncmp(line, "bar ", 4) == 0) {
            read_bar(line, &f);
        } else if (strncmp(line, "order ", 6) == 0) {
            read_order(line, &f);
        } else if (strncmp(line, "ends ", 5) == 0) {
            read_ending(line, &f);
        } else if (strncmp(line, "trade ", 6) == 0) {
            read_trade(line, &f);
        } else {
            assert_int_equal(sscanf(line, "worth %lf", &f.worth), 1);
            wrong += !fixture_holds(&f);
            ++n;
        }
    }
    fclose(file);
    assert_true(n >= 500);
    if (wrong) fail_msg("%zu of %zu fixtures differ", wrong, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixtures_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
