/* The supervised transformer in float64: windows of bars, logits and gradients against PyTorch, every weight's gradient
 * against central differences, with dropout. */
#define GW_REAL_F64
#include "transformer_probe.h"

#include "gatewalk/bars.h"
#include "gatewalk/rng.h"
#include "models/network/gate.h"
#include "set.h"

enum { MOST = 64 };

struct twin {
    struct R(network) net;
    struct R(workspace) ws;
    struct gw_train_config train;
    struct R(shard_loss) loss;
    struct gw_bar bar[MOST];
    int8_t label[GW_N_GATES][MOST];
    struct gw_series series;
    struct gw_sample sample[MOST];
    uint32_t index[MOST];
    size_t n;
    real *weights, *gradient;
};

static void twin_build(struct twin *twin, size_t steps, size_t width, size_t layers, size_t latent, size_t dense,
                       const char *dropout) {
    struct gw_model_config config;
    memset(twin, 0, sizeof *twin);
    gw_model_config_default(&config);
    model_set(&config, "encoder", "transformer");
    model_set_size(&config, "pattern_bars", steps);
    model_set_size(&config, "pattern_width", width);
    model_set_size(&config, "pattern_heads", 2);
    model_set_size(&config, "pattern_layers", layers);
    model_set_size(&config, "latent", latent);
    model_set(&config, "pattern_dropout", dropout);
    config.dense_units = dense;
    config.n_features = 1;
    assert_ok(R(network_init)(&twin->net, &config));
    assert_ok(R(workspace_init)(&twin->ws, &twin->net, true));
    gw_train_config_default(&twin->train);
    twin->loss.ops = R(loss_at)((size_t)twin->train.loss);
    twin->loss.own = loss_own(&twin->train);
    twin->series = (struct gw_series){.n_rows = MOST, .label = {twin->label[0], twin->label[1]}, .bar = twin->bar};
    twin->weights = calloc(twin->net.tensors.size, sizeof(real));
    twin->gradient = calloc(twin->net.tensors.size, sizeof(real));
    for (uint32_t i = 0; i < MOST; i++) twin->index[i] = i;
}

static void twin_free(struct twin *twin) {
    R(workspace_free)(&twin->ws);
    free(twin->weights);
    free(twin->gradient);
}

static double twin_run(struct twin *twin) {
    struct R(pass) pass = {&twin->net, R(kernels_active)(), twin->weights, NULL, twin->gradient, &twin->ws};
    struct R(shard) shard = {
        .series = &twin->series, .sample = twin->sample, .index = twin->index, .n = twin->n, .loss = &twin->loss};
    memset(twin->gradient, 0, twin->net.tensors.size * sizeof(real));
    for (size_t g = 0; g < GW_N_GATES; g++) twin->loss.weight[g] = 1.0 / (double)(GW_N_GATES * twin->n);
    R(shard_run)(&pass, &shard);
    return shard.loss_sum;
}

/* As make_transformer.py makes them. */
static void draw_bars(struct twin *twin, size_t n) {
    real close[MOST], wick[2 * MOST], volume[MOST];
    draw("close", n, 16, 100, close);
    draw("wick", 2 * n, 1, 0, wick);
    draw("volume", n, 1, 0, volume);
    for (size_t t = 0; t < n; t++) {
        const double open = t ? close[t - 1] : 100;
        twin->bar[t] = (struct gw_bar){.open_ns = (int64_t)t,
                                       .open = open,
                                       .high = fmax(open, close[t]) + fabs(wick[2 * t]),
                                       .low = fmin(open, close[t]) - fabs(wick[2 * t + 1]),
                                       .close = close[t],
                                       .volume = 1 + fabs(volume[t]) * 8};
    }
}

