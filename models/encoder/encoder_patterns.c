/* The pattern library in the place of an encoder: a transformer autoencoder learns the shapes of windows without labels, and
 * what followed each category of shapes is the gate (models/patterns/pattern_gate.c). Its tensors are the autoencoder's. */
#include "engine/base/base.h"
#include "models/network/gate.h"
#include "models/patterns/patterns_model.h"

static const struct gw_param own_params[] = {PATTERN_ROWS};

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    const struct transformer_shape shape = patterns_shape(own_of_encoder(config));
    struct autoencoder net;
    R(autoencoder_init)(&net, &shape, true);
    *list = net.tensors;
}

static size_t reach(const struct gw_model_config *config) {
    return pattern_reach(((const struct patterns_params *)own_of_encoder(config))->pattern_bars);
}

static int check(const struct gw_model_config *config, const struct gw_train_config *train) {
    const struct patterns_params *own = own_of_encoder(config);
    if (own->pattern_width % own->pattern_heads != 0)
        FAIL(GW_ERR_CONFIG, "model.pattern_width: %zu is no multiple of model.pattern_heads (%zu)", own->pattern_width,
             own->pattern_heads);
    if (train->accumulate > 1)
        FAIL(GW_ERR_CONFIG,
             "training.accumulate: encoder \"patterns\" contrasts the windows of a batch with each other; "
             "raise training.batch_size instead");
    if (train->positive_fraction > 0)
        FAIL(GW_ERR_CONFIG, "training.positive_fraction: encoder \"patterns\" learns without labels");
    return GW_OK;
}

static const char *const channels[] = {"open", "high", "low", "close", "volume", "ma10"};

const struct R(encoder_ops) R(encoder_patterns) = {
    .name = "patterns",
    .help = "categories of shapes from a transformer autoencoder, and what followed them in training",
    .own = GW_PARAM_TABLE(own_params),
    .reach = reach,
    .channels = channels,
    .n_channels = PATTERN_CHANNELS,
    .fits = FITS_PATTERNS,
    .windowed_only = "a pattern is a window of bars",
    .no_onnx = "it looks at windows of bars that scale themselves, and the graph's input are features",
    .check = check,
    .tensors = tensors,
};
