/* Columns of the user's own, from the data file and from side files: kept with their rows, joined by the time at which they were
 * known and never later, part of the keys of a run. */
#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "engine/walk/fits.h"
#include "gatewalk/import.h"
#include "gatewalk/rng.h"
#include "rundir.h"

enum { N_BARS = 900, N_ROWS = 400 };

static void write_text(const char *name, const char *content) {
    FILE *file = fopen(scratch(name), "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

/* Rows at odd times; each becomes known after a delay of its own, so that later rows may be known before earlier ones. */
struct row {
    int64_t time_ns, known_ns;
    double value;
};
static struct row rows[N_ROWS];

static void make_rows(const struct gw_bars *bars) {
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "rows", 0, 0, 0);
    int64_t at = bars->bar[40].open_ns + 17 * NS_PER_SECOND;
    for (size_t i = 0; i < N_ROWS; i++) {
        at += 1 + (int64_t)(gw_rng_uniform(&rng) * 4 * 15 * (double)NS_PER_MINUTE);
        rows[i] = (struct row){at, at + (int64_t)(gw_rng_uniform(&rng) * 3 * (double)NS_PER_HOUR),
                               gw_rng_uniform(&rng) < .1 ? (double)NAN : gw_rng_normal(&rng)};
    }
}

/* Rows whose number is at least `from` hold another value. */
static void write_rows(const char *name, int64_t poisoned_from_ns) {
    FILE *file = fopen(scratch(name), "w");
    char time[40], known[40], value[32];
    assert_non_null(file);
    fprintf(file, "time,known_at,x,not asked\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        const bool poisoned = rows[i].known_ns > poisoned_from_ns;
        fprintf(file, "%s,%s,%s,7\n", time_format(rows[i].time_ns, time), time_format(rows[i].known_ns, known),
                poisoned               ? "1e9"
                : isnan(rows[i].value) ? ""
                                       : number_format(rows[i].value, value));
    }
    assert_int_equal(fclose(file), 0);
}

static int markets(void **state) {
    struct gw_bars bars;
    if (scratch_make(state) != 0) return -1;
    fixture_walk(&bars, "BARS", N_BARS, 31, 0, 0.02);
    double own[N_BARS];
    for (size_t t = 0; t < N_BARS; t++) own[t] = t % 11 == 4 ? (double)NAN : cos((double)t) * 3;
    assert_ok(gw_bars_add_column(&bars, "own", own));
    assert_ok(gw_bars_write_csv(&bars, scratch("BARS.csv")));
    make_rows(&bars);
    write_rows("side.csv", INT64_MAX);
    gw_bars_free(&bars);
    return 0;
}

static const char text[] = "{'name':'columns','data':[{'file':'BARS.csv','extra':[%s]}],'features':[%s],"
                           "'labels':{'horizon':8,'min_move':0.004},'folds':{'train':200,'validation':60,'test':100},"
                           "'model':{'lookback':4,'hidden':4,'dense_units':4},'strategies':['gate']}";

static int load(const char *extra, const char *features, struct experiment **e, struct prepared **p) {
    char json[1200];
    snprintf(json, sizeof json, text, extra, features);
    *p = NULL;
    *e = fixture_experiment(json);
    return prepare(*e, p);
}

static void drop(struct experiment *e, struct prepared *p) {
    prepared_free(p);
    experiment_free(e);
}

/* What was known at a time, by asking every row. */
static double known_at(int64_t close_ns, int64_t stale_ns) {
    const struct row *last = NULL;
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].known_ns <= close_ns && (!last || rows[i].time_ns > last->time_ns)) last = &rows[i];
    return last && (!stale_ns || close_ns - last->time_ns <= stale_ns) ? last->value : (double)NAN;
}

