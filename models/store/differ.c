/* Weights, then calibration, of two models of one configuration. */
#include "differ.h"

#include <string.h>

#include "stored.h"

static bool doubles_differ(double a, double b) { return memcmp(&a, &b, sizeof a) != 0; }

static bool note(struct model_difference *out, const char *tensor, size_t row, size_t column, double a, double b) {
    *out = (struct model_difference){.row = row, .column = column, .value = {a, b}};
    snprintf(out->tensor, sizeof out->tensor, "%s", tensor);
    return true;
}

static bool weights_differ(const struct R(gate) *a, const struct R(gate) *b, struct model_difference *out) {
    const struct tensor_list *list = &a->net.tensors;
    for (size_t i = 0; i < list->n; i++) {
        const struct tensor *tensor = &list->item[i];
        const real *x = a->weights + tensor->offset, *y = b->weights + tensor->offset;
        for (size_t k = 0; k < tensor->rows * tensor->columns; k++)
            if (memcmp(&x[k], &y[k], sizeof x[k]) != 0)
                return note(out, tensor->name, k / tensor->columns, k % tensor->columns, (double)x[k], (double)y[k]);
    }
    return false;
}

/* As tables: a row per snapshot. */
static bool snapshots_differ(const struct R(gate) *a, const struct R(gate) *b, struct model_difference *out) {
    const size_t size = a->net.tensors.size, n = a->n_snapshots;
    if (n != b->n_snapshots) return note(out, STORED_SNAPSHOT, 0, 0, (double)n, (double)b->n_snapshots);
    for (size_t k = 0; k < n * size; k++)
        if (memcmp(&a->snapshot[k], &b->snapshot[k], sizeof a->snapshot[k]) != 0)
            return note(out, STORED_SNAPSHOT, k / size, k % size, (double)a->snapshot[k], (double)b->snapshot[k]);
    for (size_t k = 0; k < n * GW_N_GATES; k++)
        if (doubles_differ(a->mix[k], b->mix[k])) return note(out, STORED_MIX, k / n, k % n, a->mix[k], b->mix[k]);
    return false;
}

static bool calibration_differs(const struct calibration *a, const struct calibration *b, const char *name,
                                struct model_difference *out) {
    if (a->kind != b->kind) return note(out, name, 0, 0, (double)a->kind, (double)b->kind);
    if (a->n != b->n) return note(out, name, 0, 0, (double)a->n, (double)b->n);
    if (doubles_differ(a->slope, b->slope)) return note(out, name, 0, 0, a->slope, b->slope);
    if (doubles_differ(a->intercept, b->intercept)) return note(out, name, 0, 1, a->intercept, b->intercept);
    for (size_t k = 0; k < a->n; k++) {
        if (doubles_differ(a->x[k], b->x[k])) return note(out, name, 0, k, a->x[k], b->x[k]);
        if (doubles_differ(a->y[k], b->y[k])) return note(out, name, 1, k, a->y[k], b->y[k]);
    }
    return false;
}

/* As tables: a row per node. */
static bool trees_differ(const struct trees *a, const struct trees *b, const char *name, struct model_difference *out) {
    if (doubles_differ(a->base, b->base)) return note(out, name, 0, 0, a->base, b->base);
    if (a->n_trees != b->n_trees) return note(out, name, 0, 0, (double)a->n_trees, (double)b->n_trees);
    if (a->n_nodes != b->n_nodes) return note(out, name, 0, 0, (double)a->n_nodes, (double)b->n_nodes);
    for (size_t i = 0; i < a->n_nodes; i++) {
        const struct tree_node *x = &a->node[i], *y = &b->node[i];
        if (x->column != y->column) return note(out, name, i, 0, x->column, y->column);
        if (x->right != y->right) return note(out, name, i, 1, x->right, y->right);
        if (memcmp(&x->value, &y->value, sizeof x->value) != 0)
            return note(out, name, i, 2, (double)x->value, (double)y->value);
    }
    return memcmp(a->root, b->root, a->n_trees * sizeof *a->root) != 0 && note(out, name, 0, 0, 0, 0);
}

bool model_differs(const struct gw_gate_model *a, const struct gw_gate_model *b, struct model_difference *out) {
    static const char *const name[GW_N_GATES] = {STORED_CALIBRATION "long", STORED_CALIBRATION "short"};
    static const char *const tree_name[GW_N_GATES] = {STORED_TREES "long", STORED_TREES "short"};
    if (!tensors_same_shape(&a->gate.net.tensors, &b->gate.net.tensors)) return note(out, "shape", 0, 0, 0, 0);
    if (weights_differ(&a->gate, &b->gate, out)) return true;
    if (snapshots_differ(&a->gate, &b->gate, out)) return true;
    for (int g = 0; g < GW_N_GATES && a->trees && b->trees; g++)
        if (trees_differ(&a->trees->trees[g], &b->trees->trees[g], tree_name[g], out)) return true;
    for (int g = 0; g < GW_N_GATES; g++)
        if (calibration_differs(&a->gate.calibration[g], &b->gate.calibration[g], name[g], out)) return true;
    return false;
}
