/* Concat attention (Luong et al. 2015): e_s = vᵀ tanh(W [q; h_s]) with q = h_T. The rows of W that meet q and those
 * that meet h_s are Bahdanau's W1 and W2, so the scores are shared with it; the ending is Luong's. */
#include "attention_asked.h"
#include "attention_band.h"
#include "attention_combine.h"

enum { W, V, WC };

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensor_add(list, "attention.W", 2 * config->hidden, attention_units(config), INIT_GLOROT, true);
    tensor_add(list, "attention.v", attention_units(config), 1, INIT_GLOROT, false);
    R(luong_tensors)(config, list);
}

static size_t keep_size(const struct gw_model_config *config) {
    return R(additive_keep)(config) + R(luong_keep)(config);
}
static size_t scratch_size(const struct gw_model_config *config) {
    return R(additive_scratch)(config) + R(luong_scratch)(config);
}

/* Behind the tanh values of the whole tile. */
static real *both(const struct R(attention_run) *run) { return run->keep + run->n * R(additive_keep)(run->config); }

static void forward(const struct R(attention_run) *run) {
    const real *w1 = run->w[W], *w2 = w1 + run->config->hidden * attention_units(run->config);
    R(additive_scores)(run, w1, w2, run->w[V]);
    R(luong_forward)(run, run->w[WC], both(run));
}

static void backward(const struct R(attention_run) *run) {
    size_t half = run->config->hidden * attention_units(run->config);
    real *dscore = run->scratch + run->n * attention_units(run->config); /* behind the query gradients */
    R(luong_backward)(run, run->w[WC], run->g[WC], both(run), run->scratch + R(additive_scratch)(run->config), dscore);
    R(additive_scores_backward)
    (run, dscore, run->w[W], run->w[W] + half, run->w[V], run->g[W], run->g[W] + half, run->g[V]);
}

/* ---- streaming: keep holds the prepared queries and [c; q] ------------------------------------------------- */

static size_t band_keep(const struct gw_model_config *config, size_t rows, size_t queries) {
    return R(band_additive_room)(config, rows, queries) + R(band_luong_keep)(config, queries);
}
static size_t band_scratch(const struct gw_model_config *config, size_t rows, size_t queries) {
    return R(band_scores_room)(config, rows, queries) + R(band_additive_room)(config, rows, queries) +
           R(band_luong_scratch)(config, queries);
}

static void band_forward(const struct R(band_run) *run) {
    size_t half = run->config->hidden * attention_units(run->config);
    real *both = run->keep + R(band_queries)(run) * attention_units(run->config);
    R(band_additive)(run, run->w[W], run->w[W] + half, run->w[V], run->keep);
    R(band_luong_forward)(run, run->w[WC], both);
}

static void band_backward(const struct R(band_run) *run) {
    size_t A = attention_units(run->config), half = run->config->hidden * A, n = R(band_queries)(run);
    real *dscore = run->scratch, *dquery = dscore + n * run->config->lookback;
    R(band_luong_backward)(run, run->w[WC], run->g[WC], run->keep + n * A, dquery + n * A, dscore);
    R(band_additive_backward)
    (run, dscore, run->w[W], run->w[W] + half, run->w[V], run->keep, dquery, run->g[W], run->g[W] + half, run->g[V]);
}

static const struct R(band_ops) band = {
    .memory_size = R(band_units),
    .keep_size = band_keep,
    .scratch_size = band_scratch,
    .forward = band_forward,
    .backward = band_backward,
};

/* ---- asked by a decoder --------------------------------------------------------------------------------- */

static size_t half(const struct R(asked_run) *run) { return run->config->hidden * attention_units(run->config); }

static void prepare(const struct R(asked_run) *run) { R(additive_keys)(run, run->w[W] + half(run)); }

static void ask(const struct R(asked_run) *run, const real *state, real *query, real *score, size_t ld) {
    R(additive_ask)(run, run->w[W], run->w[V], state, query, score, ld);
}

static void ask_backward(const struct R(asked_run) *run, const real *state, const real *query, const real *dscore,
                         real *dquery, real *dstate) {
    R(additive_ask_backward)(run, run->w[W], run->w[V], state, query, dscore, dquery, dstate, run->g[W], run->g[V]);
}

static void finish(const struct R(asked_run) *run) {
    R(additive_keys_backward)(run, run->w[W] + half(run), run->g[W] + half(run));
}

static void onnx_prepare(struct onnx *graph, const struct onnx_model *model, struct onnx_value states,
                         struct onnx_asked *out) {
    const size_t H = model->config->hidden;
    const struct onnx_value w1 = onnx_weight_rows(graph, model, W, 0, H, ".query"),
                            w2 = onnx_weight_rows(graph, model, W, H, 2 * H, ".key");
    *out = (struct onnx_asked){onnx_matmul(graph, states, w2), w1, onnx_weight(graph, model, V)};
}

static const struct R(asked_ops) asked = {
    .wc = WC,
    .memory_size = R(asked_keys),
    .query_size = R(asked_units),
    .prepare = prepare,
    .ask = ask,
    .ask_backward = ask_backward,
    .finish = finish,
    .onnx_prepare = onnx_prepare,
    .onnx_ask = R(additive_onnx_ask),
};
static const struct gw_param own_params[] = {ATTENTION_UNITS_ROW, LUONG_COMBINE_ROW};

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const size_t H = model->config->hidden;
    const struct onnx_value w1 = onnx_weight_rows(graph, model, W, 0, H, ".query"),
                            w2 = onnx_weight_rows(graph, model, W, H, 2 * H, ".key");
    const struct onnx_value query = onnx_matmul(graph, onnx_last(graph, h), w1), key = onnx_matmul(graph, h, w2);
    const struct onnx_value e = onnx_additive(graph, query, key, onnx_weight(graph, model, V));
    return onnx_luong_end(graph, model, onnx_softmax(graph, e), h, luong_combine(model->config), WC);
}

const struct R(attention_ops) R(attention_luong_concat) = {
    .name = "luong_concat",
    .help = "additive score of [last state; state] (Luong et al. 2015)",
    .band = &band,
    .asked = &asked,
    .own = GW_PARAM_TABLE(own_params),
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = R(one_map),
    .tensors = tensors,
    .keep_size = keep_size,
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
