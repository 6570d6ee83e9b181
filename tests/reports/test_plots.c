/* The numbers behind the pictures: every plot has something to show, means, thinning, ticks, the path of a study, the best signals. */
#include "reports/data/study_view.h"
#include "reports/plots/equity.h"
#include "reports/plots/line_chart.h"
#include "reports/plots/signals.h"
#include "room.h"

/* ---- every plot ------------------------------------------------------------------------------------------------- */

/* A plot that the made-up run gives nothing to show is one whose drawing no test ever sees. */
static void test_every_plot_has_something_to_show(void **state) {
    (void)state;
    struct fixture f = fixture_small(4);
    struct run_view run;
    char dir[1024];
    f.study = f.patterns = f.search = true;
    f.n_seeds = 1;
    f.bars_per_fold = 1000; /* days enough for a rolling window */
    open_run(&run, dir, "every-plot", &f);
    for (size_t i = 0; plot_at(i); i++) {
        struct plot_job job = {.run = &run, .plot = plot_at(i), .dir = room, .not_shown = ""};
        assert_ok(plot_at(i)->prepare(&job));
        if (job.n_pages == 0)
            fail_msg("plot %s has nothing to show of the made-up run (%s): write what it reads in "
                     "tests/reports/fixture.h",
                     plot_at(i)->name, job.skipped);
    }
    run_view_close(&run);
}

/* A run may have several libraries: each page of one says whose it is. */
static void test_pages_say_whose_library_it_is(void **state) {
    (void)state;
    static const char *const name[] = {"pattern_reconstruction", "pattern_training", "pattern_map", "pattern_sizes",
                                       "pattern_gallery"};
    struct fixture f = fixture_small(4);
    struct run_view run;
    struct plot_job job;
    char dir[1024], file[64];
    f.patterns = true;
    open_run(&run, dir, "whose-library", &f);
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        snprintf(file, sizeof file, "%s-1.text%d", name[i], FONT_TITLE * N_ALIGNS + ALIGN_LEFT);
        char *texts = plot_data(&run, &job, name[i], file);
        if (!strstr(texts, "patterns, seed 1, fold 8")) fail_msg("%s says nothing of whose library it is", name[i]);
        mem_free(texts);
    }
    run_view_close(&run);
}

/* ---- better than chance? ----------------------------------------------------------------------------------------- */

static size_t times_in(const char *text, const char *part) {
    size_t n = 0;
    for (; (text = strstr(text, part)); text += strlen(part)) n++;
    return n;
}

/* Every gate of every model stands there; in bold what stands once corrected, which the made-up run's short gates do not. */
static void test_gates_beside_chance(void **state) {
    (void)state;
    struct fixture f = fixture_small(4);
    struct run_view run;
    struct plot_job job;
    char dir[1024], file[64];
    open_run(&run, dir, "chance", &f);
    snprintf(file, sizeof file, "summary-2.text%d", FONT_BODY * N_ALIGNS + ALIGN_RIGHT);
    char *plain = plot_data(&run, &job, "summary", file);
    assert_int_equal(times_in(plain, "0.110"), 2 * f.n_models);
    assert_int_equal(times_in(plain, "0.164"), f.n_models);
    assert_int_equal(times_in(plain, "0.012"), 0);
    mem_free(plain);
    snprintf(file, sizeof file, "summary-2.text%d", FONT_BOLD * N_ALIGNS + ALIGN_RIGHT);
    char *bold = plot_data(&run, &job, "summary", file);
    assert_int_equal(times_in(bold, "0.012"), f.n_models);
    assert_int_equal(times_in(bold, "0.164"), 0);
    mem_free(bold);
    run_view_close(&run);
}

/* ---- the path of a study ----------------------------------------------------------------------------------------- */

static void test_study(void **state) {
    (void)state;
    struct fixture f = fixture_small(4);
    struct run_view run;
    const struct study_view *study;
    char dir[1024];
    open_run(&run, dir, "no-study", &f);
    assert_ok(study_view_read(&run, &study));
    assert_null(study);
    run_view_close(&run);
    f.study = true;
    open_run(&run, dir, "study", &f);
    assert_ok(study_view_read(&run, &study));
    assert_non_null(study);
    assert_int_equal(study->n, 3);
    assert_int_equal(study->stage[0].n, 2);
    assert_true(study->stage[0].carried && !study->stage[0].final && study->stage[2].final);
    assert_near(study->baseline, 0.192, 1e-12, 1); /* the carried winner, not the best of all */
    assert_near(study->search_folds, 2, 1e-12, 1);
    assert_true(isnan(study->stage[1].variant[1].average_precision));
    assert_string_equal(study->final, "lstm, bahdanau_64, buy_and_hold");
    run_view_close(&run);
}