static void check_join(const char *extra, int64_t stale_ns) {
    struct experiment *e;
    struct prepared *p;
    size_t n_known = 0, n_missing = 0;
    assert_ok(load(extra, "'col(x)'", &e, &p));
    const struct gw_bars *bars = &p->market.symbol[0];
    const double *x = gw_bars_column(bars, "x");
    assert_non_null(x);
    for (size_t t = 0; t < bars->n; t++) {
        const double want = known_at(gw_bar_close_ns(bars, t), stale_ns);
        if (!(x[t] == want || (isnan(x[t]) && isnan(want)))) fail_msg("bar %zu: %g, known was %g", t, x[t], want);
        n_known += isnan(want) ? 0 : 1;
        n_missing += isnan(want) ? 1 : 0;
    }
    assert_true(n_known > 100 && n_missing > 40);
    assert_true(p->side[0].file[0].n_before >= 40 && p->side[0].file[0].n_rows == N_ROWS);
    assert_int_equal(p->side[0].file[0].n_stale > 0, stale_ns > 0);
    assert_string_equal(p->side[0].file[0].used, "x");
    assert_string_equal(p->side[0].file[0].ignored, "not asked");
    assert_string_equal(p->import[0].columns_ignored, "own");
    drop(e, p);
}

static void test_joined_by_what_was_known(void **state) {
    (void)state;
    check_join("{'file':'side.csv'}", 0);
    check_join("{'file':'side.csv','stale':'40m'}", 40 * NS_PER_MINUTE);
}

/* A row that becomes known after a bar's close must not be felt there, in the column or in any feature of it. */
static void test_no_row_is_felt_before_it_is_known(void **state) {
    (void)state;
    static const char features[] = "'col(x)','col_change(x,3)','col_z(x,12)','col(x)@1h','log_return(1)'";
    struct experiment *e[2];
    struct prepared *p[2];
    assert_ok(load("{'file':'side.csv'}", features, &e[0], &p[0]));
    const struct gw_bars *bars = &p[0]->market.symbol[0];
    size_t n_changed = 0;
    for (size_t cut = 100; cut < bars->n; cut += 97) {
        const int64_t now_ns = gw_bar_close_ns(bars, cut);
        const size_t F = p[0]->features[0].n_features;
        write_rows("poison.csv", now_ns);
        assert_ok(load("{'file':'poison.csv'}", features, &e[1], &p[1]));
        assert_memory_equal(p[0]->features[0].value, p[1]->features[0].value, (cut + 1) * F * sizeof(float));
        assert_memory_equal(gw_bars_column(bars, "x"), gw_bars_column(&p[1]->market.symbol[0], "x"),
                            (cut + 1) * sizeof(double));
        n_changed += memcmp(p[0]->features[0].value, p[1]->features[0].value, bars->n * F * sizeof(float)) != 0;
        drop(e[1], p[1]);
    }
    assert_true(n_changed > 5); /* the poison was there */
    drop(e[0], p[0]);
}

static void test_known_after(void **state) {
    (void)state;
    struct experiment *e;
    struct prepared *p;
    struct gw_bars bars;
    struct gw_import_report report;
    assert_ok(gw_bars_import(scratch("BARS.csv"), NULL, &bars, &report));
    char content[200], time[40];
    const int64_t at = gw_bar_close_ns(&bars, 100), hour = NS_PER_HOUR;
    snprintf(content, sizeof content, "symbol;Open Time;x\nOTHER;2019-01-01;9\nBARS;%s;5\n", time_format(at, time));
    write_text("late.csv", content);
    static const char *const after[] = {"0s", "1h"};
    for (size_t k = 0; k < COUNT_OF(after); k++) {
        char extra[100];
        snprintf(extra, sizeof extra, "{'file':'late.csv','known_after':'%s'}", after[k]);
        assert_ok(load(extra, "'col(x)'", &e, &p));
        const double *x = gw_bars_column(&p->market.symbol[0], "x");
        for (size_t t = 0; t < bars.n; t++)
            assert_int_equal(isnan(x[t]), gw_bar_close_ns(&bars, t) < at + (int64_t)k * hour);
        assert_true(p->features[0].warmup >= 100);
        drop(e, p);
    }
    gw_bars_free(&bars);
}

/* ---- the data file's own columns ------------------------------------------------------------------------------- */

