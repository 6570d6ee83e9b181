/* A trained model as a safetensors file: weights by name, calibration, settings, training log, and what the caller
 * adds (scaler, the hash of its data …). */
#include <stdlib.h>
#include <string.h>

#include "safetensors.h"
#include "settings.h"
#include "single_model.h"

static const char file_format[] = "gatewalk-model-1";
static const char calibration_prefix[] = "calibration.";
static const char *const gate_key[N_GATES] = {"long", "short"};

/* ---- save ------------------------------------------------------------------------------------------------- */

/* platt: [1 × 2] slope and intercept. isotonic: [2 × n] knots x above values y. */
static int store_calibration(const struct calibration *calibration, size_t gate, struct stored_tensor *out,
                             double **value) {
    static const char *const kind[] = {"none", "platt", "isotonic"};
    bool platt = calibration->kind == CALIBRATION_PLATT;
    size_t n = platt ? 1 : calibration->n;
    *value = mem_calloc(2 * n, sizeof **value);
    if (!*value) return ERR_NOMEM;
    if (platt) {
        (*value)[0] = calibration->slope;
        (*value)[1] = calibration->intercept;
    } else {
        memcpy(*value, calibration->x, n * sizeof **value);
        memcpy(*value + n, calibration->y, n * sizeof **value);
    }
    *out = (struct stored_tensor){.is_double = true, .n_dims = 2, .data = *value};
    out->shape[0] = platt ? 1 : 2;
    out->shape[1] = platt ? 2 : n;
    snprintf(out->name, sizeof out->name, "%s%s.%s", calibration_prefix, gate_key[gate], kind[calibration->kind]);
    return OK;
}

static size_t store_weights(const struct gate_model *model, struct stored_tensor *out) {
    const struct tensor_list *list = &model->gate.net.tensors;
    for (size_t i = 0; i < list->n; i++) {
        out[i] = (struct stored_tensor){.n_dims = 2, .data = model->gate.weights + list->item[i].offset};
        out[i].shape[0] = list->item[i].rows;
        out[i].shape[1] = list->item[i].columns;
        snprintf(out[i].name, sizeof out[i].name, "%s", list->item[i].name);
    }
    return list->n;
}

static int gather_meta(const struct gate_model *model, const struct training_log *log, struct stored_meta *meta,
                       char **settings, char **log_text, char seed[24]) {
    static const struct training_log empty;
    TRY(settings_to_text(&model->gate.net.config, &model->gate.train, settings));
    TRY(log_to_text(log ? log : &empty, log_text));
    snprintf(seed, 24, "%llu", (unsigned long long)model->gate.seed);
    meta[0] = (struct stored_meta){"format", file_format};
    meta[1] = (struct stored_meta){"settings", *settings};
    meta[2] = (struct stored_meta){"seed", seed};
    meta[3] = (struct stored_meta){"log", *log_text};
    return OK;
}

enum { OWN_META = 4 };

int model_save(const struct gate_model *model, const struct training_log *log, const struct meta_pair *meta,
               size_t n_meta, const struct extra_tensor *extra, size_t n_extra, const char *path) {
    char *settings = NULL, *log_text = NULL, seed[24];
    double *calibration[N_GATES] = {NULL};
    size_t n = 0;
    int rc = ERR_NOMEM;
    if (n_extra + N_GATES + TENSORS_MAX > STORED_MAX)
        FAIL(ERR_INTERNAL, "%zu extra tensors are more than a model file takes", n_extra);
    struct stored_tensor *tensor = mem_calloc(STORED_MAX, sizeof *tensor);
    struct stored_meta *all = mem_calloc(OWN_META + n_meta, sizeof *all);
    if (!tensor || !all) goto end;
    TRY_GOTO(gather_meta(model, log, all, &settings, &log_text, seed), end);
    for (size_t i = 0; i < n_meta; i++) all[OWN_META + i] = (struct stored_meta){meta[i].key, meta[i].value};
    for (size_t i = 0; i < n_extra; i++, n++) {
        tensor[n] = (struct stored_tensor){.is_double = true, .n_dims = 1, .data = extra[i].value};
        tensor[n].shape[0] = extra[i].n;
        snprintf(tensor[n].name, sizeof tensor[n].name, "%s", extra[i].name);
    }
    for (size_t gate = 0; gate < N_GATES; gate++)
        if (model->gate.calibration[gate].kind != CALIBRATION_NONE)
            TRY_GOTO(store_calibration(&model->gate.calibration[gate], gate, &tensor[n++], &calibration[gate]), end);
    n += store_weights(model, tensor + n);
    rc = safetensors_write(path, all, OWN_META + n_meta, tensor, n);
end:
    for (size_t gate = 0; gate < N_GATES; gate++) mem_free(calibration[gate]);
    free(log_text);
    free(settings);
    mem_free(all);
    mem_free(tensor);
    return rc;
}