static void test_study_page(void **state) {
    (void)state;
    struct fixture f = fixture_small(4);
    struct run_view run;
    struct plot_job job;
    char dir[1024];
    f.study = true;
    open_run(&run, dir, "study-page", &f);
    char *dots = plot_data(&run, &job, "study", "study-1.dots");
    assert_int_equal(job.n_pages, 1);
    assert_string_equal(dots, "0.181\t1.5\t0\t\n0.192\t2.5\t1\t\n0.214\t4.5\t1\t\nNaN\t5.5\t0\t\n0.187\t7.5\t1\t\n");
    mem_free(dots);
    run_view_close(&run);
}

/* Stages stay whole: twenty of three variants are 80 rows, seven stages to a page of thirty. */
static void test_long_study(void **state) {
    (void)state;
    struct fixture f = fixture_small(4);
    struct run_view run;
    struct plot_job job;
    char dir[1024], path[1024];
    open_run(&run, dir, "long-study", &f);
    join(path, dir, GW_RUN_STUDY);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("{\"schema\": 6, \"stages\": [", to);
    for (int i = 0; i < 20; i++) {
        fprintf(to, "%s{\"name\": \"s%d\", \"variants\": [", i ? "," : "", i);
        for (int v = 0; v < 3; v++)
            fprintf(to, "%s{\"name\": \"v%d\", \"validation_average_precision\": 0.%d}", v ? "," : "", v, i + 10);
        fputs("]}", to);
    }
    fputs("]}", to);
    fclose(to);
    char *dots = plot_data(&run, &job, "study", "study-3.dots");
    assert_int_equal(job.n_pages, 3);
    size_t lines = 0;
    for (char *at = dots; (at = strchr(at, '\n')); at++) lines++;
    assert_int_equal(lines, 3 * (20 - 2 * 7));
    mem_free(dots);
    put_file(dir, GW_RUN_STUDY,
             "{\"schema\": 6, \"stages\": [1, {\"variants\": 3}, {\"name\": [], \"variants\": [null]}], \"final\": 7}");
    dots = plot_data(&run, &job, "study", "study-1.dots"); /* wrong types are missing values */
    assert_int_equal(job.n_pages, 1);
    mem_free(dots);
    put_file(dir, GW_RUN_STUDY, "{\"schema\": 6, \"stages\": []}");
    job = (struct plot_job){.run = &run, .plot = plot_named("study"), .dir = room, .not_shown = ""};
    assert_ok(job.plot->prepare(&job));
    assert_int_equal(job.n_pages, 0);
    assert_true(job.skipped[0] != 0);
    put_file(dir, GW_RUN_STUDY, "{");
    assert_fails(job.plot->prepare(&job), GW_ERR_DATA, "study.json");
    run_view_close(&run);
}

/* ---- axes ----------------------------------------------------------------------------------------------------------- */

static void test_log_ticks(void **state) {
    (void)state;
    static const struct {
        double lo, hi, tick[LOG_TICKS_MAX];
        size_t n;
    } c[] = {{45, 230, {50, 70, 100, 150, 200}, 5},
             {60, 900, {70, 100, 150, 200, 300, 500, 700}, 7},
             {30, 3000, {50, 100, 200, 500, 1000, 2000}, 6},
             {95, 50000, {100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000}, 9},
             {0.9, 150000, {1, 10, 100, 1000, 10000, 100000}, 6},
             {1e-7, 1e9, {1e-6, 1e-4, 1e-2, 1, 100, 1e4, 1e6, 1e8}, 8}};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        double tick[LOG_TICKS_MAX];
        size_t n = equity_log_ticks(c[i].lo, c[i].hi, tick);
        if (n != c[i].n) fail_msg("case %zu: %zu ticks, not %zu", i, n, c[i].n);
        for (size_t t = 0; t < n; t++) assert_near(tick[t], c[i].tick[t], 1e-12, 1);
    }
}

