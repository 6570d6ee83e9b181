/* A run: one experiment walked forward, from bars to verdict, into a run directory (run_files.h). */
#ifndef GATEWALK_RUN_H
#define GATEWALK_RUN_H

#include "engine/config/config.h"
#include "run_files.h"
#include "verdict.h"

/* Everything a run knows before the first fit; const afterwards. */
struct prepared {
    struct gw_market market;
    struct gw_import_report *import; /* [n_symbols] */
    struct gw_labels *labels;        /* [n_symbols] */
    struct gw_feature_set *set;
    struct gw_feature_matrix *features; /* [n_symbols] */
    struct gw_fold_plan plan;           /* audited */
    size_t lookback;                    /* the longest of all strategies: all see the same samples */
    double import_seconds, feature_seconds;
};
int prepare(const struct experiment *experiment, struct prepared **out) GW_MUST_USE;
/* The part after import, for a `prepared` whose market is filled (and whose import reports may be NULL). */
int prepare_inputs(const struct experiment *experiment, struct prepared *prepared) GW_MUST_USE;
void prepared_free(struct prepared *prepared);

struct gw_run_options {
    const char *out_dir; /* the run directory; NULL: reports/out/NAME */
    size_t jobs;         /* threads; 0: OMP_NUM_THREADS or all cores */
    /* Called when the directory is ours and its results are about to be replaced; NULL: nothing to do. */
    int (*on_begin)(const char *dir);
};
/* Writes every file but plots and report. Continues an interrupted run of the same experiment. The directory
 * used is copied to `dir`; GW_ERR_IO when another process works in it. */
int gw_run_experiment(const struct experiment *experiment, const struct gw_run_options *options,
                      char dir[1024]) GW_MUST_USE;

/* A study file: stages chosen on validation, then a final run in the same directory, with study.json beside it. */
int gw_run_study(const char *path, const struct config_override *override, const struct gw_run_options *options,
                 char dir[1024]) GW_MUST_USE;

#endif
