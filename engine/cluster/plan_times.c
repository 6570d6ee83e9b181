/* Where the times of a plan come from: a finished run's own, or what `run` measures before it begins. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/base/json.h"
#include "engine/walk/estimate.h"
#include "engine/walk/outside.h"
#include "gatewalk/model.h"
#include "plan.h"

/* Beside its scores and its model: the log, attention, importance. */
static const double OTHER_BYTES = 4096;

struct chain {
    double seconds, cost;
    size_t n_fits, begin;
};
/* Rank 0 goes by what it believes a chain costs, not by what it turns out to take. */
static int longest_first(const void *a, const void *b) {
    const struct chain *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? 1 : -1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* `seconds`: [fits->n] of each fit. */
static int fill(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                const double *seconds, size_t copies, struct plan_work *out) {
    size_t n = 0;
    struct chain *chain = mem_calloc(fits->n ? fits->n : 1, sizeof *chain);
    if (!chain) return GW_ERR_NOMEM;
    for (size_t i = 0; i < fits->n; i++) {
        if (!fit_heads_chain(e, &fits->fit[i])) continue;
        struct chain *c = &chain[n++];
        *c = (struct chain){.begin = i, .cost = fits_chain_cost(e, p, fits, i)};
        for (size_t f = i; f != SIZE_MAX; f = fits_next_in_chain(e, fits, f)) {
            c->seconds += seconds[f];
            c->n_fits++;
        }
    }
    qsort(chain, n, sizeof *chain, longest_first);
    out->n_chains = n * copies;
    out->chain = mem_calloc(out->n_chains ? out->n_chains : 1, sizeof *out->chain);
    out->n_fits = mem_calloc(out->n_chains ? out->n_chains : 1, sizeof *out->n_fits);
    int rc = out->chain && out->n_fits ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < out->n_chains; i++) {
        out->chain[i] = chain[i / copies].seconds;
        out->n_fits[i] = chain[i / copies].n_fits;
        out->sum += out->chain[i];
        out->n_all_fits += out->n_fits[i];
    }
    mem_free(chain);
    return rc;
}

/* Models of ordinary size: their weights in float32; scores of both slices. */
static void count_bytes(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                        size_t copies, struct plan_work *out) {
    double sum = 0;
    for (size_t i = 0; i < fits->n; i++) {
        const struct strategy_spec *spec = &e->strategy[fits->fit[i].strategy];
        double scored = (double)fit_count_samples(p, &fits->fit[i], GW_SLICE_TEST) +
                        (double)fit_count_samples(p, &fits->fit[i], GW_SLICE_VALIDATION);
        sum += 8 * scored + 4 * (double)gw_model_parameter_count(&spec->model) + OTHER_BYTES;
    }
    out->fit_bytes = fits->n ? sum / (double)fits->n : 0;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        out->data_bytes += (double)p->market.symbol[s].n * sizeof(struct gw_bar) * (double)copies;
}

/* ---- a finished run ------------------------------------------------------------------------------------------- */

static double number_of(const json_value *root, const char *object, const char *key) {
    return json_number(json_get(json_get(root, object), key), NAN);
}

static const json_value *times_of(const json_value *root, const char *strategy) {
    const json_value *list = json_get(root, "training_time");
    for (size_t i = 0; list && i < json_size(list); i++)
        if (strcmp(json_string(json_get(json_at(list, i), "strategy"), ""), strategy) == 0) return json_at(list, i);
    return NULL;
}

/* A strategy's training is shared out by what each of its fits is believed to cost; what a fit takes beside training
 * (building its slices, scoring, importance) by the same measure over all of them. */
static int seconds_of_run(const char *dir, const json_value *root, const struct experiment *e, const struct prepared *p,
                          const struct fit_list *fits, double *seconds) {
    double training = 0, wall = number_of(root, "phases", "fits"), jobs = json_number(json_get(root, "jobs"), 1);
    for (size_t s = 0; s < e->n_strategies; s++) {
        double cost = 0, all = json_number(json_get(times_of(root, e->strategy[s].name), "seconds"), NAN);
        for (size_t i = 0; i < fits->n; i++)
            if (fits->fit[i].strategy == s && !fits->fit[i].source) cost += fits_cost(e, p, &fits->fit[i]);
        if (cost <= 0) continue;
        if (!(all > 0)) FAIL(GW_ERR_DATA, "%s: does not say how long \"%s\" trained", dir, e->strategy[s].name);
        for (size_t i = 0; i < fits->n; i++)
            if (fits->fit[i].strategy == s && !fits->fit[i].source)
                seconds[i] = all * fits_cost(e, p, &fits->fit[i]) / cost;
        training += all;
    }
    const double ratio = training > 0 ? wall * jobs / training : 1;
    if (!(ratio >= 1)) {
        message("note: %s was computed by several processes: what its fits took beside training is not known", dir);
        return GW_OK;
    }
    for (size_t i = 0; i < fits->n; i++) seconds[i] *= ratio;
    return GW_OK;
}

