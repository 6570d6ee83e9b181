/* The study as one command: every stage is fitted and chosen on validation slices, then the winners walk against the best
 * baseline over all seeds. Each stage keeps its models, so an interrupted study continues where it stopped. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "study_private.h"

/* The experiment of one stage: its variants as contestants, fewer seeds and folds, no permutation importance. */
static int stage_experiment(const struct study *study, const struct study_stage *stage, struct experiment *e) {
    *e = *study->experiment;
    if (study->search_seeds) {
        e->n_seeds = study->search_seeds;
        for (size_t s = 0; s < e->n_seeds; s++) e->seed[s] = s + 1;
    }
    e->verdict.importance = false;
    e->n_strategies = stage->n_variants;
    for (size_t v = 0; v < stage->n_variants; v++) {
        e->strategy[v] = stage->variant[v].spec;
        if (study->search_epochs) e->strategy[v].train.epochs = study->search_epochs;
        if (study->search_patience) e->strategy[v].train.patience = study->search_patience;
    }
    return OK;
}

static void add_fit(const struct fit *fit, struct study_variant *variant) {
    if (fit->log.n_epochs == 0 || fit->log.best_epoch == 0) return;
    const struct epoch_record *best = &fit->log.epoch[fit->log.best_epoch - 1];
    double ap = 0;
    for (int g = 0; g < N_GATES; g++) ap += (isnan(best->validation_ap[g]) ? 0 : best->validation_ap[g]) / N_GATES;
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

static int run_stage(struct study *study, struct prepared *p, size_t index, size_t jobs, const char *dir) {
    struct study_stage *stage = &study->stage[index];
    struct experiment e;
    struct fit_list fits = {0};
    char stage_dir[1024], models[1024];
    message("stage %zu/%zu: %s (%zu variants)", index + 1, study->n_stages + 1, stage->name, stage->n_variants);
    TRY(stage_experiment(study, stage, &e));
    if (snprintf(stage_dir, sizeof stage_dir, "%s/" RUN_STAGES "/%s", dir, stage->name) >= (int)sizeof stage_dir)
        FAIL(ERR_USAGE, "--out: the path is too long");
    TRY(path_join(models, sizeof models, stage_dir, RUN_MODELS));
    TRY(dir_make(models));
    size_t all_folds = p->plan.n_folds;
    if (study->search_folds > all_folds)
        FAIL(ERR_CONFIG, "search.folds is %zu, but there are only %zu folds", study->search_folds, all_folds);
    p->plan.n_folds = study->search_folds;
    int rc = fits_plan(&e, p, stage_dir, &fits);
    if (rc == OK) rc = fits_execute(&e, p, &fits, jobs);
    p->plan.n_folds = all_folds;
    if (rc == OK) choose(stage, &fits);
    fits_free(&fits);
    TRY(rc);
    const struct study_variant *best = &stage->variant[stage->chosen];
    message("stage %s: %s wins with AP %.4f on validation", stage->name, best->spec.name, best->validation_ap);
    return OK;
}

/* A carried winner's training settings become every later variant's, but for what that variant sets itself: variants of
 * later stages change the model only, so the whole block is taken over. */
static void carry(struct study *study, size_t from) {
    const struct strategy_spec *winner = &study->stage[from].variant[study->stage[from].chosen].spec;
    for (size_t i = from + 1; i < study->n_stages; i++)
        for (size_t v = 0; v < study->stage[i].n_variants; v++) study->stage[i].variant[v].spec.train = winner->train;
}

/* The baseline with the chosen loss, every stage's winner, and the floors. */
static int final_experiment(struct study *study) {
    struct experiment *e = study->experiment;
    size_t n = 0;
    const struct strategy_spec *trained = &e->common;
    for (size_t i = 0; i < study->n_stages; i++)
        if (study->stage[i].carry) trained = &study->stage[i].variant[study->stage[i].chosen].spec;
    e->strategy[n] = *trained;
    e->strategy[n].desc = strategy_find("gate");
    strcpy(e->strategy[n++].name, "lstm");
    for (size_t i = 0; i < study->n_stages; i++) {
        const struct study_stage *stage = &study->stage[i];
        if (stage->final && n < MAX_STRATEGIES) e->strategy[n++] = stage->variant[stage->chosen].spec;
    }
    for (size_t i = 0; i < study->n_extra && n < MAX_STRATEGIES; i++) e->strategy[n++] = study->extra[i];
    e->n_strategies = n;
    strcpy(e->verdict.baseline, "lstm");
    e->folds.skip += study->search_folds - 1; /* test bars that no searched validation slice has touched */
    snprintf(e->name, sizeof e->name, "%s", study->name);
    snprintf(e->title, sizeof e->title, "%s", study->title);
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < a; b++)
            if (strcmp(e->strategy[a].name, e->strategy[b].name) == 0)
                FAIL(ERR_CONFIG, "the study's final walk holds two strategies called \"%s\"; rename one",
                     e->strategy[a].name);
    return OK;
}

static int search(struct study *study, const char *dir, size_t jobs) {
    struct prepared *p;
    TRY(prepare(study->experiment, &p));
    int rc = OK;
    for (size_t i = 0; rc == OK && i < study->n_stages; i++) {
        rc = run_stage(study, p, i, jobs, dir);
        if (rc == OK && study->stage[i].carry) carry(study, i);
    }
    prepared_free(p);
    return rc;
}

int run_study(const char *path, const struct config_override *override, const struct run_options *options,
              char dir[1024]) {
    struct study *study;
    TRY(study_load(path, override, &study));
    struct run_options own = *options;
    size_t jobs = options->jobs ? options->jobs : (size_t)omp_get_max_threads();
    int rc = run_directory_name(options->out_dir, study->name, dir);
    if (rc == OK) rc = run_claim_directory(dir);
    if (rc == OK) rc = search(study, dir, jobs);
    if (rc == OK) rc = final_experiment(study);
    if (rc == OK) rc = study_write(study, dir);
    if (rc == OK) {
        message("stage %zu/%zu: final comparison (%zu strategies, %zu seeds)", study->n_stages + 1, study->n_stages + 1,
                study->experiment->n_strategies, study->experiment->n_seeds);
        own.out_dir = dir;
        char used[1024];
        rc = run_experiment(study->experiment, &own, used);
    }
    study_free(study);
    return rc;
}
