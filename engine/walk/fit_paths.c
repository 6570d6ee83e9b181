/* Fans: a decoder says points. Quantiles of what it said less what came, over the fold's purged validation samples, step by
 * step and side by side, make a distribution of each; the validation slice has chosen the epoch, too, so it is a little
 * narrower than an unseen slice's would be. The naive forecast beside it are the quantiles of what came there. */
#include "fit_paths.h"

#include <math.h>
#include <stdlib.h>

#include "engine/base/base.h"

int fit_paths_room(const struct gw_model_config *config, size_t n, float **out) {
    const size_t width = gw_model_path_steps(config) * GW_PATH_SIDES;
    *out = width ? mem_calloc(n ? n : 1, width * sizeof **out) : NULL;
    return width && !*out ? GW_ERR_NOMEM : GW_OK;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the order statistics around (n - 1) level, as most software has it (Hyndman and Fan 1996, type 7). */
static void quantiles(double *value, size_t n, double out[PATH_LEVELS]) {
    qsort(value, n, sizeof *value, ascending);
    for (size_t l = 0; l < PATH_LEVELS; l++) {
        const double at = (double)(n ? n - 1 : 0) * path_level(l);
        const size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
        out[l] = n ? value[low] + (at - (double)low) * (value[high] - value[low]) : (double)NAN;
    }
}

int fit_keep_fan(const struct fold_data *d, size_t steps, const float *said, struct fit *fit) {
    const struct gw_series *series = fold_fit_series(d, fit->strategy);
    const size_t width = steps * GW_PATH_SIDES, n = d->n[GW_SLICE_VALIDATION];
    double *error = mem_calloc(n + 1, sizeof *error), *came = mem_calloc(n + 1, sizeof *came);
    fit->fan = mem_calloc(width, sizeof *fit->fan);
    const int rc = error && came && fit->fan ? GW_OK : GW_ERR_NOMEM;
    for (size_t k = 0; rc == GW_OK && k < width; k++) {
        size_t known = 0;
        for (size_t i = 0; i < n; i++) {
            const struct gw_sample *sample = &d->sample[GW_SLICE_VALIDATION][i];
            const double y = (double)series[sample->series].path[sample->row * width + k];
            if (isnan(y)) continue;
            came[known] = y;
            error[known++] = y - (double)said[i * width + k];
        }
        quantiles(error, known, fit->fan[k].residual);
        quantiles(came, known, fit->fan[k].naive);
    }
    mem_free(error);
    mem_free(came);
    return rc;
}
