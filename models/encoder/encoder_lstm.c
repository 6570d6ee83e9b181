/* LSTM in Keras form (Hochreiter & Schmidhuber 1997; gate order i,f,c,o), one layer or several.
 *   z_s = x_s W + h_{s-1} U + b;  c_s = f c_{s-1} + i g;  h_s = o tanh(c_s)
 * A layer above the first reads the states of the one below, row (s, b) at s·B + b. */
#include <string.h>

#include "engine/base/base.h"
#include "models/network/gate.h"

enum { W, U, BIAS, TENSORS_PER_LAYER };

static const struct gw_choice forget_inits[] = {
    [FORGET_ONE] = {.name = "one", .help = "forget bias 1"},
    [FORGET_CHRONO] = {.name = "chrono",
                       .help = "forget bias log U(1, lookback - 1), for long memories (Tallec & Ollivier 2018)"},
};
static const struct gw_choices forget_init_choices = {.row = forget_inits, .n = COUNT_OF(forget_inits)};
static const struct gw_param own_params[] = {
    GW_CHOICE_PARAM(struct lstm_params, forget_init, &forget_init_choices, 0, "initial bias of the forget gate"),
};

enum tensor_init R(lstm_bias_init)(const struct gw_model_config *config) {
    const struct lstm_params *own = own_of_encoder(config);
    return own->forget_init == FORGET_CHRONO ? INIT_LSTM_CHRONO : INIT_LSTM_BIAS;
}

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    for (size_t layer = 0; layer < config->layers; layer++) {
        size_t inputs = layer == 0 ? config->n_features : config->hidden, columns = 4 * config->hidden;
        tensor_add_layer(list, "lstm", layer, "W", inputs, columns, INIT_GLOROT, false);
        tensor_add_layer(list, "lstm", layer, "U", config->hidden, columns, INIT_ORTHOGONAL, true);
        tensor_add_layer(list, "lstm", layer, "b", 1, columns, R(lstm_bias_init)(config), false);
    }
}

static struct R(lstm_run) layer_run(const struct R(pass) *pass, size_t layer) {
    const struct R(workspace) *ws = pass->ws;
    return (struct R(lstm_run)){
        .n_windows = ws->n_windows,
        .n_steps = pass->net->config.lookback,
        .hidden = pass->net->config.hidden,
        .first_row = layer == 0 ? ws->first_row : ws->stack_row,
        .row_stride = layer == 0 ? 1 : ws->n_windows,
        .u = pass->packed + 2 * layer * pass->net->pack_stride,
        .xw = ws->xw,
        .gates = pass->gradient ? ws->gates[layer] : NULL, /* only the way back reads them */
        .c = ws->c[layer],
        .h = ws->h[layer],
        .scratch = ws->lstm_scratch,
    };
}

/* States of the layer below without its zero state: [T·B × H]. */
static const real *layer_input(const struct R(pass) *pass, size_t layer) {
    return pass->ws->h[layer - 1] + pass->ws->n_windows * pass->net->config.hidden;
}

static void forward(const struct R(pass) *pass) {
    struct R(workspace) *ws = pass->ws;
    size_t H = pass->net->config.hidden, rows = ws->n_windows * pass->net->config.lookback;
    for (size_t layer = 0; layer < pass->net->config.layers; layer++) {
        const real *w = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + W);
        const real *b = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + BIAS);
        if (layer == 0) {
            R(rows_project)(pass, w, b);
        } else {
            pass->k->large_nn(rows, 4 * H, H, layer_input(pass, layer), H, w, 4 * H, ws->xw, 4 * H, false);
            pass->k->add_row(rows, 4 * H, b, ws->xw, 4 * H);
        }
        struct R(lstm_run) run = layer_run(pass, layer);
        pass->k->lstm_forward(&run);
    }
}

/* dW = inputᵀ dz, db = Σ dz over the rows that were projected. */
static void projection_backward(const struct R(pass) *pass, size_t layer, const real *input, size_t inputs, size_t rows,
                                const real *dz) {
    size_t columns = 4 * pass->net->config.hidden;
    real *dw = R(gradient_of)(pass, layer * TENSORS_PER_LAYER + W);
    if (layer == 0) /* small, and a row may be a sum over many windows */
        pass->k->gemm_tn(inputs, columns, rows, input, inputs, dz, columns, dw, columns, true);
    else
        pass->k->large_tn(inputs, columns, rows, input, inputs, dz, columns, dw, columns, true);
    pass->k->sum_rows(rows, columns, dz, columns, R(gradient_of)(pass, layer * TENSORS_PER_LAYER + BIAS));
}

static void backward(const struct R(pass) *pass, bool use_dh, bool use_dh_last) {
    struct R(workspace) *ws = pass->ws;
    size_t H = pass->net->config.hidden, rows = ws->n_windows * pass->net->config.lookback;
    memset(ws->dxw, 0, ws->n_rows * 4 * H * sizeof(real));
    for (size_t layer = pass->net->config.layers; layer-- > 0;) {
        struct R(lstm_run) run = layer_run(pass, layer);
        pass->k->lstm_backward(&run, run.u + pass->net->pack_stride, use_dh ? ws->dh : NULL,
                               use_dh_last ? ws->dh_last : NULL, R(gradient_of)(pass, layer * TENSORS_PER_LAYER + U),
                               layer == 0 ? ws->dxw : NULL, ws->lstm_scratch);
        if (layer == 0) {
            projection_backward(pass, 0, ws->x, pass->net->config.n_features, ws->n_rows, ws->dxw);
        } else {
            /* Every (step, window) has a row of its own here, so dz as it lies in gates is the rows' gradient. */
            projection_backward(pass, layer, layer_input(pass, layer), H, rows, run.gates);
            pass->k->large_nt(rows, H, 4 * H, run.gates, 4 * H, R(tensor_of)(pass, layer * TENSORS_PER_LAYER + W),
                              4 * H, ws->dh, H, false);
            use_dh = true;
            use_dh_last = false;
        }
    }
}

/* dx = dz Wᵀ of the first layer. */
static void input_gradient(const struct R(pass) *pass, real *dx) {
    const size_t F = pass->net->config.n_features, columns = 4 * pass->net->config.hidden;
    pass->k->large_nt(pass->ws->n_rows, F, columns, pass->ws->dxw, columns, R(tensor_of)(pass, W), columns, dx, F,
                      false);
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value x) {
    const int64_t turn[] = {1, 0, 2};
    struct onnx_value y = onnx_transpose(graph, x, 3, turn);
    for (size_t layer = 0; layer < model->config->layers; layer++)
        y = onnx_lstm(graph, model, layer * TENSORS_PER_LAYER, model->config->hidden, y);
    return onnx_transpose(graph, y, 3, turn);
}

const struct R(encoder_ops) R(encoder_lstm) = {
    .name = "lstm",
    .help = "LSTM in Keras form, stacked when layers > 1",
    .own = GW_PARAM_TABLE(own_params),
    .sequence = true,
    .tensors = tensors,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
    .input_gradient = input_gradient,
};
