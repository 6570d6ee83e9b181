/* Loads what single_store.c saves. Nothing of the file is trusted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "stored.h"

static int load_calibration(const char *path, const struct stored_tensor *stored, struct gw_gate_model *model) {
    const char *gate_at = stored->name + strlen(STORED_CALIBRATION), *dot = strchr(gate_at, '.');
    size_t gate = 0, n = stored->shape[1];
    while (gate < GW_N_GATES && (!dot || strncmp(gate_at, stored_gate[gate], (size_t)(dot - gate_at)) != 0)) gate++;
    if (gate == GW_N_GATES || !stored->is_double || stored->n_dims != 2 || n == 0 || model->gate.calibration[gate].kind)
        FAIL(GW_ERR_DATA, "%s: tensor \"%s\" is not a calibration; train the model anew", path, stored->name);
    struct calibration *calibration = &model->gate.calibration[gate];
    if (strcmp(dot, ".platt") == 0 && stored->shape[0] == 1 && n == 2) {
        calibration->kind = GW_CALIBRATION_PLATT;
        memcpy(&calibration->slope, stored->data, sizeof(double));
        memcpy(&calibration->intercept, (const char *)stored->data + sizeof(double), sizeof(double));
        return GW_OK;
    }
    if (strcmp(dot, ".isotonic") != 0 || stored->shape[0] != 2)
        FAIL(GW_ERR_DATA, "%s: tensor \"%s\" is not a calibration; train the model anew", path, stored->name);
    calibration->kind = GW_CALIBRATION_ISOTONIC;
    calibration->n = n;
    calibration->x = mem_calloc(n, sizeof(double));
    calibration->y = mem_calloc(n, sizeof(double));
    if (!calibration->x || !calibration->y) return GW_ERR_NOMEM;
    memcpy(calibration->x, stored->data, n * sizeof(double));
    memcpy(calibration->y, (const char *)stored->data + n * sizeof(double), n * sizeof(double));
    return GW_OK;
}

static int load_extra(const char *path, const struct stored_tensor *stored, struct gw_extra_tensor *extra,
                      size_t capacity, size_t *n_extra) {
    if (*n_extra == capacity)
        FAIL(GW_ERR_DATA, "%s: more extra tensors than expected (\"%s\"); train the model anew", path, stored->name);
    struct gw_extra_tensor *out = &extra[*n_extra];
    if (!stored->is_double || strlen(stored->name) >= sizeof out->name)
        FAIL(GW_ERR_DATA, "%s: tensor \"%s\" does not belong to the model; train it anew", path, stored->name);
    out->n = stored_count(stored);
    snprintf(out->name, sizeof out->name, "%s", stored->name);
    out->value = mem_calloc(out->n, sizeof *out->value);
    if (!out->value) return GW_ERR_NOMEM;
    memcpy(out->value, stored->data, out->n * sizeof *out->value);
    ++*n_extra;
    return GW_OK;
}

static int load_weights(const char *path, const struct stored_tensor *stored, const struct stored_place *place) {
    if (stored->is_double || stored->n_dims != 2 || stored->shape[0] != place->rows ||
        stored->shape[1] != place->columns)
        FAIL(GW_ERR_DATA, "%s: tensor \"%s\" is not %zu x %zu float32; train the model anew", path, place->name,
             place->rows, place->columns);
    memcpy(place->at, stored->data, stored_count(stored) * sizeof(real));
    return GW_OK;
}

static int load_tensors(const char *path, const struct safetensors *file, struct gw_gate_model *model,
                        struct gw_extra_tensor *extra, size_t capacity, size_t *n_extra) {
    struct stored_place place[STORED_PLACES_MAX];
    size_t n = stored_places(&model->gate, place), n_loaded = 0, n_snapshots = 0;
    TRY(load_snapshots_begin(&model->gate));
    for (size_t i = 0;; i++) {
        struct stored_tensor stored;
        bool end;
        TRY(safetensors_tensor(file, path, i, &stored, &end));
        if (end) break;
        if (!stored.data) continue;
        size_t own = 0;
        while (own < n && strcmp(place[own].name, stored.name) != 0) own++;
        if (own < n) {
            TRY(load_weights(path, &stored, &place[own]));
            n_loaded++;
        } else if (strncmp(stored.name, STORED_SNAPSHOT, strlen(STORED_SNAPSHOT)) == 0) {
            TRY(load_snapshot(path, &stored, &model->gate, &n_snapshots));
        } else if (strncmp(stored.name, STORED_CALIBRATION, strlen(STORED_CALIBRATION)) == 0) {
            TRY(load_calibration(path, &stored, model));
        } else if (strncmp(stored.name, STORED_PATTERNS, strlen(STORED_PATTERNS)) == 0) {
            TRY(load_patterns(path, &stored, model));
        } else if (strncmp(stored.name, STORED_TREES, strlen(STORED_TREES)) == 0) {
            TRY(load_trees(path, &stored, model));
        } else if (extra) {
            TRY(load_extra(path, &stored, extra, capacity, n_extra));
        }
    }
    if (n_loaded != n) FAIL(GW_ERR_DATA, "%s: a tensor of the model is missing; train it anew", path);
    TRY(load_snapshots_end(path, &model->gate, n_snapshots));
    TRY(load_trees_end(path, model));
    return load_patterns_end(path, model);
}

static int check_meta(const char *path, const struct safetensors *file, const struct gw_meta_pair *expect,
                      size_t n_expect) {
    const char *format = safetensors_meta(file, "format");
    if (!format || strcmp(format, STORED_FORMAT) != 0)
        FAIL(GW_ERR_DATA, "%s: is not a %s file; train the model anew", path, STORED_FORMAT);
    for (size_t i = 0; i < n_expect; i++) {
        const char *value = safetensors_meta(file, expect[i].key);
        if (!value || strcmp(value, expect[i].value) != 0)
            FAIL(GW_ERR_DATA, "%s: is stale: %s is \"%s\", not \"%s\"; train the model anew", path, expect[i].key,
                 value ? value : "", expect[i].value);
    }
    return GW_OK;
}

static int load_loss_scale(const char *path, const struct safetensors *file, struct R(gate) *gate) {
    const char *text = safetensors_meta(file, STORED_LOSS_SCALE);
    unsigned long long updates, skipped;
    int exponent;
    if (!text) return GW_OK;
    if (sscanf(text, "%lf after %llu updates, %llu of them skipped", &gate->scale.now, &updates, &skipped) != 3 ||
        !(gate->scale.now >= 1 && gate->scale.now <= LOSS_SCALE_MOST) || frexp(gate->scale.now, &exponent) != .5 ||
        skipped > updates)
        FAIL(GW_ERR_DATA, "%s: its loss scale is none; train the model anew", path);
    gate->scale.adapts = true;
    gate->scale.updates = updates;
    gate->scale.skipped = skipped;
    return GW_OK;
}

static int load_model(const char *path, const struct safetensors *file, struct gw_gate_model *model) {
    struct gw_model_config config;
    const char *settings = safetensors_meta(file, "settings"), *seed = safetensors_meta(file, "seed");
    if (!settings || !seed) FAIL(GW_ERR_DATA, "%s: settings are missing; train the model anew", path);
    TRY(settings_from_text(path, settings, &config, &model->gate.train));
    int rc = gw_model_config_check(&config, &model->gate.train, NULL);
    if (rc == GW_OK) rc = R(network_init)(&model->gate.net, &config);
    if (rc < 0) return gw_error_prefix(error_class(rc, GW_ERR_DATA), "%s", path);
    if (config.n_features < 1) FAIL(GW_ERR_DATA, "%s: its settings name no features; train the model anew", path);
    model->gate.seed = strtoull(seed, NULL, 10);
    return load_loss_scale(path, file, &model->gate);
}

/* Before memory is asked for: the settings must not promise more than the file holds. Forged ones could ask for
 * anything, and a file of them for more memory than there is. */
