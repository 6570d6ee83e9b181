/* Linear attention (Katharopoulos et al. 2020, causal form): with f(x) = elu(x) + 1, per head,
 *   A_ts = f(q_t) · f(k_s) / z_t for s ≤ t, z_t = f(q_t) · K_t, K_t = Σ_{s≤t} f(k_s)
 * averaged over time as multi-head attention is, of which the mean is all that is wanted:
 *   mean_s = (1/T) f(k_s) · Q_s, Q_s = Σ_{t≥s} f(q_t) / z_t
 * Prefix sums one way, suffix sums the other: time and memory grow with T. Back, from g = dL/dmean, with G_t = Σ_{s≤t} g_s f(k_s):
 *   dz_t = -(1/T) G_t · f(q_t) / z_t²    df(q_t) = (1/T) G_t / z_t + dz_t K_t    df(k_s) = (1/T) g_s Q_s + Σ_{t≥s} dz_t f(q_t)
 * and f' = 1 above 0, f below. Unlike softmax's, these weights do feel a bias of the keys. */
#include <math.h>
#include <string.h>

#include "attention_multihead.h"
#include "engine/base/base.h"

static const struct gw_param own_params[] = {HEADS_ROWS};

static size_t keep_nothing(const struct gw_model_config *config) {
    (void)config;
    return 0;
}

/* f(q), f(k), K and Q over time, z, and a running sum. */
struct sums {
    real *fq, *fk, *k, *q; /* [T × d] */
    real *z;               /* [T] */
    real *running;         /* [d] */
};
static size_t engine_scratch(const struct gw_model_config *config) {
    const size_t T = config->lookback, d = multihead(config)->key_dim;
    return 4 * T * d + T + d;
}

static void features(const struct R(kernels) *k, const struct R(head_run) *run, const real *x, real *out) {
    const size_t d = run->key_dim;
    for (size_t t = 0; t < run->steps; t++, x += run->ld, out += d) {
        for (size_t i = 0; i < d; i++) out[i] = x[i] < 0 ? x[i] : 0;
        k->vexp(d, out, out);
        for (size_t i = 0; i < d; i++) out[i] += x[i] > 0 ? x[i] : 0;
    }
}

static struct sums sums_of(const struct R(kernels) *k, const struct R(head_run) *run) {
    const size_t T = run->steps, d = run->key_dim;
    struct sums sums = {.fq = run->scratch};
    sums.fk = sums.fq + T * d;
    sums.k = sums.fk + T * d;
    sums.q = sums.k + T * d;
    sums.z = sums.q + T * d;
    sums.running = sums.z + T;
    features(k, run, run->query, sums.fq);
    features(k, run, run->key, sums.fk);
    for (size_t t = 0; t < T; t++) {
        real *now = sums.k + t * d;
        memcpy(now, sums.fk + t * d, d * sizeof *now);
        if (t > 0) k->axpy(d, 1, now - d, now);
        sums.z[t] = k->dot(d, sums.fq + t * d, now);
    }
    for (size_t t = T; t-- > 0;) {
        real *now = sums.q + t * d;
        if (t + 1 < T)
            memcpy(now, now + d, d * sizeof *now);
        else
            memset(now, 0, d * sizeof *now);
        k->axpy(d, 1 / sums.z[t], sums.fq + t * d, now);
    }
    return sums;
}

static void head_forward(const struct R(kernels) *k, const struct R(head_run) *run, real slope, real *mean) {
    const size_t T = run->steps, d = run->key_dim;
    const struct sums sums = sums_of(k, run);
    (void)slope;
    for (size_t s = 0; s < T; s++) mean[s] = k->dot(d, sums.fk + s * d, sums.q + s * d) / (real)T;
}

/* df becomes that of x, f(x) being at hand. */
static void features_backward(size_t d, const real *f, real *df) {
    for (size_t i = 0; i < d; i++) df[i] *= f[i] > 1 ? 1 : f[i];
}

static void head_backward(const struct R(kernels) *k, const struct R(head_run) *run, real slope, const real *g,
                          real *dquery, real *dkey) {
    const size_t T = run->steps, d = run->key_dim, ld = run->ld;
    const struct sums sums = sums_of(k, run);
    (void)slope;
    memset(sums.running, 0, d * sizeof *sums.running); /* G */
    for (size_t t = 0; t < T; t++) {
        real *dq = dquery + t * ld, *z = &sums.z[t];
        k->axpy(d, g[t] / (real)T, sums.fk + t * d, sums.running);
        const real dz = -k->dot(d, sums.running, sums.fq + t * d) / (*z * *z);
        for (size_t i = 0; i < d; i++) dq[i] = sums.running[i] / *z + dz * sums.k[t * d + i];
        features_backward(d, sums.fq + t * d, dq);
        *z = dz;
    }
    memset(sums.running, 0, d * sizeof *sums.running); /* Σ dz f(q) */
    for (size_t s = T; s-- > 0;) {
        real *dk = dkey + s * ld;
        k->axpy(d, sums.z[s], sums.fq + s * d, sums.running);
        for (size_t i = 0; i < d; i++) dk[i] = sums.running[i] + g[s] / (real)T * sums.q[s * d + i];
        features_backward(d, sums.fk + s * d, dk);
    }
}

const struct R(head_engine) R(heads_linear) = {.key_bias = true,
                                               .keep_size = keep_nothing,
                                               .scratch_size = engine_scratch,
                                               .forward = head_forward,
                                               .backward = head_backward};

static size_t keep_size(const struct gw_model_config *config) { return R(heads_keep)(config, &R(heads_linear)); }
static size_t scratch_size(const struct gw_model_config *config) { return R(heads_scratch)(config, &R(heads_linear)); }
static void forward(const struct R(attention_run) *run) { R(heads_forward)(run, &R(heads_linear)); }
static void backward(const struct R(attention_run) *run) { R(heads_backward)(run, &R(heads_linear)); }

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    return R(multihead_onnx)(graph, model, h, true);
}

const struct R(attention_ops) R(attention_linear) = {
    .name = "linear",
    .help = "heads with elu + 1 in place of softmax, causal, in time and memory linear in lookback (Katharopoulos et "
            "al. 2020)",
    .own = GW_PARAM_TABLE(own_params),
    .windowed_only = "its sums begin with the window",
    .tile = HEADS_TILE,
    .context_size = R(multihead_context_size),
    .maps = R(heads_maps),
    .tensors = R(heads_tensors),
    .keep_size = keep_size,
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
