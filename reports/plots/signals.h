/* The attention of single trade signals: which rows of attention.npy belong to the best signals of a gate. */
#ifndef GATEWALK_SIGNALS_H
#define GATEWALK_SIGNALS_H

#include "plot.h"

enum { SIGNALS_SHOWN = 24, SIGNAL_HEADS_MAX = 64 };

struct signal {
    double probability;
    int label;       /* 0, 1, or -1 when missing */
    size_t mean_row; /* of attention.npy, SIZE_MAX when there is none */
    size_t head_row[SIGNAL_HEADS_MAX];
    size_t n_heads;
    const char *time, *symbol, *seed; /* borrowed */
    double seconds;                   /* of time */
};
struct signal_list {
    struct signal signal[SIGNALS_SHOWN]; /* most probable first */
    size_t n, n_heads, n_symbols;
};
struct attention_matrix {
    float *weight; /* [n_rows × n_lags]; column s has lag n_lags-1-s */
    size_t n_rows, n_lags;
};

/* Reads attention.npy; leaves weight NULL when the run has none. Released with mem_free(weight). */
int attention_load(const struct run_view *run, struct attention_matrix *matrix) GW_MUST_USE;
/* The most probable signals of one strategy and gate. Of signals of one symbol that lie within one horizon of each other
 * only the surest is taken: their windows and outcomes are nearly the same. */
int signals_best(struct run_view *run, size_t strategy, int gate, size_t n_rows, const char *map,
                 struct signal_list *list) GW_MUST_USE;
/* The span of a colour scale, in percent: from 0 to four times the uniform weight 1/T, or to the 99th percentile of the given
 * rows where that is more. */
int signals_colours(const struct attention_matrix *matrix, const size_t *row, size_t n,
                    struct gw_range *span) GW_MUST_USE;
/* Rows "lag, row, weight" of a heat map in reading order of gnuplot's image style; weights in percent. */
void signals_heat(FILE *to, const struct attention_matrix *matrix, const size_t *row, size_t n);
/* Time, probability and outcome of each, left of a map whose first row begins at `top`. */
void signals_labels(struct page *page, const struct signal_list *list, double top, double row_height,
                    double names_right);

#endif
