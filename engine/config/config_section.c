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

/* ---- a choice as an object --------------------------------------------------------------------------------------- */

/* "cross": {"interval": "4h", "lookback": 48} is "cross": "interval", "cross_interval": "4h", "cross_lookback": 48: the row is
 * the last one that the object has a key for. */
static bool own_name(const struct gw_param *param, const char *key, char out[64]) {
    const int n = snprintf(out, 64, "%s_%s", param->name, key);
    return n > 0 && n < 64;
}

bool config_takes_object(const struct gw_param *param) {
    struct gw_choice row;
    struct gw_param_key key;
    char name[64];
    if (param->type != GW_PARAM_CHOICE || !param->beside) return false;
    for (size_t i = 0; (row = gw_choice_at(param->choices, i)).name; i++)
        if (own_name(param, row.name, name) && gw_param_find(&row.own, name, &key)) return true;
    return false;
}

static int read_object(const struct json_document *document, const json_value *object,
                       const struct key_section *section, const struct gw_param_key *choice, void *base) {
    char name[64], why[GW_PARAM_WHY], words[128] = "";
    const char *chosen = NULL;
    struct gw_choice row;
    for (size_t i = 0; (row = gw_choice_at(choice->param->choices, i)).name; i++) {
        struct gw_param_key key;
        if (!own_name(choice->param, row.name, name) || !gw_param_find(&row.own, name, &key)) continue;
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s\"%s\"", *words ? " or " : "", row.name);
        if (json_get(object, row.name)) chosen = row.name;
    }
    if (!chosen)
        return json_fail(document, object, GW_ERR_CONFIG, "%s.%s: an object here needs %s", section->name,
                         choice->param->name, words);
    if (gw_param_put_text(choice->param, chosen, base, why) < 0) return GW_ERR_INTERNAL;
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        struct gw_param_key key;
        if (!own_name(choice->param, json_key(value), name) || !gw_param_find(section->table, name, &key) || !key.by)
            return json_fail_key(document, value, GW_ERR_CONFIG,
                                 "unknown key \"%s\" in %s.%s; `gatewalk list keys` shows "
                                 "all, as %s_…",
                                 json_key(value), section->name, choice->param->name, choice->param->name);
        TRY(json_read_param(document, value, section->name, &key, base));
    }
    return GW_OK;
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
        if (json_kind(value) == JSON_OBJECT && config_takes_object(key.param))
            TRY(read_object(document, value, section, &key, base));
        else
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
