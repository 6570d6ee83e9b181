/* Asynchronous successive halving (Li et al. 2020): whoever is among the best of its rung so far goes on at once, the highest rung
 * first; when nobody can, a new trial begins. What "so far" means is told by the order of decisions, not by the clock. */
#include "engine/base/base.h"
#include "halving.h"

/* Who proposes new trials: at random, or a searcher that learns from results, here from those of one rung (BOHB of Falkner,
 * Klein & Hutter 2018 with "tpe"). */
static const struct searcher *sampler_at(size_t i) {
    for (size_t k = 0; searcher_at(k); k++)
        if (searcher_at(k)->propose && i-- == 0) return searcher_at(k);
    return NULL;
}
static struct gw_choice sampler_choice(size_t i) {
    const struct searcher *sampler = i > 0 ? sampler_at(i - 1) : NULL;
    if (i == 0) return (struct gw_choice){.name = "random", .help = "new trials at random"};
    if (!sampler) return (struct gw_choice){.name = NULL};
    return (struct gw_choice){.name = sampler->name, .help = sampler->help};
}
static const struct gw_choices samplers = {.at = sampler_choice};

struct asha_params {
    struct halving_params halving;
    int sampler;
    double blind;
};
static const struct gw_param rows[] = {
    HALVING_ROWS,
    GW_CHOICE_PARAM(struct asha_params, sampler, &samplers, 0,
                    "who proposes new trials, from the highest rung with enough results"),
    GW_NUMBER_PARAM(struct asha_params, blind, "fraction", .25, 0, 1, "of new trials at random all the same"),
};

/* The results of the highest rung that has a few more than there are keys; *n 0: none has. */
static int results_of_rung(const struct search_view *view, size_t *index, size_t *n) {
    const struct halving_params *own = searcher_own(view->settings);
    *n = 0;
    for (size_t rung = own->rungs; rung-- > 0 && *n < view->space->n + 3;) TRY(halving_rank(view, rung, index, n));
    if (*n < view->space->n + 3) *n = 0;
    return GW_OK;
}

static int begin_trial(const struct search_view *view, size_t trial, struct evaluation *out) {
    const struct asha_params *own = searcher_own(view->settings);
    const struct searcher *sampler = own->sampler > 0 ? sampler_at((size_t)own->sampler - 1) : NULL;
    struct gw_own_params settings = {{0}};
    struct gw_rng rng;
    size_t n;
    halving_begin(view, trial, out);
    gw_rng_key(&rng, (uint64_t)view->settings->seed, "search asha", trial, 0, 0);
    if (!sampler || gw_rng_uniform(&rng) < own->blind) return GW_OK;
    size_t *index = mem_calloc(view->n_known + 1, sizeof *index);
    if (!index) return GW_ERR_NOMEM;
    int rc = results_of_rung(view, index, &n);
    gw_param_defaults(&sampler->own, &settings);
    if (rc == GW_OK && n > 0) rc = sampler->propose(view, &settings, index, n, trial, &out->point);
    mem_free(index);
    return rc;
}

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
    if (begun < view->settings->trials) return begin_trial(view, begun, out);
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
