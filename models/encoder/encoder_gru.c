/* Gated recurrent unit (Cho et al. 2014; the candidate in the form of Keras' reset_after and PyTorch), one layer or several.
 *   r = sigmoid(x Wr + h Ur + br)   z = sigmoid(x Wz + h Uz + bz)   m = h Un + bm   n = tanh(x Wn + r m + bn)
 *   h' = (1 - z) n + z h
 * Columns of W and U: r, z, n. The context is the last state. Back, from dh of h':
 *   dn = dh (1 - z) (1 - n²)   dz = dh (h - n) z (1 - z)   dr = dn m r (1 - r)   dm = dn r   dh = dh z + (dr, dz, dm) Uᵀ */
#include <string.h>

#include "control.h"
#include "engine/base/base.h"

enum { W, U, BIAS, CANDIDATE_BIAS, TENSORS_PER_LAYER };

static const struct gw_param own_params[] = {CONTROL_WIDTH_ROW};

static void tensors_of(const struct gw_model_config *config, size_t w, struct tensor_list *list) {
    for (size_t layer = 0; layer < config->layers; layer++) {
        size_t inputs = layer == 0 ? config->n_features : w;
        tensor_add_layer(list, "gru", layer, "W", inputs, 3 * w, INIT_GLOROT, false);
        tensor_add_layer(list, "gru", layer, "U", w, 3 * w, INIT_ORTHOGONAL, true);
        tensor_add_layer(list, "gru", layer, "b", 1, 3 * w, INIT_ZERO, false);
        tensor_add_layer(list, "gru", layer, "m", 1, w, INIT_ZERO, false);
    }
}

static size_t width(const struct gw_model_config *config) { return R(control_width)(config, 1, tensors_of); }
static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensors_of(config, width(config), list);
}

/* ---- its memory, cut from ws->extra -------------------------------------------------------------------------------- */

struct parts {
    size_t B, T, w;
    real *xw;                /* [rows × 3w] of the first layer, [T·B × 3w] of the others */
    real *step;              /* [B × 3w] h U of a step */
    real *dh;                /* [B × w] */
    real *below;             /* [T·B × w] gradient of the states of the layer below */
    real *gates[LAYERS_MAX]; /* [T × B × 4w] r, z, n, m; the way back makes dr, dz, dm, dn of them */
    real *h[LAYERS_MAX];     /* [(T + 1) × B × w], slot 0 is the zero state */
};

static size_t lay_out(struct parts *parts, const struct gw_model_config *config, real *memory) {
    const size_t B = SHARD_WINDOWS, T = config->lookback, w = width(config);
    size_t used = 0;
    parts->T = T;
    parts->w = w;
    parts->xw = R(workspace_cut)(memory, &used, R(rows_most)(config) * 3 * w);
    parts->step = R(workspace_cut)(memory, &used, B * 3 * w);
    parts->dh = R(workspace_cut)(memory, &used, B * w);
    parts->below = R(workspace_cut)(memory, &used, config->layers > 1 ? T * B * w : 0);
    for (size_t layer = 0; layer < config->layers; layer++) {
        parts->gates[layer] = R(workspace_cut)(memory, &used, T * B * 4 * w);
        parts->h[layer] = R(workspace_cut)(memory, &used, (T + 1) * B * w);
    }
    return used;
}

static size_t extra_size(const struct gw_model_config *config) {
    struct parts parts;
    return lay_out(&parts, config, NULL);
}

static struct parts parts_of(const struct R(pass) *pass) {
    struct parts parts;
    lay_out(&parts, &pass->net->config, pass->ws->extra);
    parts.B = pass->ws->n_windows;
    return parts;
}

/* Row of xw that step s of window b reads: bars are shared between windows, states are not. */
static size_t row_of(const struct R(pass) *pass, const struct parts *at, size_t layer, size_t s, size_t b) {
    return layer == 0 ? pass->ws->first_row[b] + s : s * at->B + b;
}

/* ---- forward --------------------------------------------------------------------------------------------------------- */

static void project(const struct R(pass) *pass, const struct parts *at, size_t layer) {
    const real *w = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + W);
    const size_t rows = at->T * at->B;
    if (layer == 0)
        R(rows_times)(pass, w, 3 * at->w, at->xw, 3 * at->w);
    else
        pass->k->large_nn(rows, 3 * at->w, at->w, at->h[layer - 1] + at->B * at->w, at->w, w, 3 * at->w, at->xw,
                          3 * at->w, false);
    pass->k->add_row(layer == 0 ? pass->ws->n_rows : rows, 3 * at->w,
                     R(tensor_of)(pass, layer * TENSORS_PER_LAYER + BIAS), at->xw, 3 * at->w);
}

