/* Every key of every table, as the tables are: its bounds, just beyond them, wrong types, unknown words, its place in
 * the schema and in the key of a fit. A new row is tested by being there. */
#include <math.h>

#include "engine/config/config_private.h"
#include "json_schema.h"
#include "walk/rundir.h"

/* ---- one key in an experiment --------------------------------------------------------------------------- */

/* Line 2 holds the key alone; what it needs beside it stands on the others. */
static void write_experiment(const char *section, const struct gw_param_key *key, const char *value) {
    char text[4096], chosen[160] = "";
    bool folds = strcmp(section, "folds") == 0, data = strcmp(section, "data") == 0;
    bool strategy = key->by && !key->by->name, name = !*section && strcmp(key->param->name, "name") == 0;
    if (key->by && key->by->name) /* the row that has it */
        snprintf(chosen, sizeof chosen, ",\"%s\":\"%s\"", key->by->name, gw_choice_at(key->by->choices, key->row).name);
    if (key->by && key->by->name && strcmp(key->by->name, "decoder") == 0) /* which asks one */
        strcat(chosen, ",\"attention\":\"bahdanau\"");
    if (folds && key->param->type == GW_PARAM_SPAN && key->param->low > 0) {
        static const char *const length[] = {"train", "validation", "test"};
        for (size_t i = 0, n = 0; i < COUNT_OF(length); i++)
            if (strcmp(length[i], key->param->name) != 0)
                n += (size_t)snprintf(chosen + n, sizeof chosen - n, ",\"%s\":90", length[i]);
    } else if (folds) {
        strcpy(chosen, ",\"train\":900,\"validation\":90,\"test\":90");
    }
    if (data && strcmp(key->param->name, "file") != 0) strcpy(chosen, ",\"file\":\"d.csv\"");
    const char *row = strategy ? gw_choice_at(key->by->choices, key->row).name : "gate";
    if (strcmp(row, "script") == 0) scratch_write("own.lua", "function on_bar() end", 21);
    int n = snprintf(text, sizeof text, "{%s%s%s\"strategies\":[%s{\"strategy\":\"%s\"%s}],\n",
                     name ? "" : "\"name\":\"x\",", data ? "" : "\"data\":\"d.csv\",",
                     folds ? "" : "\"folds\":{\"train\":900,\"validation\":90,\"test\":90},",
                     strcmp(row, "ensemble") == 0 ? "\"buy_and_hold\"," : "", row,
                     strcmp(row, "script") == 0     ? ",\"script\":\"own.lua\""
                     : strcmp(row, "ensemble") == 0 ? ",\"members\":\"buy_and_hold\""
                                                    : "");
    if (*section)
        snprintf(text + n, sizeof text - (size_t)n, "\"%s\":{\"%s\":%s%s}}", section, key->param->name, value, chosen);
    else
        snprintf(text + n, sizeof text - (size_t)n, "\"%s\":%s}", key->param->name, value);
    scratch_write("experiment.json", text, strlen(text));
}

static size_t n_refused, n_taken;

/* Taken, or refused with the key's name at the value's place. */
static bool judge(const char *section, const struct gw_param_key *key, const char *value) {
    struct experiment *e = NULL;
    char place[1200];
    write_experiment(section, key, value);
    int rc = experiment_load(scratch("experiment.json"), NULL, &e);
    if (rc == GW_OK) {
        experiment_free(e);
        n_taken++;
        return true;
    }
    size_t column = strlen(section) + strlen(key->param->name) + (*section ? 8 : 4);
    snprintf(place, sizeof place, "%s:2:%zu", scratch("experiment.json"), column);
    if (key->param->type == GW_PARAM_NUMBERS) place[strlen(place) - 1] = '\0'; /* one of its numbers, or the list */
    if (rc != GW_ERR_CONFIG || strncmp(gw_error_message(), place, strlen(place)) != 0 ||
        !strstr(gw_error_message(), key->param->name))
        fail_msg("%s.%s %s: %d %s\nwant %s and the key's name", section, key->param->name, value, rc,
                 gw_error_message(), place);
    n_refused++;
    return false;
}

