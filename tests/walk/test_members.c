/* Ensembles of strategies in a walk: what they follow are the other contestants' own replays, seed by seed. */
#include "engine/base/base.h"
#include "rundir.h"

#define HEAD                                                                                                           \
    "{'name':'members','data':['EARLY.csv','LATE.csv'],'features':['log_return(1)','range'],"                          \
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},'folds':{'train':150,'validation':60,'test':60},"             \
    "'signals':{'k':[20],'act_on':20},'costs':{'taker_bps':3},'model':{'encoder':'logistic','lookback':4},"            \
    "'training':{'epochs':2},'seeds':2,'verdict':{'bootstrap':100,'null_resamples':0,'random_entries':20},'"           \
    "strategies':["                                                                                                    \
    "{'name':'gate','strategy':'gate'},'buy_and_hold',{'name':'sma','strategy':'sma_cross','trading':{'fast':3,'slow'" \
    ":9}},"

static const char text[] =
    HEAD "{'name':'long_only','strategy':'sma_cross','trading':{'fast':3,'slow':9,'trade_short':false}},"
         "{'name':'copy','strategy':'ensemble','members':'sma'},"
         "{'name':'voted','strategy':'ensemble','members':' sma , sma,gate','trading':{'rule':'vote','quorum':0.6}},"
         "{'name':'held','strategy':'ensemble','members':'sma,buy_and_hold','trading':{'rule':'all'}},"
         "{'name':'twice','strategy':'ensemble','members':'copy,sma','trading':{'rule':'all'}},"
         "{'name':'gates','strategy':'ensemble','members':'gate','trading':{'rule':'any'}}]}";

static struct table trades;

/* Rows of trades.csv but for the contestant and the numbers of orders. */
static size_t rows_of(const char *strategy, const char *seed, const char *row[1000]) {
    static char room[4][1000][400];
    static int turn;
    char(*line)[400] = room[turn++ % 4];
    size_t n = 0;
    for (size_t i = 0; i < trades.n_rows; i++) {
        char *const *cell = trades.cell + i * trades.n_columns;
        if (strcmp(cell[0], strategy) != 0 || (*seed && strcmp(cell[1], seed) != 0)) continue;
        assert_true(n < 1000);
        line[n][0] = '\0';
        for (size_t c = 2; c + 2 < trades.n_columns; c++) {
            strncat(line[n], cell[c], 60);
            strcat(line[n], ",");
        }
        row[n] = line[n];
        n++;
    }
    return n;
}

static void assert_trades_as(const char *ensemble, const char *strategy, size_t at_least) {
    const char *a[1000], *b[1000];
    const size_t n = rows_of(ensemble, "", a), m = rows_of(strategy, "", b);
    assert_true(m >= at_least);
    if (n != m) fail_msg("%s has %zu trades, %s %zu", ensemble, n, strategy, m);
    for (size_t i = 0; i < n; i++) assert_string_equal(a[i], b[i]);
}

/* A cross of means trades by market orders alone, so whoever follows it has its very trades. */
static void test_same_trades(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    char path[1024];
    assert_ok(rundir_run(e, "members", 2));
    snprintf(path, sizeof path, "%.500s/members/" GW_RUN_TRADES, scratch_dir);
    assert_ok(table_read(path, &trades));
    assert_trades_as("copy", "sma", 20);
    assert_trades_as("twice", "sma", 20);
    assert_trades_as("held", "long_only", 10);
    const char *one[1000], *other[1000];
    assert_true(rows_of("gates", "1", one) > 0); /* follows its member seed by seed */
    assert_true(rows_of("gates", "2", other) > 0);
    assert_int_equal(rows_of("copy", "1", one), 0); /* sma has no seeds, nor has its copy */
    const char *voted[1000], *sma[1000];
    assert_int_equal(rows_of("voted", "1", voted), rows_of("sma", "0", sma)); /* two of three are the same one */
    table_free(&trades);
    experiment_free(e);
}

static void refused(const char *entry, const char *why) {
    char whole[2048];
    struct experiment *e;
    FILE *to = fopen(scratch("refused.json"), "w");
    assert_non_null(to);
    snprintf(whole, sizeof whole, HEAD "%s]}", entry);
    for (char *at = whole; *at; at++) *at = *at == '\'' ? '"' : *at;
    fputs(whole, to);
    fclose(to);
    assert_fails(experiment_load(scratch("refused.json"), NULL, &e), GW_ERR_CONFIG, why);
}

static void test_refused(void **state) {
    (void)state;
    refused("'ensemble'", "an ensemble needs \"members\"");
    refused("{'name':'x','strategy':'ensemble'}", "an ensemble needs \"members\"");
    refused("{'name':'x','strategy':'ensemble','members':' , '}", "member 1 of");
    refused("{'name':'x','strategy':'ensemble','members':''}", "members names no contestant");
    refused("{'name':'x','strategy':'ensemble','members':'sma,smx'}", "member 2 of \"sma,smx\"");
    refused("{'name':'x','strategy':'ensemble','members':'x'}", "stands before this one");
    refused("{'name':'x','strategy':'sma_cross','members':'sma'}", "members belong to the strategy \"ensemble\"");
}

/* --strategies brings along whom the ensembles follow, and whom those follow. */
static void test_brought_along(void **state) {
    (void)state;
    char whole[4096];
    struct experiment *e;
    FILE *to = fopen(scratch("all.json"), "w");
    assert_non_null(to);
    snprintf(whole, sizeof whole, "%s", text);
    for (char *at = whole; *at; at++) *at = *at == '\'' ? '"' : *at;
    fputs(whole, to);
    fclose(to);
    assert_ok(experiment_load(scratch("all.json"), &(struct gw_config_override){.strategies = "twice"}, &e));
    assert_int_equal(e->n_strategies, 3);
    assert_string_equal(e->strategy[0].name, "sma");
    assert_string_equal(e->strategy[1].name, "copy");
    experiment_free(e);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_trades),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_brought_along),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
