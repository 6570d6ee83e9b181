/* A small planted problem: the long gate opens two bars after feature 0 jumped, the short gate one bar after
 * feature 1 fell. What the last bar alone shows is noise. */
#ifndef GATEWALK_TESTS_TOY_H
#define GATEWALK_TESTS_TOY_H

#include <stdlib.h>

#include "engine/base/base.h"
#include "gatewalk/model.h"
#include "gatewalk/rng.h"
#include "set.h"
#include "test.h"

enum { TOY_ROWS = 1700, TOY_FEATURES = 4, TOY_LOOKBACK = 6, TOY_TRAIN = 1200, TOY_VALIDATION = 400 };

struct toy {
    float x[TOY_ROWS * TOY_FEATURES];
    int8_t label[GW_N_GATES][TOY_ROWS];
    struct gw_sample train[TOY_TRAIN], validation[TOY_VALIDATION];
    struct gw_series series;
    struct gw_fit_input input;
    struct gw_model_config model;
    struct gw_train_config training;
    struct gw_fit_options options;
};

static inline void toy_build(struct toy *toy) {
    struct gw_rng rng;
    memset(toy, 0, sizeof *toy);
    gw_rng_key(&rng, 1, "toy", 0, 0, 0);
    for (size_t i = 0; i < COUNT_OF(toy->x); i++) toy->x[i] = (float)gw_rng_normal(&rng);
    for (size_t r = 0; r < TOY_ROWS; r++)
        for (size_t gate = 0; gate < GW_N_GATES; gate++) {
            size_t lag = gate == GW_GATE_LONG ? 2 : 1;
            float then = r >= lag ? toy->x[(r - lag) * TOY_FEATURES + gate] : 0;
            toy->label[gate][r] = gate == GW_GATE_LONG ? then > 1 : then < -1;
        }
    toy->series = (struct gw_series){.x = toy->x, .n_rows = TOY_ROWS, .label = {toy->label[0], toy->label[1]}};
    for (uint32_t i = 0; i < TOY_TRAIN; i++) /* with a gap in the middle */
        toy->train[i] = (struct gw_sample){0, TOY_LOOKBACK - 1 + i + (i >= 700 ? 30 : 0)};
    for (uint32_t i = 0; i < TOY_VALIDATION; i++)
        toy->validation[i] = (struct gw_sample){0, TOY_ROWS - TOY_VALIDATION + i};
    toy->input =
        (struct gw_fit_input){1, TOY_FEATURES, &toy->series, toy->train, toy->validation, TOY_TRAIN, TOY_VALIDATION};
    gw_model_config_default(&toy->model);
    gw_train_config_default(&toy->training);
    toy->model.n_features = TOY_FEATURES;
    toy->model.lookback = TOY_LOOKBACK;
    toy->model.hidden = 12;
    model_set_size(&toy->model, "attention_units", 8);
    model_set_size(&toy->model, "heads", 2);
    model_set_size(&toy->model, "key_dim", 8);
    toy->model.dense_units = 16;
    toy->model.dropout = .1;
    toy->training.learning_rate = .01;
    toy->training.batch_size = 32;
    toy->training.block = 8;
    toy->training.epochs = 15;
    toy->training.patience = 0;
    toy->options.seed = 7;
}

static inline void toy_fit(struct toy *toy, struct gw_gate_model **model, struct gw_training_log *log) {
    assert_ok(gw_model_fit(&toy->model, &toy->training, &toy->input, &toy->options, model, log));
}

/* The same by the threads of a parallel region, which the fit shares. */
static inline void toy_fit_on(const struct toy *toy, const struct gw_fit_options *options, int threads,
                              struct gw_gate_model **model, struct gw_training_log *log) {
    int rc = GW_OK;
#pragma omp parallel num_threads(threads)
#pragma omp single
    rc = gw_model_fit(&toy->model, &toy->training, &toy->input, options, model, log);
    assert_ok(rc);
}

/* The best epoch's record. */
static inline const struct gw_epoch_record *toy_best(const struct gw_training_log *log) {
    return &log->epoch[log->best_epoch - 1];
}

static inline void toy_scores(const struct toy *toy, const struct gw_gate_model *model, float *probability) {
    assert_ok(gw_model_score(model, &toy->series, 1, toy->validation, TOY_VALIDATION, probability, NULL));
}

#endif
