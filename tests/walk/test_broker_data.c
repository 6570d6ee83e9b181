/* What data entries tell the broker: instruments, currencies, funding as it was charged, finer bars. */
#include "engine/base/base.h"
#include "rundir.h"

static const char text[] = "{'name':'broker','data':[{'file':'HOURLY.csv'%s}],'features':['log_return(1)'],"
                           "'labels':{'horizon':8,'min_move':0.004},'folds':{'train':40,'validation':20,'test':40},"
                           "'costs':{'funding_bps_per_day':9},'broker':{'account_currency':'USD'},'verdict':{'"
                           "bootstrap':100,'null_resamples':0,'random_entries':20},"
                           "'strategies':[{'strategy':'rsi_reversion','trading':{'rsi_length':4,'oversold':45,"
                           "'overbought':55,'trail_atr':0.5,'stop_atr':0.5}}]}";

static void write_text(const char *name, const char *content) {
    FILE *file = fopen(scratch(name), "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static struct gw_bars rates; /* hourly */

/* Quarters of an hour, and the same market by the hour; what another currency is worth. */
static int markets(void **state) {
    struct gw_bars fine, hourly;
    if (scratch_make(state) != 0) return -1;
    fixture_walk(&fine, "FINE", 1600, 41, 0, 0);
    assert_ok(gw_bars_resample(&fine, NS_PER_HOUR, &hourly));
    assert_ok(gw_bars_write_csv(&fine, scratch("FINE.csv")));
    assert_ok(gw_bars_write_csv(&hourly, scratch("HOURLY.csv")));
    gw_bars_free(&fine);
    gw_bars_free(&hourly);
    fixture_walk(&fine, "RATE", 1600, 42, 0, 0);
    assert_ok(gw_bars_resample(&fine, NS_PER_HOUR, &rates));
    assert_ok(gw_bars_write_csv(&rates, scratch("RATE.csv")));
    gw_bars_free(&fine);
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

/* By the newest close of RATE by then. */
static double rate_by(int64_t time_ns, bool inverse) {
    size_t i = rates.n;
    while (i > 0 && gw_bar_close_ns(&rates, i - 1) > time_ns) i--;
    assert_true(i > 0);
    return inverse ? 1 / rates.bar[i - 1].close : rates.bar[i - 1].close;
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

/* The trades of HOURLY in an account of another currency: each price at the close of the last RATE bar by then. */
static void test_quotes_are_converted(void **state) {
    (void)state;
    static struct gw_trade trade[512];
    static const char *const rate[] = {"RATE", "1/RATE"};
    for (size_t way = 0; way < COUNT_OF(rate); way++) {
        char more[256];
        snprintf(more, sizeof more, ",'quote':'BTC','rate':'%s'},{'file':'RATE.csv'%s", rate[way],
                 way ? ",'quote':'BTC','rate':'1/RATE'" : "");
        const size_t n = replay(more, trade);
        size_t seen = 0;
        for (size_t i = 0; i < n; i++) {
            if (trade[i].symbol != 0) continue;
            const struct gw_trade *t = &trade[i];
            const double at_entry = rate_by(t->entry_ns, way), at_exit = rate_by(t->exit_ns, way);
            const double gross = (double)t->side * t->quantity * (t->exit_price * at_exit - t->entry_price * at_entry);
            const double flow = t->quantity * t->entry_price * at_entry;
            assert_near(t->pnl, gross - t->fees - t->funding, 1e-9, flow);
            assert_near(t->fees, 5e-4 * t->quantity * (t->exit_price * at_exit + t->entry_price * at_entry), 1e-9, 1);
            assert_near(t->return_fraction, t->pnl / flow, 1e-9, 1);
            seen++;
        }
        assert_true(seen > 10);
    }
}

static void test_bad_rates_are_named(void **state) {
    (void)state;
    static const struct {
        const char *more, *says;
    } bad[] = {
        {",'quote':'BTC','rate':'RATTE'},{'file':'RATE.csv'", "did you mean \"RATE\"?"},
        {",'quote':'BTC','rate':'DOLLARS'},{'file':'RATE.csv'",
         ".json:1:68: data.rate of HOURLY: \"data\" has no symbol \"DOLLARS\""},
        {",'quote':'BTC','rate':'1/RATE'},{'file':'RATE.csv'", "needs prices in BTC, but RATE is quoted in USD"},
        {",'quote':'BTC','rate':'HOURLY'", "needs prices in USD, but HOURLY is quoted in BTC"},
    };
    struct experiment *e;
    struct prepared *p;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_fails(load(bad[i].more, &e, &p), GW_ERR_CONFIG, bad[i].says);
        experiment_free(e);
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
    } bad[] = {{"time,rate\nyesterday,0.1\n", "bad.csv:2:1: \"yesterday\" is no time"},
               {"time,rate\n2021-03-05T00:00:00Z,1.5\n", "bad.csv:2:22: rate must be a fraction"},
               {"rate,time\n0.1,2021-03-05T00:00:00Z\nmuch,2021-03-06T00:00:00Z\n", "bad.csv:3:1: column \"rate\""},
               {"time,rate\n2021-03-05T00:00:00Z,0.1\n2021-03-05T00:00:00Z,0.1\n", "bad.csv:3:1: times must rise"},
               {"rate,time\n,2021-03-05T00:00:00Z\n", "bad.csv:2:1: rate must be"},
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

static int leave(void **state) {
    gw_bars_free(&rates);
    return scratch_remove(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finer_bars_settle_the_order), cmocka_unit_test(test_instruments_round),
        cmocka_unit_test(test_quotes_are_converted),        cmocka_unit_test(test_bad_rates_are_named),
        cmocka_unit_test(test_funding_is_what_was_charged), cmocka_unit_test(test_bad_files_are_named),
    };
    return cmocka_run_group_tests(tests, markets, leave);
}
