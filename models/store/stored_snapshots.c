/* Snapshot ensembles in a model file: every tensor of every snapshot but the last, whose are the model's own, and how much
 * each of them counts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "stored.h"

size_t stored_snapshots(const struct gw_train_config *train, size_t n_tensors) {
    const struct cycle_params cycles = R(schedule_cycles)(train);
    return cycles.snapshots == SNAPSHOTS_NONE ? 0 : (cycles.cycles - 1) * n_tensors + 1;
}

void store_snapshots(const struct R(gate) *gate, struct stored_tensor *out, size_t *n) {
    const struct tensor_list *list = &gate->net.tensors;
    if (gate->n_snapshots == 0) return;
    out[*n] = (struct stored_tensor){.is_double = true, .n_dims = 2, .data = gate->mix, .name = STORED_MIX};
    out[*n].shape[0] = GW_N_GATES;
    out[(*n)++].shape[1] = gate->n_snapshots;
    for (size_t s = 0; s + 1 < gate->n_snapshots; s++)
        for (size_t i = 0; i < list->n; i++) {
            const struct tensor *tensor = &list->item[i];
            struct stored_tensor *to = &out[(*n)++];
            *to = (struct stored_tensor){.n_dims = 2, .data = gate->snapshot + s * list->size + tensor->offset};
            to->shape[0] = tensor->rows;
            to->shape[1] = tensor->columns;
            snprintf(to->name, sizeof to->name, STORED_SNAPSHOT "%zu.%.31s", s + 1, tensor->name);
        }
}

int load_snapshots_begin(struct R(gate) *gate) {
    const struct cycle_params cycles = R(schedule_cycles)(&gate->train);
    if (cycles.snapshots == SNAPSHOTS_NONE) return GW_OK;
    gate->n_snapshots = cycles.cycles;
    gate->snapshot = mem_calloc(gate->n_snapshots * gate->net.tensors.size, sizeof *gate->snapshot);
    gate->mix = mem_calloc(GW_N_GATES * gate->n_snapshots, sizeof *gate->mix);
    return gate->snapshot && gate->mix ? GW_OK : GW_ERR_NOMEM;
}

static int wrong(const char *path, const char *name) {
    FAIL(GW_ERR_DATA, "%s: tensor \"%s\" belongs to no snapshot of the model; train it anew", path, name);
}

static int load_mix(const char *path, const struct stored_tensor *stored, struct R(gate) *gate) {
    if (!stored->is_double || stored->n_dims != 2 || stored->shape[0] != GW_N_GATES ||
        stored->shape[1] != gate->n_snapshots)
        return wrong(path, stored->name);
    memcpy(gate->mix, stored->data, stored_count(stored) * sizeof *gate->mix);
    for (size_t g = 0; g < GW_N_GATES; g++) {
        double sum = 0, least = 0;
        for (size_t s = 0; s < gate->n_snapshots; s++) {
            sum += gate->mix[g * gate->n_snapshots + s];
            least = fmin(least, gate->mix[g * gate->n_snapshots + s]);
        }
        if (!(least >= 0 && fabs(sum - 1) < 1e-6))
            FAIL(GW_ERR_DATA, "%s: the weights of its snapshots are no shares of a whole; train the model anew", path);
    }
    return GW_OK;
}

int load_snapshot(const char *path, const struct stored_tensor *stored, struct R(gate) *gate, size_t *n_loaded) {
    const struct tensor_list *list = &gate->net.tensors;
    ++*n_loaded;
    if (strcmp(stored->name, STORED_MIX) == 0) return load_mix(path, stored, gate);
    char *name;
    const size_t number = strtoul(stored->name + strlen(STORED_SNAPSHOT), &name, 10);
    if (number < 1 || number >= gate->n_snapshots || *name++ != '.') return wrong(path, stored->name);
    for (size_t i = 0; i < list->n; i++) {
        const struct tensor *tensor = &list->item[i];
        if (strcmp(tensor->name, name) != 0) continue;
        if (stored->is_double || stored->n_dims != 2 || stored->shape[0] != tensor->rows ||
            stored->shape[1] != tensor->columns)
            break;
        memcpy(gate->snapshot + (number - 1) * list->size + tensor->offset, stored->data,
               stored_count(stored) * sizeof(real));
        return GW_OK;
    }
    return wrong(path, stored->name);
}

int load_snapshots_end(const char *path, struct R(gate) *gate, size_t n_loaded) {
    const size_t size = gate->net.tensors.size;
    if (n_loaded != stored_snapshots(&gate->train, gate->net.tensors.n))
        FAIL(GW_ERR_DATA, "%s: a snapshot of the model is missing; train it anew", path);
    if (gate->n_snapshots)
        memcpy(gate->snapshot + (gate->n_snapshots - 1) * size, gate->weights, size * sizeof *gate->weights);
    return GW_OK;
}
