/* Encoder → decoder: description, memory, and the two walks of a tile. The equations stand in decoder_walk.c.
 *
 * Bars of a window are read by the encoder; its states h_1 … h_T are what the decoder may ask. Parameters, H units:
 *   W [(2 + H) × 4H]  U [H × 4H]  b [4H]   the decoder's LSTM, over [moves by the step before; context]
 *   Wy [O × 2]  by [2]                     moves read from [c; s] (O = 2H), or from h~ (O = H)
 * beside the attention's own, which keep their shapes: the query is as wide as the state that asked before.
 *
 * Teacher forcing (Williams & Zipser 1989) feeds a step what had really come by the step before; scheduled sampling (Bengio
 * et al. 2015) does so for a share of steps that decays; free running feeds what was said. What comes by the last step but
 * one is most of the label, so a gate that read a walk which is told of it would learn to read the label and know nothing
 * when it scores. Therefore two walks of the same weights: the gate reads the free one, in training as in scoring, and the
 * other one, whose steps may be told, is there for the loss of its moves alone. */
#include "decoder.h"

#include <string.h>

#include "engine/base/base.h"
#include "gate.h"

void R(decoder_init)(struct R(network) *net) {
    const struct gw_model_config *config = &net->config;
    const struct R(asked_ops) *asked = net->attention->asked;
    const bool combine = luong_combine(config);
    net->decoder = (struct R(decoder)){
        .on = true,
        .steps = decoder_own(config)->decoder_steps,
        .hidden = config->hidden,
        .asked = asked,
        .tilde = combine && asked->wc >= 0,
        .joined = combine && asked->wc < 0,
    };
    net->decoder.read = (net->decoder.tilde ? 1 : 2) * config->hidden;
    net->maps = net->decoder.steps;
}

void R(decoder_tensors)(struct R(decoder) *decoder, struct tensor_list *list) {
    if (!decoder->on) return;
    const size_t H = decoder->hidden;
    decoder->first = list->n;
    tensor_add(list, "decoder.W", GW_PATH_SIDES + H, 4 * H, INIT_GLOROT, false);
    tensor_add(list, "decoder.U", H, 4 * H, INIT_ORTHOGONAL, true);
    tensor_add(list, "decoder.b", 1, 4 * H, INIT_LSTM_BIAS, false);
    tensor_add(list, "decoder.Wy", decoder->read, GW_PATH_SIDES, INIT_GLOROT, false);
    tensor_add(list, "decoder.by", 1, GW_PATH_SIDES, INIT_ZERO, false);
}

static void cut_walk(struct R(decoder_walk) *walk, const struct R(network) *net, size_t n, bool own_map, real *memory,
                     size_t *used) {
    const struct R(decoder) *decoder = &net->decoder;
    const size_t M = decoder->steps, H = decoder->hidden, T = net->config.lookback;
    const struct {
        real **place;
        size_t n;
    } list[] = {
        {&walk->state, (M + 1) * n * H},
        {&walk->cell, (M + 1) * n * H},
        {&walk->gates, M * n * 4 * H},
        {&walk->in, M * n * (GW_PATH_SIDES + H)},
        {&walk->query, M * n * decoder->asked->query_size(&net->config)},
        {&walk->map, own_map ? n * M * T : 0}, /* the free walk's are the window's maps */
        {&walk->both, M * n * 2 * H},
        {&walk->tilde, decoder->tilde ? M * n * H : 0},
        {&walk->moves, M * n * GW_PATH_SIDES},
    };
    for (size_t i = 0; i < COUNT_OF(list); i++) *list[i].place = R(workspace_cut)(memory, used, list[i].n);
}

