/* The recurrent layers over a shard of segments. Every (step, segment) has a row of its own, so the projected input is
 * made where the gates will lie, and dz, which the way back writes over the gates, is the gradient of the rows. */
#include "stream.h"

enum { W, U, BIAS, TENSORS_PER_LAYER }; /* as encoder_lstm lists them */

static struct R(lstm_run) layer_run(const struct R(pass) *pass, size_t layer, size_t n, size_t steps) {
    const struct R(workspace) *ws = pass->ws;
    return (struct R(lstm_run)){
        .n_windows = n,
        .n_steps = steps,
        .hidden = pass->net->config.hidden,
        .first_row = ws->stack_row,
        .row_stride = n,
        .u = pass->packed + 2 * layer * pass->net->pack_stride,
        .xw = ws->gates[layer],
        .gates = ws->gates[layer],
        .c = ws->c[layer],
        .h = ws->h[layer],
        .scratch = ws->lstm_scratch,
    };
}

/* Rows that a layer reads and their width: features, or the states of the layer below without its zero state. */
static const real *layer_input(const struct R(pass) *pass, size_t layer, size_t n, size_t *width) {
    *width = layer == 0 ? pass->net->config.n_features : pass->net->config.hidden;
    return layer == 0 ? pass->ws->x : pass->ws->h[layer - 1] + n * *width;
}

void R(segments_encode)(const struct R(pass) *pass, size_t n, size_t steps) {
    size_t columns = 4 * pass->net->config.hidden, rows = n * steps, width;
    for (size_t layer = 0; layer < pass->net->config.layers; layer++) {
        const real *input = layer_input(pass, layer, n, &width);
        const real *w = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + W);
        real *xw = pass->ws->gates[layer];
        pass->k->large_nn(rows, columns, width, input, width, w, columns, xw, columns, false);
        pass->k->add_row(rows, columns, R(tensor_of)(pass, layer * TENSORS_PER_LAYER + BIAS), xw, columns);
        struct R(lstm_run) run = layer_run(pass, layer, n, steps);
        pass->k->lstm_forward(&run);
    }
}

void R(segments_encode_backward)(const struct R(pass) *pass, size_t n, size_t steps) {
    const struct R(workspace) *ws = pass->ws;
    size_t columns = 4 * pass->net->config.hidden, rows = n * steps, width;
    for (size_t layer = pass->net->config.layers; layer-- > 0;) {
        const real *input = layer_input(pass, layer, n, &width), *dz = ws->gates[layer];
        const real *w = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + W);
        real *dw = R(gradient_of)(pass, layer * TENSORS_PER_LAYER + W);
        struct R(lstm_run) run = layer_run(pass, layer, n, steps);
        pass->k->lstm_backward(&run, run.u + pass->net->pack_stride, ws->dh, NULL,
                               R(gradient_of)(pass, layer * TENSORS_PER_LAYER + U), NULL, ws->lstm_scratch);
        pass->k->large_tn(width, columns, rows, input, width, dz, columns, dw, columns, true);
        pass->k->sum_rows(rows, columns, dz, columns, R(gradient_of)(pass, layer * TENSORS_PER_LAYER + BIAS));
        if (layer > 0) pass->k->large_nt(rows, width, columns, dz, columns, w, columns, ws->dh, width, false);
    }
}
