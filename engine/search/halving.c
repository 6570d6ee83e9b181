#include "halving.h"

#include <math.h>

#include "engine/base/base.h"

static const struct gw_choice rows[] = {
    [BUDGET_EPOCHS] = {.name = "epochs", .help = "of every fit, which goes on from the rung below"},
    [BUDGET_FOLDS] = {.name = "folds", .help = "the first of those that are searched"},
};
const struct gw_choices halving_budgets = {.row = rows, .n = COUNT_OF(rows)};

double halving_budget(const struct halving_params *own, size_t rung) {
    return rung + 1 >= own->rungs ? 1 : pow((double)own->reduction, -(double)(own->rungs - 1 - rung));
}

void halving_begin(const struct search_view *view, size_t trial, struct evaluation *out) {
    out->trial = trial;
    out->rung = 0;
    out->budget = halving_budget(searcher_own(view->settings), 0);
    point_random(view, "search random", trial, &out->point);
}

int halving_rank(const struct search_view *view, size_t rung, size_t *index, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < view->n_known; i++)
        if (view->evaluation[i].rung == rung) index[(*n)++] = i;
    return rank_evaluations(view->evaluation, view->n_objectives, index, *n, NULL);
}

void halving_promote(const struct search_view *view, size_t index, struct evaluation *out) {
    const struct evaluation *from = &view->evaluation[index];
    out->trial = from->trial;
    out->rung = from->rung + 1;
    out->budget = halving_budget(searcher_own(view->settings), out->rung);
    out->had = from->budget;
    out->point = from->point;
}
