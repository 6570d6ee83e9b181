/* The memory of one running shard: one block, cut by a list of sizes. */
#include <string.h>

#include "engine/base/base.h"
#include "gate.h"

/* Called twice: first with no memory to sum the sizes, then to cut. */
real *R(workspace_cut)(real *memory, size_t *used, size_t n) {
    real *piece = memory ? memory + *used : NULL;
    *used += (n + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
    return piece;
}

/* Scoring keeps no gates (unless the encoder walks by itself) and sends nothing back. */
static void cut_encoder(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used) {
    const struct gw_model_config *config = &net->config;
    size_t B = SHARD_WINDOWS, T = config->lookback, H = config->hidden;
    size_t rows = R(takes_windows)(net) ? R(rows_most)(config) : (B + PROJECT_ROWS - 1) / PROJECT_ROWS * PROJECT_ROWS;
    ws->x = R(workspace_cut)(ws->memory, used, rows * config->n_features);
    if (!net->encoder->sequence && net->encoder->extra_size)
        ws->extra = R(workspace_cut)(ws->memory, used, net->encoder->extra_size(config));
    if (!net->encoder->sequence) return;
    ws->xw = R(workspace_cut)(ws->memory, used, rows * 4 * H);
    if (train) ws->dxw = R(workspace_cut)(ws->memory, used, rows * 4 * H);
    for (size_t layer = 0; layer < config->layers; layer++) {
        if (train || net->encoder->extra_size) ws->gates[layer] = R(workspace_cut)(ws->memory, used, T * B * 4 * H);
        ws->c[layer] = R(workspace_cut)(ws->memory, used, (T + 1) * B * H);
        ws->h[layer] = R(workspace_cut)(ws->memory, used, (T + 1) * B * H);
    }
    if (net->encoder->extra_size) ws->extra = R(workspace_cut)(ws->memory, used, net->encoder->extra_size(config));
    size_t scratch = R(kernels_active)()->lstm_scratch_size(B, H), mixed = R(kernels_mixed)()->lstm_scratch_size(B, H);
    ws->lstm_scratch = R(workspace_cut)(ws->memory, used, scratch > mixed ? scratch : mixed);
    if (!train) return;
    ws->dh = R(workspace_cut)(ws->memory, used, T * B * H);
    ws->dh_last = R(workspace_cut)(ws->memory, used, B * H);
}

static void cut_attention(struct R(workspace) *ws, const struct R(network) *net, size_t *used) {
    const struct gw_model_config *config = &net->config;
    const struct R(attention_ops) *attention = net->attention;
    if (!net->encoder->sequence || !attention->forward) return;
    size_t tile_states = attention->tile * config->lookback * config->hidden;
    ws->tile_h = R(workspace_cut)(ws->memory, used, tile_states);
    ws->tile_dh = R(workspace_cut)(ws->memory, used, tile_states);
    ws->keep = R(workspace_cut)(ws->memory, used, attention->tile * attention->keep_size(config));
    ws->attention_scratch = R(workspace_cut)(ws->memory, used, attention->scratch_size(config));
    ws->map = R(workspace_cut)(ws->memory, used, SHARD_WINDOWS * net->maps * config->lookback);
    ws->feature_map = R(workspace_cut)(ws->memory, used, SHARD_WINDOWS * config->n_features);
}

static void cut_all(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used) {
    size_t B = SHARD_WINDOWS, C = net->context, D = net->config.dense_units;
    cut_encoder(ws, net, train, used);
    cut_attention(ws, net, used);
    R(cross_cut)(ws, net, train, used);
    R(decoder_cut)(ws, net, train, used);
    ws->context = R(workspace_cut)(ws->memory, used, B * C);
    ws->dcontext = R(workspace_cut)(ws->memory, used, B * C);
    ws->mask = R(workspace_cut)(ws->memory, used, B * C);
    ws->dropped = R(workspace_cut)(ws->memory, used, B * C);
    ws->dense = R(workspace_cut)(ws->memory, used, B * D);
    ws->ddense = R(workspace_cut)(ws->memory, used, B * D);
    ws->logit = R(workspace_cut)(ws->memory, used, B * GW_N_GATES);
    ws->dlogit = R(workspace_cut)(ws->memory, used, B * GW_N_GATES);
}

int R(workspace_init)(struct R(workspace) *ws, const struct R(network) *net, bool train) {
    memset(ws, 0, sizeof *ws);
    size_t size = 0, used = 0;
    cut_all(ws, net, train, &size);
    ws->memory = mem_calloc(size, sizeof(real));
    if (!ws->memory) return GW_ERR_NOMEM;
    cut_all(ws, net, train, &used);
    for (uint32_t b = 0; b < SHARD_WINDOWS; b++) ws->stack_row[b] = b;
    return GW_OK;
}

void R(workspace_free)(struct R(workspace) *ws) {
    mem_free(ws->memory);
    memset(ws, 0, sizeof *ws);
}
