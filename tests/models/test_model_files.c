/* Models in files: what is saved comes back, and a damaged file is refused. */
#include <unistd.h>

#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "toy.h"

static void temporary(char path[256]) {
    snprintf(path, 256, "%s/gatewalk_model_%ld.safetensors", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir,
             (long)getpid());
}

static void test_save_and_load(void **state) {
    (void)state;
    static struct toy toy;
    static float before[TOY_VALIDATION * GW_N_GATES], after[TOY_VALIDATION * GW_N_GATES];
    static const char *const calibrations[] = {"none", "platt", "isotonic"};
    double centre[3] = {1, 2.5, -1e300};
    struct gw_extra_tensor extra[2] = {{"scaler.center", 3, centre}, {"scaler.scale", 1, centre}}, back[2];
    const struct gw_meta_pair meta[] = {{"data", "abc\"123"}, {"features", "log_return(1)"}}, other = {"data", "abd"};
    char path[256];
    temporary(path);
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        struct gw_gate_model *model, *loaded;
        struct gw_training_log log, log_back;
        size_t n_back = COUNT_OF(back);
        toy_build(&toy);
        toy.training.epochs = 2;
        model_set(&toy.model, "attention", gw_model_option_name("attention", a));
        train_set(&toy.training, "calibration", calibrations[a % 3]);
        toy_fit(&toy, &model, &log);
        toy_scores(&toy, model, before);
        assert_ok(gw_model_save(model, &log, meta, 2, extra, 2, path));
        assert_ok(gw_model_load(path, meta, 2, &loaded, &log_back, back, &n_back));
        toy_scores(&toy, loaded, after);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(log_back.n_epochs, log.n_epochs);
        assert_int_equal(log_back.best_epoch, log.best_epoch);
        assert_int_equal(log_back.windows, log.windows);
        for (size_t e = 0; e < log.n_epochs; e++) {
            assert_true(log.epoch[e].train_loss == log_back.epoch[e].train_loss);
            assert_true(log.epoch[e].validation_ap[1] == log_back.epoch[e].validation_ap[1]);
            assert_int_equal(log.epoch[e].best, log_back.epoch[e].best);
        }
        assert_int_equal(n_back, 2);
        assert_string_equal(back[0].name, "scaler.center");
        assert_memory_equal(back[0].value, centre, sizeof centre);
        assert_true(loaded->gate.seed == toy.options.seed);
        assert_memory_equal(&loaded->gate.train, &toy.training, sizeof toy.training);
        assert_int_equal(gw_model_get_config(loaded)->attention, toy.model.attention);
        mem_free(back[0].value);
        mem_free(back[1].value);
        gw_training_log_free(&log_back);
        gw_model_free(loaded);
        assert_fails(gw_model_load(path, &other, 1, &loaded, NULL, NULL, NULL), GW_ERR_DATA, "is stale: data is \"abc");
        assert_null(loaded);
        assert_ok(gw_model_load(path, NULL, 0, &loaded, NULL, NULL, NULL)); /* extras may be left */
        gw_model_free(loaded);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
    remove(path);
}

static void write_bytes(const char *path, const char *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

/* Any changed byte, any missing tail and anything appended is refused. */
static void test_damaged_files(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model, *loaded;
    struct gw_training_log log;
    char path[256], *bytes;
    size_t length, refused = 0;
    temporary(path);
    toy_build(&toy);
    toy.training.epochs = 1;
    toy.model.hidden = 2;
    toy.model.dense_units = 2;
    toy_fit(&toy, &model, &log);
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, path));
    assert_ok(file_read_all(path, 1 << 24, GW_ERR_DATA, &bytes, &length));
    for (size_t i = 0; i < length; i++, refused++) {
        bytes[i] ^= 4;
        write_bytes(path, bytes, length);
        assert_int_equal(gw_model_load(path, NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA);
        assert_null(loaded);
        bytes[i] ^= 4;
    }
    assert_true(refused > 1000);
    for (size_t cut = 0; cut < length; cut += 97) {
        write_bytes(path, bytes, cut);
        assert_int_equal(gw_model_load(path, NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA);
    }
    char *longer = calloc(length + 8, 1);
    memcpy(longer, bytes, length);
    write_bytes(path, longer, length + 8);
    assert_fails(gw_model_load(path, NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA, "after the last tensor");
    write_bytes(path, bytes, length);
    assert_ok(gw_model_load(path, NULL, 0, &loaded, NULL, NULL, NULL));
    gw_model_free(loaded);
    remove(path);
    assert_fails(gw_model_load(path, NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA, path);
    free(longer);
    mem_free(bytes);
    gw_training_log_free(&log);
    gw_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
