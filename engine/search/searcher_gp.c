/* Bayesian optimisation: a Gaussian process of all keys is learnt from the trials, and the next one is where it expects to lie
 * farthest below the best (Jones, Schonlau & Welch 1998). Trials have luck in their training, so "the best" is not a result but
 * the lowest mean among the trials, and trials in work count as if they had come out as expected. A number that is not there
 * counts as the middle of its range; that it is not there is seen by its parent. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gp.h"
#include "searcher.h"

struct gp_params {
    size_t startup, candidates, observations;
};
static const struct gw_param rows[] = {
    GW_SIZE_PARAM(struct gp_params, startup, "trials", 8, 2, 10000, "of Sobol's sequence before the first process"),
    GW_SIZE_PARAM(struct gp_params, candidates, "draws", 400, 10, 100000, "of which the best few are climbed from"),
    GW_SIZE_PARAM(struct gp_params, observations, "trials", 200, 10, 2000,
                  "that a process is made of: the best half of them, and the latest"),
};

struct proposal {
    const struct search_view *view;
    struct gp gp;
    double best;      /* the lowest mean */
    double *scratch;  /* [gp.n] */
    size_t *index, n; /* the trials that it is made of, best first */
};

static void place(const struct space *space, const struct point *point, double *x) {
    for (size_t d = 0; d < space->n; d++) {
        const double u = point->u[d];
        if (space->dim[d].kind == SPACE_CHOICE)
            x[d] = isnan(u) ? -1 : (double)dimension_choice(&space->dim[d], u);
        else
            x[d] = isnan(u) ? 0.5 : u;
    }
}

/* ---- the process ------------------------------------------------------------------------------------------------- */

/* The best half, and of the others the latest. */
static int choose_trials(struct proposal *p, size_t most) {
    TRY(rank_evaluations(p->view->evaluation, p->view->n_objectives, p->index, p->n, NULL));
    while (p->n > most) { /* the oldest behind the best half goes */
        size_t oldest = most / 2;
        for (size_t i = oldest; i < p->n; i++)
            if (p->index[i] < p->index[oldest]) oldest = i;
        memmove(p->index + oldest, p->index + oldest + 1, (--p->n - oldest) * sizeof *p->index);
    }
    return GW_OK;
}

/* Results as they go in: what failed counts as the worst that did not, then mean 0 and variance 1. */
static bool standardise(struct proposal *p) {
    double worst = -INFINITY, mean = 0, square = 0;
    const size_t n = p->gp.n;
    for (size_t i = 0; i < n; i++)
        if (isfinite(p->gp.y[i])) worst = fmax(worst, p->gp.y[i]);
    if (!isfinite(worst)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(p->gp.y[i])) p->gp.y[i] = worst;
        mean += p->gp.y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        const double from_mean = p->gp.y[i] - mean;
        square += from_mean * from_mean / (double)n;
    }
    for (size_t i = 0; i < n; i++) p->gp.y[i] = (p->gp.y[i] - mean) / sqrt(square);
    return square > 0;
}

/* Several objectives as one, by other weights for each trial (ParEGO of Knowles 2006): of their shares of the span that is known,
 * the largest of the weighed ones and a little of all. */
static void weigh_objectives(struct proposal *p, size_t trial) {
    const struct search_view *view = p->view;
    double weight[OBJECTIVES_MAX], low[OBJECTIVES_MAX], span[OBJECTIVES_MAX], sum = 0;
    struct gw_rng rng;
    gw_rng_key(&rng, (uint64_t)view->settings->seed, "search gp weights", trial, 0, 0);
    for (size_t o = 0; o < view->n_objectives; o++) {
        double high = -INFINITY;
        low[o] = INFINITY;
        for (size_t i = 0; i < p->n; i++) {
            const double cost = view->evaluation[p->index[i]].cost[o];
            if (!isfinite(cost)) continue;
            low[o] = fmin(low[o], cost);
            high = fmax(high, cost);
        }
        span[o] = high > low[o] ? high - low[o] : 1;
        sum += weight[o] = -log(1 - gw_rng_uniform(&rng));
    }
    for (size_t i = 0; i < p->n; i++) {
        double most = 0, all = 0;
        for (size_t o = 0; o < view->n_objectives; o++) {
            const double share = weight[o] / sum * (view->evaluation[p->index[i]].cost[o] - low[o]) / span[o];
            most = fmax(most, share);
            all += share;
        }
        p->gp.y[i] = isfinite(all) ? most + 0.05 * all : (double)INFINITY;
    }
}

/* *known: there is something to learn from. */
static int learn(struct proposal *p, size_t trial, bool *known) {
    const struct search_view *view = p->view;
    double x[SPACE_MAX], mean, variance;
    for (size_t i = 0; i < p->n; i++) {
        const struct evaluation *v = &view->evaluation[p->index[i]];
        place(view->space, &v->point, x);
        gp_add(&p->gp, x, v->cost[0]);
    }
    if (view->n_objectives > 1) weigh_objectives(p, trial);
    *known = standardise(p);
    if (!*known) return GW_OK;
    TRY(gp_learn(&p->gp, known));
    if (!*known) return GW_OK;
    p->best = INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        gp_predict(&p->gp, p->gp.x + i * p->gp.n_keys, p->scratch, &mean, &variance);
        p->best = fmin(p->best, mean);
    }
    const struct gp_scales scales = p->gp.at;
    for (size_t i = view->n_known; i < view->n_decided && p->gp.n < p->gp.room; i++) {
        place(view->space, &view->evaluation[i].point, x);
        gp_predict(&p->gp, x, p->scratch, &mean, &variance);
        gp_add(&p->gp, x, mean);
        if (gp_settle(&p->gp, &scales)) continue;
        p->gp.n--; /* so near another that it tells nothing */
        *known = gp_settle(&p->gp, &scales);
        if (!*known) return GW_OK;
    }
    return GW_OK;
}

