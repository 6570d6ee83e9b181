/* The segments of bars that a streaming model is trained on. */
#ifndef GATEWALK_MODELS_SEGMENTS_H
#define GATEWALK_MODELS_SEGMENTS_H

#include "gatewalk/model.h"

/* Rows start … end-1 of a series; those before `first` warm the state up and have no loss. */
struct segment {
    uint32_t series, start, first, end;
};

/* Training samples of one series that neighbour each other, gaps of less than a lookback among them: the bars of such a
 * gap are known and the state goes on through them. */
struct segment_run {
    uint32_t series, begin, first, end; /* warm-up may reach back to begin; samples lie in first … end-1 */
};

struct segment_plan {
    size_t length, warmup; /* L, W */
    struct segment_run *run;
    size_t n_runs, most;        /* most: segments that an epoch can have */
    int8_t **label[GW_N_GATES]; /* [n_series][n_rows], missing where there is no training sample */
    size_t n_series;
};

/* Finds the runs. Rows before a run's first sample may warm the state up as far as they are finite; they lie in the past
 * and are read as input only, never as a label. */
int segment_plan_init(struct segment_plan *plan, const struct gw_fit_input *input, size_t lookback, size_t length,
                      size_t warmup) GW_MUST_USE;
void segment_plan_free(struct segment_plan *plan);

/* Cuts every run into segments of `length` scored bars, those at its ends shorter, with borders and order drawn anew for
 * every (seed, epoch). segment [plan->most], NULL to count only; returns their number. */
size_t segments_draw(const struct segment_plan *plan, uint64_t seed, uint64_t epoch, struct segment *segment,
                     uint32_t *order);

#endif
