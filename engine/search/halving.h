/* What both halvings share: trials begin with a small part of the budget, and the best of a rung get the next. */
#ifndef GATEWALK_SEARCH_HALVING_H
#define GATEWALK_SEARCH_HALVING_H

#include "searcher.h"

struct halving_params {
    int budget; /* enum budget_of */
    size_t rungs, reduction;
};
extern const struct gw_choices halving_budgets;
/* Rows of a table whose struct begins with struct halving_params. */
#define HALVING_ROWS                                                                                                   \
    GW_CHOICE_PARAM(struct halving_params, budget, &halving_budgets, 0, "what a cheap trial has fewer of"),            \
        GW_SIZE_PARAM(struct halving_params, rungs, "rungs", 3, 2, 12,                                                 \
                      "the first has the smallest budget, the last all of it"),                                        \
        GW_SIZE_PARAM(struct halving_params, reduction, "", 3, 2, 100,                                                 \
                      "one of so many goes on to the next rung, which has so many times the budget")

double halving_budget(const struct halving_params *own, size_t rung); /* share of the whole */
/* A new configuration on the first rung. */
void halving_begin(const struct search_view *view, size_t trial, struct evaluation *out);
/* The known evaluations of a rung, best first; *n of them, index has room for n_known. */
int halving_rank(const struct search_view *view, size_t rung, size_t *index, size_t *n) GW_MUST_USE;
/* That evaluation's configuration on the next rung. */
void halving_promote(const struct search_view *view, size_t index, struct evaluation *out);

#endif
