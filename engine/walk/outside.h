/* Scores from outside: what a model that was trained elsewhere says of the bars, read from its files, joined by time and
 * symbol, checked, and laid out as a fit's scores are. From there on nothing knows the difference. */
#ifndef GATEWALK_WALK_OUTSIDE_H
#define GATEWALK_WALK_OUTSIDE_H

#include "fits.h"

struct outside_file {
    char path[1024];
    uint64_t hash; /* of its bytes */
    size_t n_bytes, n_rows;
};

/* What became of the rows. Bars are counted once, whatever the number of seeds: one is scored when every seed says
 * something of it. */
struct outside_account {
    size_t n_rows;
    size_t n_other;      /* of another strategy, symbol or seed */
    size_t n_no_bar;     /* at a time at which no bar closes */
    size_t n_unused;     /* of bars that are neither tested nor validated on */
    size_t n_duplicates; /* say again what an earlier row has said */
    size_t test_bars, test_scored;
    size_t validation_bars, validation_scored; /* of all folds: one that two folds validate on counts twice */
};

/* Was it checked that no score is of a model that had seen the bar? By which column. */
enum out_of_fold { OUT_OF_FOLD_NOT_STATED, OUT_OF_FOLD_BY_FOLD, OUT_OF_FOLD_BY_TIME, OUT_OF_FOLD_BY_BOTH };
/* Where thresholds come from. */
enum tau_source { TAU_OWN, TAU_VALIDATION, TAU_ROLLING, N_TAU_SOURCES };

struct outside {
    size_t n_files;
    struct outside_file *file; /* [n_files] */
    bool seeded;               /* by the experiment's seeds; else one repetition that is written as seed 0 */
    size_t n_seeds;
    struct fit_list fits;          /* [n_seeds × n_folds], of which only the scores and thresholds are filled */
    bool answers;                  /* from words: what is no answer for a side never acts */
    bool ranking_only[GW_N_GATES]; /* a score outside [0, 1]: no probabilities */
    bool perhaps_shifted;          /* open times might be taken for close times, or the other way round */
    enum out_of_fold out_of_fold;
    size_t tau_folds[N_TAU_SOURCES]; /* folds by where their thresholds come from */
    struct outside_account account;
};

/* Reads the scores of all contestants that have them from outside into `prepared`, before anything is trained: what is
 * wrong with them is said at once. GW_ERR_DATA: "file:line:column: what, and what to do". */
int outside_prepare(const struct experiment *experiment, struct prepared *prepared) GW_MUST_USE;

/* Of a strategy, or of the strategy that it is an ensemble of; NULL: scored by models of this run, or by none. */
const struct outside *outside_of(const struct experiment *experiment, const struct prepared *prepared, size_t strategy);
/* Repetitions of any contestant, and the seed that one is written with. */
size_t outside_repeats(const struct experiment *experiment, const struct prepared *prepared, size_t strategy);
uint64_t outside_seed(const struct experiment *experiment, const struct prepared *prepared, size_t strategy, size_t k);

#endif