static void test_golden(void **state) {
    (void)state;
    FILE *file = golden_open_at("tests/golden/transformer.txt");
    struct golden golden;
    struct twin twin;
    while (golden_next(file, &golden) && strcmp(golden.kind, "twin") != 0) golden_free(&golden);
    assert_string_equal(golden.kind, "twin");
    twin_build(&twin, golden_size(&golden, "steps"), golden_size(&golden, "width"), golden_size(&golden, "layers"),
               golden_size(&golden, "latent"), golden_size(&golden, "dense"), "0");
    draw_bars(&twin, golden_size(&golden, "rows"));
    const struct golden_array *last = golden_get(&golden, "number", "last");
    for (twin.n = 0; twin.n < last->columns; twin.n++) {
        twin.sample[twin.n] = (struct gw_sample){0, (uint32_t)last->value[twin.n]};
        for (size_t g = 0; g < GW_N_GATES; g++)
            twin.label[g][twin.sample[twin.n].row] =
                (int8_t)golden_get(&golden, "number", "label")->value[twin.n * GW_N_GATES + g];
    }
    for (size_t i = 0; i < twin.net.tensors.n; i++) {
        const struct tensor *tensor = &twin.net.tensors.item[i];
        draw(tensor->name, tensor->rows * tensor->columns, 2, tensor->init == INIT_ONE, twin.weights + tensor->offset);
    }
    assert_near(twin_run(&twin), golden_get(&golden, "number", "loss")->value[0], 1e-10, 0);
    assert_true(worst(golden_get(&golden, "number", "logits"), twin.ws.logit) < 1e-10);
    for (size_t i = 0; i < twin.net.tensors.n; i++) {
        const struct tensor *tensor = &twin.net.tensors.item[i];
        const double error = worst(golden_get(&golden, "gradient", tensor->name), twin.gradient + tensor->offset);
        if (!(error < 1e-10)) fail_msg("%s: relative error %.3g", tensor->name, error);
    }
    twin_free(&twin);
    golden_free(&golden);
    fclose(file);
}

static void test_gradients(void **state) {
    (void)state;
    struct twin twin;
    struct gw_rng rng;
    double largest = 0;
    gw_rng_key(&rng, 8, "twin", 0, 0, 0);
    twin_build(&twin, 4, 4, 1, 3, 3, "0.2");
    draw_bars(&twin, MOST);
    twin.n = 6; /* a tile and a half */
    for (size_t i = 0; i < twin.n; i++) {
        twin.sample[i] = (struct gw_sample){0, (uint32_t)(13 + 5 * i)};
        for (size_t g = 0; g < GW_N_GATES; g++) twin.label[g][twin.sample[i].row] = (int8_t)((i + g) % 2);
    }
    for (size_t i = 0; i < twin.net.tensors.size; i++) twin.weights[i] = .6 * gw_rng_normal(&rng);
    twin.loss.dropout = .3, twin.loss.seed = 2, twin.loss.epoch = 3;
    twin_run(&twin);
    real *gradient = calloc(twin.net.tensors.size, sizeof *gradient);
    memcpy(gradient, twin.gradient, twin.net.tensors.size * sizeof *gradient);
    for (size_t i = 0; i < twin.net.tensors.size; i++) {
        const double kept = twin.weights[i], step = 1e-5;
        twin.weights[i] = kept + step;
        const double above = twin_run(&twin);
        twin.weights[i] = kept - step;
        const double numeric = (above - twin_run(&twin)) / (2 * step);
        twin.weights[i] = kept;
        if (!near(gradient[i], numeric, 1e-6, 1e-3))
            fail_msg("weight %zu: gradient %.12g, differences say %.12g", i, gradient[i], numeric);
        largest = fmax(largest, fabs(numeric));
    }
    assert_true(largest > 1e-2);
    free(gradient);
    twin_free(&twin);
}

/* Importance names no inputs; a stream takes rows, not bars. */
static void test_what_it_is_not(void **state) {
    (void)state;
    struct gw_model_config config;
    struct gw_train_config train;
    gw_model_config_default(&config);
    gw_train_config_default(&train);
    config.n_features = 3;
    model_set(&config, "encoder", "transformer");
    assert_int_equal(gw_model_inputs(&config), 0);
    assert_int_equal(gw_model_reach(&config), 59);
    assert_int_equal(gw_model_attention_maps(&config), 0);
    assert_ok(gw_model_config_check(&config, &train, NULL));
    model_set(&config, "attention", "bahdanau");
    assert_fails(gw_model_config_check(&config, &train, NULL), GW_ERR_CONFIG, "has no states to attend to");
    model_set(&config, "attention", "none");
    model_set(&config, "unroll", "stream");
    assert_fails(gw_model_config_check(&config, &train, NULL), GW_ERR_CONFIG, "cannot stream");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_what_it_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