void R(decoder_cut)(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used) {
    const struct R(decoder) *decoder = &net->decoder;
    struct R(decoder_space) *at = &ws->decoder;
    if (!decoder->on) return;
    const size_t n = net->attention->tile, M = decoder->steps, H = decoder->hidden, T = net->config.lookback;
    const size_t memory = decoder->asked->memory_size(&net->config), asks = decoder->asked->query_size(&net->config);
    const size_t back = train ? n : 0; /* nothing where there is no way back */
    const struct {
        real **place;
        size_t n;
    } list[] = {
        {&at->memory, n * memory},
        {&at->dmemory, back * memory},
        {&at->truth, back * M * GW_PATH_SIDES},
        {&at->told, back * M},
        {&at->dmoves, back * M * GW_PATH_SIDES},
        {&at->dstate, back * H},
        {&at->dcell, back * H},
        {&at->dfed, back * H},
        {&at->din, back * (GW_PATH_SIDES + H)},
        {&at->dboth, back * 2 * H},
        {&at->dtilde, back * H},
        {&at->dscore, back * T},
        {&at->dquery, back * (asks > H ? asks : H)},
        {&at->forecast, SHARD_WINDOWS * M * GW_PATH_SIDES},
    };
    for (size_t i = 0; i < COUNT_OF(list); i++) *list[i].place = R(workspace_cut)(ws->memory, used, list[i].n);
    cut_walk(&at->free, net, n, false, ws->memory, used);
    if (train && decoder_own(&net->config)->decoder_teacher != TEACHER_NONE)
        cut_walk(&at->forced, net, n, true, ws->memory, used);
}

static struct R(asked_run) asked_run(const struct R(pass) *pass, const struct R(attention_run) *run) {
    struct R(asked_run) asked = {.config = run->config,
                                 .k = run->k,
                                 .n = run->n,
                                 .h = run->h,
                                 .dh = run->dh,
                                 .memory = pass->ws->decoder.memory,
                                 .dmemory = pass->gradient ? pass->ws->decoder.dmemory : NULL};
    memcpy(asked.w, run->w, sizeof asked.w);
    memcpy(asked.g, run->g, sizeof asked.g);
    return asked;
}

void R(decoder_forward)(const struct R(pass) *pass, struct R(shard) *shard, const struct R(attention_run) *run,
                        size_t first) {
    const struct R(decoder) *decoder = &pass->net->decoder;
    struct R(decoder_space) *at = &pass->ws->decoder;
    const struct R(asked_run) asked = asked_run(pass, run);
    const size_t M = decoder->steps, n = run->n;
    decoder->asked->prepare(&asked);
    at->free.map = run->map;
    R(decoder_walk)(pass, run, &at->free, NULL);
    R(decoder_read)(pass, &at->free, n, run->context);
    for (size_t b = 0; b < n; b++)
        for (size_t m = 0; m < M; m++)
            memcpy(at->forecast + ((first + b) * M + m) * GW_PATH_SIDES, at->free.moves + (m * n + b) * GW_PATH_SIDES,
                   GW_PATH_SIDES * sizeof(real));
    at->taught = TAUGHT_NOTHING;
    if (shard->loss && pass->gradient) at->taught = R(decoder_lesson)(pass, shard, first, n);
    if (at->taught == TAUGHT_FORCED) {
        at->forced.told = at->told;
        R(decoder_walk)(pass, run, &at->forced, at->truth);
    }
    if (at->taught != TAUGHT_NOTHING)
        shard->path_sum += R(decoder_loss)(pass, shard, n, at->taught == TAUGHT_FORCED ? &at->forced : &at->free);
}

void R(decoder_backward)(const struct R(pass) *pass, const struct R(attention_run) *run) {
    const struct R(decoder) *decoder = &pass->net->decoder;
    const struct R(decoder_space) *at = &pass->ws->decoder;
    const struct R(asked_run) asked = asked_run(pass, run);
    memset(run->dh, 0, run->n * run->config->lookback * run->config->hidden * sizeof *run->dh);
    if (at->taught == TAUGHT_FORCED) R(decoder_walk_backward)(pass, run, &at->forced, at->dmoves, NULL);
    R(decoder_walk_backward)(pass, run, &at->free, at->taught == TAUGHT_FREE ? at->dmoves : NULL, run->dcontext);
    decoder->asked->finish(&asked);
}
