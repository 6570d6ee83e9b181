/* training.precision "bf16" in whole fits: gradients point the same way, the planted problem is learnt as well, threads
 * do not matter, and what is measured and delivered is scored in float32. */
#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "probe.h"
#include "toy.h"

/* Everything once more with the tiles of AMX, emulated: kernels_mixed_use makes fits take them. */
static const struct kernels_f32 *emulated_tiles(void) {
    bool supported;
    for (size_t i = 0; kernels_mixed_at(i, &supported); i++) {
        const struct kernels_f32 *table = kernels_mixed_at(i, &supported);
        if (strcmp(table->name, "avx512 amx bf16 soft") == 0 && supported) return table;
    }
    print_message("AMX is emulated with AVX-512, which this CPU does not have: skipped\n");
    return NULL;
}

/* ---- the gradient of a shard ------------------------------------------------------------------ */

static void small_model(struct probe *probe, const char *attention, size_t layers) {
    struct gw_model_config config;
    struct gw_rng rng;
    gw_model_config_default(&config);
    model_set(&config, "attention", attention);
    config.n_features = 9;
    config.lookback = 21;
    config.hidden = 24;
    config.layers = layers;
    model_set_size(&config, "attention_units", 18);
    model_set_size(&config, "heads", 2);
    model_set_size(&config, "key_dim", 16);
    config.dropout = 0;
    probe_build(probe, &config, "bce", 60);
    gw_rng_key(&rng, 5, "mixed", 0, 0, 0);
    for (size_t i = 0; i < 60 * 9; i++) probe->x[i] = (float)gw_rng_normal(&rng);
    probe->n = 15;
    for (uint32_t i = 0; i < probe->n; i++) {
        probe->sample[i] = (struct gw_sample){0, 25 + 2 * i};
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            probe->label[gate][25 + 2 * i] = (int8_t)(gw_rng_uniform(&rng) < .4);
    }
    train_set(&probe->train, "pos_weight", "1");
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        for (int class = 0; class < 2; class ++) probe->lambda[gate][class] = HUGE_VAL;
    probe_count_labels(probe);
    assert_ok(network_start_f32(&probe->net, 11, probe->weights));
}

static double run_with(struct probe *probe, const struct kernels_f32 *k) {
    struct pass_f32 pass = {&probe->net, k, probe->weights, probe->packed, probe->gradient, &probe->ws};
    struct shard_f32 shard = {
        .series = &probe->series, .sample = probe->sample, .index = probe->index, .n = probe->n, .loss = &probe->loss};
    memset(probe->gradient, 0, probe->net.tensors.size * sizeof(float));
    network_pack_for_f32(&probe->net, k, probe->weights, probe->packed);
    shard_run_f32(&pass, &shard);
    return shard.loss_sum;
}

static double cosine(const float *a, const float *b, size_t n) {
    double aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    return aa == 0 && bb == 0 ? 1 : ab / sqrt(aa * bb);
}

/* Per tensor, since small ones would hide behind large ones. Where all is smooth the cosines are above .9999; a ReLU or
 * a maximum that falls to the other side costs more. */
static void check_direction(const char *attention, size_t layers) {
    struct probe probe;
    small_model(&probe, attention, layers);
    size_t size = probe.net.tensors.size;
    float *exact = malloc(size * sizeof *exact);
    assert_non_null(exact);
    double loss = run_with(&probe, kernels_active_f32());
    memcpy(exact, probe.gradient, size * sizeof *exact);
    assert_near(run_with(&probe, kernels_mixed_f32()), loss, 2e-3, 0);
    /* dual_stage walks step by step through small products and never asks for the large ones */
    if (!probe.net.attention->encoder) assert_memory_not_equal(exact, probe.gradient, size * sizeof *exact);
    double whole = cosine(exact, probe.gradient, size);
    if (!(whole > .998)) fail_msg("%s, %zu layers: cosine %.6f", attention, layers, whole);
    for (size_t i = 0; i < probe.net.tensors.n; i++) {
        const struct tensor *tensor = &probe.net.tensors.item[i];
        double same = cosine(exact + tensor->offset, probe.gradient + tensor->offset, tensor->rows * tensor->columns);
        /* local_p moves its window's centre: what pulls it forward and what pulls it back nearly cancel */
        const double least = strncmp(tensor->name, "attention.vp", 12) == 0 ? .97 : .99;
        if (!(same > least)) fail_msg("%s, %zu layers: %s: cosine %.6f", attention, layers, tensor->name, same);
    }
    free(exact);
    probe_free(&probe);
}

static void check_directions(void) {
    for (size_t i = 0; gw_model_option_name("attention", i); i++)
        check_direction(gw_model_option_name("attention", i), 1);
    check_direction("none", 2);
    check_direction("multihead", 2);
}
static void test_direction(void **state) {
    (void)state;
    for (size_t set = 0; gw_kernels_name(set); set++) {
        if (!gw_kernels_supported(set)) continue;
        assert_ok(gw_kernels_select(gw_kernels_name(set)));
        check_directions();
    }
    assert_ok(gw_kernels_select("auto"));
}
static void test_direction_with_tiles(void **state) {
    (void)state;
    if (!emulated_tiles()) return;
    kernels_mixed_use(emulated_tiles());
    check_directions();
    kernels_mixed_use(NULL);
}

/* ---- fits --------------------------------------------------------------------------------------- */

