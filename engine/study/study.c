/* The study as one command: every stage is fitted and chosen on validation slices, then the winners walk against the best
 * baseline over all seeds. Each stage keeps its models, so an interrupted study continues where it stopped. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/walk/record.h"
#include "outlook.h"
#include "study_private.h"

/* The experiment of one stage: its variants as contestants, fewer seeds and folds, no permutation importance. */
static int stage_experiment(const struct study *study, const struct study_stage *stage, struct experiment *e) {
    *e = *study->experiment;
    if (study->search_seeds) {
        e->n_seeds = study->search_seeds;
        for (size_t s = 0; s < e->n_seeds; s++) e->seed[s] = s + 1;
    }
    e->verdict.importance = false;
    e->verdict.gradients = 0;
    e->n_strategies = stage->n_variants;
    for (size_t v = 0; v < stage->n_variants; v++) {
        e->strategy[v] = stage->variant[v].spec;
        if (study->search_epochs) e->strategy[v].train.epochs = study->search_epochs;
        if (study->search_patience) e->strategy[v].train.patience = study->search_patience;
    }
    return GW_OK;
}

static void add_fit(const struct fit *fit, struct study_variant *variant) {
    if (fit->log.n_epochs == 0 || fit->log.best_epoch == 0) return;
    const struct gw_epoch_record *best = &fit->log.epoch[fit->log.best_epoch - 1];
    double ap = 0;
    for (int g = 0; g < GW_N_GATES; g++)
        ap += (isnan(best->validation_ap[g]) ? 0 : best->validation_ap[g]) / GW_N_GATES;
    variant->validation_ap += ap;
    variant->validation_loss += best->validation_loss;
    variant->seconds += fit->log.seconds;
    variant->n_fits++;
}

/* The best mean AP on validation wins; ties go to the earlier, simpler variant. */
static void choose(struct study_stage *stage, const struct fit_list *fits) {
    for (size_t v = 0; v < stage->n_variants; v++) {
        struct study_variant *variant = &stage->variant[v];
        variant->validation_ap = variant->validation_loss = variant->seconds = 0;
        variant->n_fits = 0;
        for (size_t i = 0; i < fits->n; i++)
            if (fits->fit[i].strategy == v) add_fit(&fits->fit[i], variant);
        if (variant->n_fits == 0) continue;
        variant->validation_ap /= (double)variant->n_fits;
        variant->validation_loss /= (double)variant->n_fits;
    }
    stage->chosen = 0;
    for (size_t v = 1; v < stage->n_variants; v++)
        if (stage->variant[v].validation_ap > stage->variant[stage->chosen].validation_ap) stage->chosen = v;
}

static int run_stage(struct study *study, const struct prepared *p, size_t index, size_t jobs, const char *dir) {
    struct study_stage *stage = &study->stage[index];
    struct experiment e;
    struct fit_list fits = {0};
    char stage_dir[1024], models[1024];
    progress_message("stage %zu/%zu: %s (%zu variants)", index + 1, study->n_stages + 1, stage->name,
                     stage->n_variants);
    TRY(stage_experiment(study, stage, &e));
    if (snprintf(stage_dir, sizeof stage_dir, "%s/" GW_RUN_STAGES "/%s", dir, stage->name) >= (int)sizeof stage_dir)
        FAIL(GW_ERR_USAGE, "--out: the path is too long");
    TRY(path_join(models, sizeof models, stage_dir, GW_RUN_MODELS));
    TRY(dir_make(models));
    int rc = fits_plan(&e, p, study->search_folds, stage_dir, &fits);
    if (rc == GW_OK) rc = fits_execute(&e, p, &fits, jobs);
    if (rc == GW_OK) choose(stage, &fits);
    fits_free(&fits);
    TRY(rc);
    const struct study_variant *best = &stage->variant[stage->chosen];
    progress_message("stage %s: %s wins with AP %.4f on validation", stage->name, best->spec.name, best->validation_ap);
    return GW_OK;
}

