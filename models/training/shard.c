/* One shard: windows → hidden states → (tile by tile: context → logits → loss → gradient of h) → gradient of all. */
#include <string.h>

#include "models/network/gate.h"

/* ---- attention tiles: time-major states of the encoder to window-major ones and back ---------------- */

static void tile_gather(const struct R(pass) *pass, size_t first, size_t n) {
    const struct R(workspace) *ws = pass->ws;
    size_t T = pass->net->config.lookback, H = pass->net->config.hidden, B = ws->n_windows;
    const real *h = ws->h[pass->net->config.layers - 1] + B * H; /* without the zero state */
    for (size_t s = 0; s < T; s++)
        for (size_t b = 0; b < n; b++)
            memcpy(ws->tile_h + (b * T + s) * H, h + (s * B + first + b) * H, H * sizeof(real));
}

static void tile_scatter(const struct R(pass) *pass, size_t first, size_t n) {
    const struct R(workspace) *ws = pass->ws;
    size_t T = pass->net->config.lookback, H = pass->net->config.hidden, B = ws->n_windows;
    for (size_t s = 0; s < T; s++)
        for (size_t b = 0; b < n; b++)
            memcpy(ws->dh + (s * B + first + b) * H, ws->tile_dh + (b * T + s) * H, H * sizeof(real));
}

static struct R(attention_run) tile_run(const struct R(pass) *pass, size_t first, size_t n) {
    const struct R(network) *net = pass->net;
    const struct R(workspace) *ws = pass->ws;
    struct R(attention_run) run = {
        .config = &net->config,
        .k = pass->k,
        .n = n,
        .h = ws->tile_h,
        .dh = ws->tile_dh,
        .context = net->cross.on ? ws->cross.own_context : ws->context,
        .dcontext = net->cross.on ? ws->cross.own_dcontext : ws->dcontext,
        .map = ws->map ? ws->map + first * net->maps * net->config.lookback : NULL,
        .keep = ws->keep,
        .scratch = ws->attention_scratch,
    };
    for (size_t i = 0; i < net->attention_n; i++) {
        run.w[i] = R(tensor_of)(pass, net->attention_first + i);
        run.g[i] = pass->gradient ? R(gradient_of)(pass, net->attention_first + i) : NULL;
    }
    return run;
}

static void context_forward(const struct R(pass) *pass, struct R(shard) *shard, const struct R(attention_run) *run,
                            size_t first, size_t n) {
    const struct R(workspace) *ws = pass->ws;
    if (!pass->net->encoder->sequence) return; /* the encoder left it */
    if (!pass->net->attention->forward) {
        size_t T = pass->net->config.lookback, H = pass->net->config.hidden;
        const real *last = ws->h[pass->net->config.layers - 1] + (T * ws->n_windows + first) * H;
        memcpy(run->context, last, n * H * sizeof(real));
    } else {
        tile_gather(pass, first, n);
        if (pass->net->decoder.on)
            R(decoder_forward)(pass, shard, run, first);
        else
            pass->net->attention->forward(run);
    }
    if (pass->net->cross.on) R(cross_join)(pass, first, n);
}

static void context_backward(const struct R(pass) *pass, const struct R(attention_run) *run, size_t first, size_t n,
                             bool into_encoder) {
    const struct R(workspace) *ws = pass->ws;
    if (!pass->net->encoder->sequence) return;
    if (pass->net->cross.on) R(cross_part)(pass, first, n);
    if (!pass->net->attention->backward) {
        size_t H = pass->net->config.hidden;
        memcpy(ws->dh_last + first * H, run->dcontext, n * H * sizeof(real));
        return;
    }
    if (pass->net->decoder.on)
        R(decoder_backward)(pass, run);
    else
        pass->net->attention->backward(run);
    if (into_encoder) tile_scatter(pass, first, n);
}

/* ---- loss ------------------------------------------------------------------------------------------- */

static void tile_masks(const struct R(pass) *pass, const struct R(shard) *shard, size_t first, size_t n) {
    size_t C = pass->net->context;
    if (!pass->net->dense) return;
    for (size_t b = 0; b < n; b++) R(dropout_mask)
    (shard->loss->seed, shard->loss->epoch, shard->index[first + b], shard->loss->dropout, C, pass->ws->mask + b * C);
}

static void tile_loss(const struct R(pass) *pass, struct R(shard) *shard, size_t first, size_t n) {
    const struct R(shard_loss) *loss = shard->loss;
    for (size_t b = first; b < first + n; b++) {
        const struct gw_sample *sample = &shard->sample[shard->index[b]];
        for (size_t gate = 0; gate < GW_N_GATES; gate++) {
            size_t i = b * GW_N_GATES + gate;
            int label = shard->series[sample->series].label[gate][sample->row];
            pass->ws->dlogit[i] = 0;
            if (label == GW_LABEL_MISSING) continue;
            double dz, lambda = loss->lambda ? loss->lambda[gate][label] : HUGE_VAL;
            double value = loss->ops->value(loss->own, (double)pass->ws->logit[i], label, lambda, &dz);
            shard->loss_sum += loss->weight[gate] * value;
            pass->ws->dlogit[i] = (real)(loss->weight[gate] * dz);
        }
    }
}

void R(shard_run)(const struct R(pass) *pass, struct R(shard) *shard) {
    const struct R(network) *net = pass->net;
    struct R(workspace) *ws = pass->ws;
    bool train = shard->loss && pass->gradient;
    size_t tile = net->encoder->sequence && net->attention->forward ? net->attention->tile : SHARD_WINDOWS;
    shard->loss_sum = shard->path_sum = 0;
    R(rows_gather)(pass, shard);
    net->encoder->forward(pass);
    if (net->cross.on) R(cross_forward)(pass, shard);
    for (size_t first = 0; first < shard->n; first += tile) {
        size_t n = shard->n - first < tile ? shard->n - first : tile;
        struct R(attention_run) run = tile_run(pass, first, n);
        context_forward(pass, shard, &run, first, n);
        if (train) tile_masks(pass, shard, first, n);
        R(head_forward)(pass, n, train, ws->logit + first * GW_N_GATES);
        if (shard->loss) tile_loss(pass, shard, first, n);
        if (!train) continue;
        R(head_backward)(pass, n, ws->dlogit + first * GW_N_GATES);
        context_backward(pass, &run, first, n, !shard->encoder_frozen);
    }
    if (train && net->cross.on) R(cross_backward)(pass, !shard->encoder_frozen);
    if (train && !shard->encoder_frozen && net->encoder->backward)
        net->encoder->backward(pass, net->attention->backward != NULL, net->attention->backward == NULL);
}
