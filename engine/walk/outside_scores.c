/* From slots to what a fit leaves behind: probabilities of the test bars, those of the validation samples, thresholds. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

static const struct said nothing = {{NAN, NAN}, {NAN, NAN}};

static bool is_scored(const float p[GW_N_GATES]) { return !isnan(p[GW_GATE_LONG]) || !isnan(p[GW_GATE_SHORT]); }

/* The seed's slots of a symbol; `from`: e->n_seeds for rows of no seed. */
static const struct said *said_of_bar(const struct reading *r, size_t from, size_t symbol, size_t t) {
    const struct slot *slot = r->bar[from * r->p->market.n_symbols + symbol];
    return slot && slot[t].line ? &slot[t].said : &nothing;
}

/* A row of the fold itself goes before one of no fold or of an earlier fold, which has not seen the bar either. */
static const struct said *said_of_validation(const struct reading *r, size_t from, size_t fold, size_t at,
                                             size_t symbol, size_t t) {
    const struct slot *slot = r->validation[from * r->p->plan.n_folds + fold];
    return slot && slot[at].line ? &slot[at].said : said_of_bar(r, from, symbol, t);
}

static int fill_test(struct reading *r, size_t from, struct fit *fit) {
    const struct gw_fold *fold = &r->p->plan.fold[fit->fold];
    size_t n_symbols = r->p->market.n_symbols, n = gw_fold_count_samples(fold, GW_SLICE_TEST, n_symbols), at = 0;
    fit->n_test = n;
    fit->probability = arena_alloc(r->memory, n ? n * GW_N_GATES : 1, sizeof *fit->probability);
    float(*own)[GW_N_GATES] = arena_alloc(r->memory, n ? n : 1, sizeof *own);
    fit->own_tau = own;
    if (!fit->probability || !own) return GW_ERR_NOMEM;
    bool any = false;
    for (size_t s = 0; s < n_symbols; s++)
        for (size_t t = fold->samples[GW_SLICE_TEST][s].begin; t < fold->samples[GW_SLICE_TEST][s].end; t++, at++) {
            const struct said *said = said_of_bar(r, from, s, t);
            memcpy(fit->probability + at * GW_N_GATES, said->p, sizeof said->p);
            memcpy(own[at], said->tau, sizeof own[at]);
            any |= !isnan(said->tau[0]) || !isnan(said->tau[1]);
        }
    if (!any) fit->own_tau = NULL;
    return GW_OK;
}

static int fill_validation(struct reading *r, size_t from, struct fit *fit) {
    const struct gw_fold *fold = &r->p->plan.fold[fit->fold];
    size_t n_symbols = r->p->market.n_symbols, n = gw_fold_count_samples(fold, GW_SLICE_VALIDATION, n_symbols), at = 0;
    fit->validation = arena_alloc(r->memory, n ? n * GW_N_GATES : 1, sizeof *fit->validation);
    fit->tau = arena_alloc(r->memory, n_symbols, sizeof *fit->tau);
    if (!fit->validation || !fit->tau) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n_symbols; s++) {
        const struct gw_range *range = &fold->samples[GW_SLICE_VALIDATION][s];
        for (size_t t = range->begin; t < range->end; t++, at++)
            memcpy(fit->validation + at * GW_N_GATES, said_of_validation(r, from, fit->fold, at, s, t)->p,
                   GW_N_GATES * sizeof *fit->validation);
    }
    return fit_thresholds(r->e, r->p, fit->fold, fit->validation, fit->tau);
}

/* ---- the account ------------------------------------------------------------------------------------------ */

static const struct fit *fit_of(const struct outside *o, const struct gw_fold_plan *plan, size_t seed, size_t fold) {
    return &o->fits.fit[seed * plan->n_folds + fold];
}

/* Rows that every seed scores. */
static size_t count_scored(const struct outside *o, const struct gw_fold_plan *plan, size_t fold, size_t n,
                           bool validation) {
    size_t scored = 0;
    for (size_t i = 0; i < n; i++) {
        bool all = true;
        for (size_t k = 0; k < o->n_seeds; k++) {
            const struct fit *fit = fit_of(o, plan, k, fold);
            all &= is_scored((validation ? fit->validation : fit->probability) + i * GW_N_GATES);
        }
        scored += all;
    }
    return scored;
}

static void judge_values(struct outside *o) {
    for (size_t i = 0; i < o->fits.n; i++)
        for (size_t k = 0; k < o->fits.fit[i].n_test; k++)
            for (size_t g = 0; g < GW_N_GATES; g++) {
                float p = o->fits.fit[i].probability[k * GW_N_GATES + g];
                o->ranking_only[g] |= p < 0 || p > 1; /* not for NaN */
            }
}

/* Of the first seed: a fold takes the source of its least certain gate among those that are scored. */
static enum tau_source tau_source(const struct fit *fit, size_t n_symbols) {
    if (fit->own_tau) return TAU_OWN;
    for (size_t g = 0; g < GW_N_GATES; g++) {
        bool scored = false;
        for (size_t i = 0; i < fit->n_test; i++) scored |= !isnan(fit->probability[i * GW_N_GATES + g]);
        for (size_t s = 0; scored && s < n_symbols; s++)
            if (isnan(fit->tau[s][g])) return TAU_ROLLING;
    }
    return TAU_VALIDATION;
}

