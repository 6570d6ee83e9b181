/* Settings and training log of a model as JSON text. Texts made here are released with free(). */
#ifndef GATEWALK_MODELS_SETTINGS_H
#define GATEWALK_MODELS_SETTINGS_H

#include "engine/base/json.h"
#include "gatewalk/model.h"

int settings_to_text(const struct gw_model_config *model, const struct gw_train_config *train, char **text) GW_MUST_USE;
int settings_from_text(const char *path, const char *text, struct gw_model_config *model,
                       struct gw_train_config *train) GW_MUST_USE;
int log_to_text(const struct gw_training_log *log, char **text) GW_MUST_USE;
int log_from_text(const char *path, const char *text, struct gw_training_log *log) GW_MUST_USE;

#endif
