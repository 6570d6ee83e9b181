/* One small but complete run, pinned: what `--kernels portable` promises, from bars to verdict.
 *
 * The kernel sets have pins of their own; this one notices when anything between the data and the verdict changes its
 * mind: features, scaler, purge, training, calibration, thresholds, fills, costs, metrics, bootstrap.
 *
 *   test_golden_run              compares a run with tests/golden/run_*
 *   test_golden_run DIR          leaves the data in DIR and the run in DIR/run (see tests/golden/compilers.sh)
 *   test_golden_run --update     writes tests/golden/run_* anew; a change there is a change of every result */
#include "engine/base/base.h"
#include "golden_run.h"

#define GOLDEN "tests/golden/run_portable.json"

static const char experiment_text[] =
    "{'name':'golden','data':['PLANTED.csv','WALK.csv'],"
    "'features':['log_return(1)','log_return(4)','realised_vol(12)','parkinson_vol(8)','rsi(6)','bollinger_b(8,2)',"
    "'volume_z(16)','range@1h','hour_sin'],"
    "'labels':{'horizon':8,'ratio':1.5,'min_move':0.004},"
    "'folds':{'train':220,'validation':100,'test':100,'embargo':2},'signals':{'k':[1,5,10],'act_on':10},"
    "'costs':{'taker_bps':4,'maker_bps':1,'half_spread_bps':0.5,'slippage_bps':1,'slippage_volatility':0.05,"
    "'funding_bps_per_day':3,'borrow_bps_per_day':2},"
    "'model':{'lookback':10,'hidden':6,'attention_units':5,'heads':2,'key_dim':4,'dense_units':6,'dropout':0.1},"
    "'training':{'epochs':4,'patience':2,'batch_size':64,'block':8,'learning_rate':0.01,'optimizer':'adamw'},"
    "'verdict':{'bootstrap':200,'null_resamples':40},'seeds':[1,2],"
    "'strategies':[{'name':'lstm','strategy':'gate','training':{'calibration':'platt'}},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'},"
    "'training':{'retrain':'lora','lora_rank':2,'loss':'bootstrap_soft'}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead'},"
    "'training':{'calibration':'isotonic','schedule':'cosine','warmup_epochs':0.5}},"
    "{'name':'dual_stage','strategy':'gate','model':{'attention':'dual_stage'},"
    "'training':{'retrain':'warm','loss':'focal','monitor':'average_precision'},'trading':{'exit_on_opposite':true}},"
    "{'name':'mean','strategy':'gate','ensemble_of':'lstm'},'buy_and_hold']}";

static const struct golden_table tables[] = {
    {GW_RUN_FOLDS, "tests/golden/run_folds.csv", "", 1},
    {GW_RUN_TRAINING, "tests/golden/run_training.csv", "train_loss validation_loss", 1},
    {GW_RUN_SCORES, "tests/golden/run_scores.csv", "p_long p_short tau_long tau_short", 23},
    {GW_RUN_TRADES, "tests/golden/run_trades.csv", "probability", 3},
    {GW_RUN_EQUITY, "tests/golden/run_equity.csv", "", 23},
};
/* Files whose bytes are pinned. Models name the program's version, run.json holds times. */
static const char *const pinned[] = {GW_RUN_SCORES,   GW_RUN_TRADES,     GW_RUN_EQUITY,    GW_RUN_SUMMARY,
                                     GW_RUN_TRAINING, GW_RUN_CURVES,     GW_RUN_ATTENTION, GW_RUN_ATTENTION_MEAN,
                                     GW_RUN_FOLDS,    GW_RUN_IMPORTANCE, GW_RUN_SIGNALS};

static void run_all(void) {
    char dir[1024];
    golden_market("planted", 640, 11, "PLANTED.csv", 0);
    golden_market("random-walk", 640, 12, "WALK.csv", 97);
    assert_ok(gw_kernels_select("portable"));
    struct experiment *e = fixture_experiment(experiment_text);
    assert_ok(run_experiment(e, &(struct gw_run_options){.out_dir = scratch("run"), .jobs = 2}, dir));
    experiment_free(e);
}

static const char *made(const char *name) { return golden_made("run", name); }

/* ---- comparison of summaries ------------------------------------------------------------------------------------- */

