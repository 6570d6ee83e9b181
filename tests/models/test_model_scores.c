/* What a model says: any grouping of rows scores alike, attention adds up, nothing of the future is read, importance. */
#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "toy.h"

static void test_any_grouping_scores_alike(void **state) {
    (void)state;
    static struct toy toy;
    static const size_t groups[] = {1, 7, 32, 100, TOY_VALIDATION};
    static float whole[TOY_VALIDATION * GW_N_GATES], parts[TOY_VALIDATION * GW_N_GATES];
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        toy_build(&toy);
        toy.training.epochs = 1;
        model_set(&toy.model, "attention", gw_model_option_name("attention", a));
        toy_fit(&toy, &model, &log);
        toy_scores(&toy, model, whole);
        for (size_t g = 0; g < COUNT_OF(groups); g++) {
            for (size_t i = 0; i < TOY_VALIDATION; i += groups[g]) {
                size_t n = TOY_VALIDATION - i < groups[g] ? TOY_VALIDATION - i : groups[g];
                assert_ok(gw_model_score(model, &toy.series, 1, toy.validation + i, n, parts + i * GW_N_GATES, NULL));
            }
            assert_memory_equal(whole, parts, sizeof whole);
        }
        struct gw_sample backwards[TOY_VALIDATION]; /* order does not matter either */
        for (size_t i = 0; i < TOY_VALIDATION; i++) backwards[i] = toy.validation[TOY_VALIDATION - 1 - i];
        assert_ok(gw_model_score(model, &toy.series, 1, backwards, TOY_VALIDATION, parts, NULL));
        for (size_t i = 0; i < TOY_VALIDATION; i++)
            assert_memory_equal(whole + i * GW_N_GATES, parts + (TOY_VALIDATION - 1 - i) * GW_N_GATES,
                                GW_N_GATES * sizeof *parts);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

static void test_attention_output(void **state) {
    (void)state;
    static struct toy toy;
    enum { N = 40 };
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        float p[N * GW_N_GATES], time[N * 2 * TOY_LOOKBACK], feature[N * TOY_FEATURES];
        struct gw_attention_out out = {.time = time, .feature = feature};
        toy_build(&toy);
        toy.training.epochs = 1;
        model_set(&toy.model, "attention", gw_model_option_name("attention", a));
        toy_fit(&toy, &model, &log);
        assert_ok(gw_model_score(model, &toy.series, 1, toy.validation, N, p, &out));
        assert_int_equal(out.n_maps, gw_model_attention_maps(&toy.model));
        assert_int_equal(out.n_maps, strcmp(model_word(&toy.model, "attention"), "multihead") == 0 ||
                                             strcmp(model_word(&toy.model, "attention"), "linear") == 0
                                         ? 2
                                     : strcmp(model_word(&toy.model, "attention"), "none") == 0 ||
                                             strstr(model_word(&toy.model, "attention"), "pool")
                                         ? 0
                                         : 1);
        for (size_t i = 0; i < N * out.n_maps; i++) {
            double sum = 0;
            for (size_t s = 0; s < TOY_LOOKBACK; s++) {
                assert_true(time[i * TOY_LOOKBACK + s] >= 0);
                sum += (double)time[i * TOY_LOOKBACK + s];
            }
            assert_near(sum, 1, 1e-5, 0);
        }
        bool dual = strcmp(model_word(&toy.model, "attention"), "dual_stage") == 0;
        assert_int_equal(gw_model_has_feature_attention(&toy.model), dual);
        for (size_t i = 0; dual && i < N; i++) {
            double sum = 0;
            for (size_t f = 0; f < TOY_FEATURES; f++) sum += (double)feature[i * TOY_FEATURES + f];
            assert_near(sum, 1, 1e-5, 0);
        }
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

/* Bars after a sample cannot reach its score. */
static void test_the_future_is_not_read(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    float before[20 * GW_N_GATES], after[20 * GW_N_GATES];
    toy_build(&toy);
    toy.training.epochs = 1;
    toy_fit(&toy, &model, &log);
    assert_ok(gw_model_score(model, &toy.series, 1, toy.validation, 20, before, NULL));
    for (size_t i = (toy.validation[19].row + 1) * TOY_FEATURES; i < COUNT_OF(toy.x); i++) toy.x[i] = NAN;
    for (size_t i = 0; i < (toy.validation[0].row + 1 - TOY_LOOKBACK) * TOY_FEATURES; i++) toy.x[i] = NAN;
    assert_ok(gw_model_score(model, &toy.series, 1, toy.validation, 20, after, NULL));
    assert_memory_equal(before, after, sizeof before);
    gw_training_log_free(&log);
    gw_model_free(model);
}

static void test_importance(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    double drop[GW_N_GATES * TOY_FEATURES], again[GW_N_GATES * TOY_FEATURES];
    toy_build(&toy);
    toy_fit(&toy, &model, &log);
    assert_ok(gw_model_permutation_importance(model, &toy.input, 3, drop));
    assert_ok(gw_model_permutation_importance(model, &toy.input, 3, again));
    assert_memory_equal(drop, again, sizeof drop);
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        for (size_t f = 0; f < TOY_FEATURES; f++) {
            double value = drop[gate * TOY_FEATURES + f];
            assert_true(f == gate ? value > .3 : fabs(value) < .2);
        }
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* The labels depend on the hour alone, and the lookback is a day: what is put in an hour's place must be another hour. */
static void test_importance_of_the_hour(void **state) {
    (void)state;
    enum { DAY = 96 };
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    double drop[GW_N_GATES * TOY_FEATURES];
    toy_build(&toy);
    for (size_t r = 0; r < TOY_ROWS; r++) {
        const double hour_sin = sin(2 * acos(-1) * (double)r / DAY);
        toy.x[r * TOY_FEATURES] = (float)hour_sin;
        toy.label[GW_GATE_LONG][r] = hour_sin > .7;
        toy.label[GW_GATE_SHORT][r] = hour_sin < -.7;
    }
    for (uint32_t i = 0; i < TOY_TRAIN; i++) toy.train[i].row = DAY - 1 + i;
    toy.model.lookback = DAY;
    toy.model.dropout = 0;
    model_set(&toy.model, "encoder", "logistic");
    toy_fit(&toy, &model, &log);
    assert_ok(gw_model_permutation_importance(model, &toy.input, 3, drop));
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        for (size_t f = 0; f < TOY_FEATURES; f++) {
            double value = drop[gate * TOY_FEATURES + f];
            assert_true(f == 0 ? value > .3 : fabs(value) < .2);
        }
    gw_training_log_free(&log);
    gw_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_grouping_scores_alike), cmocka_unit_test(test_attention_output),
        cmocka_unit_test(test_the_future_is_not_read),    cmocka_unit_test(test_importance),
        cmocka_unit_test(test_importance_of_the_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