static double mean_precision(const char *attention, const char *precision) {
    static struct toy toy;
    double sum = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        toy_build(&toy);
        toy.options.seed = seed;
        train_set(&toy.training, "precision", precision);
        model_set(&toy.model, "attention", attention);
        toy_fit(&toy, &model, &log);
        for (size_t gate = 0; gate < GW_N_GATES; gate++) sum += toy_best(&log)->validation_ap[gate] / (3 * GW_N_GATES);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
    return sum;
}

/* Over seeds the mean average precision of float32 alone varies by about .02. */
static void check_learning(const char *attention) {
    double full = mean_precision(attention, "float32"), mixed = mean_precision(attention, "bf16");
    print_message("%s: average precision %.3f in float32, %.3f in %s\n", attention, full, mixed,
                  kernels_mixed_f32()->name);
    assert_true(full > .8 && mixed > full - .03);
}
static void test_learns_as_well(void **state) {
    (void)state;
    static const char *const attentions[] = {"none", "bahdanau", "multihead"};
    for (size_t i = 0; i < COUNT_OF(attentions); i++) check_learning(attentions[i]);
}
static void test_learns_with_tiles(void **state) {
    (void)state;
    if (!emulated_tiles()) return;
    kernels_mixed_use(emulated_tiles());
    check_learning("bahdanau");
    kernels_mixed_use(NULL);
}

static void check_threads(void) {
    static struct toy toy;
    static const char *const attentions[] = {"none", "bahdanau", "multihead"};
    for (size_t i = 0; i < COUNT_OF(attentions); i++) {
        struct gw_gate_model *alone, *together;
        struct gw_training_log log_alone, log_together;
        toy_build(&toy);
        toy.training.epochs = 2;
        train_set(&toy.training, "precision", "bf16");
        model_set(&toy.model, "attention", attentions[i]);
        toy_fit(&toy, &alone, &log_alone);
        for (int threads = 1; threads <= 4; threads++) {
            toy_fit_on(&toy, &toy.options, threads, &together, &log_together);
            assert_memory_equal(alone->gate.weights, together->gate.weights,
                                alone->gate.net.tensors.size * sizeof(float));
            assert_true(log_alone.epoch[1].validation_loss == log_together.epoch[1].validation_loss);
            gw_training_log_free(&log_together);
            gw_model_free(together);
        }
        gw_training_log_free(&log_alone);
        gw_model_free(alone);
    }
}
static void test_threads_do_not_matter(void **state) {
    (void)state;
    check_threads();
}
static void test_threads_do_not_matter_with_tiles(void **state) {
    (void)state;
    if (!emulated_tiles()) return;
    kernels_mixed_use(emulated_tiles());
    check_threads();
    kernels_mixed_use(NULL);
}

/* The loss that chose the best epoch is that of the gate as it will score: in float32. */
static void test_validated_as_scored(void **state) {
    (void)state;
    static struct toy toy;
    static const char *const retrains[] = {"fresh", "lora"};
    struct gw_gate_model *first = NULL;
    for (size_t r = 0; r < COUNT_OF(retrains); r++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        static float logit[TOY_VALIDATION * GW_N_GATES];
        double loss = 0;
        toy_build(&toy);
        toy.training.epochs = 4;
        train_set(&toy.training, "precision", "bf16");
        train_set(&toy.training, "retrain", retrains[r]);
        toy.options.previous = first;
        toy_fit(&toy, &model, &log);
        assert_ok(gate_logits_f32(&model->gate, &toy.series, toy.validation, TOY_VALIDATION, logit, NULL));
        for (size_t i = 0; i < TOY_VALIDATION; i++)
            for (size_t gate = 0; gate < GW_N_GATES; gate++) {
                double z = (double)logit[i * GW_N_GATES + gate];
                int label = toy.label[gate][toy.validation[i].row];
                loss += (log1p(exp(-fabs(z))) + (z > 0 ? z : 0) - label * z) / (TOY_VALIDATION * GW_N_GATES);
            }
        assert_near(toy_best(&log)->validation_loss, loss, 1e-12, 0);
        gw_training_log_free(&log);
        gw_model_free(first);
        first = model;
    }
    gw_model_free(first);
}

/* It is another computation than float32, and asked for by name. */
static void test_is_asked_for(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model[2];
    struct gw_training_log log;
    for (size_t i = 0; i < 2; i++) {
        toy_build(&toy);
        toy.training.epochs = 1;
        train_set(&toy.training, "precision", gw_model_option_name("precision", i));
        toy_fit(&toy, &model[i], &log);
        gw_training_log_free(&log);
    }
    assert_string_equal(gw_model_option_name("precision", 1), "bf16");
    assert_memory_not_equal(model[0]->gate.weights, model[1]->gate.weights,
                            model[0]->gate.net.tensors.size * sizeof(float));
    gw_model_free(model[0]);
    gw_model_free(model[1]);
    assert_fails(gw_train_config_set(&toy.training, "precision", "bf61"), GW_ERR_CONFIG, "did you mean \"bf16\"?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direction),
        cmocka_unit_test(test_direction_with_tiles),
        cmocka_unit_test(test_learns_as_well),
        cmocka_unit_test(test_learns_with_tiles),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_threads_do_not_matter_with_tiles),
        cmocka_unit_test(test_validated_as_scored),
        cmocka_unit_test(test_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