static void compare_json(const char *path, const json_value *got, const json_value *want) {
    char where[512];
    if (!got || json_kind(got) != json_kind(want)) {
        differs(path, got ? json_kind_name(got) : "missing", json_kind_name(want));
        return;
    }
    switch (json_kind(want)) {
    case JSON_NUMBER:
        compare_numbers(path, json_number(got, NAN), json_number(want, NAN), LOOSE);
        break;
    case JSON_BOOL:
        if (json_bool(got, false) != json_bool(want, false)) differs(path, "the other", "truth value");
        break;
    case JSON_STRING:
        if (strcmp(json_string(got, ""), json_string(want, "")))
            differs(path, json_string(got, ""), json_string(want, ""));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (json_kind(want) == JSON_ARRAY && json_size(got) != json_size(want)) differs(path, "of another length", "");
        for (size_t i = 0; i < json_size(want); i++) {
            const json_value *member = json_at(want, i);
            const char *key = json_key(member);
            if (key)
                snprintf(where, sizeof where, "%.400s.%.100s", path, key);
            else
                snprintf(where, sizeof where, "%.400s.%zu", path, i);
            compare_json(where, key ? json_get(got, key) : json_at(got, i), member);
        }
        break;
    default:
        break;
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------------ */

static struct json_document *golden;

static void test_tables(void **state) {
    (void)state;
    const json_value *rows = json_get(json_root(golden), "rows");
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        compare_table(&tables[i], made(tables[i].file), json_number(json_get(rows, tables[i].file), -1));
    expect_nothing();
}

/* Every pooled metric of every strategy, gate and seed, the null controls and the verdict with its intervals. */
static void test_summary(void **state) {
    (void)state;
    struct json_document *got;
    assert_ok(json_load(made(GW_RUN_SUMMARY), GW_ERR_DATA, &got));
    compare_json("summary", json_root(got), json_get(json_root(golden), "summary"));
    json_free(got);
    expect_nothing();
}

static void test_bytes(void **state) {
    (void)state;
    char text[HASH_SIZE];
    golden_need_libm(json_root(golden));
    for (size_t i = 0; i < COUNT_OF(pinned); i++) {
        golden_hash(made(pinned[i]), text);
        const char *want = json_string(json_get(json_get(json_root(golden), "bytes"), pinned[i]), "nothing");
        if (strcmp(text, want) != 0) differs(pinned[i], text, want);
    }
    expect_nothing();
}

static int setup(void **state) {
    if (golden_scratch(state) != 0) return -1;
    run_all();
    return json_load(GOLDEN, GW_ERR_DATA, &golden);
}

static int teardown(void **state) {
    json_free(golden);
    return scratch_remove(state);
}

/* ---- new pins ----------------------------------------------------------------------------------------------------------- */

static int update_table(const struct golden_table *file, struct json_writer *w) {
    struct out_file out;
    struct table t;
    TRY(table_read(made(file->file), &t));
    TRY(out_open(&out, file->golden));
    for (size_t c = 0; c < t.n_columns; c++) fprintf(out.stream, "%s%s", c ? "," : "", t.header[c]);
    fputc('\n', out.stream);
    for (size_t row = 0; row < t.n_rows; row += file->step)
        for (size_t c = 0; c < t.n_columns; c++)
            fprintf(out.stream, "%s%s", t.cell[row * t.n_columns + c], c + 1 < t.n_columns ? "," : "\n");
    json_put_int(w, file->file, (int64_t)t.n_rows);
    table_free(&t);
    return out_commit(&out);
}

static bool holds_containers(const json_value *value) {
    for (size_t i = 0; i < json_size(value); i++)
        if (json_kind(json_at(value, i)) >= JSON_ARRAY) return true;
    return false;
}

/* The same tree without the metrics of single folds, which are many and follow from what is kept. One line for what
 * holds only numbers. */
static void put_without_folds(struct json_writer *w, const char *key, const json_value *value) {
    bool object = json_kind(value) == JSON_OBJECT;
    if (json_kind(value) < JSON_ARRAY) {
        json_put_value(w, key, value);
        return;
    }
    object ? json_begin_object(w, key) : json_begin_array(w, key);
    w->compact = !holds_containers(value);
    for (size_t i = 0; i < json_size(value); i++) {
        const json_value *member = json_at(value, i);
        const char *name = object ? json_key(member) : NULL;
        if (!name || strcmp(name, "folds") != 0) put_without_folds(w, name, member);
    }
    object ? json_end_object(w) : json_end_array(w);
    w->compact = false;
}

static int update(void) {
    struct out_file out;
    struct json_document *summary;
    char text[HASH_SIZE];
    TRY(json_load(made(GW_RUN_SUMMARY), GW_ERR_DATA, &summary));
    TRY(out_open(&out, GOLDEN));
    struct json_writer w = {.stream = out.stream};
    json_begin_object(&w, NULL);
    golden_libm(text);
    json_put_string(&w, "libm", text);
    json_begin_object(&w, "bytes");
    for (size_t i = 0; i < COUNT_OF(pinned); i++) {
        golden_hash(made(pinned[i]), text);
        json_put_string(&w, pinned[i], text);
    }
    json_end_object(&w);
    json_begin_object(&w, "rows");
    for (size_t i = 0; i < COUNT_OF(tables); i++) TRY(update_table(&tables[i], &w));
    json_end_object(&w);
    put_without_folds(&w, "summary", json_root(summary));
    json_end_object(&w);
    json_free(summary);
    return out_commit(&out);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_bytes),
    };
    progress_quiet(true);
    return argc == 2 ? golden_make(argv[1], run_all, update) : cmocka_run_group_tests(tests, setup, teardown);
}
