/* How much there is to measure on: bars, positives, and the share that a coin would hit. */
#include "metric_rows.h"

static double count_positives(const struct gw_gate_sample *sample) {
    double positives = 0;
    for (size_t i = 0; i < sample->n; i++) positives += sample->label[i] == 1;
    return positives;
}

static int n_bars(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    *value = (double)sample->n;
    return GW_OK;
}

static int n_positives(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    *value = count_positives(sample);
    return GW_OK;
}

static int prevalence(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    *value = sample->n ? count_positives(sample) / (double)sample->n : (double)NAN;
    return GW_OK;
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
