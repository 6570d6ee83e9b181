/* Integrated gradients: complete, where the planted evidence lies, the same bits in any company, refusals. */
#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "toy.h"

enum { N = 12, SIZE = TOY_LOOKBACK * TOY_FEATURES };

/* The samples that a gate is surest of. */
static void surest(const struct toy *toy, const struct gw_gate_model *model, int gate, struct gw_sample *sample) {
    float p[TOY_VALIDATION * GW_N_GATES];
    toy_scores(toy, model, p);
    for (size_t i = 0; i < N; i++) {
        size_t best = 0;
        for (size_t k = 1; k < TOY_VALIDATION; k++)
            if (p[k * GW_N_GATES + (size_t)gate] > p[best * GW_N_GATES + (size_t)gate]) best = k;
        sample[i] = toy->validation[best];
        p[best * GW_N_GATES + (size_t)gate] = -1;
    }
}

static void check(struct toy *toy, const char *encoder, const char *attention, int gate) {
    struct gw_gate_model *model;
    struct gw_training_log log;
    struct gw_sample sample[N];
    struct gw_integrated about[N], alone;
    float value[N * SIZE], again[SIZE], p[GW_N_GATES];
    double by_lag[TOY_LOOKBACK] = {0}, by_feature[TOY_FEATURES] = {0};
    int gates[N];
    model_set(&toy->model, "encoder", encoder);
    model_set(&toy->model, "attention", attention);
    toy_fit(toy, &model, &log);
    surest(toy, model, gate, sample);
    for (size_t i = 0; i < N; i++) gates[i] = gate;
    assert_ok(gw_model_integrated_gradients(model, &toy->series, 1, sample, gates, N, value, about));
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t j = 0; j < SIZE; j++) {
            sum += (double)value[i * SIZE + j];
            by_lag[TOY_LOOKBACK - 1 - j / TOY_FEATURES] += fabs((double)value[i * SIZE + j]);
            by_feature[j % TOY_FEATURES] += fabs((double)value[i * SIZE + j]);
        }
        assert_near(sum, about[i].sum, 1e-5, 1);
        assert_true(about[i].complete);
        assert_near(sum, about[i].logit - about[i].baseline, 1.01e-3, 0);
        assert_ok(gw_model_score(model, &toy->series, 1, &sample[i], 1, p, NULL));
        assert_near((double)p[gate], 1 / (1 + exp(-about[i].logit)), 1e-5, 0);
        assert_ok(gw_model_integrated_gradients(model, &toy->series, 1, &sample[i], &gate, 1, again, &alone));
        assert_memory_equal(again, value + i * SIZE, sizeof again);
        assert_true(alone.steps == about[i].steps && alone.sum == about[i].sum);
    }
    /* The long gate opens two bars after feature 0 jumped, the short one a bar after feature 1 fell. */
    const size_t lag = gate == GW_GATE_LONG ? 2 : 1;
    for (size_t i = 0; i < TOY_LOOKBACK; i++)
        if (i != lag) assert_true(by_lag[i] < by_lag[lag]);
    for (size_t i = 0; i < TOY_FEATURES; i++)
        if (i != (size_t)gate) assert_true(by_feature[i] < by_feature[gate]);
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* ---- beside PyTorch (tests/golden/make_integrated.py) ------------------------------------------------------------- */

enum { GOLDEN_STEPS = 5, GOLDEN_FEATURES = 3, GOLDEN_SIZE = GOLDEN_STEPS * GOLDEN_FEATURES };

static float sine_at(size_t tensor, size_t j) { return (float)(.6 * sin(1.3 * (double)j + .7 * (double)tensor + .9)); }

