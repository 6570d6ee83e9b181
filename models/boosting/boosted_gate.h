/* Gradient boosting as a gate: what the encoder "xgboost" fits in place of a network. */
#ifndef GATEWALK_MODELS_BOOSTED_GATE_H
#define GATEWALK_MODELS_BOOSTED_GATE_H

#include "models/training/training.h"
#include "trees.h"

struct boosted_gate {
    struct trees trees[GW_N_GATES];
};
void boosted_gate_free(struct boosted_gate *gate); /* NULL is nothing to do */

/* An epoch is model.boost_rounds trees for each gate; validation decides how many epochs are kept, as for a network. */
int boosted_gate_fit(const struct gw_model_config *model, const struct gw_train_config *train,
                     const struct gw_fit_input *input, const struct gw_fit_options *options, struct R(gate) *out,
                     struct boosted_gate **gate, struct gw_training_log *log) GW_MUST_USE;
/* Of one window, its T rows one behind the other. columns: scratch [N_COLUMNS × F]. */
void boosted_gate_logit(const struct boosted_gate *gate, const struct gw_model_config *config, const float *window,
                        float *columns, double logit[GW_N_GATES]);
/* logit: [n × GW_N_GATES] */
int boosted_gate_logits(const struct boosted_gate *gate, const struct gw_model_config *config,
                        const struct gw_series *series, const struct gw_sample *sample, size_t n,
                        double *logit) GW_MUST_USE;

#endif
