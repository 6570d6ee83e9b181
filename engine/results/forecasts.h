/* How good decoders' forecasts were over the test slices. */
#ifndef GATEWALK_RESULTS_FORECASTS_H
#define GATEWALK_RESULTS_FORECASTS_H

#include "results.h"

/* Of one step and side: means over test bars with a path. */
struct forecast_score {
    size_t n;
    double pinball, naive; /* pinball loss, mean over path_level(), of the fan and of the naive forecast, in ATR */
    double inside;         /* share of bars between the fan's outer quantiles */
    double error;          /* of the point, absolute, in ATR */
};
/* Fits of one contestant and seed, of one fold or of all (SIZE_MAX). out: [steps × GW_PATH_SIDES]. */
void forecast_scores(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, size_t strategy,
                     size_t seed, size_t fold, struct forecast_score *out);

#endif
