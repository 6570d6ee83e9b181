/* Dot attention (Luong et al. 2015): e_s = qᵀ h_s with q = h_T. */
#include "attention_asked.h"
#include "attention_band.h"
#include "attention_combine.h"

enum { WC };

static size_t scratch_size(const struct gw_model_config *config) {
    return R(luong_scratch)(config) + SHARD_WINDOWS * config->lookback;
}

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++) {
        const real *h = run->h + b * T * H, *q = h + (T - 1) * H;
        for (size_t s = 0; s < T; s++) run->map[b * T + s] = run->k->dot(H, q, h + s * H);
    }
    R(luong_forward)(run, run->w[WC], run->keep);
}

/* dh_s += e'_s q, dq += Σ e'_s h_s; both meet in the last state. */
static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    real *dscore = run->scratch + R(luong_scratch)(run->config);
    R(luong_backward)(run, run->w[WC], run->g[WC], run->keep, run->scratch, dscore);
    for (size_t b = 0; b < run->n; b++) {
        const real *h = run->h + b * T * H, *q = h + (T - 1) * H;
        real *dh = run->dh + b * T * H, *dq = dh + (T - 1) * H;
        for (size_t s = 0; s < T; s++) {
            run->k->axpy(H, dscore[b * T + s], q, dh + s * H);
            run->k->axpy(H, dscore[b * T + s], h + s * H, dq);
        }
    }
}

/* ---- streaming: the query is the state itself ---------------------------------------------------------- */

static size_t band_keep(const struct gw_model_config *config, size_t rows, size_t queries) {
    (void)rows;
    return R(band_luong_keep)(config, queries);
}
/* d score, query gradients and what the ending wants. */
static size_t band_scratch(const struct gw_model_config *config, size_t rows, size_t queries) {
    return R(band_scores_room)(config, rows, queries) + queries * config->hidden +
           R(band_luong_scratch)(config, queries);
}

static void band_forward(const struct R(band_run) *run) {
    R(band_product)(run, run->h + run->query * run->config->hidden);
    R(band_luong_forward)(run, run->w[WC], run->keep);
}

static void band_backward(const struct R(band_run) *run) {
    size_t H = run->config->hidden, n = R(band_queries)(run);
    real *dscore = run->scratch, *dquery = dscore + n * run->config->lookback;
    R(band_luong_backward)(run, run->w[WC], run->g[WC], run->keep, dquery + n * H, dscore);
    R(band_product_backward)(run, dscore, run->h + run->query * H, dquery);
    run->k->axpy(n * H, 1, dquery, run->dh + run->query * H);
}

static const struct R(band_ops) band = {
    .memory_size = R(band_nothing),
    .keep_size = band_keep,
    .scratch_size = band_scratch,
    .forward = band_forward,
    .backward = band_backward,
};

/* ---- asked by a decoder: its state is the query ----------------------------------------------------------- */

static void ask(const struct R(asked_run) *run, const real *state, real *query, real *score, size_t ld) {
    (void)query;
    R(product_ask)(run, state, score, ld);
}

static void ask_backward(const struct R(asked_run) *run, const real *state, const real *query, const real *dscore,
                         real *dquery, real *dstate) {
    (void)query;
    R(product_ask_backward)(run, state, dscore, dquery);
    run->k->axpy(run->n * run->config->hidden, 1, dquery, dstate);
}

static void onnx_prepare(struct onnx *graph, const struct onnx_model *model, struct onnx_value states,
                         struct onnx_asked *out) {
    (void)graph, (void)model;
    *out = (struct onnx_asked){.key = states};
}

static const struct R(asked_ops) asked = {
    .wc = WC,
    .memory_size = R(band_nothing),
    .query_size = R(band_nothing),
    .prepare = R(asked_nothing),
    .ask = ask,
    .ask_backward = ask_backward,
    .finish = R(asked_nothing),
    .onnx_prepare = onnx_prepare,
    .onnx_ask = R(product_onnx_ask),
};
static const struct gw_param own_params[] = {LUONG_COMBINE_ROW};

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const struct onnx_value query = onnx_wrap(graph, onnx_last(graph, h), 2);
    const struct onnx_value e = onnx_unwrap(graph, onnx_matmul(graph, h, query), 2);
    return onnx_luong_end(graph, model, onnx_softmax(graph, e), h, luong_combine(model->config), WC);
}

const struct R(attention_ops) R(attention_luong_dot) = {
    .name = "luong_dot",
    .help = "dot product with the last state (Luong et al. 2015)",
    .band = &band,
    .asked = &asked,
    .own = GW_PARAM_TABLE(own_params),
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = R(one_map),
    .tensors = R(luong_tensors),
    .keep_size = R(luong_keep),
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
