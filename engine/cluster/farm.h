/* Jobs of any kind for the ranks: rank 0 works in a thread of its own and may ask the others, who answer. A job and its result
 * are bytes of one size each; that results do not depend on who gives them is the caller's affair. */
#ifndef GATEWALK_CLUSTER_FARM_H
#define GATEWALK_CLUSTER_FARM_H

#include "cluster.h"

struct farm;

/* Rank 0: `work` until it ends, the others served meanwhile by this thread, which speaks MPI. `key`: what all ranks must have
 * in common. `jobs`: how many may be done here at once. The others have been told that it is over when it returns. */
int cluster_farm(struct cluster *cluster, const char *key, size_t jobs, int (*work)(void *context, struct farm *farm),
                 void *context) GW_MUST_USE;
/* From any thread of `work`: waits until somebody is free. *here: it is this rank, whose thread does the job itself and then says
 * farm_done_here(); else the result is there. */
int farm_ask(struct farm *farm, const void *job, size_t n_job, void *result, size_t n_result, bool *here) GW_MUST_USE;
void farm_done_here(struct farm *farm);

/* Every other rank: answers until rank 0 says that it was the last. An answer that is an error ends the job for all. */
struct farm_hand {
    int (*answer)(void *context, const void *job, size_t n_job, void *result);
    size_t n_result;
    void *context;
};
int cluster_serve_jobs(struct cluster *cluster, const char *key, size_t jobs, const struct farm_hand *hand) GW_MUST_USE;

#endif
