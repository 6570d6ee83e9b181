/* How wide a control may be. */
#include "control.h"

static size_t lstm_parameters(const struct gw_model_config *config) {
    size_t H = config->hidden, count = 4 * H * (config->n_features + H + 1);
    return count + (config->layers - 1) * 4 * H * (2 * H + 1) + H * config->dense_units;
}

size_t R(control_width)(const struct gw_model_config *config, size_t step,
                        void (*tensors)(const struct gw_model_config *config, size_t width, struct tensor_list *list)) {
    const size_t most = lstm_parameters(config);
    size_t steps = 1;
    if (control_own(config)->encoder_width) return control_own(config)->encoder_width;
    for (;; steps++) {
        struct tensor_list list = {0};
        size_t width = (steps + 1) * step;
        tensors(config, width, &list);
        if (list.count + width * config->dense_units > most) return steps * step;
    }
}
