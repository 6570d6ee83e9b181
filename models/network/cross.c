/* Cross-attention (Bahdanau et al. 2014, eq. 6, between two sequences): with q = h_T of the gate and k_s, s = 1 … T', the
 * states of an LSTM over the second sequence,
 *   u = q Wq   e_s = v · tanh(u + k_s Wk)   a = softmax(e)   c' = Σ_s a_s k_s,   context [c; c'].
 * Back, from d of c':
 *   dk_s = a_s d   da_s = d · k_s   de_s = a_s (da_s - Σ_r a_r da_r)   p_s = de_s v ∘ (1 - tanh²)
 *   dv = Σ de_s tanh   du = Σ p_s   dWk = Σ k_sᵀ p_s   dk_s += p_s Wkᵀ   dWq = qᵀ du   dq = du Wqᵀ
 * and dk_s goes back through the second LSTM. Neighbouring bars see the same closed bars of a longer interval: windows of
 * a shard that end with the same one share their states, and the gradients of these are summed in the windows' order. */
#include <string.h>

#include "engine/base/base.h"
#include "gate.h"

enum { W, U, BIAS, WQ, WK, V };

void R(cross_init)(struct R(network) *net) {
    const struct gw_model_config *config = &net->config;
    const struct cross_params *own = cross_own(config);
    struct R(cross) *cross = &net->cross;
    *cross = (struct R(cross)){.on = true,
                               .lookback = own->cross_lookback,
                               .hidden = own->cross_hidden ? own->cross_hidden : config->hidden,
                               .units = own->cross_units,
                               .n_features = config->cross_features,
                               .query = config->hidden};
    const struct R(kernels) *const set[] = {R(kernels_active)(), R(kernels_mixed)(), R(kernels_by_row)()};
    for (size_t i = 0; i < COUNT_OF(set); i++) { /* training may use one, scoring another */
        const size_t size = set[i]->lstm_pack_size(cross->hidden);
        if (size > cross->pack_stride) cross->pack_stride = size;
    }
    cross->pack_at = net->pack_size;
    net->pack_size += 2 * cross->pack_stride;
}

void R(cross_tensors)(struct R(cross) *cross, struct tensor_list *list) {
    if (!cross->on) return;
    cross->first = list->n;
    tensor_add(list, "cross.W", cross->n_features, 4 * cross->hidden, INIT_GLOROT, false);
    tensor_add(list, "cross.U", cross->hidden, 4 * cross->hidden, INIT_ORTHOGONAL, true);
    tensor_add(list, "cross.b", 1, 4 * cross->hidden, INIT_LSTM_BIAS, false);
    tensor_add(list, "cross.Wq", cross->query, cross->units, INIT_GLOROT, true);
    tensor_add(list, "cross.Wk", cross->hidden, cross->units, INIT_GLOROT, true);
    tensor_add(list, "cross.v", cross->units, 1, INIT_GLOROT, false);
}

void R(cross_pack)(const struct R(network) *net, const struct R(kernels) *k, const real *weights, real *packed) {
    const struct R(cross) *cross = &net->cross;
    if (!cross->on) return;
    real *forward = packed + cross->pack_at;
    k->lstm_pack(cross->hidden, weights + net->tensors.item[cross->first + U].offset, forward,
                 forward + cross->pack_stride);
}

static size_t rows_most(const struct R(cross) *cross) {
    return (SHARD_WINDOWS * cross->lookback + PROJECT_ROWS - 1) / PROJECT_ROWS * PROJECT_ROWS;
}

