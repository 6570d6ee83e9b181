/* General attention (Luong et al. 2015): e_s = qᵀ W h_s with q = h_T. q W is computed once per window. */
#include <string.h>

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

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    const real *queries = run->h + (T - 1) * H;
    real *qw = projected(run);
    run->k->gemm_nn(run->n, H, H, queries, T * H, run->w[W], H, qw, H, false);
    for (size_t b = 0; b < run->n; b++)
        for (size_t s = 0; s < T; s++) run->map[b * T + s] = run->k->dot(H, qw + b * H, run->h + (b * T + s) * H);
    R(luong_forward)(run, run->w[WC], run->keep);
}

static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    const real *queries = run->h + (T - 1) * H, *qw = projected(run);
    real *dscore = run->scratch + R(luong_scratch)(run->config), *dqw = dscore + run->n * T;
    R(luong_backward)(run, run->w[WC], run->g[WC], run->keep, run->scratch, dscore);
    memset(dqw, 0, run->n * H * sizeof *dqw);
    for (size_t b = 0; b < run->n; b++)
        for (size_t s = 0; s < T; s++) {
            run->k->axpy(H, dscore[b * T + s], qw + b * H, run->dh + (b * T + s) * H);
            run->k->axpy(H, dscore[b * T + s], run->h + (b * T + s) * H, dqw + b * H);
        }
    run->k->gemm_tn(H, H, run->n, queries, T * H, dqw, H, run->g[W], H, true);
    run->k->gemm_nt(run->n, H, H, dqw, H, run->w[W], H, run->dh + (T - 1) * H, T * H, true);
}

static const struct gw_param own_params[] = {LUONG_COMBINE_ROW};

const struct R(attention_ops) R(attention_luong_general) = {
    .name = "luong_general",
    .help = "bilinear score with the last state (Luong et al. 2015)",
    .own = GW_PARAM_TABLE(own_params),
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = R(one_map),
    .tensors = tensors,
    .keep_size = keep_size,
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
};
