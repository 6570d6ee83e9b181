/* The supervised twin of the pattern library: the same windows and the same transformer encoder down to the unit sphere, but
 * learnt from the labels through the two heads. It says what learning without labels costs or gives. */
#include <string.h>

#include "engine/base/base.h"
#include "models/network/gate.h"
#include "models/patterns/patterns_model.h"

static const struct gw_param own_params[] = {PATTERN_SHAPE_ROWS};

static struct autoencoder net_of(const struct gw_model_config *config) {
    const struct transformer_shape shape = patterns_shape(own_of_encoder(config));
    struct autoencoder net;
    R(autoencoder_init)(&net, &shape, false);
    return net;
}

static void tensors(const struct gw_model_config *config, struct tensor_list *list) { *list = net_of(config).tensors; }

static size_t reach(const struct gw_model_config *config) {
    return pattern_reach(((const struct patterns_params *)own_of_encoder(config))->pattern_bars);
}

static size_t context_size(const struct gw_model_config *config) {
    return ((const struct patterns_params *)own_of_encoder(config))->latent;
}

static int check(const struct gw_model_config *config, const struct gw_train_config *train) {
    const struct patterns_params *own = own_of_encoder(config);
    (void)train;
    if (own->pattern_width % own->pattern_heads != 0)
        FAIL(GW_ERR_CONFIG, "model.pattern_width: %zu is no multiple of model.pattern_heads (%zu)", own->pattern_width,
             own->pattern_heads);
    return GW_OK;
}

/* ---- its memory, cut from ws->extra; what lies there stays from call to call --------------------------------------- */

struct parts {
    struct autoencoder net;
    struct R(batch) batch;
    struct R(tile) tile;
};

static size_t lay_out(struct parts *parts, const struct gw_model_config *config, real *memory) {
    parts->net = net_of(config);
    const size_t batch = R(batch_place)(&parts->batch, &parts->net, SHARD_WINDOWS, true, memory);
    return batch + R(tile_place)(&parts->tile, &parts->net, true, memory ? memory + batch : NULL);
}

static size_t extra_size(const struct gw_model_config *config) {
    struct parts parts;
    return lay_out(&parts, config, NULL);
}

static struct R(pieces) pieces(const struct R(pass) *pass, struct parts *parts) {
    lay_out(parts, &pass->net->config, pass->ws->extra);
    parts->batch.masked = pass->ws->masked;
    return (struct R(pieces)){&parts->net, pass->k, pass->weights, &parts->batch};
}

static void gather(const struct R(pass) *pass, const struct R(shard) *shard) {
    const struct patterns_params *own = own_of_encoder(&pass->net->config);
    const size_t row = own->pattern_bars * PATTERN_CHANNELS;
    struct parts parts;
    pass->ws->masked = shard->loss && pass->gradient && own->pattern_dropout > 0;
    pieces(pass, &parts);
    for (size_t b = 0; b < shard->n; b++) {
        const struct gw_sample *sample = &shard->sample[shard->index[b]];
        float window[512 * PATTERN_CHANNELS]; /* pattern_bars goes no further */
        pattern_window(shard->series[sample->series].bar, sample->row, own->pattern_bars, window);
        for (size_t i = 0; i < row; i++) parts.batch.x[b * row + i] = (real)window[i];
        if (!pass->ws->masked) continue;
        const size_t n = autoencoder_mask(&parts.net.shape);
        R(dropout_mask_of_bar)
        (shard->loss->seed, shard->loss->epoch, sample->series, sample->row, own->pattern_dropout, n,
         parts.batch.mask + b * n);
    }
}

static void forward(const struct R(pass) *pass) {
    struct parts parts;
    const struct R(pieces) with = pieces(pass, &parts);
    const size_t n = pass->ws->n_windows;
    R(encode_layers)(&with, 0, n);
    R(narrow_forward)(&with, n, false);
    memcpy(pass->ws->context, parts.batch.z, n * parts.net.shape.latent * sizeof(real));
}

/* The gradient of the context lies in ws->dcontext, of all windows: a shard is one tile here. */
static void backward(const struct R(pass) *pass, bool use_dh, bool use_dh_last) {
    struct parts parts;
    const struct R(pieces) with = pieces(pass, &parts);
    const size_t n = pass->ws->n_windows;
    (void)use_dh, (void)use_dh_last;
    memcpy(parts.batch.dz, pass->ws->dcontext, n * parts.net.shape.latent * sizeof(real));
    R(narrow_backward)(&with, n, false, pass->gradient);
    R(encode_layers_backward)(&with, 0, n, pass->gradient, &parts.tile);
}

const struct R(encoder_ops) R(encoder_transformer) = {
    .name = "transformer",
    .help = "the pattern library's transformer under two supervised heads, its control",
    .own = GW_PARAM_TABLE(own_params),
    .reach = reach,
    .windowed_only = "it looks at windows of bars that scale themselves",
    .no_onnx = "it looks at windows of bars that scale themselves, and the graph's input are features",
    .check = check,
    .tensors = tensors,
    .context_size = context_size,
    .gather = gather,
    .extra_size = extra_size,
    .forward = forward,
    .backward = backward,
};
