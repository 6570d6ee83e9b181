/* Inside of the synthetic markets: one kind = one file with a const descriptor + a row in synth.def. */
#ifndef GATEWALK_MARKET_SYNTH_H
#define GATEWALK_MARKET_SYNTH_H

#include "gatewalk/rng.h"
#include "gatewalk/synth.h"

struct synth_kind {
    const char *name, *help;
    /* Fills out->bar[0..n_bars), which is allocated, and *truth, which is empty. */
    int (*fill)(const struct gw_synth_options *options, struct gw_bars *out, struct gw_synth_truth *truth);
};

/* What happens inside one bar, in logarithms of price. */
struct synth_step {
    double log_return;           /* open to close */
    double reach_up, reach_down; /* high above and low below the body, >= 0 */
    double volume;
};

/* Appends bar i at the close of bar i-1 (bar 0 opens at 10,000). Prices are rounded to seven significant
 * digits, as exchanges quote them; volumes to three decimals. */
void synth_put(struct gw_bars *bars, size_t i, const struct synth_step *step);

#endif