/* One trade of +100 % would leave nothing to be seen of the others; it is named instead. */
static void test_few_trades_are_named(void **state) {
    (void)state;
    struct fixture f = fixture_small(4);
    struct run_view run;
    struct plot_job job;
    char dir[1024], path[1024];
    open_run(&run, dir, "few-trades", &f);
    join(path, dir, GW_RUN_TRADES);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("strategy,entry_price,quantity,fees,slippage,funding,return,mae,mfe\n", to);
    for (int i = 0; i < 20; i++) fprintf(to, "lstm,100,1,0,0,0,%s,-0.01,0.02\n", i % 2 ? "0.01" : "-0.01");
    fputs("buy_and_hold,100,1,0,0,0,1.02,-0.5,1.4\n", to);
    fclose(to);
    char *set = plot_data(&run, &job, "trades", "trades-1.set");
    const char *hi = strstr(set, "net_hi = ");
    assert_non_null(hi);
    assert_true(strtod(hi + strlen("net_hi = "), NULL) < 5); /* percent */
    assert_non_null(strstr(set, "n_rows = 1\n"));
    mem_free(set);
    char *small_text = plot_data(&run, &job, "trades", "trades-1.text6"); /* small print, flush left */
    assert_non_null(strstr(small_text, "buy_and_hold (1)."));
    mem_free(small_text);
    run_view_close(&run);
}

/* ---- numbers behind the pictures -------------------------------------------------------------------------------- */

static void test_equity_means(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    struct run_view run;
    struct plot_job job;
    char dir[1024];
    run_dir(dir, "equity", &f);
    put_file(dir, GW_RUN_EQUITY,
             "time,strategy,seed,equity,cash,exposure,drawdown\n"
             "2021-01-01T00:15:00Z,lstm,1,1000,0,0,0\n2021-01-01T00:30:00Z,lstm,1,1100,0,0,0\n2021-01-01T00:45:00Z,"
             "lstm,1,880,0,0,-0.2\n"
             "2021-01-01T00:15:00Z,lstm,2,500,0,0,0\n2021-01-01T00:30:00Z,lstm,2,500,0,0,0\n2021-01-01T00:45:00Z,"
             "lstm,2,600,0,0,0\n");
    assert_ok(run_view_open(dir, &run));
    char *means = plot_data(&run, &job, "equity", "equity-1.means");
    double t[3], growth[3], drawdown[3];
    assert_int_equal(sscanf(means, "%lf %lf %lf %lf %lf %lf %lf %lf %lf", &t[0], &growth[0], &drawdown[0], &t[1],
                            &growth[1], &drawdown[1], &t[2], &growth[2], &drawdown[2]),
                     9);
    assert_near(t[0], 1609460100.0, 1e-15, 1);
    assert_near(growth[0], 100, 1e-12, 1);
    assert_near(growth[1], 105, 1e-12, 1); /* (110 + 100) / 2 */
    assert_near(growth[2], 104, 1e-12, 1); /* (88 + 120) / 2 */
    assert_near(drawdown[2], -10, 1e-12, 1);
    mem_free(means);
    run_view_close(&run);
}

/* 100,000 bars keep their worst drawdown and their end although only some 1,600 points are drawn. */
static void test_equity_is_thinned(void **state) {
    (void)state;
    enum { BARS = 100000 };
    struct fixture f = fixture_small(3);
    struct run_view run;
    struct plot_job job;
    char dir[1024], path[1024], at[40];
    run_dir(dir, "thinned", &f);
    join(path, dir, GW_RUN_EQUITY);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("time,strategy,seed,equity,cash,exposure,drawdown\n", to);
    for (int i = 0; i < BARS; i++)
        fprintf(to, "%s,lstm,1,%d,0,0,%s\n", fx_time(i, at), 1000 + (i == BARS - 1), i == 77777 ? "-0.5" : "-0.01");
    fclose(to);
    assert_ok(run_view_open(dir, &run));
    char *means = plot_data(&run, &job, "equity", "equity-1.means");
    size_t n = 0;
    double worst = 0, last = 0, time = 0;
    for (char *line = strtok(means, "\n"); line; line = strtok(NULL, "\n"), n++) {
        double growth, drawdown;
        assert_int_equal(sscanf(line, "%lf %lf %lf", &time, &growth, &drawdown), 3);
        worst = fmin(worst, drawdown);
        last = growth;
    }
    assert_true(n >= 800 && n <= 1600);
    assert_near(worst, -50, 1e-12, 1);
    assert_near(last, 100.1, 1e-9, 1);
    assert_true(fabs(time - (double)(fx_begin_s + (BARS - 1) * fx_bar_s)) <= 128.0 * (double)fx_bar_s);
    mem_free(means);
    run_view_close(&run);
}

