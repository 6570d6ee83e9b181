/* The order in which an epoch visits its samples. */
#ifndef GATEWALK_MODELS_BATCHES_H
#define GATEWALK_MODELS_BATCHES_H

#include "gatewalk/model.h"

/* Fills order [n_train] with sample numbers. Samples are visited in blocks of `block` neighbours (same series,
 * consecutive rows; gaps shorten a block) because neighbours share their bars; borders move by a random phase from
 * epoch to epoch and blocks are shuffled. block 1 is a full shuffle. With positive_fraction blocks are drawn with
 * replacement, that share of them around a random sample with a positive label. Keyed by (seed, epoch). */
int batches_order(const struct gw_fit_input *input, const struct gw_train_config *config, uint64_t seed, uint64_t epoch,
                  uint32_t *order) GW_MUST_USE;

#endif