/* One window's step: u = h U, gates [4w] out, h' out. */
static void cell(const struct R(kernels) *k, size_t w, const real *restrict x, const real *restrict u,
                 const real *restrict bias, const real *restrict before, real *restrict gate, real *restrict after) {
    for (size_t i = 0; i < 2 * w; i++) gate[i] = x[i] + u[i];
    k->vsigmoid(2 * w, gate, gate);
    for (size_t i = 0; i < w; i++) {
        gate[3 * w + i] = u[2 * w + i] + bias[i];
        gate[2 * w + i] = x[2 * w + i] + gate[i] * gate[3 * w + i];
    }
    k->vtanh(w, gate + 2 * w, gate + 2 * w);
    for (size_t i = 0; i < w; i++) after[i] = gate[2 * w + i] + gate[w + i] * (before[i] - gate[2 * w + i]);
}

static void forward(const struct R(pass) *pass) {
    const struct parts at = parts_of(pass);
    const size_t B = at.B, w = at.w, layers = pass->net->config.layers;
    for (size_t layer = 0; layer < layers; layer++) {
        const real *u = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + U);
        const real *bias = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + CANDIDATE_BIAS);
        project(pass, &at, layer);
        memset(at.h[layer], 0, B * w * sizeof(real)); /* a larger shard may have had states there */
        for (size_t s = 0; s < at.T; s++) {
            const real *before = at.h[layer] + s * B * w;
            pass->k->gemm_nn(B, 3 * w, w, before, w, u, 3 * w, at.step, 3 * w, false);
            for (size_t b = 0; b < B; b++)
                cell(pass->k, w, at.xw + row_of(pass, &at, layer, s, b) * 3 * w, at.step + b * 3 * w, bias,
                     before + b * w, at.gates[layer] + (s * B + b) * 4 * w, at.h[layer] + ((s + 1) * B + b) * w);
        }
    }
    memcpy(pass->ws->context, at.h[layers - 1] + at.T * B * w, B * w * sizeof(real));
}

/* ---- backward -------------------------------------------------------------------------------------------------------- */

/* gate [4w] becomes dr, dz, dm, dn; dh [w] keeps what goes straight on. */
static void cell_backward(size_t w, const real *restrict before, real *restrict gate, real *restrict dh) {
    for (size_t i = 0; i < w; i++) {
        const real r = gate[i], z = gate[w + i], n = gate[2 * w + i], m = gate[3 * w + i];
        const real dn = dh[i] * (1 - z) * (1 - n * n);
        gate[i] = dn * m * r * (1 - r);
        gate[w + i] = dh[i] * (before[i] - n) * z * (1 - z);
        gate[2 * w + i] = dn * r;
        gate[3 * w + i] = dn;
        dh[i] *= z;
    }
}

/* xw becomes its own gradient: (dr, dz, dn) of every step, added up where windows share a bar. */
static void collect(const struct R(pass) *pass, const struct parts *at, size_t layer) {
    const size_t w = at->w;
    memset(at->xw, 0, (layer == 0 ? pass->ws->n_rows : at->T * at->B) * 3 * w * sizeof(real));
    for (size_t s = 0; s < at->T; s++)
        for (size_t b = 0; b < at->B; b++) {
            const real *gate = at->gates[layer] + (s * at->B + b) * 4 * w;
            real *to = at->xw + row_of(pass, at, layer, s, b) * 3 * w;
            pass->k->axpy(2 * w, 1, gate, to);
            pass->k->axpy(w, 1, gate + 3 * w, to + 2 * w);
        }
}

