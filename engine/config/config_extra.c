/* A data source's "extra": files of further columns, and when their rows were known. */
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

static int read_object(const struct json_document *doc, const json_value *object, struct side_source *source) {
    int64_t ns;
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        struct gw_param_key key;
        if (!gw_param_find(&extra_params, json_key(value), &key))
            return config_unknown_param(doc, value, &extra_params, "data.extra");
        TRY(json_read_param(doc, value, "data.extra", &key, source));
    }
    const json_value *after = json_get(object, "known_after");
    if (after && side_known_after(source->known_after, &ns) < 0)
        return json_fail(doc, after, GW_ERR_CONFIG, "data.extra.known_after: %s; \"0s\" says at its time",
                         gw_error_message());
    return GW_OK;
}

static int read_one(const struct json_document *doc, const json_value *value, const char *experiment_path,
                    struct data_source *data) {
    struct side_source *source = &data->extra[data->n_extra];
    gw_param_defaults(&extra_params, source);
    if (json_kind(value) == JSON_STRING) {
        if (strlen(json_string(value, "")) >= sizeof source->file)
            return json_fail(doc, value, GW_ERR_CONFIG, "data.extra.file is longer than %zu bytes",
                             sizeof source->file - 1);
        strcpy(source->file, json_string(value, ""));
    } else if (json_kind(value) == JSON_OBJECT) {
        TRY(read_object(doc, value, source));
    } else {
        return json_fail(
            doc, value, GW_ERR_CONFIG,
            "data.extra must hold objects such as {\"file\": \"funding.csv\", \"known_after\": \"1h\"}, not %s",
            json_kind_name(value));
    }
    if (!*source->file) return json_fail(doc, value, GW_ERR_CONFIG, "data.extra: an entry needs a \"file\"");
    const json_value *place = json_get(value, "file");
    TRY(config_resolve_path(doc, place ? place : value, experiment_path, "data.extra.file", source->file));
    data->n_extra++;
    return GW_OK;
}

int config_read_extra(const struct json_document *doc, const json_value *value, const char *experiment_path,
                      struct data_source *data) {
    if (json_kind(value) != JSON_ARRAY) return read_one(doc, value, experiment_path, data);
    if (json_size(value) > MAX_EXTRA)
        return json_fail(doc, value, GW_ERR_CONFIG, "data.extra must name at most %d files", MAX_EXTRA);
    for (size_t i = 0; i < json_size(value); i++) TRY(read_one(doc, json_at(value, i), experiment_path, data));
    return GW_OK;
}

/* By its whole path: a finished run's models are asked again from other folders, and find its columns there. */
static void put_file(struct json_writer *w, const char *file) {
    char *whole = realpath(file, NULL);
    json_put_string(w, "file", whole ? whole : file);
    free(whole);
}

void config_write_extra(struct json_writer *w, const struct data_source *data) {
    char text[GW_PARAM_SHOWN];
    if (data->n_extra == 0) return;
    json_begin_array(w, "extra");
    for (size_t i = 0; i < data->n_extra; i++) {
        json_begin_object(w, NULL);
        for (struct gw_param_key key = {0}; gw_param_next(&extra_params, &key);)
            if (strcmp(key.param->name, "file") == 0)
                put_file(w, data->extra[i].file);
            else if (*gw_param_show(key.param, &data->extra[i], text))
                json_put_param(w, key.param, &data->extra[i]);
        json_end_object(w);
    }
    json_end_array(w);
}
