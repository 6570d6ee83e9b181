/* Boosted regression trees: what they look at, what they say, and how they are kept. */
#ifndef GATEWALK_MODELS_TREES_H
#define GATEWALK_MODELS_TREES_H

#include "gatewalk/model.h"

struct boost_params { /* own parameters of the encoder "xgboost" */
    size_t boost_rounds, boost_depth;
    double boost_rate, boost_min_weight, boost_l2, boost_rows, boost_columns;
};

/* ---- what a tree sees of a window: six numbers of every feature ------------------------------------------------------- */

enum window_column { COLUMN_LAST, COLUMN_MEAN, COLUMN_DEVIATION, COLUMN_LEAST, COLUMN_MOST, COLUMN_CHANGE, N_COLUMNS };
/* Of the T rows of F features at x: out [N_COLUMNS × F]. change: the last less the first; deviation: of all T. */
void window_columns(const float *x, size_t n_steps, size_t n_features, float *out);

/* ---- trees ---------------------------------------------------------------------------------------------------------------- */

/* Nodes of a tree lie in preorder: the left child is the next node. */
struct tree_node {
    int32_t column; /* goes left when its number is below value; -1: a leaf, which says value */
    uint32_t right;
    float value;
};
struct trees {
    struct tree_node *node; /* [n_nodes] owned */
    uint32_t *root;         /* [n_trees] owned, ascending */
    size_t n_nodes, n_trees;
    double base; /* the sum begins with it: the logit of the gate's prevalence */
};
int trees_make(struct trees *trees, size_t n_nodes, size_t n_trees) GW_MUST_USE;
void trees_free(struct trees *trees);
/* The first n_trees of a model that XGBoost wrote as JSON: GW_ERR_TOOL when it is not as expected. */
int trees_read(const char *json, size_t length, size_t n_trees, size_t n_columns, struct trees *out) GW_MUST_USE;
/* Every walk from a root ends in a leaf of its own tree and reads columns that exist. */
bool trees_sound(const struct trees *trees, size_t n_columns);
/* The logit: base and the leaves in the trees' order. */
double trees_sum(const struct trees *trees, const float *columns);

#endif
