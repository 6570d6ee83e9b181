/* The plan of fits and their execution on all cores.
 *
 * Fresh fits are independent: each is its own chain. Warm and lora fits form one chain per (strategy, seed), walked
 * fold by fold. Chains are OpenMP tasks; inside a fit the shards of a batch are tasks as well, so an idle core helps
 * the last fit. Other processes may take chains off this one (fit_executor). */
#include <omp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/base.h"
#include "fit_estimate.h"
#include "fits.h"
#include "fits_share.h"
#include "models/patterns/patterns.h"

struct monitor {
    const struct prepared *prepared;
    struct progress *progress;
    struct fit_estimate estimate; /* with `trained`, guarded by the critical section gatewalk_fit_estimate */
    size_t trained;               /* epochs that were really done */
    const struct experiment *experiment;
    atomic_size_t n_done;
    size_t n_fits;
    const struct fit_list *list;
};
/* What one fit reports through: progress counts epochs, and a fit that stops early gives the rest back. */
struct fit_monitor {
    struct monitor *all;
    const struct fit *fit;
    size_t epochs_done, epochs_most;
    double since; /* its last epoch's end, or its begin */
};

static const char *epoch_text(const struct gw_epoch_record *record, size_t epochs, char text[PATTERN_LINE]) {
    if (record->has_parts) {
        const struct patterns_epoch epoch = {.epoch = record->epoch,
                                             .learning_rate = record->learning_rate,
                                             .train = record->train_loss,
                                             .train_r = record->parts[0][0],
                                             .train_c = record->parts[0][1],
                                             .valid = record->validation_loss,
                                             .valid_r = record->parts[1][0],
                                             .valid_c = record->parts[1][1],
                                             .best = record->best};
        return patterns_epoch_line(&epoch, epochs, text);
    }
    char path[32] = "";
    if (record->has_paths) snprintf(path, sizeof path, " | path %.4f", record->path_loss);
    snprintf(text, PATTERN_LINE, "epoch %03u/%03zu | lr %.1e | train %.4f%s | valid %.4f | AP %.2f/%.2f%s",
             record->epoch, epochs, record->learning_rate, record->train_loss, path, record->validation_loss,
             record->validation_ap[GW_GATE_LONG], record->validation_ap[GW_GATE_SHORT], record->best ? " | best" : "");
    return text;
}

static void on_epoch(void *context, const struct gw_epoch_record *record, size_t epochs, double windows_per_second) {
    struct fit_monitor *m = context;
    const struct experiment *e = m->all->experiment;
    char text[PATTERN_LINE];
    progress_note(m->all->progress, "fit %zu/%zu %s seed %llu fold %zu | %s | %.0f windows/s",
                  atomic_load(&m->all->n_done) + 1, m->all->n_fits, e->strategy[m->fit->strategy].name,
                  (unsigned long long)e->seed[m->fit->seed], m->fit->fold + 1, epoch_text(record, epochs, text),
                  windows_per_second);
    if (m->epochs_done < m->epochs_most) {
        const double now = clock_seconds();
        m->epochs_done++;
#pragma omp critical(gatewalk_fit_estimate)
        {
            fit_estimate_epoch(&m->all->estimate, m->fit->strategy, now - m->since);
            progress_expect(m->all->progress, ++m->all->trained, fit_estimate_left(&m->all->estimate));
        }
        m->since = now;
        progress_add(m->all->progress, 1);
    }
}

int fits_place_holds(const struct fit_list *fits) {
    char models[1024];
    struct stat status;
    TRY(dir_lock_holds(fits->dir, fits->lock));
    TRY(path_join(models, sizeof models, fits->dir, GW_RUN_MODELS));
    if (fits->lock >= 0 && lstat(models, &status) == 0 && S_ISLNK(status.st_mode))
        FAIL(GW_ERR_IO, "%s: has become a symbolic link, through which nothing is written; remove it", models);
    return GW_OK;
}

/* One for all symbols; else one for each that begins a group. */
static bool has_model(const struct experiment *e, const struct prepared *p, size_t s, size_t symbol) {
    const enum fit_models models = e->strategy[s].models;
    if (models == MODELS_POOLED) return symbol == 0;
    return models == MODELS_PER_SYMBOL || p->group[symbol] == symbol;
}

static size_t count_models(const struct experiment *e, const struct prepared *p, size_t s) {
    size_t n = 0;
    for (size_t symbol = 0; symbol < p->market.n_symbols; symbol++) n += has_model(e, p, s, symbol);
    return n;
}

int fit_name(const struct experiment *e, const struct fit *fit, char *name, size_t size) {
    const int length = snprintf(name, size, "%s-s%llu-f%03zu%s%s", e->strategy[fit->strategy].name,
                                (unsigned long long)e->seed[fit->seed], fit->fold + 1, fit->label ? "-" : "",
                                fit->label ? fit->label : "");
    if (length < 0 || (size_t)length >= size) FAIL(GW_ERR_USAGE, "the run directory's path is too long");
    return GW_OK;
}

