/* Fitted features, fold by fold: from bars and labels of the purged training slice, and nothing after it. */
#include "fit_features.h"

#include <omp.h>

struct fitted_fold {
    omp_lock_t lock;
    double *learnt; /* NULL: nobody has asked yet */
};
struct fitted_folds {
    size_t n_folds;
    struct fitted_fold *fold;
};

int fitted_make(struct prepared *p) {
    if (gw_feature_set_learnt(p->set) == 0) return GW_OK;
    struct fitted_folds *fitted = mem_calloc(1, sizeof *fitted);
    struct fitted_fold *fold = mem_calloc(p->plan.n_folds, sizeof *fold);
    if (!fitted || !fold) {
        mem_free(fitted);
        mem_free(fold);
        return GW_ERR_NOMEM;
    }
    for (size_t f = 0; f < p->plan.n_folds; f++) omp_init_lock(&fold[f].lock);
    *fitted = (struct fitted_folds){p->plan.n_folds, fold};
    p->fitted = fitted;
    return GW_OK;
}

void fitted_free(struct fitted_folds *fitted) {
    for (size_t f = 0; fitted && f < fitted->n_folds; f++) {
        omp_destroy_lock(&fitted->fold[f].lock);
        mem_free(fitted->fold[f].learnt);
    }
    if (fitted) mem_free(fitted->fold);
    mem_free(fitted);
}

void fitted_forget(struct prepared *p) {
    for (size_t f = 0; p->fitted && f < p->fitted->n_folds; f++) {
        mem_free(p->fitted->fold[f].learnt);
        p->fitted->fold[f].learnt = NULL;
    }
}

/* Keyed by the fold alone: models of every seed see the same inputs. */
static int learn(const struct prepared *p, size_t index, const size_t *symbol, size_t n_symbols, double **out) {
    const struct gw_fold *fold = &p->plan.fold[index];
    const uint64_t number = index;
    double *learnt = mem_calloc(gw_feature_set_learnt(p->set), sizeof *learnt);
    struct gw_feature_slice *slice = mem_calloc(n_symbols, sizeof *slice);
    int rc = learnt && slice ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < n_symbols; i++) {
        const size_t s = symbol ? symbol[i] : i;
        slice[i] = (struct gw_feature_slice){.bars = &p->market.symbol[s], .samples = fold->samples[GW_SLICE_TRAIN][s]};
        for (int g = 0; g < GW_N_GATES; g++) slice[i].label[g] = p->labels[s].gate[g];
    }
    if (rc == GW_OK) rc = gw_feature_set_learn(p->set, slice, n_symbols, hash_bytes(&number, sizeof number, 0), learnt);
    mem_free(slice);
    if (rc == GW_OK)
        *out = learnt;
    else
        mem_free(learnt);
    return rc;
}

int fitted_learnt_of(const struct prepared *p, size_t fold, const size_t *symbol, size_t n_symbols, double **learnt) {
    *learnt = NULL;
    return gw_feature_set_learnt(p->set) ? learn(p, fold, symbol, n_symbols, learnt) : GW_OK;
}

int fitted_learnt(const struct prepared *p, size_t fold, const double **learnt) {
    int rc = GW_OK;
    *learnt = NULL;
    if (!p->fitted) return GW_OK;
    struct fitted_fold *own = &p->fitted->fold[fold];
    omp_set_lock(&own->lock);
    if (!own->learnt) rc = learn(p, fold, NULL, p->market.n_symbols, &own->learnt);
    *learnt = own->learnt;
    omp_unset_lock(&own->lock);
    return rc;
}
