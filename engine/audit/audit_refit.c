/* Fits done again: whatever decides weights must lie before the test slice. */
#include "passage.h"

#include <string.h>

static int poisoned_market(const struct audit_subject *subject, int64_t cut_ns, enum poison poison, struct audit *audit,
                           struct prepared **p) {
    audit->cut_ns = cut_ns;
    audit->poison = poison;
    TRY(poison_prepared(subject->p, cut_ns, poison, p));
    int rc = passage_inputs(subject, *p);
    if (rc < 0) {
        poison_free(*p);
        *p = NULL;
    }
    return rc;
}

int audit_refit(const struct audit_subject *subject, size_t i, enum poison poison, struct audit *audit) {
    const struct fit *clean = &subject->fits.fit[i];
    const char *name = subject->e->strategy[clean->strategy].name;
    struct gw_gate_model *model = NULL;
    struct prepared *p;
    struct fit fit = fit_beside(clean);
    const int64_t cut_ns = subject->p->plan.fold[fit.fold].end_ns[GW_SLICE_VALIDATION] - 1;
    TRY(poisoned_market(subject, cut_ns, poison, audit, &p));
    int rc = GW_OK;
    if (compare_inputs(audit, subject->p, p)) {
        rc = audit_failure(audit, STAGE_WEIGHTS, name, fit.fold, passage_fit(subject, p, &fit, &model));
        if (rc == GW_OK && model) {
            compare_model(audit, STAGE_WEIGHTS, name, fit.fold, subject->fits.model[i], model);
            compare_log(audit, name, fit.fold, &clean->log, &fit.log);
            compare_threshold(audit, subject->p, name, clean, &fit);
        }
    }
    gw_model_free(model);
    fit_release(&fit);
    poison_free(p);
    return rc;
}

/* One epoch (of a schedule with cycles one in each) without a validation slice: what the training slice alone decides. */
static int train_alone(const struct audit_subject *subject, const struct prepared *p, const struct fit *fit,
                       struct gw_gate_model **model) {
    const struct experiment *e = subject->e;
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    struct gw_train_config train = spec->train;
    struct gw_training_log log = {0};
    struct fold_data data;
    uint64_t key[2] = {e->seed[fit->seed], fit->fold};
    train.epochs = gw_train_cycles(&train);
    train.retrain = GW_RETRAIN_FRESH;
    TRY(passage_fold_data(subject, p, fit, NULL, &data));
    struct gw_fit_input input = {
        .n_series = data.n_symbols,
        .n_features = data.n_features,
        .series = fold_fit_series(&data, fit->strategy),
        .train = data.sample[GW_SLICE_TRAIN],
        .n_train = data.n[GW_SLICE_TRAIN],
        .validation = data.sample[GW_SLICE_VALIDATION],
    };
    struct gw_fit_options options = {.seed = hash_bytes(key, sizeof key, 0)};
    int rc = gw_model_fit(&spec->model, &train, &input, &options, model, &log);
    gw_training_log_free(&log);
    fold_data_free(&data);
    return rc;
}

/* What the fitted features learn again in a market that is poisoned from the end of the training slice on. */
static int learn_alone(const struct audit_subject *subject, const struct prepared *p, size_t fold,
                       struct audit *audit) {
    struct fold_data data = {0};
    if (!subject->learnt) return GW_OK;
    const struct fold_known known = {.scaler = &subject->scaler[fold]};
    const struct fit all = {.fold = fold};
    TRY(audit_failure(audit, STAGE_FITTED, NULL, fold, passage_fold_data(subject, p, &all, &known, &data)));
    if (data.learnt) compare_learnt(audit, subject->p, fold, subject->learnt[fold], data.learnt);
    fold_data_free(&data);
    return GW_OK;
}

int audit_training(const struct audit_subject *subject, size_t i, enum poison poison, struct audit *audit) {
    const struct fit *fit = &subject->fits.fit[i];
    struct gw_gate_model *clean = NULL, *dirty = NULL;
    struct prepared *p;
    const int64_t cut_ns = subject->p->plan.fold[fit->fold].end_ns[GW_SLICE_TRAIN] - 1;
    TRY(poisoned_market(subject, cut_ns, poison, audit, &p));
    int rc = GW_OK;
    if (compare_inputs(audit, subject->p, p)) {
        rc = learn_alone(subject, p, fit->fold, audit);
        if (rc == GW_OK) rc = train_alone(subject, subject->p, fit, &clean);
        const char *name = subject->e->strategy[fit->strategy].name;
        if (rc == GW_OK)
            rc = audit_failure(audit, STAGE_TRAINING, name, fit->fold, train_alone(subject, p, fit, &dirty));
        if (rc == GW_OK && dirty) compare_model(audit, STAGE_TRAINING, name, fit->fold, clean, dirty);
    }
    gw_model_free(clean);
    gw_model_free(dirty);
    poison_free(p);
    return rc;
}
