/* Context to logits: dropout → Dense(D, ReLU) → two logits. The logistic encoder has the last step only. */
#include <string.h>

#include "gate.h"

struct layers {
    size_t w, b, head_w, head_b; /* rows of the tensor list */
    size_t C, D;
};

static struct layers layers_of(const struct R(network) *net) {
    size_t first = net->dense_first, head = net->dense ? first + 2 : first;
    return (struct layers){first, first + 1, head, head + 1, net->context, net->dense ? net->config.dense_units : 0};
}

static void product(const struct R(pass) *pass, size_t n, const real *in, size_t inputs, size_t w, size_t b, real *out,
                    size_t outputs) {
    pass->k->gemm_nn(n, outputs, inputs, in, inputs, R(tensor_of)(pass, w), outputs, out, outputs, false);
    pass->k->add_row(n, outputs, R(tensor_of)(pass, b), out, outputs);
}

void R(head_forward)(const struct R(pass) *pass, size_t n, bool train, real *logit) {
    struct R(workspace) *ws = pass->ws;
    struct layers at = layers_of(pass->net);
    if (!pass->net->dense) {
        product(pass, n, ws->context, at.C, at.head_w, at.head_b, logit, GW_N_GATES);
        return;
    }
    const real *in = ws->context;
    if (train) {
        const real *restrict context = ws->context, *restrict mask = ws->mask;
        real *restrict dropped = ws->dropped;
#pragma omp simd
        for (size_t i = 0; i < n * at.C; i++) dropped[i] = context[i] * mask[i];
        in = ws->dropped;
    }
    product(pass, n, in, at.C, at.w, at.b, ws->dense, at.D);
    real *restrict dense = ws->dense;
#pragma omp simd
    for (size_t i = 0; i < n * at.D; i++) dense[i] = dense[i] <= 0 ? 0 : dense[i]; /* keeps NaN */
    product(pass, n, ws->dense, at.D, at.head_w, at.head_b, logit, GW_N_GATES);
}

/* Gradients of one product out = in W + b. din may be NULL. */
static void product_backward(const struct R(pass) *pass, size_t n, const real *in, size_t inputs, size_t w, size_t b,
                             const real *dout, size_t outputs, real *din) {
    pass->k->gemm_tn(inputs, outputs, n, in, inputs, dout, outputs, R(gradient_of)(pass, w), outputs, true);
    pass->k->sum_rows(n, outputs, dout, outputs, R(gradient_of)(pass, b));
    if (din) pass->k->gemm_nt(n, inputs, outputs, dout, outputs, R(tensor_of)(pass, w), outputs, din, inputs, false);
}

void R(head_backward)(const struct R(pass) *pass, size_t n, const real *dlogit) {
    struct R(workspace) *ws = pass->ws;
    struct layers at = layers_of(pass->net);
    if (!pass->net->dense) {
        product_backward(pass, n, ws->context, at.C, at.head_w, at.head_b, dlogit, GW_N_GATES, NULL);
        return;
    }
    product_backward(pass, n, ws->dense, at.D, at.head_w, at.head_b, dlogit, GW_N_GATES, ws->ddense);
    const real *restrict dense = ws->dense, *restrict mask = ws->mask;
    real *restrict ddense = ws->ddense, *restrict dcontext = ws->dcontext;
#pragma omp simd
    for (size_t i = 0; i < n * at.D; i++) ddense[i] = dense[i] <= 0 ? 0 : ddense[i];
    product_backward(pass, n, ws->dropped, at.C, at.w, at.b, ws->ddense, at.D, ws->dcontext);
#pragma omp simd
    for (size_t i = 0; i < n * at.C; i++) dcontext[i] *= mask[i];
}