/* The same from the command line: the line begins with what was typed. */
static void judge_set(const char *section, const struct gw_param_key *key, const char *value) {
    static const char base[] =
        "{\"name\":\"x\",\"data\":{\"file\":\"d.csv\"},\"folds\":{\"train\":900,\"validation\":90,"
        "\"test\":90},\"strategies\":[\"gate\"]}";
    struct experiment *e = NULL;
    char set[512];
    snprintf(set, sizeof set, "%s%s%s=%s", section, *section ? "." : "", key->param->name, value);
    const char *list[] = {set};
    const struct gw_config_override override = {.set = list, .n_set = 1};
    scratch_write("experiment.json", base, strlen(base));
    int rc = experiment_load(scratch("experiment.json"), &override, &e);
    if (rc != GW_ERR_CONFIG || strncmp(gw_error_message(), "--set ", 6) != 0 ||
        strncmp(gw_error_message() + 6, set, strlen(set)) != 0)
        fail_msg("--set %s: %d %s", set, rc, rc < 0 ? gw_error_message() : "taken");
}

/* A cross-key rule may refuse a value in range, but then says so itself. */
static void in_range(const char *section, const struct gw_param_key *key, const char *value) {
    if (!judge(section, key, value) && strstr(gw_error_message(), "must lie between"))
        fail_msg("%s.%s %s is in its range: %s", section, key->param->name, value, gw_error_message());
}

static void refused(const char *section, const struct gw_param_key *key, const char *value) {
    if (judge(section, key, value)) fail_msg("%s.%s takes %s", section, key->param->name, value);
    judge_set(section, key, value);
}

static void check_numbers(const char *section, const struct gw_param_key *key) {
    const struct gw_param *param = key->param;
    bool list = param->type == GW_PARAM_NUMBERS, whole = param->type != GW_PARAM_NUMBER && !list;
    const double inside[] = {param->low, param->high};
    const double outside[] = {whole ? param->low - 1 : nextafter(param->low, -HUGE_VAL),
                              whole ? param->high + 1 : nextafter(param->high, HUGE_VAL), -1e300, 1e300};
    char text[64];
    for (size_t i = 0; i < COUNT_OF(inside); i++) {
        snprintf(text, sizeof text, list ? "[%.17g]" : "%.17g", inside[i]);
        in_range(section, key, text);
    }
    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        snprintf(text, sizeof text, list ? "[%.17g]" : "%.17g", outside[i]);
        refused(section, key, text);
    }
    if (whole) {
        snprintf(text, sizeof text, "%.17g", param->low + .5);
        refused(section, key, text);
    }
    refused(section, key, "\"many\"");
    refused(section, key, "true");
    refused(section, key, "null");
    if (param->type == GW_PARAM_SPAN) in_range(section, key, "\"30d\"");
    if (param->type == GW_PARAM_SPAN) refused(section, key, "\"30x\"");
    if (list) refused(section, key, "[]");
}

static void check_words(const char *section, const struct gw_param_key *key) {
    char text[64];
    struct gw_choice row;
    for (size_t i = 0; (row = gw_choice_at(key->param->choices, i)).name; i++) {
        snprintf(text, sizeof text, "\"%s\"", row.name);
        in_range(section, key, text);
    }
    refused(section, key, "\"qqqqqqqq\"");
    refused(section, key, "\"\"");
}

static void check_texts(const char *section, const struct gw_param_key *key) {
    char text[2000];
    size_t n = key->param->capacity;
    memset(text, 'a', sizeof text);
    text[0] = text[n + 1] = '"';
    text[n + 2] = '\0';
    judge(section, key, text);
    assert_non_null(strstr(gw_error_message(), "is longer than"));
    text[n] = '"';
    text[n + 1] = '\0';
    judge(section, key, text); /* fits; no strategy and no file may be called so */
    if (key->param->type == GW_PARAM_NAME) refused(section, key, "\"a/b\"");
}

