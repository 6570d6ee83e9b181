/* A contestant's "scores": which files hold what a model trained elsewhere says. */
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

static int read_file(const struct json_document *doc, const json_value *value, const char *experiment_path,
                     struct score_source *source) {
    char *file = source->file[source->n_files];
    if (json_kind(value) != JSON_STRING)
        return json_fail(doc, value, GW_ERR_CONFIG, "scores: a file must be a string such as \"mine.csv\", not %s",
                         json_kind_name(value));
    if (!*json_string(value, ""))
        return json_fail(doc, value, GW_ERR_CONFIG, "scores: the name of a file is empty; name one");
    if (strlen(json_string(value, "")) >= sizeof source->file[0])
        return json_fail(doc, value, GW_ERR_CONFIG, "scores.files is longer than %zu bytes",
                         sizeof source->file[0] - 1);
    strcpy(file, json_string(value, ""));
    TRY(config_resolve_path(doc, value, experiment_path, "scores.files", file));
    source->n_files++;
    return GW_OK;
}

static int read_files(const struct json_document *doc, const json_value *value, const char *experiment_path,
                      struct score_source *source) {
    if (json_kind(value) != JSON_ARRAY) return read_file(doc, value, experiment_path, source);
    if (json_size(value) == 0 || json_size(value) > MAX_SCORE_FILES)
        return json_fail(doc, value, GW_ERR_CONFIG,
                         "scores must name 1 to %d files; a pattern such as \"p-*.csv\" stands for any number",
                         MAX_SCORE_FILES);
    for (size_t i = 0; i < json_size(value); i++) TRY(read_file(doc, json_at(value, i), experiment_path, source));
    return GW_OK;
}

static int read_object(const struct json_document *doc, const json_value *object, const char *experiment_path,
                       struct score_source *source) {
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        struct gw_param_key key;
        if (!gw_param_find(&scores_params, json_key(value), &key))
            return config_unknown_param(doc, value, &scores_params, "scores");
        if (strcmp(json_key(value), "files") == 0)
            TRY(read_files(doc, value, experiment_path, source));
        else
            TRY(json_read_param(doc, value, "scores", &key, source));
    }
    if (source->n_files == 0) return json_fail(doc, object, GW_ERR_CONFIG, "scores: \"files\" is missing");
    return GW_OK;
}

int config_read_scores(const struct json_document *doc, const json_value *entry, const char *experiment_path,
                       struct strategy_spec *spec) {
    const json_value *value = json_get(entry, "scores");
    gw_param_defaults(&scores_params, &spec->scores);
    spec->scores.n_files = 0;
    if (!value) return GW_OK;
    if (!spec->desc->needs_model)
        return json_fail_key(doc, value, GW_ERR_CONFIG, "strategy \"%s\" uses no scores; take \"gate\"",
                             spec->desc->name);
    static const char *const sections[] = {"model", "training"};
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        if (json_get(entry, sections[i]))
            return json_fail_key(doc, json_get(entry, sections[i]), GW_ERR_CONFIG,
                                 "\"%s\" does nothing beside \"scores\", which were made elsewhere; leave it out",
                                 sections[i]);
    return json_kind(value) == JSON_OBJECT ? read_object(doc, value, experiment_path, &spec->scores)
                                           : read_files(doc, value, experiment_path, &spec->scores);
}

void config_write_scores(struct json_writer *w, const struct score_source *source) {
    json_begin_object(w, "scores");
    json_begin_array(w, "files");
    for (size_t i = 0; i < source->n_files; i++) json_put_string(w, NULL, source->file[i]);
    json_end_array(w);
    char text[GW_PARAM_SHOWN];
    for (struct gw_param_key key = {0}; gw_param_next(&scores_params, &key);)
        if (strcmp(key.param->name, "files") != 0 && *gw_param_show(key.param, source, text))
            json_put_param(w, key.param, source);
    json_end_object(w);
}
