/* A library of patterns without a walk. */
#ifndef GATEWALK_CLI_PATTERNS_TRAIN_H
#define GATEWALK_CLI_PATTERNS_TRAIN_H

#include "gatewalk/import.h"
#include "patterns_open.h"

struct patterns_train_options {
    const char *const *set; /* KEY=VALUE of model, training and labels */
    size_t n_set, jobs;
    uint64_t seed;
    const char *format;
    bool force; /* another library that is there is replaced */
};
struct patterns_training {
    const char *file, *dir;
    uint64_t seed;
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_label_config labels;
    struct gw_bars bars;
    struct gw_labels label;
    struct gw_sample *sample;
    size_t n_train, n_validation, learned_end;
    struct gw_gate_model *gate;
    struct gw_training_log log;
    struct library library;
    struct progress *progress;
    char key[17], model_path[1024], checkpoint[1024];
    uint32_t epochs; /* trained by this call, not by one before */
};
/* One that was stopped or killed goes on where the same call finds its last epoch, or its model; another in its place is refused
 * (GW_ERR_USAGE) unless forced, and then begun afresh.
 * Trains on the file's bars but for the last 15 %, which decide the best epoch, and leaves model, latents, windows, categories
 * and the files of pictures in the directory. */
int patterns_train(const char *file, const char *dir, const struct patterns_train_options *options) GW_MUST_USE;

#endif
