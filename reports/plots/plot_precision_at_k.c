/* Hit rate among the best K % of bars. */
#include "bar_chart.h"

static const struct bars_layout layout = {
    .metric = {"precision_at_k"},
    .n_layers = 1,
    .caption = "Bars: share of the best K % of a fold's bars whose label is positive, pooled over folds, mean over "
               "seeds. Circles: the folds one by one (mean over seeds). Grey boxes: 90 % of what labels shifted in "
               "time reach, which no score can know. Dotted line: prevalence.",
    .prevalence = true,
};

static int prepare(struct plot_job *job) { return bars_prepare(job, &layout); }

const struct plot_desc plot_desc_precision_at_k = {
    .name = "precision_at_k",
    .title = "Precision among the best K % of bars",
    .help = "precision@K of every model and gate with the spread over folds",
    .prepare = prepare,
};
