/* A second sequence in a walk: which bars it shows when, in markets with holes; its maps among a run's files; what its settings
 * may be. That no later bar moves it is audited in tests/audit. */
#include "engine/base/base.h"
#include "engine/walk/fold_data.h"
#include "gatewalk/run_files.h"
#include "rundir.h"

static const char text[] =
    "{'name':'cross','data':['EARLY.csv','LATE.csv'],"
    "'features':['log_return(1)','rsi(6)','range@1h','log_return(1)@1h'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},'signals':{'k':[20],'act_on':20},"
    "'folds':{'train':150,'validation':60,'test':60},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'dense_units':4},"
    "'training':{'epochs':2,'batch_size':96,'block':8,'learning_rate':0.01},"
    "'verdict':{'bootstrap':100,'null_resamples':0,'confidence':0.9},'seeds':1,"
    "'strategies':[{'name':'none','strategy':'gate'},"
    "{'name':'hours','strategy':'gate','model':{'cross':{'interval':'1h','lookback':12,'units':3}}},"
    "{'name':'leader','strategy':'gate','model':{'attention':'bahdanau','cross':{'symbol':'EARLY','lookback':5}}},"
    "{'name':'both','strategy':'gate','model':{'cross':{'symbol':'EARLY','interval':'1h','hidden':3,'lookback':5}}}]}";

/* By the definition: of the bars of `of` the last that had closed, and of hours the last whose end had come. */
static void check_view(const struct prepared *p, const struct fold_data *d, size_t s, const struct gw_cross *view,
                       int64_t interval_ns) {
    const struct gw_bars *own = &p->market.symbol[s], *of = &p->market.symbol[view->series];
    struct gw_bars hours;
    assert_ok(gw_bars_resample(of, interval_ns ? interval_ns : of->interval_ns, &hours));
    size_t first = SIZE_MAX;
    for (size_t r = 0; r < d->score_series[s].n_rows; r++) {
        const int64_t now_ns = gw_bar_close_ns(own, d->first[s] + r);
        const size_t known = view->known[r];
        size_t closed = 0;
        for (size_t h = 0; h < hours.n; h++) {
            /* Left open by a hole it is known with the first bar behind. */
            size_t t = 0;
            while (t < of->n && gw_bar_close_ns(of, t) < gw_bar_close_ns(&hours, h)) t++;
            closed += t < of->n && gw_bar_close_ns(of, t) <= now_ns && d->first[view->series] <= t;
        }
        if (known > 0) assert_true(gw_bar_close_ns(of, d->first[view->series] + view->row[known - 1]) <= now_ns);
        if (known < view->n) assert_true(gw_bar_close_ns(of, d->first[view->series] + view->row[known]) > now_ns);
        if (first == SIZE_MAX) first = closed - known; /* two that one bar closes are one */
        assert_true(closed - known - first <= 2);
    }
    gw_bars_free(&hours);
}

static void test_views(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    struct prepared *p;
    struct fold_data d;
    assert_ok(prepare(e, &p));
    assert_int_equal(p->reach, 12 * 4 + 1);
    assert_int_equal(p->lookback, 12);
    assert_int_equal(e->strategy[1].model.cross_features, 2);
    assert_int_equal(e->strategy[2].model.cross_features, 4);
    assert_int_equal(gw_model_cross_lookback(&e->strategy[1].model), 12);
    for (size_t fold = 0; fold < p->plan.n_folds; fold++) {
        assert_ok(fold_data_build(e, p, fold, NULL, &d));
        assert_null(fold_fit_series(&d, 0)->cross);
        for (size_t s = 0; s < 2; s++) {
            for (size_t k = 1; k < 4; k++) {
                const struct gw_series *series = &fold_score_series(&d, k)[s];
                assert_int_equal(series->cross->series, k == 1 ? s : 0);
                assert_int_equal(series->cross->column[0], k == 2 ? 0 : 2);
                check_view(p, &d, s, series->cross, k == 2 ? 0 : NS_PER_HOUR);
            }
            /* Enough hours lie before every sample of a gate whose second sequence is its own market. */
            for (int slice = 0; slice < GW_N_SLICES; slice++)
                for (size_t i = 0; i < d.n[slice]; i++)
                    if (d.sample[slice][i].series == s)
                        assert_true(d.cross[1].known[s][d.sample[slice][i].row] >= (s == 0 ? 12 : 8));
        }
        fold_data_free(&d);
    }
    prepared_free(p);
    experiment_free(e);
}

static size_t count(const struct table *t, const char *strategy, const char *map) {
    size_t of, kind, n = 0;
    assert_ok(table_column(t, "strategy", &of));
    assert_ok(table_column(t, "map", &kind));
    for (size_t i = 0; i < t->n_rows; i++)
        n +=
            strcmp(t->cell[i * t->n_columns + of], strategy) == 0 && strcmp(t->cell[i * t->n_columns + kind], map) == 0;
    return n;
}

