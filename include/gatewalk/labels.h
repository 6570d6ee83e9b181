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

extern const struct gw_param_table gw_label_params; /* defaults and ranges of struct gw_label_config */

int gw_labels_build(const struct gw_bars *bars, const struct gw_label_config *config,
                    struct gw_labels *out) GW_MUST_USE;
void gw_labels_free(struct gw_labels *labels);

GW_END_DECLS

#endif
