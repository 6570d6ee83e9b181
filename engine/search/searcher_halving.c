/* Successive halving (Jamieson & Talwalkar 2016): all trials on the first rung, then the best of them on the next, and so on. */
#include "engine/base/base.h"
#include "halving.h"

static const struct gw_param rows[] = {HALVING_ROWS};

/* Trials of a rung. */
static size_t size_of(const struct search_view *view, size_t rung) {
    const struct halving_params *own = searcher_own(view->settings);
    size_t n = view->settings->trials;
    for (; rung > 0 && n > 1; rung--) n = n / own->reduction ? n / own->reduction : 1;
    return n;
}

static size_t expected(const struct search_view *view) {
    const struct halving_params *own = searcher_own(view->settings);
    size_t n = 0;
    for (size_t rung = 0; rung < own->rungs; rung++) n += size_of(view, rung);
    return n;
}

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    const struct halving_params *own = searcher_own(view->settings);
    size_t rung = 0, begin = 0;
    while (rung < own->rungs && view->n_decided >= begin + size_of(view, rung)) begin += size_of(view, rung++);
    *decision = rung == own->rungs ? DECISION_END : DECISION_TRY;
    if (rung == own->rungs) return GW_OK;
    if (rung == 0) {
        halving_begin(view, view->n_decided, out);
        return GW_OK;
    }
    if (view->n_known < begin) { /* the rung before must be known as a whole */
        *view->need = begin;
        *decision = DECISION_WAIT;
        return GW_OK;
    }
    size_t n, *index = mem_calloc(view->n_known, sizeof *index);
    if (!index) return GW_ERR_NOMEM;
    const int rc = halving_rank(view, rung - 1, index, &n);
    if (rc == GW_OK) halving_promote(view, index[view->n_decided - begin], out);
    mem_free(index);
    return rc;
}

const struct searcher searcher_halving = {
    .name = "halving",
    .help = "all with few epochs or folds, the best third with more, and so on",
    .own = GW_PARAM_TABLE(rows),
    .halving = true,
    .decide = decide,
    .expected = expected,
};
