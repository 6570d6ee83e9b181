/* Accounts as the report's pages of returns, rolling ratios and drawdowns see them: hand-made paths, reckoned by hand. */
#include "engine/base/base.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/data/account_view.h"
#include "reports/plots/plot.h"

static char room[64];

static void put(const char *name, const char *text) {
    char path[1024];
    assert_ok(path_join(path, sizeof path, room, name));
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

/* Two strategies; of the first three seeds. Six-hour bars: four points a day, that at midnight closes the day before. */
static const char equity[] = "time,open_time,strategy,seed,equity,cash,exposure,drawdown\n"
                             "2024-01-01T12:00:00Z,,gate,1,1010,0,0,0\n"
                             "2024-01-02T00:00:00Z,,gate,1,1020,0,0,0\n"
                             "2024-01-02T12:00:00Z,,gate,1,969,0,0,-0.05\n"
                             "2024-01-03T00:00:00Z,,gate,1,918,0,0,-0.1\n"
                             "2024-01-03T12:00:00Z,,gate,1,1030,0,0,0\n"
                             "2024-01-04T00:00:00Z,,gate,1,1009.4,0,0,-0.02\n"
                             "2024-01-08T00:00:00Z,,gate,1,1040,0,0,0\n"
                             "2024-01-09T00:00:00Z,,gate,1,832,0,0,-0.2\n"
                             "2024-01-10T00:00:00Z,,gate,1,936,0,0,-0.1\n"
                             "2024-01-02T00:00:00Z,,gate,2,1000,0,0,0\n"
                             "2024-01-03T00:00:00Z,,gate,2,500,0,0,-0.5\n"
                             "2024-01-02T00:00:00Z,,gate,3,1000,0,0,0\n"
                             "2024-01-03T00:00:00Z,,gate,3,990,0,0,-0.01\n"
                             "2024-01-02T00:00:00Z,,unknown,0,1,0,0,0\n"
                             "2024-01-02T00:00:00Z,,hold,0,1000,0,0,0\n";

static double at(const char *time) { return seconds_of(time); }

static void check_drawdown(const struct drawdown *d, const char *peak, const char *low, const char *recovered,
                           double depth) {
    assert_true(d->peak == at(peak));
    assert_true(d->low == at(low));
    if (recovered)
        assert_true(d->recovered == at(recovered));
    else
        assert_true(isnan(d->recovered));
    assert_true(d->depth == depth);
}

static void put_json(const char *name, const char *members) {
    char text[300];
    snprintf(text, sizeof text, "{\"schema\": %d, %s}", GW_RUN_SCHEMA, members);
    put(name, text);
}

static void open_run(struct run_view *run) {
    put_json(GW_RUN_SUMMARY, "\"strategies\": [{\"name\": \"gate\"}, {\"name\": \"hold\"}]");
    put_json(GW_RUN_JSON, "\"config\": {\"broker\": {\"initial_cash\": 1000}}");
    put(GW_RUN_EQUITY, equity);
    assert_ok(run_view_open(room, run));
}

static void test_drawdowns_and_days(void **state) {
    (void)state;
    struct run_view run;
    struct accounts all;
    open_run(&run);
    assert_ok(accounts_read(&run, &all));
    assert_int_equal(all.n, 4); /* what the summary does not know is left out */
    const struct account *a = &all.account[0];
    assert_int_equal(a->n_worst, 3);
    check_drawdown(&a->worst[0], "2024-01-08", "2024-01-09", NULL, 0.2); /* still open */
    check_drawdown(&a->worst[1], "2024-01-02", "2024-01-03", "2024-01-03T12:00:00Z", 0.1);
    check_drawdown(&a->worst[2], "2024-01-03T12:00:00Z", "2024-01-04", "2024-01-08", 0.02);
    static const struct {
        const char *day;
        double equity, low;
    } day[] = {{"2024-01-01", 1020, 0}, {"2024-01-02", 918, -0.1}, {"2024-01-03", 1009.4, -0.02},
               {"2024-01-07", 1040, 0}, {"2024-01-08", 832, -0.2}, {"2024-01-09", 936, -0.1}};
    assert_int_equal(a->n_days, COUNT_OF(day));
    for (size_t i = 0; i < COUNT_OF(day); i++) {
        assert_true(a->day[i] == at(day[i].day));
        assert_true(a->equity[i] == day[i].equity);
        assert_true(a->low[i] == day[i].low);
    }
    assert_true(fabs(account_day_return(a, 0) - 0.02) < 1e-15);
    assert_true(fabs(account_day_return(a, 3) - (1040 / 1009.4 - 1)) < 1e-15);
    assert_true(fabs(account_days_per_year(a) - 5 / (8 / 365.25)) < 1e-9);
    assert_string_equal(account_median(&all, 0)->seed, "1"); /* .01, .2, .5 */
    assert_true(account_median(&all, 1) == &all.account[3]);
    assert_null(account_median(&all, 2));
    accounts_free(&all);
    run_view_close(&run);
}

/* More drawdowns than are kept: the deepest stay, in their order. */
static void test_only_the_deepest(void **state) {
    (void)state;
    struct run_view run;
    struct accounts all;
    char text[4000] = "time,open_time,strategy,seed,equity,cash,exposure,drawdown\n";
    static const int depth[] = {3, 9, 1, 7, 2, 8, 5, 4, 6};
    for (size_t i = 0; i < COUNT_OF(depth); i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "2024-02-%02zuT00:00:00Z,,gate,1,100,0,0,0\n2024-02-%02zuT12:00:00Z,,gate,1,%d,0,0,-0.0%d\n", i + 1,
                 i + 1, 100 - depth[i], depth[i]);
    open_run(&run);
    put(GW_RUN_EQUITY, text);
    assert_ok(accounts_read(&run, &all));
    assert_int_equal(all.account[0].n_worst, DRAWDOWNS_KEPT);
    for (int i = 0; i < DRAWDOWNS_KEPT; i++) assert_true(fabs(all.account[0].worst[i].depth - (9 - i) / 100.0) < 1e-12);
    accounts_free(&all);
    run_view_close(&run);
}

static void test_figures(void **state) {
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } number[] = {{1.25, 2, "+1.25"}, {-0.301, 2, "−0.30"}, {-0.004, 2, "0.00"}, {0, 0, "0"}, {-INFINITY, 1, "−∞"}};
    static const struct {
        double seconds;
        const char *text;
    } span[] = {{2700, "45 min"}, {4500, "1.25 h"}, {86400 * 5.2, "5.2 d"}, {86400 * 312.4, "312 d"}};
    char text[FIGURE_SIZE];
    for (size_t i = 0; i < COUNT_OF(number); i++) {
        figure_signed(text, number[i].value, number[i].decimals);
        assert_string_equal(text, number[i].text);
    }
    figure_signed(text, NAN, 2);
    assert_string_equal(text, "—");
    for (size_t i = 0; i < COUNT_OF(span); i++) {
        figure_span(text, span[i].seconds);
        assert_string_equal(text, span[i].text);
    }
    figure_percent(text, -0.1234);
    assert_string_equal(text, "−12.3");
}

int main(void) {
    strcpy(room, "/tmp/gatewalk-accounts-XXXXXX");
    if (!mkdtemp(room)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawdowns_and_days),
        cmocka_unit_test(test_only_the_deepest),
        cmocka_unit_test(test_figures),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", room);
    if (system(command) != 0) return 1;
    return failed;
}
