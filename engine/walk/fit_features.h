/* What a fold's fitted features have learnt. All fits of a fold share it, whatever their model and seed: learnt once, by whoever
 * asks first. */
#ifndef GATEWALK_WALK_FIT_FEATURES_H
#define GATEWALK_WALK_FIT_FEATURES_H

#include "walk.h"

/* For the folds that are planned; nothing where no feature is fitted. */
int fitted_make(struct prepared *p) GW_MUST_USE;
void fitted_free(struct fitted_folds *fitted); /* NULL is nothing to do */
/* The labels are others now. No fit may be under way. */
void fitted_forget(struct prepared *p);
/* [gw_feature_set_learnt(p->set)], NULL where no feature is fitted; p's. From any thread. */
/* The same from some symbols' bars alone; the caller's, NULL where no feature is fitted. */
int fitted_learnt_of(const struct prepared *p, size_t fold, const size_t *symbol, size_t n_symbols,
                     double **learnt) GW_MUST_USE;
int fitted_learnt(const struct prepared *p, size_t fold, const double **learnt) GW_MUST_USE;

#endif
