/* Stored models: loaded, used, stored again. What comes out must be the file that is there. */
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/walk/fold_data.h"
#include "gatewalk/run_files.h"
#include "gatewalk/scorer.h"
#include "verify.h"

enum { NAME_MAX_ = 240 };

static void name_of(const struct experiment *e, const struct fit *fit, char name[NAME_MAX_]) {
    char stem[NAME_MAX_ - 32] = "";
    (void)!fit_name(e, fit, stem, sizeof stem); /* a name, a symbol and three numbers: there is room */
    snprintf(name, NAME_MAX_, GW_RUN_MODELS "/%s.safetensors", stem);
}

static const struct gw_gate_model *model_before(const struct fit_list *fits, size_t i) {
    const struct fit *fit = &fits->fit[i];
    for (size_t k = i; k-- > 0;) /* the newest of those before */
        if (fits->fit[k].strategy == fit->strategy && fits->fit[k].seed == fit->seed &&
            fits->fit[k].group == fit->group)
            return fits->model[k];
    return NULL;
}

/* *learnt: what the model's fitted features had learnt, the caller's; it is taken as it is stored, as weights are. */
static int load_fit(const struct experiment *e, const struct prepared *p, const struct gw_gate_model *previous,
                    struct fit *fit, struct gw_gate_model **model, double **learnt) {
    const size_t n_learnt = gw_feature_set_learnt(p->set);
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    struct gw_meta_pair expect[] = {{"gatewalk.fit_key", fit->key}};
    struct gw_extra_tensor extra[8];
    size_t n = COUNT_OF(extra);
    TRY(gw_model_load_onto(fit->model_path, previous, expect, COUNT_OF(expect), model, &fit->log, extra, &n));
    for (size_t i = 0; i < n; i++) {
        if (e->verdict.importance && extra[i].n == GW_N_GATES * gw_model_inputs(&spec->model) &&
            strcmp(extra[i].name, "permutation_importance") == 0 && !fit->permutation)
            fit->permutation = extra[i].value;
        else if (n_learnt && !*learnt && extra[i].n == n_learnt && strcmp(extra[i].name, GW_TENSOR_LEARNT) == 0)
            *learnt = extra[i].value;
        else
            mem_free(extra[i].value);
    }
    if (n_learnt && !*learnt) FAIL(GW_ERR_DATA, "%s: what its fitted features have learnt is missing", fit->model_path);
    const struct gw_model_config *config = gw_model_get_config(*model);
    if (config->n_features == spec->model.n_features && config->lookback == spec->model.lookback) return GW_OK;
    FAIL(GW_ERR_DATA, "%s: is a model of other windows than the run's", fit->model_path);
}

/* Stores the fit into the scratch folder, with a scaler that is fitted anew, and compares. */
static int compare_stored(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                          const struct gw_gate_model *model, const char *scratch, struct fit *fit,
                          struct verify_report *report) {
    char name[NAME_MAX_], kept[sizeof fit->model_path];
    name_of(e, fit, name);
    strcpy(kept, fit->model_path);
    TRY(path_join(fit->model_path, sizeof fit->model_path, scratch, name));
    int rc = fit_store(p, model, data, fit);
    strcpy(fit->model_path, kept);
    TRY(rc);
    return verify_file(report, name, scratch);
}

static int verify_fit(const struct experiment *e, const struct prepared *p, const char *scratch, struct fit_list *fits,
                      size_t i, struct verify_report *report) {
    struct fit *fit = &fits->fit[i];
    struct fit_context context = {.experiment = e, .prepared = p};
    struct fold_data data;
    struct fold_known known = {0};
    double *learnt = NULL;
    TRY(interrupt_check());
    int rc = load_fit(e, p, model_before(fits, i), fit, &fits->model[i], &learnt);
    known.learnt = learnt;
    if (rc == GW_OK) rc = fold_data_build_of(e, p, fit, &known, &data);
    if (rc == GW_OK) {
        rc = fit_apply(&context, &data, fits->model[i], fit);
        if (rc == GW_OK) rc = compare_stored(e, p, &data, fits->model[i], scratch, fit, report);
        fold_data_free(&data);
        fit->reused = fit->done = true;
    }
    mem_free(learnt);
    return rc;
}

