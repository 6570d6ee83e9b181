/* A decoder in a walk: what its forecasts are said to be worth, reckoned again from the stored models by definition; the
 * same bytes for any threads and when it is begun again; what its settings may be. That no later bar moves it is audited in
 * tests/audit. */
#include "engine/base/base.h"
#include "engine/base/json.h"
#include "engine/results/forecasts.h"
#include "engine/walk/fold_data.h"
#include "gatewalk/run_files.h"
#include "rundir.h"

enum { STEPS = 3, MOVES = STEPS * GW_PATH_SIDES };
static const char text[] =
    "{'name':'path','data':['EARLY.csv','LATE.csv'],"
    "'features':['log_return(1)','rsi(6)','range'],"
    "'labels':{'horizon':8,'ratio':1.2,'min_move':0.004,'atr_length':5},'signals':{'k':[20],'act_on':20},"
    "'folds':{'train':150,'validation':60,'test':60},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'dense_units':4},"
    "'training':{'epochs':2,'batch_size':96,'block':8,'learning_rate':0.01},"
    "'verdict':{'bootstrap':100,'null_resamples':0,'confidence':0.9},'seeds':1,"
    "'strategies':[{'name':'none','strategy':'gate'},"
    "{'name':'path','strategy':'gate','model':{'attention':'bahdanau','decoder':'path','decoder_steps':3}},"
    "{'name':'warm','strategy':'gate','model':{'attention':'luong_dot','decoder':'path','decoder_steps':3,"
    "'decoder_teacher':'full'},'training':{'retrain':'warm'}}]}";

static size_t count_rows(const struct table *t, const char *column, const char *word) {
    size_t c, n = 0;
    assert_ok(table_column(t, column, &c));
    for (size_t i = 0; i < t->n_rows; i++) n += strcmp(t->cell[i * t->n_columns + c], word) == 0;
    return n;
}

static void test_run(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    struct table scores, signals, index;
    assert_ok(rundir_run(e, "one", 1));
    assert_ok(rundir_run(e, "two", 2));
    assert_true(rundir_compare(scratch("one"), scratch("two")) > 10);
    assert_ok(rundir_run(e, "two", 1)); /* from the stored models */
    rundir_compare(scratch("one"), scratch("two"));
    assert_ok(table_read(scratch("one/" GW_RUN_FORECASTS), &scores));
    assert_ok(table_read(scratch("one/" GW_RUN_FORECAST_SIGNALS), &signals));
    assert_ok(table_read(scratch("one/" GW_RUN_ATTENTION_INDEX), &index));
    assert_int_equal(count_rows(&scores, "strategy", "none"), 0);
    assert_int_equal(count_rows(&scores, "strategy", "path"), count_rows(&scores, "strategy", "warm"));
    assert_int_equal(count_rows(&scores, "fold", "all"), 2 * MOVES);
    assert_int_equal(signals.n_rows, count_rows(&index, "map", "mean") * MOVES);
    assert_int_equal(count_rows(&index, "map", "1"), count_rows(&index, "map", "mean"));
    assert_int_equal(count_rows(&index, "map", "3"), count_rows(&index, "map", "mean"));
    assert_int_equal(count_rows(&index, "map", "4"), 0);
    /* A signal's rows say of which map they are, and its fan rises. */
    for (size_t i = 0; i < signals.n_rows; i++) {
        size_t row, low, at;
        assert_ok(table_column(&signals, "row", &row));
        assert_ok(table_column(&signals, "q05", &low));
        assert_ok(table_column(&index, "map", &at));
        const size_t of = (size_t)table_number(&signals, i, row);
        assert_true(of < index.n_rows);
        assert_string_equal(index.cell[of * index.n_columns + at], "mean");
        for (size_t l = 1; l < PATH_LEVELS; l++)
            assert_true(table_number(&signals, i, low + l) >= table_number(&signals, i, low + l - 1));
    }
    table_free(&scores);
    table_free(&signals);
    table_free(&index);
    experiment_free(e);
}

/* ---- by definition ----------------------------------------------------------------------------------------------------- */

static double quantile_of(const double *value, size_t n, double level) {
    double *sorted = malloc(n * sizeof *sorted);
    memcpy(sorted, value, n * sizeof *sorted);
    for (size_t i = 1; i < n; i++) /* insertion */
        for (size_t j = i; j > 0 && sorted[j - 1] > sorted[j]; j--) {
            const double kept = sorted[j];
            sorted[j] = sorted[j - 1];
            sorted[j - 1] = kept;
        }
    const double at = level * (double)(n - 1), low = floor(at);
    const double q = sorted[(size_t)low] * (1 - (at - low)) + sorted[(size_t)ceil(at)] * (at - low);
    free(sorted);
    return q;
}

struct check {
    double pinball[MOVES], naive[MOVES], inside[MOVES], error[MOVES];
    size_t n[MOVES];
};