static int check_payload(const char *path, const struct safetensors *file, size_t n_values) {
    size_t bytes = n_values * sizeof(real);
    if (bytes <= file->payload_size) return GW_OK;
    FAIL(GW_ERR_DATA, "%s: its settings mean %zu bytes of weights, but it holds %zu; train the model anew", path, bytes,
         file->payload_size);
}

static int make_room(struct R(gate) *gate) {
    gate->weights = mem_calloc(gate->net.tensors.size, sizeof *gate->weights);
    return gate->weights ? GW_OK : GW_ERR_NOMEM;
}

/* ---- adapters ---------------------------------------------------------------------------------------------- */

/* A file that names a base holds adapters: makes room for them once `previous` is found to be that base, and otherwise
 * for the weights alone. */
static int make_place(const char *path, const struct safetensors *file, const struct gw_gate_model *previous,
                      struct R(gate) *gate) {
    const char *base = safetensors_meta(file, "base");
    char found[WEIGHTS_NAME_SIZE];
    struct R(lora_plan) plan;
    if (!base) {
        const size_t n_all = R(schedule_cycles)(&gate->train).snapshots ? R(schedule_cycles)(&gate->train).cycles : 1;
        TRY(check_payload(path, file, n_all * gate->net.tensors.count));
        return make_room(gate);
    }
    if (gate->train.retrain != GW_RETRAIN_LORA)
        FAIL(GW_ERR_DATA, "%s: names a base but is no lora model; train the model anew", path);
    if (!previous)
        FAIL(GW_ERR_DATA,
             "%s: holds adapters only and needs the model they were trained on, of the fold before (%.16s)", path,
             base);
    gate->base = R(lora_hash)(&previous->gate.net.tensors, previous->gate.weights);
    stored_weights_name(gate->base, found);
    if (!tensors_same_shape(&previous->gate.net.tensors, &gate->net.tensors) || strcmp(found, base) != 0)
        FAIL(GW_ERR_DATA, "%s: its adapters belong on the model %.16s, not on %s; train the model anew", path, base,
             found);
    R(lora_lay_out)(&gate->net, &gate->train, &plan);
    TRY(check_payload(path, file, plan.size));
    TRY(make_room(gate));
    memcpy(gate->weights, previous->gate.weights, gate->net.tensors.size * sizeof *gate->weights);
    gate->theta = mem_calloc(plan.size, sizeof *gate->theta);
    return gate->theta ? GW_OK : GW_ERR_NOMEM;
}

