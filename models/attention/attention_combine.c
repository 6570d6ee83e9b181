/* What becomes of context c and query q = h_T at the end: c alone, [c; q], or h~ = tanh([c; q] W_c) (Luong et al.
 * 2015, eq. 5). */
#include <string.h>

#include "attention_combine.h"

/* [c; q] side by side lies in the first 2H columns of `both`. */
static void put_queries(const struct R(attention_run) *run, real *both) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++) memcpy(both + b * 2 * H + H, run->h + (b * T + T - 1) * H, H * sizeof *both);
}

static void take_query_gradients(const struct R(attention_run) *run, const real *dboth) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++) run->k->axpy(H, 1, dboth + b * 2 * H + H, run->dh + (b * T + T - 1) * H);
}

size_t R(concat_size)(const struct gw_model_config *config) {
    return luong_combine(config) ? 2 * config->hidden : config->hidden;
}

void R(concat_forward)(const struct R(attention_run) *run) {
    if (!luong_combine(run->config)) {
        R(weigh_forward)(run, run->context, run->config->hidden);
        return;
    }
    R(weigh_forward)(run, run->context, 2 * run->config->hidden);
    put_queries(run, run->context);
}

void R(concat_backward)(const struct R(attention_run) *run, real *dscore) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->dh, 0, run->n * T * H * sizeof *run->dh);
    R(weigh_backward)(run, run->dcontext, R(concat_size)(run->config), dscore);
    if (luong_combine(run->config)) take_query_gradients(run, run->dcontext);
}

/* ---- h~ = tanh([c; q] W_c) ------------------------------------------------------------------------------ */

void R(luong_tensors)(const struct gw_model_config *config, struct tensor_list *list) {
    if (luong_combine(config)) tensor_add(list, "attention.Wc", 2 * config->hidden, config->hidden, INIT_GLOROT, false);
}

size_t R(luong_keep)(const struct gw_model_config *config) { return 2 * config->hidden; }
size_t R(luong_scratch)(const struct gw_model_config *config) { return SHARD_WINDOWS * 3 * config->hidden; }

void R(luong_forward)(const struct R(attention_run) *run, const real *wc, real *both) {
    size_t T = run->config->lookback;
    run->k->softmax_rows(run->n, T, T, 1, run->map, run->map);
    R(luong_end)(run, wc, run->map, both);
}

void R(luong_backward)(const struct R(attention_run) *run, const real *wc, real *dwc, const real *both, real *scratch,
                       real *dscore) {
    size_t T = run->config->lookback;
    R(luong_end_backward)(run, wc, dwc, run->map, both, scratch, dscore);
    for (size_t b = 0; b < run->n; b++) R(softmax_backward)(run->k, T, run->map + b * T, dscore + b * T);
}

void R(luong_end)(const struct R(attention_run) *run, const real *wc, const real *weight, real *both) {
    size_t H = run->config->hidden;
    if (!luong_combine(run->config)) {
        R(sum_states)(run, weight, run->context, H);
        return;
    }
    R(sum_states)(run, weight, both, 2 * H);
    put_queries(run, both);
    run->k->gemm_nn(run->n, H, 2 * H, both, 2 * H, wc, H, run->context, H, false);
    run->k->vtanh(run->n * H, run->context, run->context);
}

void R(luong_end_backward)(const struct R(attention_run) *run, const real *wc, real *dwc, const real *weight,
                           const real *both, real *scratch, real *da) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->dh, 0, run->n * T * H * sizeof *run->dh);
    if (!luong_combine(run->config)) {
        R(sum_states_backward)(run, weight, run->dcontext, H, da);
        return;
    }
    real *dpre = scratch, *dboth = scratch + run->n * H;
    for (size_t i = 0; i < run->n * H; i++) dpre[i] = run->dcontext[i] * (1 - run->context[i] * run->context[i]);
    run->k->gemm_tn(2 * H, H, run->n, both, 2 * H, dpre, H, dwc, H, true);
    run->k->gemm_nt(run->n, 2 * H, H, dpre, H, wc, H, dboth, 2 * H, false);
    R(sum_states_backward)(run, weight, dboth, 2 * H, da);
    take_query_gradients(run, dboth);
}
