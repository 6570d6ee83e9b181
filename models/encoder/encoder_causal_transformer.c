/* A transformer over the window's features (Vaswani et al. 2017; norms before the parts: Xiong et al. 2020), in which a bar
 * attends only to bars up to itself:
 *   h_t = x_t W + b + position_t → N layers (models/transformer/transformer.h) → norm;  the context is that of the last bar
 * Positions are sines and cosines. Every bar's weights on all others are kept, so memory grows with lookback². */
#include <math.h>
#include <string.h>

#include "control.h"
#include "engine/base/base.h"
#include "models/transformer/transformer.h"

enum { LOOKBACK_MAX = 512 };

static const struct gw_param own_params[] = {
    CONTROL_WIDTH_ROW,
    GW_SIZE_PARAM(struct control_params, encoder_heads, "heads", 2, 1, 64,
                  "of causal_transformer; its width is a multiple"),
    GW_SIZE_PARAM(struct control_params, encoder_blocks, "layers", 2, 1, TRANSFORMER_LAYERS_MAX,
                  "layers of causal_transformer"),
};

static struct transformer_shape shape_of(const struct gw_model_config *config, size_t width) {
    return (struct transformer_shape){.steps = config->lookback,
                                      .channels = config->n_features,
                                      .width = width,
                                      .heads = control_own(config)->encoder_heads,
                                      .layers = control_own(config)->encoder_blocks,
                                      .causal = true};
}

static void tensors_of(const struct gw_model_config *config, size_t width, struct tensor_list *list) {
    const struct transformer_shape shape = shape_of(config, width);
    for (size_t layer = 0; layer < shape.layers; layer++) R(layer_tensors)(list, &shape, "block", layer);
    tensor_add(list, "embed.W", config->n_features, width, INIT_GLOROT, false);
    tensor_add(list, "embed.b", 1, width, INIT_ZERO, false);
    tensor_add(list, "norm.g", 1, width, INIT_ONE, false);
    tensor_add(list, "norm.b", 1, width, INIT_ZERO, false);
}

static size_t width(const struct gw_model_config *config) {
    return R(control_width)(config, control_own(config)->encoder_heads, tensors_of);
}
static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensors_of(config, width(config), list);
}

static int check(const struct gw_model_config *config, const struct gw_train_config *train) {
    const struct control_params *own = control_own(config);
    (void)train;
    if (own->encoder_width % own->encoder_heads != 0)
        FAIL(GW_ERR_CONFIG, "model.encoder_width: %zu is no multiple of model.encoder_heads (%zu)", own->encoder_width,
             own->encoder_heads);
    if (config->lookback > LOOKBACK_MAX)
        FAIL(GW_ERR_CONFIG,
             "model.lookback: %zu; encoder \"causal_transformer\" keeps lookback² weights of every window and takes at "
             "most %d bars",
             config->lookback, LOOKBACK_MAX);
    return GW_OK;
}

/* ---- its memory, cut from ws->extra; what lies there stays from call to call ----------------------------------------- */

struct parts {
    struct transformer_shape shape;
    size_t B, embed; /* embed: that tensor's row */
    real *code;      /* [T × D] */
    real *xw;        /* [rows × D] x W of every bar, and its gradient */
    real *moments;   /* [B × 2] of the last norm */
    real *last;      /* [B × D] what goes into it */
    real *dh;        /* [tile · T × D] */
    real *scratch;
    struct R(stack) stack;
};

static size_t lay_out(struct parts *at, const struct gw_model_config *config, real *memory) {
    const size_t B = SHARD_WINDOWS, T = config->lookback;
    size_t used = 0;
    *at = (struct parts){.shape = shape_of(config, width(config))};
    const size_t D = at->shape.width;
    at->embed = at->shape.layers * LAYER_TENSORS;
    at->code = R(workspace_cut)(memory, &used, T * D);
    at->xw = R(workspace_cut)(memory, &used, R(rows_most)(config) * D);
    at->moments = R(workspace_cut)(memory, &used, B * 2);
    at->last = R(workspace_cut)(memory, &used, B * D);
    at->dh = R(workspace_cut)(memory, &used, TRANSFORMER_TILE * T * D);
    at->scratch = R(workspace_cut)(memory, &used, R(layer_scratch)(&at->shape));
    return used + R(stack_cut)(&at->stack, &at->shape, B, true, memory ? memory + used : NULL);
}

static size_t extra_size(const struct gw_model_config *config) {
    struct parts parts;
    return lay_out(&parts, config, NULL);
}

