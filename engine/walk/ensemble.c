/* Ensembles: members, and weights learned on the validation slices. */
#include "ensemble.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/score/mixture.h"
#include "outside.h"
#include "scores.h"

_Static_assert(MAX_STRATEGIES *MAX_SEEDS <= MIXTURE_MAX, "an ensemble of everything is a mixture");

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
            likelihood[n_rows * n + i] = mixture_likelihood(q, label[v]);
        }
        n_rows++;
    }
    if (rc == GW_OK) mixture_weights(likelihood, n_rows, n, learned);
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
