/* The planted market in two steps: a plan of what happens where, then prices that follow it. */
#ifndef GATEWALK_MARKET_SYNTH_PLANTED_H
#define GATEWALK_MARKET_SYNTH_PLANTED_H

#include "gatewalk/synth.h"
#include "synth.h"

/* One difficulty. */
struct planted_law {
    const char *name;
    size_t lag_min, lag_max; /* a motif's end arms its side for bars end+lag_min .. end+lag_max */
    size_t burst;            /* marks come in runs of so many bars */
    double bursts;           /* runs of one side per bar */
    double armed;            /* share of the runs that begins in an armed stretch */
    bool trigger;            /* marks carry the volume spike */
    double followed;         /* share of predictable runs behind which the move is played */
    size_t spacing;          /* bars from run to run at least */
    size_t apart;            /* the same of runs of one side; 0: no more than that */
    double wick;             /* of a mark: how far price reached against its side, log */
    double noise;            /* standard deviation of an ordinary bar's log-return */
    size_t stretch;          /* a motif is so many bars, each with a wick against its side; 0: groups of three */
    size_t bucket;           /* a motif's step is so many bars, aligned: the bars of a longer interval; 0: one */
};

enum planted_role { ROLE_NOISE, ROLE_MOTIF, ROLE_MARK, ROLE_MOVE };

/* What is scripted for one bar. */
struct planted_bar {
    uint8_t role;   /* enum planted_role */
    int8_t side;    /* +1 long, -1 short */
    uint8_t step;   /* number of the bar within its motif, run of marks or move */
    uint8_t length; /* of the move */
};

struct planted_plan {
    size_t n;
    struct planted_bar *bar;      /* [n] owned */
    struct gw_synth_truth *truth; /* marks in order of time */
};

/* A move takes at most this many bars, which are kept free behind every run of marks. */
enum { PLANTED_MOVE_MAX = 2, PLANTED_MOTIF_PERIOD = 3, PLANTED_MOTIF_MAX = 12 };

int planted_plan_make(const struct planted_law *law, uint64_t seed, size_t n, struct gw_synth_truth *truth,
                      struct planted_plan *out) GW_MUST_USE;
void planted_plan_free(struct planted_plan *plan);

#endif
