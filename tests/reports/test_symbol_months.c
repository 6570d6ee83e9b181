/* Symbols month by month: sums, calendar, order, colours, and what becomes of a universe that no page has room for. */
#include "reports/plots/symbol_months.h"
#include "room.h"

static const char *const column_name[] = {"strategy", "symbol", "exit_time", "pnl", NULL};
static const char header[] = "strategy,seed,symbol,exit_time,pnl\n";

/* A made-up run with these trades. */
static void open_trades(struct run_view *run, char dir[1024], const char *name, const char *trades) {
    struct fixture f = fixture_small(3);
    char *text = mem_calloc(strlen(header) + strlen(trades) + 1, 1);
    assert_non_null(text);
    strcat(strcpy(text, header), trades);
    run_dir(dir, name, &f);
    put_file(dir, GW_RUN_TRADES, text);
    mem_free(text);
    assert_ok(run_view_open(dir, run));
}

static void gather(struct run_view *run, const char *strategy, struct symbol_months *months) {
    const struct table *t;
    size_t c[4];
    assert_ok(run_view_table(run, TABLE_TRADES, &t));
    assert_non_null(t);
    assert_ok(table_columns(t, column_name, c));
    assert_true(symbol_months_span(t, c[2], months));
    assert_ok(symbol_months_gather(run, t, c, &run->strategy[run_strategy_find(run, strategy)], months));
}

static void assert_row(const struct symbol_months *m, size_t row, const char *label, const double *value,
                       double total) {
    assert_string_equal(m->row[row].label, label);
    assert_near(m->row[row].total, total, 1e-12, 1e-3);
    for (size_t c = 0; c < m->n_columns; c++) {
        if (isnan(value[c]) != isnan(m->row[row].value[c]))
            fail_msg("%s, column %zu: %g", label, c, m->row[row].value[c]);
        if (!isnan(value[c])) assert_near(m->row[row].value[c], value[c], 1e-12, 1e-3);
    }
}

/* The account began with 100,000, two seeds; what ends at midnight belongs to the day before. */
static void test_sums(void **state) {
    (void)state;
    struct run_view run;
    struct symbol_months m;
    struct symbol_row mean;
    char dir[1024];
    open_trades(&run, dir, "months",
                "lstm,1,AAA,2021-01-31T23:00:00Z,1000\n"
                "lstm,2,AAA,2021-02-01T00:00:00Z,3000\n" /* January */
                "lstm,2,AAA,2021-02-01T00:00:01Z,-500\n"
                "lstm,1,BBB,2021-04-02T10:00:00Z,8000\n"
                "lstm,1,CCC,2021-01-05T10:00:00Z,-600\n"
                "lstm,1,CCC,2021-04-05T10:00:00Z,-600\n"
                "lstm,1,CCC,,99999\n" /* has not ended */
                "buy_and_hold,1,AAA,2021-05-31T00:00:00Z,250\n");
    gather(&run, "lstm", &m);
    assert_int_equal(m.period, PERIOD_MONTH);
    assert_int_equal(m.n_columns, 5); /* May is the other's */
    assert_int_equal(m.n_used, 3);
    assert_int_equal(m.n, 3);
    assert_int_equal(m.n_up, 2);
    assert_row(&m, 0, "BBB", (const double[]){NAN, NAN, NAN, 0.04, NAN}, 0.04);
    assert_row(&m, 1, "AAA", (const double[]){0.02, -0.0025, NAN, NAN, NAN}, 0.0175);
    assert_row(&m, 2, "CCC", (const double[]){-0.003, NAN, NAN, -0.003, NAN}, -0.006);
    assert_near(m.full, 0.04, 1e-12, 1); /* of .0025 .003 .003 .02 .04 */
    assert_ok(symbol_months_mean(&run.arena, &m, m.row, 3, &mean));
    assert_near(mean.value[0], 0.017 / 3, 1e-12, 1e-3); /* who had no trade had nothing */
    assert_true(isnan(mean.value[2]));
    assert_near(mean.total, 0.0515 / 3, 1e-12, 1e-3);
    gather(&run, "buy_and_hold", &m); /* one seed, whatever the models have */
    assert_row(&m, 0, "AAA", (const double[]){NAN, NAN, NAN, NAN, 0.0025}, 0.0025);
    run_view_close(&run);
}

