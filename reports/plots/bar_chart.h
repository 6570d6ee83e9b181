/* Horizontal bars of a per-K metric: one panel for each gate and K, one row for each model, a dot for each fold. */
#ifndef GATEWALK_BARS_H
#define GATEWALK_BARS_H

#include "plot.h"

enum { BARS_LAYERS_MAX = 3 };
struct bars_layout {
    const char *metric[BARS_LAYERS_MAX]; /* per-K names; several layers stand side by side in a row */
    size_t n_layers, dotted;             /* dotted: the layer whose folds are shown */
    const char *caption;
    bool prevalence;                     /* draw the prevalence line */
    unsigned layer_ink[BARS_LAYERS_MAX]; /* 0: the strategy's own colour */
    const char *layer_name[BARS_LAYERS_MAX];
};
int bars_prepare(struct plot_job *job, const struct bars_layout *layout) GW_MUST_USE;

#endif
