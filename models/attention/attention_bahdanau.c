/* Additive attention (Bahdanau et al. 2014, eq. 6): e_s = vᵀ tanh(W1 q + W2 h_s) with q = h_T, bias-free;
 * a = softmax(e) over the steps, context Σ a_s h_s. */
#include "attention_asked.h"
#include "attention_band.h"
#include "attention_combine.h"

enum { W1, W2, V };

void R(bahdanau_tensors)(const struct gw_model_config *config, struct tensor_list *list) {
    tensor_add(list, "attention.W1", config->hidden, attention_units(config), INIT_GLOROT, true);
    tensor_add(list, "attention.W2", config->hidden, attention_units(config), INIT_GLOROT, true);
    tensor_add(list, "attention.v", attention_units(config), 1, INIT_GLOROT, false);
}

void R(bahdanau_forward)(const struct R(attention_run) *run) {
    R(additive_scores)(run, run->w[W1], run->w[W2], run->w[V]);
    R(concat_forward)(run);
}

void R(bahdanau_backward)(const struct R(attention_run) *run) {
    real *dscore = run->scratch + run->n * attention_units(run->config); /* behind the query gradients */
    R(concat_backward)(run, dscore);
    R(additive_scores_backward)(run, dscore, run->w[W1], run->w[W2], run->w[V], run->g[W1], run->g[W2], run->g[V]);
}

struct onnx_value R(bahdanau_onnx)(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const struct onnx_value last = onnx_last(graph, h);
    const struct onnx_value query = onnx_matmul(graph, last, onnx_weight(graph, model, W1));
    const struct onnx_value key = onnx_matmul(graph, h, onnx_weight(graph, model, W2));
    const struct onnx_value e = onnx_additive(graph, query, key, onnx_weight(graph, model, V));
    const struct onnx_value context = onnx_sum_states(graph, onnx_softmax(graph, e), h);
    return luong_combine(model->config) ? onnx_join(graph, context, last, 1) : context;
}

/* ---- streaming ------------------------------------------------------------------------------------------ */

static void band_forward(const struct R(band_run) *run) {
    R(band_additive)(run, run->w[W1], run->w[W2], run->w[V], run->keep);
    R(band_concat_forward)(run);
}

/* d score, and the query gradients behind it. */
static size_t band_scratch(const struct gw_model_config *config, size_t rows, size_t queries) {
    return R(band_scores_room)(config, rows, queries) + R(band_additive_room)(config, rows, queries);
}

static void band_backward(const struct R(band_run) *run) {
    size_t n = R(band_queries)(run);
    real *dscore = run->scratch, *dquery = dscore + n * run->config->lookback;
    R(band_concat_backward)(run, dscore);
    R(band_additive_backward)
    (run, dscore, run->w[W1], run->w[W2], run->w[V], run->keep, dquery, run->g[W1], run->g[W2], run->g[V]);
}

static const struct R(band_ops) band = {
    .memory_size = R(band_units),
    .keep_size = R(band_additive_room),
    .scratch_size = band_scratch,
    .forward = band_forward,
    .backward = band_backward,
};

/* ---- asked by a decoder --------------------------------------------------------------------------------- */

static void prepare(const struct R(asked_run) *run) { R(additive_keys)(run, run->w[W2]); }

static void ask(const struct R(asked_run) *run, const real *state, real *query, real *score, size_t ld) {
    R(additive_ask)(run, run->w[W1], run->w[V], state, query, score, ld);
}

static void ask_backward(const struct R(asked_run) *run, const real *state, const real *query, const real *dscore,
                         real *dquery, real *dstate) {
    R(additive_ask_backward)(run, run->w[W1], run->w[V], state, query, dscore, dquery, dstate, run->g[W1], run->g[V]);
}

static void finish(const struct R(asked_run) *run) { R(additive_keys_backward)(run, run->w[W2], run->g[W2]); }

static void onnx_prepare(struct onnx *graph, const struct onnx_model *model, struct onnx_value states,
                         struct onnx_asked *out) {
    const struct onnx_value key = onnx_matmul(graph, states, onnx_weight(graph, model, W2));
    *out = (struct onnx_asked){key, onnx_weight(graph, model, W1), onnx_weight(graph, model, V)};
}

static const struct R(asked_ops) asked = {
    .before = true,
    .wc = -1,
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

const struct R(attention_ops) R(attention_bahdanau) = {
    .name = "bahdanau",
    .help = "additive scores against the last state (Bahdanau et al. 2014)",
    .band = &band,
    .asked = &asked,
    .own = GW_PARAM_TABLE(own_params),
    .tile = 8,
    .context_size = R(concat_size),
    .maps = R(one_map),
    .tensors = R(bahdanau_tensors),
    .keep_size = R(additive_keep),
    .scratch_size = R(additive_scratch),
    .forward = R(bahdanau_forward),
    .backward = R(bahdanau_backward),
    .onnx = R(bahdanau_onnx),
};