static struct parts parts_of(const struct R(pass) *pass) {
    struct parts at;
    lay_out(&at, &pass->net->config, pass->ws->extra);
    at.B = pass->ws->n_windows;
    if (at.code[1] == 0) R(position_code)(&at.shape, at.code); /* a cosine of 0 is 1 */
    return at;
}

static struct R(layer_run) run_of(const struct R(pass) *pass, const struct parts *at) {
    return (struct R(layer_run)){.shape = &at->shape,
                                 .k = pass->k,
                                 .weights = pass->weights,
                                 .gradient = pass->gradient,
                                 .tensors = &pass->net->tensors,
                                 .first = 0};
}

/* ---- forward and back, a few windows at a time ------------------------------------------------------------------------ */

static void embed(const struct R(pass) *pass, const struct parts *at) {
    const size_t D = at->shape.width, T = at->shape.steps;
    R(rows_times)(pass, R(tensor_of)(pass, at->embed), D, at->xw, D);
    pass->k->add_row(pass->ws->n_rows, D, R(tensor_of)(pass, at->embed + 1), at->xw, D);
    for (size_t b = 0; b < at->B; b++) {
        real *to = at->stack.keep[0].in + b * T * D;
        memcpy(to, at->xw + pass->ws->first_row[b] * D, T * D * sizeof(real));
        pass->k->axpy(T * D, 1, at->code, to);
    }
}

static void forward(const struct R(pass) *pass) {
    const struct parts at = parts_of(pass);
    const struct R(layer_run) run = run_of(pass, &at);
    const size_t D = at.shape.width, T = at.shape.steps;
    embed(pass, &at);
    for (size_t b = 0; b < at.B; b += TRANSFORMER_TILE)
        R(stack_forward)(&run, &at.stack, b, at.B - b < TRANSFORMER_TILE ? at.B - b : TRANSFORMER_TILE);
    for (size_t b = 0; b < at.B; b++) memcpy(at.last + b * D, at.stack.out + ((b + 1) * T - 1) * D, D * sizeof(real));
    pass->k->norm_rows(at.B, D, at.last, R(tensor_of)(pass, at.embed + 2), R(tensor_of)(pass, at.embed + 3),
                       pass->ws->context, at.moments);
}

/* The gradient of the context lies in ws->dcontext, of all windows: a shard is one tile here. xw becomes its own gradient. */
static void backward(const struct R(pass) *pass, bool use_dh, bool use_dh_last) {
    const struct parts at = parts_of(pass);
    const struct R(layer_run) run = run_of(pass, &at);
    const size_t D = at.shape.width, T = at.shape.steps;
    (void)use_dh, (void)use_dh_last;
    real *dlast = pass->ws->dcontext;
    pass->k->norm_rows_backward(at.B, D, at.last, R(tensor_of)(pass, at.embed + 2), at.moments, dlast, false, dlast,
                                R(gradient_of)(pass, at.embed + 2), R(gradient_of)(pass, at.embed + 3));
    memset(at.xw, 0, pass->ws->n_rows * D * sizeof(real));
    for (size_t b = 0; b < at.B; b += TRANSFORMER_TILE) {
        const size_t n = at.B - b < TRANSFORMER_TILE ? at.B - b : TRANSFORMER_TILE;
        memset(at.dh, 0, n * T * D * sizeof(real));
        for (size_t i = 0; i < n; i++) memcpy(at.dh + ((i + 1) * T - 1) * D, dlast + (b + i) * D, D * sizeof(real));
        R(stack_backward)(&run, &at.stack, b, n, at.dh, at.scratch);
        for (size_t i = 0; i < n; i++)
            pass->k->axpy(T * D, 1, at.dh + i * T * D, at.xw + pass->ws->first_row[b + i] * D);
    }
    R(rows_times_backward)(pass, D, at.xw, D, R(gradient_of)(pass, at.embed));
    pass->k->sum_rows(pass->ws->n_rows, D, at.xw, D, R(gradient_of)(pass, at.embed + 1));
}

/* ---- in ONNX --------------------------------------------------------------------------------------------------------- */

static struct onnx_value onnx_norm(struct onnx *graph, const struct onnx_model *model, struct onnx_value x,
                                   size_t gain) {
    return onnx_op_with(
        graph, "LayerNormalization", ONNX_IN(x, onnx_weight(graph, model, gain), onnx_weight(graph, model, gain + 1)),
        &(struct onnx_attribute){.name = "epsilon", .kind = ONNX_A_FLOAT, .number = (float)KERNELS_NORM_EPSILON});
}