static void weights_backward(const struct R(pass) *pass, const struct parts *at, size_t layer) {
    const size_t w = at->w, rows = at->T * at->B, first = layer * TENSORS_PER_LAYER;
    const struct R(kernels) *k = pass->k;
    k->large_tn(w, 3 * w, rows, at->h[layer], w, at->gates[layer], 4 * w, R(gradient_of)(pass, first + U), 3 * w, true);
    k->sum_rows(rows, w, at->gates[layer] + 2 * w, 4 * w, R(gradient_of)(pass, first + CANDIDATE_BIAS));
    collect(pass, at, layer);
    k->sum_rows(layer == 0 ? pass->ws->n_rows : rows, 3 * w, at->xw, 3 * w, R(gradient_of)(pass, first + BIAS));
    if (layer == 0) {
        R(rows_times_backward)(pass, 3 * w, at->xw, 3 * w, R(gradient_of)(pass, first + W));
        return;
    }
    const real *input = at->h[layer - 1] + at->B * w;
    k->large_tn(w, 3 * w, rows, input, w, at->xw, 3 * w, R(gradient_of)(pass, first + W), 3 * w, true);
    k->large_nt(rows, w, 3 * w, at->xw, 3 * w, R(tensor_of)(pass, first + W), 3 * w, at->below, w, false);
}

/* The gradient of the context lies in ws->dcontext, of all windows: a shard is one tile here. */
static void backward(const struct R(pass) *pass, bool use_dh, bool use_dh_last) {
    const struct parts at = parts_of(pass);
    const size_t B = at.B, w = at.w, layers = pass->net->config.layers;
    (void)use_dh, (void)use_dh_last;
    for (size_t layer = layers; layer-- > 0;) {
        const real *u = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + U);
        const bool top = layer + 1 == layers;
        memset(at.dh, 0, B * w * sizeof(real));
        if (top) memcpy(at.dh, pass->ws->dcontext, B * w * sizeof(real));
        for (size_t s = at.T; s-- > 0;) {
            real *gate = at.gates[layer] + s * B * 4 * w;
            if (!top) pass->k->axpy(B * w, 1, at.below + s * B * w, at.dh);
            for (size_t b = 0; b < B; b++)
                cell_backward(w, at.h[layer] + (s * B + b) * w, gate + b * 4 * w, at.dh + b * w);
            pass->k->gemm_nt(B, w, 3 * w, gate, 4 * w, u, 3 * w, at.dh, w, true);
        }
        weights_backward(pass, &at, layer);
    }
}

/* dx = (dr, dz, dn) Wᵀ of the first layer, whose xw the way back has left as its gradient. */
static void input_gradient(const struct R(pass) *pass, real *dx) {
    const struct parts at = parts_of(pass);
    const size_t F = pass->net->config.n_features;
    pass->k->large_nt(pass->ws->n_rows, F, 3 * at.w, at.xw, 3 * at.w, R(tensor_of)(pass, W), 3 * at.w, dx, F, false);
}

/* ONNX has the gates in the order z, r, n, and time before windows. */
static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value x) {
    static const size_t order[] = {1, 0, 2};
    const size_t w = width(model->config);
    float *candidate = mem_calloc(3 * w, sizeof *candidate);
    struct onnx_value y = onnx_transpose(graph, x, 3, (const int64_t[]){1, 0, 2});
    if (!candidate) {
        graph->constants->rc = GW_ERR_NOMEM;
        return y;
    }
    for (size_t layer = 0; layer < model->config->layers; layer++) {
        const size_t first = layer * TENSORS_PER_LAYER;
        const struct onnx_attribute attribute[] = {{.name = "hidden_size", .integer = (int64_t)w},
                                                   {.name = "linear_before_reset", .integer = 1}};
        struct onnx_value out = {""};
        memcpy(candidate + 2 * w, onnx_data(model, first + CANDIDATE_BIAS), w * sizeof *candidate);
        onnx_node(graph, "GRU",
                  ONNX_IN(y, onnx_recurrent_weight(graph, model, first + W, w, 3, order),
                          onnx_recurrent_weight(graph, model, first + U, w, 3, order),
                          onnx_recurrent_bias(graph, model, first + BIAS, candidate, w, 3, order)),
                  COUNT_OF(attribute), attribute, 1, &out);
        y = onnx_unwrap(graph, out, 1); /* [T × 1 × N × w] */
    }
    mem_free(candidate);
    return onnx_op_with(graph, "Gather", ONNX_IN(y, onnx_integer(graph, -1)),
                        &(struct onnx_attribute){.name = "axis", .integer = 0});
}

const struct R(encoder_ops) R(encoder_gru) = {
    .name = "gru",
    .help = "gated recurrent unit, stacked when layers > 1, read at its last state: a control",
    .own = GW_PARAM_TABLE(own_params),
    .window = true,
    .windowed_only = "only the LSTM's state is carried from bar to bar",
    .tensors = tensors,
    .context_size = width,
    .extra_size = extra_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
    .input_gradient = input_gradient,
};
