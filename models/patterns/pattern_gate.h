/* A pattern library as a gate: what the encoder "patterns" fits in place of a network with two heads. */
#ifndef GATEWALK_MODELS_PATTERN_GATE_H
#define GATEWALK_MODELS_PATTERN_GATE_H

#include "models/training/training.h"
#include "patterns_model.h"

struct pattern_gate {
    struct patterns_model *model; /* its weights are the gate's */
    struct pattern_categories categories;
    double *room; /* [n × GW_N_GATES] from a posterior down to the next one below */
    struct patterns_log log;
};
void pattern_gate_free(struct pattern_gate *gate); /* NULL is nothing to do */
/* Around gate->weights, with gate->categories and log already there. */
int pattern_gate_finish(const struct R(gate) *of, struct pattern_gate *gate) GW_MUST_USE;

int pattern_gate_fit(const struct gw_model_config *model, const struct gw_train_config *train,
                     const struct gw_fit_input *input, const struct gw_fit_options *options,
                     const struct pattern_gate *previous, struct R(gate) *out, struct pattern_gate **gate,
                     struct gw_training_log *log) GW_MUST_USE;
/* By category_rates: "own" are posterior means of the categories that the windows are in, and among windows of equal
 * posteriors those near their centre come first; "near" are means over the nearest. probability: [n × GW_N_GATES]. */
int pattern_gate_score(const struct pattern_gate *gate, const struct gw_series *series, const struct gw_sample *sample,
                       size_t n, float *probability) GW_MUST_USE;
/* The second of them, of latents [n × categories->latent]. */
int pattern_near_rates(const struct pattern_categories *categories, const float *latent, size_t n,
                       float *probability) GW_MUST_USE;
double pattern_logit(float p); /* for calibration */
/* Drop of average precision per channel when a window gets it from another one: [GW_N_GATES × PATTERN_CHANNELS]. */
int pattern_gate_importance(const struct pattern_gate *gate, const struct gw_fit_input *input, uint64_t seed,
                            double *drop) GW_MUST_USE;

#endif