void R(cross_cut)(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used) {
    const struct R(cross) *cross = &net->cross;
    struct R(cross_space) *at = &ws->cross;
    if (!cross->on) return;
    const size_t B = SHARD_WINDOWS, T = cross->lookback, H = cross->hidden, A = cross->units;
    const size_t rows = rows_most(cross), own = net->own_context;
    const size_t back = train; /* nothing where there is no way back */
    size_t scratch = R(kernels_active)()->lstm_scratch_size(B, H), mixed = R(kernels_mixed)()->lstm_scratch_size(B, H);
    at->slot = (uint32_t *)(void *)R(workspace_cut)(ws->memory, used, B);
    at->first_row = (uint32_t *)(void *)R(workspace_cut)(ws->memory, used, B);
    const struct {
        real **place;
        size_t n;
    } list[] = {
        {&at->x, rows * cross->n_features},
        {&at->xw, rows * 4 * H},
        {&at->dxw, back * rows * 4 * H},
        {&at->gates, back * T * B * 4 * H},
        {&at->c, (T + 1) * B * H},
        {&at->h, (T + 1) * B * H},
        {&at->dh, back * T * B * H},
        {&at->scratch, scratch > mixed ? scratch : mixed},
        {&at->state, B * T * H},
        {&at->dstate, back * B * T * H},
        {&at->key, B * T * A},
        {&at->dkey, back * B * T * A},
        {&at->act, B * T * A},
        {&at->query, B * A},
        {&at->dquery, back * B * A},
        {&at->dq, back * B * cross->query},
        {&at->map, B * T},
        {&at->dscore, back * B * T},
        {&at->context, B * H},
        {&at->dcontext, back * B * H},
        {&at->own_context, B * own},
        {&at->own_dcontext, back * B * own},
    };
    for (size_t i = 0; i < COUNT_OF(list); i++) *list[i].place = R(workspace_cut)(ws->memory, used, list[i].n);
}

/* ---- the rows under a shard's windows ------------------------------------------------------------------------------ */

static void copy_row(const struct R(pass) *pass, const struct R(shard) *shard, const struct gw_cross *from, int64_t at,
                     real *out) {
    const size_t n = pass->net->cross.n_features;
    if (at < 0) { /* before the first bar there is */
        memset(out, 0, n * sizeof *out);
        return;
    }
    const float *x = shard->series[from->series].x + (size_t)from->row[at] * pass->net->config.n_features;
    for (size_t i = 0; i < n; i++) out[i] = (real)x[from->column[i]];
}

/* As rows_gather: a window goes on from the rows of the one before where it can. */
static void gather(const struct R(pass) *pass, const struct R(shard) *shard) {
    struct R(cross_space) *at = &pass->ws->cross;
    const struct R(cross) *cross = &pass->net->cross;
    const int64_t T = (int64_t)cross->lookback;
    const struct gw_cross *run = NULL;
    int64_t run_start = 0, run_end = 0, last_end = 0;
    size_t run_base = 0, rows = 0, n = 0;
    for (size_t b = 0; b < shard->n; b++) {
        const struct gw_sample *sample = &shard->sample[shard->index[b]];
        const struct gw_cross *from = shard->series[sample->series].cross;
        const int64_t end = from->known[sample->row], start = end - T;
        if (b == 0 || run != from || end != last_end || pass->k->rows_together) {
            if (run != from || start < run_start || start > run_end) {
                run = from;
                run_base = rows;
                run_start = run_end = start;
            }
            for (; run_end < end; run_end++) copy_row(pass, shard, from, run_end, at->x + rows++ * cross->n_features);
            at->first_row[n++] = (uint32_t)(run_base + (size_t)(start - run_start));
        }
        at->slot[b] = (uint32_t)(n - 1);
        last_end = end;
    }
    const size_t padded = (rows + PROJECT_ROWS - 1) / PROJECT_ROWS * PROJECT_ROWS;
    memset(at->x + rows * cross->n_features, 0, (padded - rows) * cross->n_features * sizeof(real));
    at->n_rows = rows;
    at->n_windows = n;
}

static void project(const struct R(pass) *pass) {
    struct R(cross_space) *at = &pass->ws->cross;
    const struct R(cross) *cross = &pass->net->cross;
    const size_t F = cross->n_features, columns = 4 * cross->hidden;
    for (size_t r = 0; r < at->n_rows; r += PROJECT_ROWS) /* a fixed shape, as of the gate's own rows */
        pass->k->large_nn(PROJECT_ROWS, columns, F, at->x + r * F, F, R(tensor_of)(pass, cross->first + W), columns,
                          at->xw + r * columns, columns, false);
    pass->k->add_row(at->n_rows, columns, R(tensor_of)(pass, cross->first + BIAS), at->xw, columns);
}

