/* Studies: what a stage carries on, what its variants keep, who walks in the end, and what is refused before anything
 * is fitted. */
#include "engine/base/base.h"
#include "engine/study/study_private.h"
#include "walk/rundir.h"

static const char experiment_text[] =
    "{\"name\":\"base\",\"data\":\"EARLY.csv\",\"features\":[\"log_return(1)\",\"range\"],"
    "\"labels\":{\"horizon\":4,\"ratio\":1.2,\"min_move\":0.004},"
    "\"folds\":{\"train\":150,\"validation\":60,\"test\":60},\"signals\":{\"k\":[5,20],\"act_on\":20},"
    "\"model\":{\"lookback\":6,\"hidden\":4,\"attention_units\":4,\"dense_units\":4},"
    "\"training\":{\"epochs\":2,\"batch_size\":64,\"block\":8},"
    "\"verdict\":{\"bootstrap\":100,\"null_resamples\":10,\"random_entries\":20,\"importance\":false,\"confidence\":0."
    "9},\"seeds\":1,"
    "\"strategies\":[{\"name\":\"mine\",\"strategy\":\"gate\"},"
    "{\"name\":\"floor\",\"strategy\":\"gate\",\"model\":{\"encoder\":\"logistic\"}},\"buy_and_hold\"]}";

static int study_run(int folds, const char *stages, const char *name) {
    char text[4000], dir[1024], out[700];
    int n = snprintf(text, sizeof text, "{'name':'st','experiment':'base.json','search':{'folds':%d},'stages':[%s]}",
                     folds, stages);
    assert_in_range(n, 1, sizeof text - 1);
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
    scratch_write("base.json", experiment_text, sizeof experiment_text - 1);
    scratch_write("study.json", text, (size_t)n);
    snprintf(out, sizeof out, "%.500s/%s", scratch_dir, name);
    return gw_run_study(scratch("study.json"), NULL, &(struct gw_run_options){.out_dir = out, .jobs = 1}, dir);
}

static struct json_document *read_json(const char *name, const char *file) {
    char path[200];
    struct json_document *doc;
    snprintf(path, sizeof path, "%s/%s", name, file);
    assert_ok(json_load(scratch(path), GW_ERR_DATA, &doc));
    return doc;
}

static const json_value *named(const json_value *list, const char *name) {
    for (size_t i = 0; i < json_size(list); i++)
        if (strcmp(json_string(json_get(json_at(list, i), "name"), ""), name) == 0) return json_at(list, i);
    fail_msg("%s is missing", name);
    return NULL;
}

static const json_value *variant(const struct json_document *doc, const char *stage, const char *name) {
    return named(json_get(named(json_get(json_root(doc), "stages"), stage), "variants"), name);
}

/* ---- stages ----------------------------------------------------------------------------------------------------- */

/* What the winner of a carrying stage trains with holds later on, but for what a variant says itself. */
static void test_own_settings_stay_and_others_are_carried(void **state) {
    (void)state;
    assert_ok(study_run(1,
                        "{'name':'loss','carry':true,'variants':[{'name':'focal','training':{'loss':'focal'}}]},"
                        "{'name':'rate','variants':[{'name':'slow','training':{'learning_rate':0.00001}},"
                        "{'name':'fast','training':{'learning_rate':0.1}}]},"
                        "{'name':'back','variants':[{'name':'plain','training':{'loss':'bce'}}]}",
                        "carried"));
    struct json_document *doc = read_json("carried", GW_RUN_STUDY);
    assert_int_equal((int)json_number(json_get(json_root(doc), "schema"), 0), GW_RUN_SCHEMA);
    assert_string_equal(json_string(json_get(variant(doc, "rate", "slow"), "loss"), ""), "focal");
    assert_string_equal(json_string(json_get(variant(doc, "rate", "fast"), "loss"), ""), "focal");
    assert_string_equal(json_string(json_get(variant(doc, "back", "plain"), "loss"), ""), "bce");
    double slow = json_number(json_get(variant(doc, "rate", "slow"), "validation_loss"), NAN);
    double fast = json_number(json_get(variant(doc, "rate", "fast"), "validation_loss"), NAN);
    assert_true(slow > 0 && fast > 0 && fabs(slow - fast) > 1e-4); /* they did train differently */
    json_free(doc);
}