static void same_columns(const struct gw_bars *a, const struct gw_bars *b) {
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_columns, b->n_columns);
    assert_int_equal(a->fingerprint, b->fingerprint);
    assert_int_equal(a->columns_fingerprint, b->columns_fingerprint);
    for (size_t c = 0; c < a->n_columns; c++) {
        assert_string_equal(a->column[c].name, b->column[c].name);
        assert_memory_equal(a->column[c].value, b->column[c].value, a->n * sizeof(double));
    }
}

/* Newest first, unsorted with repair, quoted, from the cache: the value stays with its row. */
static void test_values_stay_with_their_rows(void **state) {
    (void)state;
    static const char *const asked[] = {"own", "and_more"};
    struct gw_bars bars, other, plain;
    const struct gw_import_options with = {.symbol = "B", .column = asked, .n_columns = 2, .repair = true};
    assert_ok(gw_bars_import(scratch("BARS.csv"), &with, &bars, NULL));
    assert_int_equal(bars.n_columns, 1);
    assert_int_equal(bars.n, N_BARS);
    for (size_t t = 0; t < N_BARS; t++)
        if (t % 11 == 4)
            assert_true(isnan(bars.column[0].value[t]));
        else
            assert_near(bars.column[0].value[t], cos((double)t) * 3, 1e-15, 1);
    assert_ok(gw_bars_import(scratch("BARS.csv"), &(struct gw_import_options){.symbol = "B"}, &plain, NULL));
    assert_int_equal(plain.n_columns, 0);
    assert_int_equal(plain.fingerprint, bars.fingerprint); /* the bars are the same bars */

    size_t n;
    char *file = rundir_read(scratch("BARS.csv"), &n), *line[N_BARS + 1];
    size_t n_lines = 0;
    for (char *at = strtok(file, "\n"); at; at = strtok(NULL, "\n")) line[n_lines++] = at;
    assert_int_equal(n_lines, N_BARS + 1);
    for (int kind = 0; kind < 3; kind++) {
        FILE *out = fopen(scratch("other.csv"), "w");
        assert_non_null(out);
        fprintf(out, "%s\n", line[0]);
        for (size_t i = 1; i <= N_BARS; i++)
            fprintf(out, "%s\n", line[kind == 0 ? N_BARS + 1 - i : kind == 1 && i % 5 == 0 ? i : i]);
        if (kind == 1) fprintf(out, "%s\n", line[7]); /* a repeated row */
        if (kind == 2)
            fprintf(out, "\"2031-01-01T00:00:00Z\",1,1,1,1,1,\"-2.5\"\n"); /* quotes anywhere: another reader */
        assert_int_equal(fclose(out), 0);
        assert_ok(gw_bars_import(scratch("other.csv"), &with, &other, NULL));
        if (kind == 2) {
            assert_true(other.column[0].value[N_BARS] == -2.5);
            other.n--;
            gw_bars_fingerprint(&other);
        }
        same_columns(&bars, &other);
        gw_bars_free(&other);
    }
    mem_free(file);
    gw_bars_free(&plain);
    gw_bars_free(&bars);
}

/* Two rows of one time that differ in a column that was asked for are a contradiction, as in any other column. */
static void test_a_conflict_in_a_column(void **state) {
    (void)state;
    static const char *const asked[] = {"x"};
    struct gw_bars bars;
    struct gw_import_options options = {.column = asked, .n_columns = 1, .repair = true};
    write_text("twice.csv", "time,open,high,low,close,volume,x\n2020-01-01,1,1,1,1,1,5\n2020-01-02,1,1,1,1,1,5\n"
                            "2020-01-02,1,1,1,1,1,6\n2020-01-03,1,1,1,1,1,6\n");
    assert_int_equal(gw_bars_import(scratch("twice.csv"), &options, &bars, NULL), GW_ERR_DATA);
    assert_non_null(strstr(gw_error_message(), "with other values"));
    options.n_columns = 0;
    assert_ok(gw_bars_import(scratch("twice.csv"), &options, &bars, NULL));
    gw_bars_free(&bars);
}