/* ---- load ------------------------------------------------------------------------------------------------- */

static int load_calibration(const char *path, const struct stored_tensor *stored, struct gate_model *model) {
    const char *gate_at = stored->name + strlen(calibration_prefix), *dot = strchr(gate_at, '.');
    size_t gate = 0, n = stored->shape[1];
    while (gate < N_GATES && (!dot || strncmp(gate_at, gate_key[gate], (size_t)(dot - gate_at)) != 0)) gate++;
    if (gate == N_GATES || !stored->is_double || stored->n_dims != 2 || n == 0 || model->gate.calibration[gate].kind)
        FAIL(ERR_DATA, "%s: tensor \"%s\" is not a calibration; train the model anew", path, stored->name);
    struct calibration *calibration = &model->gate.calibration[gate];
    if (strcmp(dot, ".platt") == 0 && stored->shape[0] == 1 && n == 2) {
        calibration->kind = CALIBRATION_PLATT;
        memcpy(&calibration->slope, stored->data, sizeof(double));
        memcpy(&calibration->intercept, (const char *)stored->data + sizeof(double), sizeof(double));
        return OK;
    }
    if (strcmp(dot, ".isotonic") != 0 || stored->shape[0] != 2)
        FAIL(ERR_DATA, "%s: tensor \"%s\" is not a calibration; train the model anew", path, stored->name);
    calibration->kind = CALIBRATION_ISOTONIC;
    calibration->n = n;
    calibration->x = mem_calloc(n, sizeof(double));
    calibration->y = mem_calloc(n, sizeof(double));
    if (!calibration->x || !calibration->y) return ERR_NOMEM;
    memcpy(calibration->x, stored->data, n * sizeof(double));
    memcpy(calibration->y, (const char *)stored->data + n * sizeof(double), n * sizeof(double));
    return OK;
}

static int load_extra(const char *path, const struct stored_tensor *stored, struct extra_tensor *extra, size_t capacity,
                      size_t *n_extra) {
    if (*n_extra == capacity)
        FAIL(ERR_DATA, "%s: more extra tensors than expected (\"%s\"); train the model anew", path, stored->name);
    struct extra_tensor *out = &extra[*n_extra];
    if (!stored->is_double || strlen(stored->name) >= sizeof out->name)
        FAIL(ERR_DATA, "%s: tensor \"%s\" does not belong to the model; train it anew", path, stored->name);
    out->n = stored_count(stored);
    snprintf(out->name, sizeof out->name, "%s", stored->name);
    out->value = mem_calloc(out->n, sizeof *out->value);
    if (!out->value) return ERR_NOMEM;
    memcpy(out->value, stored->data, out->n * sizeof *out->value);
    ++*n_extra;
    return OK;
}

static int load_weights(const char *path, const struct stored_tensor *stored, struct gate_model *model, size_t i,
                        size_t *n_loaded) {
    const struct tensor *tensor = &model->gate.net.tensors.item[i];
    if (stored->is_double || stored->n_dims != 2 || stored->shape[0] != tensor->rows ||
        stored->shape[1] != tensor->columns)
        FAIL(ERR_DATA, "%s: tensor \"%s\" is not %zu x %zu float32; train the model anew", path, tensor->name,
             tensor->rows, tensor->columns);
    memcpy(model->gate.weights + tensor->offset, stored->data, stored_count(stored) * sizeof(real));
    ++*n_loaded;
    return OK;
}