/* ---- where next -------------------------------------------------------------------------------------------------- */

/* log(z Φ(z) + φ(z)); far below the best by its asymptote, where the sum has no digits left. */
static double log_gain(double z) {
    const double log_density = -0.5 * z * z - 0.9189385332046727;
    if (z < -8) return log_density - 2 * log(-z) + log1p(-3 / (z * z));
    return log(exp(log_density) + z * 0.5 * erfc(-z * 0.7071067811865476));
}

/* The logarithm of the expected improvement on the best. */
static double gain(const struct proposal *p, const struct point *point) {
    double x[SPACE_MAX], mean, variance;
    place(p->view->space, point, x);
    gp_predict(&p->gp, x, p->scratch, &mean, &variance);
    const double deviation = sqrt(fmax(variance, 1e-12 * p->gp.at.signal));
    return log(deviation) + log_gain((p->best - mean) / deviation);
}

/* Some of the keys elsewhere: numbers by a normal step, choices at random. */
static void move(const struct space *space, const struct point *from, double width, struct gw_rng *rng,
                 struct point *out) {
    bool moved = false;
    while (!moved) {
        *out = *from;
        for (size_t d = 0; d < space->n; d++) {
            const struct dimension *dim = &space->dim[d];
            const double go = gw_rng_uniform(rng), step = width * gw_rng_normal(rng), any = gw_rng_uniform(rng);
            const bool number = dim->kind != SPACE_CHOICE;
            if (isnan(out->u[d])) out->u[d] = any; /* it may be there now */
            if (go >= (number ? 0.5 : 0.2)) continue;
            out->u[d] = number ? fmin(fmax(out->u[d] + step, 0), nextafter(1, 0)) : any;
            moved = true;
        }
    }
    space_snap(space, out);
}

enum { CLIMBS = 6 };
struct start {
    struct point point;
    double gain;
};
static void keep_best(struct start best[CLIMBS], const struct point *point, double gain) {
    size_t i = CLIMBS;
    if (!(gain > best[CLIMBS - 1].gain)) return;
    for (; i > 0 && gain > best[i - 1].gain; i--)
        if (i < CLIMBS) best[i] = best[i - 1];
    best[i] = (struct start){*point, gain};
}

static void climb(const struct proposal *p, struct start *from, struct gw_rng *rng) {
    enum { TRIES = 24 };
    for (double width = 0.1; width > 0.002; width /= 2.5)
        for (int i = 0; i < TRIES; i++) {
            struct point point;
            move(p->view->space, &from->point, width, rng, &point);
            const double now = gain(p, &point);
            if (now > from->gain && point_is_new(p->view, &point)) *from = (struct start){point, now};
        }
}

/* Points anywhere, and about the best trials. False: none is new. */
static bool search_gain(const struct proposal *p, size_t candidates, size_t trial, struct point *out) {
    const struct space *space = p->view->space;
    struct start best[CLIMBS];
    struct gw_rng rng;
    gw_rng_key(&rng, (uint64_t)p->view->settings->seed, "search gp", trial, 0, 0);
    for (size_t i = 0; i < CLIMBS; i++) best[i].gain = -INFINITY;
    for (size_t i = 0; i < candidates; i++) {
        struct point point;
        const double width = 0.02 * pow(10, gw_rng_uniform(&rng));
        const size_t near = (size_t)gw_rng_below(&rng, p->n < 5 ? p->n : 5);
        for (size_t d = 0; d < space->n; d++) point.u[d] = gw_rng_uniform(&rng);
        space_snap(space, &point);
        if (i % 2) move(space, &p->view->evaluation[p->index[near]].point, width, &rng, &point);
        if (point_is_new(p->view, &point)) keep_best(best, &point, gain(p, &point));
    }
    for (size_t i = 0; i < CLIMBS && best[i].gain > -INFINITY; i++) {
        climb(p, &best[i], &rng);
        if (i > 0 && best[i].gain > best[0].gain) best[0] = best[i];
    }
    *out = best[0].point;
    return best[0].gain > -INFINITY;
}

static int propose_from(const struct search_view *view, const void *settings, size_t *index, size_t n, size_t trial,
                        struct point *out) {
    const struct gp_params *own = settings;
    struct proposal p = {.view = view, .index = index, .n = n};
    bool choice[SPACE_MAX], known = false;
    const size_t most = own->observations < n ? own->observations : n;
    const size_t room = most + (view->n_decided - view->n_known);
    for (size_t d = 0; d < view->space->n; d++) choice[d] = view->space->dim[d].kind == SPACE_CHOICE;
    p.scratch = mem_calloc(room, sizeof *p.scratch);
    int rc = p.scratch ? gp_make(room, view->space->n, choice, &p.gp) : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = choose_trials(&p, most);
    if (rc == GW_OK) rc = learn(&p, trial, &known);
    if (rc == GW_OK && !(known && search_gain(&p, own->candidates, trial, out)))
        point_random(view, "search gp again", trial, out);
    gp_free(&p.gp);
    mem_free(p.scratch);
    return rc;
}

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    const struct gp_params *own = searcher_own(view->settings);
    return decide_by_results(view, &searcher_gp, own->startup, true, out, decision);
}

const struct searcher searcher_gp = {
    .name = "gp",
    .help = "where a Gaussian process expects the largest improvement: for few, dear trials of a few keys",
    .own = GW_PARAM_TABLE(rows),
    .decide = decide,
    .propose = propose_from,
};
