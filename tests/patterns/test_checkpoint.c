/* A fit that was stopped goes on from its last epoch to the bytes of one that was not; whatever is wrong with the file it goes on
 * from costs epochs, never a number. */
#include "base/scratch.h"
#include "gatewalk/model.h"
#include "gatewalk/synth.h"
#include "models/patterns/patterns_fit.h"
#include "models/store/safetensors.h"
#include "test.h"

#include <math.h>

enum { N_BARS = 700, TRAIN = 400, VALIDATION = 100, EPOCHS = 6, STOP_AFTER = 2 };
static struct gw_bars bars;
static struct gw_sample sample[TRAIN + VALIDATION];
static struct patterns_config config;
static struct patterns_model *whole;
static struct patterns_log whole_log;

struct watch {
    uint32_t calls, first, stop;
};
static void on_epoch(void *context, const struct patterns_epoch *epoch, size_t epochs, double windows_per_second) {
    struct watch *watch = context;
    (void)epochs, (void)windows_per_second;
    if (watch->calls++ == 0) watch->first = epoch->epoch;
}

/* Stops as Ctrl-C does, by settings of fewer epochs: `epochs` decides nothing else here, as the rate is constant. */
static int fit(struct watch *watch, uint64_t epochs, const char *checkpoint, const char *key,
               struct patterns_model **model, struct patterns_log *log) {
    struct patterns_config own = config;
    const struct gw_series series = {.n_rows = N_BARS, .bar = bars.bar};
    const struct pattern_windows train = {&series, sample, TRAIN}, validation = {&series, sample + TRAIN, VALIDATION};
    const struct patterns_options options = {
        .seed = 3, .on_epoch = on_epoch, .context = watch, .checkpoint = checkpoint, .checkpoint_key = key};
    *watch = (struct watch){0};
    own.training.epochs = epochs;
    return patterns_fit(&own, &train, &validation, &options, model, log);
}

static bool same_log(const struct patterns_log *a, const struct patterns_log *b) {
    bool same = a->n == b->n && a->best == b->best && a->windows == b->windows;
    for (size_t i = 0; same && i < a->n; i++)
        same = a->epoch[i].epoch == b->epoch[i].epoch && a->epoch[i].train == b->epoch[i].train &&
               a->epoch[i].valid == b->epoch[i].valid && a->epoch[i].pull == b->epoch[i].pull &&
               a->epoch[i].learning_rate == b->epoch[i].learning_rate && a->epoch[i].best == b->epoch[i].best;
    return same;
}

static int setup(void **state) {
    struct watch watch;
    if (scratch_make(state) != 0) return -1;
    assert_ok(
        gw_synth_generate(&(struct gw_synth_options){.kind = "shapes", .n_bars = N_BARS, .seed = 4}, &bars, NULL));
    patterns_config_default(&config);
    config.model.pattern_bars = 12;
    config.model.pattern_width = 8;
    config.model.pattern_layers = 1;
    config.model.latent = 6;
    config.training.batch_size = 64;
    config.training.learning_rate = 3e-3;
    config.training.warmup_epochs = 0;
    for (size_t i = 0; i < 2; i++)
        if (gw_train_config_set(&config.training, i ? "patience" : "schedule", i ? "0" : "constant") < 0) return -1;
    for (uint32_t i = 0; i < TRAIN + VALIDATION; i++) sample[i].row = 40 + i;
    assert_ok(fit(&watch, EPOCHS, NULL, NULL, &whole, &whole_log));
    assert_int_equal(watch.calls, EPOCHS);
    return 0;
}

static int teardown(void **state) {
    patterns_log_free(&whole_log);
    patterns_free(whole);
    gw_bars_free(&bars);
    return scratch_remove(state);
}

static void begin(const char *path) {
    struct patterns_model *model;
    struct patterns_log log;
    struct watch watch;
    remove(path);
    assert_ok(fit(&watch, STOP_AFTER, path, "a key", &model, &log));
    assert_true(watch.first == 1 && watch.calls == STOP_AFTER && log.n == STOP_AFTER);
    patterns_free(model);
    patterns_log_free(&log);
}

/* The rest of what `path` holds comes to the same as the whole; its first epoch is `first`. */
static void end_from(const char *path, const char *key, uint32_t first) {
    struct patterns_model *model;
    struct patterns_log log;
    struct watch watch;
    assert_ok(fit(&watch, EPOCHS, path, key, &model, &log));
    assert_int_equal(watch.first, first);
    assert_int_equal(watch.calls, EPOCHS + 1 - first);
    assert_true(same_log(&log, &whole_log));
    assert_memory_equal(model->weights, whole->weights, model->net.tensors.size * sizeof *model->weights);
    patterns_free(model);
    patterns_log_free(&log);
}

