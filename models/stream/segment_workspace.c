/* The memory of one running shard of segments. */
#include <string.h>

#include "engine/base/base.h"
#include "stream.h"

/* The projected input of a layer lies where its gates will. */
static void cut_encoder(struct R(workspace) *ws, const struct R(network) *net, size_t steps, size_t *used) {
    const struct gw_model_config *config = &net->config;
    size_t B = SHARD_SEGMENTS, H = config->hidden;
    ws->x = R(workspace_cut)(ws->memory, used, steps * B * config->n_features);
    for (size_t layer = 0; layer < config->layers; layer++) {
        ws->gates[layer] = R(workspace_cut)(ws->memory, used, steps * B * 4 * H);
        ws->c[layer] = R(workspace_cut)(ws->memory, used, (steps + 1) * B * H);
        ws->h[layer] = R(workspace_cut)(ws->memory, used, (steps + 1) * B * H);
    }
    ws->dh = R(workspace_cut)(ws->memory, used, steps * B * H);
    size_t scratch = R(kernels_active)()->lstm_scratch_size(B, H), mixed = R(kernels_mixed)()->lstm_scratch_size(B, H);
    ws->lstm_scratch = R(workspace_cut)(ws->memory, used, scratch > mixed ? scratch : mixed);
}

static void cut_attention(struct R(workspace) *ws, const struct R(network) *net, size_t steps, size_t scored,
                          size_t *used) {
    const struct gw_model_config *config = &net->config;
    const struct R(band_ops) *band = net->attention->band;
    ws->tile_h = R(workspace_cut)(ws->memory, used, steps * config->hidden);
    ws->tile_dh = R(workspace_cut)(ws->memory, used, steps * config->hidden);
    if (!band) return;
    ws->band_memory = R(workspace_cut)(ws->memory, used, steps * band->memory_size(config));
    ws->band_dmemory = R(workspace_cut)(ws->memory, used, steps * band->memory_size(config));
    ws->keep = R(workspace_cut)(ws->memory, used, band->keep_size(config, steps, scored));
    ws->attention_scratch = R(workspace_cut)(ws->memory, used, band->scratch_size(config, steps, scored));
    ws->map = R(workspace_cut)(ws->memory, used, scored * net->maps * config->lookback);
}

static void cut_all(struct R(workspace) *ws, const struct R(network) *net, size_t steps, size_t scored, size_t *used) {
    size_t C = net->context, D = net->config.dense_units;
    cut_encoder(ws, net, steps, used);
    cut_attention(ws, net, steps, scored, used);
    ws->context = R(workspace_cut)(ws->memory, used, scored * C);
    ws->dcontext = R(workspace_cut)(ws->memory, used, scored * C);
    ws->mask = R(workspace_cut)(ws->memory, used, scored * C);
    ws->dropped = R(workspace_cut)(ws->memory, used, scored * C);
    ws->dense = R(workspace_cut)(ws->memory, used, scored * D);
    ws->ddense = R(workspace_cut)(ws->memory, used, scored * D);
    ws->logit = R(workspace_cut)(ws->memory, used, scored * GW_N_GATES);
    ws->dlogit = R(workspace_cut)(ws->memory, used, scored * GW_N_GATES);
}

int R(segment_workspace)(struct R(workspace) *ws, const struct R(network) *net, size_t steps, size_t scored) {
    memset(ws, 0, sizeof *ws);
    size_t size = 0, used = 0;
    cut_all(ws, net, steps, scored, &size);
    ws->memory = mem_calloc(size, sizeof(real));
    if (!ws->memory) return GW_ERR_NOMEM;
    cut_all(ws, net, steps, scored, &used);
    for (uint32_t b = 0; b < SHARD_WINDOWS; b++) ws->stack_row[b] = b;
    return GW_OK;
}
