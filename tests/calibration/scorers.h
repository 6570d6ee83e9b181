/* Contestants that cost nothing to train: they fill the fits of a walk, and everything behind the fits is the engine's own. */
#ifndef GATEWALK_TEST_CALIBRATION_SCORERS_H
#define GATEWALK_TEST_CALIBRATION_SCORERS_H

#include "engine/base/base.h"
#include "engine/walk/fits.h"
#include "gatewalk/rng.h"
#include "series.h"

/* What a contestant knows. */
enum knowledge {
    BLIND,      /* its own noise, which lives for some bars */
    VOLATILITY, /* all see how much moves, each through its own noise: equally good where volatility clusters */
    LOGISTIC,   /* a logistic regression of its own features on the training slice */
    FORESIGHT   /* the coming label itself through noise, candidates better than the baseline: what must be found */
};

/* How long noise lives differs from series to series: scores of real gates jump, or move like their features. */
static inline double noise_memory(uint64_t series) {
    static const double memory[] = {0, 0.8, 0.95};
    return memory[series % 3];
}

/* ---- logistic regression ------------------------------------------------------------------------------------------ */

enum { LOGISTIC_INPUTS = 3, LOGISTIC_TERMS = LOGISTIC_INPUTS + 1, LOGISTIC_STEPS = 6 };

struct logistic {
    size_t column[LOGISTIC_INPUTS];
    double mean[LOGISTIC_INPUTS], scale[LOGISTIC_INPUTS], weight[LOGISTIC_TERMS];
};

static inline void logistic_row(const struct logistic *l, const struct gw_feature_matrix *m, size_t bar, double *x) {
    x[0] = 1;
    for (size_t i = 0; i < LOGISTIC_INPUTS; i++)
        x[i + 1] = ((double)m->value[bar * m->n_features + l->column[i]] - l->mean[i]) / l->scale[i];
}

static inline double logistic_score(const struct logistic *l, const struct gw_feature_matrix *m, size_t bar) {
    double x[LOGISTIC_TERMS], sum = 0;
    logistic_row(l, m, bar, x);
    for (size_t i = 0; i < LOGISTIC_TERMS; i++) sum += l->weight[i] * x[i];
    return 1 / (1 + exp(-sum));
}

/* Solves a x = b for a small positive definite matrix. */
static inline void solve(double a[LOGISTIC_TERMS][LOGISTIC_TERMS], double *b) {
    for (size_t i = 0; i < LOGISTIC_TERMS; i++)
        for (size_t k = i + 1; k < LOGISTIC_TERMS; k++) {
            const double factor = a[k][i] / a[i][i];
            for (size_t j = i; j < LOGISTIC_TERMS; j++) a[k][j] -= factor * a[i][j];
            b[k] -= factor * b[i];
        }
    for (size_t i = LOGISTIC_TERMS; i-- > 0;) {
        for (size_t j = i + 1; j < LOGISTIC_TERMS; j++) b[i] -= a[i][j] * b[j];
        b[i] /= a[i][i];
    }
}

/* Newton's steps with a little ridge. */
static inline void logistic_fit(struct logistic *l, const struct prepared *p, size_t fold, int gate,
                                struct gw_rng *rng) {
    const struct gw_range r = p->plan.fold[fold].samples[GW_SLICE_TRAIN][0];
    const struct gw_feature_matrix *m = &p->features[0];
    for (size_t i = 0; i < LOGISTIC_INPUTS; i++) {
        double sum = 0, squares = 0, n = (double)(r.end - r.begin);
        l->column[i] = (size_t)gw_rng_below(rng, m->n_features);
        for (size_t k = 0; k < i; k++)
            if (l->column[k] == l->column[i]) l->column[i] = (l->column[i] + 1) % m->n_features, k = SIZE_MAX;
        for (size_t t = r.begin; t < r.end; t++) sum += (double)m->value[t * m->n_features + l->column[i]];
        l->mean[i] = sum / n;
        for (size_t t = r.begin; t < r.end; t++)
            squares += pow((double)m->value[t * m->n_features + l->column[i]] - l->mean[i], 2);
        l->scale[i] = sqrt(squares / n) + 1e-12;
    }
    memset(l->weight, 0, sizeof l->weight);
    for (int step = 0; step < LOGISTIC_STEPS; step++) {
        double slope[LOGISTIC_TERMS] = {0}, bend[LOGISTIC_TERMS][LOGISTIC_TERMS] = {{0}}, x[LOGISTIC_TERMS];
        for (size_t t = r.begin; t < r.end; t++) {
            const double probability = logistic_score(l, m, t), error = p->labels[0].gate[gate][t] - probability;
            logistic_row(l, m, t, x);
            for (size_t i = 0; i < LOGISTIC_TERMS; i++) {
                slope[i] += error * x[i];
                for (size_t j = 0; j < LOGISTIC_TERMS; j++) bend[i][j] += probability * (1 - probability) * x[i] * x[j];
            }
        }
        for (size_t i = 0; i < LOGISTIC_TERMS; i++) bend[i][i] += 1;
        solve(bend, slope);
        for (size_t i = 0; i < LOGISTIC_TERMS; i++) l->weight[i] += slope[i];
    }
}

