/* What data entries tell the broker: instruments, funding as it was charged, finer bars. */
#include "engine/base/base.h"
#include "rundir.h"

static const char text[] = "{'name':'broker','data':[{'file':'HOURLY.csv'%s}],'features':['log_return(1)'],"
                           "'labels':{'horizon':8,'min_move':0.004},'folds':{'train':40,'validation':20,'test':40},"
                           "'costs':{'funding_bps_per_day':9},'verdict':{'bootstrap':100,'null_resamples':0},"
                           "'strategies':[{'strategy':'rsi_reversion','trading':{'rsi_length':4,'oversold':45,"
                           "'overbought':55,'trail_atr':0.5,'stop_atr':0.5}}]}";

static void write_text(const char *name, const char *content) {
    FILE *file = fopen(scratch(name), "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

/* Quarters of an hour, and the same market by the hour. */
static int markets(void **state) {
    struct gw_bars fine, hourly;
    if (scratch_make(state) != 0) return -1;
    fixture_walk(&fine, "FINE", 1600, 41, 0, 0);
    assert_ok(gw_bars_resample(&fine, NS_PER_HOUR, &hourly));
    assert_ok(gw_bars_write_csv(&fine, scratch("FINE.csv")));
    assert_ok(gw_bars_write_csv(&hourly, scratch("HOURLY.csv")));
    gw_bars_free(&fine);
    gw_bars_free(&hourly);
    return 0;
}

static int load(const char *more, struct experiment **e, struct prepared **p) {
    char json[1024];
    snprintf(json, sizeof json, text, more);
    *p = NULL;
    *e = fixture_experiment(json);
    return prepare(*e, p);
}

/* The trades of one contestant; freed by the caller. */
static size_t replay(const char *more, struct gw_trade trade[512]) {
    struct experiment *e;
    struct prepared *p;
    struct results r;
    struct fit_list fits = {.n = 0};
    assert_ok(load(more, &e, &p));
    assert_ok(results_replay(e, p, &fits, NULL, &r));
    const struct gw_replay_result *replay = &r.strategy[0].seed[0].replay;
    const size_t n = replay->n_trades;
    assert_true(n > 20 && n <= 512);
    memcpy(trade, replay->trade, n * sizeof *trade);
    results_free(e, &r);
    prepared_free(p);
    experiment_free(e);
    return n;
}

static size_t n_ambiguous(const struct gw_trade *trade, size_t n) {
    size_t ambiguous = 0;
    for (size_t i = 0; i < n; i++) ambiguous += trade[i].ambiguous;
    return ambiguous;
}

static void test_finer_bars_settle_the_order(void **state) {
    (void)state;
    static struct gw_trade plain[512], fine[512];
    const size_t n = replay("", plain), m = replay(",'detail':'FINE.csv'", fine);
    assert_true(n_ambiguous(plain, n) * m > n_ambiguous(fine, m) * n);
    size_t quarters = 0;
    for (size_t i = 0; i < m; i++) quarters += fine[i].exit_ns % NS_PER_HOUR != 0;
    assert_true(quarters > 5);
}

static void test_instruments_round(void **state) {
    (void)state;
    static struct gw_trade trade[512];
    const size_t n = replay(",'lot':10,'tick':0.5,'multiplier':2", trade);
    for (size_t i = 0; i < n; i++) {
        assert_near(fmod(trade[i].quantity, 10), 0, 0, 1);
        assert_near(trade[i].return_fraction * trade[i].quantity * trade[i].entry_price * 2, trade[i].pnl, 1e-9, 1);
    }
}

static void test_funding_is_what_was_charged(void **state) {
    (void)state;
    static struct gw_trade trade[512];
    write_text("funding.csv", "time,rate\n2021-03-05T00:00:00Z,0.001\n2021-03-08T08:00:00Z,-0.002\n");
    const size_t n = replay(",'funding':'funding.csv'", trade);
    size_t charged = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t event[] = {time_from_civil(2021, 3, 5), time_from_civil(2021, 3, 8) + 8 * NS_PER_HOUR};
        bool held = false;
        for (size_t k = 0; k < 2; k++) held |= trade[i].entry_ns < event[k] && event[k] <= trade[i].exit_ns;
        if (fabs(trade[i].funding) > 0) assert_true(held);
        charged += fabs(trade[i].funding) > 0;
    }
    assert_true(charged >= 1 && charged <= 2);
}

static void test_bad_files_are_named(void **state) {
    (void)state;
    static const struct {
        const char *content, *says;
    } bad[] = {{"time,rate\nyesterday,0.1\n", "is no time"},
               {"time,rate\n2021-03-05T00:00:00Z,1.5\n", "must be a fraction"},
               {"time,rate\n2021-03-05T00:00:00Z,0.1\n2021-03-05T00:00:00Z,0.1\n", "times must rise"},
               {"time\n2021-03-05T00:00:00Z\n", "rate"}};
    struct experiment *e;
    struct prepared *p;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        write_text("bad.csv", bad[i].content);
        assert_fails(load(",'funding':'bad.csv'", &e, &p), GW_ERR_DATA, bad[i].says);
        experiment_free(e);
    }
    assert_fails(load(",'detail':'HOURLY.csv'", &e, &p), GW_ERR_DATA, "must divide");
    experiment_free(e);
    assert_fails(load(",'detail':'NONE.csv'", &e, &p), GW_ERR_DATA, "NONE.csv");
    experiment_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finer_bars_settle_the_order),
        cmocka_unit_test(test_instruments_round),
        cmocka_unit_test(test_funding_is_what_was_charged),
        cmocka_unit_test(test_bad_files_are_named),
    };
    return cmocka_run_group_tests(tests, markets, scratch_remove);
}
