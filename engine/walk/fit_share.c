/* How fits are shared out: chains by their length, the longest first (Graham 1969: at most 4/3 of the best there is). */
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "fits.h"
#include "gatewalk/model.h"

/* A window multiplies every weight at every step, a streaming bar once and its share of the warm-up. */
double fits_cost(const struct experiment *e, const struct prepared *p, const struct fit *fit) {
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    const struct gw_train_config *train = &spec->train;
    double T = (double)spec->model.lookback, steps = T;
    if (spec->model.unroll == GW_UNROLL_STREAM) {
        double length = train->segment ? (double)train->segment : 2 * T;
        steps = 1 + (train->segment_warmup ? (double)train->segment_warmup : T) / length;
    }
    return steps * (double)gw_model_parameter_count(&spec->model) * (double)train->epochs *
           (double)fit_count_samples(p, fit, GW_SLICE_TRAIN);
}

double fits_chain_cost(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                       size_t begin) {
    double sum = 0;
    for (size_t i = begin; i != SIZE_MAX; i = fits_next_in_chain(e, fits, i)) sum += fits_cost(e, p, &fits->fit[i]);
    return sum;
}

struct length {
    double cost;
    size_t begin;
};
static int longest_first(const void *a, const void *b) {
    const struct length *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? 1 : -1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int lengths(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   struct length **out, size_t *n) {
    *n = 0;
    *out = mem_calloc(fits->n ? fits->n : 1, sizeof **out);
    if (!*out) return GW_ERR_NOMEM;
    for (size_t i = 0; i < fits->n; i++)
        if (fit_heads_chain(e, &fits->fit[i])) (*out)[(*n)++] = (struct length){fits_chain_cost(e, p, fits, i), i};
    qsort(*out, *n, sizeof **out, longest_first);
    return GW_OK;
}

int fits_by_length(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, size_t **chain,
                   size_t *n) {
    struct length *length;
    TRY(lengths(e, p, fits, &length, n));
    *chain = mem_calloc(*n ? *n : 1, sizeof **chain);
    for (size_t i = 0; *chain && i < *n; i++) (*chain)[i] = length[i].begin;
    mem_free(length);
    return *chain ? GW_OK : GW_ERR_NOMEM;
}

static size_t least_loaded(const double *load, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (load[i] < load[best]) best = i;
    return best;
}

int fits_keep_share(const struct experiment *e, const struct prepared *p, struct fit_list *fits, size_t shard,
                    size_t n_shards) {
    struct length *length;
    size_t n;
    TRY(lengths(e, p, fits, &length, &n));
    double *load = mem_calloc(n_shards, sizeof *load);
    for (size_t i = 0; load && i < n; i++) {
        size_t owner = least_loaded(load, n_shards);
        load[owner] += length[i].cost;
        for (size_t f = length[i].begin; f != SIZE_MAX; f = fits_next_in_chain(e, fits, f))
            fits->fit[f].elsewhere = owner + 1 != shard;
    }
    mem_free(length);
    mem_free(load);
    return load ? GW_OK : GW_ERR_NOMEM;
}
