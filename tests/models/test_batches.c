/* Order of an epoch, calibration and schedules. */
#include "engine/base/base.h"
#include "gatewalk/metrics.h"
#include "golden.h"
#include "models/api/batches.h"
#include "models/api/calibration.h"
#include "models/network/gate.h"
#include "models/schedule/schedule.h"
#include "toy.h"

/* ---- order ------------------------------------------------------------------------------------------------------ */

static void test_every_sample_once(void **state) {
    (void)state;
    static struct toy toy;
    static const size_t blocks[] = {1, 5, 16, 32};
    uint32_t order[TOY_TRAIN], next[TOY_TRAIN];
    toy_build(&toy);
    for (size_t b = 0; b < COUNT_OF(blocks); b++) {
        bool seen[TOY_TRAIN] = {false};
        toy.training.block = blocks[b];
        assert_ok(batches_order(&toy.input, &toy.training, 1, 1, order));
        size_t runs = 0;
        for (size_t i = 0; i < TOY_TRAIN; i++) {
            assert_true(order[i] < TOY_TRAIN && !seen[order[i]]);
            seen[order[i]] = true;
            runs += i == 0 || order[i] != order[i - 1] + 1;
        }
        if (blocks[b] > 1) assert_true(runs <= TOY_TRAIN / blocks[b] + 3); /* two ends and one gap shorten blocks */
        assert_true(runs >= TOY_TRAIN / blocks[b] * 9 / 10);
        assert_ok(batches_order(&toy.input, &toy.training, 1, 1, next));
        assert_memory_equal(order, next, sizeof order);
        assert_ok(batches_order(&toy.input, &toy.training, 1, 2, next));
        assert_memory_not_equal(order, next, sizeof order);
        assert_ok(batches_order(&toy.input, &toy.training, 2, 1, next));
        assert_memory_not_equal(order, next, sizeof order);
    }
}

/* A block never spans the gap between rows, and borders move from epoch to epoch. */
static void test_blocks_respect_gaps(void **state) {
    (void)state;
    static struct toy toy;
    uint32_t order[TOY_TRAIN];
    size_t phases[16] = {0};
    toy_build(&toy);
    toy.training.block = 16;
    for (uint64_t epoch = 1; epoch <= 60; epoch++) {
        size_t length = 0;
        assert_ok(batches_order(&toy.input, &toy.training, 1, epoch, order));
        for (size_t i = 0; i < TOY_TRAIN; i++) {
            bool joined =
                i > 0 && order[i] == order[i - 1] + 1 && toy.train[order[i]].row == toy.train[order[i - 1]].row + 1;
            length = joined ? length + 1 : 1;
            if (!joined && order[i] != 0 && order[i] != 700) phases[order[i] % 16] = 1;
        }
    }
    size_t different = 0;
    for (size_t i = 0; i < 16; i++) different += phases[i];
    assert_true(different >= 14);
}

static void test_positive_fraction(void **state) {
    (void)state;
    static struct toy toy;
    uint32_t order[TOY_TRAIN];
    double share[3];
    static const double fractions[] = {0, .5, 1};
    toy_build(&toy);
    toy.training.block = 1;
    for (size_t f = 0; f < 3; f++) {
        size_t positive = 0;
        toy.training.positive_fraction = fractions[f];
        for (uint64_t epoch = 1; epoch <= 10; epoch++) {
            assert_ok(batches_order(&toy.input, &toy.training, 1, epoch, order));
            for (size_t i = 0; i < TOY_TRAIN; i++) {
                uint32_t row = toy.train[order[i]].row;
                positive += toy.label[0][row] == 1 || toy.label[1][row] == 1;
            }
        }
        share[f] = (double)positive / (10 * TOY_TRAIN);
    }
    assert_near(share[2], 1, 1e-12, 0);
    assert_near(share[1], .5 + .5 * share[0], .02, 0);
    toy.training.block = 8; /* whole blocks around positives */
    assert_ok(batches_order(&toy.input, &toy.training, 1, 1, order));
    size_t joined = 0;
    for (size_t i = 1; i < TOY_TRAIN; i++) joined += order[i] == order[i - 1] + 1;
    assert_true(joined > TOY_TRAIN * 8 / 10);
}

/* ---- rows under a shard ------------------------------------------------------------------------------------------- */

