/* The Gini coefficient of a ranking, 2 AUC - 1. */
#include <string.h>

#include "metric_rows.h"

static int gini(const struct gw_gate_sample *sample, double k_percent, double *value) {
    int rc = GW_OK;
    *value = NAN;
    for (size_t i = 0; rc == GW_OK && i < gw_metric_count(); i++)
        if (strcmp(gw_metric_at(i)->name, "roc_auc") == 0) rc = gw_metric_at(i)->compute(sample, k_percent, value);
    *value = 2 * *value - 1;
    return rc;
}

const struct gw_metric_desc metric_desc_gini = {
    .name = "gini",
    .help = "2 AUC - 1: 0 without skill",
    .unit = "fraction",
    .higher_is_better = true,
    .column = {.heading = "Gini", .title = "Gini"},
    .compute = gini,
};
