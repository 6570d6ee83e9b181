/* Fuzz target: model_load. Half of the files get the right hash for their wrong bytes, so that the checks behind the hash
 * are met too. What loads must score. */
#ifndef GATEWALK_TEST_FUZZ_MODEL_H
#define GATEWALK_TEST_FUZZ_MODEL_H

#include "engine/base/base.h"
#include "fuzz.h"
#include "gatewalk/model.h"

enum { FUZZ_ROWS = 160, FUZZ_FEATURES = 3, FUZZ_LOOKBACK = 4, FUZZ_SAMPLES = 60 };

static const char *const fuzz_model_words[] = {
    "\"dtype\":",
    "\"F32\"",
    "\"F64\"",
    "\"BF16\"",
    "\"shape\":",
    "\"data_offsets\":",
    "[0,0]",
    "[1]",
    "[]",
    "[4,4,4]",
    "__metadata__",
    "\"hash\":",
    "\"base\":",
    "\"merged\":",
    "lstm0.U.lora_a",
    "\"settings\":",
    "\"log\":",
    "\"format\":",
    "\"seed\":",
    "calibration.long.platt",
    "calibration.short.isotonic",
    "\\\"hidden\\\":",
    "\\\"layers\\\":",
    "\\\"n_features\\\":",
    "\\\"attention\\\":\\\"multihead\\\"",
    "\\\"epochs\\\":[]",
    "\\\"precision\\\":",
    "1e308",
    "-1",
    "null",
    "{",
    "}",
    "[",
    "]",
    ",",
    "9007199254740993",
    "\"x\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]},",
};

static struct fuzz_samples {
    float x[FUZZ_ROWS * 16];
    int8_t label[GW_N_GATES][FUZZ_ROWS];
    struct gw_sample train[FUZZ_SAMPLES], validation[FUZZ_SAMPLES];
    struct gw_series series;
} fuzz_samples;

static void fuzz_fill_samples(void) {
    struct fuzz_samples *s = &fuzz_samples;
    struct fuzz_random random = {42};
    for (size_t i = 0; i < COUNT_OF(s->x); i++) s->x[i] = (float)fuzz_below(&random, 2000) / 1000 - 1;
    for (size_t r = 0; r < FUZZ_ROWS; r++)
        for (size_t g = 0; g < GW_N_GATES; g++) s->label[g][r] = (int8_t)fuzz_below(&random, 2);
    s->series = (struct gw_series){.x = s->x, .n_rows = FUZZ_ROWS, .label = {s->label[0], s->label[1]}};
    for (uint32_t i = 0; i < FUZZ_SAMPLES; i++) {
        s->train[i] = (struct gw_sample){0, 16 + i};
        s->validation[i] = (struct gw_sample){0, 90 + i};
    }
}

static struct gw_gate_model *fuzz_base; /* the model that the adapters of one seed belong on */

/* The bytes of a fitted model's file; the model itself to `keep`, or away. */
static struct fuzz_input fuzz_fit_model(const char *encoder, const char *attention, const char *calibration,
                                        const char *retrain, struct gw_gate_model **keep) {
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_gate_model *fitted;
    struct gw_training_log log;
    double values[FUZZ_FEATURES] = {1, -2, 3};
    struct gw_extra_tensor extra = {.name = "scaler.center", .n = FUZZ_FEATURES, .value = values};
    struct gw_meta_pair meta = {"gatewalk.fit_key", "0123456789abcdef"};
    struct fuzz_samples *s = &fuzz_samples;
    struct gw_fit_input input = {1, FUZZ_FEATURES, &s->series, s->train, s->validation, FUZZ_SAMPLES, FUZZ_SAMPLES};
    struct gw_fit_options options = {.seed = 5, .previous = fuzz_base};
    const char *path = fuzz_path("seed.safetensors");
    gw_model_config_default(&model);
    gw_train_config_default(&train);
    model.n_features = FUZZ_FEATURES;
    model.lookback = FUZZ_LOOKBACK;
    model.hidden = model.dense_units = 4;
    train.epochs = 2;
    train.batch_size = 32;
    const struct {
        const char *key, *value;
    } of_model[] = {{"attention_units", "4"},
                    {"key_dim", "4"},
                    {"heads", "2"},
                    {"encoder", encoder},
                    {"attention", attention}},
      of_training[] = {{"lora_rank", "2"}, {"retrain", retrain}, {"calibration", calibration}};
    for (size_t i = 0; i < COUNT_OF(of_model); i++)
        if (gw_model_config_set(&model, of_model[i].key, of_model[i].value) < 0) fuzz_die(gw_error_message());
    for (size_t i = 0; i < COUNT_OF(of_training); i++)
        if (gw_train_config_set(&train, of_training[i].key, of_training[i].value) < 0) fuzz_die(gw_error_message());
    if (gw_model_fit(&model, &train, &input, &options, &fitted, &log) < 0) fuzz_die(gw_error_message());
    if (gw_model_save(fitted, &log, &meta, 1, &extra, 1, path) < 0) fuzz_die(gw_error_message());
    if (keep)
        *keep = fitted;
    else
        gw_model_free(fitted);
    gw_training_log_free(&log);
    return fuzz_get(path);
}

static size_t fuzz_model_setup(struct fuzz_input seed[MOST_SOUND]) {
    fuzz_fill_samples();
    seed[0] = fuzz_fit_model("lstm", "none", "none", "fresh", NULL);
    seed[1] = fuzz_fit_model("lstm", "multihead", "platt", "fresh", NULL);
    seed[2] = fuzz_fit_model("logistic", "none", "none", "fresh", NULL);
    seed[3] = fuzz_fit_model("lstm", "bahdanau", "isotonic", "lora", &fuzz_base);
    seed[4] = fuzz_fit_model("lstm", "bahdanau", "isotonic", "lora", NULL); /* adapters only */
    return 5;
}