static int read_run(const char *dir, const json_value *root, const struct experiment *e, const struct prepared *p,
                    size_t copies, struct plan_work *out) {
    struct fit_list fits = {0};
    int rc = fits_plan(e, p, p->plan.n_folds, dir, &fits);
    double *seconds = rc == GW_OK ? mem_calloc(fits.n ? fits.n : 1, sizeof *seconds) : NULL;
    if (rc == GW_OK && !seconds) rc = GW_ERR_NOMEM;
    if (rc == GW_OK && number_of(root, "fits", "reused") != 0)
        rc = gw_error_set(GW_ERR_DATA, "%s: some of its fits were taken from an earlier run, whose times are not known",
                          dir);
    if (rc == GW_OK) rc = seconds_of_run(dir, root, e, p, &fits, seconds);
    if (rc == GW_OK) rc = fill(e, p, &fits, seconds, copies, out);
    if (rc == GW_OK) count_bytes(e, p, &fits, copies, out);
    mem_free(seconds);
    fits_free(&fits);
    return rc;
}

int plan_of_run(const char *dir, size_t copies, struct plan_work *out) {
    static const char *const tail[] = {"replay", "metrics", "verdict", "files"};
    struct experiment *e;
    struct prepared *p = NULL;
    struct json_document *run = NULL;
    char kernels[32], path[1024];
    *out = (struct plan_work){0};
    TRY(experiment_of_run(dir, &e, kernels));
    int rc = path_join(path, sizeof path, dir, GW_RUN_JSON);
    if (rc == GW_OK) rc = json_load(path, GW_ERR_DATA, &run);
    if (rc == GW_OK) rc = prepare(e, &p);
    if (rc == GW_OK) rc = outside_prepare(e, p);
    if (rc == GW_OK) rc = read_run(dir, json_root(run), e, p, copies, out);
    if (rc == GW_OK) {
        const double times = (double)copies;
        for (size_t i = 0; i < COUNT_OF(tail); i++) out->tail += times * number_of(json_root(run), "phases", tail[i]);
        out->read =
            times * (number_of(json_root(run), "phases", "import") + number_of(json_root(run), "phases", "features"));
        if (!(out->tail >= 0 && out->read >= 0))
            rc = gw_error_set(GW_ERR_DATA, "%s: does not say how long it took", path);
    }
    if (rc < 0) plan_free(out);
    json_free(run);
    prepared_free(p);
    experiment_free(e);
    return rc;
}

/* ---- before a run ---------------------------------------------------------------------------------------------- */

static int measure(const struct experiment *e, const struct prepared *p, size_t copies, struct plan_work *out) {
    struct fit_list fits = {0};
    struct estimate estimate;
    int rc = fits_plan(e, p, p->plan.n_folds, "/nonexistent", &fits); /* nothing is done yet, whatever lies about */
    double *seconds = rc == GW_OK ? mem_calloc(fits.n ? fits.n : 1, sizeof *seconds) : NULL;
    if (rc == GW_OK && !seconds) rc = GW_ERR_NOMEM;
    if (rc == GW_OK) rc = estimate_make(e, p, &fits, &estimate, seconds);
    if (rc == GW_OK && estimate.n_unknown)
        message("note: how long %zu of the fits take is not known, they are not counted", estimate.n_unknown);
    if (rc == GW_OK) rc = fill(e, p, &fits, seconds, copies, out);
    if (rc == GW_OK) {
        count_bytes(e, p, &fits, copies, out);
        out->read = (double)copies * (p->import_seconds + p->feature_seconds);
        out->tail = (double)copies * estimate.verdict;
    }
    mem_free(seconds);
    fits_free(&fits);
    return rc;
}

int plan_of_experiment(const struct experiment *e, size_t copies, struct plan_work *out) {
    struct prepared *p = NULL;
    *out = (struct plan_work){0};
    TRY(prepare(e, &p));
    int rc = outside_prepare(e, p);
    if (rc == GW_OK) rc = measure(e, p, copies, out);
    if (rc < 0) plan_free(out);
    prepared_free(p);
    return rc;
}
