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

int scores_rolling_taus(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                        struct gw_score *at) {
    bool each = e->signals.pool == POOL_EACH;
    size_t n_pools = each ? p->market.n_symbols : 1, size = e->signals.rolling_bars;
    struct rolling *pool = mem_calloc(n_pools * GW_N_GATES, sizeof *pool);
    int rc = pool ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < n_pools * GW_N_GATES; i++) {
        pool[i].size = size;
        pool[i].ring = mem_calloc(size, sizeof(float));
        pool[i].sorted = mem_calloc(size + 1, sizeof(float));
        if (!pool[i].ring || !pool[i].sorted) rc = GW_ERR_NOMEM;
    }
    for (size_t i = 0; rc == GW_OK && i < set->n; i++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            struct rolling *r = &pool[(each ? set->bar[i].symbol : 0) * GW_N_GATES + g];
            if (r->n == r->size) at[i].tau[g] = rolling_threshold(r, e->signals.act_on);
            rolling_push(r, at[i].p[g]);
        }
    for (size_t i = 0; pool && i < n_pools * GW_N_GATES; i++) {
        mem_free(pool[i].ring);
        mem_free(pool[i].sorted);
    }
    mem_free(pool);
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
                if (at[j].p[g] > at[best].p[g]) best = j;
            for (size_t j = i; j < end; j++)
                if (j != best) at[j].tau[g] = INFINITY;
        }
        i = end;
    }
}