/* A symbol or group without a sample to train on or to judge by has no model yet: it is not scored in this fold. */
static bool can_be_fitted(const struct prepared *p, const struct fit *fit) {
    return fit->models == MODELS_POOLED ||
           (fit_count_samples(p, fit, GW_SLICE_TRAIN) > 0 && fit_count_samples(p, fit, GW_SLICE_VALIDATION) > 0);
}

static int plan_models(const struct experiment *e, const struct prepared *p, size_t s, size_t seed, size_t fold,
                       const char *dir, struct fit_list *out) {
    for (size_t symbol = 0; symbol < p->market.n_symbols; symbol++) {
        if (!has_model(e, p, s, symbol)) continue;
        struct fit *fit = &out->fit[out->n], before;
        char name[160];
        *fit =
            (struct fit){.strategy = s, .seed = seed, .fold = fold, .models = e->strategy[s].models, .group = symbol};
        if (fit->models == MODELS_PER_SYMBOL) fit->label = p->market.symbol[symbol].symbol;
        if (fit->models == MODELS_PER_GROUP) fit->label = e->data[symbol].group;
        if (!can_be_fitted(p, fit)) continue;
        before = *fit;
        while (!fit->goes_on && before.fold-- > 0) fit->goes_on = can_be_fitted(p, &before);
        fit_key(e, p, fit);
        TRY(fit_name(e, fit, name, sizeof name));
        const int length =
            snprintf(fit->model_path, sizeof fit->model_path, "%s/" GW_RUN_MODELS "/%s.safetensors", dir, name);
        if (length < 0 || (size_t)length >= sizeof fit->model_path)
            FAIL(GW_ERR_USAGE, "the run directory's path is too long");
        out->n++;
    }
    return GW_OK;
}

int fits_plan(const struct experiment *e, const struct prepared *p, size_t n_folds, const char *dir,
              struct fit_list *out) {
    *out = (struct fit_list){.dir = dir, .lock = -1};
    size_t n = 0;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strategy_trains(&e->strategy[s])) n += e->n_seeds * n_folds * count_models(e, p, s);
    out->fit = mem_calloc(n ? n : 1, sizeof *out->fit);
    if (!out->fit) return GW_ERR_NOMEM;
    for (size_t f = 0; f < n_folds; f++)
        for (size_t seed = 0; seed < e->n_seeds; seed++)
            for (size_t s = 0; s < e->n_strategies; s++)
                if (strategy_trains(&e->strategy[s])) TRY(plan_models(e, p, s, seed, f, dir, out));
    fits_share_plan(out);
    return GW_OK;
}

static int run_one(void *context, struct fit *fit, const struct gw_gate_model *previous, struct gw_gate_model **model) {
    struct monitor *monitor = context;
    const struct experiment *e = monitor->experiment;
    struct fit_monitor own = {
        .all = monitor, .fit = fit, .epochs_most = e->strategy[fit->strategy].train.epochs, .since = clock_seconds()};
    struct fit_context fitting = {
        .list = monitor->list, .experiment = e, .prepared = monitor->prepared, .on_epoch = on_epoch, .context = &own};
    int rc = fit_execute(&fitting, previous, fit, model);
    if (rc < 0) return rc;
    atomic_fetch_add(&monitor->n_done, 1);
#pragma omp critical(gatewalk_fit_estimate)
    {
        fit_estimate_finish(&monitor->estimate, fit->strategy, fit->log.n_epochs, own.epochs_done);
        progress_expect(monitor->progress, monitor->trained, fit_estimate_left(&monitor->estimate));
    }
    progress_add(monitor->progress, own.epochs_most - own.epochs_done);
    return GW_OK;
}

static bool is_chained(const struct experiment *e, const struct fit *fit) {
    return e->strategy[fit->strategy].train.retrain != GW_RETRAIN_FRESH;
}

bool fit_heads_chain(const struct experiment *e, const struct fit *fit) {
    return !fit->source && (!fit->goes_on || !is_chained(e, fit));
}

size_t fits_next_in_chain(const struct experiment *e, const struct fit_list *fits, size_t i) {
    const struct fit *fit = &fits->fit[i];
    if (!is_chained(e, fit)) return SIZE_MAX;
    for (i++; i < fits->n; i++)
        if (fits->fit[i].strategy == fit->strategy && fits->fit[i].seed == fit->seed &&
            fits->fit[i].group == fit->group)
            return i;
    return SIZE_MAX;
}

int fits_run_chain(const struct experiment *e, struct fit_list *fits, size_t begin, fit_one one, void *context,
                   size_t *at) {
    bool chained = is_chained(e, &fits->fit[begin]);
    struct gw_gate_model *previous = NULL, *unkept = NULL;
    int rc = GW_OK;
    for (size_t i = begin; rc >= 0 && i != SIZE_MAX; i = fits_next_in_chain(e, fits, i)) {
        struct gw_gate_model *model = NULL;
        *at = i;
        rc = one(context, &fits->fit[i], previous, chained || fits->model ? &model : NULL);
        gw_model_free(unkept);
        previous = model;
        if (fits->model)
            fits->model[i] = model;
        else
            unkept = model;
    }
    gw_model_free(unkept);
    return rc;
}

