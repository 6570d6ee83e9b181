/* One market's way through the pipeline up to a cut: inputs, scaler, what stored weights say of it, scores, replays. */
#ifndef GATEWALK_AUDIT_PASSAGE_H
#define GATEWALK_AUDIT_PASSAGE_H

#include "compare.h"
#include "engine/walk/fold_data.h"
#include "engine/walk/replays.h"

/* Places where tests plant leaks. Without hooks it is the engine's own pipeline. */
struct audit_hooks {
    /* After features, labels and folds of a market are made. */
    void (*inputs)(const struct experiment *e, struct prepared *p);
    /* In place of fold_data_build: a fold's scaler and scaled rows. */
    int (*fold_data)(const struct experiment *e, const struct prepared *p, size_t fold, const struct fold_known *known,
                     struct fold_data *out);
    /* In place of gw_model_fit within a fit: trains on what it likes. */
    int (*fit)(const struct experiment *e, const struct prepared *p, const struct fold_data *data, struct fit *fit,
               struct gw_gate_model **model);
    /* After thresholds and probabilities of a fold are there. */
    void (*applied)(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                    const struct gw_gate_model *model, struct fit *fit);
    /* After the replays. */
    void (*replayed)(const struct experiment *e, const struct prepared *p, struct results *r);
};

/* The clean walk that all others are held against. */
struct audit_subject {
    const struct experiment *e;
    struct prepared *p;
    const struct audit_hooks *hooks; /* never NULL */
    struct fit_list fits;            /* of the first seed, with their models */
    struct gw_scaler *scaler;        /* [n_folds] */
    double **learnt;                 /* [n_folds] by the fitted features; NULL: none is fitted */
    struct results results;          /* of the whole walk */
};

/* Features, labels and folds of bars that are there. */
int passage_inputs(const struct audit_subject *subject, struct prepared *p) GW_MUST_USE;
int passage_fold_data(const struct audit_subject *subject, const struct prepared *p, const struct fit *fit,
                      const struct fold_known *known, struct fold_data *out) GW_MUST_USE;
/* What the clean fold's fitted features have learnt. */
struct fold_known passage_learnt(const struct audit_subject *subject, size_t fold);
/* Trains the fit anew in the market of `p`; nothing is read from or written to disk. */
int passage_fit(const struct audit_subject *subject, const struct prepared *p, struct fit *fit,
                struct gw_gate_model **model) GW_MUST_USE;
/* What a trained model says of the market of `p`. */
int passage_apply(const struct audit_subject *subject, const struct prepared *p, const struct fold_data *data,
                  const struct gw_gate_model *model, struct fit *fit) GW_MUST_USE;
/* Scores and replays of the folds up to `fold`; the replays end before end_ns. Scores from outside are poisoned after the
 * cut. `fits` holds nothing of later folds. */
int passage_replay(const struct audit_subject *subject, const struct prepared *p, const struct fit_list *fits,
                   size_t fold, int64_t end_ns, int64_t cut_ns, enum poison poison, struct results *out) GW_MUST_USE;

/* The whole audit at one cut with one poison (fold SIZE_MAX: no test slice holds it). `at_cut`: the clean replays that end
 * there. */
int audit_cut(const struct audit_subject *subject, int64_t cut_ns, enum poison poison, size_t fold,
              const struct results *at_cut, struct audit *audit) GW_MUST_USE;
/* One fit done again in a market that is poisoned from the end of its validation slice on; and training alone, without a
 * validation slice, in one that is poisoned from the end of the training slice on. */
int audit_refit(const struct audit_subject *subject, size_t fit, enum poison poison, struct audit *audit) GW_MUST_USE;
int audit_training(const struct audit_subject *subject, size_t fit, enum poison poison,
                   struct audit *audit) GW_MUST_USE;

#endif
