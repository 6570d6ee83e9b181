/* Model files with the right hash and wrong numbers in them: refused, and before they cost any memory. */
#include "engine/base/base.h"
#include "isolate.h"
#include "target_model.h"
#include "test.h"

static struct fuzz_input sound[MOST_SOUND];
enum { FULL, HEADS, LOGISTIC, CHAIN_HEAD, ADAPTERS };

struct forgery {
    size_t sound;
    const char *find, *replace, *says;
};
#define KEY(name, value) "\\\"" name "\\\":" value
static const struct forgery forgery[] = {
    /* settings that mean more than the file holds */
    {FULL, KEY("n_features", "3"), KEY("n_features", "999999999"), "bytes of weights, but it holds"},
    {FULL, KEY("n_features", "3"), KEY("n_features", "4"), "bytes of weights, but it holds"},
    {FULL, KEY("hidden", "4"), KEY("hidden", "1024"), "bytes of weights, but it holds"},
    {FULL, KEY("dense_units", "4"), KEY("dense_units", "4096"), "bytes of weights, but it holds"},
    {FULL, KEY("layers", "1"), KEY("layers", "8"), "bytes of weights, but it holds"},
    {HEADS, KEY("key_dim", "4"), KEY("key_dim", "512"), "bytes of weights, but it holds"},
    {LOGISTIC, KEY("n_features", "3"), KEY("n_features", "999999999"), "bytes of weights, but it holds"},
    {CHAIN_HEAD, KEY("attention_units", "4"), KEY("attention_units", "1024"), "bytes of weights, but it holds"},
    {ADAPTERS, KEY("lora_rank", "2"), KEY("lora_rank", "512"), "bytes of weights, but it holds"},
    {ADAPTERS, KEY("n_features", "3"), KEY("n_features", "999999999"), "its adapters belong on the model"},
    /* … or less, or no size at all */
    {FULL, KEY("n_features", "3"), KEY("n_features", "2"), "is not 2 x 16 float32"},
    {LOGISTIC, KEY("n_features", "3"), KEY("n_features", "0"), "name no features"},
    {FULL, KEY("hidden", "4"), KEY("hidden", "4.5"), "model.hidden must be a whole number"},
    {FULL, KEY("hidden", "4"), KEY("hidden", "1e308"), "model.hidden is 1e+308; it must lie"},
    {FULL, KEY("hidden", "4"), KEY("hidden", "true"), "model.hidden must be a whole number"},
    /* a log whose numbers fit no integer, or no array */
    {FULL, KEY("best_epoch", ""), KEY("best_epoch", "-1e300,\\\"x\\\":"), "best_epoch is not a whole number"},
    {FULL, KEY("best_epoch", ""), KEY("best_epoch", "1e18,\\\"x\\\":"), "best_epoch is not a whole number"},
    {FULL, KEY("best_epoch", ""), KEY("best_epoch", "3,\\\"x\\\":"), "best_epoch is not a whole number from 0 to 2"},
    {FULL, KEY("windows", ""), KEY("windows", "1e300,\\\"y\\\":"), "windows is not a whole number"},
    {FULL, KEY("windows", ""), KEY("windows", "-7,\\\"y\\\":"), "windows is not a whole number"},
    {FULL, KEY("epochs", "[[1,"), KEY("epochs", "[[5000000000,"), "an epoch is not a whole number"},
    {FULL, KEY("epochs", "[[1,"), KEY("epochs", "[[null,"), "an epoch is not a whole number"},
    {FULL, KEY("epochs", "[[1,"), KEY("epochs", "[7,[1,"), "an epoch is an array"},
    {FULL, KEY("epochs", "["), KEY("epochs", "3,\\\"z\\\":["), "\"epochs\" is missing"},
};

/* The file with one text in its header replaced, under a right length and hash. */
static const char *forge(const struct forgery *f) {
    const char *path = fuzz_path("forged.safetensors");
    struct fuzz_input copy = {malloc(sound[f->sound].n + 200), sound[f->sound].n};
    assert_non_null(copy.bytes);
    memcpy(copy.bytes, sound[f->sound].bytes, copy.n);
    char *at = memmem(copy.bytes, copy.n, f->find, strlen(f->find));
    if (!at) fail_msg("no %s in the file", f->find);
    size_t old = strlen(f->find), new = strlen(f->replace);
    memmove(at + new, at + old, (size_t)(copy.bytes + copy.n - at) - old);
    memcpy(at, f->replace, new);
    copy.n += new - old;
    fuzz_mend_length(copy.bytes, copy.n);
    fuzz_mend_hash(copy.bytes, copy.n);
    fuzz_put(path, copy.bytes, copy.n);
    free(copy.bytes);
    return path;
}

static int load(const char *path) {
    struct gw_gate_model *model;
    struct gw_training_log log;
    int rc = gw_model_load_onto(path, fuzz_base, NULL, 0, &model, &log, NULL, NULL);
    if (rc == GW_OK) {
        gw_training_log_free(&log);
        gw_model_free(model);
    } else
        assert_null(log.epoch);
    return rc;
}

static void test_refused_at_once(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forgery); i++) {
        size_t before = mem_live_bytes();
        int rc = load(forge(&forgery[i]));
        if (rc != GW_ERR_DATA || !strstr(gw_error_message(), forgery[i].says))
            fail_msg("%s: %d %s", forgery[i].replace, rc, rc < 0 ? gw_error_message() : "taken");
        assert_ptr_equal(strstr(gw_error_message(), fuzz_path("forged.safetensors")), gw_error_message());
        assert_int_equal(mem_live_bytes(), before);
    }
    assert_in_range(mem_peak_live_bytes(), 1, 16 << 20);
}

/* The forger's tools leave a sound file sound, or the refusals above would say nothing. */
static void test_nothing_replaced_loads(void **state) {
    (void)state;
    for (size_t s = FULL; s <= ADAPTERS; s++)
        assert_ok(load(forge(&(struct forgery){s, "gatewalk-model-1", "gatewalk-model-1", ""})));
    assert_ok(load(forge(&(struct forgery){FULL, KEY("learning_rate", "0.001"), KEY("learning_rate", "0.0010"), ""})));
}

static int setup(void **state) {
    (void)state;
    fuzz_open_dir();
    return fuzz_model_setup(sound) > ADAPTERS ? 0 : -1;
}
static int teardown(void **state) {
    (void)state;
    for (size_t s = 0; s < MOST_SOUND; s++) free(sound[s].bytes);
    fuzz_model_teardown();
    fuzz_remove(fuzz_dir);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_replaced_loads),
        cmocka_unit_test(test_refused_at_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
