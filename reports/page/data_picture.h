/* One page about a data file, before there is any run: price, volume, what is missing, and how often a label is positive. */
#ifndef GATEWALK_DATA_PICTURE_H
#define GATEWALK_DATA_PICTURE_H

#include "engine/base/base.h"

struct data_picture {
    const char *file, *symbol, *interval, *begin, *end,
        *about;                                         /* any text; `about`: what the labels are, for the caption */
    size_t n;                                           /* stretches of time */
    const double *time_s, *low, *high, *close, *volume; /* [n] */
    size_t n_gaps;
    const double *gap_from_s, *gap_to_s; /* [n_gaps] */
    size_t n_months;
    const double *month_s, *share[2]; /* [n_months] percent of labels that are positive, long and short */
};

/* Draws it to a .png or .pdf: GW_ERR_USAGE for another ending, GW_ERR_TOOL without gnuplot. */
int data_picture_render(const struct data_picture *picture, const char *path) GW_MUST_USE;

#endif
