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

static double coverage(const struct gw_gate_sample *sample, double k_percent) {
    (void)k_percent;
    if (!sample->acted || sample->n == 0) return NAN;
    return count_acted(sample).bars / (double)sample->n;
}

static double acted_precision(const struct gw_gate_sample *sample, double k_percent) {
    (void)k_percent;
    if (!sample->acted) return NAN;
    struct acted_counts c = count_acted(sample);
    return c.bars > 0 ? c.hits / c.bars : (double)NAN;
}

static double acted_recall(const struct gw_gate_sample *sample, double k_percent) {
    (void)k_percent;
    if (!sample->acted) return NAN;
    struct acted_counts c = count_acted(sample);
    return c.positives > 0 ? c.hits / c.positives : (double)NAN;
}

const struct gw_metric_desc metric_desc_coverage = {.name = "coverage",
                                                    .help = "share of bars that reached the causal threshold",
                                                    .unit = "fraction",
                                                    .higher_is_better = true,
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