static struct R(lstm_run) lstm_run(const struct R(pass) *pass) {
    const struct R(cross_space) *at = &pass->ws->cross;
    const struct R(cross) *cross = &pass->net->cross;
    return (struct R(lstm_run)){
        .n_windows = at->n_windows,
        .n_steps = cross->lookback,
        .hidden = cross->hidden,
        .first_row = at->first_row,
        .row_stride = 1,
        .u = pass->packed + cross->pack_at,
        .xw = at->xw,
        .gates = pass->gradient ? at->gates : NULL,
        .c = at->c,
        .h = at->h,
        .scratch = at->scratch,
    };
}

/* ---- forward ------------------------------------------------------------------------------------------------------- */

/* The asking states: the encoder's last. */
static const real *queries(const struct R(pass) *pass) {
    const struct gw_model_config *config = &pass->net->config;
    return pass->ws->h[config->layers - 1] + config->lookback * pass->ws->n_windows * config->hidden;
}

/* Between [T' × U × H'] and [U × T' × H']. */
static void by_window(const struct R(cross) *cross, size_t n, const real *by_step, real *out) {
    const size_t T = cross->lookback, H = cross->hidden;
    for (size_t s = 0; s < T; s++)
        for (size_t u = 0; u < n; u++) memcpy(out + (u * T + s) * H, by_step + (s * n + u) * H, H * sizeof(real));
}

static void by_step(const struct R(cross) *cross, size_t n, const real *by_window_, real *out) {
    const size_t T = cross->lookback, H = cross->hidden;
    for (size_t s = 0; s < T; s++)
        for (size_t u = 0; u < n; u++) memcpy(out + (s * n + u) * H, by_window_ + (u * T + s) * H, H * sizeof(real));
}

void R(cross_forward)(const struct R(pass) *pass, const struct R(shard) *shard) {
    struct R(cross_space) *at = &pass->ws->cross;
    const struct R(cross) *cross = &pass->net->cross;
    const struct R(kernels) *k = pass->k;
    const size_t T = cross->lookback, H = cross->hidden, A = cross->units, Q = cross->query, n = shard->n;
    gather(pass, shard);
    project(pass);
    struct R(lstm_run) run = lstm_run(pass);
    k->lstm_forward(&run);
    by_window(cross, at->n_windows, at->h + at->n_windows * H, at->state);
    k->large_nn(at->n_windows * T, A, H, at->state, H, R(tensor_of)(pass, cross->first + WK), A, at->key, A, false);
    k->gemm_nn(n, A, Q, queries(pass), Q, R(tensor_of)(pass, cross->first + WQ), A, at->query, A, false);
    for (size_t b = 0; b < n; b++)
        k->additive_forward(T, A, at->key + at->slot[b] * T * A, A, at->query + b * A,
                            R(tensor_of)(pass, cross->first + V), at->act + b * T * A, at->map + b * T);
    k->softmax_rows(n, T, T, 1, at->map, at->map);
    for (size_t b = 0; b < n; b++)
        k->gemm_nn(1, H, T, at->map + b * T, T, at->state + at->slot[b] * T * H, H, at->context + b * H, H, false);
}

void R(cross_join)(const struct R(pass) *pass, size_t first, size_t n) {
    const struct R(workspace) *ws = pass->ws;
    const size_t own = pass->net->own_context, H = pass->net->cross.hidden;
    for (size_t b = 0; b < n; b++) {
        real *context = ws->context + b * (own + H);
        memcpy(context, ws->cross.own_context + b * own, own * sizeof(real));
        memcpy(context + own, ws->cross.context + (first + b) * H, H * sizeof(real));
    }
}

/* ---- backward ------------------------------------------------------------------------------------------------------ */

void R(cross_part)(const struct R(pass) *pass, size_t first, size_t n) {
    const struct R(workspace) *ws = pass->ws;
    const size_t own = pass->net->own_context, H = pass->net->cross.hidden;
    for (size_t b = 0; b < n; b++) {
        const real *dcontext = ws->dcontext + b * (own + H);
        memcpy(ws->cross.own_dcontext + b * own, dcontext, own * sizeof(real));
        memcpy(ws->cross.dcontext + (first + b) * H, dcontext + own, H * sizeof(real));
    }
}