static void fuzz_model_teardown(void) {
    gw_model_free(fuzz_base);
    fuzz_base = NULL;
}

/* The hash runs over the header with zeros in the hash's place, then over the payload in one piece for each tensor. */
static void fuzz_mend_hash(char *bytes, size_t n) {
    static const char key[] = "\"hash\":\"";
    uint64_t length;
    if (n < sizeof length) return;
    memcpy(&length, bytes, sizeof length);
    if (length > n - sizeof length) return;
    char *header = bytes + sizeof length, *place = memmem(header, (size_t)length, key, sizeof key - 1);
    if (!place || place + sizeof key - 1 + 16 > header + length) return;
    place += sizeof key - 1;
    memset(place, '0', 16);
    uint64_t hash = hash_bytes(header, (size_t)length, (uint64_t)length);
    /* Tensors in the order of the header: their ranges follow from "data_offsets":[a,b]. */
    static const char offsets[] = "\"data_offsets\":[";
    for (char *at = header; (at = memmem(at, (size_t)(header + length - at), offsets, sizeof offsets - 1));) {
        unsigned long long first, last;
        char copy[64] = "";
        at += sizeof offsets - 1;
        size_t room = (size_t)(header + length - at);
        memcpy(copy, at, room < 63 ? room : 63);
        if (sscanf(copy, "%llu,%llu", &first, &last) != 2 || first > last || last > n - sizeof length - length)
            continue;
        hash = hash_bytes(header + length + first, last - first, hash);
    }
    char digits[17];
    snprintf(digits, sizeof digits, "%016llx", (unsigned long long)hash);
    memcpy(place, digits, 16);
}

/* The header ends behind the last tensor's place. */
static size_t fuzz_header_end(const struct fuzz_input *input) {
    static const char tail[] = "]}}";
    char *end = input->n > 8 ? memmem(input->bytes + 8, input->n - 8, tail, sizeof tail - 1) : NULL;
    return end ? (size_t)(end + sizeof tail - 1 - input->bytes) : input->n;
}

/* The length in front is kept in step with a longer or shorter header. */
static void fuzz_mend_length(char *bytes, size_t n) {
    struct fuzz_input input = {bytes, n};
    size_t end = fuzz_header_end(&input);
    if (end == n) return;
    while (end < n && (bytes[end] == '\n' || bytes[end] == ' ')) end++;
    uint64_t length = end - sizeof length;
    memcpy(bytes, &length, sizeof length);
}

static const char *fuzz_use_model(const struct gw_gate_model *model) {
    const struct gw_model_config *config = gw_model_get_config(model);
    float probability[FUZZ_SAMPLES * GW_N_GATES];
    if (config->n_features > 16 || config->lookback > 16 || config->hidden > 64) return NULL;
    const size_t rows = FUZZ_ROWS * 16 / config->n_features;
    const struct gw_series series = {.x = fuzz_samples.x, .n_rows = rows < FUZZ_ROWS ? rows : FUZZ_ROWS};
    int rc = gw_model_score(model, &series, 1, fuzz_samples.train, FUZZ_SAMPLES, probability, NULL);
    if (rc == GW_ERR_USAGE && config->cross != GW_CROSS_NONE) return NULL; /* there is no second sequence here */
    return rc < 0 ? "a loaded model does not score" : NULL;
}

static const char *fuzz_model_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *path = fuzz_path("x.safetensors");
    char *copy = malloc(n + 1);
    if (!copy) fuzz_die("memory");
    memcpy(copy, bytes, n);
    if (!fuzz_one_in(random, 3)) fuzz_mend_length(copy, n);
    if (!fuzz_one_in(random, 3)) fuzz_mend_hash(copy, n);
    fuzz_put(path, copy, n);
    free(copy);
    struct gw_meta_pair expect = {"gatewalk.fit_key", "0123456789abcdef"};
    struct gw_gate_model *model;
    struct gw_training_log log;
    struct gw_extra_tensor extra[4];
    size_t n_extra = COUNT_OF(extra);
    bool want_extra = !fuzz_one_in(random, 4);
    int rc = gw_model_load_onto(path, fuzz_one_in(random, 4) ? NULL : fuzz_base, &expect, fuzz_one_in(random, 2),
                                &model, &log, want_extra ? extra : NULL, want_extra ? &n_extra : NULL);
    if (rc == GW_OK) {
        fuzz_accepted++;
        const char *complaint = model ? fuzz_use_model(model) : "success without a model";
        for (size_t i = 0; want_extra && i < n_extra; i++) mem_free(extra[i].value);
        gw_training_log_free(&log);
        gw_model_free(model);
        return complaint;
    }
    if (model) return "a model is left behind by a failure";
    if (rc != GW_ERR_DATA && rc != GW_ERR_NOMEM) return "neither success nor ERR_DATA";
    if (rc == GW_ERR_DATA && strncmp(gw_error_message(), path, strlen(path)) != 0)
        return "the message does not begin with the file";
    return fuzz_judge_message(rc);
}

static const struct fuzz_target fuzz_model = {
    .name = "model",
    .setup = fuzz_model_setup,
    .check = fuzz_model_check,
    .teardown = fuzz_model_teardown,
    .words = fuzz_model_words,
    .n_words = COUNT_OF(fuzz_model_words),
    .json = true,
    .text_end = fuzz_header_end,
    .slow_seconds = 10,
};

#endif
