/* Models with a second sequence: exact numbers of parameters, what they refuse, the same bits alone and in company, from a
 * file, in bfloat16 nearly the same, adapted by LoRA. Its equations are held in test_golden.c and test_gradients.c. */
#include "gatewalk/stream.h"
#include "models/network/gate.h"
#include "toy.h"

#include "base/scratch.h"

enum { EVERY = 4, SECOND = 8 };

/* The toy's long gate opens when feature 2 jumped one of the second sequence's bars ago, of which its window knows not where it was. */
struct second {
    struct toy toy;
    struct gw_cross cross;
    uint32_t row[TOY_ROWS / EVERY], known[TOY_ROWS], column[2];
};

static void second_build(struct second *s) {
    struct toy *toy = &s->toy;
    toy_build(toy);
    s->cross = (struct gw_cross){.row = s->row, .known = s->known, .column = s->column};
    s->column[0] = 2;
    s->column[1] = 3;
    for (uint32_t r = 0; r < TOY_ROWS; r++) {
        if (r % EVERY == EVERY - 1 && s->cross.n < COUNT_OF(s->row)) s->row[s->cross.n++] = r;
        s->known[r] = (uint32_t)s->cross.n;
        const size_t at = s->cross.n > 2 ? s->row[s->cross.n - 2] : 0;
        toy->label[GW_GATE_LONG][r] = toy->x[at * TOY_FEATURES + 2] > 1;
    }
    toy->series.cross = &s->cross;
    model_set(&toy->model, "cross", "interval");
    model_set(&toy->model, "cross_interval", "1h");
    model_set_size(&toy->model, "cross_lookback", SECOND);
    model_set_size(&toy->model, "cross_units", 8);
    toy->model.cross_features = 2;
}

static size_t parameters(const char *attention, size_t features, const char *hidden) {
    struct gw_model_config config;
    gw_model_config_default(&config);
    model_set(&config, "attention", attention);
    model_set(&config, "cross", "interval");
    model_set(&config, "cross_interval", "4h");
    model_set(&config, "cross_hidden", hidden);
    config.n_features = 66;
    config.cross_features = features;
    return gw_model_parameter_count(&config);
}

/* LSTM 4H'(F' + H' + 1), scores A(H + H' + 1), and H' more inputs of the dense layer. */
static void test_counts(void **state) {
    (void)state;
    assert_int_equal(parameters("none", 5, "0"), 37826 + 4 * 64 * (5 + 64 + 1) + 64 * (64 + 64 + 1) + 64 * 64);
    assert_int_equal(parameters("bahdanau", 66, "32"), 46082 + 4 * 32 * (66 + 32 + 1) + 64 * (64 + 32 + 1) + 32 * 64);
    assert_int_equal(parameters("multihead", 1, "16"), 71042 + 4 * 16 * (1 + 16 + 1) + 64 * (64 + 16 + 1) + 16 * 64);
}

static void test_refusals(void **state) {
    (void)state;
    struct gw_model_config config;
    struct gw_train_config train;
    struct gw_model_report report;
    gw_train_config_default(&train);
    gw_model_config_default(&config);
    config.n_features = 3;
    assert_true(gw_model_is_baseline(&config) && !gw_model_attends(&config));
    model_set(&config, "cross", "interval");
    model_set(&config, "cross_interval", "4h");
    assert_ok(gw_model_config_check(&config, &train, &report));
    assert_true(!gw_model_is_baseline(&config) && gw_model_attends(&config));
    assert_int_equal(gw_model_cross_reach(&config, 15 * NS_PER_MINUTE), 48 * 16 + 1);
    assert_non_null(gw_model_no_gradients(&config));
    model_set(&config, "unroll", "stream");
    assert_fails(gw_model_config_check(&config, &train, &report), GW_ERR_CONFIG, "use unroll \"window\"");
    model_set(&config, "unroll", "window");
    model_set(&config, "encoder", "gru");
    assert_fails(gw_model_config_check(&config, &train, &report), GW_ERR_CONFIG, "encoder \"gru\" leaves no states");
    assert_string_equal(report.key[0], "model.cross");
}

static void fit(struct second *s, struct gw_gate_model **model) {
    struct gw_training_log log;
    toy_fit(&s->toy, model, &log);
    gw_training_log_free(&log);
}

/* Of the same gate without the second sequence. */
static double plain_ap(struct second *s) {
    struct gw_model_config kept = s->toy.model;
    struct gw_gate_model *model;
    struct gw_training_log log;
    model_set(&s->toy.model, "cross", "none");
    toy_fit(&s->toy, &model, &log);
    const double ap = toy_best(&log)->validation_ap[GW_GATE_LONG];
    s->toy.model = kept;
    gw_training_log_free(&log);
    gw_model_free(model);
    return ap;
}