/* From the contexts to the scores, and what of it reaches states, keys and queries, summed where windows share them. */
static void weights_backward(const struct R(pass) *pass, size_t n) {
    struct R(cross_space) *at = &pass->ws->cross;
    const struct R(cross) *cross = &pass->net->cross;
    const struct R(kernels) *k = pass->k;
    const size_t T = cross->lookback, H = cross->hidden, A = cross->units;
    memset(at->dstate, 0, at->n_windows * T * H * sizeof(real));
    memset(at->dkey, 0, at->n_windows * T * A * sizeof(real));
    memset(at->dquery, 0, n * A * sizeof(real));
    for (size_t b = 0; b < n; b++) {
        const size_t u = at->slot[b];
        const real *d = at->dcontext + b * H, *map = at->map + b * T;
        real *dscore = at->dscore + b * T, *act = at->act + b * T * A;
        k->gemm_tn(T, H, 1, map, T, d, H, at->dstate + u * T * H, H, true);
        k->gemm_nn(T, 1, H, at->state + u * T * H, H, d, 1, dscore, 1, false);
        R(softmax_backward)(k, T, map, dscore);
        k->additive_backward(T, A, dscore, R(tensor_of)(pass, cross->first + V), act,
                             R(gradient_of)(pass, cross->first + V), at->dquery + b * A);
        k->axpy(T * A, 1, act, at->dkey + u * T * A);
    }
}

static void products_backward(const struct R(pass) *pass, size_t n) {
    struct R(cross_space) *at = &pass->ws->cross;
    const struct R(cross) *cross = &pass->net->cross;
    const struct R(kernels) *k = pass->k;
    const size_t rows = at->n_windows * cross->lookback, H = cross->hidden, A = cross->units, Q = cross->query;
    k->large_tn(H, A, rows, at->state, H, at->dkey, A, R(gradient_of)(pass, cross->first + WK), A, true);
    k->large_nt(rows, H, A, at->dkey, A, R(tensor_of)(pass, cross->first + WK), A, at->dstate, H, true);
    k->gemm_tn(Q, A, n, queries(pass), Q, at->dquery, A, R(gradient_of)(pass, cross->first + WQ), A, true);
    k->gemm_nt(n, Q, A, at->dquery, A, R(tensor_of)(pass, cross->first + WQ), A, at->dq, Q, false);
}

static void lstm_backward(const struct R(pass) *pass) {
    struct R(cross_space) *at = &pass->ws->cross;
    const struct R(cross) *cross = &pass->net->cross;
    const size_t columns = 4 * cross->hidden, F = cross->n_features;
    struct R(lstm_run) run = lstm_run(pass);
    by_step(cross, at->n_windows, at->dstate, at->dh);
    memset(at->dxw, 0, at->n_rows * columns * sizeof(real));
    pass->k->lstm_backward(&run, run.u + cross->pack_stride, at->dh, NULL, R(gradient_of)(pass, cross->first + U),
                           at->dxw, at->scratch);
    pass->k->gemm_tn(F, columns, at->n_rows, at->x, F, at->dxw, columns, R(gradient_of)(pass, cross->first + W),
                     columns, true);
    pass->k->sum_rows(at->n_rows, columns, at->dxw, columns, R(gradient_of)(pass, cross->first + BIAS));
}

void R(cross_backward)(const struct R(pass) *pass, bool into_encoder) {
    const struct R(workspace) *ws = pass->ws;
    const size_t n = ws->n_windows, size = n * pass->net->cross.query;
    weights_backward(pass, n);
    products_backward(pass, n);
    lstm_backward(pass);
    if (!into_encoder) return;
    /* Attentions leave a gradient of every state, of which these are the last; without one there is only that. */
    real *reaches = pass->net->attention->backward ? ws->dh + (pass->net->config.lookback - 1) * size : ws->dh_last;
    pass->k->axpy(size, 1, ws->cross.dq, reaches);
}
