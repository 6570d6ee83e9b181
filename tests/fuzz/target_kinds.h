/* Fuzz target: files of models of every other kind: decoders, snapshots, encoders beside the LSTM, trees, halves, a second
 * sequence. As target_model.h, whose judge it shares: half of the files get the right hash for their wrong bytes. */
#ifndef GATEWALK_TEST_FUZZ_KINDS_H
#define GATEWALK_TEST_FUZZ_KINDS_H

#include "target_model.h"

enum { FUZZ_KIND_STEPS = 3 };

static const char *const fuzz_kinds_words[] = {
    "\"dtype\":",
    "\"F16\"",
    "\"BF16\"",
    "\"F32\"",
    "\"shape\":",
    "\"data_offsets\":",
    "[0,0]",
    "\\\"decoder\\\":\\\"path\\\"",
    "\\\"decoder\\\":\\\"none\\\"",
    "\\\"decoder_steps\\\":",
    "\\\"steps\\\":64",
    "\\\"snapshots\\\":\\\"mean\\\"",
    "\\\"cycles\\\":",
    "\\\"cross\\\":\\\"symbol\\\"",
    "\\\"cross_features\\\":",
    "\\\"encoder\\\":\\\"xgboost\\\"",
    "\\\"encoder\\\":\\\"tcn\\\"",
    "\\\"encoder\\\":\\\"patterns\\\"",
    "\\\"encoder_width\\\":",
    "\\\"precision\\\":\\\"fp16\\\"",
    "\\\"loss_scale\\\":",
    "trees.long",
    "snapshot.1.",
    "decoder.",
    "1e308",
    "-1",
    "null",
    "9007199254740993",
    "4294967296",
};

struct fuzz_kind {
    const char *model[6][2], *training[4][2]; /* key, value; NULL behind the last */
    bool cross;
};
static const struct fuzz_kind fuzz_kind_rows[] = {
    {.model = {{"attention", "bahdanau"}, {"decoder", "path"}, {"decoder_steps", "3"}}},
    {.model = {{"attention", "luong_dot"}, {"luong_combine", "true"}, {"decoder", "path"}, {"decoder_steps", "3"}},
     .training = {{"precision", "fp16"}}},
    {.training = {{"schedule", "cosine"}, {"cycles", "2"}, {"snapshots", "mean"}, {"patience", "0"}}},
    {.training = {{"schedule", "cosine"}, {"cycles", "2"}, {"snapshots", "validation"}, {"patience", "0"}}},
    {.model = {{"encoder", "gru"}}, .training = {{"precision", "bf16"}}},
    {.model = {{"encoder", "tcn"}}},
    {.model = {{"encoder", "causal_transformer"}}},
    {.model = {{"encoder", "xgboost"}}},
    {.model = {{"attention", "dual_stage"}}},
    {.model = {{"attention", "sparse"}}},
    {.model = {{"unroll", "stream"}, {"attention", "luong_dot"}}},
    {.model = {{"cross", "symbol"}, {"cross_symbol", "X"}, {"cross_lookback", "4"}, {"cross_units", "3"}},
     .cross = true},
};

static float fuzz_kind_path[FUZZ_ROWS * FUZZ_KIND_STEPS * GW_PATH_SIDES];

/* NULL where that kind cannot be made here: trees grow only where their library is. */
static bool fuzz_fit_kind(const struct fuzz_kind *kind, struct fuzz_input *out) {
    static uint32_t row[FUZZ_ROWS], known[FUZZ_ROWS], column[FUZZ_FEATURES];
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_gate_model *fitted;
    struct gw_training_log log;
    struct fuzz_samples *s = &fuzz_samples;
    const struct gw_cross cross = {.n = FUZZ_ROWS, .row = row, .known = known, .column = column};
    struct gw_series series = s->series;
    struct gw_fit_input input = {1, FUZZ_FEATURES, &series, s->train, s->validation, FUZZ_SAMPLES, FUZZ_SAMPLES};
    const char *path = fuzz_path("kind.safetensors");
    gw_model_config_default(&model);
    gw_train_config_default(&train);
    model.n_features = FUZZ_FEATURES;
    model.lookback = FUZZ_LOOKBACK;
    model.hidden = model.dense_units = 4;
    train.epochs = 2;
    train.batch_size = 32;
    for (size_t i = 0; i < COUNT_OF(kind->model) && kind->model[i][0]; i++)
        if (gw_model_config_set(&model, kind->model[i][0], kind->model[i][1]) < 0) fuzz_die(gw_error_message());
    for (size_t i = 0; i < COUNT_OF(kind->training) && kind->training[i][0]; i++)
        if (gw_train_config_set(&train, kind->training[i][0], kind->training[i][1]) < 0) fuzz_die(gw_error_message());
    if (gw_model_path_steps(&model)) series.path = fuzz_kind_path;
    if (kind->cross) {
        for (uint32_t i = 0; i < FUZZ_ROWS; i++) row[i] = i, known[i] = i + 1;
        for (uint32_t i = 0; i < FUZZ_FEATURES; i++) column[i] = i;
        model.cross_features = FUZZ_FEATURES;
        series.cross = &cross;
    }
    if (gw_model_ready(&model) < 0) return false;
    const struct gw_fit_options options = {.seed = 5};
    const struct gw_meta_pair meta = {"gatewalk.fit_key", "0123456789abcdef"};
    if (gw_model_fit(&model, &train, &input, &options, &fitted, &log) < 0) fuzz_die(gw_error_message());
    if (gw_model_save(fitted, &log, &meta, 1, NULL, 0, path) < 0) fuzz_die(gw_error_message());
    gw_model_free(fitted);
    gw_training_log_free(&log);
    *out = fuzz_get(path);
    return true;
}

static size_t fuzz_kinds_setup(struct fuzz_input seed[MOST_SOUND]) {
    size_t n = 0;
    fuzz_fill_samples();
    for (size_t i = 0; i < COUNT_OF(fuzz_kind_path); i++)
        fuzz_kind_path[i] = (float)(i % 7) * (i % GW_PATH_SIDES == GW_PATH_BEST ? .1F : -.1F);
    for (size_t i = 0; i < COUNT_OF(fuzz_kind_rows); i++) n += fuzz_fit_kind(&fuzz_kind_rows[i], &seed[n]);
    return n;
}

static const struct fuzz_target fuzz_kinds = {
    .name = "kinds",
    .setup = fuzz_kinds_setup,
    .check = fuzz_model_check,
    .words = fuzz_kinds_words,
    .n_words = COUNT_OF(fuzz_kinds_words),
    .json = true,
    .text_end = fuzz_header_end,
    .slow_seconds = 10,
};

#endif
