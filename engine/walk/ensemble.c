/* Ensembles: members, and weights learned on the validation slices. */
#include "ensemble.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside.h"
#include "scores.h"

/* A member that was sure and wrong once is not out for good. */
static const double LEAST_LIKELIHOOD = 1e-6;
/* The mean log likelihood is within this of the highest there is. */
static const double GAP = 1e-9;
enum { ROUNDS_MAX = 2000, MEMBERS_MAX = MAX_STRATEGIES * MAX_SEEDS };

/* Mean log likelihood of weights, and ratio_i = mean of row_i / mixture: of a concave function nothing is further above than
 * the largest of them less 1. */
static double judge(const double *likelihood, size_t n_rows, size_t n, const double *weight, double *ratio) {
    double sum = 0;
    memset(ratio, 0, n * sizeof *ratio);
    for (size_t v = 0; v < n_rows; v++) {
        const double *row = likelihood + v * n;
        double mixture = 0;
        for (size_t i = 0; i < n; i++) mixture += weight[i] * row[i];
        for (size_t i = 0; i < n; i++) ratio[i] += row[i] / mixture / (double)n_rows;
        sum += log(mixture) / (double)n_rows;
    }
    return sum;
}

/* to_i ∝ from_i ratio_i^power; with power 1 a round of expectation maximisation, which never falls. */
static void move(const double *from, const double *ratio, double power, size_t n, double *to) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += to[i] = from[i] * pow(ratio[i], power);
    for (size_t i = 0; i < n; i++) to[i] /= sum;
}

void ensemble_mixture(const double *likelihood, size_t n_rows, size_t n, double *weight) {
    double ratio[MEMBERS_MAX], next[MEMBERS_MAX], next_ratio[MEMBERS_MAX], power = 1;
    for (size_t i = 0; i < n; i++) weight[i] = 1 / (double)n;
    if (n_rows == 0 || n < 2) return;
    double now = judge(likelihood, n_rows, n, weight, ratio);
    for (size_t round = 0; round < ROUNDS_MAX; round++) {
        double most = 0;
        for (size_t i = 0; i < n; i++) most = fmax(most, ratio[i]);
        if (most - 1 <= GAP) return;
        move(weight, ratio, power, n, next);
        const double then = judge(likelihood, n_rows, n, next, next_ratio);
        if (!(then >= now) && power > 1) { /* too far: shorter steps again */
            power = fmax(1, power / 4);
            continue;
        }
        now = then;
        power *= 1.5;
        memcpy(weight, next, n * sizeof *weight);
        memcpy(ratio, next_ratio, n * sizeof *ratio);
    }
}

static int list_members(const struct experiment *e, const struct prepared *p, size_t strategy, struct ensemble *out) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    size_t s, n = 0;
    for (size_t i = 0; config_averaged(e, spec, i, strategy, &s); i++)
        n += s == SIZE_MAX ? 0 : outside_repeats(e, p, s);
    out->member = mem_calloc(n, sizeof *out->member);
    if (!out->member) return GW_ERR_NOMEM;
    for (size_t i = 0; config_averaged(e, spec, i, strategy, &s); i++)
        for (size_t k = 0; s != SIZE_MAX && k < outside_repeats(e, p, s); k++)
            out->member[out->n++] = (struct ensemble_member){s, k};
    return GW_OK;
}

/* Labels of a fold's validation slice in the order of its probabilities. */
static void fill_labels(const struct prepared *p, size_t fold, size_t gate, int8_t *label) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[fold].samples[GW_SLICE_VALIDATION][s];
        for (size_t t = r->begin; t < r->end; t++) *label++ = p->labels[s].gate[gate][t];
    }
}

/* said: [n] the members' probabilities of the slice [rows × gates]. */
static int learn(const struct prepared *p, const float *const *said, size_t n, size_t fold, size_t gate,
                 float *weight) {
    const size_t rows = gw_fold_count_samples(&p->plan.fold[fold], GW_SLICE_VALIDATION, p->market.n_symbols);
    int8_t *label = mem_calloc(rows + 1, sizeof *label);
    double *likelihood = mem_calloc(rows * n + 1, sizeof *likelihood), *learned = mem_calloc(n, sizeof *learned);
    size_t n_rows = 0;
    int rc = label && likelihood && learned ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) fill_labels(p, fold, gate, label);
    for (size_t v = 0; rc == GW_OK && v < rows; v++) {
        if (label[v] == GW_LABEL_MISSING) continue;
        for (size_t i = 0; i < n; i++) {
            const double q = (double)said[i][v * GW_N_GATES + gate];
            likelihood[n_rows * n + i] = fmax(label[v] ? q : 1 - q, LEAST_LIKELIHOOD);
        }
        n_rows++;
    }
    if (rc == GW_OK) ensemble_mixture(likelihood, n_rows, n, learned);
    for (size_t i = 0; rc == GW_OK && i < n; i++) weight[i] = (float)learned[i];
    mem_free(learned);
    mem_free(likelihood);
    mem_free(label);
    return rc;
}

static int learn_all(const struct prepared *p, const struct fit_list *fits, struct ensemble *out) {
    const struct fit **by_fold = mem_calloc(p->plan.n_folds, sizeof *by_fold);
    const float **said = mem_calloc(p->plan.n_folds * out->n, sizeof *said);
    out->weight = mem_calloc(p->plan.n_folds * GW_N_GATES * out->n, sizeof *out->weight);
    int rc = by_fold && said && out->weight ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < out->n; i++) {
        scores_fold_fits(p, fits, out->member[i].strategy, out->member[i].seed, by_fold);
        for (size_t f = 0; f < p->plan.n_folds; f++) said[f * out->n + i] = by_fold[f]->validation;
    }
    for (size_t f = 0; rc == GW_OK && f < p->plan.n_folds; f++)
        for (size_t g = 0; rc == GW_OK && g < GW_N_GATES; g++)
            rc = learn(p, said + f * out->n, out->n, f, g, out->weight + (f * GW_N_GATES + g) * out->n);
    mem_free(said);
    mem_free(by_fold);
    return rc;
}

int ensemble_make(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, size_t strategy,
                  struct ensemble *out) {
    TRY(list_members(e, p, strategy, out));
    return e->strategy[strategy].weights == WEIGHTS_VALIDATION ? learn_all(p, fits, out) : GW_OK;
}

void ensemble_free(struct ensemble *ensemble) {
    mem_free(ensemble->member);
    mem_free(ensemble->weight);
    *ensemble = (struct ensemble){.member = NULL};
}
