/* Two walks of one experiment, stage by stage: what was known at the cut must be the same bits in both. `a` is the clean
 * one, whose times and names are told. */
#ifndef GATEWALK_AUDIT_COMPARE_H
#define GATEWALK_AUDIT_COMPARE_H

#include "engine/results/results.h"
#include "engine/walk/fold_data.h"
#include "finding.h"

/* compare_inputs.c: plan, features, labels, the label rule's move. False: the plans differ, and nothing after them can be
 * compared. */
bool compare_inputs(struct audit *audit, const struct prepared *a, const struct prepared *b);

/* compare_fits.c */
void compare_learnt(struct audit *audit, const struct prepared *p, size_t fold, const double *a, const double *b);
/* What the fold's fitted features say of bars that have closed by the cut. */
void compare_fitted(struct audit *audit, const struct prepared *p, size_t fold, const struct fold_data *a,
                    const struct fold_data *b);
void compare_scaler(struct audit *audit, const struct prepared *p, size_t fold, const struct gw_scaler *a,
                    const struct gw_scaler *b);
void compare_model(struct audit *audit, enum audit_stage stage, const char *strategy, size_t fold,
                   const struct gw_gate_model *a, const struct gw_gate_model *b);
void compare_log(struct audit *audit, const char *strategy, size_t fold, const struct gw_training_log *a,
                 const struct gw_training_log *b);
void compare_threshold(struct audit *audit, const struct prepared *p, const char *strategy, const struct fit *a,
                       const struct fit *b);
/* Probabilities of the fold's test bars that have closed by the cut. */
void compare_probability(struct audit *audit, const struct prepared *p, const char *strategy, const struct fit *a,
                         const struct fit *b);

/* compare_scores.c: of one strategy; x and y are sets of walks whose folds begin alike. */
void compare_scores(struct audit *audit, const struct prepared *p, const char *strategy, const struct score_set *x,
                    const struct gw_score *a, const struct score_set *y, const struct gw_score *b);
/* Isolated trades that were over by the cut. */
void compare_isolated(struct audit *audit, const struct experiment *e, const struct prepared *p, size_t strategy,
                      const struct score_set *x, const struct contestant_scores *a, const struct score_set *y,
                      const struct contestant_scores *b);

/* compare_replays.c: replays that both end with the cut, so that all of them is known; and the equity of replays that go on. */
void compare_replay(struct audit *audit, const struct prepared *p, const char *strategy,
                    const struct gw_replay_result *a, const struct gw_replay_result *b);
void compare_equity(struct audit *audit, const char *strategy, const struct gw_replay_result *a,
                    const struct gw_replay_result *b);

#endif
