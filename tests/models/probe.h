/* One small shard of any network, to look at its loss and gradient as functions of the weights. */
#ifndef GATEWALK_TESTS_PROBE_H
#define GATEWALK_TESTS_PROBE_H

#include <stdlib.h>

#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "golden.h"
#include "models/training/training.h"
#include "set.h"

enum { PROBE_WINDOWS_MAX = 16, PROBE_CROSS_MAX = 16, PROBE_ROWS_MAX = 128 };

struct probe {
    struct R(network) net;
    struct R(workspace) ws;
    struct gw_train_config train; /* the loss and its parameters */
    double lambda[GW_N_GATES][2];
    struct R(shard_loss) loss;
    struct gw_series series;
    float *x;
    int8_t *label[GW_N_GATES];
    struct gw_sample sample[PROBE_WINDOWS_MAX];
    uint32_t index[PROBE_WINDOWS_MAX];
    size_t n;
    real *weights, *packed, *gradient;
    double path_loss; /* of the last run, beside what it returned */
    bool encoder_frozen;
    float *path;
    struct gw_cross cross;
    uint32_t cross_row[PROBE_CROSS_MAX], cross_known[PROBE_ROWS_MAX], cross_column[8];
};

/* Paths of its rows, none but those that are put, by which a decoder is taught. */
static inline void probe_paths(struct probe *probe) {
    const size_t n = probe->series.n_rows * probe->net.decoder.steps * GW_PATH_SIDES;
    probe->path = malloc(n * sizeof *probe->path);
    for (size_t i = 0; i < n; i++) probe->path[i] = NAN;
    probe->series.path = probe->path;
}

/* When they are put: lambda over what the loss is the mean of. */
static inline void probe_weigh_paths(struct probe *probe) {
    const size_t n = R(decoder_count)(&probe->net, &probe->series, probe->sample, probe->index, probe->n);
    assert_true(n > 0);
    probe->loss.path_weight =
        decoder_own(&probe->net.config)->decoder_weight / (double)(n * probe->net.decoder.steps * GW_PATH_SIDES);
}

/* A second sequence of these rows and columns. */
static inline void probe_cross(struct probe *probe, const uint32_t *row, size_t n, const uint32_t *column,
                               size_t n_columns) {
    assert_true(n <= PROBE_CROSS_MAX && n_columns <= COUNT_OF(probe->cross_column));
    assert_true(probe->series.n_rows <= PROBE_ROWS_MAX);
    memcpy(probe->cross_row, row, n * sizeof *row);
    memcpy(probe->cross_column, column, n_columns * sizeof *column);
    for (size_t r = 0; r < probe->series.n_rows; r++) {
        probe->cross_known[r] = 0;
        for (size_t i = 0; i < n; i++) probe->cross_known[r] += row[i] <= r;
    }
    probe->cross =
        (struct gw_cross){.n = n, .row = probe->cross_row, .known = probe->cross_known, .column = probe->cross_column};
    probe->series.cross = &probe->cross;
}

static inline void probe_build(struct probe *probe, const struct gw_model_config *config, const char *loss,
                               size_t n_rows) {
    memset(probe, 0, sizeof *probe);
    assert_ok(R(network_init)(&probe->net, config));
    assert_ok(R(workspace_init)(&probe->ws, &probe->net, true));
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
    for (uint32_t i = 0; i < PROBE_WINDOWS_MAX; i++) probe->index[i] = i;
}

static inline void probe_free(struct probe *probe) {
    R(workspace_free)(&probe->ws);
    for (size_t gate = 0; gate < GW_N_GATES; gate++) free(probe->label[gate]);
    free(probe->path);
    free(probe->x);
    free(probe->packed);
    free(probe->gradient);
    free(probe->weights);
}

static inline void probe_count_labels(struct probe *probe) {
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        size_t labelled = 0;
        for (size_t i = 0; i < probe->n; i++) labelled += probe->label[gate][probe->sample[i].row] != GW_LABEL_MISSING;
        probe->loss.weight[gate] = 1.0 / (double)(GW_N_GATES * labelled);
    }
}

/* Loss of the shard; the gradient goes to probe->gradient when asked for. */
static inline double probe_run(struct probe *probe, bool gradient) {
    struct R(pass) pass = {
        &probe->net, R(kernels_active)(), probe->weights, probe->packed, gradient ? probe->gradient : NULL, &probe->ws};
    struct R(shard) shard = {
        .series = &probe->series,
        .sample = probe->sample,
        .index = probe->index,
        .n = probe->n,
        .loss = &probe->loss,
        .encoder_frozen = probe->encoder_frozen,
    };
    if (gradient) memset(probe->gradient, 0, probe->net.tensors.size * sizeof(real));
    R(network_pack)(&probe->net, probe->weights, probe->packed);
    R(shard_run)(&pass, &shard);
    probe->path_loss = shard.path_sum;
    return shard.loss_sum;
}

/* ---- from a golden section ---------------------------------------------------------------------------------- */