static void test_the_cache_keeps_columns(void **state) {
    (void)state;
    static const char *const asked[] = {"own"};
    struct gw_bars bars[3];
    struct gw_import_options options = {.symbol = "B", .column = asked, .n_columns = 1};
    setenv("GATEWALK_CACHE", scratch("cache"), 1);
    FILE *file = fopen(scratch("large.csv"), "w");
    assert_non_null(file);
    fprintf(file, "time,open,high,low,close,volume,Own,other\n");
    for (int i = 0; i < 3000; i++) fprintf(file, "%d,1.5,1.6,1.4,1.5,10,%d,%d\n", 1577836800 + i * 60, -i, i);
    assert_int_equal(fclose(file), 0);
    for (int k = 0; k < 2; k++) assert_ok(gw_bars_import(scratch("large.csv"), &options, &bars[k], NULL));
    same_columns(&bars[0], &bars[1]);
    assert_true(bars[1].column[0].value[2999] == -2999);
    options.n_columns = 0;
    assert_ok(gw_bars_import(scratch("large.csv"), &options, &bars[2], NULL));
    assert_int_equal(bars[2].n_columns, 0);
    unsetenv("GATEWALK_CACHE");
    setenv("GATEWALK_CACHE", "off", 1);
    for (int k = 0; k < 3; k++) gw_bars_free(&bars[k]);
}

