/* What does the whole pipeline find in noise? The experiment again, with labels that are taken around the circle of each
 * symbol's history: they keep their dependence and their bunches and have nothing to do with the bars any more. Models are
 * trained on them, scored, replayed and judged exactly as in a run. Refit 0 has the labels where they belong. */
#ifndef GATEWALK_STUDY_NULL_REFITS_H
#define GATEWALK_STUDY_NULL_REFITS_H

#include "engine/walk/walk.h"
#include "gatewalk/metric_key.h"

/* One figure of a refit. */
struct null_value {
    size_t refit;
    char strategy[48]; /* "": of the whole run */
    int gate;          /* -1: of no gate */
    char measure[GW_METRIC_KEY_MAX];
    double value; /* mean over seeds */
};
struct null_refits {
    struct null_value *value; /* [n] refit after refit, owned */
    size_t n, room;
    size_t n_refits, n_taken; /* refits of noise that are in it; of all of them, taken from an earlier call */
};

/* Figures of the whole run. */
#define NULL_FOUND_GATES        "found_gates"        /* contestants × gates above the null control, corrected */
#define NULL_BETTER_DIFFERENCES "better_differences" /* of all candidates over the baseline, corrected */
#define NULL_ATTENTION_BETTER   "attention_better"   /* 1: the run would call attention better */
#define NULL_SUCCESS_TESTS      "success_tests"      /* candidates that meet all criteria but the time, significantly */
#define NULL_TRADED             "traded"             /* enum traded */

/* Does what `dir` does not hold yet of refits 0 … n, one after another; after each DIR/null_refits.csv is whole. The fits of the
 * one at work are kept in DIR/models until it is done. run: the directory of the finished run whose fits are those of refit 0,
 * "": none. GW_ERR_USAGE for a folder that holds the refits of another configuration or of other data. */
int null_refits_make(const struct experiment *experiment, struct prepared *prepared, const char *dir, const char *run,
                     size_t n, size_t jobs, struct null_refits *out) GW_MUST_USE;
void null_refits_free(struct null_refits *refits);

/* One figure over the refits of noise beside the experiment's own. */
struct null_summary {
    double own, mean, upper, best; /* upper: 95 % of them lie at or below */
    double p_value;                /* share of refits at least as high, the experiment's own counted among them */
    size_t n;
};
int null_refits_summary(const struct null_refits *refits, const struct null_value *of,
                        struct null_summary *out) GW_MUST_USE;

#define NULL_REFITS_TABLE "null_refits.csv"
#define NULL_REFITS_JSON  "null_refits.json"

#endif