static void check_key(const char *section, const struct gw_param_key *key) {
    switch (key->param->type) {
    case GW_PARAM_SIZE:
    case GW_PARAM_NUMBER:
    case GW_PARAM_SPAN:
    case GW_PARAM_NUMBERS:
        check_numbers(section, key);
        break;
    case GW_PARAM_BOOL:
        assert_true(judge(section, key, "true"));
        assert_true(judge(section, key, "false"));
        refused(section, key, "1");
        refused(section, key, "\"yes\"");
        break;
    case GW_PARAM_CHOICE:
        check_words(section, key);
        break;
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        check_texts(section, key);
        break;
    case GW_PARAM_DURATION:
        assert_true(judge(section, key, "\"90m\""));
        refused(section, key, "\"0m\"");
        refused(section, key, "15");
        break;
    }
    refused(section, key, "{}");
    assert_true(strlen(key->param->help) > 5 && key->param->unit);
}

static size_t check_table(const char *section, const struct gw_param_table *table) {
    size_t n = 0;
    for (struct gw_param_key key = {0}; gw_param_next(table, &key); n++) check_key(section, &key);
    return n;
}

static void test_every_key(void **state) {
    (void)state;
    size_t n = check_table("", &experiment_params) + check_table("data", &data_params);
    for (size_t s = 0; s < config_n_sections; s++) n += check_table(config_section[s].name, config_section[s].table);
    assert_in_range(n, 80, 10000); /* the tables were found */
    assert_true(n_refused > 4 * n && n_taken > n);
}

/* A value out of its one range is the value's fault, also where only one row has the key. */
static void test_set_beyond_the_range(void **state) {
    (void)state;
    struct gw_param_key key;
    assert_true(gw_param_find(&gw_train_params, "lora_rank", &key));
    judge_set("training", &key, "700");
    assert_string_equal(gw_error_message(),
                        "--set training.lora_rank=700: training.lora_rank is 700; it must lie between 1 and 512");
}

/* ---- what rows declare ------------------------------------------------------------------------------------ */

static bool alike(const struct gw_param *a, const struct gw_param *b) {
    return a->type == b->type && strcmp(a->unit, b->unit) == 0 && a->low == b->low && a->high == b->high &&
           (a->initial == b->initial || (isnan(a->initial) && isnan(b->initial))) && a->choices == b->choices &&
           a->capacity == b->capacity && strcmp(a->help, b->help) == 0;
}

/* Rows that share a key's name mean the same by it; own structs have room; no own key hides a common one. */
static void check_rows(const struct gw_param_table *table) {
    for (size_t i = 0; i < table->n; i++) {
        const struct gw_param *by = &table->param[i];
        struct gw_choice row;
        for (size_t r = 0; by->beside && by->choices && (row = gw_choice_at(by->choices, r)).name; r++) {
            assert_in_range(r, 0, GW_OWN_ROWS_MAX - 1);
            for (size_t k = 0; k < row.own.n; k++) {
                const struct gw_param *own = &row.own.param[k];
                struct gw_param_key first;
                assert_in_range(own->offset, 0, GW_OWN_PARAMS_SIZE - sizeof(double));
                assert_true(gw_param_find(table, own->name, &first));
                if (first.by != by) fail_msg("%s of %s hides another key", own->name, row.name);
                if (!alike(first.param, own)) fail_msg("%s of %s is declared otherwise elsewhere", own->name, row.name);
            }
        }
    }
}

static void test_rows_declare_alike(void **state) {
    (void)state;
    for (size_t s = 0; s < config_n_sections; s++) check_rows(config_section[s].table);
}