/* What stands in the columns of small print: a line each, its text between quotes. */
static char *said(char *file) {
    char *to = file;
    for (char *line = strtok(file, "\n"); line; line = strtok(NULL, "\n")) {
        char *open = strchr(line, '"'), *close = strrchr(line, '"');
        assert_true(open && close > open);
        memmove(to, open + 1, (size_t)(close - open - 1));
        to += close - open - 1;
        *to++ = '|';
    }
    *to = '\0';
    return file;
}

/* Sums over seeds, money as a mean of them and of what the account began with; a buyer who holds has one seed. */
static void test_symbols(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    struct run_view run;
    struct plot_job job;
    char dir[1024];
    run_dir(dir, "symbols", &f);
    put_file(dir, GW_RUN_BREAKDOWN,
             "strategy,seed,by,group,trades,wins,pnl,mean_return\n"
             "lstm,1,symbol,AAA,10,6,1000,0.01\n"
             "lstm,1,symbol,CCC,4,0,-8000,-0.05\n"
             "lstm,1,symbol,IDLE,0,0,0,\n" /* never traded */
             "lstm,1,side,long,14,6,-7000,0.3\n"
             "lstm,2,symbol,BBB,5,5,5000,0.03\n"
             "lstm,2,symbol,AAA,30,10,2000,-0.02\n"
             "bahdanau,1,symbol,AAA,7,7,7000,0.07\n" /* two symbols are no table */
             "bahdanau,2,symbol,BBB,7,7,7000,0.07\n"
             "buy_and_hold,1,symbol,BBB,1,1,500,0.005\n"
             "buy_and_hold,1,symbol,AAA,1,0,-250,-0.0025\n"
             "buy_and_hold,1,symbol,CCC,1,1,500,0.015\n");
    assert_ok(run_view_open(dir, &run));
    char *cell = plot_data(&run, &job, "symbols", "symbols-1.text8"); /* small print, centred; so few stand abreast */
    assert_int_equal(job.n_pages, 1);
    assert_string_equal(said(cell), "won, %|mean, %|P&L, %|100|+3.00|+2.50|won, %|mean, %|P&L, %|40|−1.25|+1.50|"
                                    "won, %|mean, %|P&L, %|0|−5.00|−4.00|"
                                    "won, %|mean, %|P&L, %|100|+0.50|+0.50|won, %|mean, %|P&L, %|100|+1.50|+0.50|"
                                    "won, %|mean, %|P&L, %|0|−0.25|−0.25|");
    char *name = plot_data(&run, &job, "symbols", "symbols-1.text6"), *count;
    assert_non_null(strstr(said(name), "BBB|AAA|CCC|BBB|CCC|AAA|")); /* best first, the same by name */
    count = plot_data(&run, &job, "symbols", "symbols-1.text7");
    assert_non_null(strstr(said(count), "2 of 3 symbols made money|2 of 3 symbols made money|"));
    mem_free(name);
    mem_free(count);
    mem_free(cell);
    run_view_close(&run);
}

/* The fills of the boxes from the first on; how many there are. */
static size_t fills(char *file, size_t most, unsigned *fill) {
    size_t n = 0;
    for (char *line = strtok(file, "\n"); line && n < most; line = strtok(NULL, "\n"), n++)
        assert_int_equal(sscanf(line, "%*f %*f %*f %*f %u", &fill[n]), 1);
    return n;
}

/* Eleven symbols, one of them wild: the tenth has the full colour as well, the ninth nine tenths of it. */
static void test_colours_of_symbols(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    struct run_view run;
    struct plot_job job;
    char dir[1024], path[1024];
    unsigned fill[64];
    run_dir(dir, "symbol-colours", &f);
    join(path, dir, GW_RUN_BREAKDOWN);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("strategy,seed,by,group,trades,wins,pnl,mean_return\n", to);
    fputs("buy_and_hold,1,symbol,WILD,2,1,-90000,0\n", to);
    for (int i = 1; i <= 10; i++) fprintf(to, "buy_and_hold,1,symbol,S%02d,2,1,%d,0\n", i, 100 * i);
    fclose(to);
    assert_ok(run_view_open(dir, &run));
    char *boxes = plot_data(&run, &job, "symbols", "symbols-1.boxes");
    assert_int_equal(fills(boxes, COUNT_OF(fill), fill), 33);
    assert_int_equal(fill[0], 0xFFFFFF);  /* half of its trades won */
    assert_int_equal(fill[2], 0x6FB1E0);  /* S10, full */
    assert_int_equal(fill[5], 0x7DB9E3);  /* S09: 255 - 0.9 * (255 - 111), ... */
    assert_int_equal(fill[32], 0xF0A468); /* WILD, full */
    mem_free(boxes);
    run_view_close(&run);
}

