/* One walk on many processes. Rank 0 plans, writes and judges; the others take chains of fits as they become free and send
 * back what a fit leaves: its scores, its log, its model file. A fit is a pure function of (history, config, seed), so
 * every file has the bytes that one process would have written.
 *
 *   rank 0: cluster_join → run_experiment with cluster_executor → cluster_leave
 *   others: cluster_join → cluster_serve, or cluster_refuse when the experiment cannot be read → cluster_leave */
#ifndef GATEWALK_CLUSTER_H
#define GATEWALK_CLUSTER_H

#include "engine/walk/fits.h"
#include "transport.h"

struct cluster {
    const struct transport *transport; /* NULL: alone */
    bool told;                         /* the others have been told that there is no more to do */
    int kernels;                       /* the best set that every rank has */
};

/* Finds out whether a launcher has started several of us, and joins them. Alone is no error; several without the module
 * are: GW_ERR_USAGE. */
int cluster_join(struct cluster *cluster) GW_MUST_USE;
static inline bool cluster_is_worker(const struct cluster *cluster) {
    return cluster->transport && cluster->transport->rank > 0;
}
/* For commands that one process does alone: GW_ERR_USAGE when a launcher has started several, said by the first of them. */
int cluster_check_alone(const char *command) GW_MUST_USE;
/* `asked`, or the best kernel set that every rank has. */
int cluster_kernels(const struct cluster *cluster, const char *asked) GW_MUST_USE;
void cluster_tell(struct cluster *cluster); /* rank 0: there is no more to do */
/* For gw_run_options; NULL when alone. */
const struct gw_fit_executor *cluster_executor(struct cluster *cluster);
/* Does fits for rank 0 until it is told to stop. What goes wrong here rank 0 says. */
int cluster_serve(struct cluster *cluster, const struct experiment *experiment, size_t jobs) GW_MUST_USE;
int cluster_refuse(struct cluster *cluster, int code) GW_MUST_USE; /* the error of this rank, for rank 0 to say */
void cluster_leave(struct cluster *cluster);

/* ---- shares without messages: --shard and merge ------------------------------------------------------------- */

/* The fits of a run's shares (directories of `run --shard`) put into `options->out_dir`, or into the directory that their
 * names begin with, and the walk finished there. */
int cluster_merge(char *const *shares, size_t n, struct gw_run_options *options, char dir[1024]) GW_MUST_USE;

#endif
