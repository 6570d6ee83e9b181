/* The pattern library that the report shows: the first contestant's that has one, its first seed, its last fold. */
#include "library_files.h"

#include <errno.h>
#include <omp.h>
#include <string.h>
#include <unistd.h>

#include "engine/patterns/library.h"
#include "gatewalk/run_files.h"

static bool has_library(const struct strategy_spec *spec) {
    return strategy_trains(spec) && spec->models == MODELS_POOLED &&
           strcmp(gw_param_word(&gw_model_params, &spec->model, "encoder"), "patterns") == 0;
}

static const struct fit *find_fit(const struct experiment *e, const struct fit_list *fits) {
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct fit *last = NULL;
        for (size_t i = 0; has_library(&e->strategy[s]) && i < fits->n; i++) {
            const struct fit *fit = &fits->fit[i];
            if (fit->strategy == s && fit->seed == 0 && (!last || fit->fold > last->fold)) last = fit;
        }
        if (last) return last;
    }
    return NULL;
}

/* Learned: the purged training slice. Later: from the test slice on. */
static int build(const struct prepared *p, const struct fit *fit, struct library *l) {
    const size_t n = p->market.n_symbols;
    const struct gw_fold *fold = &p->plan.fold[fit->fold];
    struct library_range *range = mem_calloc(2 * n, sizeof *range);
    if (!range) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++) {
        const struct gw_range train = fold->samples[GW_SLICE_TRAIN][s];
        range[s] = (struct library_range){train.begin, train.end};
        range[n + s] = (struct library_range){fold->bars[GW_SLICE_TEST][s].begin, p->market.symbol[s].n};
    }
    int rc = library_build(l, (const struct library_range *const[]){range, range + n});
    mem_free(range);
    return rc;
}

static int write_of(const struct experiment *e, const struct prepared *p, const struct fit *fit,
                    struct progress *progress, const char *dir) {
    struct gw_gate_model *model;
    struct gw_training_log log = {0};
    char name[128];
    TRY(gw_model_load(fit->model_path, NULL, 0, &model, &log, NULL, NULL));
    gw_training_log_free(&log);
    snprintf(name, sizeof name, "%s, seed %llu, fold %zu", e->strategy[fit->strategy].name,
             (unsigned long long)e->seed[fit->seed], fit->fold + 1);
    struct library library = {.model = gate_patterns(model),
                              .categories = gate_pattern_categories(model),
                              .log = gate_patterns_log(model),
                              .symbol = p->market.symbol,
                              .labels = p->labels,
                              .n_symbols = p->market.n_symbols,
                              .horizon = e->labels.horizon,
                              .name = name};
    const struct library_rates_config config = {.seed = e->seed[0]};
    int rc = build(p, fit, &library);
    if (rc == GW_OK) rc = library_write(&library, &config, progress, dir);
    library_free(&library);
    gw_model_free(model);
    return rc;
}

/* What an earlier run of the directory has left would be shown as this one's. */
static int forget(const char *dir) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, GW_RUN_PATTERNS));
    if (unlink(path) != 0 && errno != ENOENT) FAIL(GW_ERR_IO, "%s: cannot be removed: %s", path, strerror(errno));
    return GW_OK;
}

int write_library(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, size_t jobs,
                  const char *dir) {
    const struct fit *fit = find_fit(e, fits);
    struct progress *progress;
    int rc = GW_ERR_INTERNAL;
    TRY(forget(dir));
    if (!fit) return GW_OK;
    TRY(progress_begin(&progress, "map of patterns", 1000, "iterations"));
    const size_t threads = threads_startable(jobs);
#pragma omp parallel num_threads((int)threads)
#pragma omp single
    rc = write_of(e, p, fit, progress, dir);
    progress_end(progress);
    return rc;
}