/* Every window must find its own bars, whatever neighbours it has: in order, backwards, apart by any distance, from
 * two series; and neighbours must share. */
static void test_rows_under_windows(void **state) {
    (void)state;
    enum { F = 2, T = 5, ROWS = 90 };
    static float x[2][ROWS * F];
    struct gw_series series[2] = {{.x = x[0], .n_rows = ROWS}, {.x = x[1], .n_rows = ROWS}};
    struct gw_sample sample[SHARD_WINDOWS];
    uint32_t index[SHARD_WINDOWS];
    struct network_f32 net;
    struct workspace_f32 ws;
    struct gw_model_config config;
    struct gw_rng rng;
    for (size_t i = 0; i < ROWS * F; i++) {
        x[0][i] = (float)i + 1;
        x[1][i] = -(float)i - 1;
    }
    gw_model_config_default(&config);
    config.n_features = F;
    config.lookback = T;
    config.hidden = 2;
    assert_ok(network_init_f32(&net, &config));
    assert_ok(workspace_init_f32(&ws, &net, false));
    struct pass_f32 pass = {.net = &net, .ws = &ws};
    gw_rng_key(&rng, 1, "rows", 0, 0, 0);
    for (uint32_t round = 0; round < 300; round++) {
        uint32_t step = round % 9, row = T - 1;
        for (uint32_t b = 0; b < SHARD_WINDOWS; b++) {
            index[b] = b;
            row += (uint32_t)gw_rng_below(&rng, step + 1);
            if (row >= ROWS || gw_rng_below(&rng, 20) == 0) row = T - 1 + (uint32_t)gw_rng_below(&rng, ROWS - T + 1);
            sample[b] = (struct gw_sample){(uint32_t)(gw_rng_below(&rng, 4) == 0), row};
        }
        struct shard_f32 shard = {.series = series, .sample = sample, .index = index, .n = SHARD_WINDOWS};
        rows_gather_f32(&pass, &shard);
        assert_true(ws.n_rows <= SHARD_WINDOWS * T);
        for (size_t b = 0; b < SHARD_WINDOWS; b++)
            assert_memory_equal(ws.x + ws.first_row[b] * F, x[sample[b].series] + (sample[b].row + 1 - T) * F,
                                T * F * sizeof(float));
    }
    for (uint32_t b = 0; b < SHARD_WINDOWS; b++) sample[b] = (struct gw_sample){0, T - 1 + b};
    struct shard_f32 shard = {.series = series, .sample = sample, .index = index, .n = SHARD_WINDOWS};
    rows_gather_f32(&pass, &shard);
    assert_int_equal(ws.n_rows, SHARD_WINDOWS + T - 1);
    workspace_free_f32(&ws);
}

/* ---- dropout ----------------------------------------------------------------------------------------------------- */

static void test_dropout(void **state) {
    (void)state;
    float mask[64], again[64];
    size_t zeros = 0;
    double sum = 0;
    for (uint32_t sample = 0; sample < 1000; sample++) {
        dropout_mask_f32(1, 1, sample, .3, 64, mask);
        for (size_t i = 0; i < 64; i++) {
            assert_true(mask[i] == 0 || mask[i] == (float)(1 / .7));
            zeros += mask[i] == 0;
            sum += (double)mask[i];
        }
    }
    assert_near((double)zeros / 64000, .3, .02, 0);
    assert_near(sum / 64000, 1, .01, 0);
    dropout_mask_f32(1, 1, 999, .3, 64, again);
    assert_memory_equal(mask, again, sizeof mask);
    dropout_mask_f32(1, 2, 999, .3, 64, again);
    assert_memory_not_equal(mask, again, sizeof mask);
    dropout_mask_f32(1, 1, 999, 0, 64, mask);
    for (size_t i = 0; i < 64; i++) assert_true(mask[i] == 1);
}

/* ---- calibration ---------------------------------------------------------------------------------------------------- */