/* Every weight is a sine of its place. */
static void build_golden(const char *name, struct gw_gate_model *model) {
    struct gw_model_config config;
    const bool gru = strcmp(name, "gru") == 0;
    *model = (struct gw_gate_model){.trees = NULL};
    gw_model_config_default(&config);
    config.n_features = GOLDEN_FEATURES;
    config.lookback = GOLDEN_STEPS;
    config.hidden = 4;
    config.dense_units = 3;
    model_set(&config, "encoder", gru ? "gru" : "lstm");
    model_set(&config, "attention", gru ? "none" : name);
    if (gru) model_set_size(&config, "encoder_width", 4);
    if (strcmp(name, "bahdanau") == 0) {
        model_set_size(&config, "attention_units", 3);
        model_set(&config, "luong_combine", "true");
    }
    struct R(network) *net = &model->gate.net;
    assert_ok(R(network_init)(net, &config));
    model->gate.weights = mem_calloc(net->tensors.size, sizeof(float));
    for (size_t i = 0; i < net->tensors.n; i++)
        for (size_t j = 0; j < net->tensors.item[i].rows * net->tensors.item[i].columns; j++)
            model->gate.weights[net->tensors.item[i].offset + j] = sine_at(i, j);
}

static void test_golden(void **state) {
    (void)state;
    FILE *golden = fopen("tests/golden/integrated.txt", "r");
    float x[GOLDEN_SIZE], value[GOLDEN_SIZE];
    char name[20];
    int gate;
    size_t steps, n = 0;
    assert_non_null(golden);
    for (size_t j = 0; j < GOLDEN_SIZE; j++) x[j] = 3 * sine_at(9, j);
    const struct gw_series series = {.x = x, .n_rows = GOLDEN_STEPS};
    const struct gw_sample sample = {.row = GOLDEN_STEPS - 1};
    for (; fscanf(golden, "%19s %d %zu", name, &gate, &steps) == 3; n++) {
        struct gw_gate_model model;
        struct gw_integrated about;
        double want[GOLDEN_SIZE], most = 0;
        for (size_t j = 0; j < GOLDEN_SIZE; j++) {
            assert_int_equal(fscanf(golden, "%lf", &want[j]), 1);
            most = fmax(most, fabs(want[j]));
        }
        build_golden(name, &model);
        assert_ok(gw_model_integrated_gradients(&model, &series, 1, &sample, &gate, 1, value, &about));
        assert_int_equal(about.steps, steps);
        for (size_t j = 0; j < GOLDEN_SIZE; j++) assert_true(fabs((double)value[j] - want[j]) <= 2e-6 * most);
        R(gate_free)(&model.gate);
    }
    assert_int_equal(n, 6);
    fclose(golden);
}

static void test_complete(void **state) {
    (void)state;
    static const char *const form[][2] = {
        {"lstm", "none"}, {"lstm", "bahdanau"}, {"lstm", "luong_general"}, {"lstm", "multihead"}, {"gru", "none"}};
    static struct toy toy;
    for (size_t i = 0; i < COUNT_OF(form); i++)
        for (int gate = 0; gate < GW_N_GATES; gate++) {
            toy_build(&toy);
            check(&toy, form[i][0], form[i][1], gate);
        }
}

static void refused(const char *key, const char *word, const char *why) {
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    struct gw_integrated about;
    float value[SIZE];
    const int gate = 0;
    toy_build(&toy);
    toy.training.epochs = 1;
    model_set(&toy.model, key, word);
    assert_string_equal(gw_model_no_gradients(&toy.model), why);
    toy_fit(&toy, &model, &log);
    assert_fails(gw_model_integrated_gradients(model, &toy.series, 1, toy.validation, &gate, 1, value, &about),
                 GW_ERR_CONFIG, why);
    gw_training_log_free(&log);
    gw_model_free(model);
}

static void test_refusals(void **state) {
    (void)state;
    refused("attention", "dual_stage", "has an encoder whose way back ends before the features");
    refused("encoder", "logistic", "has an encoder whose way back ends before the features");
    refused("unroll", "stream", "streams, and what it knows reaches back beyond any window");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_complete),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