static int merge_adapters(const char *path, const struct safetensors *file, const struct gw_gate_model *previous,
                          struct R(gate) *gate) {
    const char *merged = safetensors_meta(file, "merged");
    char found[WEIGHTS_NAME_SIZE];
    struct R(lora_plan) plan;
    if (!gate->theta) return GW_OK;
    const size_t size = gate->net.tensors.size;
    real *base = mem_calloc(size, sizeof *base);
    if (!base) return GW_ERR_NOMEM;
    memcpy(base, previous->gate.weights, size * sizeof *base);
    R(lora_lay_out)(&gate->net, &gate->train, &plan);
    R(lora_round)(&plan, &gate->net.tensors, base);
    R(lora_apply)(&plan, &gate->net.tensors, gate->theta, base, gate->weights);
    mem_free(base);
    stored_weights_name(R(lora_hash)(&gate->net.tensors, gate->weights), found);
    if (!merged || strcmp(found, merged) != 0)
        FAIL(GW_ERR_DATA, "%s: with its base it makes the model %s, not %.16s; train the model anew", path, found,
             merged ? merged : "a named one");
    return GW_OK;
}

int gw_model_load(const char *path, const struct gw_meta_pair *expect, size_t n_expect, struct gw_gate_model **out,
                  struct gw_training_log *log, struct gw_extra_tensor *extra, size_t *n_extra) {
    return gw_model_load_onto(path, NULL, expect, n_expect, out, log, extra, n_extra);
}

int gw_model_load_onto(const char *path, const struct gw_gate_model *previous, const struct gw_meta_pair *expect,
                       size_t n_expect, struct gw_gate_model **out, struct gw_training_log *log,
                       struct gw_extra_tensor *extra, size_t *n_extra) {
    struct safetensors file;
    size_t capacity = extra && n_extra ? *n_extra : 0, loaded = 0;
    const char *log_text;
    int rc;
    *out = NULL;
    if (log) memset(log, 0, sizeof *log);
    TRY(safetensors_read(path, &file));
    struct gw_gate_model *model = mem_calloc(1, sizeof *model);
    rc = model ? GW_OK : GW_ERR_NOMEM;
    if (rc < 0) goto end;
    TRY_GOTO(check_meta(path, &file, expect, n_expect), end);
    TRY_GOTO(load_model(path, &file, model), end);
    TRY_GOTO(make_place(path, &file, previous, &model->gate), end);
    TRY_GOTO(load_tensors(path, &file, model, extra, capacity, &loaded), end);
    TRY_GOTO(merge_adapters(path, &file, previous, &model->gate), end);
    log_text = safetensors_meta(&file, "log");
    if (log && log_text) TRY_GOTO(log_from_text(path, log_text, log), end);
    *out = model;
    model = NULL;
end:
    if (rc < 0)
        while (loaded > 0) mem_free(extra[--loaded].value);
    if (n_extra) *n_extra = loaded;
    gw_model_free(model);
    safetensors_free(&file);
    return rc;
}
