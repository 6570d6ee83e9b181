/* Lines of several seeds over one axis: what curves.csv, training.csv and attention_mean.csv have in common. */
#ifndef GATEWALK_CURVES_H
#define GATEWALK_CURVES_H

#include "plot.h"

/* The rows of one strategy, seed and gate of curves.csv. */
struct curve {
    size_t strategy;
    int gate;
    const char *seed; /* borrowed from the table */
    size_t n;
    double *x, *y, *count; /* [n] */
};
struct curve_set {
    struct curve *curve;
    size_t n;
};
/* Collects the curves of one kind ("pr", "reliability", "histogram"); memory from the run's arena. */
int curves_read(struct run_view *run, const char *kind, struct curve_set *set) GW_MUST_USE;
/* y of a step line at x: the value of the last point at or before it (the first point's before that). */
double curve_at(const struct curve *curve, double x);
bool curves_have(const struct curve_set *set, size_t strategy);

#endif