/* One fold of contestant "path", from its stored model. */
static void add_fold(const struct experiment *e, const struct prepared *p, size_t f, struct check *sum) {
    struct fold_data d;
    struct gw_gate_model *model;
    struct gw_paths path[2];
    char name[64];
    snprintf(name, sizeof name, "one/models/path-s1-f%03zu.safetensors", f + 1);
    assert_ok(fold_data_build(e, p, f, NULL, &d));
    assert_ok(gw_model_load(scratch(name), NULL, 0, &model, NULL, NULL, NULL));
    for (size_t s = 0; s < 2; s++) assert_ok(gw_paths_build(&p->market.symbol[s], &e->labels, STEPS, &path[s]));
    const size_t n = d.n[GW_SLICE_VALIDATION], m = d.n[GW_SLICE_TEST];
    float *said = calloc((n + m) * MOVES, sizeof *said), *probability = calloc((n + m) * 2, sizeof *probability);
    double *came = calloc(n, sizeof *came), *wrong = calloc(n, sizeof *wrong);
    struct gw_attention_out out = {.path = said}, test = {.path = said + n * MOVES};
    assert_ok(gw_model_score(model, d.score_series, 2, d.sample[GW_SLICE_VALIDATION], n, probability, &out));
    assert_ok(gw_model_score(model, d.score_series, 2, d.sample[GW_SLICE_TEST], m, probability, &test));
    for (size_t k = 0; k < MOVES; k++) {
        for (size_t i = 0; i < n; i++) { /* of the purged validation samples every one has its path */
            const struct gw_sample at = d.sample[GW_SLICE_VALIDATION][i];
            came[i] = (double)path[at.series].move[(d.first[at.series] + at.row) * MOVES + k];
            wrong[i] = came[i] - (double)said[i * MOVES + k];
            assert_true(isfinite(came[i]));
        }
        for (size_t i = 0; i < m; i++) {
            const struct gw_sample at = d.sample[GW_SLICE_TEST][i];
            const double y = (double)path[at.series].move[(d.first[at.series] + at.row) * MOVES + k];
            const double point = (double)said[(n + i) * MOVES + k];
            if (isnan(y)) continue;
            double low = 0, high = 0;
            for (size_t l = 0; l < PATH_LEVELS; l++) {
                const double level = path_level(l), naive = quantile_of(came, n, level);
                double q = point + quantile_of(wrong, n, level);
                if (k % 2 == 0 ? q < 0 : q > 0) q = 0;
                sum->pinball[k] += fmax(level * (y - q), (level - 1) * (y - q)) / PATH_LEVELS;
                sum->naive[k] += fmax(level * (y - naive), (level - 1) * (y - naive)) / PATH_LEVELS;
                if (l == 0) low = q;
                high = q;
            }
            sum->inside[k] += y >= low && y <= high;
            sum->error[k] += fabs(y - point);
            sum->n[k]++;
        }
    }
    free(wrong);
    free(came);
    free(probability);
    free(said);
    for (size_t s = 0; s < 2; s++) gw_paths_free(&path[s]);
    gw_model_free(model);
    fold_data_free(&d);
}

static void test_by_definition(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    struct prepared *p;
    struct check sum = {.n = {0}};
    struct table t;
    size_t at, fold, of, rows = 0;
    assert_ok(prepare(e, &p));
    for (size_t f = 0; f < p->plan.n_folds; f++) add_fold(e, p, f, &sum);
    assert_true(p->plan.n_folds >= 2);
    assert_ok(table_read(scratch("one/" GW_RUN_FORECASTS), &t));
    assert_ok(table_column(&t, "fold", &fold));
    assert_ok(table_column(&t, "strategy", &of));
    assert_ok(table_column(&t, "n", &at));
    for (size_t i = 0; i < t.n_rows; i++) {
        if (strcmp(t.cell[i * t.n_columns + fold], "all") != 0 || strcmp(t.cell[i * t.n_columns + of], "path") != 0)
            continue;
        const size_t k = rows++ % MOVES;
        const double n = (double)sum.n[k];
        assert_true(n > 50 && table_number(&t, i, at) == n);
        assert_near(table_number(&t, i, at + 1), sum.pinball[k] / n, 1e-9, 0);
        assert_near(table_number(&t, i, at + 2), sum.naive[k] / n, 1e-9, 0);
        assert_near(table_number(&t, i, at + 3), sum.inside[k] / n, 1e-9, 0);
        assert_near(table_number(&t, i, at + 4), sum.error[k] / n, 1e-9, 0);
    }
    assert_int_equal(rows, MOVES);
    table_free(&t);
    /* summary.json says the same, once for every contestant with a decoder. */
    struct json_document *document;
    assert_ok(json_load(scratch("one/" GW_RUN_SUMMARY), GW_ERR_DATA, &document));
    const json_value *strategies = json_get(json_root(document), "strategies");
    assert_null(json_get(json_at(strategies, 0), "forecast"));
    const json_value *steps = json_get(json_get(json_at(strategies, 1), "forecast"), "steps");
    assert_int_equal(json_size(steps), STEPS);
    for (size_t m = 0; m < STEPS; m++) {
        const json_value *best = json_get(json_at(steps, m), "best"), *worst = json_get(json_at(steps, m), "worst");
        assert_near(json_number(json_get(json_at(steps, m), "bars"), 0), ceil(8.0 * (double)(m + 1) / 3), 0, 0);
        assert_near(json_number(json_get(best, "pinball"), 0), sum.pinball[2 * m] / (double)sum.n[2 * m], 1e-9, 0);
        assert_near(json_number(json_get(worst, "skill"), 0), 1 - sum.pinball[2 * m + 1] / sum.naive[2 * m + 1], 1e-7,
                    0);
    }
    json_free(document);
    prepared_free(p);
    experiment_free(e);
}

static void test_settings(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    struct prepared *p = NULL;
    /* More steps than the horizon has bars. */
    assert_ok(gw_model_config_set(&e->strategy[1].model, "decoder_steps", "9"));
    assert_fails(prepare(e, &p), GW_ERR_CONFIG,
                 "strategy \"path\": model.decoder_steps: 9 steps are more than labels.horizon has bars (8)");
    assert_ok(gw_model_config_set(&e->strategy[1].model, "decoder_steps", "8"));
    assert_ok(prepare(e, &p));
    assert_int_equal(p->n_paths, 2); /* of 8 and of 3 steps */
    assert_non_null(prepared_path(p, 8, 1));
    assert_null(prepared_path(p, 2, 0));
    prepared_free(p);
    experiment_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_by_definition),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
