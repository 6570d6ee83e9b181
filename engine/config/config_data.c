/* An experiment's data: which files, and what is said of each. */
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"
#include "gatewalk/import.h"

int config_read_text(const struct json_document *doc, const json_value *value, const char *key, char *out,
                     size_t size) {
    if (json_kind(value) != JSON_STRING)
        return json_fail(doc, value, GW_ERR_CONFIG, "%s must be a string, not %s", key, json_kind_name(value));
    const char *text = json_string(value, "");
    if (strlen(text) >= size) return json_fail(doc, value, GW_ERR_CONFIG, "%s is longer than %zu bytes", key, size - 1);
    strcpy(out, text);
    return GW_OK;
}

/* A relative file is meant relative to the experiment that names it. */
static int resolve_path(const char *experiment_path, const char *file, char out[1024]) {
    const char *slash = file[0] == '/' ? NULL : strrchr(experiment_path, '/');
    size_t folder = slash ? (size_t)(slash - experiment_path) + 1 : 0, length = strlen(file);
    if (folder + length >= 1024) FAIL(GW_ERR_CONFIG, "data: the path \"%.60s…\" is too long", file);
    memcpy(out, experiment_path, folder);
    memcpy(out + folder, file, length + 1);
    return GW_OK;
}

static int read_format(const struct json_document *doc, const json_value *value, struct data_source *source) {
    const char *known[64] = {"auto"};
    size_t n = 1;
    TRY(config_read_text(doc, value, "format", source->format, sizeof source->format));
    for (size_t i = 0; i < gw_import_format_count() && n < COUNT_OF(known); i++) known[n++] = gw_import_format_name(i);
    for (size_t i = 0; i < n; i++)
        if (strcmp(known[i], source->format) == 0) return GW_OK;
    const char *near = nearest_word(source->format, known, n);
    if (near)
        return json_fail(doc, value, GW_ERR_CONFIG, "format: unknown value \"%s\"; did you mean \"%s\"?",
                         source->format, near);
    return json_fail(doc, value, GW_ERR_CONFIG,
                     "format: unknown value \"%s\"; \"auto\" finds out, `gatewalk list formats` "
                     "shows all",
                     source->format);
}

static int read_source(const struct json_document *doc, const json_value *value, struct experiment *e) {
    static const char *const known[] = {"file", "symbol", "format", "interval", "repair"};
    struct data_source *source = &e->data[e->n_data];
    strcpy(source->format, "auto");
    char file[900] = "";
    if (json_kind(value) == JSON_STRING) {
        TRY(config_read_text(doc, value, "data", file, sizeof file));
    } else if (json_kind(value) == JSON_OBJECT) {
        for (size_t i = 0; i < json_size(value); i++) {
            const json_value *item = json_at(value, i);
            const char *key = json_key(item);
            if (strcmp(key, "file") == 0) {
                TRY(config_read_text(doc, item, key, file, sizeof file));
            } else if (strcmp(key, "symbol") == 0) {
                TRY(config_read_text(doc, item, key, source->symbol, sizeof source->symbol));
                if (!name_is_safe(source->symbol))
                    return json_fail(doc, item, GW_ERR_CONFIG, "symbol may hold only letters, digits, '_', '.', '-'");
            } else if (strcmp(key, "format") == 0) {
                TRY(read_format(doc, item, source));
            } else if (strcmp(key, "interval") == 0) {
                if (json_kind(item) != JSON_STRING || duration_parse(json_string(item, ""), &source->interval_ns) < 0)
                    return json_fail(doc, item, GW_ERR_CONFIG, "interval must be a duration such as \"15m\" or \"1d\"");
            } else if (strcmp(key, "repair") == 0) {
                if (json_kind(item) != JSON_BOOL)
                    return json_fail(doc, item, GW_ERR_CONFIG, "repair must be true or false");
                source->repair = json_bool(item, false);
            } else {
                return config_unknown_key(doc, item, known, COUNT_OF(known), "data");
            }
        }
    } else {
        return json_fail(doc, value, GW_ERR_CONFIG, "data must hold file names or objects with a \"file\", not %s",
                         json_kind_name(value));
    }
    if (!*file) return json_fail(doc, value, GW_ERR_CONFIG, "data: a source needs a \"file\"");
    TRY(resolve_path(e->path, file, source->file));
    e->n_data++;
    return GW_OK;
}

int config_read_data(const struct json_document *doc, const json_value *value, struct experiment *e) {
    if (json_kind(value) != JSON_ARRAY) return read_source(doc, value, e);
    if (json_size(value) == 0 || json_size(value) > MAX_SYMBOLS)
        return json_fail(doc, value, GW_ERR_CONFIG, "data must name 1 to %d files", MAX_SYMBOLS);
    for (size_t i = 0; i < json_size(value); i++) TRY(read_source(doc, json_at(value, i), e));
    return GW_OK;
}
