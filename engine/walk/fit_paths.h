/* What a decoder's forecasts are worth: quantiles around them, by what it got wrong on the validation slice, beside quantiles
 * of the paths there that ask no model. */
#ifndef GATEWALK_WALK_FIT_PATHS_H
#define GATEWALK_WALK_FIT_PATHS_H

#include "fold_data.h"

/* Room for the forecasts of n samples; NULL out: the model has no decoder. */
int fit_paths_room(const struct gw_model_config *config, size_t n, float **out) GW_MUST_USE;
/* fit->fan from the forecasts of the fold's validation samples. */
int fit_keep_fan(const struct fold_data *data, size_t steps, const float *said, struct fit *fit) GW_MUST_USE;
#endif