/* The key of a fit moves with every key in use, and with no other. */
static void check_hash(const struct gw_param_table *table, size_t size) {
    unsigned char *base = mem_calloc(1, size), *changed = mem_calloc(1, size);
    size_t used = 0, unused = 0;
    assert_true(base && changed);
    gw_param_defaults(table, base);
    for (struct gw_param_key key = {0}; gw_param_next(table, &key);) {
        struct gw_param_key own = key;
        char why[GW_PARAM_WHY];
        memcpy(changed, base, size);
        void *at = gw_param_base(&key, changed);
        if (key.param->type == GW_PARAM_BOOL)
            ((bool *)at)[key.param->offset] = !((bool *)at)[key.param->offset];
        else if (key.param->type == GW_PARAM_CHOICE)
            assert_ok(gw_param_put_text(key.param, gw_choice_at(key.param->choices, 1).name, at, why));
        else
            assert_ok(gw_param_put_number(key.param, key.param->high, at, why));
        gw_param_spread(&key, changed);
        bool active = gw_param_active(&own, base);
        bool same = gw_param_hash(table, base, 1) == gw_param_hash(table, changed, 1);
        if (same == active)
            fail_msg("%s: %s, hash %s", key.param->name, active ? "used" : "unused", same ? "stays" : "moves");
        used += active;
        unused += !active;
    }
    assert_true(used > 5 && unused > 3);
    mem_free(base);
    mem_free(changed);
}

static void test_hash_of_what_is_used(void **state) {
    (void)state;
    check_hash(&gw_model_params, sizeof(struct gw_model_config));
    check_hash(&gw_train_params, sizeof(struct gw_train_config));
}

/* ---- the schema --------------------------------------------------------------------------------------------- */

static struct json_document *schema_document(void) {
    struct json_document *document;
    char *text;
    size_t n;
    struct json_writer w = {.stream = open_memstream(&text, &n)};
    assert_non_null(w.stream);
    assert_ok(config_write_schema(&w));
    fclose(w.stream);
    assert_ok(json_parse("schema", text, strlen(text), GW_ERR_INTERNAL, &document));
    free(text);
    return document;
}

static void check_schema_table(const json_value *properties, const struct gw_param_table *table) {
    for (struct gw_param_key key = {0}; gw_param_next(table, &key);) {
        const struct gw_param *param = key.param;
        const json_value *own = json_get(properties, param->name);
        if (!own) fail_msg("%s is not in the schema", param->name);
        assert_true(strlen(json_string(json_get(own, "description"), "")) > 5);
        if (param->type != GW_PARAM_SIZE && param->type != GW_PARAM_NUMBER) continue;
        assert_true(json_number(json_get(own, "minimum"), NAN) == param->low);
        assert_true(json_number(json_get(own, "maximum"), NAN) == param->high);
        if (!isnan(param->initial)) assert_true(json_number(json_get(own, "default"), NAN) == param->initial);
    }
}

static void test_schema_has_every_key(void **state) {
    (void)state;
    struct json_document *schema = schema_document();
    const json_value *root = json_root(schema), *defs = json_get(root, "$defs");
    check_schema_table(json_get(root, "properties"), &experiment_params);
    for (size_t i = 0; i < config_n_specials; i++) {
        const json_value *special = json_get(json_get(root, "properties"), config_special[i].name);
        assert_true(json_get(special, "type") || json_get(special, "anyOf"));
    }
    for (size_t s = 0; s < config_n_sections; s++)
        check_schema_table(json_get(json_get(defs, config_section[s].name), "properties"), config_section[s].table);
    check_schema_table(json_get(json_at(json_get(json_get(defs, "source"), "anyOf"), 1), "properties"), &data_params);
    check_schema_table(json_get(json_at(json_get(json_get(defs, "side_file"), "anyOf"), 1), "properties"),
                       &extra_params);
    check_schema_table(json_get(json_at(json_get(json_get(defs, "contestant"), "anyOf"), 1), "properties"),
                       &entry_params);
    json_free(schema);
}

static bool schema_accepts(const json_value *schema, const char *text) {
    struct json_document *document;
    struct schema_run run = {.root = schema};
    assert_ok(json_parse("text", text, strlen(text), GW_ERR_CONFIG, &document));
    bool taken = schema_takes(&run, schema, json_root(document));
    json_free(document);
    return taken;
}

static void test_schema_takes_the_ready_experiments(void **state) {
    (void)state;
    static const char *const ready[] = {"strategies/demo.json", "strategies/btc_15m.json",
                                        "strategies/stream_btc_15m.json", "strategies/planted.json"};
    struct json_document *schema = schema_document();
    for (size_t i = 0; i < COUNT_OF(ready); i++) {
        struct json_document *document;
        struct schema_run run = {.root = json_root(schema)};
        assert_ok(json_load(ready[i], GW_ERR_CONFIG, &document));
        if (!schema_takes(&run, run.root, json_root(document))) fail_msg("%s: %s", ready[i], run.why);
        json_free(document);
    }
    json_free(schema);
}

