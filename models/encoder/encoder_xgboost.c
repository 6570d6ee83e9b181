/* Gradient boosting in the place of a network: what most would use instead (models/boosting/boosted_gate.c). Its trees see of
 * every feature the last bar and five summaries of the window. */
#include "engine/base/base.h"
#include "models/boosting/trees.h"
#include "models/network/gate.h"

#define BOOST(kind, field, ...) GW_##kind##_PARAM(struct boost_params, field, __VA_ARGS__)
static const struct gw_param own_params[] = {
    BOOST(SIZE, boost_rounds, "trees", 10, 1, 1000, "trees of each gate in one epoch of xgboost"),
    BOOST(NUMBER, boost_rate, "", .1, 1e-4, 1, "shrinkage of every tree (eta)"),
    BOOST(SIZE, boost_depth, "levels", 4, 1, 16, "depth of a tree"),
    BOOST(NUMBER, boost_min_weight, "", 5, 0, 1e6, "least sum of p (1 - p) in a leaf"),
    BOOST(NUMBER, boost_l2, "", 1, 0, 1e6, "L2 penalty on leaves (lambda)"),
    BOOST(NUMBER, boost_rows, "fraction", .8, .01, 1, "share of the windows that a tree is grown on"),
    BOOST(NUMBER, boost_columns, "fraction", .8, .01, 1, "share of the summaries that a tree may split"),
};

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    (void)config;
    (void)list;
}

static int check(const struct gw_model_config *config, const struct gw_train_config *train) {
    (void)config;
    if (train->retrain == GW_RETRAIN_WARM)
        FAIL(GW_ERR_CONFIG, "training.retrain: encoder \"xgboost\" grows new trees in every fold; use \"fresh\"");
    if (train->positive_fraction > 0)
        FAIL(GW_ERR_CONFIG, "training.positive_fraction: encoder \"xgboost\" sees all windows at once; use "
                            "training.pos_weight");
    return GW_OK;
}

const struct R(encoder_ops) R(encoder_xgboost) = {
    .name = "xgboost",
    .help = "gradient boosting on the last bar and summaries of the window (needs libxgboost0): a control",
    .own = GW_PARAM_TABLE(own_params),
    .window = true,
    .fits = FITS_TREES,
    .windowed_only = "its trees look at whole windows",
    .no_onnx = "trees have no form among ONNX's own operators; its model file holds them as arrays",
    .check = check,
    .tensors = tensors,
};