static void it_goes_on_to_the_same_bytes(void **state) {
    (void)state;
    const char *path = scratch("fit.safetensors");
    begin(path);
    end_from(path, "a key", STOP_AFTER + 1);
}

static void what_is_over_is_not_done_again(void **state) {
    (void)state;
    struct patterns_model *model;
    struct patterns_log log;
    struct watch watch;
    const char *path = scratch("over.safetensors");
    assert_ok(fit(&watch, EPOCHS, path, "k", &model, &log));
    patterns_free(model);
    patterns_log_free(&log);
    assert_ok(fit(&watch, EPOCHS, path, "k", &model, &log));
    assert_int_equal(watch.calls, 0);
    assert_true(same_log(&log, &whole_log));
    assert_memory_equal(model->weights, whole->weights, model->net.tensors.size * sizeof *model->weights);
    patterns_free(model);
    patterns_log_free(&log);
}

static void one_of_another_key_is_not_looked_at(void **state) {
    (void)state;
    const char *path = scratch("other.safetensors");
    begin(path);
    end_from(path, "another key", 1);
}

/* Each of its bytes is under the hash. */
static void a_damaged_one_is_none(void **state) {
    (void)state;
    const char *path = scratch("damaged.safetensors");
    for (size_t i = 0; i < 3; i++) {
        begin(path);
        FILE *stream = fopen(path, "r+b");
        assert_non_null(stream);
        fseek(stream, 0, SEEK_END);
        const long at = ftell(stream) * (long)(i + 1) / 4;
        fseek(stream, at, SEEK_SET);
        const int byte = fgetc(stream);
        fseek(stream, at, SEEK_SET);
        fputc(byte ^ 1, stream);
        fclose(stream);
        end_from(path, "a key", 1);
    }
}

/* With the right hash, but of another shape, of epochs that are out of order, or of weights that are no numbers. */
static void a_forged_one_is_none(void **state) {
    (void)state;
    const char *path = scratch("forged.safetensors");
    const char *const spoilt[] = {"weights", "log", "counts", "optimizer"};
    for (size_t kind = 0; kind < 8; kind++) {
        struct safetensors file;
        struct stored_tensor tensor[5];
        begin(path);
        assert_ok(safetensors_read(path, &file));
        size_t n = 0;
        bool end = false;
        for (size_t i = 0; !end; i++) {
            struct stored_tensor one;
            assert_ok(safetensors_tensor(&file, path, i, &one, &end));
            if (end || !one.data) continue;
            assert_true(n < COUNT_OF(tensor));
            tensor[n++] = one;
        }
        assert_int_equal(n, COUNT_OF(tensor));
        for (size_t i = 0; i < n; i++) {
            if (strcmp(tensor[i].name, spoilt[kind % 4]) != 0) continue;
            char *bytes = (char *)(uintptr_t)tensor[i].data;
            if (kind < 4 && tensor[i].is_double) memcpy(bytes, &(double){NAN}, sizeof(double));
            if (kind < 4 && !tensor[i].is_double) memcpy(bytes, &(float){NAN}, sizeof(float));
            if (kind >= 4) tensor[i].shape[1]--;
        }
        const struct stored_meta meta[] = {{"format", safetensors_meta(&file, "format")}, {"key", "a key"}};
        const char *forged = scratch("forged2.safetensors");
        assert_ok(safetensors_write(forged, meta, COUNT_OF(meta), tensor, n));
        safetensors_free(&file);
        end_from(forged, "a key", 1);
    }
}

/* Patience that had run out when the file was written has run out. */
static void patience_is_remembered(void **state) {
    (void)state;
    struct patterns_model *model;
    struct patterns_log log;
    struct watch watch;
    const char *path = scratch("patience.safetensors");
    const struct patterns_config before = config;
    config.training.patience = 1;
    config.training.learning_rate = 1e-12; /* nothing gets better by more than chance */
    assert_ok(fit(&watch, 40, path, "k", &model, &log));
    const size_t n = log.n;
    assert_true(n < 40);
    patterns_free(model);
    patterns_log_free(&log);
    assert_ok(fit(&watch, 40, path, "k", &model, &log));
    assert_true(watch.calls == 0 && log.n == n);
    patterns_free(model);
    patterns_log_free(&log);
    config = before;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_to_the_same_bytes),
        cmocka_unit_test(what_is_over_is_not_done_again),
        cmocka_unit_test(one_of_another_key_is_not_looked_at),
        cmocka_unit_test(a_damaged_one_is_none),
        cmocka_unit_test(a_forged_one_is_none),
        cmocka_unit_test(patience_is_remembered),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
