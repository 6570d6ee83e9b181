/* What a fit keeps of its attention. */
#ifndef GATEWALK_RUN_FIT_ATTENTION_H
#define GATEWALK_RUN_FIT_ATTENTION_H

#include "fits.h"

/* Splits attention by lag into the best k percent of the fit's test bars and the rest, and keeps the maps of the best.
 * weight: [n_test × width], width = n_maps × lookback; probability is filled already. */
int fit_keep_attention(struct fit *fit, double k_percent, const float *weight, size_t width) GW_MUST_USE;
/* The (1-k) quantile: the smallest value that still lets ceil(k n) of them act. Sorts `value`; infinite without any. */
float fit_top_threshold(float *value, size_t n, double k_percent);

#endif
