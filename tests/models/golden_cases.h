/* The golden test, once per precision: test_golden.c in float64 to 1e-10, test_golden_f32.c in float32 to 1e-5. */
#ifndef GATEWALK_TESTS_GOLDEN_CASES_H
#define GATEWALK_TESTS_GOLDEN_CASES_H

#include "models/api/batches.h"
#include "probe.h"

/* Below this size an error counts absolutely: sums of terms of size one are rounded at that level. */
static const double floor_size = GOLDEN_FLOOR;

static void compare(const struct golden *golden, const struct golden_array *want, const real *got) {
    for (size_t i = 0; i < want->rows * want->columns; i++)
        if (!near((double)got[i], want->value[i], GOLDEN_TOLERANCE, floor_size))
            fail_msg("%s: %s %s [%zu] = %.17g, want %.17g", golden->name, want->kind, want->name, i, (double)got[i],
                     want->value[i]);
}

static void check_case(const struct golden *golden) {
    struct probe probe;
    probe_from_golden(&probe, golden);
    double loss = probe_run(&probe, true);
    assert_near(loss, golden_get(golden, "expect", "loss")->value[0], GOLDEN_TOLERANCE, 0);
    compare(golden, golden_get(golden, "expect", "logit"), probe.ws.logit);
    const struct golden_array *map = golden_find(golden, "expect", "map"),
                              *feature = golden_find(golden, "expect", "feature");
    assert_int_equal(map != NULL, probe.net.maps > 0);
    assert_int_equal(feature != NULL, probe.net.attention->encoder != NULL);
    if (map) compare(golden, map, probe.ws.map);
    const struct golden_array *forecast = golden_find(golden, "expect", "forecast");
    assert_int_equal(forecast != NULL, probe.net.decoder.on);
    if (forecast) {
        compare(golden, forecast, probe.ws.decoder.forecast);
        assert_near(probe.path_loss, golden_get(golden, "expect", "path_loss")->value[0], GOLDEN_TOLERANCE, 0);
    }
    const struct golden_array *across = golden_find(golden, "expect", "across");
    assert_int_equal(across != NULL, probe.net.cross.on);
    if (across) compare(golden, across, probe.ws.cross.map);
    if (feature) compare(golden, feature, probe.ws.feature_map);
    for (size_t i = 0; i < probe.net.tensors.n; i++)
        compare(golden, golden_get(golden, "gradient", probe.net.tensors.item[i].name),
                probe.gradient + probe.net.tensors.item[i].offset);
    /* scoring without a gradient gives the same logits */
    real scored[PROBE_WINDOWS_MAX * GW_N_GATES];
    memcpy(scored, probe.ws.logit, probe.n * GW_N_GATES * sizeof(real));
    probe_run(&probe, false);
    assert_memory_equal(scored, probe.ws.logit, probe.n * GW_N_GATES * sizeof(real));
    if (forecast) compare(golden, forecast, probe.ws.decoder.forecast);
    probe_free(&probe);
}

static void test_models(void **state) {
    (void)state;
    struct golden golden;
    FILE *file = golden_open();
    size_t n = 0;
    while (golden_next(file, &golden)) {
        if (strcmp(golden.kind, "case") == 0) {
            check_case(&golden);
            n++;
        }
        golden_free(&golden);
    }
    fclose(file);
    assert_true(n >= 20);
}

/* Every row of attention.def, encoder.def and loss.def has a golden case. */
static void check_covered(const char *kind) {
    for (size_t i = 0; gw_model_option_name(kind, i); i++) {
        struct golden golden;
        FILE *file = golden_open();
        /* What looks at bars has its numbers in transformer.txt; trees are held against their library in test_boosting.c. */
        bool covered =
            strcmp(kind, "encoder") == 0 && (R(encoder_at)(i)->reach || R(encoder_at)(i)->fits == FITS_TREES);
        while (golden_next(file, &golden)) {
            char value[24] = "";
            bool is_case = strcmp(golden.kind, "case") == 0, is_optimizer = strcmp(golden.kind, "optimizer") == 0;
            if (is_case && strcmp(kind, "loss") == 0)
                snprintf(value, sizeof value, "%s", golden.loss_name);
            else if (is_case && strcmp(kind, "optimizer") != 0)
                golden_text(&golden, kind, value);
            else if (is_optimizer && strcmp(kind, "optimizer") == 0)
                sscanf(golden.name, "%23s", value);
            covered = covered || strcmp(value, gw_model_option_name(kind, i)) == 0;
            golden_free(&golden);
        }
        fclose(file);
        if (!covered)
            fail_msg("%s \"%s\" has no golden case: add one to tests/golden/make_models.py", kind,
                     gw_model_option_name(kind, i));
    }
}

