/* Thresholds that move with the walk. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "scores.h"

/* The last M emitted probabilities, kept both in order of arrival and sorted. */
struct rolling {
    float *ring, *sorted;
    size_t n, size, next;
};

static size_t position(const float *sorted, size_t n, float value) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void rolling_push(struct rolling *r, float value) {
    if (r->n == r->size) {
        size_t old = position(r->sorted, r->n, r->ring[r->next]);
        memmove(r->sorted + old, r->sorted + old + 1, (r->n - old - 1) * sizeof *r->sorted);
        r->n--;
    }
    size_t place = position(r->sorted, r->n, value);
    memmove(r->sorted + place + 1, r->sorted + place, (r->n - place) * sizeof *r->sorted);
    r->sorted[place] = value;
    r->n++;
    r->ring[r->next] = value;
    r->next = (r->next + 1) % r->size;
}

static float rolling_threshold(const struct rolling *r, double k_percent) {
    return r->sorted[r->n - gw_metric_top_k_count(k_percent, r->n)];
}

/* A pool of all symbols, or one each; by gate. */
struct pools {
    struct rolling *pool;
    size_t n;
    bool each;
};

static void pools_free(struct pools *pools) {
    for (size_t i = 0; pools->pool && i < pools->n; i++) {
        mem_free(pools->pool[i].ring);
        mem_free(pools->pool[i].sorted);
    }
    mem_free(pools->pool);
}

static int pools_make(struct pools *pools, const struct experiment *e, size_t n_symbols) {
    pools->each = e->signals.pool == POOL_EACH;
    pools->n = (pools->each ? n_symbols : 1) * GW_N_GATES;
    pools->pool = mem_calloc(pools->n, sizeof *pools->pool);
    if (!pools->pool) return GW_ERR_NOMEM;
    for (size_t i = 0; i < pools->n; i++) {
        struct rolling *r = &pools->pool[i];
        r->size = e->signals.rolling_bars;
        r->ring = mem_calloc(r->size, sizeof *r->ring);
        r->sorted = mem_calloc(r->size + 1, sizeof *r->sorted);
        if (!r->ring || !r->sorted) return GW_ERR_NOMEM;
    }
    return GW_OK;
}

static struct rolling *pool_of(const struct pools *pools, const struct test_bar *bar, size_t gate) {
    return &pools->pool[(pools->each ? bar->symbol : 0) * GW_N_GATES + gate];
}

int scores_rolling_taus(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                        struct gw_score *at) {
    struct pools pools = {0};
    int rc = pools_make(&pools, e, p->market.n_symbols);
    for (size_t i = 0; rc == GW_OK && i < set->n; i++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            struct rolling *r = pool_of(&pools, &set->bar[i], g);
            if (r->n == r->size) at[i].tau[g] = rolling_threshold(r, e->signals.act_on);
            if (!isnan(at[i].p[g])) rolling_push(r, at[i].p[g]);
        }
    pools_free(&pools);
    return rc;
}

int scores_fill_taus(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                     struct gw_score *at) {
    struct pools pools = {0};
    int rc = pools_make(&pools, e, p->market.n_symbols);
    size_t least = (size_t)ceil(100 / e->signals.act_on);
    if (least > e->signals.rolling_bars) least = e->signals.rolling_bars;
    for (size_t i = 0; rc == GW_OK && i < set->n; i++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            struct rolling *r = pool_of(&pools, &set->bar[i], g);
            if (isnan(at[i].tau[g]))
                at[i].tau[g] = r->n >= least ? rolling_threshold(r, e->signals.act_on) : (float)INFINITY;
            if (!isnan(at[i].p[g])) rolling_push(r, at[i].p[g]);
        }
    pools_free(&pools);
    return rc;
}

void scores_best_symbol_only(const struct score_set *set, struct gw_score *at) {
    for (size_t i = 0; i < set->n;) {
        size_t end = i + 1;
        while (end < set->n && set->bar[end].close_ns == set->bar[i].close_ns && set->bar[end].fold == set->bar[i].fold)
            end++;
        for (size_t g = 0; g < GW_N_GATES; g++) {
            size_t best = i;
            for (size_t j = i + 1; j < end; j++)
                if (at[j].p[g] > at[best].p[g] || isnan(at[best].p[g])) best = j;
            for (size_t j = i; j < end; j++)
                if (j != best) at[j].tau[g] = INFINITY;
        }
        i = end;
    }
}