static int load_tensors(const char *path, const struct safetensors *file, struct gate_model *model,
                        struct extra_tensor *extra, size_t capacity, size_t *n_extra) {
    const struct tensor_list *list = &model->gate.net.tensors;
    size_t n_loaded = 0;
    for (size_t i = 0;; i++) {
        struct stored_tensor stored;
        bool end;
        TRY(safetensors_tensor(file, path, i, &stored, &end));
        if (end) break;
        if (!stored.data) continue;
        size_t own = 0;
        while (own < list->n && strcmp(list->item[own].name, stored.name) != 0) own++;
        if (own < list->n)
            TRY(load_weights(path, &stored, model, own, &n_loaded));
        else if (strncmp(stored.name, calibration_prefix, strlen(calibration_prefix)) == 0)
            TRY(load_calibration(path, &stored, model));
        else if (extra)
            TRY(load_extra(path, &stored, extra, capacity, n_extra));
    }
    if (n_loaded != list->n) FAIL(ERR_DATA, "%s: a tensor of the model is missing; train it anew", path);
    return OK;
}

static int check_meta(const char *path, const struct safetensors *file, const struct meta_pair *expect,
                      size_t n_expect) {
    const char *format = safetensors_meta(file, "format");
    if (!format || strcmp(format, file_format) != 0)
        FAIL(ERR_DATA, "%s: is not a %s file; train the model anew", path, file_format);
    for (size_t i = 0; i < n_expect; i++) {
        const char *value = safetensors_meta(file, expect[i].key);
        if (!value || strcmp(value, expect[i].value) != 0)
            FAIL(ERR_DATA, "%s: is stale: %s is \"%s\", not \"%s\"; train the model anew", path, expect[i].key,
                 value ? value : "", expect[i].value);
    }
    return OK;
}

static int load_model(const char *path, const struct safetensors *file, struct gate_model *model) {
    struct model_config config;
    const char *settings = safetensors_meta(file, "settings"), *seed = safetensors_meta(file, "seed");
    if (!settings || !seed) FAIL(ERR_DATA, "%s: settings are missing; train the model anew", path);
    TRY(settings_from_text(path, settings, &config, &model->gate.train));
    int rc = model_config_check(&config, &model->gate.train, NULL);
    if (rc == OK) rc = R(network_init)(&model->gate.net, &config);
    if (rc < 0) return error_prefix(ERR_DATA, "%s", path);
    model->gate.seed = strtoull(seed, NULL, 10);
    model->gate.weights = mem_calloc(model->gate.net.tensors.size, sizeof *model->gate.weights);
    return model->gate.weights ? OK : ERR_NOMEM;
}

int model_load(const char *path, const struct meta_pair *expect, size_t n_expect, struct gate_model **out,
               struct training_log *log, struct extra_tensor *extra, size_t *n_extra) {
    struct safetensors file;
    size_t capacity = extra && n_extra ? *n_extra : 0, loaded = 0;
    const char *log_text;
    int rc;
    *out = NULL;
    if (log) memset(log, 0, sizeof *log);
    TRY(safetensors_read(path, &file));
    struct gate_model *model = mem_calloc(1, sizeof *model);
    rc = model ? OK : ERR_NOMEM;
    if (rc < 0) goto end;
    TRY_GOTO(check_meta(path, &file, expect, n_expect), end);
    TRY_GOTO(load_model(path, &file, model), end);
    TRY_GOTO(load_tensors(path, &file, model, extra, capacity, &loaded), end);
    log_text = safetensors_meta(&file, "log");
    if (log && log_text) TRY_GOTO(log_from_text(path, log_text, log), end);
    *out = model;
    model = NULL;
end:
    if (rc < 0)
        while (loaded > 0) mem_free(extra[--loaded].value);
    if (n_extra) *n_extra = loaded;
    model_free(model);
    safetensors_free(&file);
    return rc;
}
