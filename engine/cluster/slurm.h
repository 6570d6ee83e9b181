/* The script by which Slurm runs a walk: as one MPI job, or as an array of shares that a last task merges. */
#ifndef GATEWALK_CLUSTER_SLURM_H
#define GATEWALK_CLUSTER_SLURM_H

#include <stdio.h>

#include "engine/base/base.h"

struct slurm_job {
    const char *name;             /* the experiment's */
    const char *program, *dir;    /* absolute: the program, and where the job works */
    const char *experiment, *out; /* as seen from `dir` */
    const char *const *option;    /* what `gatewalk run` is told besides, words as they are */
    size_t n_options;
    bool no_report;
    size_t nodes, ranks, threads;             /* ranks on each node, threads of each rank */
    size_t shares;                            /* of an array without MPI; 0: one MPI job */
    const char *time;                         /* limit, as Slurm writes it */
    size_t lead;                              /* seconds before the limit at which the job makes room */
    const char *mpi;                          /* how srun starts MPI */
    const char *partition, *account, *memory; /* NULL: Slurm's own */
};

/* GW_ERR_USAGE for a word that a comment of the script could not carry: Slurm's own names have letters, digits and
 * "_.,:@+-" alone. */
int slurm_check(const struct slurm_job *job) GW_MUST_USE;
/* What an experiment or folder is called is quoted: no name can end up as a command or as a directive. */
void slurm_write(const struct slurm_job *job, FILE *out);

#endif