/* A strategy's advice once, with the number of its fits that have any. */
void fits_tell_advice(const struct experiment *e, const struct fit_list *fits) {
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct fit *first = NULL;
        size_t n = 0, all = 0;
        for (size_t i = 0; i < fits->n; i++) {
            if (fits->fit[i].strategy != s) continue;
            all++;
            if (!*fits->fit[i].advice) continue;
            if (n++ == 0) first = &fits->fit[i];
        }
        if (first)
            message("note: %s, %zu of %zu fits, the first seed %llu fold %zu: %s", e->strategy[s].name, n, all,
                    (unsigned long long)e->seed[first->seed], first->fold + 1, first->advice);
    }
}

int fits_finish(const struct experiment *e, struct fit_list *fits) {
    fits_tell_advice(e, fits);
    TRY(fits_share_results(fits));
    fits->n_reused = 0;
    for (size_t i = 0; i < fits->n; i++) fits->n_reused += fits->fit[i].reused;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const size_t of = fits_share_of(fits, s);
        if (of != SIZE_MAX)
            progress_message("the fits of \"%s\" are those of \"%s\": the same model, training and features",
                             e->strategy[s].name, e->strategy[of].name);
    }
    return GW_OK;
}

int fits_failed(const struct experiment *e, const struct fit *fit, int code) {
    return gw_error_prefix(code, "strategy \"%s\" seed %llu fold %zu%s%s", e->strategy[fit->strategy].name,
                           (unsigned long long)e->seed[fit->seed], fit->fold + 1, fit->label ? " " : "",
                           fit->label ? fit->label : "");
}

/* Before the first fit, not hours later. */
static int find_libraries(const struct experiment *e, const struct fit_list *fits) {
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        if (fit->source || fit->elsewhere || file_exists(fit->model_path)) continue;
        int rc = gw_model_ready(&e->strategy[fit->strategy].model);
        if (rc < 0) return gw_error_prefix(rc, "strategy \"%s\"", e->strategy[fit->strategy].name);
    }
    return GW_OK;
}

int fits_execute(const struct experiment *e, const struct prepared *p, struct fit_list *fits, size_t jobs) {
    if (fits->model) fits_share_drop(fits); /* every model has one owner */
    struct monitor monitor = {.list = fits, .experiment = e, .prepared = p};
    struct failure failure = {.code = GW_OK};
    size_t epochs = 0;
    for (size_t i = 0; i < fits->n; i++) {
        if (fits->fit[i].elsewhere) continue;
        size_t most = e->strategy[fits->fit[i].strategy].train.epochs;
        if (fits->fit[i].source) continue;
        fit_estimate_add(&monitor.estimate, fits->fit[i].strategy, most,
                         fits_cost(e, p, &fits->fit[i]) / (double)(most ? most : 1));
        epochs += most;
        monitor.n_fits++;
    }
    TRY(find_libraries(e, fits));
    TRY(fits_share_stored(fits));
    if (monitor.n_fits == 0) return fits_finish(e, fits);
    TRY(progress_begin(&monitor.progress, "training", epochs, "epochs"));
    double start = clock_seconds();
    const size_t threads = threads_startable(jobs);
#pragma omp parallel num_threads((int)threads)
#pragma omp single
    for (size_t i = 0; i < fits->n; i++) {
        if (fits->fit[i].elsewhere || !fit_heads_chain(e, &fits->fit[i])) continue;
#pragma omp task firstprivate(i) shared(monitor, failure)
        if (!atomic_load(&failure.any)) {
            size_t at = i;
            int rc = fits_run_chain(e, fits, i, run_one, &monitor, &at);
            if (rc < 0) failure_note(&failure, at, rc);
        }
    }
    fits->seconds = clock_seconds() - start;
    progress_end(monitor.progress);
    const int rc = failure_tell(&failure);
    if (rc == GW_OK) return fits_finish(e, fits);
    if (rc == GW_ERR_INTERRUPTED)
        FAIL(GW_ERR_INTERRUPTED, "interrupted: %zu of %zu fits are kept; run the same command again to continue",
             atomic_load(&monitor.n_done), monitor.n_fits);
    return fits_failed(e, &fits->fit[failure.at], rc);
}

void fits_free(struct fit_list *fits) {
    for (size_t i = fits->n; i-- > 0;) { /* whose results others took stands before them */
        fit_release(&fits->fit[i]);
        if (fits->model) gw_model_free(fits->model[i]);
    }
    mem_free(fits->model);
    mem_free(fits->fit);
    memset(fits, 0, sizeof *fits);
}
