/* The part of JSON Schema that the schema of an experiment uses, read strictly: a word it does not know is a failure. */
#ifndef GATEWALK_TESTS_JSON_SCHEMA_H
#define GATEWALK_TESTS_JSON_SCHEMA_H

#include <math.h>
#include <regex.h>

#include "engine/base/json.h"
#include "test.h"

struct schema_run {
    const json_value *root;
    char why[256]; /* of the last refusal */
};

static inline bool schema_refuse(struct schema_run *run, const char *what, const json_value *value) {
    snprintf(run->why, sizeof run->why, "%s at \"%s\"", what, json_key(value) ? json_key(value) : "");
    return false;
}

static inline bool schema_type_is(const char *type, const json_value *value) {
    static const struct {
        const char *name;
        enum json_kind kind;
    } known[] = {{"object", JSON_OBJECT}, {"array", JSON_ARRAY},   {"string", JSON_STRING},
                 {"boolean", JSON_BOOL},  {"number", JSON_NUMBER}, {"integer", JSON_NUMBER}};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcmp(known[i].name, type) != 0) continue;
        double number = json_number(value, 0);
        return json_kind(value) == known[i].kind && (strcmp(type, "integer") != 0 || number == floor(number));
    }
    fail_msg("unknown type %s", type);
    return false;
}

static inline bool schema_type(const json_value *types, const json_value *value) {
    if (json_kind(types) == JSON_STRING) return schema_type_is(json_string(types, ""), value);
    for (size_t i = 0; i < json_size(types); i++)
        if (schema_type_is(json_string(json_at(types, i), ""), value)) return true;
    return false;
}

static inline bool schema_matches(const char *pattern, const char *text) {
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int rc = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return rc == 0;
}

static inline bool schema_takes(struct schema_run *run, const json_value *schema, const json_value *value);

static inline bool schema_members(struct schema_run *run, const json_value *schema, const json_value *value) {
    const json_value *properties = json_get(schema, "properties"), *required = json_get(schema, "required");
    if (json_kind(value) != JSON_OBJECT) return true;
    assert_false(json_bool(json_get(schema, "additionalProperties"), true));
    for (size_t i = 0; i < json_size(value); i++) {
        const json_value *member = json_at(value, i), *own = json_get(properties, json_key(member));
        if (!own) return schema_refuse(run, "unknown key", member);
        if (!schema_takes(run, own, member)) return false;
    }
    for (size_t i = 0; required && i < json_size(required); i++)
        if (!json_get(value, json_string(json_at(required, i), ""))) return schema_refuse(run, "missing key", value);
    return true;
}

static inline bool schema_elements(struct schema_run *run, const json_value *schema, const json_value *value) {
    size_t n = json_size(value);
    if (json_kind(value) != JSON_ARRAY) return true;
    if (n < json_number(json_get(schema, "minItems"), 0)) return schema_refuse(run, "too few", value);
    if (n > json_number(json_get(schema, "maxItems"), 1e9)) return schema_refuse(run, "too many", value);
    for (size_t i = 0; json_get(schema, "items") && i < n; i++)
        if (!schema_takes(run, json_get(schema, "items"), json_at(value, i))) return false;
    return true;
}

static inline bool schema_scalar(struct schema_run *run, const json_value *schema, const json_value *value) {
    const json_value *words = json_get(schema, "enum"), *pattern = json_get(schema, "pattern");
    double number = json_number(value, 0);
    const char *text = json_kind(value) == JSON_STRING ? json_string(value, "") : NULL;
    bool named = !words;
    for (size_t i = 0; words && text && i < json_size(words); i++)
        named = named || strcmp(json_string(json_at(words, i), ""), text) == 0;
    if (!named) return schema_refuse(run, "unknown word", value);
    if (json_kind(value) == JSON_NUMBER && (number < json_number(json_get(schema, "minimum"), -HUGE_VAL) ||
                                            number > json_number(json_get(schema, "maximum"), HUGE_VAL)))
        return schema_refuse(run, "out of range", value);
    if (text && pattern && !schema_matches(json_string(pattern, ""), text)) return schema_refuse(run, "form", value);
    if (text && strlen(text) > json_number(json_get(schema, "maxLength"), 1e9))
        return schema_refuse(run, "long", value);
    return true;
}

static inline bool schema_takes(struct schema_run *run, const json_value *schema, const json_value *value) {
    static const char *const known[] = {"$schema",  "$ref",        "$defs",      "title",    "description",
                                        "default",  "type",        "enum",       "minimum",  "maximum",
                                        "pattern",  "minLength",   "maxLength",  "items",    "minItems",
                                        "maxItems", "uniqueItems", "properties", "required", "additionalProperties",
                                        "anyOf"};
    for (size_t i = 0; i < json_size(schema); i++) {
        size_t k = 0;
        while (k < COUNT_OF(known) && strcmp(known[k], json_key(json_at(schema, i))) != 0) k++;
        if (k == COUNT_OF(known)) fail_msg("the schema says %s", json_key(json_at(schema, i)));
    }
    const json_value *to = json_get(schema, "$ref"), *any = json_get(schema, "anyOf");
    if (to) {
        const char *name = json_string(to, "");
        assert_int_equal(strncmp(name, "#/$defs/", 8), 0);
        const json_value *target = json_get(json_get(run->root, "$defs"), name + 8);
        if (!target) fail_msg("%s is not there", name);
        return schema_takes(run, target, value);
    }
    if (any) {
        size_t i = 0;
        while (i < json_size(any) && !schema_takes(run, json_at(any, i), value)) i++;
        if (i == json_size(any)) return false;
    }
    if (json_get(schema, "type") && !schema_type(json_get(schema, "type"), value))
        return schema_refuse(run, "wrong type", value);
    if (json_get(schema, "properties") && !schema_members(run, schema, value)) return false;
    return schema_elements(run, schema, value) && schema_scalar(run, schema, value);
}

#endif
