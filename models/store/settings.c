/* Settings and training log as JSON text, for the metadata of a model file. The keys are those of gw_model_params and
 * gw_train_params that the settings use. */
#include "settings.h"
#include "engine/base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Every key that counts must be there, in its range. Numbers of features are no keys: they follow from the data. */
static int get_params(const struct json_document *document, const json_value *object, const char *section,
                      const struct gw_param_table *table, void *base) {
    /* Choices first: what they bring with them is known once they are made. */
    for (int choices = 1; choices >= 0; choices--)
        for (struct gw_param_key key = {0}; gw_param_next(table, &key);) {
            struct gw_param_key own = key;
            bool choice = key.param->type == GW_PARAM_CHOICE && !key.by;
            if (choice != (choices == 1) || !gw_param_active(&own, base)) continue;
            const json_value *value = json_get(object, key.param->name);
            if (!value && key.param->type == GW_PARAM_DURATION) continue; /* not given */
            if (!value)
                return json_fail(document, object ? object : json_root(document), GW_ERR_DATA, "\"%s\" is missing",
                                 key.param->name);
            if (json_read_param(document, value, section, &own, base) < 0)
                return GW_ERR_DATA; /* the line names the file */
        }
    return GW_OK;
}

static int get_features(const struct json_document *document, const json_value *model, const char *key, size_t *out) {
    const json_value *value = json_get(model, key);
    double number = value && json_kind(value) == JSON_NUMBER ? json_number(value, -1) : -1;
    if (!(number >= 0 && number < 1e9 && number == floor(number)))
        return json_fail(document, value ? value : json_root(document), GW_ERR_DATA, "\"%s\" is not a size", key);
    *out = (size_t)number;
    return GW_OK;
}

int settings_to_text(const struct gw_model_config *model, const struct gw_train_config *train, char **text) {
    struct json_writer w = {.compact = true};
    json_begin_object(&w, NULL);
    json_begin_object(&w, "model");
    json_put_int(&w, "n_features", (int64_t)model->n_features);
    if (model->cross != GW_CROSS_NONE) json_put_int(&w, "cross_features", (int64_t)model->cross_features);
    json_put_params(&w, &gw_model_params, model, false);
    json_end_object(&w);
    json_begin_object(&w, "training");
    json_put_params(&w, &gw_train_params, train, false);
    json_end_object(&w);
    json_end_object(&w);
    return json_take_text(&w, text, NULL);
}

int settings_from_text(const char *path, const char *text, struct gw_model_config *model,
                       struct gw_train_config *train) {
    struct json_document *document;
    TRY(json_parse(path, text, strlen(text), GW_ERR_DATA, &document));
    const json_value *root = json_root(document);
    gw_model_config_default(model);
    gw_train_config_default(train);
    int rc = get_features(document, json_get(root, "model"), "n_features", &model->n_features);
    if (rc == GW_OK) rc = get_params(document, json_get(root, "model"), "model", &gw_model_params, model);
    if (rc == GW_OK && model->cross != GW_CROSS_NONE)
        rc = get_features(document, json_get(root, "model"), "cross_features", &model->cross_features);
    if (rc == GW_OK) rc = get_params(document, json_get(root, "training"), "training", &gw_train_params, train);
    json_free(document);
    return rc;
}

/* ---- training log ------------------------------------------------------------------------------------------ */

/* Seconds are left out: the file of a model must be the same bytes whatever machine trained it. */
int log_to_text(const struct gw_training_log *log, char **text) {
    struct json_writer w = {.compact = true};
    json_begin_object(&w, NULL);
    json_put_int(&w, "best_epoch", (int64_t)log->best_epoch);
    json_put_int(&w, "windows", (int64_t)log->windows);
    json_begin_array(&w, "epochs");
    for (size_t i = 0; i < log->n_epochs; i++) {
        const struct gw_epoch_record *record = &log->epoch[i];
        json_begin_array(&w, NULL);
        json_put_int(&w, NULL, record->epoch);
        json_put_number(&w, NULL, record->learning_rate);
        json_put_number(&w, NULL, record->train_loss);
        json_put_number(&w, NULL, record->validation_loss);
        for (size_t gate = 0; gate < GW_N_GATES; gate++) json_put_number(&w, NULL, record->validation_ap[gate]);
        json_put_bool(&w, NULL, record->best);
        json_end_array(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return json_take_text(&w, text, NULL);
}

/* A forged number may be anything: what a cast to an integer would make of it is not defined. */
static int whole_number(const struct json_document *document, const json_value *value, const char *what, double least,
                        double most, double *out) {
    *out = value && json_kind(value) == JSON_NUMBER ? json_number(value, NAN) : NAN;
    if (*out >= least && *out <= most && *out == floor(*out)) return GW_OK;
    return json_fail(document, value ? value : json_root(document), GW_ERR_DATA,
                     "log: %s is not a whole number from %.0f to %.0f", what, least, most);
}

static int read_record(const struct json_document *document, const json_value *row, struct gw_epoch_record *record) {
    double epoch;
    if (json_kind(row) != JSON_ARRAY || json_size(row) != 5 + GW_N_GATES)
        return json_fail(document, row, GW_ERR_DATA, "log: an epoch is an array of %d", 5 + GW_N_GATES);
    TRY(whole_number(document, json_at(row, 0), "an epoch", 1, 1e9, &epoch));
    record->epoch = (uint32_t)epoch;
    record->learning_rate = json_number(json_at(row, 1), NAN);
    record->train_loss = json_number(json_at(row, 2), NAN);
    record->validation_loss = json_number(json_at(row, 3), NAN);
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        record->validation_ap[gate] = json_number(json_at(row, 4 + gate), NAN);
    record->best = json_bool(json_at(row, 4 + GW_N_GATES), false);
    return GW_OK;
}

static int read_log(const struct json_document *document, struct gw_training_log *log) {
    const json_value *root = json_root(document), *epochs = json_get(root, "epochs");
    double best, windows;
    if (!epochs || json_kind(epochs) != JSON_ARRAY)
        return json_fail(document, root, GW_ERR_DATA, "log: \"epochs\" is missing");
    size_t n = json_size(epochs);
    TRY(whole_number(document, json_get(root, "best_epoch"), "best_epoch", 0, (double)n, &best));
    TRY(whole_number(document, json_get(root, "windows"), "windows", 0, 0x1p53, &windows));
    log->best_epoch = (size_t)best;
    log->windows = (uint64_t)windows;
    log->epoch = mem_calloc(n, sizeof *log->epoch);
    if (!log->epoch) return GW_ERR_NOMEM;
    for (; log->n_epochs < n; log->n_epochs++)
        TRY(read_record(document, json_at(epochs, log->n_epochs), &log->epoch[log->n_epochs]));
    return GW_OK;
}

int log_from_text(const char *path, const char *text, struct gw_training_log *log) {
    struct json_document *document;
    memset(log, 0, sizeof *log);
    TRY(json_parse(path, text, strlen(text), GW_ERR_DATA, &document));
    int rc = read_log(document, log);
    json_free(document);
    if (rc < 0) gw_training_log_free(log);
    return rc;
}
