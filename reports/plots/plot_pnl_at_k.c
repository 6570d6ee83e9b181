/* What the best K % of bars would have earned as isolated trades, at no, normal and double costs. */
#include "bar_chart.h"

static const struct bars_layout layout = {
    .metric = {"pnl_mean_at_k_0x", "pnl_mean_at_k_1x", "pnl_mean_at_k_2x"},
    .n_layers = 3,
    .dotted = 1,
    .caption = "Mean return of the best K % of a fold's bars, each taken as one isolated trade entered at the next "
               "open, pooled over folds, mean over seeds. Circles: the folds one by one at normal costs. Grey boxes: "
               "90 % of what bars shifted in time earn, which no score can know, at normal costs.",
    .layer_ink = {0xB9C6D0, 0x4C7899, 0x16344A},
    .layer_name = {"without costs", "costs ×1", "costs ×2"},
};

static int prepare(struct plot_job *job) { return bars_prepare(job, &layout); }

const struct plot_desc plot_desc_pnl_at_k = {
    .name = "pnl_at_k",
    .title = "Profit per trade among the best K % of bars",
    .help = "PnL@K at no, normal and double costs with the spread over folds",
    .prepare = prepare,
};