static void test_calibration(void **state) {
    (void)state;
    struct golden golden;
    FILE *file = golden_open();
    bool found = false;
    while (!found && golden_next(file, &golden)) {
        found = strcmp(golden.kind, "calibration") == 0;
        if (!found) golden_free(&golden);
    }
    fclose(file);
    assert_true(found);
    const struct golden_array *z = golden_get(&golden, "logit", "z"), *y = golden_get(&golden, "label", "y");
    const struct golden_array *probe = golden_get(&golden, "probe", "z"),
                              *want = golden_get(&golden, "expect", "isotonic");
    int8_t label[64];
    float score[64];
    double ap;
    struct calibration platt, isotonic, none;
    for (size_t i = 0; i < z->columns; i++) {
        label[i] = (int8_t)y->value[i];
        score[i] = (float)z->value[i];
    }
    assert_ok(gw_metric_average_precision(score, label, z->columns, &ap));
    assert_near(ap, golden_get(&golden, "expect", "average_precision")->value[0], 1e-12, 0);
    assert_ok(calibration_fit(GW_CALIBRATION_PLATT, z->value, label, z->columns, &platt));
    assert_near(platt.slope, golden_get(&golden, "expect", "platt")->value[0], 1e-9, 0);
    assert_near(platt.intercept, golden_get(&golden, "expect", "platt")->value[1], 1e-9, 0);
    assert_ok(calibration_fit(GW_CALIBRATION_ISOTONIC, z->value, label, z->columns, &isotonic));
    for (size_t i = 0; i < probe->columns; i++)
        assert_near(calibration_apply(&isotonic, probe->value[i]), want->value[i], 1e-12, 0);
    assert_ok(calibration_fit(GW_CALIBRATION_NONE, z->value, label, z->columns, &none));
    assert_near(calibration_apply(&none, 1.5), 1 / (1 + exp(-1.5)), 1e-15, 0);
    calibration_free(&isotonic);
    golden_free(&golden);
}

/* One class alone says nothing about probabilities: the identity stays. */
static void test_calibration_of_one_class(void **state) {
    (void)state;
    const double z[] = {-1, 0, 2};
    const int8_t label[] = {0, GW_LABEL_MISSING, 0};
    struct calibration calibration;
    assert_ok(calibration_fit(GW_CALIBRATION_PLATT, z, label, 3, &calibration));
    assert_int_equal(calibration.kind, GW_CALIBRATION_NONE);
    assert_ok(calibration_fit(GW_CALIBRATION_ISOTONIC, z, label, 3, &calibration));
    assert_int_equal(calibration.kind, GW_CALIBRATION_NONE);
    const int8_t apart[] = {0, 0, 1}; /* separable: Platt's targets keep the slope finite */
    assert_ok(calibration_fit(GW_CALIBRATION_PLATT, z, apart, 3, &calibration));
    assert_true(isfinite(calibration.slope) && calibration.slope > 0);
}

/* ---- schedules ------------------------------------------------------------------------------------------------------- */

static double rate(const char *name, double number, double warmup) {
    struct gw_train_config config;
    gw_train_config_default(&config);
    train_set(&config, "schedule", name);
    train_set(&config, "schedule_power", "3");
    return schedule_rate_f32(schedule_at_f32((size_t)config.schedule), .1, number, warmup, 110,
                             config.schedule_own[config.schedule].bytes);
}

static void test_schedules(void **state) {
    (void)state;
    for (size_t i = 0; gw_model_option_name("schedule", i); i++) {
        const char *name = gw_model_option_name("schedule", i);
        assert_near(rate(name, 0, 0), .1, 1e-15, 0);
        assert_near(rate(name, 10, 10), .1, 1e-15, 0); /* first update after the warm-up */
        assert_near(rate(name, 4, 10), .1 * 5 / 11, 1e-15, 0);
        for (int n = 10; n < 110; n++) {
            assert_true(rate(name, n + 1, 10) <= rate(name, n, 10));
            assert_true(rate(name, n, 10) > 0);
        }
    }
    assert_near(rate("constant", 109, 10), .1, 1e-15, 0);
    assert_near(rate("linear", 35, 10), .075, 1e-12, 0);
    assert_near(rate("cosine", 60, 10), .05, 1e-12, 0);
    assert_near(rate("cosine", 35, 10), .1 * .85355339059327373, 1e-12, 0);
    assert_near(rate("polynomial", 60, 10), .1 / 8, 1e-12, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sample_once),
        cmocka_unit_test(test_blocks_respect_gaps),
        cmocka_unit_test(test_positive_fraction),
        cmocka_unit_test(test_rows_under_windows),
        cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_calibration_of_one_class),
        cmocka_unit_test(test_schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
