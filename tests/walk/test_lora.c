/* A chain of lora folds on disk: small files after the first fold, and a run that is continued from them gives the same
 * bytes, whichever of them are gone. */
#include "engine/base/base.h"
#include "rundir.h"

static const char text[] =
    "{'name':'lora','data':['EARLY.csv','LATE.csv'],"
    "'features':['log_return(1)','rsi(6)','range@1h','bollinger_b(8,2)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},"
    "'folds':{'train':150,'validation':60,'test':60},'signals':{'k':[5,20],'act_on':20},"
    "'model':{'lookback':8,'hidden':24,'attention':'bahdanau','attention_units':16,'dense_units':16},"
    "'training':{'epochs':2,'patience':0,'batch_size':96,'block':8,'learning_rate':0.01,'calibration':'platt',"
    "'lora_rank':2},"
    "'verdict':{'bootstrap':100,'null_resamples':20,'random_entries':20,'confidence':0.9,'importance':true},'seeds':[3,"
    "7],"
    "'strategies':[{'name':'warm','strategy':'gate','training':{'retrain':'warm'}},"
    "{'name':'all','strategy':'gate','training':{'retrain':'lora'}},"
    "{'name':'attention','strategy':'gate','training':{'retrain':'lora','lora_on':'attention'}}]}";

enum { STRATEGIES = 3, FOLDS = 5, MODELS = STRATEGIES * 2 * FOLDS, TABLES = 16 }; /* files but run.json and models */
static const char *const name[STRATEGIES] = {"warm", "all", "attention"};

static const char *model_path(const char *dir, const char *strategy, int seed, int fold) {
    char file[128];
    snprintf(file, sizeof file, "%s/" GW_RUN_MODELS "/%s-s%d-f%03d.safetensors", dir, strategy, seed, fold);
    return scratch(file);
}

static size_t bytes_of(const char *dir, const char *strategy, int seed, int fold) {
    struct stat info;
    assert_int_equal(stat(model_path(dir, strategy, seed, fold), &info), 0);
    return (size_t)info.st_size;
}

static void remove_model(const char *dir, const char *strategy, int seed, int fold) {
    assert_int_equal(unlink(model_path(dir, strategy, seed, fold)), 0);
}

static struct json_document *run_json(const char *dir) {
    char file[128];
    struct json_document *doc;
    snprintf(file, sizeof file, "%s/" GW_RUN_JSON, dir);
    assert_ok(json_load(scratch(file), GW_ERR_DATA, &doc));
    return doc;
}

/* Continues the run in `dir`, in which only `reused` models are still of use, and compares with the untouched one. */
static void continue_and_compare(const struct experiment *e, const char *dir, int reused) {
    assert_ok(rundir_run(e, dir, 2));
    assert_int_equal(rundir_compare(scratch("untouched"), scratch(dir)), MODELS + TABLES);
    struct json_document *doc = run_json(dir);
    assert_int_equal((int)json_number(json_get(json_get(json_root(doc), "fits"), "reused"), -1), reused);
    json_free(doc);
}

static void test_files_after_the_first_fold_are_small(void **state) {
    struct experiment *e = *state;
    assert_ok(rundir_run(e, "untouched", 2));
    struct json_document *doc = run_json("untouched");
    const json_value *times = json_get(json_root(doc), "training_time");
    assert_int_equal(json_size(times), STRATEGIES);
    for (size_t s = 0; s < STRATEGIES; s++) {
        size_t sum = 0, whole = bytes_of("untouched", name[s], 3, 1);
        for (int seed = 3; seed <= 7; seed += 4)
            for (int f = 1; f <= FOLDS; f++) {
                size_t bytes = bytes_of("untouched", name[s], seed, f);
                if (f == 1 || s == 0) assert_in_range(bytes, whole - 64, whole + 64);
                if (f > 1 && s > 0) assert_true(bytes < whole / 2); /* what is not weights takes most of it here */
                sum += bytes;
            }
        assert_string_equal(json_string(json_get(json_at(times, s), "strategy"), ""), name[s]);
        assert_int_equal((size_t)json_number(json_get(json_at(times, s), "model_bytes"), 0), sum);
        const double base = json_number(json_get(json_at(times, s), "lora_base_bytes"), 0);
        assert_true(s == 0 ? base == 0 : base > 0 && base < (double)whole);
    }
    json_free(doc);
}

static void test_last_model_of_a_chain_is_gone(void **state) {
    struct experiment *e = *state;
    assert_ok(rundir_run(e, "resumed", 2));
    for (size_t s = 0; s < STRATEGIES; s++) remove_model("resumed", name[s], 7, FOLDS);
    assert_int_equal(unlink(scratch("resumed/" GW_RUN_SUMMARY)), 0);
    continue_and_compare(e, "resumed", MODELS - STRATEGIES);
}

/* Nothing is trained, everything is loaded, each fold onto the one before: scores.csv is the same. */
static void test_whole_chain_is_loaded(void **state) { continue_and_compare(*state, "resumed", MODELS); }

/* The fold after a missing one is not trained again: what is fitted anew has the bytes its adapters sit on. */
static void test_base_of_a_chain_is_gone(void **state) {
    remove_model("resumed", "all", 3, 1);
    remove_model("resumed", "attention", 7, 3);
    continue_and_compare(*state, "resumed", MODELS - 2);
}

/* Under the right key, but on other weights: the adapters are refused and the fold is fitted again. */
static void test_adapters_on_another_base_are_fitted_again(void **state) {
    struct experiment *e = *state;
    struct prepared *p;
    struct gw_gate_model *base, *other;
    struct fit fit = {.strategy = 1, .seed = 0, .fold = 1};
    struct fit_context context = {.experiment = e};
    assert_ok(prepare(e, &p));
    context.prepared = p;
    assert_ok(gw_model_load(model_path("untouched", "attention", 7, 1), NULL, 0, &other, NULL, NULL, NULL));
    snprintf(fit.model_path, sizeof fit.model_path, "%s", model_path("resumed", "all", 3, 2));
    fit_key(e, p, &fit);
    unlink(fit.model_path);
    assert_ok(fit_execute(&context, other, &fit, NULL)); /* the right key on the wrong base */
    assert_false(fit.reused);
    fit_release(&fit);
    gw_model_free(other);
    assert_ok(gw_model_load(model_path("untouched", "all", 3, 1), NULL, 0, &base, NULL, NULL, NULL));
    assert_fails(gw_model_load_onto(model_path("resumed", "all", 3, 2), base, NULL, 0, &other, NULL, NULL, NULL),
                 GW_ERR_DATA, "belong on the model");
    gw_model_free(base);
    prepared_free(p);
    continue_and_compare(e, "resumed", MODELS - 1);
}

static int setup(void **state) {
    if (rundir_setup(state) != 0) return -1;
    *state = fixture_experiment(text);
    return 0;
}

static int teardown(void **state) {
    experiment_free(*state);
    return scratch_remove(state);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_after_the_first_fold_are_small),
        cmocka_unit_test(test_last_model_of_a_chain_is_gone),
        cmocka_unit_test(test_whole_chain_is_loaded),
        cmocka_unit_test(test_base_of_a_chain_is_gone),
        cmocka_unit_test(test_adapters_on_another_base_are_fitted_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
