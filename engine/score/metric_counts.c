/* How much there is to measure on: bars, positives, and the share that a coin would hit. */
#include "metric_rows.h"

static double n_bars(const struct gw_gate_sample *sample, double k_percent) {
    (void)k_percent;
    return (double)sample->n;
}

static double n_positives(const struct gw_gate_sample *sample, double k_percent) {
    (void)k_percent;
    double positives = 0;
    for (size_t i = 0; i < sample->n; i++) positives += sample->label[i] == 1;
    return positives;
}

static double prevalence(const struct gw_gate_sample *sample, double k_percent) {
    return sample->n ? n_positives(sample, k_percent) / (double)sample->n : (double)NAN;
}

const struct gw_metric_desc metric_desc_n_bars = {.name = "n_bars",
                                                  .help = "bars with a label and a score",
                                                  .unit = "bars",
                                                  .higher_is_better = true,
                                                  .compute = n_bars};
const struct gw_metric_desc metric_desc_n_positives = {.name = "n_positives",
                                                       .help = "bars whose gate label is 1",
                                                       .unit = "bars",
                                                       .higher_is_better = true,
                                                       .compute = n_positives};
const struct gw_metric_desc metric_desc_prevalence = {.name = "prevalence",
                                                      .help =
                                                          "share of positives: what an unskilled scorer's precision is",
                                                      .unit = "fraction",
                                                      .higher_is_better = true,
                                                      .compute = prevalence};
