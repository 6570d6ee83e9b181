/* Tree-structured Parzen estimators (Bergstra, Bardenet, Bengio & Kegl 2011): of the values that good trials had and of those
 * that the others had, two densities; the next value is the one, of some drawn from the good, whose ratio is highest. They are of
 * all keys together, or as in 2011 of each key by itself; a key that is there only for some values of its parent is then estimated
 * from the trials that had it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "searcher.h"
#include "tpe.h"

struct tpe_params {
    size_t startup, candidates;
    double good;
    bool joint;
};
static const struct gw_param rows[] = {
    GW_SIZE_PARAM(struct tpe_params, startup, "trials", 10, 1, 10000,
                  "before the first estimate: of Sobol's sequence; each key by itself: at random"),
    GW_SIZE_PARAM(struct tpe_params, candidates, "draws", 24, 1, 10000, "of which the best is taken"),
    GW_NUMBER_PARAM(struct tpe_params, good, "fraction", .15, .01, .9, "of the trials that count as good"),
    GW_BOOL_PARAM(struct tpe_params, joint, true, "all keys have one density; false: each has its own"),
};

static size_t collect(const struct tpe_known *k, size_t d, bool good) {
    size_t n = 0;
    for (size_t i = good ? 0 : k->n_good; i < (good ? k->n_good : k->n); i++) {
        const double u = k->view->evaluation[k->index[i]].point.u[d];
        if (!isnan(u)) k->seen[n++] = u;
    }
    return n;
}

/* A choice: how often each was seen, and one more shared by all. */
static void shares(const struct tpe_known *k, const struct dimension *dim, size_t d, bool good, double *share) {
    const size_t n = collect(k, d, good);
    for (size_t c = 0; c < dim->n_choices; c++) share[c] = 1 / (double)dim->n_choices / ((double)n + 1);
    for (size_t i = 0; i < n; i++) share[dimension_choice(dim, k->seen[i])] += 1 / ((double)n + 1);
}

static double pick_choice(const struct tpe_known *k, size_t d, size_t candidates, struct gw_rng *rng) {
    const struct dimension *dim = &k->view->space->dim[d];
    double good[CHOICES_MAX], other[CHOICES_MAX], most = -1;
    size_t best = 0;
    shares(k, dim, d, true, good);
    shares(k, dim, d, false, other);
    for (size_t i = 0; i < candidates; i++) {
        double u = gw_rng_uniform(rng);
        size_t c = 0;
        while (c + 1 < dim->n_choices && u >= good[c]) u -= good[c++];
        if (good[c] / other[c] > most) most = good[c] / other[c], best = c;
    }
    return ((double)best + 0.5) / (double)dim->n_choices;
}

/* Of a number with few levels a level's whole share counts, not the density at its middle. */
static double weight(const struct parzen *p, const struct dimension *dim, double u) {
    const size_t n = dimension_levels(dim);
    if (n == 0) return parzen_density(p, u);
    const double low = floor(u * (double)n) / (double)n;
    return parzen_mass(p, low, low + 1 / (double)n);
}

static int pick_number(const struct tpe_known *k, size_t d, size_t candidates, struct gw_rng *rng, double *out) {
    const struct dimension *dim = &k->view->space->dim[d];
    struct parzen good = {0}, other = {0};
    double most = -1;
    int rc = parzen_make(k->seen, collect(k, d, true), &good);
    if (rc == GW_OK) rc = parzen_make(k->seen, collect(k, d, false), &other);
    for (size_t i = 0; rc == GW_OK && i < candidates; i++) {
        const double u = parzen_draw(&good, rng), ratio = weight(&good, dim, u) / weight(&other, dim, u);
        if (ratio > most) most = ratio, *out = u;
    }
    parzen_free(&good);
    parzen_free(&other);
    return rc;
}

static int propose(const struct tpe_known *k, size_t candidates, struct gw_rng *rng, struct point *out) {
    const struct space *space = k->view->space;
    for (size_t d = 0; d < space->n; d++) { /* parents stand before their children */
        out->u[d] = NAN;
        if (!space_has(space, out, d)) continue;
        if (space->dim[d].kind == SPACE_CHOICE)
            out->u[d] = pick_choice(k, d, candidates, rng);
        else
            TRY(pick_number(k, d, candidates, rng, &out->u[d]));
    }
    space_settle(space, out);
    return GW_OK;
}

/* The same point again would tell nothing: its result is known. */
static int propose_new(const struct tpe_known *k, const struct tpe_params *own, size_t trial, struct point *out) {
    enum { TRIES = 8 };
    struct gw_rng rng;
    gw_rng_key(&rng, (uint64_t)k->view->settings->seed, "search tpe", trial, 0, 0);
    for (int i = 0; i < TRIES; i++) {
        if (own->joint)
            joint_propose(k, own->candidates, &rng, out);
        else
            TRY(propose(k, own->candidates, &rng, out));
        if (point_is_new(k->view, out)) return GW_OK;
    }
    point_random(k->view, "search tpe again", trial, out);
    return GW_OK;
}

static int propose_from(const struct search_view *view, const void *own, size_t *index, size_t n, size_t trial,
                        struct point *out) {
    struct tpe_known k = {.view = view, .index = index, .n = n};
    k.n_good = (size_t)ceil(((const struct tpe_params *)own)->good * (double)n);
    k.seen = mem_calloc(n, sizeof *k.seen);
    int rc = k.seen ? rank_evaluations(view->evaluation, view->n_objectives, index, n, NULL) : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = propose_new(&k, own, trial, out);
    mem_free(k.seen);
    return rc;
}

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    const struct tpe_params *own = searcher_own(view->settings);
    return decide_by_results(view, &searcher_tpe, own->startup, own->joint, out, decision);
}

const struct searcher searcher_tpe = {
    .name = "tpe",
    .help = "what good trials have and others have not: tree-structured Parzen estimators",
    .own = GW_PARAM_TABLE(rows),
    .decide = decide,
    .propose = propose_from,
};
