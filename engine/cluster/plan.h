/* How long a walk would take on more ranks than there are here: the schedule of root.c, played with measured times. */
#ifndef GATEWALK_CLUSTER_PLAN_H
#define GATEWALK_CLUSTER_PLAN_H

#include "engine/walk/fits.h"

/* What is to be done, in seconds of one thread. */
struct plan_work {
    double *chain;  /* [n_chains] longest first, as rank 0 hands them out; owned */
    size_t *n_fits; /* [n_chains] fits in it; owned */
    size_t n_chains, n_all_fits;
    double sum;                   /* of all chains */
    double read;                  /* bars, features and labels: every rank for itself */
    double tail;                  /* replay, metrics, verdict and files: rank 0, when all is fitted */
    double data_bytes, fit_bytes; /* what a node reads; what a fit sends back */
};
/* A stated network, and what a fit costs rank 0 beside it. */
struct plan_network {
    double latency, bandwidth; /* seconds, bytes a second: of every link, and of the place where the data lie */
    size_t per_node;           /* ranks, which share what their node has read */
    double root;               /* seconds of rank 0 for a fit that comes back */
};

/* What to change first for a shorter time. */
enum plan_limit { PLAN_FITS, PLAN_READING, PLAN_TAIL, PLAN_LONGEST, PLAN_FEW, PLAN_ROOT, N_PLAN_LIMITS };
extern const char *const plan_limit_text[N_PLAN_LIMITS];
struct plan_outcome {
    double seconds, reading, fitting, tail; /* the whole, and its parts one after another */
    double root_busy;                       /* of the fitting, the share in which rank 0 serves others */
    double efficiency;                      /* one rank's time / (ranks × this) */
    enum plan_limit limit;
};

/* Times of a finished run of this directory, or as `run` measures them before it begins. `copies`: as many such walks as one,
 * as of a universe whose symbols have models of their own. GW_ERR_DATA for a run whose times are not known: fits taken from an
 * earlier one. */
int plan_of_run(const char *dir, size_t copies, struct plan_work *out) GW_MUST_USE;
int plan_of_experiment(const struct experiment *experiment, size_t copies, struct plan_work *out) GW_MUST_USE;
int plan_play(const struct plan_work *work, const struct plan_network *network, size_t n_ranks,
              struct plan_outcome *out) GW_MUST_USE;
void plan_free(struct plan_work *work);

#endif
