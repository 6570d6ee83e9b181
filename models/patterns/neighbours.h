/* The nearest points by cosine, and by distance: exact, from blocks of large products. Tasks of the parallel region they
 * are called in; the same bits for any number of threads. */
#ifndef GATEWALK_MODELS_NEIGHBOURS_H
#define GATEWALK_MODELS_NEIGHBOURS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/core/core.h"

/* Of x [n × d], rows of length 1, the `top` most alike to every row of query [m × d], most alike first, earlier rows first
 * among equals. index and cosine: [m × top] out; top <= n. */
int neighbours_by_cosine(const float *x, size_t n, size_t d, const float *query, size_t m, size_t top, uint32_t *index,
                         float *cosine) GW_MUST_USE;

/* Of every row of x [n × d] its k nearest other rows by distance, nearest first. index and distance2 (squared): [n × k] out;
 * k < n. Rows may be of any length. */
int neighbours_of_each(const float *x, size_t n, size_t d, size_t k, uint32_t *index, float *distance2) GW_MUST_USE;

#endif