/* Learns what its window cannot hold; alone, in company, from a file: the same bits. */
static void test_learns(void **state) {
    (void)state;
    struct second *s = mem_calloc(1, sizeof *s);
    struct gw_gate_model *model, *stored;
    struct gw_training_log log;
    struct gw_stream *stream;
    static float p[TOY_VALIDATION * GW_N_GATES], again[TOY_VALIDATION * GW_N_GATES], map[TOY_VALIDATION * SECOND];
    second_build(s);
    s->toy.training.epochs = 30;
    const double without = plain_ap(s);
    toy_fit(&s->toy, &model, &log);
    assert_true(toy_best(&log)->validation_ap[GW_GATE_LONG] > 0.5);
    assert_true(toy_best(&log)->validation_ap[GW_GATE_LONG] > without + 0.2);
    struct gw_attention_out out = {.cross = map};
    assert_ok(gw_model_score(model, &s->toy.series, 1, s->toy.validation, TOY_VALIDATION, p, &out));
    for (size_t i = 0; i < TOY_VALIDATION; i++) {
        double sum = 0;
        for (size_t k = 0; k < SECOND; k++) sum += (double)map[i * SECOND + k];
        assert_near(sum, 1, 1e-5, 0);
        assert_ok(gw_model_score(model, &s->toy.series, 1, &s->toy.validation[i], 1, &again[i * GW_N_GATES], NULL));
    }
    assert_memory_equal(p, again, sizeof p);
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, scratch("cross.safetensors")));
    assert_ok(gw_model_load(scratch("cross.safetensors"), NULL, 0, &stored, NULL, NULL, NULL));
    assert_int_equal(gw_model_get_config(stored)->cross_features, 2);
    toy_scores(&s->toy, stored, again);
    assert_memory_equal(p, again, sizeof p);
    s->toy.series.cross = NULL;
    assert_fails(gw_model_score(stored, &s->toy.series, 1, s->toy.validation, 1, again, NULL), GW_ERR_USAGE,
                 "gw_series.cross is missing");
    assert_fails(gw_stream_open(stored, 1, &stream), GW_ERR_USAGE, "cross-attention");
    gw_training_log_free(&log);
    gw_model_free(stored);
    gw_model_free(model);
    mem_free(s);
}

/* What a bar is scored with does not hang on bars after it, wherever in the lists they stand. */
static void test_later_bars(void **state) {
    (void)state;
    struct second *s = mem_calloc(1, sizeof *s);
    struct gw_gate_model *model;
    float p[GW_N_GATES], again[GW_N_GATES];
    second_build(s);
    s->toy.training.epochs = 2;
    fit(s, &model);
    const struct gw_sample at = s->toy.validation[57];
    assert_ok(gw_model_score(model, &s->toy.series, 1, &at, 1, p, NULL));
    for (size_t r = at.row + 1; r < TOY_ROWS; r++)
        for (size_t f = 0; f < TOY_FEATURES; f++) s->toy.x[r * TOY_FEATURES + f] = NAN;
    assert_ok(gw_model_score(model, &s->toy.series, 1, &at, 1, again, NULL));
    assert_memory_equal(p, again, sizeof p);
    s->toy.x[s->row[s->known[at.row] - SECOND] * TOY_FEATURES + 3] += 2; /* the first of its second sequence */
    assert_ok(gw_model_score(model, &s->toy.series, 1, &at, 1, again, NULL));
    assert_true(p[0] != again[0]);
    gw_model_free(model);
    mem_free(s);
}

static void test_bf16_and_lora(void **state) {
    (void)state;
    struct second *s = mem_calloc(1, sizeof *s);
    struct gw_gate_model *model[3];
    struct gw_training_log log;
    second_build(s);
    s->toy.training.epochs = 8;
    double ap[2];
    for (int bf16 = 0; bf16 < 2; bf16++) {
        train_set(&s->toy.training, "precision", bf16 ? "bf16" : "float32");
        toy_fit(&s->toy, &model[bf16], &log);
        ap[bf16] = toy_best(&log)->validation_loss;
        gw_training_log_free(&log);
    }
    assert_true(ap[0] != ap[1]); /* it was another arithmetic */
    assert_near(ap[1], ap[0], 0.1, 0);
    train_set(&s->toy.training, "precision", "float32");
    train_set(&s->toy.training, "retrain", "lora");
    train_set(&s->toy.training, "lora_on", "all");
    s->toy.options.previous = model[0];
    fit(s, &model[2]);
    for (int i = 0; i < 3; i++) gw_model_free(model[i]);
    mem_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_refusals),      cmocka_unit_test(test_learns),
        cmocka_unit_test(test_later_bars), cmocka_unit_test(test_bf16_and_lora),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
