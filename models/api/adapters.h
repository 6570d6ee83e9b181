/* What a chain of adapters keeps. */
#ifndef GATEWALK_MODELS_ADAPTERS_H
#define GATEWALK_MODELS_ADAPTERS_H

#include "gatewalk/model.h"

/* Bytes that a fold under "lora" needs of the weights beneath its adapters, as training.lora_base keeps them; 0 else. */
size_t adapters_base_bytes(const struct gw_model_config *config, const struct gw_train_config *train);

#endif
