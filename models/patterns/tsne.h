/* t-SNE (van der Maaten & Hinton 2008) with forces by Barnes and Hut's tree (van der Maaten 2014): points of many dimensions
 * as a picture of two, in which near ones stay near. */
#ifndef GATEWALK_MODELS_TSNE_H
#define GATEWALK_MODELS_TSNE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/base.h"

enum { TSNE_POINTS_MAX = 10000 };

struct tsne_config {
    double perplexity; /* how many neighbours a point has, in effect; 0: 30, but at most a third of the points */
    double
        angle; /* a cell of the tree counts as one point when its width is less than that part of its distance; 0: .5, at most .7 */
    size_t iterations; /* 0: 1000, of which the first 250 pull twelvefold (early exaggeration) */
};

/* x: [n × d], 4 <= n <= TSNE_POINTS_MAX. xy: [n × 2] out, centred. kl (may be NULL): the Kullback–Leibler divergence that is
 * left. It begins with the first two principal components, so there is no seed. progress counts iterations; NULL: silent.
 * Tasks of the parallel region it is called in; the same bits for any number of threads. */
int tsne(const float *x, size_t n, size_t d, const struct tsne_config *config, struct progress *progress, double *xy,
         double *kl) GW_MUST_USE;

/* ---- inside: tsne_affinity.c, quad_tree.c -------------------------------------------------------------- */

/* The joint probabilities of near pairs, symmetric, by row: of row i the entries begin[i] … begin[i+1]. They sum to 1. */
struct affinity {
    size_t n;
    uint32_t *begin, *column;
    float *p;
};
int affinity_make(const float *x, size_t n, size_t d, double perplexity, struct affinity *out) GW_MUST_USE;
void affinity_free(struct affinity *affinity);

/* A quad-tree as a list: a cell is followed by what is in it, and `skip` is the cell behind all of that. */
struct quad_cell {
    float x, y;       /* centre of its points */
    float width2;     /* of its square, squared; 0: a leaf */
    uint32_t n, skip; /* points in it */
    uint32_t first;   /* of them, in the tree's order */
};
struct quad_tree {
    size_t n, n_cells, capacity;
    struct quad_cell *cell;
    uint32_t *order; /* [n] points along the tree's curve */
    uint64_t *key, *spare;
    float *point; /* [n × 2] in that order */
};
int quad_tree_init(struct quad_tree *tree, size_t n) GW_MUST_USE;
void quad_tree_free(struct quad_tree *tree);
int quad_tree_build(struct quad_tree *tree, const double *xy) GW_MUST_USE;
/* Σ over the other points of q² (y - other), into force, and Σ q, which is returned; q = 1 / (1 + distance²). `at` is the
 * point's place in the tree's order. */
double quad_tree_repulsion(const struct quad_tree *tree, size_t at, float angle2, double force[2]);

#endif
