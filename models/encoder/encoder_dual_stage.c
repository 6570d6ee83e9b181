/* LSTM with input attention over the features (DA-RNN; Qin et al. 2017, eq. 8-11):
 *   e_t^k = vᵀ tanh([h_{t-1}; c_{t-1}] W + U x^k),  α_t = softmax(e_t) over k,  x~_t = α_t ∘ x_t
 * with x^k the window of feature k and attention_units rows instead of the paper's T. What enters a step depends on
 * the state before it, so nothing can be projected ahead: this encoder walks step by step, and on the way back
 * computes the tanh values again instead of keeping T·F·A of them per window. */
#include <string.h>

#include "engine/base/base.h"
#include "models/network/gate.h"

enum { W, U, BIAS, IN_W, IN_U, IN_V };

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    size_t H = config->hidden, A = attention_units(config);
    tensor_add(list, "lstm0.W", config->n_features, 4 * H, INIT_GLOROT, false);
    tensor_add(list, "lstm0.U", H, 4 * H, INIT_ORTHOGONAL, true);
    tensor_add(list, "lstm0.b", 1, 4 * H, R(lstm_bias_init)(config), false);
    tensor_add(list, "input.W", 2 * H, A, INIT_GLOROT, true);
    tensor_add(list, "input.U", config->lookback, A, INIT_GLOROT, true);
    tensor_add(list, "input.v", A, 1, INIT_GLOROT, false);
}

/* Everything it needs, cut from ws->extra. B is always SHARD_WINDOWS here. */
struct buffers {
    size_t B, T, F, H, A;
    real *series, *dseries;     /* [B × F × A] U x^k and its gradient */
    real *alpha;                /* [T × B × F] */
    real *x, *dx;               /* [B × F] x~_t and its gradient */
    real *state, *dstate;       /* [B × 2H] */
    real *query, *dquery;       /* [B × A] */
    real *tanh_values, *dscore; /* [F × A], [F] */
    real *dh, *dc;              /* [B × H] carried back in time */
};

