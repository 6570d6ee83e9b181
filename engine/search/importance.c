/* How much of the objective's variance over the space each key explains alone: the main effects of a functional analysis of
 * variance on a random forest (Hutter, Hoos & Leyton-Brown 2014). A tree cuts the space into boxes, in each of which it has
 * one value; what a key explains is the variance of the mean over all others, which is a sum over boxes. */
#include "importance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "searcher.h"

enum { TREES = 64, LEAF = 3, DEPTH = 10, NODES_MAX = 1 << (DEPTH + 1) };

struct box {
    double low[SPACE_MAX], high[SPACE_MAX], value;
};
struct forest {
    const double *x, *y; /* [n × n_keys], [n] */
    size_t n_keys;
    struct gw_rng rng;
    uint32_t *row; /* of the tree at hand, in the order of its boxes */
    struct box *leaf;
    size_t n_leaves;
};

static double mean_of(const struct forest *f, size_t begin, size_t end) {
    double sum = 0;
    for (size_t i = begin; i < end; i++) sum += f->y[f->row[i]];
    return sum / (double)(end - begin);
}

/* Squared errors about the means of both sides; INFINITY when one is too small. */
static double error_of_cut(const struct forest *f, size_t begin, size_t end, size_t key, double cut) {
    double sum[2] = {0}, squares[2] = {0}, n[2] = {0};
    for (size_t i = begin; i < end; i++) {
        const int side = f->x[f->row[i] * f->n_keys + key] >= cut;
        const double y = f->y[f->row[i]];
        sum[side] += y, squares[side] += y * y, n[side]++;
    }
    if (n[0] < LEAF || n[1] < LEAF) return INFINITY;
    return squares[0] - sum[0] * sum[0] / n[0] + squares[1] - sum[1] * sum[1] / n[1];
}

/* The best of a few cuts at random in each key. */
static bool find_cut(struct forest *f, size_t begin, size_t end, size_t *key, double *cut) {
    enum { CUTS = 8 };
    double least = INFINITY;
    for (size_t k = 0; k < f->n_keys; k++)
        for (int i = 0; i < CUTS; i++) {
            const double a = f->x[f->row[begin + gw_rng_below(&f->rng, end - begin)] * f->n_keys + k];
            const double b = f->x[f->row[begin + gw_rng_below(&f->rng, end - begin)] * f->n_keys + k];
            if (a == b) continue;
            const double error = error_of_cut(f, begin, end, k, (a + b) / 2);
            if (error < least) least = error, *key = k, *cut = (a + b) / 2;
        }
    return isfinite(least);
}

static void grow(struct forest *f, size_t begin, size_t end, const struct box *box, size_t depth) {
    size_t key = 0, middle = begin;
    double cut = 0;
    if (depth == DEPTH || end - begin < 2 * LEAF || !find_cut(f, begin, end, &key, &cut)) {
        struct box *leaf = &f->leaf[f->n_leaves++];
        *leaf = *box;
        leaf->value = mean_of(f, begin, end);
        return;
    }
    for (size_t i = begin; i < end; i++)
        if (f->x[f->row[i] * f->n_keys + key] < cut) {
            const uint32_t held = f->row[i];
            f->row[i] = f->row[middle];
            f->row[middle++] = held;
        }
    struct box side = *box;
    side.high[key] = cut;
    grow(f, begin, middle, &side, depth + 1);
    side = *box;
    side.low[key] = cut;
    grow(f, middle, end, &side, depth + 1);
}

static double size_of(const struct box *box, size_t n_keys, size_t without) {
    double size = 1;
    for (size_t k = 0; k < n_keys; k++)
        if (k != without) size *= box->high[k] - box->low[k];
    return size;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Variance of the mean over all keys but one, along that one; edge: room for the bounds of the boxes. */
static double variance_along(const struct forest *f, size_t key, double mean, double *edge) {
    size_t n = 0;
    double variance = 0;
    for (size_t l = 0; l < f->n_leaves; l++) edge[n++] = f->leaf[l].low[key];
    edge[n++] = 1;
    qsort(edge, n, sizeof *edge, ascending);
    for (size_t i = 0; i + 1 < n; i++) {
        const double at = (edge[i] + edge[i + 1]) / 2;
        double here = 0;
        if (edge[i + 1] <= edge[i]) continue;
        for (size_t l = 0; l < f->n_leaves; l++)
            if (f->leaf[l].low[key] <= at && at < f->leaf[l].high[key])
                here += f->leaf[l].value * size_of(&f->leaf[l], f->n_keys, key);
        variance += (edge[i + 1] - edge[i]) * (here - mean) * (here - mean);
    }
    return variance;
}

/* Adds the tree's shares; false when it is one box and explains nothing. */
static bool add_tree(const struct forest *f, double *share, double *edge) {
    double mean = 0, variance = 0;
    for (size_t l = 0; l < f->n_leaves; l++) mean += f->leaf[l].value * size_of(&f->leaf[l], f->n_keys, SIZE_MAX);
    for (size_t l = 0; l < f->n_leaves; l++)
        variance += size_of(&f->leaf[l], f->n_keys, SIZE_MAX) * pow(f->leaf[l].value - mean, 2);
    if (!(variance > 1e-300)) return false;
    for (size_t k = 0; k < f->n_keys; k++) share[k] += variance_along(f, k, mean, edge) / variance;
    return true;
}

int key_importance(const double *x, const double *y, size_t n, size_t n_keys, uint64_t seed, double *share) {
    struct forest f = {.x = x, .y = y, .n_keys = n_keys};
    size_t n_trees = 0;
    for (size_t k = 0; k < n_keys; k++) share[k] = 0;
    if (n < 4 * LEAF) {
        for (size_t k = 0; k < n_keys; k++) share[k] = NAN;
        return GW_OK;
    }
    f.row = mem_calloc(n, sizeof *f.row);
    f.leaf = mem_calloc(NODES_MAX, sizeof *f.leaf);
    double *edge = mem_calloc(NODES_MAX + 1, sizeof *edge);
    int rc = f.row && f.leaf && edge ? GW_OK : GW_ERR_NOMEM;
    for (size_t t = 0; rc == GW_OK && t < TREES; t++) {
        struct box all = {.value = 0};
        for (size_t k = 0; k < n_keys; k++) all.high[k] = 1;
        gw_rng_key(&f.rng, seed, "search importance", t, 0, 0);
        for (size_t i = 0; i < n; i++) f.row[i] = (uint32_t)gw_rng_below(&f.rng, n); /* bootstrap */
        f.n_leaves = 0;
        grow(&f, 0, n, &all, 0);
        n_trees += add_tree(&f, share, edge);
    }
    for (size_t k = 0; k < n_keys; k++) share[k] = n_trees ? share[k] / (double)n_trees : (double)NAN;
    mem_free(edge);
    mem_free(f.leaf);
    mem_free(f.row);
    return rc;
}