void study_take_over(const struct strategy_spec *winner, struct study_variant *to) {
    size_t k = 0;
    for (struct gw_param_key key = {0}; gw_param_next(&gw_train_params, &key); k++)
        if (!(to->own_training >> k & 1)) gw_param_copy(&key, &winner->train, &to->spec.train);
    if (!to->own_unroll) to->spec.model.unroll = winner->model.unroll;
}

static void carry(struct study *study, size_t from) {
    const struct strategy_spec *winner = &study->stage[from].variant[study->stage[from].chosen].spec;
    for (size_t i = from + 1; i < study->n_stages; i++)
        for (size_t v = 0; v < study->stage[i].n_variants; v++) study_take_over(winner, &study->stage[i].variant[v]);
}

/* The baseline (the common model) as the carried winners train it, every stage's winner, and the floors. */
static void final_experiment(struct study *study) {
    struct experiment *e = study->experiment;
    size_t n = 0;
    struct study_variant baseline = {.spec = e->common};
    for (size_t i = 0; i < study->n_stages; i++)
        if (study->stage[i].carry) study_take_over(&study->stage[i].variant[study->stage[i].chosen].spec, &baseline);
    e->strategy[n] = baseline.spec;
    config_use_strategy(&e->strategy[n], gw_strategy_find("gate"));
    strcpy(e->strategy[n++].name, STUDY_BASELINE);
    for (size_t i = 0; i < study->n_stages; i++) {
        const struct study_stage *stage = &study->stage[i];
        if (stage->final && n < MAX_STRATEGIES) e->strategy[n++] = stage->variant[stage->chosen].spec;
    }
    for (size_t i = 0; i < study->n_extra && n < MAX_STRATEGIES; i++) e->strategy[n++] = study->extra[i];
    e->n_strategies = n;
    strcpy(e->verdict.baseline, STUDY_BASELINE);
    size_t seeds = study->search_seeds ? study->search_seeds : e->n_seeds;
    for (size_t i = 0; i < study->n_stages; i++) e->n_searched += study->stage[i].n_variants * seeds;
    e->folds.skip += study->search_folds - 1; /* test bars that no searched validation slice has touched */
    snprintf(e->name, sizeof e->name, "%s", study->name);
    snprintf(e->title, sizeof e->title, "%s", study->title);
}

/* One stage's variants, or (index n_stages) what walks beside the winners, on the experiment. */
static int put_stage(struct json_writer *w, const struct study *study, size_t index, struct experiment *e) {
    const bool extra = index == study->n_stages;
    const struct study_stage *stage = &study->stage[extra ? 0 : index];
    *e = *study->experiment;
    TRY(experiment_own_data(e));
    e->name[0] = e->title[0] = '\0';
    for (size_t d = 0; d < e->n_data; d++) e->data[d].file[0] = '\0'; /* the bars count, not where they lie */
    e->n_strategies = extra ? study->n_extra : stage->n_variants;
    for (size_t v = 0; v < e->n_strategies; v++) e->strategy[v] = extra ? study->extra[v] : stage->variant[v].spec;
    experiment_write(e, w, NULL);
    mem_free(e->data);
    if (extra) return GW_OK;
    json_put_string(w, NULL, stage->name);
    json_put_bool(w, NULL, stage->carry);
    json_put_bool(w, NULL, stage->final);
    return GW_OK;
}

/* A hash of what the study was told, from which all that it chooses follows. */
static int key_of(const struct study *study, uint64_t *key) {
    const size_t number[] = {study->search_folds, study->search_seeds, study->search_epochs, study->search_patience};
    struct json_writer w = {.compact = true};
    char *text = NULL;
    size_t length = 0;
    struct experiment *e = mem_calloc(1, sizeof *e);
    if (!e) return GW_ERR_NOMEM;
    int rc = GW_OK;
    json_begin_array(&w, NULL);
    for (size_t i = 0; rc == GW_OK && i <= study->n_stages; i++) rc = put_stage(&w, study, i, e);
    for (size_t i = 0; i < COUNT_OF(number); i++) json_put_int(&w, NULL, (int64_t)number[i]);
    json_end_array(&w);
    mem_free(e); /* its texts are the study's */
    const int taken = json_take_text(&w, &text, &length);
    if (rc == GW_OK) rc = taken;
    if (rc < 0) {
        mem_free(text);
        return rc;
    }
    *key = hash_bytes(text, length, 0) | 1; /* 0 is no study */
    mem_free(text);
    return GW_OK;
}

