#include "schema_parts.h"

#include <string.h>

#include "engine/base/base.h"

static const char name_pattern[] = "^[A-Za-z0-9_][A-Za-z0-9_.-]*$";
static const char duration_pattern[] = "^" DURATION "$";

void schema_put_range(struct json_writer *w, double low, double high) {
    json_put_number(w, "minimum", low);
    json_put_number(w, "maximum", high);
}

void schema_put_description(struct json_writer *w, const struct gw_param_key *key) {
    const struct gw_param *param = key->param;
    char text[512], owners[256];
    snprintf(text, sizeof text, "%s%s%s%s%s%s", param->help, param->unit[0] ? " (" : "", param->unit,
             param->unit[0] ? ")" : "", key->by ? "; of " : "", key->by ? gw_param_owners(key, owners) : "");
    json_put_string(w, "description", text);
}

static void put_words(struct json_writer *w, const struct gw_choices *choices) {
    struct gw_choice row;
    json_begin_array(w, "enum");
    for (size_t i = 0; (row = gw_choice_at(choices, i)).name; i++) json_put_string(w, NULL, row.name);
    json_end_array(w);
}

static void put_type(struct json_writer *w, const struct gw_param *param) {
    switch (param->type) {
    case GW_PARAM_SIZE:
    case GW_PARAM_NUMBER:
        json_put_string(w, "type", param->type == GW_PARAM_SIZE ? "integer" : "number");
        schema_put_range(w, param->low, param->high);
        break;
    case GW_PARAM_BOOL:
        json_put_string(w, "type", "boolean");
        break;
    case GW_PARAM_CHOICE:
        if (config_takes_object(param)) { /* its row's own keys, which are checked as they are read */
            json_begin_array(w, "anyOf");
            json_begin_object(w, NULL);
            put_words(w, param->choices);
            json_end_object(w);
            json_begin_object(w, NULL);
            json_put_string(w, "type", "object");
            json_end_object(w);
            json_end_array(w);
            break;
        }
        put_words(w, param->choices);
        break;
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        json_put_string(w, "type", "string");
        if (param->type == GW_PARAM_NAME) json_put_string(w, "pattern", name_pattern);
        json_put_int(w, "maxLength", (int64_t)param->capacity - 1);
        break;
    case GW_PARAM_DURATION:
        json_put_string(w, "type", "string");
        json_put_string(w, "pattern", duration_pattern);
        break;
    case GW_PARAM_SPAN:
        json_begin_array(w, "type");
        json_put_string(w, NULL, "integer");
        json_put_string(w, NULL, "string");
        json_end_array(w);
        schema_put_range(w, param->low, param->high);
        json_put_string(w, "pattern", duration_pattern);
        break;
    case GW_PARAM_NUMBERS:
        json_put_string(w, "type", "array");
        json_begin_object(w, "items");
        json_put_string(w, "type", "number");
        schema_put_range(w, param->low, param->high);
        json_end_object(w);
        json_put_int(w, "minItems", 1);
        json_put_int(w, "maxItems", (int64_t)param->capacity);
        json_put_bool(w, "uniqueItems", true);
        break;
    }
}

/* Written as a value of the experiment would be; nothing when there is none or it follows other keys. */
static void put_default(struct json_writer *w, const struct gw_param *param, const void *own) {
    char text[GW_PARAM_SHOWN];
    struct gw_param named = *param;
    if (!*gw_param_show(param, own, text)) return;
    named.name = "default";
    json_put_param(w, &named, own);
}

int schema_put_properties(struct json_writer *w, const struct gw_param_table *table, size_t size) {
    void *base = mem_calloc(1, size);
    if (!base) return GW_ERR_NOMEM;
    gw_param_defaults(table, base);
    for (struct gw_param_key key = {0}; gw_param_next(table, &key);) {
        json_begin_object(w, key.param->name);
        put_type(w, key.param);
        put_default(w, key.param, gw_param_base_const(&key, base));
        schema_put_description(w, &key);
        json_end_object(w);
    }
    mem_free(base);
    return GW_OK;
}

void schema_begin_keys(struct json_writer *w, const char *name, const char *help) {
    json_begin_object(w, name);
    json_put_string(w, "type", "object");
    if (help) json_put_string(w, "description", help);
    json_put_bool(w, "additionalProperties", false);
}

void schema_put_required(struct json_writer *w, const char *const *name, size_t n) {
    json_begin_array(w, "required");
    for (size_t i = 0; i < n; i++) json_put_string(w, NULL, name[i]);
    json_end_array(w);
}

void schema_put_reference(struct json_writer *w, const char *key, const char *to) {
    char path[64];
    snprintf(path, sizeof path, "#/$defs/%s", to);
    if (key) json_begin_object(w, key);
    json_put_string(w, "$ref", path);
    if (key) json_end_object(w);
}

void schema_put_reference_item(struct json_writer *w, const char *to) {
    json_begin_object(w, NULL);
    schema_put_reference(w, NULL, to);
    json_end_object(w);
}

void schema_begin_text_or(struct json_writer *w, const char *name) {
    json_begin_object(w, name);
    json_begin_array(w, "anyOf");
}