static int close_account(struct reading *r) {
    struct outside *o = r->out;
    const struct gw_fold_plan *plan = &r->p->plan;
    struct outside_account *a = &o->account;
    char first[40], last[40];
    for (size_t f = 0; f < plan->n_folds; f++) {
        size_t n_test = gw_fold_count_samples(&plan->fold[f], GW_SLICE_TEST, plan->n_symbols);
        size_t n_validation = gw_fold_count_samples(&plan->fold[f], GW_SLICE_VALIDATION, plan->n_symbols);
        a->test_bars += n_test;
        a->test_scored += count_scored(o, plan, f, n_test, false);
        a->validation_bars += n_validation;
        a->validation_scored += count_scored(o, plan, f, n_validation, true);
        o->tau_folds[tau_source(fit_of(o, plan, 0, f), plan->n_symbols)]++;
    }
    judge_values(o);
    o->out_of_fold = (r->some_fold ? OUT_OF_FOLD_BY_FOLD : 0) + (r->some_time ? OUT_OF_FOLD_BY_TIME : 0);
    if (a->test_scored) return GW_OK;
    FAIL(GW_ERR_DATA,
         "%s:1:1: of the %zu test bars, which close from %s on and before %s, %s scored; `gatewalk folds` "
         "lists the slices",
         o->file[0].path, a->test_bars, time_format(plan->fold[0].begin_ns[GW_SLICE_TEST], first),
         time_format(plan->fold[plan->n_folds - 1].end_ns[GW_SLICE_TEST], last),
         o->n_seeds > 1 ? "none is by all seeds" : "none is");
}

/* ---- seeds ------------------------------------------------------------------------------------------------- */

/* All of the experiment's seeds, or none. */
static int judge_seeds(struct reading *r) {
    const char *path = r->out->n_files ? r->out->file[0].path : "";
    size_t n = r->e->n_seeds, seeded = 0, missing = SIZE_MAX;
    for (size_t k = 0; k < n; k++) {
        seeded += r->rows_of_seed[k] > 0;
        if (r->rows_of_seed[k] == 0 && missing == SIZE_MAX) missing = k;
    }
    r->out->seeded = seeded > 0;
    r->out->n_seeds = seeded ? n : 1;
    if (seeded && r->rows_of_seed[n] && !r->wrote_zero)
        FAIL(GW_ERR_DATA, "%s:1:1: some rows of \"%s\" have a seed and others have none; give all of them one, or none",
             path, r->spec->name);
    if (seeded == n || (seeded == 0 && (r->rows_of_seed[n] || r->n_strangers == 0))) return GW_OK;
    char strange[120] = "";
    for (size_t i = 0; i < r->n_strangers; i++)
        snprintf(strange + strlen(strange), sizeof strange - strlen(strange), "%s%llu", i ? ", " : ", but of ",
                 (unsigned long long)r->stranger[i]);
    FAIL(GW_ERR_DATA,
         "%s:1:1: holds no scores of \"%s\" with seed %llu%s; say which seeds there are with \"seeds\": [ … ] in the "
         "experiment, or write scores without seeds",
         path, r->spec->name, (unsigned long long)r->e->seed[missing], strange);
}

static int judge_rows(const struct reading *r) {
    const struct outside_account *a = &r->out->account;
    const char *path = r->out->file[0].path;
    if (a->n_rows == 0) FAIL(GW_ERR_DATA, "%s:1:1: holds no scores, only names of columns", path);
    if (a->n_other < a->n_rows || r->n_strangers) return GW_OK;
    if (r->spec->scores.strategy[0])
        FAIL(GW_ERR_DATA, "%s:1:1: no row is of the strategy \"%s\" and of a symbol of this run; check both names",
             path, r->spec->scores.strategy);
    FAIL(GW_ERR_DATA, "%s:1:1: no row is of a symbol of this run, such as \"%s\"; check how symbols are written", path,
         r->p->market.symbol[0].symbol);
}

int outside_lay_out(struct reading *r) {
    struct outside *o = r->out;
    const struct gw_fold_plan *plan = &r->p->plan;
    TRY(judge_rows(r));
    TRY(judge_seeds(r));
    o->fits.fit = arena_alloc(r->memory, o->n_seeds * plan->n_folds, sizeof *o->fits.fit);
    if (!o->fits.fit) return GW_ERR_NOMEM;
    for (size_t k = 0; k < o->n_seeds; k++)
        for (size_t f = 0; f < plan->n_folds; f++) {
            struct fit *fit = &o->fits.fit[o->fits.n++];
            fit->strategy = (size_t)(r->spec - r->e->strategy);
            fit->seed = k;
            fit->fold = f;
            TRY(fill_test(r, o->seeded ? k : r->e->n_seeds, fit));
            TRY(fill_validation(r, o->seeded ? k : r->e->n_seeds, fit));
        }
    return close_account(r);
}
