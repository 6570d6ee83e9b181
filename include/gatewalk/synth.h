/* Synthetic markets: with a known truth, or with nothing to find. */
#ifndef GATEWALK_SYNTH_H
#define GATEWALK_SYNTH_H

#include "bars.h"

GW_BEGIN_DECLS

struct gw_synth_options {
    const char *kind;       /* "planted", "shapes", "random-walk", "garch" */
    const char *difficulty; /* planted: "easy", "default", "hard" */
    const char *evidence; /* planted: "4h" (the motif stands in bars of four hours), "500..1500" (so many bars back) */
    size_t n_bars;
    uint64_t seed;
    double volatility; /* random-walk, garch: standard deviation of a bar's log-return; 0: 0.002 */
    double tail_df;    /* garch: degrees of freedom of Student's t, > 2; 0: 5; INFINITY: normal */
    size_t kinds;      /* shapes: how many different ones; 0: 20 */
    double noise; /* shapes: standard deviation of a bar's deviation from its shape, share of the amplitude; 0: 0.08 */
    double stretch;   /* shapes: lengths differ by up to this share either way; 0: 0.08 */
    double amplitude; /* shapes: sizes differ by up to this share either way; 0: 0.3 */
};
struct gw_synth_event {
    size_t bar;      /* index of the marked bar */
    uint8_t trigger; /* the volume trigger marks this bar */
    uint8_t motif;   /* a motif precedes it: the bar is predictable */
    int8_t side;     /* +1 long gate, -1 short gate */
    uint16_t lag;    /* bars between the motif's end and this bar */
};
struct gw_synth_shape {
    size_t bar;       /* index of its last bar */
    uint32_t kind;    /* 0 … kinds - 1 */
    uint32_t length;  /* bars */
    double amplitude; /* log price from the lowest to the highest point, without noise */
    int8_t side;      /* the move its kind foretells: +1 long, -1 short, 0 none */
    uint8_t followed; /* this time the move comes */
};
/* Truth of a market: one row per bar with something planted, or one per shape. */
struct gw_synth_truth {
    size_t n;
    struct gw_synth_event *event; /* [n] owned */
    size_t n_shapes;
    struct gw_synth_shape *shape; /* [n_shapes] owned */
};
int gw_synth_generate(const struct gw_synth_options *options, struct gw_bars *out,
                      struct gw_synth_truth *truth) GW_MUST_USE;
void gw_synth_truth_free(struct gw_synth_truth *truth);
/* CSV with columns time,bar,trigger,motif,side,lag, or of shapes time,bar,kind,length,amplitude,side,followed. */
int gw_synth_truth_write(const struct gw_bars *bars, const struct gw_synth_truth *truth, const char *path) GW_MUST_USE;
size_t gw_synth_kind_count(void);
const char *gw_synth_kind_name(size_t i);
const char *gw_synth_kind_help(size_t i);

GW_END_DECLS

#endif
