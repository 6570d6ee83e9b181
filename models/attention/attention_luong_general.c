/* General attention (Luong et al. 2015): e_s = qᵀ W h_s with q = h_T. q W is computed once per window. */
#include <string.h>

#include "attention_asked.h"
#include "attention_band.h"
#include "attention_combine.h"

enum { W, WC };

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensor_add(list, "attention.W", config->hidden, config->hidden, INIT_GLOROT, true);
    R(luong_tensors)(config, list);
}

/* Per window: [c; q] and, behind those of the whole tile, q W. */
static size_t keep_size(const struct gw_model_config *config) { return R(luong_keep)(config) + config->hidden; }
static real *projected(const struct R(attention_run) *run) { return run->keep + run->n * R(luong_keep)(run->config); }

/* luong_backward's, dscore [n × T], d(q W) [n × H] */
static size_t scratch_size(const struct gw_model_config *config) {
    return R(luong_scratch)(config) + SHARD_WINDOWS * (config->lookback + config->hidden);
}

void R(bilinear_query)(const struct R(attention_run) *run, const real *w, real *qw) {
    size_t T = run->config->lookback, H = run->config->hidden;
    run->k->gemm_nn(run->n, H, H, run->h + (T - 1) * H, T * H, w, H, qw, H, false);
}

void R(bilinear_scores)(const struct R(attention_run) *run, const real *qw, size_t b, size_t from, size_t to, real *e) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t s = from; s < to; s++) e[s] = run->k->dot(H, qw + b * H, run->h + (b * T + s) * H);
}

void R(bilinear_scores_backward)(const struct R(attention_run) *run, const real *qw, size_t b, size_t from, size_t to,
                                 const real *de, real *dqw) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t s = from; s < to; s++) {
        run->k->axpy(H, de[s], qw + b * H, run->dh + (b * T + s) * H);
        run->k->axpy(H, de[s], run->h + (b * T + s) * H, dqw + b * H);
    }
}

void R(bilinear_query_backward)(const struct R(attention_run) *run, const real *w, const real *dqw, real *dw) {
    size_t T = run->config->lookback, H = run->config->hidden;
    run->k->gemm_tn(H, H, run->n, run->h + (T - 1) * H, T * H, dqw, H, dw, H, true);
    run->k->gemm_nt(run->n, H, H, dqw, H, w, H, run->dh + (T - 1) * H, T * H, true);
}

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback;
    real *qw = projected(run);
    R(bilinear_query)(run, run->w[W], qw);
    for (size_t b = 0; b < run->n; b++) R(bilinear_scores)(run, qw, b, 0, T, run->map + b * T);
    R(luong_forward)(run, run->w[WC], run->keep);
}

static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    const real *qw = projected(run);
    real *dscore = run->scratch + R(luong_scratch)(run->config), *dqw = dscore + run->n * T;
    R(luong_backward)(run, run->w[WC], run->g[WC], run->keep, run->scratch, dscore);
    memset(dqw, 0, run->n * H * sizeof *dqw);
    for (size_t b = 0; b < run->n; b++) R(bilinear_scores_backward)(run, qw, b, 0, T, dscore + b * T, dqw);
    R(bilinear_query_backward)(run, run->w[W], dqw, run->g[W]);
}

/* ---- streaming: keep holds [c; q] and behind it q W ---------------------------------------------------- */

static size_t band_keep(const struct gw_model_config *config, size_t rows, size_t queries) {
    (void)rows;
    return R(band_luong_keep)(config, queries) + queries * config->hidden;
}
static size_t band_scratch(const struct gw_model_config *config, size_t rows, size_t queries) {
    return R(band_scores_room)(config, rows, queries) + queries * config->hidden +
           R(band_luong_scratch)(config, queries);
}

static void band_forward(const struct R(band_run) *run) {
    size_t H = run->config->hidden, n = R(band_queries)(run);
    real *qw = run->keep + R(band_luong_keep)(run->config, n);
    run->k->large_nn(n, H, H, run->h + run->query * H, H, run->w[W], H, qw, H, false);
    R(band_product)(run, qw);
    R(band_luong_forward)(run, run->w[WC], run->keep);
}

static void band_backward(const struct R(band_run) *run) {
    size_t H = run->config->hidden, n = R(band_queries)(run);
    const real *qw = run->keep + R(band_luong_keep)(run->config, n), *queries = run->h + run->query * H;
    real *dscore = run->scratch, *dqw = dscore + n * run->config->lookback;
    R(band_luong_backward)(run, run->w[WC], run->g[WC], run->keep, dqw + n * H, dscore);
    R(band_product_backward)(run, dscore, qw, dqw);
    run->k->large_tn(H, H, n, queries, H, dqw, H, run->g[W], H, true);
    run->k->large_nt(n, H, H, dqw, H, run->w[W], H, run->dh + run->query * H, H, true);
}

static const struct R(band_ops) band = {
    .memory_size = R(band_nothing),
    .keep_size = band_keep,
    .scratch_size = band_scratch,
    .forward = band_forward,
    .backward = band_backward,
};

/* ---- asked by a decoder: q W is the query ----------------------------------------------------------------- */

static void ask(const struct R(asked_run) *run, const real *state, real *query, real *score, size_t ld) {
    size_t H = run->config->hidden;
    run->k->gemm_nn(run->n, H, H, state, H, run->w[W], H, query, H, false);
    R(product_ask)(run, query, score, ld);
}

static void ask_backward(const struct R(asked_run) *run, const real *state, const real *query, const real *dscore,
                         real *dquery, real *dstate) {
    size_t H = run->config->hidden;
    R(product_ask_backward)(run, query, dscore, dquery);
    run->k->gemm_tn(H, H, run->n, state, H, dquery, H, run->g[W], H, true);
    run->k->gemm_nt(run->n, H, H, dquery, H, run->w[W], H, dstate, H, true);
}

static void onnx_prepare(struct onnx *graph, const struct onnx_model *model, struct onnx_value states,
                         struct onnx_asked *out) {
    *out = (struct onnx_asked){.key = states, .query_weight = onnx_weight(graph, model, W)};
}

static const struct R(asked_ops) asked = {
    .wc = WC,
    .memory_size = R(band_nothing),
    .query_size = R(context_hidden),
    .prepare = R(asked_nothing),
    .ask = ask,
    .ask_backward = ask_backward,
    .finish = R(asked_nothing),
    .onnx_prepare = onnx_prepare,
    .onnx_ask = R(product_onnx_ask),
};
static const struct gw_param own_params[] = {LUONG_COMBINE_ROW};

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const struct onnx_value e = onnx_bilinear(graph, onnx_weight(graph, model, W), h);
    return onnx_luong_end(graph, model, onnx_softmax(graph, e), h, luong_combine(model->config), WC);
}

const struct R(attention_ops) R(attention_luong_general) = {
    .name = "luong_general",
    .help = "bilinear score with the last state (Luong et al. 2015)",
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