static void test_calendar(void **state) {
    (void)state;
    static const struct {
        const char *first, *last, *label[2]; /* of the first column and the last */
        size_t n;
    } c[] = {{"2021-03-01T00:00:00Z", "2021-03-20T12:00:00Z", {"2021-02-28", "2021-03-20"}, 21},
             {"2021-03-01T00:00:00Z", "2021-03-21T12:00:00Z", {"2021-02-22", "2021-03-15"}, 4},
             {"2021-01-04T00:00:01Z", "2021-03-29T00:00:00Z", {"2021-01-04", "2021-03-22"}, 12},
             {"1969-11-30T10:00:00Z", "1970-01-04T10:00:00Z", {"1969-11-24", "1969-12-29"}, 6},
             {"2020-12-31T10:00:00Z", "2021-03-01T10:00:00Z", {"2020-12", "2021-03"}, 4},
             {"2015-01-01T10:00:00Z", "2020-12-31T10:00:00Z", {"2015-01", "2020-12"}, 72},
             {"2015-01-01T10:00:00Z", "2021-01-31T10:00:00Z", {"2015 Q1", "2021 Q1"}, 25},
             {"2003-06-01T10:00:00Z", "2021-06-01T10:00:00Z", {"2003", "2021"}, 19}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct run_view run;
        struct symbol_months m;
        char dir[1024], name[32], trades[256], label[PERIOD_LABEL];
        snprintf(name, sizeof name, "calendar-%zu", i);
        snprintf(trades, sizeof trades, "lstm,1,AAA,%s,1\nlstm,1,AAA,%s,1\n", c[i].first, c[i].last);
        open_trades(&run, dir, name, trades);
        gather(&run, "lstm", &m);
        if (m.n_columns != c[i].n) fail_msg("case %zu: %zu columns, not %zu", i, m.n_columns, c[i].n);
        symbol_months_label(&m, 0, label);
        assert_string_equal(label, c[i].label[0]);
        symbol_months_label(&m, m.n_columns - 1, label);
        assert_string_equal(label, c[i].label[1]);
        assert_true(m.row[0].value[0] > 0 && m.row[0].value[m.n_columns - 1] > 0);
        run_view_close(&run);
    }
}

static double set_value(const char *set, const char *name) {
    const char *at = strstr(set, name);
    assert_non_null(at);
    return strtod(at + strlen(name), NULL);
}

static size_t lines_of(const char *text) {
    size_t n = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++) n++;
    return n;
}

/* Every symbol has its row; figures where cells are wide enough for them. */
static void test_few_symbols(void **state) {
    (void)state;
    struct run_view run;
    struct plot_job job;
    char dir[1024];
    open_trades(&run, dir, "few-symbols",
                "lstm,1,AAA,2021-01-05T10:00:00Z,2000\nlstm,1,BBB,2021-04-05T10:00:00Z,-400\n"
                "lstm,1,CCC,2021-01-05T10:00:00Z,-1000\nlstm,1,CCC,2021-04-05T10:00:00Z,500\n");
    char *cells = plot_data(&run, &job, "symbol_months", "symbol_months-1.cells");
    assert_int_equal(job.n_pages, 1);
    if (strncmp(cells, "0\t0\t111\t177\t224\t\n1\t0\t243\t243\t241\t\n", 32) != 0) fail_msg("%.40s", cells);
    assert_int_equal(lines_of(cells), (3 + 2) * 4 + 2 * 2); /* the mean is drawn in two halves */
    mem_free(cells);
    char *digits = plot_data(&run, &job, "symbol_months", "symbol_months-1.digits");
    assert_string_equal(digits, "-9\t-9\t \n0\t0\t+1.00\n3\t1\t−0.20\n0\t2\t−0.50\n3\t2\t+0.25\n\n\n"
                                "-9\t-9\t \n0\t0.5\t+0.17\n3\t0.5\t+0.02\n\n\n");
    mem_free(digits);
    run_view_close(&run);
}

