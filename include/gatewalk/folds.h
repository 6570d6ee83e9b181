/* Walk-forward folds with purge and embargo.
 *
 * Slices are cut on the market's clock (the sorted distinct close times of all symbols); per symbol
 * each slice is a range of bar indexes. A sample at bar t whose label needs bar t+h may be used in a
 * slice only if t + h + embargo lies before the next slice begins (Lopez de Prado 2018, ch. 7). */
#ifndef GATEWALK_FOLDS_H
#define GATEWALK_FOLDS_H

#include <stdio.h>

#include "bars.h"
#include "param.h"

GW_BEGIN_DECLS

struct gw_fold_config {
    bool expanding;                               /* default rolling */
    struct gw_span train, validation, test, step; /* step all zero: test length */
    size_t embargo;                               /* bars added to the purge */
    size_t horizon;                               /* label horizon h, bars */
    size_t first_usable; /* earliest bar index that can be a sample: feature warm-up + lookback - 1 */
};

enum { GW_SLICE_TRAIN, GW_SLICE_VALIDATION, GW_SLICE_TEST, GW_N_SLICES };
extern const char *const gw_slice_name[GW_N_SLICES];

/* Half-open range of one symbol's bar indexes. */
struct gw_range {
    size_t begin, end;
};

struct gw_fold {
    int64_t begin_ns[GW_N_SLICES], end_ns[GW_N_SLICES]; /* close times: begin <= close < end */
    /* [n_symbols] each; `bars` is the whole slice, `samples` what is left after warm-up and purge. For
     * the test slice samples = bars that have a full window (labels may still be missing). */
    struct gw_range *bars[GW_N_SLICES], *samples[GW_N_SLICES];
    size_t purged[2]; /* samples dropped at train→validation and validation→test, all symbols */
};

/* Samples of one slice, all symbols. */
size_t gw_fold_count_samples(const struct gw_fold *fold, int slice, size_t n_symbols);

struct gw_fold_plan {
    size_t n_folds, n_symbols;
    struct gw_fold *fold; /* owned */
    struct gw_fold_config config;
};

/* Fold 0 trains from the first tick; fold k's test slice begins k steps after that of fold 0 and the other
 * slices lie before it. A last test slice cut short by the end of the data is kept from half its length on;
 * a test slice without a sample of any symbol (a closed market) is passed over. A symbol without bars in a
 * slice has an empty range. Only samples whose label exists in the data are used for training and validation.
 * Errors (GW_ERR_CONFIG): zero lengths, a step shorter than the test slice, a slice that purge leaves empty, too little data for one fold (says what is needed and what is there). */
int gw_folds_plan(const struct gw_market *market, const struct gw_fold_config *config,
                  struct gw_fold_plan *out) GW_MUST_USE;
/* Proves no overlap: every used sample's label ends before the next slice's first bar; slices in order;
 * test slices do not overlap. GW_ERR_INTERNAL with the offending bar otherwise. */
int gw_folds_audit(const struct gw_market *market, const struct gw_fold_plan *plan) GW_MUST_USE;
/* The audit as a table for people, one line a slice: first and last bar, bars, samples, purged samples, close
 * of the last bar that a label looks at, first bar of the next slice, and the least number of bars between. */
void gw_folds_print(const struct gw_market *market, const struct gw_fold_plan *plan, FILE *stream);
void gw_folds_free(struct gw_fold_plan *plan);

GW_END_DECLS

#endif