/* The baseline is the common model whatever model a carried winner has; only its training is taken over. */
static void test_baseline_is_the_common_model(void **state) {
    (void)state;
    assert_ok(study_run(1,
                        "{'name':'both','carry':true,'variants':[{'name':'att','model':{'attention':'bahdanau'},"
                        "'training':{'loss':'focal'}}]},"
                        "{'name':'next','variants':[{'name':'dot','model':{'attention':'luong_dot'}}]}",
                        "baseline"));
    struct json_document *doc = read_json("baseline", GW_RUN_SUMMARY);
    const json_value *list = json_get(json_root(doc), "strategies");
    assert_int_equal(json_size(list), 4); /* lstm, dot, floor, buy_and_hold */
    assert_string_equal(json_string(json_get(json_root(doc), "baseline"), ""), "lstm");
    assert_string_equal(json_string(json_get(json_root(doc), "title"), ""), "st"); /* the study's, not "base" */
    assert_string_equal(json_string(json_get(named(list, "lstm"), "attention"), ""), "none");
    assert_string_equal(json_string(json_get(named(list, "dot"), "attention"), ""), "luong_dot");
    json_free(doc);
    doc = read_json("baseline", GW_RUN_JSON);
    list = json_get(json_get(json_root(doc), "config"), "strategies");
    assert_string_equal(json_string(json_get(json_get(named(list, "lstm"), "training"), "loss"), ""), "focal");
    json_free(doc);
}

/* The reference order ends with the LSTM's controls, xgboost among them where its library is here; an experiment's own
 * contestant in one's place does not walk beside the winners, a floor does. */
static void test_is_it_the_lstm(void **state) {
    (void)state;
    static const char text[] = "{\"experiment\":\"base.json\"}", floor[] = "{\"name\":\"floor\"";
    static const char own[] = "{\"name\":\"gru\",\"strategy\":\"gate\",\"model\":{\"encoder\":\"gru\"}},";
    char with[sizeof experiment_text + sizeof own];
    struct study *study;
    struct gw_model_config trees;
    gw_model_config_default(&trees);
    assert_ok(gw_model_config_set(&trees, "encoder", "xgboost"));
    const char *at = strstr(experiment_text, floor);
    snprintf(with, sizeof with, "%.*s%s%s", (int)(at - experiment_text), experiment_text, own, at);
    scratch_write("base.json", with, strlen(with));
    scratch_write("study.json", text, sizeof text - 1);
    assert_ok(study_load(scratch("study.json"), NULL, &study));
    const struct study_stage *last = &study->stage[study->n_stages - 1];
    assert_string_equal(last->name, "lstm_at_all");
    assert_int_equal(last->n_variants, gw_model_ready(&trees) == GW_OK ? 4 : 3);
    for (size_t v = 0; v < last->n_variants; v++) {
        assert_false(gw_model_is_recurrent(&last->variant[v].spec.model));
        assert_true(gw_model_takes_windows(&last->variant[v].spec.model));
    }
    assert_int_equal(study->n_extra, 2); /* floor, buy_and_hold */
    study_free(study);
}

/* A stage may ask whether gates stream; what wins then holds for the baseline and later variants but those that say it themselves. */
static void test_unroll_is_carried(void **state) {
    (void)state;
    assert_ok(study_run(1,
                        "{'name':'unroll','carry':true,'variants':[{'name':'stream','model':{'unroll':'stream'}}]},"
                        "{'name':'next','variants':[{'name':'dot','model':{'attention':'luong_dot'}}]},"
                        "{'name':'own','variants':[{'name':'dual',"
                        "'model':{'attention':'dual_stage','unroll':'window'}}]}",
                        "unrolled"));
    struct json_document *doc = read_json("unrolled", GW_RUN_STUDY);
    assert_string_equal(json_string(json_get(variant(doc, "next", "dot"), "unroll"), ""), "stream");
    assert_string_equal(json_string(json_get(variant(doc, "own", "dual"), "unroll"), ""), "window");
    json_free(doc);
    doc = read_json("unrolled", GW_RUN_JSON);
    const json_value *list = json_get(json_get(json_root(doc), "config"), "strategies");
    assert_string_equal(json_string(json_get(json_get(named(list, "lstm"), "model"), "unroll"), ""), "stream");
    assert_string_equal(json_string(json_get(json_get(named(list, "dual"), "model"), "unroll"), ""), "window");
    json_free(doc);
}

