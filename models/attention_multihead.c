/* Self-attention with several heads (Vaswani et al. 2017), averaged over time:
 *   context = mean_t( [head_1 … head_n]_t Wo + bo ),  head_j,t = Σ_s A_j,ts v_j,s,
 *   A_j = softmax(Q_j K_jᵀ / √d), with Q, K, V = h Wq + bq, h Wk + bk, h Wv + bv.
 * The mean over t is linear, so with a_j,s = mean_t A_j,ts and p_j = Σ_s a_j,s h_s the same context is
 *   [p_1 Wv_1 + bv_1 … ] Wo + bo
 * and neither V over time nor A·V is ever formed. Backwards, with g_s = dp_j · h_s:
 *   dS_ts = A_ts (g_s - Σ_u A_tu g_u) / (T √d),  dQ = dS K,  dK = dSᵀ Q,  dh_s += a_s dp_j. */
#include <math.h>
#include <string.h>

#include "gate.h"

enum { WQ, BQ, WK, BK, WV, BV, WO, BO };

static size_t width(const struct model_config *config) { return config->heads * config->key_dim; }
static size_t maps(const struct model_config *config) { return config->heads; }

static void tensors(const struct model_config *config, struct tensor_list *list) {
    size_t H = config->hidden, D = width(config);
    tensor_add(list, "attention.query.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.query.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.key.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.key.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.value.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.value.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.output.W", D, H, INIT_GLOROT, false);
    tensor_add(list, "attention.output.b", 1, H, INIT_ZERO, false);
}

/* One window between forward and backward. */
struct kept {
    real *q, *key; /* [T × D] */
    real *a;       /* [heads × T × T] */
    real *pooled;  /* [heads × H] */
    real *value;   /* [D] */
};

static size_t keep_size(const struct model_config *config) {
    size_t T = config->lookback, D = width(config);
    return 2 * T * D + config->heads * (T * T + config->hidden) + D;
}

static struct kept kept_of(const struct R(attention_run) * run, size_t b) {
    size_t T = run->config->lookback, D = width(run->config);
    struct kept kept;
    kept.q = run->keep + b * keep_size(run->config);
    kept.key = kept.q + T * D;
    kept.a = kept.key + T * D;
    kept.pooled = kept.a + run->config->heads * T * T;
    kept.value = kept.pooled + run->config->heads * run->config->hidden;
    return kept;
}

/* dQ, dK [T × D], g [T], dvalue [D], dpooled [H] */
static size_t scratch_size(const struct model_config *config) {
    return 2 * config->lookback * width(config) + config->lookback + width(config) + config->hidden;
}

static void project(const struct R(attention_run) * run, const real *h, size_t w, real *out) {
    size_t T = run->config->lookback, H = run->config->hidden, D = width(run->config);
    run->k->gemm_nn(T, D, H, h, H, run->w[w], D, out, D, false);
    run->k->add_row(T, D, run->w[w + 1], out, D);
}

/* A_j in place of the scores; a causal mask leaves row t the steps up to t. */
static void attend(const struct R(attention_run) * run, const struct kept *kept, size_t head) {
    size_t T = run->config->lookback, d = run->config->key_dim, D = width(run->config);
    real *a = kept->a + head * T * T, scale = (real)(1 / sqrt((double)d));
    run->k->gemm_nt(T, T, d, kept->q + head * d, D, kept->key + head * d, D, a, T, false);
    if (!run->config->causal_mask) {
        run->k->softmax_rows(T, T, T, scale, a, a);
        return;
    }
    for (size_t t = 0; t < T; t++) {
        run->k->softmax_rows(1, t + 1, T, scale, a + t * T, a + t * T);
        memset(a + t * T + t + 1, 0, (T - t - 1) * sizeof *a);
    }
}

