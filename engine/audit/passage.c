/* The steps of the walk, one by one and without files, for a market that may be poisoned. */
#include "passage.h"

#include <math.h>
#include <string.h>

#include "engine/walk/outside.h"

int passage_inputs(const struct audit_subject *subject, struct prepared *p) {
    TRY(prepare_inputs(subject->e, p));
    TRY(prepared_keep_features(p)); /* every row is compared */
    if (subject->hooks->inputs) subject->hooks->inputs(subject->e, p);
    return GW_OK;
}

int passage_fold_data(const struct audit_subject *subject, const struct prepared *p, const struct fit *fit,
                      const struct fold_known *known, struct fold_data *out) {
    if (subject->hooks->fold_data) return subject->hooks->fold_data(subject->e, p, fit->fold, known, out);
    return fold_data_build_of(subject->e, p, fit, known, out);
}

struct fold_known passage_learnt(const struct audit_subject *subject, size_t fold) {
    return (struct fold_known){.learnt = subject->learnt ? subject->learnt[fold] : NULL};
}

int passage_apply(const struct audit_subject *subject, const struct prepared *p, const struct fold_data *data,
                  const struct gw_gate_model *model, struct fit *fit) {
    struct fit_context context = {.experiment = subject->e, .prepared = p};
    TRY(fit_apply(&context, data, model, fit));
    if (subject->hooks->applied) subject->hooks->applied(subject->e, p, data, model, fit);
    return GW_OK;
}

/* The clean model of the fold before, which a warm or lora fit starts from: it was known then. */
static const struct gw_gate_model *previous_model(const struct audit_subject *subject, const struct fit *fit) {
    if (subject->e->strategy[fit->strategy].train.retrain == GW_RETRAIN_FRESH) return NULL;
    const struct gw_gate_model *model = NULL;
    for (size_t i = 0; i < subject->fits.n && subject->fits.fit[i].fold < fit->fold; i++)
        if (subject->fits.fit[i].strategy == fit->strategy && subject->fits.fit[i].group == fit->group)
            model = subject->fits.model[i];
    return model;
}

static int hooked_fit(const struct audit_subject *subject, const struct prepared *p, struct fit *fit,
                      struct gw_gate_model **model) {
    struct fold_data data;
    TRY(passage_fold_data(subject, p, fit, NULL, &data));
    int rc = subject->hooks->fit(subject->e, p, &data, fit, model);
    if (rc == GW_OK) rc = passage_apply(subject, p, &data, *model, fit);
    fold_data_free(&data);
    return rc;
}

int passage_fit(const struct audit_subject *subject, const struct prepared *p, struct fit *fit,
                struct gw_gate_model **model) {
    struct fit_context context = {.experiment = subject->e, .prepared = p};
    fit->borrowed = true;
    fit->model_path[0] = '\0';
    if (subject->hooks->fit) return hooked_fit(subject, p, fit, model);
    return fit_execute(&context, previous_model(subject, fit), fit, model);
}

/* ---- scores and replays ------------------------------------------------------------------------------------------ */

/* One contestant's scores from outside up to the fold, other ones after the cut. Everything is owned by `memory`. */
static int poison_outside(const struct prepared *p, const struct outside *clean, size_t fold, int64_t cut_ns,
                          struct arena *memory, struct outside **out) {
    struct outside *copy = arena_alloc(memory, 1, sizeof *copy);
    if (!copy) return GW_ERR_NOMEM;
    *copy = *clean;
    copy->fits.fit = arena_alloc(memory, clean->fits.n ? clean->fits.n : 1, sizeof *copy->fits.fit);
    if (!copy->fits.fit) return GW_ERR_NOMEM;
    copy->fits.n = 0;
    for (size_t i = 0; i < clean->fits.n; i++) {
        struct fit *fit = &copy->fits.fit[copy->fits.n];
        if (clean->fits.fit[i].fold > fold) continue;
        *fit = clean->fits.fit[i];
        copy->fits.n++;
        if (cut_ns == INT64_MAX || !fit->probability) continue;
        float *probability = arena_alloc(memory, fit->n_test ? fit->n_test * GW_N_GATES : 1, sizeof *probability);
        if (!probability) return GW_ERR_NOMEM;
        memcpy(probability, fit->probability, fit->n_test * GW_N_GATES * sizeof *probability);
        size_t row = 0;
        for (size_t s = 0; s < p->market.n_symbols; s++) {
            const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
            for (size_t t = r->begin; t < r->end && row < fit->n_test; t++, row++)
                for (size_t g = 0; gw_bar_close_ns(&p->market.symbol[s], t) > cut_ns && g < GW_N_GATES; g++)
                    probability[row * GW_N_GATES + g] = 1 - probability[row * GW_N_GATES + g];
        }
        fit->probability = probability;
    }
    *out = copy;
    return GW_OK;
}

int passage_replay(const struct audit_subject *subject, const struct prepared *p, const struct fit_list *fits,
                   size_t fold, int64_t end_ns, int64_t cut_ns, enum poison poison, struct results *out) {
    struct prepared view = *p;
    struct arena memory = {0};
    struct gw_fold *folds = mem_calloc(fold + 1, sizeof *folds);
    struct outside **outside = mem_calloc(p->n_outside ? p->n_outside : 1, sizeof(struct outside *));
    int rc = folds && outside ? GW_OK : GW_ERR_NOMEM;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; rc == GW_OK && p->outside && i < p->n_outside; i++)
        if (p->outside[i])
            rc = poison_outside(p, p->outside[i], fold, poison == POISON_NONE ? INT64_MAX : cut_ns, &memory,
                                &outside[i]);
    if (rc == GW_OK) {
        memcpy(folds, p->plan.fold, (fold + 1) * sizeof *folds);
        if (end_ns < folds[fold].end_ns[GW_SLICE_TEST]) folds[fold].end_ns[GW_SLICE_TEST] = end_ns;
        view.plan.fold = folds;
        view.plan.n_folds = fold + 1;
        view.keeps_exits = true;
        if (p->outside) view.outside = outside;
/* Strategies may be anybody's code, which may keep something in one place for all its replays. */
#pragma omp critical(gatewalk_audit_replay)
        {
            rc = results_replay(subject->e, &view, fits, NULL, out);
            if (rc == GW_OK && subject->hooks->replayed) subject->hooks->replayed(subject->e, &view, out);
        }
    }
    for (size_t s = 0; out->strategy && s < subject->e->n_strategies; s++)
        out->strategy[s].outside = NULL; /* they end with this call */
    if (rc < 0) results_free(subject->e, out);
    arena_free(&memory);
    mem_free(folds);
    mem_free((void *)outside);
    return rc;
}
