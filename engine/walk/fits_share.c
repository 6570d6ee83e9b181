/* Contestants that differ only in how they trade have the same fits: the key of a fit says so, and random numbers are keyed by
 * seed and fold alone. Such a fit is done once, for the first of them; the others take its results and a copy of its model. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "fits_share.h"

enum { MODEL_BYTES_MAX = 1 << 30 };

/* The plan goes by fold, then seed, then contestant: equals stand close together. */
void fits_share_plan(struct fit_list *fits) {
    fits->n_shared = 0;
    for (size_t i = 0; i < fits->n; i++) {
        struct fit *fit = &fits->fit[i];
        fit->source = NULL;
        for (size_t j = i; j-- > 0 && fits->fit[j].fold == fit->fold && fits->fit[j].seed == fit->seed;)
            if (fits->fit[j].group == fit->group && !fits->fit[j].source && strcmp(fits->fit[j].key, fit->key) == 0)
                fit->source = &fits->fit[j];
        fits->n_shared += fit->source != NULL;
    }
}

void fits_share_drop(struct fit_list *fits) {
    for (size_t i = 0; i < fits->n; i++) fits->fit[i].source = NULL;
    fits->n_shared = 0;
}

static int copy_model(const char *from, const char *to) {
    char *bytes = NULL, *there = NULL;
    size_t n = 0, m = 0;
    struct out_file file;
    TRY(file_read_own(from, MODEL_BYTES_MAX, GW_ERR_DATA, &bytes, &n));
    bool same = file_exists(to) && file_read_own(to, MODEL_BYTES_MAX, GW_ERR_DATA, &there, &m) == GW_OK && n == m &&
                memcmp(bytes, there, n) == 0;
    int rc = GW_OK;
    if (!same && (rc = out_open(&file, to)) == GW_OK) {
        out_write(&file, bytes, n);
        rc = out_commit(&file);
    }
    mem_free(bytes);
    mem_free(there);
    return rc;
}

/* A run that is begun anew with one more contestant in front finds the model under the name of the one that trained it. */
int fits_share_stored(const struct fit_list *fits) {
    if (fits->n_shared) TRY(fits_place_holds(fits));
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        if (fit->source && !file_exists(fit->source->model_path) && file_exists(fit->model_path))
            TRY(copy_model(fit->model_path, fit->source->model_path));
    }
    return GW_OK;
}

int fits_share_results(struct fit_list *fits) {
    if (fits->n_shared) TRY(fits_place_holds(fits));
    for (size_t i = 0; i < fits->n; i++) {
        struct fit *fit = &fits->fit[i], own = *fit;
        if (!fit->source || !fit->source->done) continue; /* not done: another process's */
        *fit = *fit->source; /* what it holds stays the source's: fit_release() leaves it alone */
        fit->strategy = own.strategy;
        fit->models = own.models;
        fit->label = own.label;
        fit->source = own.source;
        memcpy(fit->model_path, own.model_path, sizeof fit->model_path);
        TRY(copy_model(fit->source->model_path, fit->model_path));
        TRY(interrupt_check());
    }
    return GW_OK;
}
