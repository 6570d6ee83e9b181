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

/* Average precision over distinct thresholds, Σ (R_n - R_{n-1}) P_n, samples without label left out; NaN without
 * positives or with a NaN among the scores. scratch: [2n]. */
double monitor_average_precision(const float *score, const int8_t *label, size_t n, float *scratch);

#endif