static void window_forward(const struct R(attention_run) * run, size_t b) {
    size_t T = run->config->lookback, H = run->config->hidden, d = run->config->key_dim, D = width(run->config);
    const real *h = run->h + b * T * H;
    struct kept kept = kept_of(run, b);
    project(run, h, WQ, kept.q);
    project(run, h, WK, kept.key);
    for (size_t head = 0; head < run->config->heads; head++) {
        real *mean = run->map + (b * run->config->heads + head) * T, *pooled = kept.pooled + head * H;
        attend(run, &kept, head);
        memset(mean, 0, T * sizeof *mean);
        run->k->sum_rows(T, T, kept.a + head * T * T, T, mean);
        for (size_t s = 0; s < T; s++) mean[s] /= (real)T;
        memset(pooled, 0, H * sizeof *pooled);
        for (size_t s = 0; s < T; s++) run->k->axpy(H, mean[s], h + s * H, pooled);
        memcpy(kept.value + head * d, run->w[BV] + head * d, d * sizeof *kept.value);
        run->k->gemm_nn(1, d, H, pooled, H, run->w[WV] + head * d, D, kept.value + head * d, D, true);
    }
    memcpy(run->context + b * H, run->w[BO], H * sizeof *run->context);
    run->k->gemm_nn(1, H, D, kept.value, D, run->w[WO], H, run->context + b * H, H, true);
}

/* A becomes dS in place. */
static void scores_backward(const struct R(attention_run) * run, real *a, const real *g) {
    size_t T = run->config->lookback;
    real scale = (real)(1 / ((double)T * sqrt((double)run->config->key_dim)));
    for (size_t t = 0; t < T; t++) {
        real *row = a + t * T, mean = run->k->dot(T, row, g);
#pragma omp simd
        for (size_t s = 0; s < T; s++) row[s] = row[s] * (g[s] - mean) * scale;
    }
}

static void project_backward(const struct R(attention_run) * run, const real *h, size_t w, const real *dout, real *dh) {
    size_t T = run->config->lookback, H = run->config->hidden, D = width(run->config);
    run->k->gemm_tn(H, D, T, h, H, dout, D, run->g[w], D, true);
    run->k->sum_rows(T, D, dout, D, run->g[w + 1]);
    run->k->gemm_nt(T, H, D, dout, D, run->w[w], D, dh, H, true);
}

static void window_backward(const struct R(attention_run) * run, size_t b) {
    size_t T = run->config->lookback, H = run->config->hidden, d = run->config->key_dim, D = width(run->config);
    const real *h = run->h + b * T * H, *dcontext = run->dcontext + b * H;
    real *dh = run->dh + b * T * H;
    struct kept kept = kept_of(run, b);
    real *dq = run->scratch, *dkey = dq + T * D, *g = dkey + T * D, *dvalue = g + T, *dpooled = dvalue + D;
    run->k->axpy(H, 1, dcontext, run->g[BO]);
    run->k->gemm_tn(D, H, 1, kept.value, D, dcontext, H, run->g[WO], H, true);
    run->k->gemm_nt(1, D, H, dcontext, H, run->w[WO], H, dvalue, D, false);
    run->k->axpy(D, 1, dvalue, run->g[BV]);
    memset(dh, 0, T * H * sizeof *dh);
    for (size_t head = 0; head < run->config->heads; head++) {
        const real *mean = run->map + (b * run->config->heads + head) * T, *dv = dvalue + head * d;
        real *a = kept.a + head * T * T;
        run->k->gemm_tn(H, d, 1, kept.pooled + head * H, H, dv, D, run->g[WV] + head * d, D, true);
        run->k->gemm_nt(1, H, d, dv, D, run->w[WV] + head * d, D, dpooled, H, false);
        for (size_t s = 0; s < T; s++) {
            g[s] = run->k->dot(H, dpooled, h + s * H);
            run->k->axpy(H, mean[s], dpooled, dh + s * H);
        }
        scores_backward(run, a, g);
        run->k->gemm_nn(T, d, T, a, T, kept.key + head * d, D, dq + head * d, D, false);
        run->k->gemm_tn(T, d, T, a, T, kept.q + head * d, D, dkey + head * d, D, false);
    }
    project_backward(run, h, WQ, dq, dh);
    project_backward(run, h, WK, dkey, dh);
}

static void forward(const struct R(attention_run) * run) {
    for (size_t b = 0; b < run->n; b++) window_forward(run, b);
}

static void backward(const struct R(attention_run) * run) {
    for (size_t b = 0; b < run->n; b++) window_backward(run, b);
}

const struct R(attention_ops) R(attention_multihead) = {
    .name = "multihead",
    .help = "self-attention with several heads, averaged over time (Vaswani et al. 2017)",
    .tile = 1,
    .context_size = R(context_hidden),
    .maps = maps,
    .tensors = tensors,
    .keep_size = keep_size,
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
};
