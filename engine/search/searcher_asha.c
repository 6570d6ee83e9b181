/* Asynchronous successive halving (Li et al. 2020): whoever is among the best of its rung so far goes on at once, the highest rung
 * first; when nobody can, a new trial begins. What "so far" means is told by the order of decisions, not by the clock. */
#include "engine/base/base.h"
#include "halving.h"

static const struct gw_param rows[] = HALVING_PARAMS;

static size_t expected(const struct search_view *view) {
    const struct halving_params *own = searcher_own(view->settings);
    size_t n = 0, rung_size = view->settings->trials;
    for (size_t rung = 0; rung < own->rungs; rung++, rung_size /= own->reduction) n += rung_size;
    return n;
}

static bool has_gone_on(const struct search_view *view, const struct evaluation *evaluation) {
    for (size_t i = 0; i < view->n_decided; i++)
        if (view->evaluation[i].trial == evaluation->trial && view->evaluation[i].rung == evaluation->rung + 1)
            return true;
    return false;
}

/* SIZE_MAX: nobody. */
static int find_promotion(const struct search_view *view, size_t *index, size_t *found) {
    const struct halving_params *own = searcher_own(view->settings);
    *found = SIZE_MAX;
    for (size_t rung = own->rungs - 1; rung-- > 0 && *found == SIZE_MAX;) {
        size_t n;
        TRY(halving_rank(view, rung, index, &n));
        for (size_t i = 0; i < n / own->reduction && *found == SIZE_MAX; i++)
            if (view->evaluation[index[i]].state == EVALUATION_DONE && !has_gone_on(view, &view->evaluation[index[i]]))
                *found = index[i];
    }
    return GW_OK;
}

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    size_t begun = 0, found, *index = mem_calloc(view->n_known + 1, sizeof *index);
    if (!index) return GW_ERR_NOMEM;
    const int rc = find_promotion(view, index, &found);
    mem_free(index);
    TRY(rc);
    *decision = DECISION_TRY;
    if (found != SIZE_MAX) {
        halving_promote(view, found, out);
        return GW_OK;
    }
    for (size_t i = 0; i < view->n_decided; i++) begun += view->evaluation[i].rung == 0;
    if (begun < view->settings->trials)
        halving_begin(view, begun, out);
    else
        *decision = view->n_known < view->n_decided ? DECISION_WAIT : DECISION_END;
    return GW_OK;
}

const struct searcher searcher_asha = {
    .name = "asha",
    .help = "halving without waiting for a whole rung",
    .own = GW_PARAM_TABLE(rows),
    .halving = true,
    .decide = decide,
    .expected = expected,
};
