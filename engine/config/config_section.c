/* One configuration section from JSON into its struct, driven by its table. */
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

int config_unknown_param(const struct json_document *document, const json_value *value,
                         const struct gw_param_table *table, const char *where) {
    enum { MOST = 128 };
    const char *known[MOST];
    size_t n = 0;
    for (struct gw_param_key key = {0}; n < MOST && gw_param_next(table, &key);) known[n++] = key.param->name;
    return config_unknown_key(document, value, known, n, where);
}

int config_read_section(const struct json_document *document, const json_value *object,
                        const struct key_section *section, void *base) {
    if (json_kind(object) != JSON_OBJECT)
        return json_fail(document, object, GW_ERR_CONFIG, "%s must be an object { … }, not %s", section->name,
                         json_kind_name(object));
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        struct gw_param_key key;
        if (!gw_param_find(section->table, json_key(value), &key))
            return config_unknown_param(document, value, section->table, section->name);
        TRY(json_read_param(document, value, section->name, &key, base));
    }
    return GW_OK;
}

int config_check_used(const struct json_document *document, const json_value *object, const struct key_section *section,
                      const void *base) {
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        struct gw_param_key key;
        char owners[256], chosen[GW_PARAM_SHOWN];
        if (!gw_param_find(section->table, json_key(value), &key) || gw_param_active(&key, base)) continue;
        gw_param_owners(&key, owners);
        return json_fail_key(document, value, GW_ERR_CONFIG,
                             "%s.%s does nothing here: it belongs to %s, but %s is \"%s\"; leave it out, or give it in "
                             "the experiment's own \"%s\" for those that have it",
                             section->name, json_key(value), owners, key.by->name ? key.by->name : "strategy",
                             gw_param_show(key.by, base, chosen), section->name);
    }
    return GW_OK;
}

int config_text_field(const struct json_document *doc, const json_value *object, const char *key, bool safe, char *out,
                      size_t size) {
    const json_value *value = json_get(object, key);
    if (!value) return GW_OK;
    const char *text = json_kind(value) == JSON_STRING ? json_string(value, "") : NULL;
    if (!text || strlen(text) >= size || (safe && !name_is_safe(text)))
        return json_fail(doc, value, GW_ERR_CONFIG, "%s must be a string of at most %zu bytes%s", key, size - 1,
                         safe ? " (letters, digits, '_', '.', '-')" : "");
    strcpy(out, text);
    return GW_OK;
}

int config_known_keys(const struct json_document *doc, const json_value *object, const char *const *known, size_t n,
                      const char *where) {
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        size_t k = 0;
        while (k < n && strcmp(known[k], json_key(value)) != 0) k++;
        if (k == n) return config_unknown_key(doc, value, known, n, where);
    }
    return GW_OK;
}