/* ---- fits --------------------------------------------------------------------------------------------------------- */

/* One contestant's logit at every bar of a market, but for its noise. */
static inline double known(enum knowledge knowledge, const struct prepared *p, size_t strategy, int gate, size_t bar) {
    const struct gw_feature_matrix *m = &p->features[0];
    if (knowledge == VOLATILITY)
        return 0.7 * log(fmax((double)m->value[bar * m->n_features + m->n_features - 1], 1e-5) / SERIES_VOLATILITY);
    if (knowledge == FORESIGHT) return p->labels[0].gate[gate][bar] == 1 ? (strategy == 0 ? 0.5 : 1.2) : 0;
    return 0;
}

static inline void fill_slice(const struct logistic *l, const double *noise, enum knowledge knowledge,
                              const struct prepared *p, const struct fit *fit, int gate, int slice, float *out) {
    const struct gw_range r = p->plan.fold[fit->fold].samples[slice][0];
    for (size_t t = r.begin; t < r.end; t++) {
        const double logit = -2.2 + known(knowledge, p, fit->strategy, gate, t) + 0.5 * noise[t];
        const double score = knowledge == LOGISTIC ? logistic_score(l, &p->features[0], t) : 1 / (1 + exp(-logit));
        out[(t - r.begin) * GW_N_GATES + (size_t)gate] = (float)score;
    }
}

static inline void scorers_fill(const struct experiment *e, const struct prepared *p, enum knowledge knowledge,
                                uint64_t series, struct fit *fit) {
    const struct gw_fold *fold = &p->plan.fold[fit->fold];
    const size_t n = p->market.symbol[0].n, n_valid = gw_fold_count_samples(fold, GW_SLICE_VALIDATION, 1);
    const double memory = noise_memory(series);
    double *noise = mem_calloc(n, sizeof *noise);
    fit->n_test = gw_fold_count_samples(fold, GW_SLICE_TEST, 1);
    fit->validation = mem_calloc(n_valid * GW_N_GATES, sizeof *fit->validation);
    fit->probability = mem_calloc(fit->n_test * GW_N_GATES, sizeof *fit->probability);
    fit->tau = mem_calloc(1, sizeof *fit->tau);
    assert_true(noise && fit->validation && fit->probability && fit->tau);
    for (int g = 0; g < GW_N_GATES; g++) {
        struct gw_rng rng;
        struct logistic logistic = {0};
        gw_rng_key(&rng, series, "scorer", fit->strategy, (uint64_t)g, fit->fold);
        noise[0] = gw_rng_normal(&rng);
        for (size_t t = 1; t < n; t++)
            noise[t] = memory * noise[t - 1] + sqrt(1 - memory * memory) * gw_rng_normal(&rng);
        if (knowledge == LOGISTIC) logistic_fit(&logistic, p, fit->fold, g, &rng);
        fill_slice(&logistic, noise, knowledge, p, fit, g, GW_SLICE_VALIDATION, fit->validation);
        fill_slice(&logistic, noise, knowledge, p, fit, g, GW_SLICE_TEST, fit->probability);
    }
    mem_free(noise);
    assert_ok(fit_thresholds(e, p, fit->fold, fit->validation, fit->tau));
    fit->done = true;
}

#endif
