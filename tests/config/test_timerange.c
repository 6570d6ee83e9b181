/* "timerange": which bars are left, also around 1970 and at the ends of the data. */
#include "engine/base/base.h"
#include "walk/fixture.h"

#include "engine/walk/walk.h"

enum { DAYS = 600, BEFORE_1970 = 250 }; /* one bar a day */

static const struct {
    const char *range;
    int first, n; /* bars left, counted from the first day */
} kept[] = {
    {"-", 0, DAYS},
    {"19700101-", BEFORE_1970, DAYS - BEFORE_1970},
    {"-19691231", 0, BEFORE_1970},
    {"19691231-19700101", BEFORE_1970 - 1, 2},
    {"19691231-", BEFORE_1970 - 1, DAYS - BEFORE_1970 + 1},
    {"19700102-", BEFORE_1970 + 1, DAYS - BEFORE_1970 - 1},
    {"-19700101", 0, BEFORE_1970 + 1},
    {"19700101-19700103", BEFORE_1970, 3},
    {"1970-01-01-1970-03-01", BEFORE_1970, 60},
    {"16780101-22600101", 0, DAYS},
};

static void put_days(void) {
    FILE *to = fopen(scratch("days.csv"), "w");
    assert_non_null(to);
    fputs("time,open,high,low,close,volume\n", to);
    for (int d = 0; d < DAYS; d++) {
        char day[40];
        double open = 100 + 7 * sin(d * 0.7), close = 100 + 7 * sin(d * 0.7 + 0.7);
        fprintf(to, "%.10s,%.4f,%.4f,%.4f,%.4f,10\n", time_format((d - BEFORE_1970) * NS_PER_DAY, day), open,
                fmax(open, close) + 1, fmin(open, close) - 1, close);
    }
    assert_int_equal(fclose(to), 0);
}

static void test_bars_of_a_range(void **state) {
    (void)state;
    put_days();
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        char text[600];
        struct prepared *p = NULL;
        snprintf(text, sizeof text,
                 "{'name':'days','data':'days.csv','timerange':'%s','features':['range'],"
                 "'labels':{'horizon':1,'min_move':0.001},'folds':{'train':20,'validation':10,'test':10},"
                 "'strategies':['buy_and_hold']}",
                 kept[i].range);
        struct experiment *e = fixture_experiment(text);
        int rc = prepare(e, &p);
        if (kept[i].n < 40) {
            char says[40];
            snprintf(says, sizeof says, "the data has %d bars", kept[i].n);
            if (rc != GW_ERR_CONFIG || !strstr(gw_error_message(), says))
                fail_msg("%s: %d %s", kept[i].range, rc, rc < 0 ? gw_error_message() : "taken");
        } else {
            assert_ok(rc);
            if (p->market.symbol[0].n != (size_t)kept[i].n)
                fail_msg("%s: %zu bars, not %d", kept[i].range, p->market.symbol[0].n, kept[i].n);
            assert_true(p->market.symbol[0].bar[0].open_ns == (kept[i].first - BEFORE_1970) * NS_PER_DAY);
        }
        prepared_free(p);
        experiment_free(e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bars_of_a_range)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
