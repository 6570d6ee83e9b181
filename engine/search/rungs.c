/* What a higher rung of a halving need not train again: where its fits go on from, and what it therefore pays. */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "halving.h"
#include "search_private.h"

static size_t share_of(double share, size_t whole) {
    const size_t n = (size_t)nearbyint(share * (double)whole);
    return n < 1 ? 1 : n > whole ? whole : n;
}

static enum budget_of budget_of(const struct search *s) {
    return s->searcher->halving && gw_param_word(&search_params, &s->settings, "budget")[0] == 'f' ? BUDGET_FOLDS
                                                                                                   : BUDGET_EPOCHS;
}

size_t rung_epochs(const struct search *s, size_t whole, double share) {
    return budget_of(s) == BUDGET_EPOCHS ? share_of(share, whole) : whole;
}

size_t rung_folds(const struct search *s, const struct evaluation *evaluation) {
    return budget_of(s) == BUDGET_FOLDS ? share_of(evaluation->budget, s->settings.folds) : s->settings.folds;
}

bool rung_goes_on(const struct search *s, const struct experiment *e) {
    const struct strategy_spec *spec = &e->strategy[0];
    if (!s->searcher->halving) return false;
    if (budget_of(s) == BUDGET_FOLDS) return true;
    return gw_model_resumes(&spec->model, &spec->train) &&
           (spec->train.retrain == GW_RETRAIN_FRESH || s->settings.folds == 1);
}

size_t rung_stop(const struct search *s, const struct experiment *e, double share) {
    if (!rung_goes_on(s, e) || budget_of(s) == BUDGET_FOLDS) return 0;
    const size_t whole = e->strategy[0].train.epochs, stop = share_of(share, whole);
    return stop < whole ? stop : 0;
}

double rung_paid(const struct search *s, const struct experiment *e, const struct evaluation *evaluation) {
    const bool folds = budget_of(s) == BUDGET_FOLDS;
    if (!s->searcher->halving) return evaluation->budget;
    const bool on = rung_goes_on(s, e) && evaluation->had > 0;
    if (!folds && !rung_goes_on(s, e)) return evaluation->budget; /* its epochs are settled already */
    const size_t whole = folds ? s->settings.folds : e->strategy[0].train.epochs;
    const size_t had = on ? share_of(evaluation->had, whole) : 0, now = share_of(evaluation->budget, whole);
    return (double)(now - had) / (double)whole;
}

double rungs_budget(const struct search *s) {
    const struct halving_params *own = searcher_own(&s->settings);
    double sum = 0, n = (double)s->settings.trials;
    if (!s->searcher->halving) return n;
    for (size_t rung = 0; rung < own->rungs; rung++, n /= (double)own->reduction)
        sum += n * (halving_budget(own, rung) - (rung > 0 ? halving_budget(own, rung - 1) : 0));
    return sum;
}

/* ---- what is kept ------------------------------------------------------------------------------------------------ */

static int path_of(const struct search *s, const struct fit *fit, char path[1024]) {
    char name[sizeof fit->key + sizeof ".safetensors"];
    if (budget_of(s) == BUDGET_EPOCHS) return fit_state_path(s->states, fit, path);
    snprintf(name, sizeof name, "%s.safetensors", fit->key);
    return path_join(path, 1024, s->states, name);
}

static bool keeps(const struct search *s, const struct experiment *e, const struct evaluation *evaluation) {
    return s->states && !evaluation->reference && rung_goes_on(s, e);
}

/* The state of fits that end early, the models of whole ones; those of the last rung are only read. */
int rung_keep(const struct search *s, const struct evaluation *evaluation, struct fit_context *context,
              struct fit_list *fits) {
    const bool last = evaluation->budget >= 1;
    if (!keeps(s, context->experiment, evaluation)) return GW_OK;
    if (budget_of(s) == BUDGET_EPOCHS) {
        context->states = s->states;
        context->states_are_last = last;
        return GW_OK;
    }
    for (size_t i = 0; i < fits->n; i++) {
        TRY(path_of(s, &fits->fit[i], fits->fit[i].model_path));
        fits->fit[i].borrowed = last;
    }
    return GW_OK;
}

void rung_forget(const struct search *s, const struct evaluation *evaluation, const struct experiment *e,
                 const struct fit_list *fits) {
    char path[1024];
    if (evaluation->budget < 1 || !keeps(s, e, evaluation)) return;
    for (size_t i = 0; i < fits->n; i++)
        if (path_of(s, &fits->fit[i], path) == GW_OK) unlink(path); /* what stays is taken away at the search's end */
}

int rungs_begin(struct search *s, const char *dir) {
    if (!s->searcher->halving) return GW_OK;
    TRY(path_join(s->states_path, sizeof s->states_path, dir, GW_RUN_STAGES "/states"));
    TRY(dir_make(s->states_path));
    s->states = s->states_path;
    return GW_OK;
}

/* A finished search that is asked again takes its trials from memory. The folder is never one that somebody put in its place. */
void rungs_end(struct search *s) {
    const int fd = s->states ? open(s->states, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !folder) close(fd);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.') unlinkat(fd, entry->d_name, 0);
    if (folder) closedir(folder);
    if (s->states) rmdir(s->states);
    s->states = NULL;
}
