/* A walk that is only looked at: everything is prepared and checked, nothing is fitted or written. */
#include <omp.h>

#include "engine/base/base.h"
#include "estimate.h"
#include "outside.h"

static int look(const struct experiment *e, const struct prepared *p, const char *dir, size_t jobs,
                struct walk_outlook *out) {
    struct fit_list fits = {0};
    struct estimate estimate;
    int n_threads = jobs ? (int)jobs : omp_get_max_threads();
    int rc = fits_plan(e, p, p->plan.n_folds, dir, &fits);
    if (rc == GW_OK) rc = estimate_make(e, p, &fits, &estimate, NULL);
    if (rc == GW_OK) {
        estimate_text(e, &estimate, n_threads < 1 ? 1 : (size_t)n_threads, out->estimate);
        out->n_fits = estimate.n_fits;
        out->n_stored = estimate.n_stored;
    }
    fits_free(&fits);
    return rc;
}

int walk_outlook(const struct experiment *e, const struct gw_run_options *options, struct walk_outlook *out) {
    struct prepared *p = NULL;
    *out = (struct walk_outlook){0};
    TRY(run_directory_name(options->out_dir, e->name, out->dir));
    TRY(prepare(e, &p));
    int rc = outside_prepare(e, p);
    out->n_folds = p->plan.n_folds;
    out->n_symbols = p->market.n_symbols;
    for (size_t s = 0; s < p->market.n_symbols; s++) out->n_bars += p->market.symbol[s].n;
    out->n_features = e->n_features;
    if (rc == GW_OK) rc = look(e, p, out->dir, options->jobs, out);
    prepared_free(p);
    return rc;
}
