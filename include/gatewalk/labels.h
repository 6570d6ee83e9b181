/* Gate labels: what the models are asked to find (two binary targets per bar).
 *
 *   upside   = max(high[t+1..t+h]) - close[t], floored at 0
 *   downside = close[t] - min(low[t+1..t+h]),  floored at 0
 *   long_gate  = upside > ratio*downside  and  upside/close[t]   > min_move
 *   short_gate = downside > ratio*upside  and  downside/close[t] > min_move
 *
 * The last h bars have no label: LABEL_MISSING, never 0. */
#ifndef GATEWALK_LABELS_H
#define GATEWALK_LABELS_H

#include "bars.h"

enum { GATE_LONG = 0, GATE_SHORT = 1, N_GATES = 2 };
enum { LABEL_MISSING = -1 };
extern const char *const gate_name[N_GATES]; /* "long", "short" */

struct label_config {
    size_t horizon;      /* bars, >= 1; default 24 */
    double ratio;        /* default 2 */
    double min_move;     /* fraction of close; default 0.01; used when min_move_atr is 0 */
    double min_move_atr; /* multiples of ATR(atr_length) at t; 0 = off */
    size_t atr_length;   /* default 14 */
};

struct labels {
    size_t n;
    int8_t *gate[N_GATES]; /* [n] each: 1, 0 or LABEL_MISSING */
    double *min_move;      /* [n] fraction of close that counted as a move at that bar; NaN when unknown */
};

int labels_build(const struct bars *bars, const struct label_config *config, struct labels *out) MUST_USE;
void labels_free(struct labels *labels);

#endif
