/* The table of searchers, and what they share. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "searcher.h"
#include "sobol.h"

static const struct searcher *const table[] = {
#define SEARCHER(name) &searcher_##name,
#include "searchers.def"
#undef SEARCHER
};
_Static_assert(COUNT_OF(table) <= GW_OWN_ROWS_MAX, "settings have room for the own parameters of so many");

const struct searcher *searcher_at(size_t i) { return i < COUNT_OF(table) ? table[i] : NULL; }

void point_random(const struct search_view *view, const char *purpose, size_t number, struct point *out) {
    enum { DRAWS = 100 };
    struct gw_rng rng;
    gw_rng_key(&rng, (uint64_t)view->settings->seed, purpose, number, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        for (size_t d = 0; d < view->space->n; d++) out->u[d] = gw_rng_uniform(&rng);
        space_settle(view->space, out);
        if (point_is_new(view, out)) return;
    }
}

bool point_is_new(const struct search_view *view, const struct point *point) {
    for (size_t i = 0; i < view->n_decided; i++) {
        const double *other = view->evaluation[i].point.u;
        size_t d = 0;
        while (d < view->space->n && (point->u[d] == other[d] || (isnan(point->u[d]) && isnan(other[d])))) d++;
        if (d == view->space->n) return false;
    }
    return true;
}

int decide_by_results(const struct search_view *view, const struct searcher *searcher, size_t startup, bool even,
                      struct evaluation *out, enum decision *decision) {
    out->trial = view->n_decided;
    *decision = out->trial < view->settings->trials ? DECISION_TRY : DECISION_END;
    if (*decision == DECISION_END) return GW_OK;
    if (out->trial < startup || 2 * view->n_known < startup) {
        if (even) point_sobol(view, out->trial, &out->point);
        if (!even || !point_is_new(view, &out->point)) point_random(view, "search random", out->trial, &out->point);
        return GW_OK;
    }
    size_t *index = mem_calloc(view->n_known, sizeof *index);
    if (!index) return GW_ERR_NOMEM;
    for (size_t i = 0; i < view->n_known; i++) index[i] = i;
    const int rc = searcher->propose(view, searcher_own(view->settings), index, view->n_known, out->trial, &out->point);
    mem_free(index);
    return rc;
}

/* ---- order --------------------------------------------------------------------------------------------------- */

struct ranked {
    size_t index, front;
    double crowding; /* INFINITY at the ends of a front */
    double cost;
};

static bool dominates(const double *a, const double *b, size_t n) {
    bool better = false;
    for (size_t o = 0; o < n; o++) {
        if (a[o] > b[o]) return false;
        better |= a[o] < b[o];
    }
    return better;
}

/* Peeled off one by one; whatever has no result comes last. */
static void find_fronts(const struct evaluation *evaluation, size_t n_objectives, struct ranked *item, size_t n) {
    size_t left = n;
    for (size_t i = 0; i < n; i++) item[i].front = SIZE_MAX;
    for (size_t front = 0; left > 0; front++)
        for (size_t i = 0; i < n; i++) {
            if (item[i].front != SIZE_MAX) continue;
            bool beaten = false;
            for (size_t j = 0; j < n && !beaten; j++)
                beaten = item[j].front >= front && j != i &&
                         dominates(evaluation[item[j].index].cost, evaluation[item[i].index].cost, n_objectives);
            if (beaten) continue;
            item[i].front = front;
            left--;
        }
}

static int by_cost(const void *a, const void *b) {
    const struct ranked *x = *(const struct ranked *const *)a, *y = *(const struct ranked *const *)b;
    if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* How far the neighbours on its front lie apart, as a share of the front's span, summed over the objectives. */
static int find_crowding(const struct evaluation *evaluation, size_t n_objectives, struct ranked *item, size_t n) {
    struct ranked **member = mem_calloc(n, sizeof *member);
    if (!member) return GW_ERR_NOMEM;
    for (size_t front = 0, seen = 0; seen < n; front++) {
        size_t m = 0;
        for (size_t i = 0; i < n; i++)
            if (item[i].front == front) member[m++] = &item[i];
        seen += m;
        for (size_t o = 0; o < n_objectives; o++) {
            for (size_t i = 0; i < m; i++) member[i]->cost = evaluation[member[i]->index].cost[o];
            qsort(member, m, sizeof *member, by_cost);
            const double span = member[m - 1]->cost - member[0]->cost;
            member[0]->crowding = member[m - 1]->crowding = INFINITY;
            for (size_t i = 1; i + 1 < m && span > 0; i++)
                member[i]->crowding += (member[i + 1]->cost - member[i - 1]->cost) / span;
        }
    }
    mem_free(member);
    return GW_OK;
}

static int by_rank(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->front != y->front) return x->front < y->front ? -1 : 1;
    if (x->crowding != y->crowding) return x->crowding > y->crowding ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}
static int by_only_cost(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

int rank_evaluations(const struct evaluation *evaluation, size_t n_objectives, size_t *index, size_t n, size_t *front) {
    if (n == 0) return GW_OK;
    struct ranked *item = mem_calloc(n, sizeof *item);
    if (!item) return GW_ERR_NOMEM;
    int rc = GW_OK;
    for (size_t i = 0; i < n; i++) item[i] = (struct ranked){.index = index[i], .cost = evaluation[index[i]].cost[0]};
    if (n_objectives == 1) { /* the same as its fronts, without their n squared */
        qsort(item, n, sizeof *item, by_only_cost);
        for (size_t i = 1; i < n; i++) item[i].front = item[i - 1].front + (item[i].cost > item[i - 1].cost);
    } else {
        find_fronts(evaluation, n_objectives, item, n);
        rc = find_crowding(evaluation, n_objectives, item, n);
        if (rc == GW_OK) qsort(item, n, sizeof *item, by_rank);
    }
    for (size_t i = 0; rc == GW_OK && i < n; i++) {
        index[i] = item[i].index;
        if (front) front[i] = item[i].front;
    }
    mem_free(item);
    return rc;
}
