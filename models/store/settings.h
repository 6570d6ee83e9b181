/* Settings and training log of a model as JSON text. Texts made here are released with free(). */
#ifndef GATEWALK_MODELS_SETTINGS_H
#define GATEWALK_MODELS_SETTINGS_H

#include "engine/base/json.h"
#include "gatewalk/model.h"

int settings_to_text(const struct model_config *model, const struct train_config *train, char **text) MUST_USE;
int settings_from_text(const char *path, const char *text, struct model_config *model,
                       struct train_config *train) MUST_USE;
int log_to_text(const struct training_log *log, char **text) MUST_USE;
int log_from_text(const char *path, const char *text, struct training_log *log) MUST_USE;

#endif
