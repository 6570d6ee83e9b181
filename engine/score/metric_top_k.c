/* The best k percent of each fold: how many are positives. */
#include "metric_rows.h"

static int precision_at_k(const struct gw_gate_sample *sample, double k_percent, double *value) {
    struct gw_top_k top;
    int rc = gw_metric_top_k(sample, k_percent, &top);
    *value = rc < 0 ? (double)NAN : top.precision;
    return only_memory(rc);
}

static int recall_at_k(const struct gw_gate_sample *sample, double k_percent, double *value) {
    struct gw_top_k top;
    int rc = gw_metric_top_k(sample, k_percent, &top);
    *value = rc < 0 ? (double)NAN : top.recall;
    return only_memory(rc);
}

static int lift_at_k(const struct gw_gate_sample *sample, double k_percent, double *value) {
    struct gw_top_k top;
    int rc = gw_metric_top_k(sample, k_percent, &top);
    *value = rc < 0 ? (double)NAN : top.lift;
    return only_memory(rc);
}

const struct gw_metric_desc metric_desc_precision_at_k = {
    .name = "precision_at_k",
    .help = "share of positives among the best k % of each fold",
    .unit = "fraction",
    .per_k = true,
    .higher_is_better = true,
    .column =
        {.heading = "P", .title = "P", .format = GW_SHOW_PERCENT, .n_terminal = 3, .n_page = 2, .priority = {0, 1, 6}},
    .compute = precision_at_k};
const struct gw_metric_desc metric_desc_recall_at_k = {.name = "recall_at_k",
                                                       .help =
                                                           "share of all positives that the best k % of each fold hold",
                                                       .unit = "fraction",
                                                       .per_k = true,
                                                       .higher_is_better = true,
                                                       .compute = recall_at_k};
const struct gw_metric_desc metric_desc_lift_at_k = {.name = "lift_at_k",
                                                     .help = "precision_at_k over prevalence",
                                                     .unit = "ratio",
                                                     .per_k = true,
                                                     .higher_is_better = true,
                                                     .compute = lift_at_k};
