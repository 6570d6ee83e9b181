/* One fold's scaled inputs: what a fit may see, and what is scored after it. */
#ifndef GATEWALK_RUN_FOLD_DATA_H
#define GATEWALK_RUN_FOLD_DATA_H

#include "fold_cross.h"

/* What is known of a fold already, from a stored model say, and is taken as it is; NULL: it is fitted on the purged training
 * samples. */
struct fold_known {
    const struct gw_scaler *scaler;
    const double *learnt; /* of the set's fitted features */
};

struct fold_data {
    size_t n_symbols, n_features;
    size_t *symbol;                 /* [n_symbols] where each stands in the market: all of them, or those of a fit */
    size_t *first;                  /* [n_symbols] bar index of the first row */
    float **x;                      /* [n_symbols] scaled rows from `first` to the end of the test slice */
    struct gw_series *fit_series;   /* [n_symbols] ends with the validation slice: the fit cannot reach further */
    struct gw_series *score_series; /* [n_symbols] ends with the test slice, without labels */
    struct gw_sample *sample[GW_N_SLICES]; /* (symbol, row) order */
    size_t n[GW_N_SLICES];
    struct gw_scaler scaler;
    const double *learnt; /* by the fitted features; p's, the caller's or own_learnt. NULL: none is fitted */
    double *own_learnt;   /* of a fit of some symbols, from their bars alone */
    size_t n_strategies;
    struct fold_cross *cross; /* [n_strategies] */
};
/* The series that a contestant fits and scores: those above, with its second sequence if it has one. */
const struct gw_series *fold_fit_series(const struct fold_data *data, size_t strategy);
const struct gw_series *fold_score_series(const struct fold_data *data, size_t strategy);
/* `known` may be NULL: nothing is. */
int fold_data_build(const struct experiment *e, const struct prepared *p, size_t fold, const struct fold_known *known,
                    struct fold_data *out) GW_MUST_USE;
/* The same for a fit of some symbols. */
int fold_data_build_of(const struct experiment *e, const struct prepared *p, const struct fit *fit,
                       const struct fold_known *known, struct fold_data *out) GW_MUST_USE;
void fold_data_free(struct fold_data *data);

#endif
