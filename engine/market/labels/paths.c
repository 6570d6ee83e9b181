/* Paths: the running best and worst move within the label's horizon, step by step. As with labels the whole horizon must have
 * passed before anything is known of a bar, so that the purge that holds for its label holds for its path. */
#include "gatewalk/labels.h"

#include <math.h>

#include "engine/base/base.h"
#include "labels_atr.h"

const char *const gw_path_side_name[GW_PATH_SIDES] = {"best", "worst"};

/* atr: a fraction of the close. */
static void set_path(const struct gw_bar *bar, size_t horizon, size_t steps, double atr, float *move) {
    const double close = bar->close;
    double top = close, bottom = close;
    size_t seen = 0;
    for (size_t m = 1; m <= steps; m++, move += GW_PATH_SIDES) {
        for (const size_t end = gw_path_bars(horizon, steps, m); seen < end;) {
            seen++;
            top = fmax(top, bar[seen].high);
            bottom = fmin(bottom, bar[seen].low);
        }
        move[GW_PATH_BEST] = (float)((top - close) / (close * atr));
        move[GW_PATH_WORST] = (float)((bottom - close) / (close * atr));
    }
}

int gw_paths_build(const struct gw_bars *bars, const struct gw_label_config *config, size_t steps,
                   struct gw_paths *out) {
    const size_t width = steps * GW_PATH_SIDES, h = config->horizon;
    *out = (struct gw_paths){.n = bars->n, .steps = steps};
    TRY(gw_param_check(&gw_label_params, "labels", config));
    if (steps == 0 || steps > GW_PATH_STEPS_MAX || steps > h)
        FAIL(GW_ERR_CONFIG, "a path of %zu steps is none of 1 to %d within labels.horizon (%zu bars)", steps,
             GW_PATH_STEPS_MAX, h);
    double *atr = mem_calloc(bars->n ? bars->n : 1, sizeof *atr);
    out->move = mem_calloc(bars->n ? bars->n : 1, width * sizeof *out->move);
    int rc = atr && out->move ? labels_atr(bars, config->atr_length, atr) : GW_ERR_NOMEM;
    for (size_t t = 0; rc == GW_OK && t < bars->n; t++) {
        float *move = out->move + t * width;
        if (t + h < bars->n && bars->bar[t].close > 0 && atr[t] > 0)
            set_path(&bars->bar[t], h, steps, atr[t], move);
        else
            for (size_t i = 0; i < width; i++) move[i] = NAN;
    }
    mem_free(atr);
    if (rc < 0) gw_paths_free(out);
    return rc;
}

void gw_paths_free(struct gw_paths *paths) {
    mem_free(paths->move);
    *paths = (struct gw_paths){0};
}
