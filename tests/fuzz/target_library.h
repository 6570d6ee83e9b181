/* Fuzz target: what `gatewalk patterns` keeps in its directory: the model, the checkpoint of a training, and the JSON that says what
 * they were made from. Safetensors go to the two that read them, JSON is opened beside a sound model. What opens must look
 * up every window. */
#ifndef GATEWALK_TEST_FUZZ_LIBRARY_H
#define GATEWALK_TEST_FUZZ_LIBRARY_H

#include "engine/cli/patterns_open.h"
#include "gatewalk/synth.h"
#include "models/patterns/patterns_fit.h"
#include "models/store/safetensors.h"
#include "target_model.h"

enum { FUZZ_LIBRARY_BARS = 300, FUZZ_LIBRARY_TRAIN = 200, FUZZ_LIBRARY_EPOCHS = 2, FUZZ_LIBRARY_MOST = 1 << 16 };

static const char *const fuzz_library_words[] = {
    "\"F32\"",
    "\"F64\"",
    "\"shape\":",
    "\"data_offsets\":",
    "[0,0]",
    "patterns.counts",
    "patterns.log",
    "patterns.centres",
    "\"counts\":",
    "\"weights\":",
    "\"best\":",
    "\"optimizer\":",
    "gatewalk-patterns-fit-1",
    "\\\"pattern_bars\\\":",
    "\\\"pattern_width\\\":",
    "\\\"pattern_heads\\\":",
    "\\\"latent\\\":",
    "\\\"categories\\\":",
    "\\\"encoder\\\":\\\"transformer\\\"",
    "\"horizon\": 100000",
    "\"learned_end\": 1e11",
    "\"atr_length\": 0",
    "\"min_move_atr\": 1e308",
    "@BARS@",
    "1e308",
    "-1",
    "null",
};

static struct fuzz_library {
    struct gw_bars bars;
    struct gw_sample sample[FUZZ_LIBRARY_BARS];
    size_t n_state, n_optimizer;
    float *state; /* weights, best, optimizer */
    struct fuzz_input model;
} fuzz_library_of;

static void fuzz_library_settings(struct gw_model_config *model, struct gw_train_config *train) {
    static const char *const key[][2] = {{"encoder", "patterns"}, {"pattern_bars", "4"}, {"pattern_width", "4"},
                                         {"pattern_heads", "2"},  {"latent", "2"},       {"categories", "3"},
                                         {"pattern_layers", "1"}};
    gw_model_config_default(model);
    gw_train_config_default(train);
    model->n_features = 1;
    train->epochs = FUZZ_LIBRARY_EPOCHS;
    train->batch_size = 32;
    for (size_t i = 0; i < COUNT_OF(key); i++)
        if (gw_model_config_set(model, key[i][0], key[i][1]) < 0) fuzz_die(gw_error_message());
}

static void fuzz_library_fit(const char *model_path, const char *checkpoint) {
    struct fuzz_library *l = &fuzz_library_of;
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_gate_model *gate;
    struct gw_training_log log;
    const struct gw_meta_pair of = {PATTERNS_KEY, "0123456789abcdef"};
    const struct gw_series series = {
        .n_rows = FUZZ_LIBRARY_BARS, .bar = l->bars.bar, .label = {fuzz_samples.label[0], fuzz_samples.label[1]}};
    const struct gw_fit_input input = {.n_series = 1,
                                       .n_features = 1,
                                       .series = &series,
                                       .train = l->sample,
                                       .n_train = 100,
                                       .validation = l->sample + 110,
                                       .n_validation = 30};
    const struct gw_fit_options options = {.seed = 5, .checkpoint = checkpoint, .checkpoint_key = of.value};
    fuzz_library_settings(&model, &train);
    if (gw_model_fit(&model, &train, &input, &options, &gate, &log) < 0) fuzz_die(gw_error_message());
    if (gw_model_save(gate, &log, &of, 1, NULL, 0, model_path) < 0) fuzz_die(gw_error_message());
    gw_training_log_free(&log);
    gw_model_free(gate);
}

