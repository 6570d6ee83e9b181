/* What two contestants are compared on: the labelled bars that both have scored with every seed. */
#ifndef GATEWALK_RESULTS_SAMPLES_H
#define GATEWALK_RESULTS_SAMPLES_H

#include "engine/score/family.h"
#include "results.h"

/* Probabilities of the labelled bars by contestant, gate and seed, each one array: pairs that have scored every bar share them. */
struct score_columns {
    size_t n, n_strategies;
    const float **at; /* [n_strategies × GW_N_GATES × MAX_SEEDS]; NULL: the contestant has none */
    bool *whole;      /* [n_strategies × GW_N_GATES] every bar with every seed */
};
int score_columns_make(const struct experiment *e, const struct results *r, struct score_columns *out) GW_MUST_USE;
void score_columns_free(struct score_columns *columns);

/* A pair on one gate. What it does not share it owns. */
struct pair_sample {
    struct family_pair pair;
    const float *score_a[MAX_SEEDS], *score_b[MAX_SEEDS];
    const double *pnl_a[MAX_SEEDS], *pnl_b[MAX_SEEDS];
    bool owned;
};
/* The sample points into itself: it must not move. Free it whatever comes back. */
int pair_sample_make(const struct experiment *e, const struct results *r, const struct score_columns *columns,
                     const struct pair_verdict *verdict, int gate, struct pair_sample *out) GW_MUST_USE;
void pair_sample_free(struct pair_sample *sample);

#endif
