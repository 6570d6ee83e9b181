/* A JSON Schema (draft 2020-12) of an experiment file, from the tables that read it. What a schema cannot say, relations
 * between keys, stays with the reader: whatever the reader takes, the schema takes. */
#include <string.h>

#include "engine/base/base.h"
#include "schema_parts.h"

static int put_sections(struct json_writer *w) {
    static const char *const fold_lengths[] = {"train", "validation", "test"};
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct key_section *section = &config_section[s];
        schema_begin_keys(w, section->name, section->help);
        json_begin_object(w, "properties");
        TRY(schema_put_properties(w, section->table, sizeof(struct experiment)));
        json_end_object(w);
        if (strcmp(section->name, "folds") == 0) schema_put_required(w, fold_lengths, COUNT_OF(fold_lengths));
        json_end_object(w);
    }
    return GW_OK;
}

static int put_extra(struct json_writer *w) {
    static const char *const file[] = {"file"};
    schema_begin_text_or(w, "side_file");
    json_begin_object(w, NULL);
    json_put_string(w, "type", "string");
    json_put_int(w, "minLength", 1);
    json_end_object(w);
    schema_begin_keys(w, NULL, NULL);
    json_begin_object(w, "properties");
    TRY(schema_put_properties(w, &extra_params, sizeof(struct side_source)));
    json_end_object(w);
    schema_put_required(w, file, 1);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
    schema_begin_text_or(w, "extra");
    schema_put_reference_item(w, "side_file");
    json_begin_object(w, NULL);
    json_put_string(w, "type", "array");
    schema_put_reference(w, "items", "side_file");
    json_put_int(w, "maxItems", MAX_EXTRA);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
    return GW_OK;
}

static int put_source(struct json_writer *w) {
    static const char *const file[] = {"file"};
    schema_begin_text_or(w, "source");
    json_begin_object(w, NULL);
    json_put_string(w, "type", "string");
    json_put_int(w, "minLength", 1);
    json_end_object(w);
    schema_begin_keys(w, NULL, NULL);
    json_begin_object(w, "properties");
    TRY(schema_put_properties(w, &data_params, sizeof(struct data_source)));
    schema_put_reference(w, "extra", "extra");
    json_end_object(w);
    schema_put_required(w, file, 1);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
    return GW_OK;
}

/* A file or a list of them. */
static void put_files(struct json_writer *w, const char *name) {
    schema_begin_text_or(w, name);
    json_begin_object(w, NULL);
    json_put_string(w, "type", "string");
    json_put_int(w, "minLength", 1);
    json_end_object(w);
    json_begin_object(w, NULL);
    json_put_string(w, "type", "array");
    json_begin_object(w, "items");
    json_put_string(w, "type", "string");
    json_put_int(w, "minLength", 1);
    json_end_object(w);
    json_put_int(w, "minItems", 1);
    json_put_int(w, "maxItems", MAX_SCORE_FILES);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
}

static int put_scores(struct json_writer *w) {
    static const char *const files[] = {"files"};
    const struct gw_param_table others = {scores_params.param + 1, scores_params.n - 1}; /* files is more than a text */
    put_files(w, "files");
    schema_begin_text_or(w, "scores");
    schema_put_reference_item(w, "files");
    schema_begin_keys(w, NULL, NULL);
    json_begin_object(w, "properties");
    schema_put_reference(w, "files", "files");
    TRY(schema_put_properties(w, &others, sizeof(struct score_source)));
    json_end_object(w);
    schema_put_required(w, files, 1);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
    return GW_OK;
}

