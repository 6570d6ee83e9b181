/* The schedule: rank 0 hands out chains, longest first, to whoever asks; it serves one message at a time, and takes chains
 * itself meanwhile (root.c). Events are the moments at which a rank has nothing to do. */
#include "plan.h"

#include <string.h>

#include "engine/base/base.h"

const char *const plan_limit_text[N_PLAN_LIMITS] = {
    [PLAN_FITS] = "the fits themselves",          [PLAN_READING] = "reading the data",
    [PLAN_TAIL] = "replay and verdict on rank 0", [PLAN_LONGEST] = "the longest chain of fits",
    [PLAN_FEW] = "fewer chains than ranks",       [PLAN_ROOT] = "rank 0's messages",
};

/* Ranks by the time at which rank 0 hears of them; a heap, the earliest on top. Equal times go by rank. */
struct asking {
    double at;
    size_t rank, returns; /* fits that it has sent since it last asked */
};
static bool is_before(struct asking a, struct asking b) { return a.at < b.at || (a.at == b.at && a.rank < b.rank); }

static void sink(struct asking *heap, size_t n) {
    for (size_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && is_before(heap[child + 1], heap[child])) child++;
        if (!is_before(heap[child], heap[i])) return;
        struct asking other = heap[i];
        heap[i] = heap[child];
        heap[child] = other;
    }
}

struct play {
    const struct plan_work *work;
    const struct plan_network *network;
    double root_free, root_busy; /* when rank 0 has served what was asked so far; how long it has in all */
    double stolen;               /* of rank 0's own fits, by serving others, since its last one */
    double end;
};

/* Rank 0 takes what a rank has sent, in the order of arrival, and answers; when it has. */
static double serve(struct play *p, const struct asking *from) {
    const struct plan_network *n = p->network;
    const double seconds = (double)from->returns * (n->root + p->work->fit_bytes / n->bandwidth);
    p->root_free = (from->at > p->root_free ? from->at : p->root_free) + seconds;
    p->root_busy += seconds;
    p->stolen += seconds;
    if (from->returns && p->root_free > p->end) p->end = p->root_free;
    return p->root_free;
}

static void other_chain(struct play *p, struct asking *rank, size_t chain) {
    const double way = p->network->latency + p->work->fit_bytes / p->network->bandwidth;
    rank->at = serve(p, rank) + p->network->latency + p->work->chain[chain] + way;
    rank->returns = p->work->n_fits[chain];
}

static void own_chain(struct play *p, struct asking *own, size_t chain) {
    own->at += p->work->chain[chain] + p->stolen;
    p->stolen = 0;
    if (own->at > p->end) p->end = own->at;
}

static enum plan_limit limit_of(const struct plan_work *w, const struct plan_outcome *o, size_t n_ranks) {
    const double even = w->sum / (double)n_ranks; /* if the fits could be cut at will */
    if (o->fitting < 1.1 * even && o->reading + o->tail < 0.1 * o->seconds) return PLAN_FITS;
    if (o->tail > o->fitting && o->tail > o->reading) return PLAN_TAIL;
    if (o->reading > o->fitting) return PLAN_READING;
    if (o->root_busy > 0.9) return PLAN_ROOT;
    if (w->n_chains < n_ranks) return PLAN_FEW;
    if (w->n_chains && o->fitting < 1.02 * w->chain[0]) return PLAN_LONGEST;
    if (o->fitting - even > o->reading + o->tail) return o->fitting < 2 * w->chain[0] ? PLAN_LONGEST : PLAN_ROOT;
    return o->tail > o->reading ? PLAN_TAIL : PLAN_READING;
}

static int play(const struct plan_work *w, const struct plan_network *n, size_t n_ranks, struct plan_outcome *out) {
    struct play p = {.work = w, .network = n};
    struct asking *heap = mem_calloc(n_ranks, sizeof *heap);
    if (!heap) return GW_ERR_NOMEM;
    const size_t nodes = (n_ranks + n->per_node - 1) / n->per_node;
    /* One node reads what lies beside it; several read from where the data lie, all at once. */
    const double fetch = nodes > 1 ? (double)nodes * w->data_bytes / n->bandwidth : 0;
    for (size_t i = 0; i < n_ranks; i++) heap[i] = (struct asking){.rank = i, .at = i ? n->latency : 0};
    for (size_t chain = 0; chain < w->n_chains; chain++) {
        if (heap[0].rank == 0)
            own_chain(&p, heap, chain);
        else
            other_chain(&p, heap, chain);
        sink(heap, n_ranks);
    }
    for (size_t left = n_ranks; left > 0; left--) { /* the last that comes back */
        if (heap[0].rank != 0) serve(&p, heap);
        heap[0] = heap[left - 1];
        sink(heap, left - 1);
    }
    mem_free(heap);
    *out = (struct plan_outcome){.reading = w->read + fetch, .fitting = p.end, .tail = w->tail};
    out->seconds = out->reading + out->fitting + out->tail;
    out->root_busy = p.end > 0 ? p.root_busy / p.end : 0;
    return GW_OK;
}

int plan_play(const struct plan_work *w, const struct plan_network *n, size_t n_ranks, struct plan_outcome *out) {
    struct plan_outcome one;
    TRY(play(w, n, 1, &one));
    TRY(play(w, n, n_ranks, out));
    out->efficiency = out->seconds > 0 ? one.seconds / ((double)n_ranks * out->seconds) : 1;
    out->limit = limit_of(w, out, n_ranks);
    return GW_OK;
}

void plan_free(struct plan_work *w) {
    mem_free(w->chain);
    mem_free(w->n_fits);
    *w = (struct plan_work){0};
}
