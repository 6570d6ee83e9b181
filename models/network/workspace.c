/* The memory of one running shard: one block, cut by a list of sizes. */
#include <string.h>

#include "engine/base/base.h"
#include "gate.h"

/* Every piece starts on a cache line. Called twice: first with no memory to sum the sizes, then to cut. */
static real *cut(real *memory, size_t *used, size_t n) {
    real *piece = memory ? memory + *used : NULL;
    *used += (n + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
    return piece;
}

/* Scoring keeps no gates (unless the encoder walks by itself) and sends nothing back. */
static void cut_encoder(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used) {
    const struct gw_model_config *config = &net->config;
    size_t B = SHARD_WINDOWS, T = config->lookback, H = config->hidden;
    size_t windows_rows = net->encoder->sequence ? B * T : B;
    size_t rows = (windows_rows + PROJECT_ROWS - 1) / PROJECT_ROWS * PROJECT_ROWS;
    ws->x = cut(ws->memory, used, rows * config->n_features);
    if (!net->encoder->sequence) return;
    ws->xw = cut(ws->memory, used, rows * 4 * H);
    if (train) ws->dxw = cut(ws->memory, used, rows * 4 * H);
    for (size_t layer = 0; layer < config->layers; layer++) {
        if (train || net->encoder->extra_size) ws->gates[layer] = cut(ws->memory, used, T * B * 4 * H);
        ws->c[layer] = cut(ws->memory, used, (T + 1) * B * H);
        ws->h[layer] = cut(ws->memory, used, (T + 1) * B * H);
    }
    if (net->encoder->extra_size) ws->extra = cut(ws->memory, used, net->encoder->extra_size(config));
    size_t scratch = R(kernels_active)()->lstm_scratch_size(B, H), mixed = R(kernels_mixed)()->lstm_scratch_size(B, H);
    ws->lstm_scratch = cut(ws->memory, used, scratch > mixed ? scratch : mixed);
    if (!train) return;
    ws->dh = cut(ws->memory, used, T * B * H);
    ws->dh_last = cut(ws->memory, used, B * H);
}

static void cut_attention(struct R(workspace) *ws, const struct R(network) *net, size_t *used) {
    const struct gw_model_config *config = &net->config;
    const struct R(attention_ops) *attention = net->attention;
    if (!net->encoder->sequence || !attention->forward) return;
    size_t tile_states = attention->tile * config->lookback * config->hidden;
    ws->tile_h = cut(ws->memory, used, tile_states);
    ws->tile_dh = cut(ws->memory, used, tile_states);
    ws->keep = cut(ws->memory, used, attention->tile * attention->keep_size(config));
    ws->attention_scratch = cut(ws->memory, used, attention->scratch_size(config));
    ws->map = cut(ws->memory, used, SHARD_WINDOWS * net->maps * config->lookback);
    ws->feature_map = cut(ws->memory, used, SHARD_WINDOWS * config->n_features);
}

static void cut_all(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used) {
    size_t B = SHARD_WINDOWS, C = net->context, D = net->config.dense_units;
    cut_encoder(ws, net, train, used);
    cut_attention(ws, net, used);
    ws->context = cut(ws->memory, used, B * C);
    ws->dcontext = cut(ws->memory, used, B * C);
    ws->mask = cut(ws->memory, used, B * C);
    ws->dropped = cut(ws->memory, used, B * C);
    ws->dense = cut(ws->memory, used, B * D);
    ws->ddense = cut(ws->memory, used, B * D);
    ws->logit = cut(ws->memory, used, B * GW_N_GATES);
    ws->dlogit = cut(ws->memory, used, B * GW_N_GATES);
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
