/* Points of Sobol's sequence as 32 bits behind the point. */
#ifndef GATEWALK_SEARCH_SOBOL_H
#define GATEWALK_SEARCH_SOBOL_H

#include <stddef.h>
#include <stdint.h>

#include "searcher.h"

uint32_t sobol_bits(size_t dimension, uint32_t index); /* dimension < SPACE_MAX */
uint32_t sobol_scrambled(size_t dimension, uint32_t index, uint64_t seed);
/* The trial's point of the search's own sequence. */
void point_sobol(const struct search_view *view, size_t trial, struct point *out);

#endif