/* What a checkpoint of that fit is read into. */
static void fuzz_library_room(const char *checkpoint) {
    struct fuzz_library *l = &fuzz_library_of;
    struct safetensors file;
    bool end = false;
    if (safetensors_read(checkpoint, &file) < 0) fuzz_die(gw_error_message());
    for (size_t i = 0; !end; i++) {
        struct stored_tensor tensor;
        if (safetensors_tensor(&file, checkpoint, i, &tensor, &end) < 0) fuzz_die(gw_error_message());
        if (end || !tensor.data) continue;
        if (strcmp(tensor.name, "weights") == 0) l->n_state = stored_count(&tensor);
        if (strcmp(tensor.name, "optimizer") == 0) l->n_optimizer = stored_count(&tensor);
    }
    safetensors_free(&file);
    l->state = calloc(2 * l->n_state + l->n_optimizer, sizeof *l->state);
    if (!l->state || !l->n_state || !l->n_optimizer) fuzz_die("a checkpoint without its parts");
}

static struct fuzz_input fuzz_library_source(void) {
    char text[600];
    snprintf(
        text, sizeof text,
        "{\"schema\": 6, \"key\": \"0123456789abcdef\", \"file\": \"@BARS@\", \"format\": null, \"symbol\": \"x\", "
        "\"fingerprint\": \"%016llx\", \"learned_end\": 200, \"labels\": {\"horizon\": 4, \"ratio\": 1.5, "
        "\"min_move\": 0.002, \"min_move_atr\": 0, \"atr_length\": 14}}",
        (unsigned long long)fuzz_library_of.bars.fingerprint);
    return fuzz_text(text);
}

static size_t fuzz_library_setup(struct fuzz_input seed[MOST_SOUND]) {
    struct fuzz_library *l = &fuzz_library_of;
    const struct gw_synth_options made = {.kind = "shapes", .n_bars = FUZZ_LIBRARY_BARS, .seed = 4};
    const struct gw_import_options read = {.symbol = "x"};
    const char *checkpoint = fuzz_path("fit.safetensors"), *model = fuzz_path("seed.safetensors");
    struct gw_bars bars;
    if (dir_make(fuzz_path("library")) < 0) fuzz_die(gw_error_message());
    if (gw_synth_generate(&made, &bars, NULL) < 0) fuzz_die(gw_error_message());
    if (gw_bars_write_csv(&bars, fuzz_path("bars.csv")) < 0) fuzz_die(gw_error_message());
    gw_bars_free(&bars);
    if (gw_bars_import(fuzz_path("bars.csv"), &read, &l->bars, NULL) < 0) fuzz_die(gw_error_message());
    fuzz_fill_samples();
    for (uint32_t i = 0; i < FUZZ_LIBRARY_BARS - 20; i++) l->sample[i].row = 20 + i;
    fuzz_library_fit(model, checkpoint);
    fuzz_library_room(checkpoint);
    l->model = fuzz_get(model);
    seed[0] = fuzz_get(model);
    seed[1] = fuzz_get(checkpoint);
    seed[2] = fuzz_library_source();
    return 3;
}

static void fuzz_library_teardown(void) {
    gw_bars_free(&fuzz_library_of.bars);
    free(fuzz_library_of.state);
    free(fuzz_library_of.model.bytes);
    fuzz_library_of = (struct fuzz_library){0};
}

/* ---- what opens ------------------------------------------------------------------------------------------ */

/* Every window of an opened library has a category. */
static const char *fuzz_library_look(const struct library *l) {
    for (size_t i = 0; i < l->n; i++) {
        if (l->category[i] >= l->categories->n) return "a window has a category that there is not";
        for (int g = 0; g < GW_N_GATES; g++) (void)library_label(l, (uint32_t)i, g);
        (void)library_time(l, (uint32_t)i);
    }
    return NULL;
}

