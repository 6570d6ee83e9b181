/* What a boosted gate stores: for each gate a row per node (column or -1, right child, value) and its trees' roots behind the
 * logit that every sum begins with. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "stored.h"

enum { NODE_COLUMNS = 3 };

static void put_tensor(struct stored_tensor *out, size_t gate, const char *what, size_t rows, size_t columns,
                       const double *data) {
    *out = (struct stored_tensor){.is_double = true, .n_dims = 2, .shape = {rows, columns}, .data = data};
    snprintf(out->name, sizeof out->name, STORED_TREES "%s.%s", stored_gate[gate], what);
}

int store_trees(const struct boosted_gate *gate, struct stored_tensor *out, size_t *n, double **memory) {
    size_t size = 0;
    for (size_t g = 0; g < GW_N_GATES; g++) size += 1 + gate->trees[g].n_trees + NODE_COLUMNS * gate->trees[g].n_nodes;
    *memory = mem_calloc(size, sizeof **memory);
    if (!*memory) return GW_ERR_NOMEM;
    double *at = *memory;
    for (size_t g = 0; g < GW_N_GATES; g++) {
        const struct trees *trees = &gate->trees[g];
        put_tensor(&out[(*n)++], g, "roots", 1, 1 + trees->n_trees, at);
        *at++ = trees->base;
        for (size_t t = 0; t < trees->n_trees; t++) *at++ = trees->root[t];
        if (trees->n_nodes) put_tensor(&out[(*n)++], g, "nodes", trees->n_nodes, NODE_COLUMNS, at);
        for (size_t i = 0; i < trees->n_nodes; i++, at += NODE_COLUMNS) {
            at[0] = trees->node[i].column;
            at[1] = trees->node[i].right;
            at[2] = (double)trees->node[i].value;
        }
    }
    return GW_OK;
}

/* ---- loading: nothing of the file is trusted ------------------------------------------------------------------------ */

static int wrong(const char *path, const char *name) {
    FAIL(GW_ERR_DATA, "%s: tensor \"%s\" is not of boosted trees; train the model anew", path, name);
}

static bool whole(double value, double low, double high) {
    return value >= low && value <= high && value == floor(value);
}

static int take_roots(const char *path, const struct stored_tensor *stored, struct trees *trees) {
    if (stored->shape[0] != 1 || stored->shape[1] == 0 || trees->root) return wrong(path, stored->name);
    const size_t n = stored->shape[1] - 1;
    trees->root = mem_calloc(n, sizeof *trees->root);
    if (!trees->root) return GW_ERR_NOMEM;
    memcpy(&trees->base, stored->data, sizeof trees->base);
    for (; trees->n_trees < n; trees->n_trees++) {
        double value;
        memcpy(&value, (const char *)stored->data + (1 + trees->n_trees) * sizeof value, sizeof value);
        if (!whole(value, 0, UINT32_MAX)) return wrong(path, stored->name);
        trees->root[trees->n_trees] = (uint32_t)value;
    }
    return GW_OK;
}

static int take_nodes(const char *path, const struct stored_tensor *stored, struct trees *trees) {
    const size_t n = stored->shape[0];
    if (stored->shape[1] != NODE_COLUMNS || n == 0 || trees->node) return wrong(path, stored->name);
    trees->node = mem_calloc(n, sizeof *trees->node);
    if (!trees->node) return GW_ERR_NOMEM;
    for (; trees->n_nodes < n; trees->n_nodes++) {
        double row[NODE_COLUMNS];
        memcpy(row, (const char *)stored->data + trees->n_nodes * sizeof row, sizeof row);
        if (!whole(row[0], -1, INT32_MAX) || !whole(row[1], 0, UINT32_MAX) || !(fabs(row[2]) <= 3e38))
            return wrong(path, stored->name);
        trees->node[trees->n_nodes] =
            (struct tree_node){.column = (int32_t)row[0], .right = (uint32_t)row[1], .value = (float)row[2]};
    }
    return GW_OK;
}

int load_trees(const char *path, const struct stored_tensor *stored, struct gw_gate_model *model) {
    const char *at = stored->name + strlen(STORED_TREES), *dot = strchr(at, '.');
    size_t g = 0;
    if (model->gate.net.encoder->fits != FITS_TREES || stored->n_dims != 2 || !stored->is_double || !dot)
        return wrong(path, stored->name);
    while (g < GW_N_GATES &&
           (strlen(stored_gate[g]) != (size_t)(dot - at) || strncmp(at, stored_gate[g], (size_t)(dot - at)) != 0))
        g++;
    if (g == GW_N_GATES) return wrong(path, stored->name);
    if (!model->trees) model->trees = mem_calloc(1, sizeof *model->trees);
    if (!model->trees) return GW_ERR_NOMEM;
    if (strcmp(dot, ".roots") == 0) return take_roots(path, stored, &model->trees->trees[g]);
    if (strcmp(dot, ".nodes") == 0) return take_nodes(path, stored, &model->trees->trees[g]);
    return wrong(path, stored->name);
}

int load_trees_end(const char *path, const struct gw_gate_model *model) {
    if (model->gate.net.encoder->fits != FITS_TREES) return GW_OK;
    for (size_t g = 0; g < GW_N_GATES; g++)
        if (!model->trees || !model->trees->trees[g].root ||
            !trees_sound(&model->trees->trees[g], N_COLUMNS * model->gate.net.config.n_features))
            FAIL(GW_ERR_DATA, "%s: its trees are missing or lead nowhere; train the model anew", path);
    return GW_OK;
}
