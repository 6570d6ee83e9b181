/* Settings of models and trainings by name, as an experiment gives them. */
#ifndef GATEWALK_TESTS_MODELS_SET_H
#define GATEWALK_TESTS_MODELS_SET_H

#include "gatewalk/model.h"
#include "test.h"

static inline void model_set(struct gw_model_config *config, const char *key, const char *value) {
    assert_ok(gw_model_config_set(config, key, value));
}
static inline void train_set(struct gw_train_config *config, const char *key, const char *value) {
    assert_ok(gw_train_config_set(config, key, value));
}
static inline void model_set_size(struct gw_model_config *config, const char *key, size_t value) {
    char text[32];
    snprintf(text, sizeof text, "%zu", value);
    model_set(config, key, text);
}
static inline void train_set_number(struct gw_train_config *config, const char *key, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    train_set(config, key, text);
}
static inline const char *model_word(const struct gw_model_config *config, const char *key) {
    return gw_param_word(&gw_model_params, config, key);
}
static inline const char *train_word(const struct gw_train_config *config, const char *key) {
    return gw_param_word(&gw_train_params, config, key);
}

#endif
