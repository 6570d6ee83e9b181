/* Saves a trained model as a safetensors file: weights by name, calibration, settings, training log, and what the
 * caller adds (scaler, the hash of its data …). Of a lora fit the file holds the adapters in place of the weights, and
 * the names of the weights before and after them: these say which model it builds on and that loading got it right. */
#include "engine/base/base.h"
#include "stored.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static size_t whole_places(const struct R(gate) *gate, struct stored_place *place) {
    const struct tensor_list *list = &gate->net.tensors;
    for (size_t i = 0; i < list->n; i++) {
        const struct tensor *tensor = &list->item[i];
        place[i] = (struct stored_place){
            .rows = tensor->rows, .columns = tensor->columns, .at = gate->weights + tensor->offset};
        snprintf(place[i].name, sizeof place[i].name, "%s", tensor->name);
    }
    return list->n;
}

static size_t adapter_places(const struct R(gate) *gate, struct stored_place *place) {
    struct R(lora_plan) plan;
    R(lora_lay_out)(&gate->net, &gate->train, &plan);
    for (size_t i = 0; i < plan.n; i++) {
        const struct tensor *tensor = &gate->net.tensors.item[plan.matrix[i].tensor];
        struct stored_place *a = &place[2 * i], *b = a + 1;
        *a = (struct stored_place){.rows = tensor->rows, .columns = plan.rank, .at = gate->theta + plan.matrix[i].a};
        *b = (struct stored_place){.rows = plan.rank, .columns = tensor->columns, .at = gate->theta + plan.matrix[i].b};
        snprintf(a->name, sizeof a->name, "%s.lora_a", tensor->name);
        snprintf(b->name, sizeof b->name, "%s.lora_b", tensor->name);
    }
    return 2 * plan.n;
}

size_t stored_places(const struct R(gate) *gate, struct stored_place place[STORED_PLACES_MAX]) {
    return gate->theta ? adapter_places(gate, place) : whole_places(gate, place);
}

void stored_weights_name(uint64_t hash, char name[WEIGHTS_NAME_SIZE]) {
    snprintf(name, WEIGHTS_NAME_SIZE, "%016" PRIx64, hash);
}

/* platt: [1 × 2] slope and intercept. isotonic: [2 × n] knots x above values y. */
static int store_calibration(const struct calibration *calibration, size_t gate, struct stored_tensor *out,
                             double **value) {
    bool platt = calibration->kind == GW_CALIBRATION_PLATT;
    size_t n = platt ? 1 : calibration->n;
    *value = mem_calloc(2 * n, sizeof **value);
    if (!*value) return GW_ERR_NOMEM;
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
    snprintf(out->name, sizeof out->name, "%s%s.%s", STORED_CALIBRATION, stored_gate[gate],
             gw_choice_at(&calibration_choices, calibration->kind).name);
    return GW_OK;
}

static size_t store_weights(const struct gw_gate_model *model, struct stored_tensor *out) {
    struct stored_place place[STORED_PLACES_MAX];
    size_t n = stored_places(&model->gate, place);
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct stored_tensor){.n_dims = 2, .data = place[i].at};
        out[i].shape[0] = place[i].rows;
        out[i].shape[1] = place[i].columns;
        snprintf(out[i].name, sizeof out[i].name, "%.47s", place[i].name);
    }
    return n;
}

/* The texts behind the model's own metadata. */
struct own_meta {
    char *settings, *log; /* mem_free() */
    char seed[24], base[WEIGHTS_NAME_SIZE], merged[WEIGHTS_NAME_SIZE], scale[96];
};
enum { OWN_META_MAX = 7 };

static int gather_meta(const struct gw_gate_model *model, const struct gw_training_log *log, struct own_meta *own,
                       struct stored_meta *meta, size_t *n) {
    static const struct gw_training_log empty;
    TRY(settings_to_text(&model->gate.net.config, &model->gate.train, &own->settings));
    TRY(log_to_text(log ? log : &empty, &own->log));
    snprintf(own->seed, sizeof own->seed, "%llu", (unsigned long long)model->gate.seed);
    meta[(*n)++] = (struct stored_meta){"format", STORED_FORMAT};
    meta[(*n)++] = (struct stored_meta){"settings", own->settings};
    meta[(*n)++] = (struct stored_meta){"seed", own->seed};
    meta[(*n)++] = (struct stored_meta){"log", own->log};
    if (model->gate.scale.now > 0) {
        const struct loss_scale *scale = &model->gate.scale;
        snprintf(own->scale, sizeof own->scale, "%.0f after %llu updates, %llu of them skipped", scale->now,
                 (unsigned long long)scale->updates, (unsigned long long)scale->skipped);
        meta[(*n)++] = (struct stored_meta){STORED_LOSS_SCALE, own->scale};
    }
    if (!model->gate.theta) return GW_OK;
    stored_weights_name(model->gate.base, own->base);
    stored_weights_name(R(lora_hash)(&model->gate.net.tensors, model->gate.weights), own->merged);
    meta[(*n)++] = (struct stored_meta){"base", own->base};
    meta[(*n)++] = (struct stored_meta){"merged", own->merged};
    return GW_OK;
}

int gw_model_save(const struct gw_gate_model *model, const struct gw_training_log *log, const struct gw_meta_pair *meta,
                  size_t n_meta, const struct gw_extra_tensor *extra, size_t n_extra, const char *path) {
    struct own_meta own = {.settings = NULL};
    double *calibration[GW_N_GATES] = {NULL}, *patterns = NULL, *trees = NULL;
    size_t n = 0, n_all = 0;
    int rc = GW_ERR_NOMEM;
    if (n_extra + 3 * GW_N_GATES + 3 + STORED_PLACES_MAX > STORED_MAX)
        FAIL(GW_ERR_INTERNAL, "%zu extra tensors are more than a model file takes", n_extra);
    const size_t snapshots = stored_snapshots(&model->gate.train, model->gate.net.tensors.n);
    struct stored_tensor *tensor = mem_calloc(STORED_MAX + snapshots, sizeof *tensor);
    struct stored_meta *all = mem_calloc(OWN_META_MAX + n_meta, sizeof *all);
    if (!tensor || !all) goto end;
    TRY_GOTO(gather_meta(model, log, &own, all, &n_all), end);
    for (size_t i = 0; i < n_meta; i++) all[n_all++] = (struct stored_meta){meta[i].key, meta[i].value};
    for (size_t i = 0; i < n_extra; i++, n++) {
        tensor[n] = (struct stored_tensor){.is_double = true, .n_dims = 1, .data = extra[i].value};
        tensor[n].shape[0] = extra[i].n;
        snprintf(tensor[n].name, sizeof tensor[n].name, "%s", extra[i].name);
    }
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        if (model->gate.calibration[gate].kind != GW_CALIBRATION_NONE)
            TRY_GOTO(store_calibration(&model->gate.calibration[gate], gate, &tensor[n++], &calibration[gate]), end);
    if (model->patterns) TRY_GOTO(store_patterns(model->patterns, tensor, &n, &patterns), end);
    if (model->trees) TRY_GOTO(store_trees(model->trees, tensor, &n, &trees), end);
    store_snapshots(&model->gate, tensor, &n);
    n += store_weights(model, tensor + n);
    rc = safetensors_write(path, all, n_all, tensor, n);
end:
    for (size_t gate = 0; gate < GW_N_GATES; gate++) mem_free(calibration[gate]);
    mem_free(trees);
    mem_free(patterns);
    mem_free(own.log);
    mem_free(own.settings);
    mem_free(all);
    mem_free(tensor);
    return rc;
}