#define AROUND(extra)                                                                                                  \
    "{\"name\":\"x\",\"folds\":{\"train\":900,\"validation\":\"30d\",\"test\":90},\"strategies\":[\"gate\"]" extra "}"
static void test_schema_refuses(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{\"name\":\"x\"}",
        "[]",
        AROUND(",\"titel\":\"t\""),
        AROUND(",\"model\":{\"hiden\":8}"),
        AROUND(",\"model\":{\"hidden\":0}"),
        AROUND(",\"model\":{\"hidden\":8.5}"),
        AROUND(",\"model\":{\"hidden\":\"8\"}"),
        AROUND(",\"model\":{\"attention\":\"bahdanu\"}"),
        AROUND(",\"training\":{\"lora_rank\":700}"),
        AROUND(",\"signals\":{\"k\":[]}"),
        AROUND(",\"signals\":{\"k\":[0]}"),
        AROUND(",\"seeds\":0"),
        AROUND(",\"timerange\":\"2020\""),
        AROUND(",\"data\":{\"interval\":\"1h\"}"),
        AROUND(",\"data\":[{\"file\":\"d.csv\",\"interval\":15}]"),
        AROUND(",\"trading\":{\"exit_on_opposite\":1}"),
        AROUND(",\"features\":[\"rsy(14)\"]"),
        AROUND(",\"features\":[\"rsi(14)\",\"rsi(14,3)\"]"),
        AROUND(",\"features\":[\"rsi()\"]"),
        AROUND(",\"features\":[\"rsi(ten)\"]"),
        AROUND(",\"features\":[\"hour_sin(3)\"]"),
        AROUND(",\"features\":[\"rsi(14)@1x\"]"),
        AROUND(",\"features\":[14]"),
    };
    struct json_document *schema = schema_document();
    const json_value *root = json_root(schema);
    assert_true(schema_accepts(root, AROUND("")));
    assert_true(schema_accepts(root, AROUND(",\"seeds\":[4,5],\"timerange\":\"20200101-\",\"data\":[\"d.csv\"]")));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (schema_accepts(root, bad[i])) fail_msg("the schema takes %s", bad[i]);
    json_free(schema);
}

static void test_schema_takes_every_feature(void **state) {
    (void)state;
    struct json_document *schema = schema_document();
    const json_value *root = json_root(schema);
    char text[512], signature[GW_FEATURE_NAME_MAX + 32];
    for (size_t i = 0; i < gw_feature_count(); i++) {
        const struct gw_feature_desc *desc = gw_feature_at(i);
        struct gw_feature_set *set;
        char plain[GW_FEATURE_NAME_MAX];
        const char *spec = plain;
        snprintf(plain, sizeof plain, "%s%s", desc->name, desc->takes_column ? "(open_interest.2)" : "");
        assert_ok(gw_feature_set_parse(&spec, 1, &set));
        snprintf(text, sizeof text, AROUND(",\"features\":[\"%s\",\"%s\",\" %s @ 90m \"]"), plain,
                 gw_feature_set_name(set, 0), gw_feature_set_name(set, 0));
        if (!schema_accepts(root, text))
            fail_msg("the schema refuses %s: %s", gw_feature_signature(desc, signature), text);
        gw_feature_set_free(set);
    }
    assert_true(
        schema_accepts(root, AROUND(",\"features\":[\"bollinger_b ( 20 , +2.5e0 )\",\"macd_hist(12,26)@1h\"]")));
    json_free(schema);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_set_beyond_the_range),
        cmocka_unit_test(test_rows_declare_alike),
        cmocka_unit_test(test_hash_of_what_is_used),
        cmocka_unit_test(test_schema_has_every_key),
        cmocka_unit_test(test_schema_takes_the_ready_experiments),
        cmocka_unit_test(test_schema_refuses),
        cmocka_unit_test(test_schema_takes_every_feature),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