/* Rules may be plain numbers and truth values too. */
static void put_own(struct json_writer *w) {
    for (struct gw_param_key key = {0}; gw_param_next(&own_params, &key);) {
        json_begin_object(w, key.param->name);
        if (own_key_is_rule(key.param)) {
            json_begin_array(w, "type");
            json_put_string(w, NULL, "string");
            json_put_string(w, NULL, "number");
            json_put_string(w, NULL, "boolean");
            json_end_array(w);
        } else {
            json_put_string(w, "type", "string");
        }
        json_put_int(w, "maxLength", (int64_t)key.param->capacity - 1);
        schema_put_description(w, &key);
        json_end_object(w);
    }
    json_begin_object(w, "parameters");
    json_put_string(w, "type", "object");
    json_put_string(w, "description", "values of what the script or plugin declares");
    json_begin_object(w, "additionalProperties");
    json_begin_array(w, "type");
    json_put_string(w, NULL, "number");
    json_put_string(w, NULL, "boolean");
    json_end_array(w);
    json_end_object(w);
    json_end_object(w);
}

/* What it trades by: a row of the table, or what makes one of the user's own. */
static void put_strategy_or_own(struct json_writer *w) {
    static const char *const one[] = {"strategy", "enter_long", "enter_short", "script", "plugin"};
    json_begin_array(w, "anyOf");
    for (size_t i = 0; i < COUNT_OF(one); i++) {
        json_begin_object(w, NULL);
        schema_put_required(w, &one[i], 1);
        json_end_object(w);
    }
    json_end_array(w);
}

static int put_contestant(struct json_writer *w) {
    json_begin_object(w, "strategy");
    json_put_string(w, "description", "a row of `gatewalk list strategies`");
    json_begin_array(w, "enum");
    for (size_t i = 0; i < gw_strategy_count(); i++) json_put_string(w, NULL, gw_strategy_at(i)->name);
    json_end_array(w);
    json_end_object(w);
    schema_begin_text_or(w, "contestant");
    json_begin_object(w, NULL);
    schema_put_reference(w, NULL, "strategy");
    json_end_object(w);
    schema_begin_keys(w, NULL, NULL);
    json_begin_object(w, "properties");
    schema_put_reference(w, "strategy", "strategy");
    TRY(schema_put_properties(w, &entry_params, sizeof(struct strategy_spec)));
    schema_put_reference(w, "scores", "scores");
    put_own(w);
    for (size_t s = 0; s < config_n_sections; s++)
        if (config_section[s].per_strategy) schema_put_reference(w, config_section[s].name, config_section[s].name);
    json_end_object(w);
    put_strategy_or_own(w);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
    return GW_OK;
}

/* ---- the keys that are no plain values -------------------------------------------------------------------------- */

static void put_list(struct json_writer *w, const char *of, int most) {
    json_put_string(w, "type", "array");
    json_begin_object(w, "items");
    schema_put_reference(w, NULL, of);
    json_end_object(w);
    json_put_int(w, "minItems", 1);
    json_put_int(w, "maxItems", most);
}

static void put_data(struct json_writer *w) {
    json_begin_array(w, "anyOf");
    json_begin_object(w, NULL);
    schema_put_reference(w, NULL, "source");
    json_end_object(w);
    json_begin_object(w, NULL);
    put_list(w, "source", MAX_SYMBOLS);
    json_end_object(w);
    json_end_array(w);
}

static void put_timerange(struct json_writer *w) {
    json_put_string(w, "type", "string");
    json_put_string(w, "pattern", "^([0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2})?-([0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2})?$");
}

/* "bollinger_b(20,2)@1h": as many numbers as the feature has parameters, or fewer. */
static void put_feature(struct json_writer *w, const struct gw_feature_desc *desc) {
#define BLANKS "[ \t]*"
#define NUMBER BLANKS "[-+.0-9][-+.0-9eE]*" BLANKS
    char pattern[GW_FEATURE_NAME_MAX + 256], arguments[160] = "";
    if (desc->takes_column)
        snprintf(arguments, sizeof arguments,
                 "\\(" BLANKS "[A-Za-z0-9_][A-Za-z0-9_.-]*" BLANKS "(," NUMBER "){0,%zu}\\)" BLANKS, desc->own.n);
    else if (desc->own.n && desc->own.param[0].type == GW_PARAM_CHOICE)
        snprintf(arguments, sizeof arguments, "(\\(" BLANKS "[a-z_]+" BLANKS "(," NUMBER "){0,%zu}\\)" BLANKS ")?",
                 desc->own.n - 1);
    else if (desc->own.n)
        snprintf(arguments, sizeof arguments, "(\\(" NUMBER "(," NUMBER "){0,%zu}\\)" BLANKS ")?", desc->own.n - 1);
    snprintf(pattern, sizeof pattern, "^" BLANKS "%s" BLANKS "%s(@" BLANKS DURATION BLANKS ")?$", desc->name,
             arguments);
    json_begin_object(w, NULL);
    json_put_string(w, "pattern", pattern);
    json_put_string(w, "description", desc->help);
    json_end_object(w);
}

