/* What several attentions share: the weighted sum over time, and additive scores. */
#include <string.h>

#include "models/network/gate.h"

size_t R(one_map)(const struct gw_model_config *config) {
    (void)config;
    return 1;
}

size_t R(context_hidden)(const struct gw_model_config *config) { return config->hidden; }

void R(softmax_backward)(const struct R(kernels) *k, size_t n, const real *a, real *d) {
    real mean = k->dot(n, a, d);
    for (size_t i = 0; i < n; i++) d[i] = a[i] * (d[i] - mean);
}

/* ---- a = softmax(e), context = Σ_s a_s h_s ------------------------------------------------------------- */

void R(sum_states)(const struct R(attention_run) *run, const real *weight, real *context, size_t ld) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++)
        run->k->gemm_nn(1, H, T, weight + b * T, T, run->h + b * T * H, H, context + b * ld, H, false);
}

/* dh_s += a_s dc;  da_s = dc · h_s */
void R(sum_states_backward)(const struct R(attention_run) *run, const real *weight, const real *dcontext, size_t ld,
                            real *da) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++) {
        const real *dc = dcontext + b * ld;
        run->k->gemm_tn(T, H, 1, weight + b * T, T, dc, H, run->dh + b * T * H, H, true);
        run->k->gemm_nn(T, 1, H, run->h + b * T * H, H, dc, 1, da + b * T, 1, false);
    }
}

void R(weigh_forward)(const struct R(attention_run) *run, real *context, size_t ld) {
    size_t T = run->config->lookback;
    run->k->softmax_rows(run->n, T, T, 1, run->map, run->map);
    R(sum_states)(run, run->map, context, ld);
}

/* de_s = a_s (da_s - Σ_u a_u da_u) */
void R(weigh_backward)(const struct R(attention_run) *run, const real *dcontext, size_t ld, real *dscore) {
    size_t T = run->config->lookback;
    R(sum_states_backward)(run, run->map, dcontext, ld, dscore);
    for (size_t b = 0; b < run->n; b++) R(softmax_backward)(run->k, T, run->map + b * T, dscore + b * T);
}

/* ---- e_s = v · tanh(q W1 + h_s W2), q = h_T ------------------------------------------------------------- */

/* keep, for the tile: tanh values [n × T × A]; scratch: keys [tile × T × A], queries and their gradients. */
size_t R(additive_keep)(const struct gw_model_config *config) { return config->lookback * attention_units(config); }

/* Sized for SHARD_WINDOWS, the largest tile. */
size_t R(additive_scratch)(const struct gw_model_config *config) {
    return SHARD_WINDOWS *
           (config->lookback * attention_units(config) + attention_units(config) + config->hidden + config->lookback);
}

static const real *queries(const struct R(attention_run) *run) {
    return run->h + (run->config->lookback - 1) * run->config->hidden;
}

void R(additive_scores)(const struct R(attention_run) *run, const real *w1, const real *w2, const real *v) {
    size_t T = run->config->lookback, H = run->config->hidden, A = attention_units(run->config);
    real *key = run->scratch, *query = key + run->n * T * A;
    run->k->large_nn(run->n * T, A, H, run->h, H, w2, A, key, A, false);
    run->k->gemm_nn(run->n, A, H, queries(run), T * H, w1, A, query, A, false);
    for (size_t b = 0; b < run->n; b++)
        run->k->additive_forward(T, A, key + b * T * A, A, query + b * A, v, run->keep + b * T * A, run->map + b * T);
}

void R(additive_scores_backward)(const struct R(attention_run) *run, const real *dscore, const real *w1, const real *w2,
                                 const real *v, real *dw1, real *dw2, real *dv) {
    size_t T = run->config->lookback, H = run->config->hidden, A = attention_units(run->config);
    real *dquery = run->scratch, *dpre = run->keep;
    memset(dquery, 0, run->n * A * sizeof *dquery);
    for (size_t b = 0; b < run->n; b++)
        run->k->additive_backward(T, A, dscore + b * T, v, dpre + b * T * A, dv, dquery + b * A);
    run->k->large_tn(H, A, run->n * T, run->h, H, dpre, A, dw2, A, true);
    run->k->large_nt(run->n * T, H, A, dpre, A, w2, A, run->dh, H, true);
    run->k->gemm_tn(H, A, run->n, queries(run), T * H, dquery, A, dw1, A, true);
    run->k->gemm_nt(run->n, H, A, dquery, A, w1, A, run->dh + (T - 1) * H, T * H, true);
}