static size_t lay_out(struct buffers *at, const struct gw_model_config *config, real *memory) {
    size_t B = SHARD_WINDOWS, T = config->lookback, F = config->n_features, H = config->hidden;
    size_t A = attention_units(config), used = 0;
    const struct {
        real **place;
        size_t n;
    } list[] = {
        {&at->series, B * F * A}, {&at->dseries, B * F * A}, {&at->alpha, T * B * F},  {&at->x, B * F},
        {&at->dx, B * F},         {&at->state, B * 2 * H},   {&at->dstate, B * 2 * H}, {&at->query, B * A},
        {&at->dquery, B * A},     {&at->tanh_values, F * A}, {&at->dscore, F},         {&at->dh, B * H},
        {&at->dc, B * H},
    };
    for (size_t i = 0; i < COUNT_OF(list); i++) {
        *list[i].place = memory ? memory + used : NULL;
        used += (list[i].n + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
    }
    at->T = T, at->F = F, at->H = H, at->A = A;
    return used;
}

static size_t extra_size(const struct gw_model_config *config) {
    struct buffers at;
    return lay_out(&at, config, NULL);
}

static struct buffers buffers_of(const struct R(pass) *pass) {
    struct buffers at;
    lay_out(&at, &pass->net->config, pass->ws->extra);
    at.B = pass->ws->n_windows;
    return at;
}

static const real *features(const struct R(pass) *pass, size_t b, size_t t) {
    return pass->ws->x + (pass->ws->first_row[b] + t) * pass->net->config.n_features;
}

/* ---- forward ------------------------------------------------------------------------------------------------ */

/* state = [h_{t-1}; c_{t-1}], query = state W */
static void make_query(const struct R(pass) *pass, const struct buffers *at, size_t t) {
    const real *h = pass->ws->h[0] + t * at->B * at->H, *c = pass->ws->c[0] + t * at->B * at->H;
    for (size_t b = 0; b < at->B; b++) {
        memcpy(at->state + b * 2 * at->H, h + b * at->H, at->H * sizeof(real));
        memcpy(at->state + b * 2 * at->H + at->H, c + b * at->H, at->H * sizeof(real));
    }
    pass->k->gemm_nn(at->B, at->A, 2 * at->H, at->state, 2 * at->H, R(tensor_of)(pass, IN_W), at->A, at->query, at->A,
                     false);
}

static void weigh_features(const struct R(pass) *pass, const struct buffers *at, size_t t) {
    const real *alpha = at->alpha + t * at->B * at->F;
    for (size_t b = 0; b < at->B; b++) {
        const real *x = features(pass, b, t);
        for (size_t k = 0; k < at->F; k++) at->x[b * at->F + k] = alpha[b * at->F + k] * x[k];
    }
}

static void cell(const struct R(pass) *pass, const struct buffers *at, size_t t) {
    size_t B = at->B, H = at->H;
    const real *h = pass->ws->h[0] + t * B * H, *c = pass->ws->c[0] + t * B * H;
    real *z = pass->ws->gates[0] + t * B * 4 * H;
    pass->k->gemm_nn(B, 4 * H, at->F, at->x, at->F, R(tensor_of)(pass, W), 4 * H, z, 4 * H, false);
    pass->k->gemm_nn(B, 4 * H, H, h, H, R(tensor_of)(pass, U), 4 * H, z, 4 * H, true);
    pass->k->add_row(B, 4 * H, R(tensor_of)(pass, BIAS), z, 4 * H);
    for (size_t b = 0; b < B; b++) {
        real *gate = z + b * 4 * H, *next_c = pass->ws->c[0] + ((t + 1) * B + b) * H;
        real *next_h = pass->ws->h[0] + ((t + 1) * B + b) * H;
        pass->k->vsigmoid(2 * H, gate, gate);
        pass->k->vtanh(H, gate + 2 * H, gate + 2 * H);
        pass->k->vsigmoid(H, gate + 3 * H, gate + 3 * H);
        for (size_t i = 0; i < H; i++) next_c[i] = gate[H + i] * c[b * H + i] + gate[i] * gate[2 * H + i];
        pass->k->vtanh(H, next_c, next_h);
        for (size_t i = 0; i < H; i++) next_h[i] *= gate[3 * H + i];
    }
}

static void mean_map(const struct R(pass) *pass, const struct buffers *at) {
    size_t n = at->B * at->F;
    memset(pass->ws->feature_map, 0, n * sizeof(real));
    for (size_t t = 0; t < at->T; t++)
        pass->k->axpy(n, (real)(1.0 / (double)at->T), at->alpha + t * n, pass->ws->feature_map);
}

static void forward(const struct R(pass) *pass) {
    struct buffers at = buffers_of(pass);
    memset(pass->ws->h[0], 0, at.B * at.H * sizeof(real));
    memset(pass->ws->c[0], 0, at.B * at.H * sizeof(real));
    for (size_t b = 0; b < at.B; b++)
        pass->k->gemm_tn(at.F, at.A, at.T, features(pass, b, 0), at.F, R(tensor_of)(pass, IN_U), at.A,
                         at.series + b * at.F * at.A, at.A, false);
    for (size_t t = 0; t < at.T; t++) {
        real *alpha = at.alpha + t * at.B * at.F;
        make_query(pass, &at, t);
        for (size_t b = 0; b < at.B; b++)
            pass->k->additive_forward(at.F, at.A, at.series + b * at.F * at.A, at.A, at.query + b * at.A,
                                      R(tensor_of)(pass, IN_V), at.tanh_values, alpha + b * at.F);
        pass->k->softmax_rows(at.B, at.F, at.F, 1, alpha, alpha);
        weigh_features(pass, &at, t);
        cell(pass, &at, t);
    }
    mean_map(pass, &at);
}

/* ---- backward ----------------------------------------------------------------------------------------------- */

/* From dh and dc at step t to dz (over the gates) and dc at step t - 1. */
static void cell_backward(const struct R(pass) *pass, const struct buffers *at, size_t t) {
    size_t B = at->B, H = at->H;
    for (size_t b = 0; b < B; b++) {
        real *gate = pass->ws->gates[0] + (t * B + b) * 4 * H, *dc = at->dc + b * H, *tanh_c = at->state;
        const real *c_before = pass->ws->c[0] + (t * B + b) * H, *dh = at->dh + b * H;
        pass->k->vtanh(H, pass->ws->c[0] + ((t + 1) * B + b) * H, tanh_c);
        for (size_t j = 0; j < H; j++) {
            real i = gate[j], f = gate[H + j], g = gate[2 * H + j], o = gate[3 * H + j];
            real into_c = dc[j] + dh[j] * o * (1 - tanh_c[j] * tanh_c[j]);
            gate[j] = into_c * g * i * (1 - i);
            gate[H + j] = into_c * c_before[j] * f * (1 - f);
            gate[2 * H + j] = into_c * i * (1 - g * g);
            gate[3 * H + j] = dh[j] * tanh_c[j] * o * (1 - o);
            dc[j] = into_c * f;
        }
    }
}

/* dW, dU, db of the cell; dx~ and dh at step t - 1. */
static void product_backward(const struct R(pass) *pass, const struct buffers *at, size_t t) {
    size_t B = at->B, H = at->H, F = at->F;
    const real *dz = pass->ws->gates[0] + t * B * 4 * H, *h = pass->ws->h[0] + t * B * H;
    weigh_features(pass, at, t);
    pass->k->gemm_tn(F, 4 * H, B, at->x, F, dz, 4 * H, R(gradient_of)(pass, W), 4 * H, true);
    pass->k->gemm_tn(H, 4 * H, B, h, H, dz, 4 * H, R(gradient_of)(pass, U), 4 * H, true);
    pass->k->sum_rows(B, 4 * H, dz, 4 * H, R(gradient_of)(pass, BIAS));
    pass->k->gemm_nt(B, F, 4 * H, dz, 4 * H, R(tensor_of)(pass, W), 4 * H, at->dx, F, false);
    pass->k->gemm_nt(B, H, 4 * H, dz, 4 * H, R(tensor_of)(pass, U), 4 * H, at->dh, H, false);
}

/* dα = dx~ ∘ x;  de = α ∘ (dα - α·dα);  then through the additive scores of every window. */
static void scores_backward(const struct R(pass) *pass, const struct buffers *at, size_t t) {
    size_t F = at->F, A = at->A;
    const real *v = R(tensor_of)(pass, IN_V);
    memset(at->dquery, 0, at->B * A * sizeof(real));
    for (size_t b = 0; b < at->B; b++) {
        const real *alpha = at->alpha + (t * at->B + b) * F, *x = features(pass, b, t);
        real *score = at->dx + b * F; /* overwritten once dα is taken from it */
        for (size_t k = 0; k < F; k++) at->dscore[k] = score[k] * x[k];
        R(softmax_backward)(pass->k, F, alpha, at->dscore);
        pass->k->additive_forward(F, A, at->series + b * F * A, A, at->query + b * A, v, at->tanh_values, score);
        pass->k->additive_backward(F, A, at->dscore, v, at->tanh_values, R(gradient_of)(pass, IN_V),
                                   at->dquery + b * A);
        pass->k->axpy(F * A, 1, at->tanh_values, at->dseries + b * F * A);
    }
}

/* dW of the input attention; its query's gradient joins dh and dc of step t - 1. */
static void query_backward(const struct R(pass) *pass, const struct buffers *at) {
    size_t B = at->B, H = at->H, A = at->A;
    pass->k->gemm_tn(2 * H, A, B, at->state, 2 * H, at->dquery, A, R(gradient_of)(pass, IN_W), A, true);
    pass->k->gemm_nt(B, 2 * H, A, at->dquery, A, R(tensor_of)(pass, IN_W), A, at->dstate, 2 * H, false);
    for (size_t b = 0; b < B; b++) {
        pass->k->axpy(H, 1, at->dstate + b * 2 * H, at->dh + b * H);
        pass->k->axpy(H, 1, at->dstate + b * 2 * H + H, at->dc + b * H);
    }
}

/* Its attention always sends gradients to every step (ws->dh). */
static void backward(const struct R(pass) *pass, bool use_dh, bool use_dh_last) {
    (void)use_dh;
    (void)use_dh_last;
    struct buffers at = buffers_of(pass);
    size_t step = at.B * at.H;
    memset(at.dh, 0, step * sizeof(real));
    memset(at.dc, 0, step * sizeof(real));
    memset(at.dseries, 0, at.B * at.F * at.A * sizeof(real));
    for (size_t t = at.T; t-- > 0;) {
        pass->k->axpy(step, 1, pass->ws->dh + t * step, at.dh);
        cell_backward(pass, &at, t);
        make_query(pass, &at, t);
        product_backward(pass, &at, t);
        scores_backward(pass, &at, t);
        query_backward(pass, &at);
    }
    for (size_t b = 0; b < at.B; b++)
        pass->k->gemm_nn(at.T, at.A, at.F, features(pass, b, 0), at.F, at.dseries + b * at.F * at.A, at.A,
                         R(gradient_of)(pass, IN_U), at.A, true);
}

/* ---- in ONNX: a loop over the steps, since what enters one depends on the state before -------------------------------- */

static struct onnx_value onnx_gate(struct onnx *body, struct onnx_value z, size_t i, size_t H, const char *op) {
    const struct onnx_value part = onnx_slice(body, z, 1, i * H, (i + 1) * H);
    return onnx_op(body, op, 1, &part);
}

/* h, c, x_t to h', c' and h' once more, for the sequence. */
static void onnx_step(struct onnx *body, const struct onnx_model *model, struct onnx_value series,
                      struct protobuf *out) {
    const size_t H = model->config->hidden;
    const struct onnx_value h = {"h_before"}, c = {"c_before"}, x = {"x_now"};
    const struct onnx_value query = onnx_matmul(body, onnx_join(body, h, c, 1), onnx_weight(body, model, IN_W));
    const struct onnx_value e = onnx_additive(body, query, series, onnx_weight(body, model, IN_V));
    const struct onnx_value weighed = onnx_mul(body, onnx_softmax(body, e), x);
    const struct onnx_value into = onnx_add(body, onnx_matmul(body, weighed, onnx_weight(body, model, W)),
                                            onnx_matmul(body, h, onnx_weight(body, model, U)));
    const struct onnx_value z = onnx_add(body, into, onnx_weight(body, model, BIAS));
    const struct onnx_value i = onnx_gate(body, z, 0, H, "Sigmoid"), f = onnx_gate(body, z, 1, H, "Sigmoid");
    const struct onnx_value g = onnx_gate(body, z, 2, H, "Tanh"), o = onnx_gate(body, z, 3, H, "Sigmoid");
    const struct onnx_value next_c = onnx_add(body, onnx_mul(body, f, c), onnx_mul(body, i, g));
    const struct onnx_value next_h = onnx_mul(body, o, onnx_op(body, "Tanh", 1, &next_c));
    onnx_name(body, next_h, "h_after");
    onnx_name(body, next_c, "c_after");
    onnx_name(body, next_h, "state");
    onnx_begin_graph(body, "step", out);
    static const char *const in[] = {"h_before", "c_before", "x_now"}, *const made[] = {"h_after", "c_after", "state"};
    for (size_t k = 0; k < 3; k++) onnx_declare(out, ONNX_GRAPH_INPUT, in[k], ONNX_FLOAT32, 0, NULL);
    for (size_t k = 0; k < 3; k++) onnx_declare(out, ONNX_GRAPH_OUTPUT, made[k], ONNX_FLOAT32, 0, NULL);
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value x) {
    static const int64_t time[] = {1};
    struct onnx body = {.constants = graph->constants, .serial = graph->serial};
    struct protobuf step = {.rc = GW_OK};
    struct onnx_value out[3] = {{""}, {""}, {""}};
    const struct onnx_value series = onnx_matmul(graph, onnx_swap(graph, x), onnx_weight(graph, model, IN_U));
    onnx_step(&body, model, series, &step);
    const struct onnx_value zeros = onnx_zeros(graph, x, model->config->hidden);
    const struct onnx_attribute attribute[] = {
        {.name = "body", .kind = ONNX_A_GRAPH, .graph = &step},
        {.name = "num_scan_inputs", .integer = 1},
        {.name = "scan_input_axes", .kind = ONNX_SOME_INTEGERS, .integers = time, .n = 1},
        {.name = "scan_output_axes", .kind = ONNX_SOME_INTEGERS, .integers = time, .n = 1},
    };
    onnx_node(graph, "Scan", ONNX_IN(zeros, zeros, x), COUNT_OF(attribute), attribute, 3, out);
    return out[2];
}

const struct R(encoder_ops) R(encoder_dual_stage) = {
    .name = "dual_stage",
    .help = "LSTM with attention over the features at every step",
    .sequence = true,
    .tensors = tensors,
    .extra_size = extra_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
