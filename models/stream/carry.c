/* Scoring with a carried state. Whatever comes in at once is cut into parts of CARRY_BARS; every product and every sum of a
 * bar is made in the same order in a part of any length, so the bits do not depend on how bars are handed over. */
#include <string.h>

#include "engine/base/base.h"
#include "stream.h"

enum { W, U, BIAS, TENSORS_PER_LAYER }; /* as encoder_lstm lists them */

static void cut_all(struct R(carry) *carry, size_t *used) {
    const struct R(network) *net = carry->net;
    const struct gw_model_config *config = &net->config;
    const struct R(band_ops) *band = net->attention->band;
    struct R(workspace) *ws = &carry->ws;
    size_t H = config->hidden, n = CARRY_BARS;
    ws->x = R(workspace_cut)(ws->memory, used, n * config->n_features);
    ws->xw = R(workspace_cut)(ws->memory, used, n * 4 * H);
    for (size_t layer = 0; layer < config->layers; layer++) {
        ws->c[layer] = R(workspace_cut)(ws->memory, used, (n + 1) * H);
        ws->h[layer] = R(workspace_cut)(ws->memory, used, (n + 1) * H);
    }
    ws->context = R(workspace_cut)(ws->memory, used, n * net->context);
    ws->dense = R(workspace_cut)(ws->memory, used, n * config->dense_units);
    ws->logit = R(workspace_cut)(ws->memory, used, n * GW_N_GATES);
    if (!band) return;
    ws->tile_h = R(workspace_cut)(ws->memory, used, carry->room * H);
    ws->band_memory = R(workspace_cut)(ws->memory, used, carry->room * band->memory_size(config));
    ws->keep = R(workspace_cut)(ws->memory, used, band->keep_size(config, n, n));
    ws->map = R(workspace_cut)(ws->memory, used, n * net->maps * config->lookback);
}

int R(carry_init)(struct R(carry) *carry, const struct R(network) *net) {
    size_t size = 0, used = 0;
    *carry = (struct R(carry)){.net = net, .room = net->config.lookback - 1 + CARRY_BARS};
    cut_all(carry, &size);
    carry->ws.memory = mem_calloc(size, sizeof(real));
    if (!carry->ws.memory) return GW_ERR_NOMEM;
    cut_all(carry, &used);
    return GW_OK;
}

void R(carry_free)(struct R(carry) *carry) { R(workspace_free)(&carry->ws); }

void R(carry_reset)(struct R(carry) *carry) {
    size_t bytes = carry->net->config.hidden * sizeof(real);
    carry->bars = carry->held = 0;
    for (size_t layer = 0; layer < carry->net->config.layers; layer++) {
        memset(carry->ws.c[layer], 0, bytes);
        memset(carry->ws.h[layer], 0, bytes);
    }
}

/* ---- one part ------------------------------------------------------------------------------------------- */

/* The state before a part lies in slot 0 of c and h; afterwards it is that behind its last bar. */
static void encode(const struct R(pass) *pass, const float *x, size_t n) {
    const struct R(workspace) *ws = pass->ws;
    const uint32_t first_row = 0;
    size_t H = pass->net->config.hidden, width = pass->net->config.n_features;
    const real *input = ws->x;
    real *restrict rows = ws->x;
#pragma omp simd
    for (size_t i = 0; i < n * width; i++) rows[i] = (real)x[i];
    for (size_t layer = 0; layer < pass->net->config.layers; layer++, input = ws->h[layer - 1] + H, width = H) {
        const real *w = R(tensor_of)(pass, layer * TENSORS_PER_LAYER + W);
        pass->k->gemm_nn(n, 4 * H, width, input, width, w, 4 * H, ws->xw, 4 * H, false);
        pass->k->add_row(n, 4 * H, R(tensor_of)(pass, layer * TENSORS_PER_LAYER + BIAS), ws->xw, 4 * H);
        struct R(lstm_run) run = {
            .n_windows = 1,
            .n_steps = n,
            .hidden = H,
            .first_row = &first_row,
            .row_stride = 1,
            .u = pass->packed + 2 * layer * pass->net->pack_stride,
            .xw = ws->xw,
            .c = ws->c[layer],
            .h = ws->h[layer],
            .carried = true,
        };
        pass->k->lstm_forward(&run);
    }
}

static void keep_state(const struct R(pass) *pass, size_t n) {
    size_t H = pass->net->config.hidden;
    for (size_t layer = 0; layer < pass->net->config.layers; layer++) {
        memcpy(pass->ws->c[layer], pass->ws->c[layer] + n * H, H * sizeof(real));
        memcpy(pass->ws->h[layer], pass->ws->h[layer] + n * H, H * sizeof(real));
    }
}