static void test_every_row_has_a_golden(void **state) {
    (void)state;
    check_covered("attention");
    check_covered("encoder");
    check_covered("loss");
    check_covered("optimizer");
}

/* A second sequence beside every kind of context: none, attention's own, stacked and walked step by step. */
static void test_second_sequences(void **state) {
    (void)state;
    struct golden golden;
    FILE *file = golden_open();
    size_t n = 0;
    while (golden_next(file, &golden)) {
        n += strstr(golden.config, " cross=") != NULL;
        golden_free(&golden);
    }
    fclose(file);
    assert_true(n >= 4);
}

/* Every attention that a decoder may ask, by every teacher. */
static void test_decoders(void **state) {
    (void)state;
    struct golden golden;
    FILE *file = golden_open();
    size_t n[3] = {0};
    while (golden_next(file, &golden)) {
        static const char *const teacher[] = {"=full", "=scheduled", "=none"};
        for (size_t i = 0; i < COUNT_OF(teacher) && strstr(golden.config, " decoder="); i++)
            n[i] += strstr(golden.config, teacher[i]) != NULL;
        golden_free(&golden);
    }
    fclose(file);
    assert_true(n[0] >= 5 && n[1] >= 9 && n[2] >= 4);
}

static double setting(const char *text, const char *key, double fallback) {
    const char *at = strstr(text, key);
    return at ? strtod(at + strlen(key) + 1, NULL) : fallback;
}

static void check_optimizer(const struct golden *golden) {
    struct gw_train_config config;
    char name[24];
    gw_train_config_default(&config);
    sscanf(golden->name, "%23s", name);
    train_set_number(&config, "weight_decay", setting(golden->name, "weight_decay", 0));
    train_set_number(&config, "momentum", setting(golden->name, "momentum", 0));
    train_set(&config, "optimizer", name);
    const struct R(optimizer_ops) *ops = R(optimizer_at)((size_t)config.optimizer);
    const struct golden_array *start = golden_get(golden, "start", "w"),
                              *gradients = golden_get(golden, "gradients", "g");
    size_t n = start->columns;
    real w[16], g[16], state[32] = {0};
    assert_non_null(ops);
    for (size_t i = 0; i < n; i++) w[i] = (real)start->value[i];
    for (size_t step = 0; step < gradients->rows; step++) {
        for (size_t i = 0; i < n; i++) g[i] = (real)gradients->value[step * n + i] * 4;
        struct R(optimizer_step) run = {.k = R(kernels_active)(),
                                        .own = config.optimizer_own[config.optimizer].bytes,
                                        .n = n,
                                        .w = w,
                                        .g = g,
                                        .state = state,
                                        .rate = setting(golden->name, "learning_rate", 0),
                                        .scale = .25,
                                        .number = step + 1};
        ops->step(&run);
    }
    compare(golden, golden_get(golden, "expect", "w"), w);
}

static void test_optimizers(void **state) {
    (void)state;
    struct golden golden;
    FILE *file = golden_open();
    size_t n = 0;
    while (golden_next(file, &golden)) {
        if (strcmp(golden.kind, "optimizer") == 0) {
            check_optimizer(&golden);
            n++;
        }
        golden_free(&golden);
    }
    fclose(file);
    assert_int_equal(n, 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_models),           cmocka_unit_test(test_every_row_has_a_golden),
    cmocka_unit_test(test_second_sequences), cmocka_unit_test(test_decoders),
    cmocka_unit_test(test_optimizers),
};

#endif
