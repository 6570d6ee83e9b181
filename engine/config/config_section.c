/* One configuration section from JSON into its struct, driven by the key table. */
#include <math.h>
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

int config_unknown_key(const struct json_document *document, const json_value *value, const char *const *known,
                       size_t n, const char *where) {
    const char *near = nearest_word(json_key(value), known, n);
    if (near)
        return json_fail_key(document, value, GW_ERR_CONFIG, "unknown key \"%s\" in %s; did you mean \"%s\"?",
                             json_key(value), where, near);
    return json_fail_key(document, value, GW_ERR_CONFIG, "unknown key \"%s\" in %s; `gatewalk list keys` shows all",
                         json_key(value), where);
}

int config_word_check(const struct json_document *document, const json_value *value, const char *kind,
                      const char *word) {
    enum { MOST = 64 };
    const char *known[MOST];
    size_t n = 0;
    for (const char *name; n < MOST && (name = config_option_name(kind, n)); n++) {
        known[n] = name;
        if (strcmp(name, word) == 0) return GW_OK;
    }
    char all[400] = "";
    for (size_t i = 0; i < n; i++) {
        if (strlen(all) + strlen(known[i]) + 3 > sizeof all) break;
        if (i > 0) strcat(all, ", ");
        strcat(all, known[i]);
    }
    const char *near = nearest_word(word, known, n);
    if (near)
        return json_fail(document, value, GW_ERR_CONFIG, "%s: unknown value \"%s\"; did you mean \"%s\"?",
                         json_key(value), word, near);
    return json_fail(document, value, GW_ERR_CONFIG, "%s: unknown value \"%s\"; use one of %s", json_key(value), word,
                     all);
}

static int wrong_type(const struct json_document *document, const json_value *value, const char *want) {
    return json_fail(document, value, GW_ERR_CONFIG, "%s must be %s, not %s", json_key(value), want,
                     json_kind_name(value));
}

static int read_number(const struct json_document *document, const json_value *value, const struct key_desc *key,
                       bool whole, double *out) {
    if (json_kind(value) != JSON_NUMBER) return wrong_type(document, value, whole ? "a whole number" : "a number");
    double number = json_number(value, 0);
    if (whole && number != floor(number))
        return json_fail(document, value, GW_ERR_CONFIG, "%s must be a whole number", key->name);
    if (!(number >= key->min && number <= key->max))
        return json_fail(document, value, GW_ERR_CONFIG, "%s is %g; it must lie between %g and %g", key->name, number,
                         key->min, key->max);
    *out = number;
    return GW_OK;
}

static int read_span(const struct json_document *document, const json_value *value, const struct key_desc *key,
                     struct gw_span *out) {
    struct gw_span span = {0};
    if (json_kind(value) == JSON_STRING) {
        if (duration_parse(json_string(value, ""), &span.ns) < 0)
            return json_fail(document, value, GW_ERR_CONFIG,
                             "%s: \"%s\" is not a duration; write e.g. \"180d\", \"12h\" or a number of bars",
                             key->name, json_string(value, ""));
        if (span.ns <= 0) return json_fail(document, value, GW_ERR_CONFIG, "%s must be longer than zero", key->name);
    } else {
        double bars;
        if (json_kind(value) != JSON_NUMBER)
            return wrong_type(document, value, "a number of bars or a duration such as \"180d\"");
        TRY(read_number(document, value, key, true, &bars));
        span.bars = (size_t)bars;
    }
    *out = span;
    return GW_OK;
}

static int read_ks(const struct json_document *document, const json_value *value, const struct key_desc *key,
                   struct signal_config *out) {
    if (json_kind(value) != JSON_ARRAY || json_size(value) == 0 || json_size(value) > MAX_K)
        return json_fail(document, value, GW_ERR_CONFIG, "k must be an array of 1 to %d percentages", MAX_K);
    out->n_k = json_size(value);
    for (size_t i = 0; i < out->n_k; i++) {
        const json_value *item = json_at(value, i);
        double k = json_kind(item) == JSON_NUMBER ? json_number(item, 0) : 0;
        if (!(k >= key->min && k <= key->max))
            return json_fail(document, item, GW_ERR_CONFIG, "k: every percentage must be a number between %g and %g",
                             key->min, key->max);
        if (i > 0 && k <= out->k[i - 1]) return json_fail(document, item, GW_ERR_CONFIG, "k: percentages must ascend");
        out->k[i] = k;
    }
    return GW_OK;
}

static int read_text(const struct json_document *document, const json_value *value, char *out, size_t size) {
    if (json_kind(value) != JSON_STRING) return wrong_type(document, value, "a string");
    const char *text = json_string(value, "");
    if (strlen(text) >= size)
        return json_fail(document, value, GW_ERR_CONFIG, "%s is longer than %zu bytes", json_key(value), size - 1);
    strcpy(out, text);
    return GW_OK;
}

static int read_key(const struct json_document *document, const json_value *value, const struct key_desc *key,
                    void *base) {
    void *field = (char *)base + key->offset;
    double number;
    switch ((enum key_type)key->type) {
    case KEY_SIZE:
        TRY(read_number(document, value, key, true, &number));
        *(size_t *)field = (size_t)number;
        return GW_OK;
    case KEY_NUMBER:
        return read_number(document, value, key, false, field);
    case KEY_BOOL:
        if (json_kind(value) != JSON_BOOL) return wrong_type(document, value, "true or false");
        *(bool *)field = json_bool(value, false);
        return GW_OK;
    case KEY_WORD:
        if (json_kind(value) != JSON_STRING) return wrong_type(document, value, "a string");
        TRY(config_word_check(document, value, key->options, json_string(value, "")));
        return read_text(document, value, field, GW_NAME_MAX);
    case KEY_TEXT48:
        return read_text(document, value, field, 48);
    case KEY_SPAN:
        return read_span(document, value, key, field);
    case KEY_KS:
        return read_ks(document, value, key, base);
    }
    return GW_OK;
}

int config_read_section(const struct json_document *document, const json_value *object,
                        const struct key_section *section, void *base) {
    if (json_kind(object) != JSON_OBJECT)
        return json_fail(document, object, GW_ERR_CONFIG, "%s must be an object { … }, not %s", section->name,
                         json_kind_name(object));
    const char *known[64];
    for (size_t k = 0; k < section->n_keys; k++) known[k] = section->key[k].name;
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        size_t k = 0;
        while (k < section->n_keys && strcmp(section->key[k].name, json_key(value)) != 0) k++;
        if (k == section->n_keys) return config_unknown_key(document, value, known, section->n_keys, section->name);
        TRY(read_key(document, value, &section->key[k], base));
    }
    return GW_OK;
}
