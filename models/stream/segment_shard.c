/* One shard of segments: bars → hidden states → (segment by segment: context → logits → loss → gradient of h) → gradient
 * of all. */
#include <string.h>

#include "stream.h"

/* Row (s, b) of ws->x is bar start_b + s. A segment that ends before the longest one is filled up with zeros: behind its
 * end nothing has a loss, so nothing flows back from there. */
static size_t gather(const struct R(pass) *pass, const struct R(segment_shard) *shard) {
    size_t F = pass->net->config.n_features, steps = 0;
    for (size_t b = 0; b < shard->n; b++) {
        const struct segment *segment = &shard->segment[shard->index[b]];
        if (segment->end - segment->start > steps) steps = segment->end - segment->start;
    }
    for (size_t b = 0; b < shard->n; b++) {
        const struct segment *segment = &shard->segment[shard->index[b]];
        size_t n = segment->end - segment->start;
        const float *x = shard->series[segment->series].x + segment->start * F;
        for (size_t s = 0; s < steps; s++) {
            real *row = pass->ws->x + (s * shard->n + b) * F;
            if (s >= n) memset(row, 0, F * sizeof *row);
#pragma omp simd
            for (size_t f = 0; f < (s < n ? F : 0); f++) row[f] = (real)x[s * F + f];
        }
    }
    return steps;
}

struct R(band_run) R(band_run_of)(const struct R(pass) *pass, size_t n, size_t fresh, size_t query) {
    const struct R(network) *net = pass->net;
    const struct R(workspace) *ws = pass->ws;
    struct R(band_run) run = {
        .config = &net->config,
        .k = pass->k,
        .n = n,
        .fresh = fresh,
        .query = query,
        .h = ws->tile_h,
        .memory = ws->band_memory,
        .context = ws->context,
        .map = ws->map,
        .keep = ws->keep,
        .dcontext = ws->dcontext,
        .dh = ws->tile_dh,
        .dmemory = ws->band_dmemory,
        .scratch = ws->attention_scratch,
    };
    for (size_t i = 0; i < net->attention_n; i++) {
        run.w[i] = R(tensor_of)(pass, net->attention_first + i);
        run.g[i] = pass->gradient ? R(gradient_of)(pass, net->attention_first + i) : NULL;
    }
    return run;
}

/* ---- one segment ---------------------------------------------------------------------------------------- */

struct place {
    const struct segment *segment;
    size_t b, steps, warm, scored;
};

static const real *state(const struct R(pass) *pass, size_t n, size_t s, size_t b) {
    const struct R(network) *net = pass->net;
    return pass->ws->h[net->config.layers - 1] + ((s + 1) * n + b) * net->config.hidden; /* slot 0 is the zero state */
}

static void context_forward(const struct R(pass) *pass, const struct R(segment_shard) *shard, const struct place *at,
                            const struct R(band_run) *run) {
    size_t H = pass->net->config.hidden;
    const struct R(band_ops) *band = pass->net->attention->band;
    if (!band) {
        for (size_t s = 0; s < at->scored; s++)
            memcpy(pass->ws->context + s * H, state(pass, shard->n, at->warm + s, at->b), H * sizeof(real));
        return;
    }
    for (size_t s = 0; s < at->steps; s++)
        memcpy(pass->ws->tile_h + s * H, state(pass, shard->n, s, at->b), H * sizeof(real));
    band->forward(run);
}

/* Leaves d h of the segment's steps in ws->tile_dh. */
static void context_backward(const struct R(pass) *pass, const struct place *at, const struct R(band_run) *run) {
    size_t H = pass->net->config.hidden;
    real *dh = pass->ws->tile_dh;
    const struct R(band_ops) *band = pass->net->attention->band;
    memset(dh, 0, at->steps * H * sizeof *dh);
    if (band)
        band->backward(run);
    else
        memcpy(dh + at->warm * H, pass->ws->dcontext, at->scored * H * sizeof *dh);
}

static void scatter(const struct R(pass) *pass, size_t n, size_t steps, const struct place *at) {
    size_t H = pass->net->config.hidden;
    for (size_t s = 0; s < steps; s++) {
        real *dh = pass->ws->dh + (s * n + at->b) * H;
        if (s < at->steps)
            memcpy(dh, pass->ws->tile_dh + s * H, H * sizeof *dh);
        else
            memset(dh, 0, H * sizeof *dh);
    }
}

static void segment_masks(const struct R(pass) *pass, const struct R(segment_shard) *shard, const struct place *at) {
    size_t C = pass->net->context;
    for (size_t s = 0; s < at->scored; s++) R(dropout_mask_of_bar)
    (shard->loss->seed, shard->loss->epoch, at->segment->series, (uint32_t)(at->segment->first + s),
     shard->loss->dropout, C, pass->ws->mask + s * C);
}

static void segment_loss(const struct R(pass) *pass, struct R(segment_shard) *shard, const struct place *at) {
    const struct R(shard_loss) *loss = shard->loss;
    for (size_t s = 0; s < at->scored; s++)
        for (size_t gate = 0; gate < GW_N_GATES; gate++) {
            size_t i = s * GW_N_GATES + gate;
            int label = shard->label[gate][at->segment->series][at->segment->first + s];
            pass->ws->dlogit[i] = 0;
            if (label == GW_LABEL_MISSING) continue;
            double dz, lambda = loss->lambda ? loss->lambda[gate][label] : HUGE_VAL;
            double value = loss->ops->value(loss->own, (double)pass->ws->logit[i], label, lambda, &dz);
            shard->loss_sum += loss->weight[gate] * value;
            pass->ws->dlogit[i] = (real)(loss->weight[gate] * dz);
        }
}

void R(segments_run)(const struct R(pass) *pass, struct R(segment_shard) *shard) {
    size_t steps = gather(pass, shard);
    shard->loss_sum = 0;
    R(segments_encode)(pass, shard->n, steps);
    for (size_t b = 0; b < shard->n; b++) {
        const struct segment *segment = &shard->segment[shard->index[b]];
        struct place at = {.segment = segment, .b = b, .steps = segment->end - segment->start};
        at.warm = segment->first - segment->start;
        at.scored = at.steps - at.warm;
        struct R(band_run) run = R(band_run_of)(pass, at.steps, 0, at.warm);
        context_forward(pass, shard, &at, &run);
        segment_masks(pass, shard, &at);
        R(head_forward)(pass, at.scored, true, pass->ws->logit);
        segment_loss(pass, shard, &at);
        R(head_backward)(pass, at.scored, pass->ws->dlogit);
        context_backward(pass, &at, &run);
        if (!shard->encoder_frozen) scatter(pass, shard->n, steps, &at);
    }
    if (!shard->encoder_frozen) R(segments_encode_backward)(pass, shard->n, steps);
}
