/* Models of symbols or groups: whose bars each knows, and all that they say as if one had said it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "fits.h"

size_t fit_count_samples(const struct prepared *p, const struct fit *fit, int slice) {
    const struct gw_fold *fold = &p->plan.fold[fit->fold];
    size_t n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        if (fit_knows(p, fit, s)) n += fold->samples[slice][s].end - fold->samples[slice][s].begin;
    return n;
}

size_t fit_count_symbols(const struct prepared *p, const struct fit *fit) {
    size_t n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) n += fit_knows(p, fit, s);
    return n;
}

static float *unknown(size_t n) {
    float *value = mem_calloc(n + 1, GW_N_GATES * sizeof *value);
    for (size_t i = 0; value && i < n * GW_N_GATES; i++) value[i] = NAN;
    return value;
}

/* A fit of all symbols that says nothing yet. */
static int begin_whole(const struct prepared *p, const struct fit *of, struct fit *whole) {
    *whole = (struct fit){.strategy = of->strategy, .seed = of->seed, .fold = of->fold};
    whole->n_test = fit_count_samples(p, whole, GW_SLICE_TEST);
    whole->probability = unknown(whole->n_test);
    whole->validation = unknown(fit_count_samples(p, whole, GW_SLICE_VALIDATION));
    whole->tau = (float(*)[GW_N_GATES])(void *)unknown(p->market.n_symbols);
    for (size_t s = 0; whole->tau && s < p->market.n_symbols; s++) whole->tau[s][0] = whole->tau[s][1] = INFINITY;
    return whole->probability && whole->validation && whole->tau ? GW_OK : GW_ERR_NOMEM;
}

/* The part's rows to their places among all symbols'. */
static void place(const struct prepared *p, const struct fit *part, int slice, const float *from, float *to) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[part->fold].samples[slice][s];
        const size_t n = (r->end - r->begin) * GW_N_GATES;
        if (fit_knows(p, part, s)) {
            memcpy(to, from, n * sizeof *to);
            from += n;
        }
        to += n;
    }
}

static void add_part(const struct prepared *p, const struct fit *part, struct fit *whole) {
    size_t k = 0;
    place(p, part, GW_SLICE_TEST, part->probability, whole->probability);
    place(p, part, GW_SLICE_VALIDATION, part->validation, whole->validation);
    for (size_t s = 0; s < p->market.n_symbols; s++)
        if (fit_knows(p, part, s)) memcpy(whole->tau[s], part->tau[k++], sizeof whole->tau[s]);
}

static struct fit *find_whole(struct fit_list *fits, const struct fit *part) {
    for (size_t i = fits->n_whole; i-- > 0;) {
        struct fit *whole = &fits->whole[i];
        if (whole->strategy == part->strategy && whole->seed == part->seed && whole->fold == part->fold) return whole;
    }
    return NULL;
}

int fits_join(const struct experiment *e, const struct prepared *p, struct fit_list *fits) {
    size_t n = 0;
    fits->whole = NULL;
    fits->n_whole = 0;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strategy_trains(&e->strategy[s]) && e->strategy[s].models != MODELS_POOLED)
            n += e->n_seeds * p->plan.n_folds;
    if (n == 0) return GW_OK;
    if (!(fits->whole = mem_calloc(n, sizeof *fits->whole))) return GW_ERR_NOMEM;
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; strategy_trains(&e->strategy[s]) && e->strategy[s].models && k < e->n_seeds; k++)
            for (size_t f = 0; f < p->plan.n_folds; f++) {
                const struct fit of = {.strategy = s, .seed = k, .fold = f};
                TRY(begin_whole(p, &of, &fits->whole[fits->n_whole++]));
            }
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *part = &fits->fit[i];
        struct fit *whole = part->models == MODELS_POOLED ? NULL : find_whole(fits, part);
        if (whole && part->probability) add_part(p, part, whole);
    }
    return GW_OK;
}

void fits_part(struct fit_list *fits) {
    for (size_t i = 0; i < fits->n_whole; i++) fit_release(&fits->whole[i]);
    mem_free(fits->whole);
    fits->whole = NULL;
    fits->n_whole = 0;
}
