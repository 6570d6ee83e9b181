/* How well the order of the scores separates positives, over all thresholds. */
#include "engine/base/base.h"
#include "metric_rows.h"

static int average_precision(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    return gw_metric_average_precision(sample->score, sample->label, sample->n, value);
}

/* The average precision of random scores is the prevalence, so this is 1 without skill. */
static int ap_lift(const struct gw_gate_sample *sample, double k_percent, double *value) {
    double ap, prevalence;
    *value = NAN;
    TRY(average_precision(sample, k_percent, &ap));
    TRY(metric_desc_prevalence.compute(sample, k_percent, &prevalence));
    *value = ap / prevalence;
    return GW_OK;
}

/* Mann-Whitney: share of (positive, negative) pairs in the right order, a tie counting half. */
static double rank_sum(const float *score, const int8_t *label, const uint32_t *order, size_t n) {
    double pairs = 0, negatives_above = 0, positives = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = tie_end(score, order, begin, n);
        double p = 0, q = 0;
        for (size_t r = begin; r < end; r++) *(label[order[r]] ? &p : &q) += 1;
        pairs += p * (negatives_above + q / 2);
        positives += p;
        negatives_above += q;
    }
    if (positives == 0 || negatives_above == 0) return NAN;
    return 1.0 - pairs / (positives * negatives_above);
}

static int roc_auc(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    *value = NAN;
    if (sample->n == 0 || !labels_binary(sample->label, sample->n)) return GW_OK;
    uint32_t *order = mem_calloc(sample->n, sizeof *order);
    if (!order) return GW_ERR_NOMEM;
    int rc = rank_descending(sample->score, sample->n, order);
    if (rc == GW_OK) *value = rank_sum(sample->score, sample->label, order, sample->n);
    mem_free(order);
    return only_memory(rc);
}

const struct gw_metric_desc metric_desc_average_precision = {
    .name = "average_precision",
    .help = "PR-AUC as the sum of (R_n - R_{n-1}) P_n over distinct scores",
    .unit = "fraction",
    .higher_is_better = true,
    .column = {.heading = "AP", .title = "Average precision"},
    .compute = average_precision};
const struct gw_metric_desc metric_desc_ap_lift = {
    .name = "ap_lift",
    .help = "average precision over prevalence: 1 without skill",
    .unit = "ratio",
    .higher_is_better = true,
    .column = {.heading = "lift", .format = GW_SHOW_RATIO, .no_spread = true, .priority = {2}},
    .compute = ap_lift};
const struct gw_metric_desc metric_desc_roc_auc = {.name = "roc_auc",
                                                   .help =
                                                       "chance that a positive outscores a negative (ties count half)",
                                                   .unit = "fraction",
                                                   .higher_is_better = true,
                                                   .compute = roc_auc};
