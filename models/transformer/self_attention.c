/* Self-attention of all heads over windows, one window and head at a time: their P × P weights stay in the cache.
 *   A = softmax(q kᵀ / √d),  mix = A v;   dv = Aᵀ dmix,  dA = dmix vᵀ,  dS = A (dA - rowsum(A dA)) / √d,  dq = dS k,  dk = dSᵀ q */
#include <math.h>
#include <string.h>

#include "transformer.h"

/* Row t over the keys up to t; the weights of those behind it are 0, and so are their gradients. */
static void causal_rows(const struct R(kernels) *k, size_t P, size_t ld, real scale, real *a) {
    for (size_t t = 0; t < P; t++, a += ld) {
        k->softmax_rows(1, t + 1, ld, scale, a, a);
        memset(a + t + 1, 0, (P - t - 1) * sizeof(real));
    }
}

void R(attend)(const struct transformer_shape *shape, const struct R(kernels) *k, size_t n, const real *qkv, real *prob,
               real *mix) {
    const size_t P = shape->steps, D = shape->width, d = D / shape->heads, ld = prob_ld(shape);
    const real scale = (real)(1 / sqrt((double)d));
    for (size_t b = 0; b < n; b++)
        for (size_t head = 0; head < shape->heads; head++) {
            const real *q = qkv + b * P * 3 * D + head * d, *key = q + D, *value = key + D;
            real *a = prob + (b * shape->heads + head) * P * ld;
            k->gemm_nt(P, P, d, q, 3 * D, key, 3 * D, a, ld, false);
            if (shape->causal)
                causal_rows(k, P, ld, scale, a);
            else
                k->softmax_rows(P, P, ld, scale, a, a);
            k->gemm_nn(P, d, P, a, ld, value, 3 * D, mix + b * P * D + head * d, D, false);
        }
}

void R(attend_backward)(const struct transformer_shape *shape, const struct R(kernels) *k, size_t n, const real *qkv,
                        const real *prob, const real *dmix, real *dqkv, real *dprob) {
    const size_t P = shape->steps, D = shape->width, d = D / shape->heads, ld = prob_ld(shape);
    const real scale = (real)(1 / sqrt((double)d));
    for (size_t b = 0; b < n; b++)
        for (size_t head = 0; head < shape->heads; head++) {
            const size_t at = b * P * 3 * D + head * d;
            const real *q = qkv + at, *key = q + D, *value = key + D, *dm = dmix + b * P * D + head * d;
            const real *a = prob + (b * shape->heads + head) * P * ld;
            real *dq = dqkv + at, *dkey = dq + D, *dvalue = dkey + D;
            k->gemm_tn(P, d, P, a, ld, dm, D, dvalue, 3 * D, false);
            k->gemm_nt(P, P, d, dm, D, value, 3 * D, dprob, ld, false);
            k->softmax_rows_backward(P, P, ld, scale, a, dprob);
            k->gemm_nn(P, d, P, dprob, ld, key, 3 * D, dq, 3 * D, false);
            k->gemm_tn(P, d, P, dprob, ld, q, 3 * D, dkey, 3 * D, false);
        }
}