static const char *fuzz_library_open(const char *what) {
    const struct live_choice choice = {0};
    struct patterns_opened opened;
    const int rc = patterns_open(fuzz_path("library"), &choice, false, &opened);
    if (rc == GW_OK) {
        const char *complaint = fuzz_library_look(&opened.library);
        fuzz_accepted++;
        patterns_close(&opened);
        return complaint;
    }
    if (rc != GW_ERR_DATA && rc != GW_ERR_NOMEM && rc != GW_ERR_CONFIG) return what;
    return fuzz_judge_message(rc);
}

static const char *fuzz_library_checkpoint(const char *path) {
    struct fuzz_library *l = &fuzz_library_of;
    struct patterns_epoch epoch[FUZZ_LIBRARY_EPOCHS];
    struct patterns_log log = {.epoch = epoch};
    struct patterns_state state = {.weights = l->state,
                                   .best = l->state + l->n_state,
                                   .optimizer = l->state + 2 * l->n_state,
                                   .n = l->n_state,
                                   .n_optimizer = l->n_optimizer,
                                   .log = &log,
                                   .n_epochs = FUZZ_LIBRARY_EPOCHS};
    if (!patterns_state_load(&state, path, "0123456789abcdef"))
        return log.n ? "epochs are left behind by a checkpoint that was not taken" : NULL;
    fuzz_accepted++;
    if (log.n < 1 || log.n > FUZZ_LIBRARY_EPOCHS || log.best < 1 || log.best > log.n) return "its epochs are none";
    for (size_t i = 0; i < 2 * l->n_state + l->n_optimizer; i++)
        if (!isfinite(l->state[i])) return "a weight that is no number";
    return NULL;
}

/* @BARS@ is where they lie, which is another place each time. */
static void fuzz_library_put_source(const char *bytes, size_t n) {
    static const char mark[] = "@BARS@";
    const char *path = fuzz_path("library/" PATTERNS_SOURCE), *bars = fuzz_path("bars.csv");
    const char *at = memmem(bytes, n, mark, sizeof mark - 1);
    char *text = malloc(n + 512);
    if (!text) fuzz_die("memory");
    size_t before = at ? (size_t)(at - bytes) : n, used = before;
    memcpy(text, bytes, before);
    if (at) {
        used += (size_t)sprintf(text + used, "%s", bars);
        memcpy(text + used, at + sizeof mark - 1, n - before - (sizeof mark - 1));
        used += n - before - (sizeof mark - 1);
    }
    fuzz_put(path, text, used);
    free(text);
}

static const char *fuzz_library_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *model = fuzz_path("library/" PATTERNS_MODEL);
    if (n > FUZZ_LIBRARY_MOST) return NULL;
    if (n > 0 && bytes[0] == '{') {
        fuzz_put(model, fuzz_library_of.model.bytes, fuzz_library_of.model.n);
        fuzz_library_put_source(bytes, n);
        return fuzz_library_open("a source that does not open is neither ERR_DATA nor ERR_CONFIG");
    }
    struct fuzz_input copy = {malloc(n + 1), n}, source = fuzz_library_source();
    if (!copy.bytes) fuzz_die("memory");
    memcpy(copy.bytes, bytes, n);
    if (!fuzz_one_in(random, 3)) fuzz_mend_length(copy.bytes, n);
    if (!fuzz_one_in(random, 3)) fuzz_mend_hash(copy.bytes, n);
    fuzz_put(model, copy.bytes, n);
    fuzz_library_put_source(source.bytes, source.n);
    free(copy.bytes);
    free(source.bytes);
    const char *complaint = fuzz_library_checkpoint(model);
    return complaint ? complaint : fuzz_library_open("a model that does not open is not ERR_DATA");
}

static const struct fuzz_target fuzz_library = {
    .name = "library",
    .setup = fuzz_library_setup,
    .check = fuzz_library_check,
    .teardown = fuzz_library_teardown,
    .words = fuzz_library_words,
    .n_words = COUNT_OF(fuzz_library_words),
    .json = true,
    .text_end = fuzz_header_end,
    .slow_seconds = 10,
};

#endif