/* Makes room for n more rows behind the last T-1 ones. */
static void make_room(struct R(carry) *carry, size_t n) {
    const struct gw_model_config *config = &carry->net->config;
    size_t wanted = config->lookback - 1, H = config->hidden, M = carry->net->attention->band->memory_size(config);
    if (carry->held + n <= carry->room) return;
    size_t kept = carry->held < wanted ? carry->held : wanted, from = carry->held - kept;
    memmove(carry->ws.tile_h, carry->ws.tile_h + from * H, kept * H * sizeof(real));
    memmove(carry->ws.band_memory, carry->ws.band_memory + from * M, kept * M * sizeof(real));
    carry->held = kept;
}

/* Contexts of the last `scored` bars of the part. */
static void contexts(struct R(carry) *carry, const struct R(pass) *pass, size_t n, size_t scored, bool want_map) {
    size_t H = pass->net->config.hidden;
    const real *top = pass->ws->h[pass->net->config.layers - 1] + H;
    if (!pass->net->attention->band) {
        memcpy(pass->ws->context, top + (n - scored) * H, scored * H * sizeof(real));
        return;
    }
    make_room(carry, n);
    memcpy(pass->ws->tile_h + carry->held * H, top, n * H * sizeof(real));
    size_t rows = carry->held + n;
    struct R(band_run) run = R(band_run_of)(pass, rows, carry->held, rows - scored);
    run.want_map = want_map;
    pass->net->attention->band->forward(&run);
    carry->held = rows;
}

static void part(struct R(carry) *carry, const struct R(pass) *pass, const float *x, size_t n, size_t scored,
                 real *logit, float *map) {
    const struct R(network) *net = pass->net;
    encode(pass, x, n);
    contexts(carry, pass, n, scored, map != NULL);
    if (scored > 0) R(head_forward)(pass, scored, false, logit);
    size_t values = scored * net->maps * net->config.lookback;
    for (size_t i = 0; map && i < values; i++) map[i] = (float)pass->ws->map[i];
    keep_state(pass, n);
    carry->bars += n;
}

void R(carry_bars)(struct R(carry) *carry, const real *weights, const real *packed, const float *x, size_t n,
                   size_t scored, real *logit, float *map) {
    const struct R(network) *net = carry->net;
    struct R(pass) pass = {net, R(network_scorer)(net), weights, packed, NULL, &carry->ws};
    while (n > 0) {
        size_t m = n < CARRY_BARS ? n : CARRY_BARS, silent = n - scored < m ? n - scored : m, wanted = m - silent;
        part(carry, &pass, x, m, wanted, logit, map);
        x += m * net->config.n_features;
        logit += wanted * GW_N_GATES;
        if (map) map += wanted * net->maps * net->config.lookback;
        n -= m;
        scored -= wanted;
    }
}

/* ---- between two bars ------------------------------------------------------------------------------------- */

static size_t memory_size(const struct R(network) *net) {
    return net->attention->band ? net->attention->band->memory_size(&net->config) : 0;
}

size_t R(carry_state_size)(const struct R(network) *net) {
    size_t H = net->config.hidden, history = net->attention->band ? H + memory_size(net) : 0;
    return 2 * net->config.layers * H + (net->config.lookback - 1) * history;
}

static size_t history_rows(const struct R(carry) *carry) {
    size_t wanted = carry->net->config.lookback - 1;
    return carry->held < wanted ? carry->held : wanted;
}

void R(carry_put)(const struct R(carry) *carry, real *state) {
    size_t H = carry->net->config.hidden, M = memory_size(carry->net), kept = history_rows(carry);
    memset(state, 0, R(carry_state_size)(carry->net) * sizeof *state);
    for (size_t layer = 0; layer < carry->net->config.layers; layer++, state += 2 * H) {
        memcpy(state, carry->ws.c[layer], H * sizeof *state);
        memcpy(state + H, carry->ws.h[layer], H * sizeof *state);
    }
    for (size_t row = carry->held - kept; row < carry->held; row++, state += H + M) {
        memcpy(state, carry->ws.tile_h + row * H, H * sizeof *state);
        if (M) memcpy(state + H, carry->ws.band_memory + row * M, M * sizeof *state);
    }
}

void R(carry_take)(struct R(carry) *carry, uint64_t bars, const real *state) {
    size_t H = carry->net->config.hidden, M = memory_size(carry->net), most = carry->net->config.lookback - 1;
    for (size_t layer = 0; layer < carry->net->config.layers; layer++, state += 2 * H) {
        memcpy(carry->ws.c[layer], state, H * sizeof *state);
        memcpy(carry->ws.h[layer], state + H, H * sizeof *state);
    }
    carry->bars = bars;
    carry->held = !carry->net->attention->band ? 0 : bars < most ? (size_t)bars : most;
    for (size_t row = 0; row < carry->held; row++, state += H + M) {
        memcpy(carry->ws.tile_h + row * H, state, H * sizeof *state);
        if (M) memcpy(carry->ws.band_memory + row * M, state + H, M * sizeof *state);
    }
}