static void test_curve_steps(void **state) {
    (void)state;
    double x[] = {0.1, 0.5, 1.0}, y[] = {0.9, 0.6, 0.2};
    struct curve c = {.n = 3, .x = x, .y = y};
    assert_true(curve_at(&c, 0.0) == 0.9 && curve_at(&c, 0.1) == 0.9 && curve_at(&c, 0.49) == 0.9);
    assert_true(curve_at(&c, 0.5) == 0.6 && curve_at(&c, 1.0) == 0.2 && curve_at(&c, 2.0) == 0.2);
}

static void test_best_signals(void **state) {
    (void)state;
    struct fixture f = fixture_small(3);
    struct run_view run;
    struct signal_list list;
    char dir[1024];
    run_dir(dir, "signals", &f);
    put_file(dir, GW_RUN_ATTENTION_INDEX,
             "row,time,symbol,strategy,seed,fold,gate,probability,label,map\n"
             "0,2021-01-01T01:00:00Z,BTCUSDT,bahdanau,1,0,long,0.4,1,mean\n"
             "1,2021-01-02T02:00:00Z,BTCUSDT,bahdanau,1,0,long,0.9,0,mean\n"
             "9,2021-01-02T07:45:00Z,BTCUSDT,bahdanau,1,0,long,0.8,0,mean\n" /* less than 24 bars from row 1 */
             "2,2021-01-01T01:00:00Z,BTCUSDT,bahdanau,2,0,long,0.7,1,mean\n" /* the bar of row 0, surer */
             "3,2021-01-01T01:00:00Z,BTCUSDT,bahdanau,2,0,long,0.7,1,1\n"
             "4,2021-01-01T01:00:00Z,BTCUSDT,bahdanau,2,0,long,0.7,1,2\n"
             "5,2021-01-01T03:00:00Z,BTCUSDT,bahdanau,1,0,short,0.99,1,mean\n"
             "6,2021-01-01T04:00:00Z,BTCUSDT,luong_general,1,0,long,0.99,1,mean\n"
             "7,2021-01-01T05:00:00Z,ETHUSDT,bahdanau,1,0,long,0.5,,mean\n"
             "8,2021-01-01T06:00:00Z,ETHUSDT,bahdanau,1,0,long,,1,mean\n"
             "999,2021-01-01T07:00:00Z,ETHUSDT,bahdanau,1,0,long,0.95,1,mean\n"); /* past the end of the matrix */
    assert_ok(run_view_open(dir, &run));
    assert_ok(signals_best(&run, run_strategy_find(&run, "bahdanau"), GW_GATE_LONG, 20, "mean", &list));
    assert_int_equal(list.n, 3);
    assert_int_equal(list.signal[0].mean_row, 1);
    assert_int_equal(list.signal[1].mean_row, 2);
    assert_int_equal(list.signal[2].mean_row, 7);
    assert_int_equal(list.signal[2].label, -1);
    assert_int_equal(list.n_symbols, 2);
    assert_int_equal(list.n_heads, 2);
    assert_int_equal(list.signal[1].head_row[0], 3);
    assert_int_equal(list.signal[1].head_row[1], 4);
    assert_int_equal(list.signal[0].n_heads, 0);
    run_view_close(&run);
}

int main(void) {
    if (!room_open()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_plot_has_something_to_show),
        cmocka_unit_test(test_gates_beside_chance),
        cmocka_unit_test(test_study),
        cmocka_unit_test(test_study_page),
        cmocka_unit_test(test_pages_say_whose_library_it_is),
        cmocka_unit_test(test_long_study),
        cmocka_unit_test(test_log_ticks),
        cmocka_unit_test(test_few_trades_are_named),
        cmocka_unit_test(test_equity_means),
        cmocka_unit_test(test_equity_is_thinned),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_colours_of_symbols),
        cmocka_unit_test(test_curve_steps),
        cmocka_unit_test(test_best_signals),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return room_remove() ? failed : 1;
}