/* The reference order over streaming gates goes without what cannot stream. */
static void test_reference_order_streams(void **state) {
    (void)state;
    static const char text[] = "{\"experiment\":\"base.json\"}";
    static const char *const set[] = {"model.unroll=stream"};
    struct study *study;
    scratch_write("base.json", experiment_text, sizeof experiment_text - 1);
    scratch_write("study.json", text, sizeof text - 1);
    assert_ok(study_load(scratch("study.json"), &(struct gw_config_override){.set = set, .n_set = 1}, &study));
    assert_int_equal(study->n_stages, 5);
    assert_string_equal(study->stage[4].name, "control");
    for (size_t i = 0; i < study->n_stages; i++)
        for (size_t v = 0; v < study->stage[i].n_variants; v++)
            assert_int_equal(study->stage[i].variant[v].spec.model.unroll, GW_UNROLL_STREAM);
    study_free(study);
}

/* A variant may look back further than the experiment's own strategies. */
static void test_longer_windows(void **state) {
    (void)state;
    assert_ok(study_run(1,
                        "{'name':'window','variants':[{'name':'short','model':{'lookback':3}},"
                        "{'name':'long','model':{'lookback':24}}]}",
                        "windows"));
    struct json_document *doc = read_json("windows", GW_RUN_STUDY);
    assert_true(json_number(json_get(variant(doc, "window", "long"), "fits"), 0) > 0);
    json_free(doc);
}

/* ---- refused at once ---------------------------------------------------------------------------------------------- */

static void test_refused_before_the_search(void **state) {
    (void)state;
    static const struct {
        const char *stages, *says;
    } bad[] = {
        {"{'name':'a','variants':[{'name':'x'},{'name':'x'}]}", "two variants of stage \"a\" are called \"x\""},
        {"{'name':'a','variants':[{'name':'x'}]},{'name':'a','variants':[{'name':'y'}]}",
         "two stages are called \"a\""},
        {"{'name':'a','variants':[{'name':'x'}]},{'name':'b','variants':[{'name':'y'},{'name':'x'}]}",
         "could hold two strategies called \"x\""},
        {"{'name':'a','variants':[{'name':'y'},{'name':'lstm'}]}", "could hold two strategies called \"lstm\""},
        {"{'name':'a','variants':[{'name':'floor'}]}", "could hold two strategies called \"floor\""},
        {"{'name':'a','variants':[{'name':'x','ensemble_of':'mine'}]}", "a variant cannot be an ensemble"},
        {"{'name':'a','variants':[{'name':'x','strategy':'buy_and_hold'}]}", "needs a model"},
        {"{'name':'a','carry':'yes','variants':[{'name':'x'}]}", "carry must be true or false"},
        {"{'name':'a','final':1,'variants':[{'name':'x'}]}", "final must be true or false"},
        {"{'name':'a','carry':true,'variants':[{'name':'x'},{'name':'s','model':{'unroll':'stream'}}]},"
         "{'name':'b','variants':[{'name':'gru','model':{'encoder':'gru'}}]}",
         "stage \"b\": \"gru\" cannot take over what \"s\" carries: model.unroll"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int rc = study_run(1, bad[i].stages, "refused");
        if (rc != GW_ERR_CONFIG || !strstr(gw_error_message(), bad[i].says))
            fail_msg("%s: %d %s", bad[i].stages, rc, rc < 0 ? gw_error_message() : "");
        assert_ptr_equal(strstr(gw_error_message(), scratch("study.json")), gw_error_message());
        assert_false(file_exists(scratch("refused")));
    }
    assert_fails(study_run(99, "{'name':'a','variants':[{'name':'x'}]}", "refused"), GW_ERR_CONFIG,
                 "study.json: search.folds is 99, but there are only");
    assert_false(file_exists(scratch("refused")));
    /* Names that never meet in the final walk may be the same. */
    assert_ok(study_run(1, "{'name':'a','carry':true,'variants':[{'name':'x'}]},{'name':'b','variants':[{'name':'x'}]}",
                        "fine"));
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_settings_stay_and_others_are_carried),
        cmocka_unit_test(test_baseline_is_the_common_model),
        cmocka_unit_test(test_is_it_the_lstm),
        cmocka_unit_test(test_unroll_is_carried),
        cmocka_unit_test(test_reference_order_streams),
        cmocka_unit_test(test_longer_windows),
        cmocka_unit_test(test_refused_before_the_search),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
