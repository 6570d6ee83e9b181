/* Gate labels: what the models are asked to find (two binary targets per bar).
 *
 *   upside   = max(high[t+1..t+h]) - close[t], floored at 0
 *   downside = close[t] - min(low[t+1..t+h]),  floored at 0
 *   long_gate  = upside > ratio*downside  and  upside/close[t]   > min_move
 *   short_gate = downside > ratio*upside  and  downside/close[t] > min_move
 *
 * The last h bars have no label: GW_LABEL_MISSING, never 0. */
#ifndef GATEWALK_LABELS_H
#define GATEWALK_LABELS_H

#include "bars.h"
#include "param.h"

GW_BEGIN_DECLS

enum { GW_GATE_LONG = 0, GW_GATE_SHORT = 1, GW_N_GATES = 2 };
enum { GW_LABEL_MISSING = -1 };
extern const char *const gw_gate_name[GW_N_GATES]; /* "long", "short" */

struct gw_label_config {
    size_t horizon;
    double ratio;
    double min_move;     /* fraction of close; used when min_move_atr is 0 */
    double min_move_atr; /* multiples of ATR(atr_length) at t; 0 = off */
    size_t atr_length;
};

struct gw_labels {
    size_t n;
    int8_t *gate[GW_N_GATES]; /* [n] each: 1, 0 or GW_LABEL_MISSING */
    double *min_move;         /* [n] fraction of close that counted as a move at that bar; NaN when unknown */
};

/* Where the market has gone within the label's horizon, in ATR (of atr_length bars) at the decision: by step m = 1 … steps,
 * which is ceil(m h / steps) bars after bar t,
 *   best  =  max(max(high[t+1 …]) - close[t], 0) / ATR[t]
 *   worst = -max(close[t] - min(low[t+1 …]), 0) / ATR[t]
 * NaN for the last h bars and where there is no ATR, whatever the step: nothing of a bar is known that has no label. */
enum { GW_PATH_BEST = 0, GW_PATH_WORST = 1, GW_PATH_SIDES = 2, GW_PATH_STEPS_MAX = 64 };
extern const char *const gw_path_side_name[GW_PATH_SIDES]; /* "best", "worst" */
struct gw_paths {
    size_t n, steps;
    float *move; /* [n × steps × GW_PATH_SIDES] */
};
/* Bars after the decision that a step (from 1) reaches. */
static inline size_t gw_path_bars(size_t horizon, size_t steps, size_t step) {
    return (step * horizon + steps - 1) / steps;
}

extern const struct gw_param_table gw_label_params; /* defaults and ranges of struct gw_label_config */

int gw_labels_build(const struct gw_bars *bars, const struct gw_label_config *config,
                    struct gw_labels *out) GW_MUST_USE;
void gw_labels_free(struct gw_labels *labels);
/* steps: at most the horizon. */
int gw_paths_build(const struct gw_bars *bars, const struct gw_label_config *config, size_t steps,
                   struct gw_paths *out) GW_MUST_USE;
void gw_paths_free(struct gw_paths *paths);

GW_END_DECLS

#endif