/* Of 2,000 the best 18 and the worst, the others in twelve rows of their means; of 50 all. */
static void test_many_symbols(void **state) {
    (void)state;
    static const struct {
        size_t n, rows, blocks;
        const char *group, *mean;
    } c[] = {{50, 50, 2, NULL, NULL},
             {51, 18 + 5 + 18, 4, "\"19–21, mean\"", "\"+0.320\""},
             {2000, 18 + 12 + 18, 4, "\"19–181, mean\"", "\"+19.01\""}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        struct run_view run;
        struct plot_job job;
        char dir[1024], name[32], *trades = mem_calloc(c[i].n + 1, 100), *to = trades;
        assert_non_null(trades);
        for (size_t s = 1; s <= c[i].n; s++)
            to += sprintf(to, "lstm,1,S%04zu,2021-0%zu-05T10:00:00Z,%zu\n", s, s % 2 ? (size_t)1 : (size_t)9, 20 * s);
        snprintf(name, sizeof name, "many-symbols-%zu", c[i].n);
        open_trades(&run, dir, name, trades);
        mem_free(trades);
        char *cells = plot_data(&run, &job, "symbol_months", "symbol_months-1.cells");
        assert_int_equal(job.n_pages, 1);
        assert_int_equal(lines_of(cells), (c[i].rows + 2) * 9 + 2 * c[i].blocks);
        mem_free(cells);
        char *set = plot_data(&run, &job, "symbol_months", "symbol_months-1.set");
        assert_near(set_value(set, "n_blocks = "), (double)c[i].blocks, 1e-12, 1);
        char last[32];
        snprintf(last, sizeof last, "block_bottom[%zu] = ", c[i].blocks);
        assert_true(set_value(set, last) >= PAGE_BOTTOM - 0.03 - 1e-9); /* the caption stays clear */
        mem_free(set);
        char *names = plot_data(&run, &job, "symbol_months", "symbol_months-1.text6");
        char *totals = plot_data(&run, &job, "symbol_months", "symbol_months-1.text7");
        if (c[i].group && (!strstr(names, c[i].group) || !strstr(totals, c[i].mean)))
            fail_msg("%zu symbols: no %s of %s", c[i].n, c[i].group, c[i].mean);
        assert_true(!strstr(names, "mean\"") == !c[i].group);
        assert_true(!strstr(totals, "the 18 best, the 18 worst") == !c[i].group);
        assert_non_null(strstr(names, "\"S0001\""));
        mem_free(names);
        mem_free(totals);
        run_view_close(&run);
    }
}

static void test_nothing_to_see(void **state) {
    (void)state;
    static const char *const trades[] = {
        "", "lstm,1,AAA,,1\n", /* nothing ended */
        "lstm,1,AAA,2021-01-05T10:00:00Z,1\nlstm,1,BBB,2021-04-05T10:00:00Z,1\n",
        "lstm,1,AAA,2021-01-05T10:00:00Z,1\nlstm,1,BBB,2021-01-05T10:00:00Z,1\nlstm,1,CCC,2021-01-05T10:00:00Z,1\n"};
    for (size_t i = 0; i < COUNT_OF(trades); i++) {
        struct run_view run;
        char dir[1024], name[32];
        snprintf(name, sizeof name, "nothing-%zu", i);
        open_trades(&run, dir, name, trades[i]);
        struct plot_job job = {.run = &run, .plot = plot_named("symbol_months"), .dir = room, .not_shown = ""};
        assert_ok(job.plot->prepare(&job));
        if (job.n_pages || !job.skipped[0]) fail_msg("case %zu: %zu pages, %s", i, job.n_pages, job.skipped);
        run_view_close(&run);
    }
}

int main(void) {
    if (!room_open()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),         cmocka_unit_test(test_calendar),       cmocka_unit_test(test_few_symbols),
        cmocka_unit_test(test_many_symbols), cmocka_unit_test(test_nothing_to_see),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return room_remove() ? failed : 1;
}