static void put_features(struct json_writer *w) {
    json_put_string(w, "type", "array");
    json_begin_object(w, "items");
    json_put_string(w, "type", "string");
    json_begin_array(w, "anyOf");
    for (size_t i = 0; i < gw_feature_count(); i++) put_feature(w, gw_feature_at(i));
    json_end_array(w);
    json_end_object(w);
    json_put_int(w, "minItems", 1);
    json_put_int(w, "maxItems", MAX_FEATURES);
}

static void put_seeds(struct json_writer *w) {
    json_begin_array(w, "type");
    json_put_string(w, NULL, "integer");
    json_put_string(w, NULL, "array");
    json_end_array(w);
    schema_put_range(w, 1, MAX_SEEDS);
    json_begin_object(w, "items");
    json_put_string(w, "type", "integer");
    schema_put_range(w, 0, 9e15);
    json_end_object(w);
    json_put_int(w, "minItems", 1);
    json_put_int(w, "maxItems", MAX_SEEDS);
    json_put_bool(w, "uniqueItems", true);
    json_put_int(w, "default", 1);
}

static void put_strategies(struct json_writer *w) { put_list(w, "contestant", MAX_STRATEGIES); }

_Static_assert(MAX_SYMBOLS == 4096 && MAX_FEATURES == 256 && MAX_SEEDS == 64 && MAX_STRATEGIES == 32, "as told below");
const struct special_key config_special[] = {
    {"data", "source or list", "",
     "a file name, an object of the data keys, or a list of up to 4096 of either; or --data FILE", put_data},
    {"timerange", "dates", "", "\"20200101-20221231\", either side may be empty; the last day is included",
     put_timerange},
    {"features", "list of texts", "", "such as \"rsi(14)\" or \"rsi(14)@1h\", at most 256; default: a lean set of 14",
     put_features},
    {"seeds", "number or list", "1", "how many (1, 2, … n) or which; at most 64", put_seeds},
    {"strategies", "list", "", "the contestants: 1 to 32 names or objects; must be given", put_strategies},
};
const size_t config_n_specials = COUNT_OF(config_special);

static void put_specials(struct json_writer *w) {
    for (size_t i = 0; i < config_n_specials; i++) {
        json_begin_object(w, config_special[i].name);
        config_special[i].put_schema(w);
        json_put_string(w, "description", config_special[i].help);
        json_end_object(w);
    }
}

int config_write_schema(struct json_writer *w) {
    static const char *const required[] = {"name", "folds", "strategies"};
    json_begin_object(w, NULL);
    json_put_string(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_put_string(w, "title", "gatewalk experiment");
    json_put_string(w, "type", "object");
    json_put_bool(w, "additionalProperties", false);
    json_begin_object(w, "properties");
    json_begin_object(w, "$schema");
    json_put_string(w, "type", "string");
    json_end_object(w);
    TRY(schema_put_properties(w, &experiment_params, sizeof(struct experiment)));
    put_specials(w);
    for (size_t s = 0; s < config_n_sections; s++)
        schema_put_reference(w, config_section[s].name, config_section[s].name);
    json_end_object(w);
    schema_put_required(w, required, COUNT_OF(required));
    json_begin_object(w, "$defs");
    TRY(put_sections(w));
    TRY(put_extra(w));
    TRY(put_source(w));
    TRY(put_scores(w));
    TRY(put_contestant(w));
    json_end_object(w);
    json_end_object(w);
    return GW_OK;
}
