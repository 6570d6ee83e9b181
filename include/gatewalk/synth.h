/* Synthetic markets: with a known truth, or with nothing to find. */
#ifndef GATEWALK_SYNTH_H
#define GATEWALK_SYNTH_H

#include "bars.h"

GW_BEGIN_DECLS

struct gw_synth_options {
    const char *kind;       /* "planted", "random-walk", "garch" */
    const char *difficulty; /* planted: "easy", "default", "hard" */
    size_t n_bars;
    uint64_t seed;
    double volatility; /* random-walk, garch: standard deviation of a bar's log-return; 0: 0.002 */
    double tail_df;    /* garch: degrees of freedom of Student's t, > 2; 0: 5; INFINITY: normal */
};
struct gw_synth_event {
    size_t bar;      /* index of the marked bar */
    uint8_t trigger; /* the volume trigger marks this bar */
    uint8_t motif;   /* a motif precedes it: the bar is predictable */
    int8_t side;     /* +1 long gate, -1 short gate */
    uint16_t lag;    /* bars between the motif's end and this bar */
};
/* Truth of a planted market, one row per bar with something planted. */
struct gw_synth_truth {
    size_t n;
    struct gw_synth_event *event; /* [n] owned */
};
int gw_synth_generate(const struct gw_synth_options *options, struct gw_bars *out,
                      struct gw_synth_truth *truth) GW_MUST_USE;
void gw_synth_truth_free(struct gw_synth_truth *truth);
/* CSV with columns time,bar,trigger,motif,side,lag. */
int gw_synth_truth_write(const struct gw_bars *bars, const struct gw_synth_truth *truth, const char *path) GW_MUST_USE;
size_t gw_synth_kind_count(void);
const char *gw_synth_kind_name(size_t i);
const char *gw_synth_kind_help(size_t i);

GW_END_DECLS

#endif
