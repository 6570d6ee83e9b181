/* Boosted trees: from XGBoost's JSON, checked, walked. */
#include "trees.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/base/json.h"

void window_columns(const float *x, size_t n_steps, size_t n_features, float *out) {
    const size_t F = n_features;
    const float *last = x + (n_steps - 1) * F;
    for (size_t f = 0; f < F; f++) {
        double sum = 0, squares = 0;
        float least = x[f], most = x[f];
        for (size_t s = 0; s < n_steps; s++) {
            const float value = x[s * F + f];
            sum += (double)value;
            if (value < least) least = value;
            if (value > most) most = value;
        }
        const double mean = sum / (double)n_steps;
        for (size_t s = 0; s < n_steps; s++) squares += pow((double)x[s * F + f] - mean, 2);
        out[COLUMN_LAST * F + f] = last[f];
        out[COLUMN_MEAN * F + f] = (float)mean;
        out[COLUMN_DEVIATION * F + f] = (float)sqrt(squares / (double)n_steps);
        out[COLUMN_LEAST * F + f] = least;
        out[COLUMN_MOST * F + f] = most;
        out[COLUMN_CHANGE * F + f] = last[f] - x[f];
    }
}

int trees_make(struct trees *trees, size_t n_nodes, size_t n_trees) {
    *trees = (struct trees){.node = mem_calloc(n_nodes, sizeof *trees->node),
                            .root = mem_calloc(n_trees, sizeof *trees->root),
                            .n_nodes = n_nodes,
                            .n_trees = n_trees};
    if (trees->node && trees->root) return GW_OK;
    trees_free(trees);
    return GW_ERR_NOMEM;
}

void trees_free(struct trees *trees) {
    mem_free(trees->node);
    mem_free(trees->root);
    *trees = (struct trees){.node = NULL};
}

double trees_sum(const struct trees *trees, const float *columns) {
    double sum = trees->base;
    for (size_t t = 0; t < trees->n_trees; t++) {
        size_t i = trees->root[t];
        const struct tree_node *node = &trees->node[i];
        for (; node->column >= 0; node = &trees->node[i]) i = columns[node->column] < node->value ? i + 1 : node->right;
        sum += (double)node->value;
    }
    return sum;
}

bool trees_sound(const struct trees *trees, size_t n_columns) {
    for (size_t t = 0; t < trees->n_trees; t++) {
        const size_t first = trees->root[t], end = t + 1 < trees->n_trees ? trees->root[t + 1] : trees->n_nodes;
        if ((t == 0 && first != 0) || end > trees->n_nodes || first >= end) return false;
        for (size_t i = first; i < end; i++) {
            const struct tree_node *node = &trees->node[i];
            if (!isfinite(node->value)) return false;
            if (node->column < 0) continue; /* children lie behind: every walk comes to an end */
            if ((size_t)node->column >= n_columns || i + 1 >= end || node->right <= i + 1 || node->right >= end)
                return false;
        }
    }
    return isfinite(trees->base) && (trees->n_trees > 0 || trees->n_nodes == 0);
}

/* ---- XGBoost's JSON -------------------------------------------------------------------------------------------------------- */

static int strange(const char *what) {
    FAIL(GW_ERR_TOOL, "XGBoost wrote trees that are not understood (%s); install version 1.6 to 2.1", what);
}

/* The parts of one tree as XGBoost numbers its nodes. */
struct raw_tree {
    size_t n;
    int32_t *left, *right, *column;
    float *value;
};

static int take_numbers(const json_value *tree, const char *key, struct raw_tree *raw, int32_t *whole, float *real_) {
    const json_value *list = json_get(tree, key);
    if (!list || json_kind(list) != JSON_ARRAY || json_size(list) != raw->n) return strange(key);
    for (size_t i = 0; i < raw->n; i++) {
        const double value = json_number(json_at(list, i), NAN);
        if (!(fabs(value) <= (whole ? (double)INT32_MAX : 3e38))) return strange(key);
        if (whole)
            whole[i] = (int32_t)value;
        else
            real_[i] = (float)value;
    }
    return GW_OK;
}

/* One node and what is below it, to the end of out's nodes. */
static int take_node(const struct raw_tree *raw, int32_t from, size_t depth, struct trees *out, size_t capacity) {
    if (from < 0 || (size_t)from >= raw->n || depth > 64 || out->n_nodes == capacity) return strange("children");
    struct tree_node *node = &out->node[out->n_nodes++];
    *node = (struct tree_node){.column = -1, .value = raw->value[from]};
    if (raw->left[from] < 0) return GW_OK;
    node->column = raw->column[from];
    TRY(take_node(raw, raw->left[from], depth + 1, out, capacity));
    node->right = (uint32_t)out->n_nodes;
    return take_node(raw, raw->right[from], depth + 1, out, capacity);
}

static int take_tree(const json_value *tree, struct trees *out, size_t capacity) {
    const json_value *list = json_get(tree, "left_children");
    struct raw_tree raw = {.n = list ? json_size(list) : 0};
    raw.left = mem_calloc(3 * raw.n + 1, sizeof *raw.left);
    raw.value = mem_calloc(raw.n + 1, sizeof *raw.value);
    raw.right = raw.left + raw.n;
    raw.column = raw.right + raw.n;
    int rc = raw.left && raw.value ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = take_numbers(tree, "left_children", &raw, raw.left, NULL);
    if (rc == GW_OK) rc = take_numbers(tree, "right_children", &raw, raw.right, NULL);
    if (rc == GW_OK) rc = take_numbers(tree, "split_indices", &raw, raw.column, NULL);
    if (rc == GW_OK) rc = take_numbers(tree, "split_conditions", &raw, NULL, raw.value);
    if (rc == GW_OK) rc = take_node(&raw, 0, 0, out, capacity);
    mem_free(raw.left);
    mem_free(raw.value);
    return rc;
}

static int take_trees(const json_value *root, size_t n_trees, size_t n_columns, struct trees *out) {
    static const char *const path[] = {"learner", "gradient_booster", "model", "trees"};
    const json_value *list = root;
    size_t capacity = 0;
    for (size_t i = 0; i < COUNT_OF(path) && list; i++) list = json_get(list, path[i]);
    if (!list || json_size(list) < n_trees) return strange("trees");
    for (size_t t = 0; t < n_trees; t++) {
        const json_value *nodes = json_get(json_at(list, t), "left_children");
        capacity += nodes ? json_size(nodes) : 0;
    }
    TRY(trees_make(out, capacity, n_trees));
    out->n_nodes = 0;
    for (size_t t = 0; t < n_trees; t++) {
        out->root[t] = (uint32_t)out->n_nodes;
        TRY(take_tree(json_at(list, t), out, capacity));
    }
    return trees_sound(out, n_columns) ? GW_OK : strange("a node");
}

int trees_read(const char *text, size_t length, size_t n_trees, size_t n_columns, struct trees *out) {
    struct json_document *document;
    *out = (struct trees){.node = NULL};
    TRY(json_parse("XGBoost's model", text, length, GW_ERR_TOOL, &document));
    int rc = take_trees(json_root(document), n_trees, n_columns, out);
    json_free(document);
    if (rc < 0) trees_free(out);
    return rc;
}
