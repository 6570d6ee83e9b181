/* Encoders that an LSTM is held against: another way to a context from the same windows, with as many parameters. */
#ifndef GATEWALK_MODELS_CONTROL_H
#define GATEWALK_MODELS_CONTROL_H

#include "models/network/gate.h"

struct control_params {
    size_t encoder_width; /* 0: control_width */
    size_t encoder_blocks, encoder_heads, conv_taps;
};
static inline const struct control_params *control_own(const struct gw_model_config *config) {
    return own_of_encoder(config);
}
#define CONTROL_WIDTH_ROW                                                                                              \
    GW_SIZE_PARAM(struct control_params, encoder_width, "units", 0, 0, 1024,                                           \
                  "width of gru, tcn, causal_transformer; 0 = as the parameters of an LSTM of `hidden` units allow")

/* The widest multiple of `step` for which encoder and dense layer have no more parameters than the LSTM's of the same
 * settings: a comparison should not be one of sizes. At least one step. */
size_t R(control_width)(const struct gw_model_config *config, size_t step,
                        void (*tensors)(const struct gw_model_config *config, size_t width, struct tensor_list *list));

#endif