/* A folder's files become one history with all that each of them holds. */
static void test_files_of_a_folder_keep_their_columns(void **state) {
    (void)state;
    static const char *const asked[] = {"oi"};
    struct gw_bars bars;
    assert_ok(dir_make(scratch("folder")));
    for (int k = 1; k >= 0; k--) {
        char name[40];
        snprintf(name, sizeof name, "folder/BTC-%d.csv", 1 - k);
        FILE *file = fopen(scratch(name), "w");
        assert_non_null(file);
        fprintf(file, "time,open,high,low,close,volume,quote_volume,oi\n");
        for (int i = 100 * k; i < 100 * k + 100; i++)
            fprintf(file, "%d,1.5,1.6,1.4,1.5,10,%d,%d\n", 1577836800 + i * 60, 1000 + i, -i);
        assert_int_equal(fclose(file), 0);
    }
    const struct gw_import_options options = {.symbol = "B", .column = asked, .n_columns = 1};
    assert_ok(gw_bars_import(scratch("folder"), &options, &bars, NULL));
    assert_int_equal(bars.n, 200);
    assert_non_null(bars.quote_volume);
    assert_int_equal(bars.n_columns, 1);
    for (int i = 0; i < 200; i++) assert_true(bars.quote_volume[i] == 1000 + i && bars.column[0].value[i] == -i);
    gw_bars_free(&bars);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

struct keys {
    char config[RUN_KEY_SIZE], data[RUN_KEY_SIZE], trial[RUN_KEY_SIZE], fit[17];
};

static struct keys keys_of(const char *extra, const char *features) {
    struct experiment *e;
    struct prepared *p;
    struct keys keys;
    struct fit fit = {.strategy = 0};
    assert_ok(load(extra, features, &e, &p));
    config_key(e, p, keys.config);
    data_key(p, keys.data);
    trial_key(e, p, 0, keys.trial);
    fit_key(e, p, &fit);
    memcpy(keys.fit, fit.key, sizeof keys.fit);
    drop(e, p);
    return keys;
}

/* What a side file holds is part of what a run is; where it lies, and what nobody uses of it, is not. */
static void test_keys_know_the_side_files(void **state) {
    (void)state;
    write_rows("copy.csv", INT64_MAX);
    write_rows("changed.csv", rows[300].known_ns);
    const struct keys a = keys_of("{'file':'side.csv'}", "'col(x)'"), copy = keys_of("{'file':'copy.csv'}", "'col(x)'");
    const struct keys changed = keys_of("{'file':'changed.csv'}", "'col(x)'");
    assert_memory_equal(&a, &copy, sizeof a);
    assert_string_not_equal(a.config, changed.config);
    assert_string_not_equal(a.trial, changed.trial);
    assert_string_not_equal(a.fit, changed.fit);
    assert_string_equal(a.data, changed.data); /* trials are counted by the bars */
    const struct keys unused = keys_of("{'file':'changed.csv'}", "'log_return(1)'"),
                      none = keys_of("", "'log_return(1)'");
    assert_memory_equal(&unused, &none, sizeof none);
}

/* A rule and a script ask for columns that no model sees; both kinds of file bring them, and they mean what the file says. */
static void test_rules_and_scripts_bring_their_columns(void **state) {
    (void)state;
    static const char script[] =
        "local x = feature('col(own)')\nfunction on_bar(bar, history, score, position, orders)\n"
        "  if x() > 1 and position.quantity == 0 then orders.buy{max_bars = 2} end\nend\n";
    static const char json[] =
        "{'name':'asked','data':[{'file':'BARS.csv','extra':[{'file':'side.csv'}]}],'features':['log_return(1)'],"
        "'labels':{'horizon':8,'min_move':0.004},'folds':{'train':200,'validation':60,'test':100},"
        "'verdict':{'bootstrap':100,'null_resamples':0,'random_entries':20},'strategies':["
        "{'name':'rule','enter_long':'col(x) > 1','exit_long':'col(x) <= 1'},{'name':'script','script':'asked.lua'}]}";
    char dir[1024], out[700];
    struct prepared *p;
    struct table trades;
    write_text("asked.lua", script);
    struct experiment *e = fixture_experiment(json);
    assert_ok(prepare(e, &p));
    const struct gw_bars *bars = &p->market.symbol[0];
    assert_int_equal(bars->n_columns, 2);
    const double *x = gw_bars_column(bars, "x"), *own = gw_bars_column(bars, "own");
    assert_non_null(x);
    assert_non_null(own);
    snprintf(out, sizeof out, "%.500s/asked", scratch_dir);
    assert_ok(run_experiment(e, &(struct gw_run_options){.out_dir = out, .force = true, .jobs = 1}, dir));
    assert_ok(path_join(dir, sizeof dir, out, GW_RUN_TRADES));
    assert_ok(table_read(dir, &trades));
    size_t n_rule = 0, n_script = 0, signal;
    assert_ok(table_column(&trades, "signal_time", &signal));
    for (size_t i = 0; i < trades.n_rows; i++) {
        char *const *cell = trades.cell + i * trades.n_columns;
        int64_t ns;
        size_t t = 0;
        assert_ok(time_parse(cell[signal], &ns));
        while (t < bars->n && gw_bar_close_ns(bars, t) != ns) t++;
        assert_true(t < bars->n);
        const bool of_rule = strcmp(cell[0], "rule") == 0;
        const double value = of_rule ? x[t] : own[t];
        if (!(value > 1) && !isnan(value)) fail_msg("%s entered at bar %zu, where the column is %g", cell[0], t, value);
        n_rule += of_rule;
        n_script += !of_rule;
    }
    assert_true(n_rule > 10 && n_script > 10);
    table_free(&trades);
    drop(e, p);
}

/* Funding and open interest are looked for by name, and said to be missing by the feature's. */
static void test_named_columns(void **state) {
    (void)state;
    struct experiment *e;
    struct prepared *p;
    struct gw_bars bars;
    FILE *file = fopen(scratch("oi.csv"), "w");
    char time[40];
    assert_fails(load("{'file':'side.csv'}", "'log_return(1)','funding_z(8)'", &e, &p), GW_ERR_CONFIG,
                 "funding_z(8), made of column funding_rate: ");
    experiment_free(e);
    assert_ok(gw_bars_import(scratch("BARS.csv"), &(struct gw_import_options){.symbol = NULL}, &bars, NULL));
    assert_non_null(file);
    fprintf(file, "time,Open Interest\n");
    for (size_t t = 0; t < bars.n; t++)
        fprintf(file, "%s,%zu\n", time_format(gw_bar_close_ns(&bars, t), time), 1000 + t * t);
    fclose(file);
    assert_ok(load("{'file':'oi.csv','known_after':'0s'}", "'oi_change(4)'", &e, &p));
    for (size_t t = 4; t < bars.n; t++)
        assert_near((double)p->features[0].value[t],
                    log((1000 + (double)t * (double)t) / (1000 + ((double)t - 4) * ((double)t - 4))), 1e-6, 1e-6);
    drop(e, p);
    gw_bars_free(&bars);
}

/* JSON of every shape has further columns as CSV has. */
static void test_json_has_columns(void **state) {
    (void)state;
    static const char *const shape[] = {
        "[{'time':'2020-01-01','open':1,'high':2,'low':1,'close':2,'flow':0.5},"
        "{'time':'2020-01-02','open':1,'high':2,'low':1,'close':2,'flow':null},"
        "{'time':'2020-01-03','open':1,'high':2,'low':1,'close':2,'flow':-3e2}]",
        "{'2020-01-01':{'open':1,'flow':0.5,'high':2,'low':1,'close':2},"
        "'2020-01-02':{'open':1,'high':2,'low':1,'close':2},"
        "'2020-01-03':{'open':1,'high':2,'low':1,'close':2,'flow':-300}}",
        "{'time':['2020-01-01','2020-01-02','2020-01-03'],'flow':[0.5,null,-300],'open':[1,1,1],'high':[2,2,2],"
        "'low':[1,1,1],'close':[2,2,2]}",
        "{'columns':['open','high','low','close','other','flow'],'index':['2020-01-01','2020-01-02','2020-01-03'],"
        "'data':[[1,2,1,2,7,0.5],[1,2,1,2,7,null],[1,2,1,2,7,-300]]}",
    };
    static const char *const asked[] = {"Flow", "missing"};
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        char content[1000];
        struct gw_bars bars;
        struct gw_import_report report;
        struct gw_import_options options = {.column = asked, .n_columns = COUNT_OF(asked)};
        snprintf(content, sizeof content, "%s", shape[i]);
        for (char *at = content; *at; at++) *at = *at == '\'' ? '"' : *at;
        write_text("columns.json", content);
        assert_ok(gw_bars_import(scratch("columns.json"), &options, &bars, &report));
        const double *flow = gw_bars_column(&bars, "Flow");
        assert_non_null(flow);
        assert_null(gw_bars_column(&bars, "missing"));
        assert_int_equal(bars.n, 3);
        assert_true(flow[0] == 0.5 && isnan(flow[1]) && flow[2] == -300);
        assert_true(bars.bar[2].high == 2 && bars.bar[2].close == 2);
        gw_bars_free(&bars);
    }
    struct gw_bars bars;
    struct gw_import_report report;
    static const char *const price[] = {"close"};
    assert_fails(gw_bars_import(scratch("columns.json"), &(struct gw_import_options){.column = price, .n_columns = 1},
                                &bars, &report),
                 GW_ERR_CONFIG, "features of it need no col()");
    write_text("columns.json",
               "[{\"time\":\"2020-01-01\",\"open\":1,\"high\":2,\"low\":1,\"close\":2,\"flow\":\"much\"}]");
    assert_fails(gw_bars_import(scratch("columns.json"), &(struct gw_import_options){.column = asked, .n_columns = 1},
                                &bars, &report),
                 GW_ERR_DATA, "columns.json:1:");
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_and_scripts_bring_their_columns),
        cmocka_unit_test(test_json_has_columns),
        cmocka_unit_test(test_named_columns),
        cmocka_unit_test(test_joined_by_what_was_known),
        cmocka_unit_test(test_no_row_is_felt_before_it_is_known),
        cmocka_unit_test(test_known_after),
        cmocka_unit_test(test_values_stay_with_their_rows),
        cmocka_unit_test(test_a_conflict_in_a_column),
        cmocka_unit_test(test_the_cache_keeps_columns),
        cmocka_unit_test(test_files_of_a_folder_keep_their_columns),
        cmocka_unit_test(test_keys_know_the_side_files),
    };
    return cmocka_run_group_tests(tests, markets, scratch_remove);
}