static struct onnx_value onnx_product(struct onnx *graph, const struct onnx_model *model, struct onnx_value x,
                                      size_t w) {
    return onnx_affine(graph, x, onnx_weight(graph, model, w), onnx_weight(graph, model, w + 1));
}

/* Columns part·D … of q, k, v, as [N × heads × T × d]. */
static struct onnx_value onnx_part(struct onnx *graph, const struct transformer_shape *shape, struct onnx_value qkv,
                                   size_t part) {
    const size_t D = shape->width;
    const int64_t dims[4] = {0, 0, (int64_t)shape->heads, (int64_t)(D / shape->heads)};
    const struct onnx_value x = onnx_slice(graph, qkv, 2, part * D, (part + 1) * D);
    return onnx_transpose(graph, onnx_reshape(graph, x, 4, dims), 4, (const int64_t[]){0, 2, 1, 3});
}

static struct onnx_value onnx_layer(struct onnx *graph, const struct onnx_model *model,
                                    const struct transformer_shape *shape, struct onnx_value mask,
                                    struct onnx_value x) {
    const int64_t together[3] = {0, 0, (int64_t)shape->width};
    const struct onnx_value qkv = onnx_product(graph, model, onnx_norm(graph, model, x, NORM1_GAIN), QKV_W);
    const struct onnx_value key =
        onnx_transpose(graph, onnx_part(graph, shape, qkv, 1), 4, (const int64_t[]){0, 1, 3, 2});
    const struct onnx_value scale = onnx_float(graph, 1 / sqrt((double)(shape->width / shape->heads)));
    const struct onnx_value score = onnx_mul(graph, onnx_matmul(graph, onnx_part(graph, shape, qkv, 0), key), scale);
    const struct onnx_value a = onnx_softmax(graph, onnx_add(graph, score, mask));
    const struct onnx_value heads = onnx_matmul(graph, a, onnx_part(graph, shape, qkv, 2));
    const struct onnx_value mix =
        onnx_reshape(graph, onnx_transpose(graph, heads, 4, (const int64_t[]){0, 2, 1, 3}), 3, together);
    const struct onnx_value between = onnx_add(graph, x, onnx_product(graph, model, mix, MIX_W));
    const struct onnx_value wide = onnx_product(graph, model, onnx_norm(graph, model, between, NORM2_GAIN), FFN1_W);
    return onnx_add(graph, between, onnx_product(graph, model, onnx_op(graph, "Relu", 1, &wide), FFN2_W));
}

/* A bar sees none behind it; and the sines and cosines of their places. */
static void onnx_constants(struct onnx *graph, const struct transformer_shape *shape, struct onnx_value *mask,
                           struct onnx_value *code) {
    const size_t T = shape->steps, square[2] = {T, T}, codes[2] = {T, shape->width};
    float *hidden = mem_calloc(T * T, sizeof *hidden);
    real *place = mem_calloc(T * shape->width, sizeof *place);
    float *narrow = mem_calloc(T * shape->width, sizeof *narrow);
    const bool all = hidden && place && narrow;
    if (all) R(position_code)(shape, place);
    for (size_t i = 0; all && i < T * shape->width; i++) narrow[i] = (float)place[i];
    for (size_t t = 0; all && t < T; t++)
        for (size_t s = t + 1; s < T; s++) hidden[t * T + s] = -INFINITY;
    *mask = onnx_floats(graph, "causal", all ? hidden : NULL, 2, square);
    *code = onnx_floats(graph, "position", all ? narrow : NULL, 2, codes);
    mem_free(narrow);
    mem_free(place);
    mem_free(hidden);
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value x) {
    const struct transformer_shape shape = shape_of(model->config, width(model->config));
    const size_t embed_at = shape.layers * LAYER_TENSORS;
    struct onnx_model layer = *model;
    struct onnx_value mask, code;
    onnx_constants(graph, &shape, &mask, &code);
    struct onnx_value y = onnx_add(graph, onnx_product(graph, model, x, embed_at), code);
    for (size_t i = 0; i < shape.layers; i++, layer.first += LAYER_TENSORS)
        y = onnx_layer(graph, &layer, &shape, mask, y);
    return onnx_norm(graph, model, onnx_last(graph, y), embed_at + 2);
}

const struct R(encoder_ops) R(encoder_causal_transformer) = {
    .name = "causal_transformer",
    .help = "transformer over the window's features, no bar sees a later one, read at the last bar: a control",
    .own = GW_PARAM_TABLE(own_params),
    .window = true,
    .windowed_only = "its positions count from the window's first bar",
    .check = check,
    .tensors = tensors,
    .context_size = width,
    .extra_size = extra_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
