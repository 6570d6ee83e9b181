/* Local attention, monotonic (Luong et al. 2015, local-m): the window p - D … p + D lies around the bar that asks. That bar is
 * the last one here, so its window is the last D + 1 states: e_s = qᵀ W h_s, a = softmax over them, 0 elsewhere. */
#include <string.h>

#include "attention_local.h"

enum { W, WC };

static const struct gw_param own_params[] = {LUONG_COMBINE_ROW, LOCAL_SPAN_ROW};

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensor_add(list, "attention.W", config->hidden, config->hidden, INIT_GLOROT, true);
    R(luong_tensors)(config, list);
}

/* [c; q], and behind those of the tile q W */
static size_t keep_size(const struct gw_model_config *config) { return R(luong_keep)(config) + config->hidden; }
static size_t scratch_size(const struct gw_model_config *config) {
    return R(luong_scratch)(config) + SHARD_WINDOWS * (config->lookback + config->hidden);
}
static size_t first_state(const struct gw_model_config *config) {
    return config->lookback > local_span(config) + 1 ? config->lookback - local_span(config) - 1 : 0;
}

static void forward(const struct R(attention_run) *run) {
    const size_t T = run->config->lookback, from = first_state(run->config);
    real *qw = run->keep + run->n * R(luong_keep)(run->config);
    R(bilinear_query)(run, run->w[W], qw);
    for (size_t b = 0; b < run->n; b++) {
        real *a = run->map + b * T;
        memset(a, 0, from * sizeof *a);
        R(bilinear_scores)(run, qw, b, from, T, a);
        run->k->softmax_rows(1, T - from, T, 1, a + from, a + from);
    }
    R(luong_end)(run, run->w[WC], run->map, run->keep);
}

static void backward(const struct R(attention_run) *run) {
    const size_t T = run->config->lookback, H = run->config->hidden, from = first_state(run->config);
    const real *qw = run->keep + run->n * R(luong_keep)(run->config);
    real *da = run->scratch + R(luong_scratch)(run->config), *dqw = da + run->n * T;
    R(luong_end_backward)(run, run->w[WC], run->g[WC], run->map, run->keep, run->scratch, da);
    memset(dqw, 0, run->n * H * sizeof *dqw);
    for (size_t b = 0; b < run->n; b++) {
        R(softmax_backward)(run->k, T - from, run->map + b * T + from, da + b * T + from);
        R(bilinear_scores_backward)(run, qw, b, from, T, da + b * T, dqw);
    }
    R(bilinear_query_backward)(run, run->w[W], dqw, run->g[W]);
}

/* The states that are seen stand alone; h_T is the last of them as well. */
static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const size_t T = model->config->lookback;
    const struct onnx_value seen = onnx_slice(graph, h, 1, first_state(model->config), T);
    const struct onnx_value e = onnx_bilinear(graph, onnx_weight(graph, model, W), seen);
    return onnx_luong_end(graph, model, onnx_softmax(graph, e), seen, luong_combine(model->config), WC);
}

const struct R(attention_ops) R(attention_local_m) = {
    .name = "local_m",
    .help = "bilinear score over the last local_span + 1 states (Luong et al. 2015, local-m)",
    .own = GW_PARAM_TABLE(own_params),
    .windowed_only = "luong_general with a shorter lookback is its streaming form",
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