/* A file that cannot be loaded is a difference, and the last one that is looked for: nothing can be computed without it. */
static int note_unreadable(const struct experiment *e, const struct fit *fit, struct verify_report *report) {
    struct verified_file *out;
    char name[NAME_MAX_];
    name_of(e, fit, name);
    TRY(verify_note(report, name, &out));
    snprintf(out->text, sizeof out->text, "%s", gw_error_message());
    return GW_OK;
}

int verify_fits(const struct experiment *e, const struct prepared *p, const struct verify_source *source,
                const char *scratch, struct fit_list *fits, struct verify_report *report) {
    struct progress *progress;
    int rc = GW_OK;
    fits->model = mem_calloc(fits->n ? fits->n : 1, sizeof(struct gw_gate_model *));
    if (!fits->model) return GW_ERR_NOMEM;
    TRY(progress_begin(&progress, "models", fits->n, "models"));
    for (size_t i = 0; rc == GW_OK && i < fits->n; i++) {
        fit_key_of(source->hash, e, p, &fits->fit[i]);
        rc = verify_fit(e, p, scratch, fits, i, report);
        if (rc == GW_ERR_DATA) {
            TRY(note_unreadable(e, &fits->fit[i], report));
            break;
        }
        report->n_models++;
        progress_add(progress, 1);
    }
    progress_end(progress);
    return rc;
}

/* ---- again --------------------------------------------------------------------------------------------------------------- */

static int refit(const struct experiment *e, const struct prepared *p, const char *scratch, const struct fit_list *fits,
                 size_t i, struct verify_report *report) {
    const struct fit *stored = &fits->fit[i];
    struct fit_context context = {.experiment = e, .prepared = p};
    struct fit fit = fit_beside(stored);
    struct gw_gate_model *model = NULL;
    struct fold_data data;
    bool fresh = e->strategy[fit.strategy].train.retrain == GW_RETRAIN_FRESH;
    fit.borrowed = true;
    memcpy(fit.key, stored->key, sizeof fit.key);
    int rc = fit_execute(&context, fresh ? NULL : model_before(fits, i), &fit, &model);
    if (rc == GW_OK) rc = fold_data_build_of(e, p, &fit, NULL, &data);
    if (rc == GW_OK) {
        rc = compare_stored(e, p, &data, model, scratch, &fit, report);
        fold_data_free(&data);
    }
    gw_model_free(model);
    fit_release(&fit);
    return rc;
}

int verify_refits(const struct experiment *e, const struct prepared *p, const struct verify_options *options,
                  const char *scratch, struct fit_list *fits, struct verify_report *report) {
    size_t n = options->n_refits < fits->n ? options->n_refits : fits->n;
    size_t jobs = options->jobs ? options->jobs : (size_t)omp_get_max_threads();
    struct progress *progress;
    int rc = GW_OK;
    if (n == 0) return GW_OK;
    TRY(progress_begin(&progress, "fitting again", n, "fits"));
    char message_of[1024] = "";
#pragma omp parallel num_threads((int)threads_startable(jobs))
#pragma omp single
    for (size_t k = 0; rc == GW_OK && k < n; k++) {
        rc = refit(e, p, scratch, fits, (2 * k + 1) * fits->n / (2 * n), report);
        if (rc < 0) snprintf(message_of, sizeof message_of, "%s", gw_error_message());
        if (rc == GW_OK) {
            struct verified_file *last = &report->file[report->n - 1];
            size_t used = strlen(last->name);
            snprintf(last->name + used, sizeof last->name - used, " (fitted again)");
            report->n_refits++;
        }
        progress_add(progress, 1);
    }
    if (rc < 0) gw_error_adopt(message_of);
    progress_end(progress);
    return rc;
}