static inline void probe_config(const struct golden *golden, struct gw_model_config *config) {
    gw_model_config_default(config);
    char word[24] = "";
    golden_text(golden, "encoder", word);
    model_set(config, "encoder", word);
    golden_text(golden, "attention", word);
    model_set(config, "attention", word);
    config->n_features = golden_size(golden, "features");
    config->lookback = golden_size(golden, "lookback");
    config->hidden = golden_size(golden, "hidden");
    config->layers = golden_size(golden, "layers");
    model_set_size(config, "attention_units", golden_size(golden, "units"));
    model_set_size(config, "heads", golden_size(golden, "heads"));
    model_set_size(config, "key_dim", golden_size(golden, "key_dim"));
    model_set(config, "luong_combine", golden_size(golden, "combine") ? "true" : "false");
    model_set(config, "causal_mask", golden_size(golden, "causal") ? "true" : "false");
    static const char *const own[] = {"encoder_width", "conv_taps",   "encoder_heads", "encoder_blocks", "position",
                                      "local_span",    "sparse_rule", "sparse_keep",   "sparse_stride"};
    for (size_t k = 0; k < COUNT_OF(own); k++) {
        if (!strstr(golden->config, own[k])) continue;
        golden_text(golden, own[k], word);
        model_set(config, own[k], word);
    }
    static const char *const second[] = {"cross", "cross_lookback", "cross_hidden", "cross_units"};
    for (size_t k = 0; k < COUNT_OF(second) && strstr(golden->config, " cross="); k++) {
        golden_text(golden, second[k], word);
        model_set(config, second[k], word);
    }
    static const char *const decoder[] = {"decoder", "decoder_steps", "decoder_weight", "decoder_teacher"};
    for (size_t k = 0; k < COUNT_OF(decoder) && strstr(golden->config, " decoder="); k++) {
        golden_text(golden, decoder[k], word);
        model_set(config, decoder[k], word);
    }
    if (config->decoder != GW_DECODER_NONE) model_set(config, "decoder_decay_epochs", "4");
    if (config->cross != GW_CROSS_NONE) config->cross_features = golden_get(golden, "cross", "column")->columns;
    if (strstr(golden->config, " tiled=1")) model_set(config, "tiled", "true");
    config->dense_units = golden_size(golden, "dense");
    config->dropout = 0;
}

static inline void probe_from_golden(struct probe *probe, const struct golden *golden) {
    struct gw_model_config config;
    const struct golden_array *x = golden_get(golden, "x", "series"), *row = golden_get(golden, "sample", "row");
    static const char *const gates[GW_N_GATES] = {"long", "short"};
    probe_config(golden, &config);
    probe_build(probe, &config, golden->loss_name, x->rows);
    for (size_t i = 0; i < x->rows * x->columns; i++) probe->x[i] = (float)x->value[i];
    static const char *const loss_key[] = {"pos_weight", "focal_gamma", "focal_alpha", "bootstrap_beta"};
    for (size_t k = 0; k < COUNT_OF(loss_key); k++) train_set_number(&probe->train, loss_key[k], golden->loss[k]);
    memcpy(probe->lambda, golden->loss + 4, sizeof probe->lambda);
    probe->n = row->columns;
    for (size_t i = 0; i < probe->n; i++) {
        probe->sample[i] = (struct gw_sample){0, (uint32_t)row->value[i]};
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            probe->label[gate][probe->sample[i].row] = (int8_t)golden_get(golden, "label", gates[gate])->value[i];
    }
    probe_count_labels(probe);
    if (probe->net.decoder.on) {
        const struct golden_array *move = golden_get(golden, "path", "move");
        probe_paths(probe);
        for (size_t i = 0; i < probe->n; i++)
            for (size_t k = 0; k < move->columns; k++)
                probe->path[probe->sample[i].row * move->columns + k] = (float)move->value[i * move->columns + k];
        probe_weigh_paths(probe);
        probe->loss.epoch = 3;
    }
    if (config.cross != GW_CROSS_NONE) {
        const struct golden_array *at = golden_get(golden, "cross", "row"), *of = golden_get(golden, "cross", "column");
        uint32_t number[2][PROBE_CROSS_MAX];
        for (size_t i = 0; i < at->columns && i < PROBE_CROSS_MAX; i++) number[0][i] = (uint32_t)at->value[i];
        for (size_t i = 0; i < of->columns && i < PROBE_CROSS_MAX; i++) number[1][i] = (uint32_t)of->value[i];
        probe_cross(probe, number[0], at->columns, number[1], of->columns);
    }
    for (size_t i = 0; i < probe->net.tensors.n; i++) {
        const struct tensor *tensor = &probe->net.tensors.item[i];
        const struct golden_array *weight = golden_get(golden, "weight", tensor->name);
        assert_int_equal(weight->rows, tensor->rows);
        assert_int_equal(weight->columns, tensor->columns);
        for (size_t j = 0; j < tensor->rows * tensor->columns; j++)
            probe->weights[tensor->offset + j] = (real)weight->value[j];
    }
}

#endif
