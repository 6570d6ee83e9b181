/* A run: one experiment walked forward, from bars to verdict, into a run directory (run_files.h). */
#ifndef GATEWALK_RUN_H
#define GATEWALK_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "run_files.h"

GW_BEGIN_DECLS

struct gw_fit_executor; /* the program's own */

/* What the command line may change. NULL/0 fields leave the file's value. */
struct gw_config_override {
    const char *data;       /* replaces the (single) source's file */
    const char *timerange;  /* "20200101-20221231", either side may be empty */
    const char *strategies; /* "a,b": keep these */
    size_t n_seeds;         /* seeds 1..n */
    const char *const *set; /* "key=value" */
    size_t n_set;
};

struct gw_run_options {
    const char
        *out_dir; /* the run directory; NULL: reports/out/NAME, NAME-2 … when that holds another configuration's run */
    bool events;  /* events.jsonl too */
    bool force;   /* replace what another configuration's run has left in it; else GW_ERR_USAGE */
    size_t jobs;  /* threads; 0: OMP_NUM_THREADS or all cores */
    /* Of n_shards processes that share the fits out among them this is number `shard`, from 1: it keeps its fits in
     * DIR.shard-I-of-N and writes no results. 0 and 0: all fits. */
    size_t shard, n_shards;
    const struct gw_fit_executor *executor; /* who does the fits; NULL: this process */
    /* Called when the directory is ours and its results are about to be replaced; NULL: nothing to do. */
    int (*on_begin)(const char *dir);
};
/* An experiment's file walked forward: writes every file but plots and report (report.h renders them). Continues an
 * interrupted run of the same experiment. `override` may be NULL. The directory used is copied to `dir`. Errors:
 * GW_ERR_CONFIG, GW_ERR_DATA, GW_ERR_IO when another process works in the directory, GW_ERR_INTERRUPTED. */
int gw_run_experiment(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                      char dir[1024]) GW_MUST_USE;

/* A study file: stages chosen on validation, then a final run in the same directory, with study.json beside it. */
int gw_run_study(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                 char dir[1024]) GW_MUST_USE;

GW_END_DECLS

#endif
