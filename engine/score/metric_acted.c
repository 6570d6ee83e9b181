/* What the causal threshold did: known only from the past, so its coverage drifts from the k that was asked. */
#include "metric_rows.h"

struct acted_counts {
    double bars, hits, positives;
};

static struct acted_counts count_acted(const struct gw_gate_sample *sample) {
    struct acted_counts c = {0};
    for (size_t i = 0; i < sample->n; i++) {
        c.positives += sample->label[i] == 1;
        if (!sample->acted[i]) continue;
        c.bars += 1;
        c.hits += sample->label[i] == 1;
    }
    return c;
}

static int coverage(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    *value = NAN;
    if (!sample->acted || sample->n == 0) return GW_OK;
    *value = count_acted(sample).bars / (double)sample->n;
    return GW_OK;
}

static int acted_precision(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    *value = NAN;
    if (!sample->acted) return GW_OK;
    struct acted_counts c = count_acted(sample);
    *value = c.bars > 0 ? c.hits / c.bars : (double)NAN;
    return GW_OK;
}

static int acted_recall(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    *value = NAN;
    if (!sample->acted) return GW_OK;
    struct acted_counts c = count_acted(sample);
    *value = c.positives > 0 ? c.hits / c.positives : (double)NAN;
    return GW_OK;
}

const struct gw_metric_desc metric_desc_coverage = {.name = "coverage",
                                                    .help = "share of bars that reached the causal threshold",
                                                    .unit = "fraction",
                                                    .higher_is_better = true,
                                                    .column = {.heading = "coverage",
                                                               .title = "Coverage",
                                                               .format = GW_SHOW_PERCENT,
                                                               .best = GW_BEST_NONE,
                                                               .priority = {4}},
                                                    .compute = coverage};
const struct gw_metric_desc metric_desc_acted_precision = {.name = "acted_precision",
                                                           .help = "share of positives among the bars acted on",
                                                           .unit = "fraction",
                                                           .higher_is_better = true,
                                                           .compute = acted_precision};
const struct gw_metric_desc metric_desc_acted_recall = {.name = "acted_recall",
                                                        .help = "share of all positives that were acted on",
                                                        .unit = "fraction",
                                                        .higher_is_better = true,
                                                        .compute = acted_recall};
