/* One small shard of segments of any network, to look at its loss and gradient as functions of the weights. */
#ifndef GATEWALK_TESTS_STREAM_PROBE_H
#define GATEWALK_TESTS_STREAM_PROBE_H

#include <stdlib.h>

#include "gatewalk/rng.h"
#include "golden.h"
#include "models/training/training.h"
#include "set.h"

struct stream_probe {
    struct R(network) net;
    struct R(workspace) ws;
    struct gw_train_config train; /* the loss and its parameters */
    double lambda[GW_N_GATES][2];
    struct R(shard_loss) loss;
    struct gw_series series;
    float *x;
    int8_t *label[GW_N_GATES];
    struct segment segment[SHARD_SEGMENTS];
    uint32_t index[SHARD_SEGMENTS];
    size_t n;
    real *weights, *packed, *gradient;
    bool encoder_frozen;
};

static inline void stream_probe_build(struct stream_probe *probe, const struct gw_model_config *config,
                                      const char *loss, size_t n_rows, size_t steps, size_t scored) {
    memset(probe, 0, sizeof *probe);
    assert_ok(R(network_init)(&probe->net, config));
    assert_true(probe->net.stream);
    assert_ok(R(segment_workspace)(&probe->ws, &probe->net, steps, scored));
    probe->x = calloc(n_rows * config->n_features, sizeof(float));
    probe->series = (struct gw_series){.x = probe->x, .n_rows = n_rows};
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        probe->label[gate] = malloc(n_rows);
        memset(probe->label[gate], GW_LABEL_MISSING, n_rows);
        probe->series.label[gate] = probe->label[gate];
    }
    probe->weights = calloc(probe->net.tensors.size, sizeof(real));
    probe->gradient = calloc(probe->net.tensors.size, sizeof(real));
    probe->packed = aligned_alloc(64, (probe->net.pack_size + 16) / 16 * 16 * sizeof(real));
    gw_train_config_default(&probe->train);
    train_set(&probe->train, "loss", loss);
    probe->loss.ops = R(loss_at)((size_t)probe->train.loss);
    probe->loss.own = loss_own(&probe->train);
    probe->loss.lambda = (const double(*)[2])probe->lambda;
    for (uint32_t i = 0; i < SHARD_SEGMENTS; i++) probe->index[i] = i;
}

static inline void stream_probe_free(struct stream_probe *probe) {
    R(workspace_free)(&probe->ws);
    for (size_t gate = 0; gate < GW_N_GATES; gate++) free(probe->label[gate]);
    free(probe->x);
    free(probe->packed);
    free(probe->gradient);
    free(probe->weights);
}

static inline void stream_probe_count_labels(struct stream_probe *probe) {
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        size_t labelled = 0;
        for (size_t i = 0; i < probe->n; i++)
            for (size_t row = probe->segment[i].first; row < probe->segment[i].end; row++)
                labelled += probe->label[gate][row] != GW_LABEL_MISSING;
        probe->loss.weight[gate] = 1.0 / (double)(GW_N_GATES * labelled);
    }
}

/* Loss of the shard with the kernels `k`; the gradient goes to probe->gradient. */
static inline double stream_probe_run(struct stream_probe *probe, const struct R(kernels) *k) {
    struct R(pass) pass = {&probe->net, k, probe->weights, probe->packed, probe->gradient, &probe->ws};
    int8_t *const *label[GW_N_GATES] = {&probe->label[0], &probe->label[1]};
    struct R(segment_shard) shard = {
        .series = &probe->series,
        .segment = probe->segment,
        .index = probe->index,
        .n = probe->n,
        .label = {label[0], label[1]},
        .loss = &probe->loss,
        .encoder_frozen = probe->encoder_frozen,
    };
    memset(probe->gradient, 0, probe->net.tensors.size * sizeof(real));
    R(network_pack_for)(&probe->net, k, probe->weights, probe->packed);
    R(segments_run)(&pass, &shard);
    return shard.loss_sum;
}

#endif
