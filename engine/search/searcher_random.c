/* Points at random, none twice while there are others. */
#include "searcher.h"

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    *decision = view->n_decided < view->settings->trials ? DECISION_TRY : DECISION_END;
    out->trial = view->n_decided;
    point_random(view, "search random", out->trial, &out->point);
    return GW_OK;
}

const struct searcher searcher_random = {
    .name = "random",
    .help = "points at random",
    .blind = true,
    .decide = decide,
};
