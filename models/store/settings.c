/* Settings and training log as JSON text, for the metadata of a model file. One table per struct names every field. */
#include "settings.h"
#include "engine/base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct field {
    const char *key;
    enum { TEXT, SIZE, NUMBER, FLAG } type;
    size_t offset;
};

#define FIELD(type, struct_name, name)                                                                                 \
    { #name, type, offsetof(struct struct_name, name) }
static const struct field model_fields[] = {
    FIELD(TEXT, gw_model_config, encoder),         FIELD(TEXT, gw_model_config, attention),
    FIELD(SIZE, gw_model_config, n_features),      FIELD(SIZE, gw_model_config, lookback),
    FIELD(SIZE, gw_model_config, hidden),          FIELD(SIZE, gw_model_config, layers),
    FIELD(SIZE, gw_model_config, attention_units), FIELD(SIZE, gw_model_config, heads),
    FIELD(SIZE, gw_model_config, key_dim),         FIELD(FLAG, gw_model_config, luong_combine),
    FIELD(FLAG, gw_model_config, causal_mask),     FIELD(SIZE, gw_model_config, dense_units),
    FIELD(NUMBER, gw_model_config, dropout),       FIELD(TEXT, gw_model_config, forget_init),
};
static const struct field train_fields[] = {
    FIELD(TEXT, gw_train_config, loss),
    FIELD(NUMBER, gw_train_config, pos_weight),
    FIELD(NUMBER, gw_train_config, focal_gamma),
    FIELD(NUMBER, gw_train_config, focal_alpha),
    FIELD(NUMBER, gw_train_config, bootstrap_beta),
    FIELD(NUMBER, gw_train_config, self_paced_start),
    FIELD(NUMBER, gw_train_config, self_paced_epochs),
    FIELD(TEXT, gw_train_config, optimizer),
    FIELD(NUMBER, gw_train_config, learning_rate),
    FIELD(NUMBER, gw_train_config, weight_decay),
    FIELD(NUMBER, gw_train_config, momentum),
    FIELD(TEXT, gw_train_config, schedule),
    FIELD(NUMBER, gw_train_config, warmup_epochs),
    FIELD(NUMBER, gw_train_config, schedule_power),
    FIELD(NUMBER, gw_train_config, clip_norm),
    FIELD(SIZE, gw_train_config, batch_size),
    FIELD(SIZE, gw_train_config, block),
    FIELD(SIZE, gw_train_config, accumulate),
    FIELD(SIZE, gw_train_config, epochs),
    FIELD(SIZE, gw_train_config, patience),
    FIELD(TEXT, gw_train_config, monitor),
    FIELD(NUMBER, gw_train_config, positive_fraction),
    FIELD(TEXT, gw_train_config, retrain),
    FIELD(TEXT, gw_train_config, lora_on),
    FIELD(SIZE, gw_train_config, lora_rank),
    FIELD(NUMBER, gw_train_config, lora_alpha),
    FIELD(NUMBER, gw_train_config, lora_dropout),
    FIELD(TEXT, gw_train_config, calibration),
    FIELD(TEXT, gw_train_config, precision),
};

static void put_fields(struct json_writer *w, const char *key, const struct field *field, size_t n, const void *base) {
    json_begin_object(w, key);
    for (size_t i = 0; i < n; i++) {
        const char *at = (const char *)base + field[i].offset;
        switch (field[i].type) {
        case TEXT:
            json_put_string(w, field[i].key, at);
            break;
        case SIZE:
            json_put_int(w, field[i].key, (int64_t) * (const size_t *)(const void *)at);
            break;
        case NUMBER:
            json_put_number(w, field[i].key, *(const double *)(const void *)at);
            break;
        case FLAG:
            json_put_bool(w, field[i].key, *(const bool *)(const void *)at);
            break;
        }
    }
    json_end_object(w);
}

static int get_fields(const struct json_document *document, const json_value *object, const struct field *field,
                      size_t n, void *base) {
    for (size_t i = 0; i < n; i++) {
        const json_value *value = json_get(object, field[i].key);
        char *at = (char *)base + field[i].offset;
        if (!value)
            return json_fail(document, object ? object : json_root(document), GW_ERR_DATA, "\"%s\" is missing",
                             field[i].key);
        double number = json_number(value, -1);
        switch (field[i].type) {
        case TEXT:
            snprintf(at, GW_NAME_MAX, "%s", json_string(value, ""));
            break;
        case SIZE:
            if (json_kind(value) != JSON_NUMBER || !(number >= 0 && number < 1e9 && number == floor(number)))
                return json_fail(document, value, GW_ERR_DATA, "\"%s\" is not a size", field[i].key);
            *(size_t *)(void *)at = (size_t)number;
            break;
        case NUMBER:
            *(double *)(void *)at = json_number(value, NAN);
            break;
        case FLAG:
            *(bool *)(void *)at = json_bool(value, false);
            break;
        }
    }
    return GW_OK;
}

/* Opens a writer into memory; finish() closes it and strips the line break behind the last value. */
static int begin(struct json_writer *w, char **text, size_t *length) {
    *w = (struct json_writer){.stream = open_memstream(text, length), .compact = true};
    if (!w->stream) FAIL(GW_ERR_NOMEM, "out of memory while describing a model");
    return GW_OK;
}

static int finish(struct json_writer *w, char **text, const size_t *length) {
    if (fclose(w->stream) != 0) {
        free(*text);
        FAIL(GW_ERR_NOMEM, "out of memory while describing a model");
    }
    if (*length > 0 && (*text)[*length - 1] == '\n') (*text)[*length - 1] = '\0';
    return GW_OK;
}

int settings_to_text(const struct gw_model_config *model, const struct gw_train_config *train, char **text) {
    struct json_writer w;
    size_t length;
    TRY(begin(&w, text, &length));
    json_begin_object(&w, NULL);
    put_fields(&w, "model", model_fields, COUNT_OF(model_fields), model);
    put_fields(&w, "training", train_fields, COUNT_OF(train_fields), train);
    json_end_object(&w);
    return finish(&w, text, &length);
}

int settings_from_text(const char *path, const char *text, struct gw_model_config *model,
                       struct gw_train_config *train) {
    struct json_document *document;
    TRY(json_parse(path, text, strlen(text), GW_ERR_DATA, &document));
    const json_value *root = json_root(document);
    int rc = get_fields(document, json_get(root, "model"), model_fields, COUNT_OF(model_fields), model);
    if (rc == GW_OK) rc = get_fields(document, json_get(root, "training"), train_fields, COUNT_OF(train_fields), train);
    json_free(document);
    return rc;
}

/* ---- training log ------------------------------------------------------------------------------------------ */

/* Seconds are left out: the file of a model must be the same bytes whatever machine trained it. */
int log_to_text(const struct gw_training_log *log, char **text) {
    struct json_writer w;
    size_t length;
    TRY(begin(&w, text, &length));
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
    return finish(&w, text, &length);
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