/* The same bytes for any threads and when it is begun again; its maps stand where they are said to. */
static void test_run(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    struct table index, mean;
    assert_ok(rundir_run(e, "one", 1));
    assert_ok(rundir_run(e, "two", 2));
    assert_true(rundir_compare(scratch("one"), scratch("two")) > 10);
    assert_ok(rundir_run(e, "two", 1)); /* from the stored models */
    rundir_compare(scratch("one"), scratch("two"));
    rundir_verify(scratch("two")); /* the second sequence's importance among the rest */
    assert_ok(table_read(scratch("one/" GW_RUN_ATTENTION_INDEX), &index));
    assert_ok(table_read(scratch("one/" GW_RUN_ATTENTION_MEAN), &mean));
    assert_int_equal(count(&index, "hours", "mean"), 0);
    assert_true(count(&index, "hours", GW_MAP_CROSS) > 0);
    assert_int_equal(count(&index, "leader", "mean"), count(&index, "leader", GW_MAP_CROSS));
    assert_int_equal(count(&mean, "hours", GW_MAP_CROSS), 2 * 2 * 12);
    assert_int_equal(count(&mean, "leader", GW_MAP_CROSS), 2 * 2 * 5);
    assert_int_equal(count(&mean, "none", GW_MAP_CROSS), 0);
    void *weight;
    size_t shape[2], row;
    assert_ok(npy_read(scratch("one/" GW_RUN_ATTENTION), "<f4", sizeof(float), shape, 2, &weight));
    assert_int_equal(shape[0], index.n_rows);
    assert_int_equal(shape[1], 12);
    for (row = 0; row < shape[0]; row++) {
        double sum = 0;
        for (size_t k = 0; k < 12; k++) sum += (double)((float *)weight)[row * 12 + k];
        assert_near(sum, 1, 1e-5, 0);
    }
    mem_free(weight);
    table_free(&index);
    table_free(&mean);
    experiment_free(e);
}

static void refused(const char *from, const char *to, int code, const char *why) {
    char changed[sizeof text + 200];
    const char *at = strstr(text, from);
    struct experiment *e = NULL;
    struct prepared *p = NULL;
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    for (char *c = changed; *c; c++)
        if (*c == '\'') *c = '"';
    scratch_write("bad.json", changed, strlen(changed));
    int rc = experiment_load(scratch("bad.json"), NULL, &e);
    if (rc == GW_OK) rc = prepare(e, &p);
    assert_fails(rc, code, why);
    experiment_free(e);
}

static void test_settings(void **state) {
    (void)state;
    static const char hours[] = "{'interval':'1h','lookback':12,'units':3}";
    refused(hours, "{'lookback':12}", GW_ERR_CONFIG, "an object here needs \"interval\" or \"symbol\"");
    refused(hours, "{'interval':'1h','lokback':12}", GW_ERR_CONFIG, "unknown key \"lokback\" in model.cross");
    refused(hours, "{'interval':'1h','lookback':0}", GW_ERR_CONFIG, "model.cross_lookback");
    refused(hours, "{'interval':'2h'}", GW_ERR_CONFIG, "\"log_return(1)@2h\"");
    refused(hours, "{'interval':7}", GW_ERR_CONFIG, "model.cross_interval must be a duration");
    refused(hours, "{'symbol':'BTCUSDT'}", GW_ERR_CONFIG, "\"BTCUSDT\" is none of the experiment's symbols");
    refused("'cross':{'interval':'1h','lookback':12,'units':3}", "'cross':'interval'", GW_ERR_CONFIG, "is missing");
    refused("'range@1h','log_return(1)@1h'],", "'range@30m'],", GW_ERR_CONFIG, "\"log_return(1)@1h\"");
    refused(hours, "{'interval':'15m'}", GW_ERR_CONFIG, "is not a longer multiple");
    /* What run.json says of it is an experiment again. */
    struct experiment *e = fixture_experiment(text);
    struct json_writer w = {0};
    char *written;
    size_t length;
    experiment_write(e, &w, NULL);
    assert_ok(json_take_text(&w, &written, &length));
    assert_non_null(strstr(written, "\"cross_interval\": \"1h\""));
    scratch_write("again.json", written, length);
    mem_free(written);
    experiment_free(e);
    assert_ok(experiment_load(scratch("again.json"), NULL, &e));
    assert_int_equal(gw_model_cross_lookback(&e->strategy[1].model), 12);
    assert_int_equal(gw_model_cross_interval(&e->strategy[3].model), NS_PER_HOUR);
    experiment_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