static int search(struct study *study, const struct prepared *p, const char *dir, size_t jobs) {
    int rc = GW_OK;
    for (size_t i = 0; rc == GW_OK && i < study->n_stages; i++) {
        rc = run_stage(study, p, i, jobs, dir);
        if (rc == GW_OK && study->stage[i].carry) carry(study, i);
    }
    return rc;
}

/* Inputs and folds for every variant: all stages see the samples that the longest window leaves. */
static int prepare_search(const struct study *study, struct prepared **p) {
    struct experiment *e = mem_calloc(1, sizeof *e);
    if (!e) return GW_ERR_NOMEM;
    *e = *study->experiment;
    e->strategy[0] = study->stage[0].variant[0].spec;
    e->n_strategies = 1;
    for (size_t i = 0; i < study->n_stages; i++)
        for (size_t v = 0; v < study->stage[i].n_variants; v++) {
            size_t lookback = study->stage[i].variant[v].spec.model.lookback;
            if (lookback > e->strategy[0].model.lookback) e->strategy[0].model.lookback = lookback;
        }
    int rc = prepare(e, p);
    mem_free(e); /* its texts are the study's */
    return rc;
}

/* The search in a directory that is ours. */
static int search_in(struct study *study, const struct gw_run_options *options, struct record *record, char dir[1024],
                     int *lock) {
    struct prepared *p = NULL;
    size_t jobs = options->jobs ? options->jobs : (size_t)omp_get_max_threads();
    const struct chosen_on what = {study->path, "study", "run", study->search_folds};
    if (options->out_dir) TRY(dir_lock(dir, lock));
    TRY(prepare_search(study, &p));
    int rc = run_open_search(study->experiment, p, &what, options, record, dir, lock);
    if (rc == GW_OK) rc = search(study, p, dir, jobs);
    prepared_free(p);
    if (rc < 0) record_failed(record, rc);
    return rc;
}

int gw_run_study(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                 char dir[1024]) {
    struct study *study;
    TRY(study_load(path, override, &study));
    struct gw_run_options own = *options;
    struct record record = {.run = 0};
    int lock = -1;
    int rc = key_of(study, &study->experiment->study_key);
    if (rc == GW_OK) rc = run_directory_name(options->out_dir, study->name, dir);
    if (rc == GW_OK) rc = search_in(study, options, &record, dir, &lock);
    if (rc == GW_OK) final_experiment(study);
    if (rc == GW_OK) rc = study_write(study, dir);
    if (rc == GW_OK) {
        progress_message("stage %zu/%zu: final comparison (%zu strategies, %zu seeds)", study->n_stages + 1,
                         study->n_stages + 1, study->experiment->n_strategies, study->experiment->n_seeds);
        own.out_dir = dir;
        char used[1024];
        rc = run_walk(study->experiment, &own, "study", &record, used, &lock);
    }
    dir_unlock(&lock);
    study_free(study);
    return rc;
}

int study_outlook(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                  struct study_outlook *out) {
    struct study *study;
    *out = (struct study_outlook){0};
    TRY(study_load(path, override, &study));
    size_t seeds = study->search_seeds ? study->search_seeds : study->experiment->n_seeds;
    int rc = walk_outlook(study->experiment, options, &out->walk);
    if (rc == GW_OK && !options->out_dir) rc = run_directory_name(NULL, study->name, out->walk.dir);
    out->n_stages = study->n_stages;
    out->n_folds = study->search_folds;
    for (size_t s = 0; s < study->n_stages; s++) out->n_variants += study->stage[s].n_variants;
    out->n_fits = out->n_variants * study->search_folds * seeds;
    study_free(study);
    return rc;
}
